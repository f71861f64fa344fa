/* Tables of either kind of file, and the words for cells. The property: any table of texts and numbers reads
 * the same from a workbook (written by libxlsxwriter, or by hand) as from CSV. */
#include "workbook.h"

#include "format/csv_out.h"
#include "format/xlsx_cell.h"
#include "format/xlsx_styles.h"

#include "base/number.h"

#include <xlsxwriter.h>

/* ---- words ---------------------------------------------------------------------------------- */

static void times_100(void **state)
{
    Arena *arena = *state;
    static const char *const cases[][2] = {
        {"0.12", "12"},
        {"0.07", "7"},
        {"-0.0015", "-0.15"},
        {"1", "100"},
        {"0.1234567", "12.34567"},
        {"0", "0"},
        {"1.2e-05", "0.0012"},
        {"1e+22", "1e+24"},
        {"0.29", "29"},
        {"1.1", "110"},
        {"1E400", "1e402"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_str(table_times_100(arena, str_from(cases[i][0])), cases[i][1]);
    assert_str(table_shown(arena, STR("0.07"), CELL_PERCENT), "7%");
    assert_str(table_shown(arena, STR("0.07"), CELL_NUMBER), "0.07");
}

static void lines(void **state)
{
    Arena *arena = *state;
    const Str cells[] = {STR("a"), STR("b,c"), STR(""), STR("=1")};
    assert_str(table_line(arena, cells, 4), "a,\"b,c\",,'=1");
    assert_str(table_line(arena, cells + 2, 1), "\"\"");
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        CellKind kind;
    } cases[] = {
        {"General", CELL_NUMBER},
        {"0.00", CELL_NUMBER},
        {"#,##0.00_);[Red](#,##0.00)", CELL_NUMBER},
        {"0.00E+00", CELL_NUMBER},
        {"0%", CELL_PERCENT},
        {"#,##0.0 %;[Red]-0.0 %", CELL_PERCENT},
        {"0\"%\"", CELL_NUMBER},
        {"0\\%", CELL_NUMBER},
        {"0_%", CELL_NUMBER},
        {"dd/mm/yyyy", CELL_DATE},
        {"[$-409]d-mmm-yy;@", CELL_DATE},
        {"yyyy", CELL_DATE},
        {"h:mm AM/PM", CELL_DATE},
        {"[h]:mm:ss", CELL_DATE},
        {"[mm]", CELL_DATE},
        {"mmm \"of\" yy", CELL_DATE},
        {"#,##0 \"days\"", CELL_NUMBER},
        {"[$\xE2\x82\xAC-407] #,##0", CELL_NUMBER},
        {"[<100]0;[Blue]0", CELL_NUMBER},
        {"* #,##0", CELL_NUMBER},
        {"\"open", CELL_NUMBER},
        {"[open", CELL_NUMBER},
        {"\\", CELL_NUMBER},
        {"@", CELL_NUMBER},
        {"", CELL_NUMBER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (xlsx_format_kind(str_from(cases[i].code)) != cases[i].kind)
            fail_msg("%s is of kind %d", cases[i].code,
                     (int)xlsx_format_kind(str_from(cases[i].code)));
}

static void references(void **state)
{
    (void)state;
    int64_t row;
    size_t column;
    assert_true(xlsx_cell_reference("A1", &row, &column) && row == 1 && column == 1);
    assert_true(xlsx_cell_reference("BC12", &row, &column) && row == 12 && column == 55);
    assert_true(xlsx_cell_reference("XFD1048576", &row, &column) && row == 1048576 &&
                column == 16384);
    static const char *const wrong[] = {"",
                                        "A",
                                        "1",
                                        "a1",
                                        "A1:B2",
                                        "$A$1",
                                        "A0",
                                        "XFE1",
                                        "A1048577",
                                        "A-1",
                                        "AAAAAAAAAAAAAAAAAAAA1",
                                        "A99999999999999999999"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
        assert_false(xlsx_cell_reference(wrong[i], &row, &column));
}

/* ---- the same table as CSV and as a workbook ------------------------------------------------- */

enum { ROWS = 12, COLUMNS = 6 };

typedef struct Cells {
    Str text[ROWS][COLUMNS];
    bool number[ROWS][COLUMNS];
} Cells;

static Str random_text(Arena *arena, uint64_t *seed)
{
    static const char *const pieces[] = {
        "a", "Est\xC3\xA9 ", "\"",   ",",  "\n", "=1+1", "'",  "<b>&amp;",        ";",
        "-", "_x0041_",      "7203", "NA", "\t", "%",    "@x", "\xF0\x9F\x98\x80"};
    Buf text = buf_new(arena, 1000);
    for (size_t i = test_below(seed, 4); i > 0; i--)
        buf_add(&text, str_from(pieces[test_below(seed, ARRAY_COUNT(pieces))]));
    return text.len == 0 ? STR("") : buf_str(&text);
}

static double random_number(uint64_t *seed)
{
    static const double scales[] = {1, 0.1, 1e-3, 1e-7, 1e9, 1.0 / 3};
    double value = (double)(int64_t)test_below(seed, 2000001) - 1000000;
    return value * scales[test_below(seed, ARRAY_COUNT(scales))];
}

static Cells random_cells(Arena *arena, uint64_t *seed)
{
    Cells cells;
    for (size_t row = 0; row < ROWS; row++)
        for (size_t column = 0; column < COLUMNS; column++) {
            bool number = test_below(seed, 2) == 0;
            char *text = arena_alloc(arena, NUMBER_TEXT_SIZE);
            cells.number[row][column] = number;
            cells.text[row][column] = number ? (Str){text, number_format(text, random_number(seed))}
                                             : random_text(arena, seed);
            if (column ==
                COLUMNS - 1) { /* nothing that a workbook leaves out at the end of a row */
                cells.number[row][column] = false;
                cells.text[row][column] = STR("end");
            }
        }
    return cells;
}

static Str as_csv(Arena *arena, const Cells *cells)
{
    Buf file = buf_new(arena, 1 << 20);
    for (size_t row = 0; row < ROWS; row++)
        csv_write_row(&file, cells->text[row], COLUMNS, ',');
    return buf_str(&file);
}

static void escape(Buf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '&' || c == '<')
            buf_printf(out, "&#%d;", c);
        else if (c == '_')
            buf_add(out, STR("_x005F_"));
        else
            buf_add_char(out, c);
    }
}

static void write_cell(Buf *sheet, Buf *strings, size_t *count, Str text, bool number, bool shared)
{
    if (number) {
        buf_printf(sheet, "<c><v>" STR_FMT "</v></c>", STR_ARG(text));
    } else if (shared) {
        buf_printf(sheet, "<c t=\"s\"><v>%zu</v></c>", (*count)++);
        buf_add(strings, STR("<si><t xml:space=\"preserve\">"));
        escape(strings, text);
        buf_add(strings, STR("</t></si>"));
    } else {
        buf_add(sheet, STR("<c t=\"inlineStr\"><is><t>"));
        escape(sheet, text);
        buf_add(sheet, STR("</t></is></c>"));
    }
}

static Str by_hand(Arena *arena, const Cells *cells, uint64_t *seed)
{
    Buf sheet = buf_new(arena, 1 << 20), strings = buf_new(arena, 1 << 20);
    size_t count = 0;
    buf_add(&sheet, STR("<worksheet><sheetData>"));
    buf_add(&strings, STR("<sst>"));
    for (size_t row = 0; row < ROWS; row++) {
        buf_printf(&sheet, "<row r=\"%zu\">", row + 1);
        for (size_t column = 0; column < COLUMNS; column++)
            write_cell(&sheet, &strings, &count, cells->text[row][column],
                       cells->number[row][column], test_below(seed, 2) == 0);
        buf_add(&sheet, STR("</row>"));
    }
    buf_add(&sheet, STR("</sheetData></worksheet>"));
    buf_add(&strings, STR("</sst>"));
    return workbook_of(arena, (Book){.strings = strings.data, .sheet = sheet.data});
}

/* It leaves to its caller what "_x0041_" would be read as. */
static const char *underscored(Arena *arena, Str text)
{
    Buf out = buf_new(arena, 10000);
    for (size_t i = 0; i < text.len; i++)
        buf_add(&out, text.ptr[i] == '_' ? STR("_x005F_") : str_slice(text, i, i + 1));
    return text.len == 0 ? "" : out.data;
}

/* libxlsxwriter writes to a file; `constant` is its mode that shares no texts. */
static Str by_library(Arena *arena, const Cells *cells, bool constant)
{
    char name[] = "/tmp/obligor-table-XXXXXX";
    int descriptor = mkstemp(name);
    CHECK(descriptor >= 0);
    lxw_workbook_options options = {.constant_memory = constant ? LXW_TRUE : LXW_FALSE};
    lxw_workbook *workbook = workbook_new_opt(name, &options);
    lxw_worksheet *sheet = workbook_add_worksheet(workbook, "Data");
    for (size_t row = 0; row < ROWS; row++)
        for (size_t column = 0; column < COLUMNS; column++) {
            double value;
            Str text = cells->text[row][column];
            if (cells->number[row][column] && number_parse(text, &value) == NUMBER_OK)
                worksheet_write_number(sheet, (lxw_row_t)row, (lxw_col_t)column, value, NULL);
            else
                worksheet_write_string(sheet, (lxw_row_t)row, (lxw_col_t)column,
                                       underscored(arena, text), NULL);
        }
    CHECK(workbook_close(workbook) == LXW_NO_ERROR);
    close(descriptor);
    descriptor = open(name, O_RDONLY | O_CLOEXEC);
    unlink(name);
    RangeSource source;
    size_t size;
    assert_no_error(range_source_from_fd(arena, descriptor, &source));
    char *bytes = arena_alloc_raw(arena, (size_t)source.size);
    assert_no_error(range_source_read(&source, arena, 0, bytes, (size_t)source.size, &size));
    close(descriptor);
    return (Str){bytes, size};
}

/* Rows as text, without kinds; cells of CSV without their guards. */
static Str plain_rows(Arena *arena, Str file)
{
    Buf out = buf_new(arena, 1 << 20);
    Table *table;
    bool more = true;
    assert_no_error(
        table_open(arena, range_source_from_str(arena, file), (TableOptions){0}, &table));
    for (;;) {
        TableRow row;
        assert_no_error(table_next(table, arena, &row, &more));
        if (!more)
            return buf_str(&out);
        assert_null(row.fault);
        buf_printf(&out, "%lld", (long long)row.number);
        for (size_t i = 0; i < row.count; i++) {
            Str cell = row.kinds == NULL ? csv_unguard(row.cells[i]) : row.cells[i];
            buf_printf(&out, "[" STR_FMT "]", STR_ARG(cell));
        }
    }
}

/* libxlsxwriter prints 16 digits, so its numbers are compared as what those are. */
static void round_numbers(Arena *arena, Cells *cells)
{
    for (size_t row = 0; row < ROWS; row++)
        for (size_t column = 0; column < COLUMNS; column++) {
            double value;
            char *text = arena_alloc(arena, NUMBER_TEXT_SIZE);
            if (!cells->number[row][column] ||
                number_parse(cells->text[row][column], &value) != NUMBER_OK)
                continue;
            Str digits = str_printf(arena, "%.15g", value);
            CHECK(number_parse(digits, &value) == NUMBER_OK);
            cells->text[row][column] = (Str){text, number_format(text, value)};
        }
}

static void a_table_is_the_same_in_every_file(void **state)
{
    uint64_t seed = 20260101;
    (void)state;
    for (size_t round = 0; round < test_rounds(200); round++) {
        Arena *arena = arena_new(0);
        Cells cells = random_cells(arena, &seed);
        Str expected = plain_rows(arena, as_csv(arena, &cells));
        assert_str(plain_rows(arena, by_hand(arena, &cells, &seed)), expected.ptr);
        if (round % 10 == 0) {
            round_numbers(arena, &cells);
            expected = plain_rows(arena, as_csv(arena, &cells));
            assert_str(plain_rows(arena, by_library(arena, &cells, false)), expected.ptr);
            assert_str(plain_rows(arena, by_library(arena, &cells, true)), expected.ptr);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_100),
        TEST(lines),
        TEST(formats),
        TEST(references),
        TEST(a_table_is_the_same_in_every_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
