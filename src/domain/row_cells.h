/* A row of somebody's file as it is handed out again: their columns in their order, each cell such that an upload
 * without any options understands it as the import did. Pure.
 *
 * Guards of our exports are taken off (what writes the file puts them on again), and a cell of a workbook is what
 * cell_rules.h makes of it. Of a file with decimal=comma a number gets a point, of one with
 * market_cap_unit=millions an amount is in dollars. A row that failed fails again as long
 * as nobody mends it: what no cell of a plain table can say is written as something that is refused.
 *
 * - A number with a point in a file with decimal=comma, which would be taken now: '1.234.
 * - A formula whose result is not in the file: =?.
 * - A date, a percentage or an error where a workbook should have a text, which would be taken as one: the error itself, or
 *   #VALUE!. */
#ifndef OBLIGOR_DOMAIN_ROW_CELLS_H
#define OBLIGOR_DOMAIN_ROW_CELLS_H

#include "domain/row_rules.h"
#include "format/table.h"
#include "format/table_out.h"

typedef struct RowColumns {
    Kind kind;
    DecimalMark decimal; /* of the file */
    CapUnit cap_unit; /* of its amounts; they are handed out in dollars, and the header says so */
    bool typed;       /* numbers are numbers, as in a workbook; else texts, as they were written */
    ColumnMap map;
    size_t given; /* columns of the file */
    int *fields;  /* [given]: what each holds; -1: nothing that the import takes */
    bool *ours;   /* [given]: one of row_file.h, from a file that was handed out before: left out */
    Str *names;   /* [count]: as the header has them */
    size_t count; /* of those that are handed out */
} RowColumns;

/* From the row that names the columns. `kind`, `decimal`, `cap_unit` and `typed` are set by the caller. Errors as
 * row_rules_map's. */
Error *row_cells_columns(Arena *arena, const TableRow *header, RowColumns *columns) MUST_CHECK;

typedef struct RowCells {
    TableCell *own; /* [columns->count] */
    TableCell *beyond;
    size_t
        beyond_count; /* cells behind the header's last column, up to the last that is not blank */
} RowCells;

RowCells row_cells_make(Arena *arena, const RowColumns *columns, const TableRow *row);

#endif
