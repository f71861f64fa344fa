/* What the engines of the tests share: texts of values that are the same everywhere, and the schema. */
#ifndef OBLIGOR_TESTS_ENGINE_TEXTS_H
#define OBLIGOR_TESTS_ENGINE_TEXTS_H

#include "engines.h"

#include <stddef.h>

enum { ENGINE_COLUMNS_MAX = 32 };

extern const Engine ENGINE_SQLITE, ENGINE_POSTGRES;

const char *engine_hex(Arena *arena, const unsigned char *bytes, size_t count);
const char *engine_real(Arena *arena, double real); /* with a point or an exponent */
const char *engine_without_dashes(Arena *arena, const char *text);

/* Gives an empty database the newest schema. */
void engine_migrate(Arena *arena, Str url);

#endif
