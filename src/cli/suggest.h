/* "Did you mean": the nearest of some known words. */
#ifndef OBLIGOR_CLI_SUGGEST_H
#define OBLIGOR_CLI_SUGGEST_H

#include "base/str.h"

/* Changes (a letter added, left out, replaced, or two neighbours swapped) between two words. */
size_t suggest_distance(Arena *arena, Str a, Str b);

/* Offers a word; keep the best in *best_word with its distance in *best, which starts at
 * SUGGEST_TOO_FAR. Words further than a third of their length away are not taken. */
#define SUGGEST_TOO_FAR SIZE_MAX
void suggest_offer(Arena *arena, Str wrong, const char *candidate, size_t *best,
                   const char **best_word);

#endif
