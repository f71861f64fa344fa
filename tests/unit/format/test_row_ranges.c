/* Some rows of a file as a text, and back. */
#include "format/row_ranges.h"

#include "test.h"

static void there_and_back(Arena *arena, const int64_t *rows, size_t count, const char *text)
{
    RowRanges ranges = row_ranges_new(arena);
    for (size_t i = 0; i < count; i++)
        row_ranges_add(&ranges, rows[i]);
    Str made = row_ranges_text(&ranges);
    assert_str(made, text);
    assert_int_equal(ranges.first, rows[0]);
    assert_int_equal(ranges.count, count);
    RowRangesIn in = row_ranges_read(made, ranges.first);
    int64_t row = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(row_ranges_next(&in, &row));
        assert_int_equal(row, rows[i]);
    }
    assert_false(row_ranges_next(&in, &row));
    assert_false(in.damaged);
}

#define ROUND(text, ...)                                                                           \
    there_and_back(arena, (const int64_t[]){__VA_ARGS__},                                          \
                   sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t), text)

static void test_there_and_back(void **state)
{
    Arena *arena = *state;
    ROUND("0", 2);
    ROUND("0-2", 2, 3, 4);
    ROUND("0,2,4-5", 7, 9, 11, 12);
    ROUND("0-1,8190", 5000000000, 5000000001, 5000008190);
}

static void test_damage(void **state)
{
    Arena *arena = *state;
    (void)arena;
    static const char *const texts[] = {"",    "x",     "0-", "0,0",         "3-2",
                                        "0,,", "0-2,1", "-1", "99999999999", "0-1-2"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        RowRangesIn in = row_ranges_read(str_from(texts[i]), 2);
        int64_t row;
        int found = 0;
        while (row_ranges_next(&in, &row))
            found++;
        assert_true(in.damaged);
        assert_true(found <= 3);
        assert_false(row_ranges_next(&in, &row));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
