/* What a file holds is written here as one line of text, "1[a][b] 2[c][d]", with the fault's word
 * behind a row and the error at the end; each file is read through sources that give 1, 2, 3, ...
 * bytes at a time, and always says the same. */
#include "format/csv.h"

#include "test.h"

/* A source that gives at most `piece` bytes at a time, and fails at read number `fail_at`. */
typedef struct Pieces {
    Str rest;
    size_t piece;
    size_t reads;
    size_t fail_at;
} Pieces;

static Error *read_pieces(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    Pieces *pieces = self;
    if (++pieces->reads == pieces->fail_at)
        return ERROR(arena, ERROR_UNAVAILABLE, "gone");
    Str part = str_slice(pieces->rest, 0, pieces->piece < cap ? pieces->piece : cap);
    memcpy(bytes, part.ptr, part.len);
    pieces->rest = str_slice(pieces->rest, part.len, pieces->rest.len);
    *ret_size = part.len;
    return NULL;
}

static ByteSource pieces_of(Arena *arena, Str file, size_t piece)
{
    Pieces *pieces = ARENA_NEW(arena, Pieces);
    *pieces = (Pieces){.rest = file, .piece = piece};
    return (ByteSource){read_pieces, pieces};
}

static Error *describe_rows(Arena *row_arena, CsvReader *reader, Buf *out)
{
    ArenaMark mark = arena_mark(row_arena);
    for (;;) {
        CsvRow row;
        bool more;
        arena_rewind(row_arena, mark);
        TRY(csv_next(reader, row_arena, &row, &more));
        if (!more)
            return NULL;
        buf_printf(out, "%s%lld", out->len ? " " : "", (long long)row.number);
        for (size_t i = 0; i < row.count; i++) {
            buf_add_char(out, '[');
            buf_add(out, row.cells[i]);
            buf_add_char(out, ']');
        }
        if (row.fault != NULL)
            buf_printf(out, "!%s(%zu,%zu,%lld: %s)", CSV_FAULT_WORDS[row.fault->kind],
                       row.fault->column, row.fault->row_offset, (long long)row.fault->file_offset,
                       row.fault->message);
    }
}

static Str describe(Arena *arena, Str file, CsvOptions options, size_t piece)
{
    Buf out = buf_new(arena, 8 << 20);
    Arena *row_arena = arena_new(0);
    CsvReader *reader = NULL;
    Error *error = csv_open(arena, pieces_of(arena, file, piece), options, &reader);
    if (error == NULL)
        error = describe_rows(row_arena, reader, &out);
    if (error != NULL)
        buf_printf(&out, "%s%s/%s: %s", out.len ? " " : "", error_word(error->code),
                   error->reason ? error->reason : "-", error->message);
    arena_free(row_arena);
    return buf_str(&out);
}

#define assert_rows(arena, file, expected)                                                         \
    assert_rows_with((arena), (CsvOptions){0}, file, expected)
#define assert_rows_with(arena, options, file, expected)                                           \
    test_assert_rows((arena), (options), STR(file), (expected), __FILE__, __LINE__)

static void test_assert_rows(Arena *arena, CsvOptions options, Str file, const char *expected,
                             const char *path, int line)
{
    static const size_t pieces[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 1000000};
    for (size_t i = 0; i < ARRAY_COUNT(pieces); i++) {
        Str actual = describe(arena, file, options, pieces[i]);
        if (str_is(actual, expected))
            continue;
        print_error("in pieces of %zu: " STR_FMT "\nexpected: %s\n", pieces[i], STR_ARG(actual),
                    expected);
        _fail(path, line);
    }
}

/* ---- errors --------------------------------------------------------------------------------- */

static void what_is_no_csv_is_refused(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "PK\003\004rest",
                "unsupported/not_csv: This is an Excel workbook or another zip archive, not a CSV "
                "file; if it came from a spreadsheet, open it there and save it as CSV (UTF-8).");
    assert_rows(
        arena, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest",
        "unsupported/not_csv: This is an old Excel workbook (.xls) or another Office "
        "document, not a CSV file; if it came from a spreadsheet, open it there and save it "
        "as CSV (UTF-8).");
    assert_rows(arena, "{\\rtf1",
                "unsupported/not_csv: This is a rich text document, not a CSV file.");
    assert_rows(arena, "%PDF-1.7", "unsupported/not_csv: This is a PDF document, not a CSV file.");
#define TAGS                                                                                       \
    "unsupported/not_csv: This is a web page or another document of tags, not a table, even if "   \
    "its name ends in .xls; open it in a spreadsheet program and save it as .xlsx or CSV (UTF-8)."
    assert_rows(arena, "<?xml version=\"1.0\"?>", TAGS);
    assert_rows(arena, "<!DOCTYPE html>", TAGS);
    assert_rows(arena, "<!doctype html>", TAGS);
    assert_rows(arena, "<html>", TAGS);
    assert_rows(arena, "<HTML>", TAGS);
    assert_rows(arena, "<table border=1>", TAGS);
    assert_rows(arena, "<none>,a", "1[<none>][a]");
    assert_rows(
        arena, "\x1F\x8B\x08",
        "unsupported/not_csv: This file is compressed with gzip; unpack it and send the CSV.");
    assert_rows(
        arena, "\x28\xB5\x2F\xFD",
        "unsupported/not_csv: This file is compressed with zstd; unpack it and send the CSV.");
    assert_rows(arena, "\xFF\xFE\0\0a\0\0\0",
                "unsupported/not_utf8: This file is in UTF-32; save it as UTF-8.");
    assert_rows(arena, "\0\0\xFE\xFF\0\0\0a",
                "unsupported/not_utf8: This file is in UTF-32; save it as UTF-8.");
    assert_rows(arena,
                "\xFF\xFE"
                "a\0,\0b\0\n\0",
                "unsupported/not_utf8: This file is in UTF-16; save it as UTF-8.");
    assert_rows(arena, "\xFE\xFF\0a\0,\0b\0\n",
                "unsupported/not_utf8: This file is in UTF-16; save it as UTF-8.");
    assert_rows(arena, "a\0,\0b\0\n\0",
                "unsupported/not_csv: This is not a text file: byte 1 is NUL. If it came from a "
                "spreadsheet, open it there and save it as CSV (UTF-8).");
}

static void bad_delimiter_is_refused(void **state)
{
    Arena *arena = *state;
    static const char bad[] = {'"', '\r', '\n', '\x7F', '\xE9', '\x01'};
    for (size_t i = 0; i < sizeof bad; i++)
        assert_rows_with(
            arena, (CsvOptions){.delimiter = bad[i]}, "a,b",
            "invalid/-: The delimiter must be one ASCII character, and no quote or line "
            "end.");
}

static void quote_never_closed_names_where_it_opened(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,b\n\n1,\"x\n2,y\n3,z\n",
                "1[a][b] malformed/quote_not_closed: Row 3, column 2: the quote that opens here is "
                "never closed.");
    assert_rows(arena, "\"",
                "malformed/quote_not_closed: Row 1, column 1: the quote that opens here is never "
                "closed.");
    assert_rows(arena, "a,\"b\"\"",
                "malformed/quote_not_closed: Row 1, column 2: the quote that opens here is never "
                "closed.");
    assert_rows_with(
        arena, (CsvOptions){.max_row_bytes = 20}, "a,b\n1,\"x\n2,yyyyyyy\n3,zzzzzz\n",
        "1[a][b] malformed/quote_not_closed: Row 2, column 2: the quote that opens here "
        "is not closed within the 20 bytes that a row may have.");
    assert_rows_with(
        arena, (CsvOptions){.max_row_bytes = 20}, "a,b\n1,\"x\n2,yyyyyyy\n3,zzzzzz\"\n",
        "1[a][b] malformed/quote_not_closed: Row 2, column 2: the quote that opens here "
        "is not closed within the 20 bytes that a row may have.");
}

static void row_too_long_is_told_to_the_byte(void **state)
{
    Arena *arena = *state;
    CsvOptions options = {.max_row_bytes = 10};
    assert_rows_with(arena, options, "a,b\n1,34567890\r\nx", "1[a][b] 2[1][34567890] 3[x]");
    assert_rows_with(arena, options, "a,b\n1,34567890", "1[a][b] 2[1][34567890]");
    assert_rows_with(arena, options, "a,b\n1,345678901\r\n",
                     "1[a][b] too_large/row_too_long: Row 2 has more than the 10 bytes that a row "
                     "may have.");
    assert_rows_with(arena, options, "a,b\n1,345678901",
                     "1[a][b] too_large/row_too_long: Row 2 has more than the 10 bytes that a row "
                     "may have.");
    assert_rows_with(
        arena, options, "1,\"5678\",1,345678901",
        "too_large/row_too_long: Row 1 has more than the 10 bytes that a row may have.");
}

static void failing_source_is_passed_on(void **state)
{
    Arena *arena = *state;
    Str file = STR("company_symbol,b\r\n1,2\r\n\r\n3,\"4\"\r\n");
    for (size_t fail_at = 1; fail_at <= file.len + 1; fail_at++) {
        Pieces pieces = {.rest = file, .piece = 1, .fail_at = fail_at};
        Buf out = buf_new(arena, 1024);
        Arena *row_arena = arena_new(0);
        CsvReader *reader = NULL;
        Error *error =
            csv_open(arena, (ByteSource){read_pieces, &pieces}, (CsvOptions){0}, &reader);
        if (error == NULL)
            error = describe_rows(row_arena, reader, &out);
        assert_error(error, ERROR_UNAVAILABLE, "gone");
        arena_free(row_arena);
        assert_int_equal(pieces.reads, fail_at);
    }
}

/* ---- faults --------------------------------------------------------------------------------- */

static void nul_is_a_fault_of_its_row(void **state)
{
    Arena *arena = *state;
    Str file = STR("company_symbol,b\n1,2\0\n3,4\n");
    Str expected =
        STR("1[company_symbol][b] 2[1][2\0]!nul_byte(2,3,20: Row 2, byte 20 of the file: "
            "a NUL byte.) 3[3][4]");
    for (size_t piece = 1; piece < 30; piece++)
        assert_true(str_equal(describe(arena, file, (CsvOptions){0}, piece), expected));
}

static void bytes_that_are_not_utf8_name_row_and_byte(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,b\nZ\xC3\xBCrich,1\nZ\xFCrich,1\n1,\"2\xE9\"\n3,4",
                "1[a][b] 2[Z\xC3\xBCrich][1] "
                "3[Z\xFCrich][1]!not_utf8(1,1,15: Row 3, byte 15 of the file: 0xFC is not UTF-8. "
                "Save the file as UTF-8, or name its encoding with the option encoding.) "
                "4[1][2\xE9]!not_utf8(2,4,27: Row 4, byte 27 of the file: 0xE9 is not UTF-8. "
                "Save the file as UTF-8, or name its encoding with the option encoding.) 5[3][4]");
    assert_rows(
        arena, "\xEF\xBB\xBF\xE9\n",
        "1[\xE9]!not_utf8(1,0,3: Row 1, byte 3 of the file: 0xE9 is not UTF-8. Save the file "
        "as UTF-8, or name its encoding with the option encoding.)");
    assert_rows_with(arena, (CsvOptions){.max_columns = 1}, "a,\xE9",
                     "1[a]!not_utf8(0,2,2: Row 1, byte 2 of the file: 0xE9 is not UTF-8. Save the "
                     "file as UTF-8, or name its encoding with the option encoding.)");
}

static void text_after_a_closing_quote_is_a_fault(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,\"b\"c,d\n1,2,3\n",
                "1[a][\"b\"c][d]!text_after_quote(2,5,5: Row 1, column 2: there is text behind the "
                "closing quote. A quote inside a quoted cell is written twice.) 2[1][2][3]");
    assert_rows(
        arena, "\"b\" ,\"d\"\"\"e\"\"f\n1,2",
        "1[\"b\" ][\"d\"\"\"e\"\"f]!text_after_quote(1,3,3: Row 1, column 1: there is text "
        "behind the closing quote. A quote inside a quoted cell is written twice.) 2[1][2]");
}

static void cell_too_long_is_a_fault(void **state)
{
    Arena *arena = *state;
    CsvOptions options = {.max_cell = 4};
    assert_rows_with(
        arena, options, "1234,\"1234\",\"\"\"\"\"\"\"\"\"\"\n12,12345,1\n1",
        "1[1234][1234][\"\"\"\"] 2[12][12345][1]!cell_too_long(2,0,23: Row 2, column 2: "
        "the cell has 5 bytes; 4 are allowed.) 3[1]");
    assert_rows_with(arena, options, "\"\"\"12345\"",
                     "1[\"12345]!cell_too_long(1,0,0: Row 1, column 1: the cell has 6 bytes; 4 are "
                     "allowed.)");
}

static void too_many_columns_are_a_fault(void **state)
{
    Arena *arena = *state;
    CsvOptions options = {.max_columns = 3};
    assert_rows_with(arena, options, "a,b,c\n1,2,\"3\",4,\n1,2,\n",
                     "1[a][b][c] 2[1][2][3]!too_many_columns(0,0,6: Row 2 has 5 cells; 3 are "
                     "allowed.) 3[1][2][]");
}

static void fault_beyond_the_last_column_has_none(void **state)
{
    Arena *arena = *state;
    assert_rows_with(arena, (CsvOptions){.max_columns = 2}, "a,b,\"c\"d\n",
                     "1[a][b]!text_after_quote(0,7,7: Row 1, column 3: there is text behind the "
                     "closing quote. A quote inside a quoted cell is written twice.)");
}

static void first_fault_in_order_is_told(void **state)
{
    Arena *arena = *state;
    assert_rows_with(arena, ((CsvOptions){.max_cell = 2, .max_columns = 1}), "\"a\"b\xE9,123",
                     "1[\"a\"b\xE9]!not_utf8(1,4,4: Row 1, byte 4 of the file: 0xE9 is not UTF-8. "
                     "Save the file as UTF-8, or name its encoding with the option encoding.)");
    assert_rows_with(arena, ((CsvOptions){.max_cell = 2, .max_columns = 1}), "123,1",
                     "1[123]!cell_too_long(1,0,0: Row 1, column 1: the cell has 3 bytes; 2 are "
                     "allowed.)");
}

/* ---- rows and cells ------------------------------------------------------------------------- */

static void empty_files_have_no_rows(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "", "");
    assert_rows(arena, "\xEF\xBB\xBF", "");
    assert_rows(arena, "\n", "");
    assert_rows(arena, "\r\n\r\n\n\r", "");
}

static void line_ends_of_all_kinds_end_rows(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,b\n1,2\n", "1[a][b] 2[1][2]");
    assert_rows(arena, "a,b\r\n1,2\r\n", "1[a][b] 2[1][2]");
    assert_rows(arena, "a,b\r1,2\r", "1[a][b] 2[1][2]");
    assert_rows(arena, "a,b\r1,2\r\n3,4\n\"5\",\"6\"\r\"7\",\"8\"",
                "1[a][b] 2[1][2] 3[3][4] 4[5][6] 5[7][8]");
    assert_rows(arena, "\xEF\xBB\xBF\"a\",b\n1,2", "1[a][b] 2[1][2]");
}

static void rows_are_numbered_as_in_a_spreadsheet(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,b\n\n\"1\n1\",2\n3,4\n", "1[a][b] 3[1\n1][2] 4[3][4]");
    assert_rows(arena, "\r\n\r\na\r\n\"\r\n\"\r\n\r\nb", "3[a] 4[\r\n] 6[b]");
    assert_rows(arena, "a\r\rb\n\nc", "1[a] 3[b] 5[c]");
}

static void empty_cells_are_kept(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a,b,\n,,\n\"\"\n \n,", "1[a][b][] 2[][][] 3[] 4[ ] 5[][]");
    assert_rows(arena, "\"\",\"\"", "1[][]");
}

static void quotes_are_undone(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "\"a,b\",\"say \"\"hi\"\"\",\"\"\"\",\"x\r\ny\"\n",
                "1[a,b][say \"hi\"][\"][x\r\ny]");
    assert_rows(arena, "a\"b,c\"d\",5\" pipe\n \"x\",1", "1[a\"b][c\"d\"][5\" pipe] 2[ \"x\"][1]");
    assert_rows(arena, "\"\"\"\"\"\",\"a\"\"\"", "1[\"\"][a\"]");
}

static void delimiter_is_found_in_the_first_row(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, "a;b\n1,5;2\n", "1[a][b] 2[1,5][2]");
    assert_rows(arena, "a\tb\n1,5\t2;3\n", "1[a][b] 2[1,5][2;3]");
    assert_rows(arena, "a\n1,2\n", "1[a] 2[1][2]");
    assert_rows(arena, "\r\n\n\"a,\"\",b,c\";d;\"e\n,,,,\"\n1;2;3\n",
                "3[a,\",b,c][d][e\n,,,,] 4[1][2][3]");
    assert_rows(arena, "a;b,c\n", "1[a;b][c]");
    assert_rows(arena, "a;b\"\"\";c,d\";e\n", "1[a][b\"\"\"][c,d\"][e]");
    assert_rows_with(arena, (CsvOptions){.delimiter = ';'}, "a,b;c,d\n", "1[a,b][c,d]");
    assert_rows_with(arena, (CsvOptions){.delimiter = '|'}, "a,b|c,d\n", "1[a,b][c,d]");
    CsvReader *reader;
    ByteSource source = byte_source_from_str(arena, STR("a;b\n"));
    assert_no_error(csv_open(arena, source, (CsvOptions){0}, &reader));
    assert_int_equal(csv_delimiter(reader), ';');
}

static void delimiter_search_stops_at_the_longest_row(void **state)
{
    Arena *arena = *state;
    assert_rows_with(
        arena, (CsvOptions){.max_row_bytes = 6}, "a;b;c;d,e,f,g,h,i\n",
        "too_large/row_too_long: Row 1 has more than the 6 bytes that a row may have.");
}

static void row_says_where_it_stands(void **state)
{
    Arena *arena = *state;
    CsvReader *reader;
    ByteSource source = byte_source_from_str(arena, STR("\xEF\xBB\xBF\"a\"\"\", b\r\n,\n"));
    assert_no_error(csv_open(arena, source, (CsvOptions){0}, &reader));
    assert_int_equal(csv_offset(reader), 3);
    CsvRow row;
    bool more;
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_true(more);
    assert_str(row.raw, "\"a\"\"\", b");
    assert_str(row.cells[0], "a\"");
    assert_false(csv_row_is_blank(&row));
    assert_int_equal(csv_offset(reader), 12);
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_str(row.raw, ",");
    assert_true(csv_row_is_blank(&row));
    assert_int_equal(csv_offset(reader), 15);
    for (int i = 0; i < 2; i++) {
        assert_no_error(csv_next(reader, arena, &row, &more));
        assert_false(more);
        assert_int_equal(csv_offset(reader), 15);
    }
}

/* ---- any table ------------------------------------------------------------------------------ */

typedef struct Table {
    size_t rows;
    size_t columns[8];
    Str cells[8][5];
    int64_t numbers[8];
    Str raw[8];
} Table;

static Str random_cell(Arena *arena, uint64_t *seed)
{
    static const char *const pieces[] = {
        "a",
        "1.5",
        " ",
        ",",
        ";",
        "\t",
        "|",
        "\"",
        "\"\"",
        "\r",
        "\n",
        "\r\n",
        "\xC3\xBC",
        "\xE2\x82\xAC",
        "\xEF\xBB\xBF",
        "company",
        "long enough to span eight bytes, twice",
    };
    Buf cell = buf_new(arena, 1024);
    for (size_t i = test_below(seed, 6); i > 0; i--)
        buf_add(&cell, str_from(pieces[test_below(seed, ARRAY_COUNT(pieces))]));
    return buf_str(&cell);
}

/* Without quotes where that is possible, if it is wished. */
static void write_cell(Buf *out, Str cell, char delimiter, bool plain)
{
    size_t at;
    if (plain && !str_starts_with(cell, STR("\"")) && !str_find(cell, delimiter, &at) &&
        !str_find(cell, '\r', &at) && !str_find(cell, '\n', &at)) {
        buf_add(out, cell);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, cell.ptr[i]);
    }
    buf_add_char(out, '"');
}

static Str write_table(Arena *arena, Table *table, char delimiter, uint64_t *seed)
{
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    Str line_end = str_from(line_ends[test_below(seed, 3)]);
    Buf out = buf_new(arena, 1 << 20);
    if (test_below(seed, 2))
        buf_add(&out, STR("\xEF\xBB\xBF"));
    int64_t number = 0;
    for (size_t r = 0; r < table->rows; r++) {
        for (; test_below(seed, 4) == 0; number++)
            buf_add(&out, line_end);
        table->numbers[r] = ++number;
        Buf row = buf_new(arena, 1 << 20);
        for (size_t c = 0; c < table->columns[r]; c++) {
            if (c > 0)
                buf_add_char(&row, delimiter);
            bool first = number == 1 && c == 0;
            bool must = (table->columns[r] == 1 && table->cells[r][c].len == 0) ||
                        (first && str_starts_with(table->cells[r][c], STR("\xEF\xBB\xBF")));
            write_cell(&row, table->cells[r][c], delimiter, !must && test_below(seed, 3));
        }
        table->raw[r] = buf_str(&row);
        buf_add(&out, buf_str(&row));
        if (r + 1 < table->rows || test_below(seed, 2))
            buf_add(&out, line_end);
    }
    return buf_str(&out);
}

static void assert_table(Arena *arena, const Table *table, Str file, char delimiter, size_t piece)
{
    CsvReader *reader;
    CsvOptions options = {.delimiter = delimiter, .max_row_bytes = 2048};
    assert_no_error(csv_open(arena, pieces_of(arena, file, piece), options, &reader));
    CsvRow row;
    bool more;
    for (size_t r = 0; r < table->rows; r++) {
        assert_no_error(csv_next(reader, arena, &row, &more));
        assert_true(more);
        assert_null(row.fault);
        assert_int_equal(row.number, table->numbers[r]);
        assert_int_equal(row.count, table->columns[r]);
        assert_true(str_equal(row.raw, table->raw[r]));
        for (size_t c = 0; c < row.count; c++)
            assert_true(str_equal(row.cells[c], table->cells[r][c]));
    }
    assert_no_error(csv_next(reader, arena, &row, &more));
    assert_false(more);
    assert_int_equal(csv_offset(reader), file.len);
}

static void any_table_reads_back_the_same(void **state)
{
    Arena *arena = *state;
    static const char delimiters[] = {',', ';', '\t', '|'};
    uint64_t seed = 1;
    for (size_t round = test_rounds(2000); round > 0; round--) {
        ArenaMark mark = arena_mark(arena);
        Table table = {.rows = 1 + test_below(&seed, 8)};
        for (size_t r = 0; r < table.rows; r++) {
            table.columns[r] = 1 + test_below(&seed, 5);
            for (size_t c = 0; c < table.columns[r]; c++)
                table.cells[r][c] = random_cell(arena, &seed);
        }
        char delimiter = delimiters[test_below(&seed, sizeof delimiters)];
        Str file = write_table(arena, &table, delimiter, &seed);
        ArenaMark written = arena_mark(arena);
        for (size_t piece = 1; piece <= 40; piece++) {
            assert_table(arena, &table, file, delimiter, piece);
            arena_rewind(arena, written);
        }
        arena_rewind(arena, mark);
    }
}

/* Through many fills of the buffer, with rows of all lengths across their borders. */
static void long_file_reads_back_the_same(void **state)
{
    Arena *arena = *state;
    Buf file = buf_new(arena, 64 << 20);
    uint64_t seed = 2;
    enum { ROWS = 3000 };
    size_t sizes[ROWS];
    for (size_t r = 0; r < ROWS; r++) {
        sizes[r] = test_below(&seed, 10) == 0 ? test_below(&seed, 20000) : test_below(&seed, 200);
        buf_printf(&file, "%zu,\"\"\"", r);
        for (size_t i = 0; i < sizes[r]; i++)
            buf_add_char(&file, (char)('a' + i % 26));
        buf_add(&file, STR("\"\r\n"));
    }
    CsvReader *reader;
    ByteSource source = byte_source_from_str(arena, buf_str(&file));
    assert_no_error(csv_open(arena, source, (CsvOptions){.max_row_bytes = 20100}, &reader));
    for (size_t r = 0; r < ROWS; r++) {
        CsvRow row;
        bool more;
        assert_no_error(csv_next(reader, arena, &row, &more));
        assert_true(more);
        assert_null(row.fault);
        assert_str(row.cells[0], arena_printf(arena, "%zu", r));
        assert_int_equal(row.cells[1].len, sizes[r] + 1);
        assert_int_equal(row.cells[1].ptr[0], '"');
        for (size_t i = 0; i < sizes[r]; i++)
            assert_true(row.cells[1].ptr[i + 1] == (char)('a' + i % 26));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_csv_is_refused),
        TEST(bad_delimiter_is_refused),
        TEST(quote_never_closed_names_where_it_opened),
        TEST(row_too_long_is_told_to_the_byte),
        TEST(failing_source_is_passed_on),
        TEST(nul_is_a_fault_of_its_row),
        TEST(bytes_that_are_not_utf8_name_row_and_byte),
        TEST(text_after_a_closing_quote_is_a_fault),
        TEST(cell_too_long_is_a_fault),
        TEST(too_many_columns_are_a_fault),
        TEST(fault_beyond_the_last_column_has_none),
        TEST(first_fault_in_order_is_told),
        TEST(empty_files_have_no_rows),
        TEST(line_ends_of_all_kinds_end_rows),
        TEST(rows_are_numbered_as_in_a_spreadsheet),
        TEST(empty_cells_are_kept),
        TEST(quotes_are_undone),
        TEST(delimiter_is_found_in_the_first_row),
        TEST(delimiter_search_stops_at_the_longest_row),
        TEST(row_says_where_it_stands),
        TEST(any_table_reads_back_the_same),
        TEST(long_file_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
