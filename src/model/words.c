/* Linear search: the tables have at most a dozen words. */
#include "model/words.h"

int words_find(const char *const *words, size_t count, Str word)
{
    for (size_t i = 0; i < count; i++)
        if (words[i] != NULL && str_is(word, words[i]))
            return (int)i;
    return -1;
}

int words_find_fold(const char *const *words, size_t count, Str word)
{
    for (size_t i = 0; i < count; i++)
        if (words[i] != NULL && str_equal_fold(word, str_from(words[i])))
            return (int)i;
    return -1;
}

const char *words_list(Arena *arena, const char *const *words, size_t count)
{
    Buf text = buf_new(arena, 4096);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    return str_dup(arena, buf_str(&text));
}
