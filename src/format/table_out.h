/* Writes a table to a sink: CSV, a workbook (XLSX), or a JSON object a line (NDJSON), behind one face and in
 * constant memory, whatever the number of rows.
 *
 *     TRY(table_out_open(arena, &spec, sink, &table));
 *     for each row: TRY(table_out_row(table, arena, cells));
 *     TRY(table_out_end(table, arena));
 *
 * CSV reads back here as it was written (csv_out.h). XLSX: cells are numbers, booleans or texts, never formulas;
 * what does not fit into a sheet goes on in the next one, under the same header. Numbers are the shortest decimals
 * that read back as the same double, in each format. */
#ifndef OBLIGOR_FORMAT_TABLE_OUT_H
#define OBLIGOR_FORMAT_TABLE_OUT_H

#include "format/byte_sink.h"

typedef enum TableFormat { TABLE_CSV, TABLE_XLSX, TABLE_NDJSON, TABLE_FORMAT_COUNT } TableFormat;
extern const char
    *const TABLE_FORMAT_WORDS[TABLE_FORMAT_COUNT]; /* also the endings of file names */
extern const char *const TABLE_FORMAT_TYPES[TABLE_FORMAT_COUNT]; /* for Content-Type */

typedef enum TableCellType { TABLE_EMPTY, TABLE_TEXT, TABLE_NUMBER, TABLE_BOOL } TableCellType;

typedef struct TableCell {
    TableCellType type;
    Str text;       /* of TABLE_TEXT; bytes that are not UTF-8 become U+FFFD but in CSV */
    double number;  /* of TABLE_NUMBER: finite; of TABLE_BOOL: 0 is false */
    bool json_text; /* a number that is a text in JSON: "2024" */
} TableCell;

static inline TableCell table_text(Str text)
{
    return (TableCell){.type = TABLE_TEXT, .text = text};
}
static inline TableCell table_number(double number)
{
    return (TableCell){.type = TABLE_NUMBER, .number = number};
}
static inline TableCell table_number_if(bool present, double number)
{
    return present ? table_number(number) : (TableCell){.type = TABLE_EMPTY};
}

typedef struct TableSpec {
    TableFormat format;
    const char *name;   /* of the sheet; the next ones are "name 2", … Letters and digits */
    const Str *columns; /* [count]; borrowed */
    size_t count;
    int64_t sheet_rows; /* of a sheet, its header too; 0: 1,048,576 */
    char delimiter;     /* of CSV; 0: a comma */
    size_t most;        /* cells of a row that has some beyond the last column; 0: none has */
} TableSpec;

typedef struct TableOut TableOut;

/* Writes the header too. The table lives in `arena`; what a call needs for itself is in the call's arena. */
Error *table_out_open(Arena *arena, const TableSpec *spec, ByteSink sink, TableOut **ret_table)
    MUST_CHECK;

/* `cells` has as many as there are columns. Fails as the sink does; ERROR_TOO_LARGE beyond 4 GiB of XLSX. */
Error *table_out_row(TableOut *table, Arena *arena, const TableCell *cells) MUST_CHECK;

/* A row of `count` cells: as many as there are columns, or more, up to `most`. Not in NDJSON, where a cell has to
 * have a name. */
Error *table_out_wide_row(TableOut *table, Arena *arena, const TableCell *cells, size_t count)
    MUST_CHECK;

/* All of it is in the sink then. */
Error *table_out_end(TableOut *table, Arena *arena) MUST_CHECK;

int64_t table_out_rows(const TableOut *table);

#endif
