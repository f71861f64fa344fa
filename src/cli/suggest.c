/* Optimal string alignment distance over three rows of the table: the words have a dozen
 * letters. */
#include "cli/suggest.h"

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(Arena *arena, Str a, Str b)
{
    size_t *two_ago = ARENA_ARRAY(arena, size_t, b.len + 1);
    size_t *one_ago = ARENA_ARRAY(arena, size_t, b.len + 1);
    size_t *row = ARENA_ARRAY(arena, size_t, b.len + 1);
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *reused = two_ago;
        two_ago = one_ago;
        one_ago = row;
        row = reused;
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = one_ago[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            row[j] = min(replaced, min(one_ago[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                row[j] = min(row[j], two_ago[j - 2] + 1);
        }
    }
    return row[b.len];
}

void suggest_offer(Arena *arena, Str wrong, const char *candidate, size_t *best,
                   const char **best_word)
{
    Str word = str_from(candidate);
    if (wrong.len > 64)
        return;
    size_t distance = suggest_distance(arena, wrong, word);
    if (distance < *best && distance <= (word.len + 2) / 3) {
        *best = distance;
        *best_word = candidate;
    }
}
