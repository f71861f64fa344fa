/* A random table of an annual file, and ways to write it. Used by test_same_rows.c alone. */
#ifndef OBLIGOR_UNIT_DOMAIN_SAME_ROWS_H
#define OBLIGOR_UNIT_DOMAIN_SAME_ROWS_H

#include "domain/row_rules.h"
#include "test.h"

enum { SAME_ROWS = 8, SAME_COLUMNS = FIELD_RATIO + 5 };

typedef struct SameRows {
    Str names[SAME_COLUMNS];
    Str cells[SAME_ROWS][SAME_COLUMNS]; /* as CSV with decimal points has them */
    bool number[SAME_ROWS][SAME_COLUMNS];
    Str meaning; /* of all rows, as same_rows_say says one */
} SameRows;

SameRows same_rows_random(Arena *arena, uint64_t *seed);

/* One good row as a line; a ratio that is not there is empty. */
void same_rows_say(Buf *out, int64_t row, const PredictionInput *input);

/* A way to write CSV. */
typedef struct SameWay {
    char delimiter;
    const char *end;
    const char *encoding; /* converter's name */
    const char *mark;     /* in front of the bytes */
    const char *option;   /* encoding=; NULL: found by itself */
    bool quoted;          /* every cell */
    bool comma;           /* in decimals */
    size_t packing;       /* none, gzip, zstd */
} SameWay;

SameWay same_way_random(uint64_t *seed);
Str same_rows_csv(Arena *arena, const SameRows *rows, const SameWay *way);

/* Workbooks: by hand, each cell in a random one of the ways that it may have; and by our own writer. */
Str same_rows_workbook(Arena *arena, const SameRows *rows, uint64_t *seed);
Str same_rows_own(Arena *arena, const SameRows *rows, bool workbook);

#endif
