/* A property: any table, written in any way that people have, gives the same rows as the plain file. */
#include "format/text_source.h"

#include "format/csv.h"
#include "format/csv_out.h"
#include "packing.h"

#include <iconv.h>

enum { ROWS = 6, COLUMNS = 4 };

static Str random_cell(Arena *arena, uint64_t *seed)
{
    static const char *const parts[] = {"a", "Z9",   "\xC3\xA9", "\xC3\x9F", " ",   "\"",
                                        ",", ";",    "\t",       "\r",       "\n",  "\r\n",
                                        "'", "=1+1", "-5",       "0.5",      "x\"y"};
    Buf cell = buf_new(arena, 1000);
    for (size_t i = test_below(seed, 5); i > 0; i--)
        buf_add(&cell, str_from(parts[test_below(seed, ARRAY_COUNT(parts))]));
    return buf_str(&cell);
}

typedef struct Style {
    char delimiter;
    bool quoted;          /* every cell */
    bool mixed;           /* line ends */
    size_t empty_columns; /* behind the last */
    size_t empty_lines;
    const char *encoding; /* iconv's; NULL: UTF-8 */
    const char *option;   /* encoding=; NULL: none */
    const char *mark;     /* the byte order mark; NULL: none */
    int packing;          /* 0: none, 1: gzip, 2: zstd, 3: gzip in two members */
} Style;

static void add_cell(Buf *out, Str cell, const Style *style)
{
    if (!style->quoted) {
        csv_write_cell(out, cell, style->delimiter);
        return;
    }
    Str guarded = join(out->arena, STR("'"), cell);
    bool guard = str_equal(csv_unguard(guarded), cell);
    buf_add(out, guard ? STR("\"'") : STR("\""));
    for (size_t i = 0; i < cell.len; i++)
        buf_printf(out, "%s%c", cell.ptr[i] == '"' ? "\"" : "", cell.ptr[i]);
    buf_add_char(out, '"');
}

static Str write_text(Arena *arena, Str cells[ROWS][COLUMNS], const Style *style)
{
    static const char *const ends[] = {"\r\n", "\n", "\r"};
    Buf out = buf_new(arena, 1 << 20);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            if (column > 0)
                buf_add_char(&out, style->delimiter);
            add_cell(&out, cells[row][column], style);
        }
        for (size_t i = 0; i < style->empty_columns; i++)
            buf_add_char(&out, style->delimiter);
        buf_add(&out, str_from(ends[style->mixed ? row % 3 : 0]));
    }
    for (size_t i = 0; i < style->empty_lines; i++)
        buf_add(&out, i % 2 == 0 ? STR(";;;\r\n") : STR("\n"));
    return buf_str(&out);
}

static Str encode(Arena *arena, Str text, const Style *style)
{
    Str mark = str_from(style->mark);
    if (style->encoding == NULL)
        return join(arena, mark, text);
    size_t cap = text.len * 4 + 16, room = cap, left = text.len;
    char *bytes = arena_alloc_raw(arena, cap), *to = bytes, *from = (char *)(uintptr_t)text.ptr;
    iconv_t converter = iconv_open(style->encoding, "UTF-8");
    assert_true(converter != (iconv_t)-1);
    assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
    iconv_close(converter);
    return join(arena, mark, (Str){bytes, cap - room});
}

static Str pack(Arena *arena, Str bytes, int packing)
{
    size_t half = bytes.len / 2;
    if (packing == 3)
        return join(arena, pack_gzip(arena, str_slice(bytes, 0, half)),
                    pack_gzip(arena, str_slice(bytes, half, bytes.len)));
    return packing == 0 ? bytes : packing == 1 ? pack_gzip(arena, bytes) : pack_zstd(arena, bytes);
}

/* The rows as one text; blank ones and empty cells at the end left out, as an import does. */
static Str read_rows(Arena *arena, Str file, const Style *style, size_t piece)
{
    Buf out = buf_new(arena, 1 << 20);
    TextSource *text;
    CsvReader *reader;
    const TextEncoding *encoding =
        style->option == NULL ? NULL : text_encoding_find(str_from(style->option));
    assert_no_error(
        text_source_open(arena, pieces_of(arena, file, piece), encoding, INT64_MAX, &text));
    CsvOptions options = {.delimiter = style->delimiter, .encoding = text_source_encoding(text)};
    assert_no_error(csv_open(arena, text_source_bytes(text), options, &reader));
    for (;;) {
        CsvRow row;
        bool more;
        int64_t before = text_source_stored(text, csv_offset(reader));
        assert_no_error(csv_next(reader, arena, &row, &more));
        assert_true(text_source_stored(text, csv_offset(reader)) >= before);
        if (!more)
            break;
        if (csv_row_is_blank(&row))
            continue;
        assert_null(row.fault);
        while (row.count > 0 && row.cells[row.count - 1].len == 0)
            row.count--;
        buf_printf(&out, "%lld", (long long)row.number);
        for (size_t i = 0; i < row.count; i++)
            buf_printf(&out, "[" STR_FMT "]", STR_ARG(csv_unguard(row.cells[i])));
        buf_add_char(&out, '\n');
    }
    assert_int_equal(text_source_stored(text, csv_offset(reader)), file.len);
    return buf_str(&out);
}

static Style random_style(uint64_t *seed)
{
    static const Style coded[] = {
        {.encoding = NULL},
        {.encoding = NULL, .mark = "\xEF\xBB\xBF"},
        {.encoding = "UTF-16LE", .mark = "\xFF\xFE"},
        {.encoding = "UTF-16BE", .mark = "\xFE\xFF"},
        {.encoding = "UTF-16BE", .option = "utf-16be"},
        {.encoding = "CP1252", .option = "windows-1252"},
        {.encoding = "CP850", .option = "cp850"},
        {.encoding = "GB18030", .option = "gb18030"},
    };
    Style style = coded[test_below(seed, ARRAY_COUNT(coded))];
    style.delimiter = ",;\t"[test_below(seed, 3)];
    style.quoted = test_below(seed, 2);
    style.mixed = test_below(seed, 2);
    style.empty_columns = test_below(seed, 3);
    style.empty_lines = style.delimiter == ';' ? test_below(seed, 4) : 0;
    style.packing = (int)test_below(seed, 4);
    return style;
}

static void every_variant_gives_the_same_rows(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 20241126;
    for (size_t round = 0; round < test_rounds(500); round++) {
        ArenaMark mark = arena_mark(arena);
        Str cells[ROWS][COLUMNS];
        for (size_t i = 0; i < ROWS * COLUMNS; i++)
            cells[i / COLUMNS][i % COLUMNS] = random_cell(arena, &seed);
        const Style plain = {.delimiter = ','};
        Style style = random_style(&seed);
        Str expected = read_rows(arena, write_text(arena, cells, &plain), &plain, 1000000);
        Str file =
            pack(arena, encode(arena, write_text(arena, cells, &style), &style), style.packing);
        Str actual = read_rows(arena, file, &style, 1 + test_below(&seed, 50));
        if (!str_equal(actual, expected))
            fail_msg("round %zu: " STR_FMT "\nnot " STR_FMT, round, STR_ARG(actual),
                     STR_ARG(expected));
        arena_rewind(arena, mark);
    }
}

static void a_wrong_byte_is_a_fault_of_its_row_and_column(void **state)
{
    Arena *arena = *state;
    TextSource *text;
    CsvReader *reader;
    CsvRow row;
    bool more;
    Str file = pack_gzip(arena, STR("a;b\n1;x\x81\n2;y\n"));
    assert_no_error(text_source_open(arena, byte_source_from_str(arena, file),
                                     text_encoding_find(STR("cp1252")), INT64_MAX, &text));
    CsvOptions options = {.encoding = text_source_encoding(text)};
    assert_no_error(csv_open(arena, text_source_bytes(text), options, &reader));
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_null(row.fault);
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_non_null(row.fault);
    assert_int_equal(row.fault->kind, CSV_FAULT_NOT_UTF8);
    assert_int_equal(row.fault->column, 2);
    assert_string_equal(
        row.fault->message,
        "Row 2, column 2: there is a character that is none in windows-1252. Save the "
        "file as UTF-8, or name its true encoding with the option encoding.");
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_null(row.fault);
    assert_str(row.cells[1], "y");
}

static void a_nul_in_utf_16_is_told_without_a_byte(void **state)
{
    Arena *arena = *state;
    TextSource *text;
    CsvReader *reader;
    CsvRow row;
    bool more;
    Str file = STR("\xFF\xFE"
                   "a\0;\0b\0\n\0"
                   "1\0;\0\0\0\n\0");
    Error *error =
        text_source_open(arena, byte_source_from_str(arena, file), NULL, INT64_MAX, &text);
    assert_no_error(error);
    CsvOptions options = {.encoding = text_source_encoding(text), .delimiter = ';'};
    error = csv_open(arena, text_source_bytes(text), options, &reader);
    assert_error(
        error, ERROR_UNSUPPORTED,
        "This is not a text file: byte 9 is NUL. If it came from a spreadsheet, open it there "
        "and save it as CSV (UTF-8).");
    file = STR("\xFF\xFE"
               "a\0a\0a\0a\0a\0a\0a\0a\0;\0b\0b\0b\0b\0b\0\n\0"
               "1\0;\0\0\0\n\0");
    assert_no_error(
        text_source_open(arena, byte_source_from_str(arena, file), NULL, INT64_MAX, &text));
    options.encoding = text_source_encoding(text);
    assert_no_error(csv_open(arena, text_source_bytes(text), options, &reader));
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_int_equal(row.fault->kind, CSV_FAULT_NUL);
    assert_string_equal(row.fault->message, "Row 2, column 2: a NUL character.");
}

static void a_workbook_within_gzip_is_named(void **state)
{
    Arena *arena = *state;
    TextSource *text;
    CsvReader *reader;
    Str file = pack_gzip(arena, STR("PK\003\004rest of a workbook"));
    assert_no_error(
        text_source_open(arena, byte_source_from_str(arena, file), NULL, INT64_MAX, &text));
    assert_error(
        csv_open(arena, text_source_bytes(text), (CsvOptions){0}, &reader), ERROR_UNSUPPORTED,
        "This is an Excel workbook or another zip archive, not a CSV file; if it came from a "
        "spreadsheet, open it there and save it as CSV (UTF-8).");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_variant_gives_the_same_rows),
        TEST(a_wrong_byte_is_a_fault_of_its_row_and_column),
        TEST(a_nul_in_utf_16_is_told_without_a_byte),
        TEST(a_workbook_within_gzip_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
