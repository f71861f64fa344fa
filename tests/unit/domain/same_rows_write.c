/* A table as CSV in all its ways, and as a workbook in all its ways. */
#include "../format/packing.h"
#include "../format/workbook.h"
#include "same_rows.h"

#include "base/number.h"
#include "format/csv_out.h"
#include "format/table_out.h"

#include <iconv.h>

/* ---- CSV, in all its ways --------------------------------------------------------------------- */

SameWay same_way_random(uint64_t *seed)
{
    static const struct {
        const char *encoding, *mark, *option;
    } encodings[] = {
        {"UTF-8", "", NULL},
        {"UTF-8", "\xEF\xBB\xBF", NULL},
        {"UTF-8", "", "utf-8"},
        {"UTF-16LE", "\xFF\xFE", NULL},
        {"UTF-16BE", "\xFE\xFF", NULL},
        {"UTF-16LE", "", "utf-16le"},
        {"UTF-32BE", "", "utf-32be"},
        {"CP1252", "", "windows-1252"},
        {"ISO-8859-15", "", "iso-8859-15"},
    };
    static const char *const ends[] = {"\r\n", "\n", "\r"};
    size_t i = test_below(seed, ARRAY_COUNT(encodings));
    SameWay way = {.end = ends[test_below(seed, 3)],
                   .encoding = encodings[i].encoding,
                   .mark = encodings[i].mark,
                   .option = encodings[i].option,
                   .quoted = test_below(seed, 2) == 0,
                   .comma = test_below(seed, 3) == 0,
                   .packing = test_below(seed, 3)};
    way.delimiter = ",;\t"[way.comma ? 1 + test_below(seed, 2) : test_below(seed, 3)];
    return way;
}

static Str converted(Arena *arena, Str text, const SameWay *way)
{
    size_t mark = way->mark[0] == '\xEF' ? 3 : strlen(way->mark);
    size_t left = text.len, room = mark + text.len * 4;
    char *bytes = arena_alloc_raw(arena, room), *to = bytes + mark;
    char *from = arena_copy(arena, text.ptr, text.len);
    size_t to_left = room - mark;
    memcpy(bytes, way->mark, mark);
    iconv_t converter = iconv_open(way->encoding, "UTF-8");
    CHECK(converter != (iconv_t)-1 && iconv(converter, &from, &left, &to, &to_left) == 0);
    iconv_close(converter);
    return (Str){bytes, (size_t)(to - bytes)};
}

static Str decimal_comma(Arena *arena, Str cell)
{
    char *copy = arena_copy(arena, cell.ptr, cell.len), *point = memchr(copy, '.', cell.len);
    if (point != NULL)
        *point = ',';
    return (Str){copy, cell.len};
}

static void write_line(Buf *out, Arena *arena, const SameWay *way, const Str *cells,
                       const bool *number)
{
    for (size_t i = 0; i < SAME_COLUMNS; i++) {
        Buf cell = buf_new(arena, 10000);
        bool comma = number != NULL && number[i] && way->comma;
        csv_write_cell(&cell, comma ? decimal_comma(arena, cells[i]) : cells[i], way->delimiter);
        bool bare = cell.len == 0 || cell.data[0] != '"';
        if (i > 0)
            buf_add_char(out, way->delimiter);
        buf_printf(out, way->quoted && bare ? "\"" STR_FMT "\"" : STR_FMT, (int)cell.len,
                   cell.len > 0 ? cell.data : "");
    }
    buf_add(out, str_from(way->end));
}

Str same_rows_csv(Arena *arena, const SameRows *rows, const SameWay *way)
{
    Buf text = buf_new(arena, 1 << 20);
    write_line(&text, arena, way, rows->names, NULL);
    for (size_t row = 0; row < SAME_ROWS; row++)
        write_line(&text, arena, way, rows->cells[row], rows->number[row]);
    Str file = converted(arena, buf_str(&text), way);
    return way->packing == 0
               ? file
               : (way->packing == 1 ? pack_gzip(arena, file) : pack_zstd(arena, file));
}

/* ---- workbooks, in all theirs ----------------------------------------------------------------- */

static void add_text(Buf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("&<_", text.ptr[i]) != NULL)
            buf_printf(out, text.ptr[i] == '_' ? "_x%04X_" : "&#x%X;", (unsigned)text.ptr[i]);
        else
            buf_add_char(out, text.ptr[i]);
}

/* Percentages as 0.12 shown as 12%, years as the first of July, numbers as texts: a spreadsheet has them all. */
static void write_cell(Buf *sheet, Buf *texts, size_t *count, size_t field, Str text, size_t way)
{
    bool percent = field == FIELD_RATIO || field == FIELD_RATIO + 2 || field == FIELD_RATIO + 4;
    double value;
    bool number = number_parse(text, &value) == NUMBER_OK;
    if (number && percent && way == 0) {
        buf_printf(sheet, "<c s=\"1\"><v>" STR_FMT "e-2</v></c>", STR_ARG(text));
    } else if (number && field == FIELD_YEAR && way == 0) {
        buf_printf(sheet, "<c s=\"3\"><v>%d</v></c>", (int)((value - 1900) * 365.25) + 180);
    } else if (number && way <= 2) {
        buf_printf(sheet, "<c><v>" STR_FMT "</v></c>", STR_ARG(text));
    } else if (text.len > 0 && text.ptr[0] == '#' && way <= 2) {
        buf_printf(sheet, "<c t=\"e\"><v>" STR_FMT "</v></c>", STR_ARG(text));
    } else if (way % 2 == 0) {
        buf_printf(sheet, "<c t=\"s\"><v>%zu</v></c>", (*count)++);
        buf_add(texts, STR("<si><r><t>"));
        add_text(texts, text);
        buf_add(texts, STR("</t></r></si>"));
    } else {
        buf_add(sheet, STR("<c t=\"inlineStr\"><is><t>"));
        add_text(sheet, text);
        buf_add(sheet, STR("</t></is></c>"));
    }
}

Str same_rows_workbook(Arena *arena, const SameRows *rows, uint64_t *seed)
{
    Buf sheet = buf_new(arena, 1 << 20), texts = buf_new(arena, 1 << 20);
    size_t count = 0;
    buf_add(&sheet, STR("<worksheet><sheetData>"));
    buf_add(&texts, STR("<sst>"));
    for (size_t row = 0; row <= SAME_ROWS; row++) {
        buf_add(&sheet, STR("<row>"));
        for (size_t i = 0; i < SAME_COLUMNS; i++)
            write_cell(&sheet, &texts, &count, i,
                       row == 0 ? rows->names[i] : rows->cells[row - 1][i], test_below(seed, 6));
        buf_add(&sheet, STR("</row>"));
    }
    buf_add(&sheet, STR("</sheetData></worksheet>"));
    buf_add(&texts, STR("</sst>"));
    return workbook_of(arena, (Book){.strings = texts.data, .sheet = sheet.data});
}

/* ---- our own -------------------------------------------------------------------------------- */

static Error *write_buf(void *self, Arena *arena, Str bytes)
{
    (void)arena;
    buf_add(self, bytes);
    return NULL;
}

Str same_rows_own(Arena *arena, const SameRows *rows, bool workbook)
{
    const TableSpec spec = {.format = workbook ? TABLE_XLSX : TABLE_CSV,
                            .name = "annual",
                            .columns = rows->names,
                            .count = SAME_COLUMNS};
    Buf *out = ARENA_NEW(arena, Buf);
    TableOut *table;
    *out = buf_new(arena, 1 << 20);
    assert_no_error(table_out_open(arena, &spec, (ByteSink){write_buf, out}, &table));
    for (size_t row = 0; row < SAME_ROWS; row++) {
        TableCell cells[SAME_COLUMNS];
        for (size_t i = 0; i < SAME_COLUMNS; i++) {
            double value;
            Str text = rows->cells[row][i];
            cells[i] =
                number_parse(text, &value) == NUMBER_OK ? table_number(value) : table_text(text);
        }
        assert_no_error(table_out_row(table, arena, cells));
    }
    assert_no_error(table_out_end(table, arena));
    return buf_str(out);
}
