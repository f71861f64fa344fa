/* Some rows of a file as a short text: "0-3,7" are the first row, the three behind it, and the seventh behind the
 * first. Rows that follow one another take one range, however many. */
#ifndef OBLIGOR_FORMAT_ROW_RANGES_H
#define OBLIGOR_FORMAT_ROW_RANGES_H

#include "base/str.h"

typedef struct RowRanges {
    Buf text;
    int64_t first; /* all others are counted from it */
    int64_t from;  /* of the range that is still open */
    int64_t last;
    int64_t count; /* rows */
} RowRanges;

RowRanges row_ranges_new(Arena *arena);
void row_ranges_add(RowRanges *ranges, int64_t row); /* above the one before */
Str row_ranges_text(RowRanges *ranges);              /* once all are added; not of none */

typedef struct RowRangesIn {
    Str rest; /* ptr NULL: no range is left */
    int64_t first;
    int64_t next; /* of the range at hand; above `last`: none is */
    int64_t last;
    bool damaged; /* the text is none of row_ranges_text */
} RowRangesIn;

RowRangesIn row_ranges_read(Str text, int64_t first);

/* The next row; false behind the last, or where the text is damaged. */
bool row_ranges_next(RowRangesIn *in, int64_t *ret_row);

#endif
