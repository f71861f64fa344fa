/* Rows gather in a buffer of some ten kilobytes that goes to the sink, or into the packing of a workbook, when it
 * is full. What differs between the formats is a row of three functions. */
#include "format/table_out.h"

#include "base/check.h"
#include "base/number.h"
#include "format/csv_out.h"
#include "format/json_out.h"
#include "format/xlsx_out.h"

/* A row of more than FULL bytes is possible: 256 cells of 32 KiB, each escaped. */
enum { FULL = 64 * 1024, ROW_MAX = 64 << 20 };

const char *const TABLE_FORMAT_WORDS[TABLE_FORMAT_COUNT] = {"csv", "xlsx", "ndjson"};
const char *const TABLE_FORMAT_TYPES[TABLE_FORMAT_COUNT] = {
    "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson"};

struct TableOut {
    TableSpec spec;
    ByteSink sink;
    XlsxOut *xlsx; /* NULL: another format */
    Buf rows;      /* written and not given yet */
    int64_t count;
};

static Str number_text(double number, char text[NUMBER_TEXT_SIZE])
{
    return (Str){text, number_format(text, number)};
}

/* --- CSV ---------------------------------------------------------------------------------------- */

static void add_csv(TableOut *table, const TableCell *cells, size_t count)
{
    char text[NUMBER_TEXT_SIZE];
    Buf *out = &table->rows;
    bool lone = count == 1;
    for (size_t i = 0; i < count; i++) {
        const TableCell *cell = &cells[i];
        if (i > 0)
            buf_add_char(out, table->spec.delimiter);
        if (cell->type == TABLE_TEXT)
            csv_write_cell(out, cell->text, table->spec.delimiter);
        else if (cell->type == TABLE_NUMBER)
            buf_add(out, number_text(cell->number, text));
        else if (cell->type == TABLE_BOOL)
            buf_add(out, cell->number != 0 ? STR("true") : STR("false"));
        /* An empty line would be no row. */
        if (lone &&
            (cell->type == TABLE_EMPTY || (cell->type == TABLE_TEXT && cell->text.len == 0)))
            buf_add(out, STR("\"\""));
    }
    buf_add(out, STR("\r\n"));
}

/* --- NDJSON ------------------------------------------------------------------------------------- */

static void put_number(JsonOut *json, const TableCell *cell)
{
    char text[NUMBER_TEXT_SIZE];
    if (cell->json_text)
        json_put_str(json, NULL, number_text(cell->number, text));
    else
        json_put_double(json, NULL, cell->number);
}

static void add_ndjson(TableOut *table, const TableCell *cells)
{
    JsonOut json = json_out_new(&table->rows);
    json_begin_object(&json, NULL);
    for (size_t i = 0; i < table->spec.count; i++) {
        json_put_key(&json, table->spec.columns[i]);
        if (cells[i].type == TABLE_TEXT)
            json_put_str(&json, NULL, cells[i].text);
        else if (cells[i].type == TABLE_NUMBER)
            put_number(&json, &cells[i]);
        else if (cells[i].type == TABLE_BOOL)
            json_put_bool(&json, NULL, cells[i].number != 0);
        else
            json_put_null(&json, NULL);
    }
    json_end_object(&json);
    json_out_close(&json);
    buf_add_char(&table->rows, '\n');
}

/* --- all of them -------------------------------------------------------------------------------- */

static Error *give(TableOut *table, Arena *arena)
{
    CHECK(!table->rows.over);
    TRY(table->sink.write(table->sink.self, arena, buf_str(&table->rows)));
    buf_clear(&table->rows);
    return NULL;
}

static void put_header(TableOut *table, Arena *arena)
{
    TableCell *names = ARENA_ARRAY(arena, TableCell, table->spec.count);
    for (size_t i = 0; i < table->spec.count; i++)
        names[i] = table_text(table->spec.columns[i]);
    add_csv(table, names, table->spec.count);
}

static void free_arena(void *arena)
{
    arena_free(arena);
}

/* What grows with the table is in an arena of its own: the caller's may be rewound behind each page of rows. */
Error *table_out_open(Arena *arena, const TableSpec *spec, ByteSink sink, TableOut **ret_table)
{
    Arena *own = arena_new(0);
    arena_defer(arena, free_arena, own);
    TableOut *table = ARENA_NEW(own, TableOut);
    CHECK(spec->count > 0 && spec->format < TABLE_FORMAT_COUNT);
    *table = (TableOut){.spec = *spec, .sink = sink, .rows = buf_new(own, FULL + ROW_MAX)};
    if (spec->delimiter == 0)
        table->spec.delimiter = ',';
    if (spec->format == TABLE_XLSX)
        TRY(error_copy(arena, xlsx_out_open(own, &table->spec, sink, &table->xlsx)));
    else if (spec->format == TABLE_CSV)
        put_header(table, own);
    *ret_table = table;
    return NULL;
}

Error *table_out_row(TableOut *table, Arena *arena, const TableCell *cells)
{
    return table_out_wide_row(table, arena, cells, table->spec.count);
}

Error *table_out_wide_row(TableOut *table, Arena *arena, const TableCell *cells, size_t count)
{
    CHECK(count == table->spec.count || (count > table->spec.count && count <= table->spec.most &&
                                         table->spec.format != TABLE_NDJSON));
    table->count++;
    if (table->xlsx != NULL)
        return xlsx_out_row(table->xlsx, arena, cells, count);
    if (table->spec.format == TABLE_CSV)
        add_csv(table, cells, count);
    else
        add_ndjson(table, cells);
    return table->rows.len >= FULL ? give(table, arena) : NULL;
}

Error *table_out_end(TableOut *table, Arena *arena)
{
    return table->xlsx != NULL ? xlsx_out_end(table->xlsx, arena) : give(table, arena);
}

int64_t table_out_rows(const TableOut *table)
{
    return table->count;
}
