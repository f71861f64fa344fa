/* Exact bytes, and any table written here reads back the same. */
#include "format/csv_out.h"

#include "format/csv.h"

#include "test.h"

#define assert_written(arena, cell, expected)                                                      \
    do {                                                                                           \
        Buf out_ = buf_new((arena), 1024);                                                         \
        csv_write_cell(&out_, STR(cell), ',');                                                     \
        assert_str(buf_str(&out_), (expected));                                                    \
        assert_false(out_.over);                                                                   \
    } while (0)

static void full_buffer_is_told(void **state)
{
    Buf out = buf_new(*state, 8);
    csv_write_row(&out, (Str[]){STR("four"), STR("cell")}, 2, ',');
    assert_true(out.over);
}

static void formulas_are_guarded(void **state)
{
    Arena *arena = *state;
    assert_written(arena, "=1+1", "'=1+1");
    assert_written(arena, "+49 30 1234", "'+49 30 1234");
    assert_written(arena, "-1+1", "'-1+1");
    assert_written(arena, "--", "'--");
    assert_written(arena, "@SUM(A1)", "'@SUM(A1)");
    assert_written(arena, "\tx", "'\tx");
    assert_written(arena, "\rx", "\"'\rx\"");
    assert_written(arena, "=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
    assert_written(arena, "'=1", "''=1");
    assert_written(arena, "''+x", "'''+x");
}

static void numbers_and_missing_marks_are_not_guarded(void **state)
{
    Arena *arena = *state;
    assert_written(arena, "-1.5", "-1.5");
    assert_written(arena, "+2e-3", "+2e-3");
    assert_written(arena, "-1e400", "-1e400");
    assert_written(arena, "-", "-");
    assert_written(arena, "N/A", "N/A");
    assert_written(arena, "'-1.5", "'-1.5");
    assert_written(arena, "'", "'");
    assert_written(arena, "'tis", "'tis");
}

static void cells_are_quoted_only_where_they_must(void **state)
{
    Arena *arena = *state;
    assert_written(arena, "", "");
    assert_written(arena, " a b ", " a b ");
    assert_written(arena, "a;b\tc|d'e", "a;b\tc|d'e");
    assert_written(arena, "a,b", "\"a,b\"");
    assert_written(arena, "a\"b\"", "\"a\"\"b\"\"\"");
    assert_written(arena, "\"", "\"\"\"\"");
    assert_written(arena, "a\nb", "\"a\nb\"");
    assert_written(arena, "a\rb", "\"a\rb\"");
    assert_written(arena, "\xEF\xBB\xBFx", "\"\xEF\xBB\xBFx\"");
    Buf out = buf_new(arena, 64);
    csv_write_cell(&out, STR("a;b,c"), ';');
    assert_str(buf_str(&out), "\"a;b,c\"");
}

static void rows_end_with_crlf(void **state)
{
    Buf out = buf_new(*state, 64);
    csv_write_row(&out, (Str[]){STR("a"), STR(""), STR("-1")}, 3, '\t');
    csv_write_row(&out, (Str[]){STR("")}, 1, ',');
    csv_write_row(&out, (Str[]){STR(""), STR("")}, 2, ',');
    csv_write_row(&out, NULL, 0, ',');
    assert_str(buf_str(&out), "a\t\t-1\r\n\"\"\r\n,\r\n\r\n");
}

static void only_guards_are_taken_off(void **state)
{
    (void)state;
    assert_str(csv_unguard(STR("'=1")), "=1");
    assert_str(csv_unguard(STR("''=1")), "'=1");
    assert_str(csv_unguard(STR("'-1")), "'-1");
    assert_str(csv_unguard(STR("'-")), "'-");
    assert_str(csv_unguard(STR("'tis")), "'tis");
    assert_str(csv_unguard(STR("'")), "'");
    assert_str(csv_unguard(STR("")), "");
    assert_str(csv_unguard(STR("=1")), "=1");
    assert_true(str_equal(csv_unguard(STR("'\0=")), STR("'\0=")));
}

static Str random_cell(Arena *arena, uint64_t *seed)
{
    static const char bytes[] = "'=+-@\t\r\n\",; 1ae.";
    char cell[6];
    size_t size = test_below(seed, sizeof cell + 1);
    for (size_t i = 0; i < size; i++)
        cell[i] = bytes[test_below(seed, sizeof bytes - 1)];
    return str_copy(arena, (Str){cell, size});
}

static void any_table_reads_back_the_same(void **state)
{
    Arena *arena = *state;
    static const char delimiters[] = {',', ';', '\t'};
    uint64_t seed = 3;
    enum { COLUMNS = 3, ROWS = 4 };
    for (size_t round = test_rounds(20000); round > 0; round--) {
        ArenaMark mark = arena_mark(arena);
        char delimiter = delimiters[test_below(&seed, sizeof delimiters)];
        size_t columns = 1 + test_below(&seed, COLUMNS);
        Str cells[ROWS][COLUMNS];
        Buf out = buf_new(arena, 4096);
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t c = 0; c < columns; c++)
                cells[r][c] = random_cell(arena, &seed);
            csv_write_row(&out, cells[r], columns, delimiter);
        }
        CsvReader *reader;
        CsvOptions options = {.delimiter = delimiter, .max_row_bytes = 4096};
        assert_no_error(
            csv_open(arena, byte_source_from_str(arena, buf_str(&out)), options, &reader));
        for (size_t r = 0; r < ROWS; r++) {
            CsvRow row;
            bool more;
            assert_no_error(csv_next(reader, arena, &row, &more));
            assert_true(more);
            assert_null(row.fault);
            assert_int_equal(row.number, r + 1);
            assert_int_equal(row.count, columns);
            for (size_t c = 0; c < columns; c++)
                assert_true(str_equal(csv_unguard(row.cells[c]), cells[r][c]));
        }
        arena_rewind(arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(full_buffer_is_told),
        TEST(formulas_are_guarded),
        TEST(numbers_and_missing_marks_are_not_guarded),
        TEST(cells_are_quoted_only_where_they_must),
        TEST(rows_end_with_crlf),
        TEST(only_guards_are_taken_off),
        TEST(any_table_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
