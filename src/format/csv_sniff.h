/* What the beginning of a file tells before it is read as CSV. */
#ifndef OBLIGOR_FORMAT_CSV_SNIFF_H
#define OBLIGOR_FORMAT_CSV_SNIFF_H

#include "base/error.h"

enum { CSV_SNIFF_HEAD = 16, CSV_SNIFF_DELIMITERS = 3 };

/* `head`: the file's first CSV_SNIFF_HEAD bytes, fewer only where the file is shorter. *ret_skip is
 * the size of its byte order mark. ERROR_UNSUPPORTED when this is no CSV in UTF-8; the message says
 * what it is and what to do. */
Error *csv_sniff_content(Arena *arena, Str head, size_t *ret_skip) MUST_CHECK;

/* ERROR_UNSUPPORTED when the bytes are those of a workbook, an archive or another file that is no text in any
 * encoding, with the same messages. */
Error *csv_sniff_binary(Arena *arena, Str head) MUST_CHECK;

/* Counts candidates outside quotes in the first row that is not empty. Begins zeroed. */
typedef struct CsvSniff {
    size_t counts[CSV_SNIFF_DELIMITERS];
    bool in_row; /* past the empty lines */
    bool quoted; /* inside quotes */
    char before; /* the byte before this one */
} CsvSniff;

/* True once the row has ended; bytes behind its end are not looked at. */
bool csv_sniff_add(CsvSniff *sniff, Str bytes);

/* The most frequent of , ; TAB, in this order where they are even; "," where there is none. */
char csv_sniff_delimiter(const CsvSniff *sniff);

#endif
