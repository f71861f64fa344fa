/* A table as an import reads it, whatever the file is: CSV (csv.h), packed or in any encoding (text_source.h), or an Excel workbook (xlsx.h). The
 * content decides which, never the name.
 *
 * Rows are numbered as a spreadsheet shows them; blank ones count and are not delivered. What is wrong with
 * one row is a value, its fault: the row is delivered and reading goes on. What makes the rest of the file
 * unreadable is an Error. */
#ifndef OBLIGOR_FORMAT_TABLE_H
#define OBLIGOR_FORMAT_TABLE_H

#include "format/csv.h"
#include "format/range_source.h"
#include "format/text_encoding.h"

/* What a cell is, besides its text. A CSV file has text alone. */
typedef enum CellKind {
    CELL_TEXT, /* also every empty cell */
    CELL_NUMBER, /* a plain decimal: as it stands in the file, or the shortest that is the same double */
    CELL_PERCENT, /* a number that the spreadsheet shows times 100 with a %: 0.12 is shown as 12% */
    CELL_DATE,    /* "2024-12-31", "2024-12-31T12:30:00" or, below one day, "12:30:00" */
    CELL_BOOLEAN, /* "TRUE" or "FALSE" */
    CELL_ERROR,   /* "#N/A", "#DIV/0!" */
    CELL_FORMULA, /* a formula whose result is not in the file; its text is empty */
    CELL_KIND_COUNT
} CellKind;

typedef struct TableFault {
    const char *code; /* a word for programs */
    const char *message;
} TableFault;

typedef struct TableRow {
    int64_t number;
    const Str *cells;
    const uint8_t *kinds; /* a CellKind for each; NULL: all are text */
    size_t count;
    /* The row as one line of CSV without a line end: of a CSV file its bytes as they stand there, of a
     * workbook what table_line makes of the cells as table_shown shows them, up to the last that is not
     * empty: header and such lines, each made as long as the header, are the table again as CSV. */
    Str raw;
    bool hidden; /* the spreadsheet does not show it */
    const TableFault *fault;
} TableRow;

typedef struct TableOptions {
    CsvOptions csv; /* of it a workbook takes max_cell, max_columns and max_row_bytes */
    const TextEncoding *encoding; /* of a text; NULL: found by itself */
    int64_t max_unpacked;         /* bytes of a text that is packed; 0: 1 GiB */
    Str sheet; /* name or number of the sheet of a workbook; empty: the first that is shown */
} TableOptions;

typedef struct Table Table;

/* Reads as far as it takes to know what the file is and where its rows begin; the source is borrowed. Fails
 * with ERROR_UNSUPPORTED (no table, and what it is instead), ERROR_INVALID (an option that does not fit the
 * file), ERROR_MALFORMED or ERROR_TOO_LARGE. */
Error *table_open(Arena *arena, RangeSource file, TableOptions options, Table **ret_table)
    MUST_CHECK;

/* The next row, or *ret_more = false after the last. It stays valid until the next table_next, or until
 * `row_arena` is rewound; errors lie in `row_arena`. After an error the table cannot be used any more. */
Error *table_next(Table *table, Arena *row_arena, TableRow *ret_row, bool *ret_more) MUST_CHECK;

/* True when every cell is empty or blank: such as ",,,", left by a spreadsheet. */
bool table_row_is_blank(const TableRow *row);

/* What separates the cells of a text; 0: it is a workbook. */
char table_delimiter(const Table *table);

/* Of the file's bytes, for a progress in percent; all of them after the last row. */
int64_t table_bytes_done(const Table *table);

/* A cell as a person sees it: 0.12 of kind CELL_PERCENT is "12%". */
Str table_shown(Arena *arena, Str cell, CellKind kind);

/* A plain decimal times 100, exactly: the point is moved, so that 0.07 is 7 and nothing beside it. */
Str table_times_100(Arena *arena, Str number);

/* Cells as one line of CSV with commas, without a line end; read back with csv_unguard they are the same. */
Str table_line(Arena *arena, const Str *cells, size_t count);

#endif
