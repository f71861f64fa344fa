/* The part of the CSV reader that finds rows and cells in the bytes; csv.h is the door. */
#ifndef OBLIGOR_FORMAT_CSV_SCAN_H
#define OBLIGOR_FORMAT_CSV_SCAN_H

#include "format/byte_source.h"

typedef enum CsvScanState {
    CSV_CELL_START,
    CSV_UNQUOTED,
    CSV_QUOTED,
    CSV_QUOTE_SEEN /* in a quoted cell, behind a quote: the closing one, or the first of a pair */
} CsvScanState;

typedef struct CsvScan {
    ByteSource source;
    char delimiter;
    size_t max_cell;
    size_t max_columns;
    size_t max_row;

    char *buffer;
    size_t buffer_size;
    int64_t buffer_offset; /* of buffer[0] in the file */
    char *row;             /* where the row being read, or the next one, begins */
    char *at;              /* everything before is scanned */
    char *cell;            /* where the text of the cell being read begins */
    char *end;             /* behind the last byte read */
    bool after_cr;         /* a LF that comes first now still belongs to the last row */
    CsvScanState state;

    /* The row found last. */
    int64_t number;
    Str raw;
    int64_t raw_offset;      /* in the file */
    Str *cells;              /* [max_columns]; quotes taken off, those inside still doubled */
    size_t columns;          /* of the row, more than `max_columns` if it has more */
    size_t bad_quote_column; /* the first with text behind its closing quote; 0: none */
    size_t bad_quote_offset; /* of that text in `raw` */
    bool any_doubled;        /* quotes */
    bool any_long;           /* cell, with its quotes still doubled */
} CsvScan;

/* A scan at the beginning of `source`, with nothing read. */
CsvScan csv_scan_new(Arena *arena, ByteSource source, size_t max_cell, size_t max_columns,
                     size_t max_row);

/* Reads once more behind `end`; *ret_any = false at the end of the file. */
Error *csv_scan_fill(CsvScan *scan, Arena *arena, bool *ret_any) MUST_CHECK;

/* The next row that is not empty; *ret_found = false at the end of the file. */
Error *csv_scan_row(CsvScan *scan, Arena *arena, bool *ret_found) MUST_CHECK;

#endif
