/* A streaming reader of Excel workbooks (.xlsx: ECMA-376, transitional and strict) in constant memory.
 *
 * - Of the sheet only its cells count: what it claims of its size is not looked at.
 * - A row's number is what it says (r=), or one more than that of the row before. A cell's column likewise;
 *   cells of a row may stand in any order, rows may not.
 * - Rows without a value are not delivered. Hidden rows are, and say so.
 * - What a cell says of itself becomes its kind (table.h): a percentage, a date, an error, a formula whose
 *   result is missing. Formatted text is joined; what tells how to pronounce it is left out.
 *
 * Faults of a row: cell_too_long, row_too_long, too_many_columns, damaged_cell. */
#ifndef OBLIGOR_FORMAT_XLSX_H
#define OBLIGOR_FORMAT_XLSX_H

#include "format/table.h"

/* 0 stands for the default in each. */
typedef struct XlsxOptions {
    Str sheet;             /* name or number; empty: the first that is shown */
    size_t max_cell;       /* bytes; 32 KiB */
    size_t max_columns;    /* 256 */
    size_t max_row_bytes;  /* of its cells together; 1 MiB */
    size_t strings_memory; /* shared texts beyond it go to a temporary file; 16 MiB */
} XlsxOptions;

/* The size of the beginning that xlsx_is_workbook wants to see. */
enum { XLSX_HEAD = 8 };

/* A zip archive: a workbook, or something that is no CSV file either. */
bool xlsx_is_archive(Str head);

/* ERROR_UNSUPPORTED, with words, for a workbook of before 2007 or one with a password; NULL for
 * anything that does not begin like these. */
Error *xlsx_check_old(Arena *arena, RangeSource file, Str head) MUST_CHECK;

typedef struct XlsxReader XlsxReader;

/* Reads all but the sheet itself. The source is borrowed; the reader lives in `arena`. */
Error *xlsx_open(Arena *arena, RangeSource file, XlsxOptions options, XlsxReader **ret_reader)
    MUST_CHECK;

/* As table_next. Cells and `raw` lie in the reader, faults and errors in `row_arena`. */
Error *xlsx_next(XlsxReader *reader, Arena *row_arena, TableRow *ret_row, bool *ret_more)
    MUST_CHECK;

int64_t xlsx_bytes_done(const XlsxReader *reader);

#endif
