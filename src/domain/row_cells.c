/* The rules of a cell are the import's own (cell_rules.h, row_rules.h): here they are asked, not repeated. */
#include "domain/row_cells.h"

#include "base/check.h"
#include "base/number.h"
#include "domain/cell_rules.h"
#include "format/csv_out.h"

#include <math.h>

/* --- the header -------------------------------------------------------------------------------- */

static Str shown(Arena *arena, const TableRow *row, size_t at)
{
    if (row->kinds == NULL)
        return csv_unguard(row->cells[at]);
    return table_shown(arena, row->cells[at], (CellKind)row->kinds[at]);
}

/* The header says it where amounts are written in another unit than they were. */
static Str name_of(Arena *arena, const RowColumns *columns, const TableRow *header, size_t at)
{
    Str name = shown(arena, header, at);
    size_t bracket;
    if (columns->cap_unit == CAP_USD || columns->fields[at] != FIELD_MARKET_CAP ||
        str_find(name, '(', &bracket))
        return str_copy(arena, name);
    return str_printf(arena, STR_FMT " (%s)", STR_ARG(str_trim(name)),
                      field_unit(columns->kind, FIELD_MARKET_CAP));
}

Error *row_cells_columns(Arena *arena, const TableRow *header, RowColumns *columns)
{
    ProblemList problems = {0};
    size_t given = columns->given = header->count;
    TRY(row_rules_map(arena, columns->kind, header->cells, given, &columns->map, &problems));
    columns->fields = ARENA_ARRAY(arena, int, given);
    columns->ours = ARENA_ARRAY(arena, bool, given);
    columns->names = ARENA_ARRAY(arena, Str, given);
    for (size_t i = 0; i < given; i++) {
        columns->fields[i] = -1;
        columns->ours[i] = row_rules_is_ours(str_trim(header->cells[i]));
    }
    for (size_t field = 0; field < FIELD_MAX; field++)
        if (columns->map.column[field] >= 0)
            columns->fields[columns->map.column[field]] = (int)field;
    for (size_t i = 0; i < given; i++)
        if (!columns->ours[i])
            columns->names[columns->count++] = name_of(arena, columns, header, i);
    return NULL;
}

/* --- cells ------------------------------------------------------------------------------------- */

static bool holds_text(int field)
{
    return field == FIELD_SYMBOL || field == FIELD_NAME || field == FIELD_SECTOR;
}

static bool is_number(Str text)
{
    double value;
    return number_parse(text, &value) != NUMBER_MALFORMED;
}

/* What the import read with decimal=comma, for one that reads with a point. */
static Str with_point(Arena *arena, int field, Str cell)
{
    Str text = str_trim(cell);
    size_t at, letter = field == FIELD_QUARTER && text.len > 0 && (text.ptr[0] | 32) == 'q';
    Str number = str_slice(text, letter, text.len);
    if (str_find(number, '.', &at))
        return is_number(number) ? str_printf(arena, "'" STR_FMT, STR_ARG(text)) : cell;
    if (!str_find(number, ',', &at))
        return cell;
    char *changed = str_dup(arena, text);
    changed[letter + at] = '.';
    return is_number(str_from(changed + letter)) ? str_from(changed) : cell;
}

/* Millions as the import made them dollars: what it does not take stays as it is. */
static Str in_dollars(Arena *arena, Str cell)
{
    double value;
    char text[NUMBER_TEXT_SIZE];
    if (number_parse(str_trim(cell), &value) != NUMBER_OK || value < 0 || !isfinite(value * 1e6))
        return cell;
    return str_copy(arena, (Str){text, number_format(text, value * 1e6)});
}

/* Of a column that the import takes, as it took it: `raw` is what cell_rules_read left. */
static Str taken_as_it_is(Arena *arena, const RowColumns *columns, const TableRow *row,
                          const RawRow *raw, size_t at)
{
    int field = columns->fields[at];
    Str cell = raw->cells[field];
    if (row->kinds == NULL) {
        cell = csv_unguard(cell);
        bool comma = columns->decimal == DECIMAL_COMMA && !holds_text(field);
        return comma ? with_point(arena, field, cell) : cell;
    }
    if (!raw->wrong[field])
        return cell;
    if (holds_text(field)) /* any other text would be taken */
        return cell_rules_is_error(str_trim(row->cells[at])) ? str_trim(row->cells[at])
                                                             : STR("#VALUE!");
    return row->kinds[at] == CELL_FORMULA ? STR("=?") : cell;
}

static Str taken(Arena *arena, const RowColumns *columns, const TableRow *row, const RawRow *raw,
                 size_t at)
{
    Str cell = taken_as_it_is(arena, columns, row, raw, at);
    bool millions = columns->cap_unit == CAP_MILLIONS && columns->fields[at] == FIELD_MARKET_CAP;
    return millions ? in_dollars(arena, cell) : cell;
}

static TableCell as_cell(const RowColumns *columns, Str text, bool number)
{
    double value;
    if (columns->typed && number && number_parse(str_trim(text), &value) == NUMBER_OK)
        return table_number(value);
    return table_text(text);
}

static TableCell own_cell(Arena *arena, const RowColumns *columns, const TableRow *row,
                          const RawRow *raw, size_t at)
{
    int field = columns->fields[at];
    if (at >= row->count)
        return (TableCell){.type = TABLE_EMPTY};
    if (field >= 0)
        return as_cell(columns, taken(arena, columns, row, raw, at), !holds_text(field));
    bool number = row->kinds != NULL && row->kinds[at] == CELL_NUMBER;
    return as_cell(columns, shown(arena, row, at), number);
}

static void add_beyond(Arena *arena, const RowColumns *columns, const TableRow *row,
                       RowCells *cells)
{
    size_t end = row->count;
    while (end > columns->given && str_trim(row->cells[end - 1]).len == 0)
        end--;
    if (end <= columns->given)
        return;
    cells->beyond_count = end - columns->given;
    cells->beyond = ARENA_ARRAY(arena, TableCell, cells->beyond_count);
    for (size_t i = 0; i < cells->beyond_count; i++)
        cells->beyond[i] = table_text(shown(arena, row, columns->given + i));
}

RowCells row_cells_make(Arena *arena, const RowColumns *columns, const TableRow *row)
{
    ProblemList problems = {0};
    RawRow raw = row_rules_pick(&columns->map, row->cells, row->count);
    RowCells cells = {.own = ARENA_ARRAY(arena, TableCell, columns->count)};
    const CellRules rules = {arena, columns->kind, &columns->map, &problems};
    if (row->kinds != NULL)
        (void)cell_rules_read(&rules, row, &raw);
    for (size_t at = 0, to = 0; at < columns->given; at++)
        if (!columns->ours[at])
            cells.own[to++] = own_cell(arena, columns, row, &raw, at);
    add_beyond(arena, columns, row, &cells);
    return cells;
}
