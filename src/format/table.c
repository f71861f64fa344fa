/* Looks at the beginning of the file and hands it to the reader that it is for; and says cells in words. */
#include "format/table.h"

#include "base/check.h"
#include "base/number.h"
#include "format/csv_out.h"
#include "format/text_source.h"
#include "format/xlsx.h"

enum { UNPACKED_MAX = 1 << 30 };

struct Table {
    CsvReader *csv; /* one of the two */
    XlsxReader *xlsx;
    TextSource *text; /* that the CSV comes from */
};

/* ---- reading -------------------------------------------------------------------------------- */

static Error *open_workbook(Arena *arena, RangeSource file, const TableOptions *options,
                            Table *table)
{
    XlsxOptions xlsx = {.sheet = options->sheet,
                        .max_cell = options->csv.max_cell,
                        .max_columns = options->csv.max_columns,
                        .max_row_bytes = options->csv.max_row_bytes};
    return xlsx_open(arena, file, xlsx, &table->xlsx);
}

static Error *open_text(Arena *arena, RangeSource file, const TableOptions *options, Table *table)
{
    int64_t max = options->max_unpacked > 0 ? options->max_unpacked : UNPACKED_MAX;
    TRY(text_source_open(arena, range_source_in_order(arena, file), options->encoding, max,
                         &table->text));
    CsvOptions csv = options->csv;
    csv.encoding = text_source_encoding(table->text);
    return csv_open(arena, text_source_bytes(table->text), csv, &table->csv);
}

static Error *no_sheets(Arena *arena)
{
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "sheet", "not_a_workbook",
                    "This file is text and has no sheets. Leave out the option sheet, or send the "
                    "Excel workbook.");
    return error_from_fields(arena, fields);
}

Error *table_open(Arena *arena, RangeSource file, TableOptions options, Table **ret_table)
{
    Table *table = ARENA_NEW(arena, Table);
    char bytes[XLSX_HEAD];
    size_t size;
    TRY(range_source_read(&file, arena, 0, bytes, sizeof bytes, &size));
    Str head = {bytes, size};
    TRY(xlsx_check_old(arena, file, head));
    if (xlsx_is_archive(head))
        TRY(open_workbook(arena, file, &options, table));
    else if (options.sheet.len > 0)
        return no_sheets(arena);
    else
        TRY(open_text(arena, file, &options, table));
    *ret_table = table;
    return NULL;
}

static const TableFault *fault_of(Arena *arena, const CsvFault *csv)
{
    if (csv == NULL)
        return NULL;
    TableFault *fault = ARENA_NEW(arena, TableFault);
    *fault = (TableFault){CSV_FAULT_WORDS[csv->kind], csv->message};
    return fault;
}

Error *table_next(Table *table, Arena *row_arena, TableRow *ret_row, bool *ret_more)
{
    if (table->xlsx != NULL)
        return xlsx_next(table->xlsx, row_arena, ret_row, ret_more);
    CsvRow row;
    TRY(csv_next(table->csv, row_arena, &row, ret_more));
    if (*ret_more)
        *ret_row = (TableRow){.number = row.number,
                              .cells = row.cells,
                              .count = row.count,
                              .raw = row.raw,
                              .fault = fault_of(row_arena, row.fault)};
    return NULL;
}

int64_t table_bytes_done(const Table *table)
{
    return table->xlsx != NULL ? xlsx_bytes_done(table->xlsx)
                               : text_source_stored(table->text, csv_offset(table->csv));
}

char table_delimiter(const Table *table)
{
    return table->csv != NULL ? csv_delimiter(table->csv) : '\0';
}

/* ---- words ---------------------------------------------------------------------------------- */

bool table_row_is_blank(const TableRow *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (str_trim(row->cells[i]).len > 0 ||
            (row->kinds != NULL && row->kinds[i] == CELL_FORMULA))
            return false;
    return true;
}

/* Two more in the exponent, and then the shortest decimal that is the same double. */
Str table_times_100(Arena *arena, Str number)
{
    size_t at = number.len;
    int64_t exponent = 0;
    double value;
    if (str_find(number, 'e', &at) || str_find(number, 'E', &at))
        (void)number_parse_int(str_slice(number, at + 1, number.len), INT32_MIN, INT32_MAX,
                               &exponent);
    Str larger = str_printf(arena, STR_FMT "e%lld", (int)at, number.ptr, (long long)exponent + 2);
    if (number_parse(larger, &value) != NUMBER_OK)
        return larger;
    char *text = arena_alloc(arena, NUMBER_TEXT_SIZE);
    return (Str){text, number_format(text, value)};
}

Str table_shown(Arena *arena, Str cell, CellKind kind)
{
    if (kind != CELL_PERCENT)
        return cell;
    return str_printf(arena, STR_FMT "%%", STR_ARG(table_times_100(arena, cell)));
}

Str table_line(Arena *arena, const Str *cells, size_t count)
{
    Buf line = buf_new(arena, SIZE_MAX);
    csv_write_row(&line, cells, count, ',');
    return str_slice(buf_str(&line), 0, line.len - 2);
}
