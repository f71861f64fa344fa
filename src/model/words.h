/* Enum <-> word. The words are those of the HTTP contract and of the database. */
#ifndef OBLIGOR_MODEL_WORDS_H
#define OBLIGOR_MODEL_WORDS_H

#include "base/str.h"

/* Looks `word` up in words[count], exactly; -1 when it is not there. NULL entries never match. */
int words_find(const char *const *words, size_t count, Str word);

/* The same without regard to the case of ASCII letters. */
int words_find_fold(const char *const *words, size_t count, Str word);

/* "a, b or c", for messages. */
const char *words_list(Arena *arena, const char *const *words, size_t count);

#endif
