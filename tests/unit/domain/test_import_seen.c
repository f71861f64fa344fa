/* The first row of each key of a file, beyond what the table began with and up to what it may hold. */
#include "domain/import_seen.h"

#include "test.h"

static int64_t first(Arena *arena, ImportSeen *seen, int symbol, int year, int quarter, int64_t row)
{
    const PredictionInput input = {
        .symbol = str_printf(arena, "S%d", symbol), .year = year, .quarter = quarter};
    return import_seen_first(seen, &input, row);
}

static void each_key_has_its_first_row(void **state)
{
    ImportSeen *seen = import_seen_new(*state, IMPORT_SEEN_MAX);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(first(*state, seen, i, 2020, 1, i + 2), 0);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(first(*state, seen, i, 2020, 1, 90000), i + 2);
    assert_int_equal(first(*state, seen, 7, 2021, 1, 90000), 0);
    assert_int_equal(first(*state, seen, 7, 2020, 2, 90001), 0);
    assert_int_equal(first(*state, seen, 7, 2021, 1, 90002), 90000);
    assert_int_equal(first(*state, seen, 7, 2020, 2, 90002), 90001);
}

static void no_more_are_kept_than_it_may_hold(void **state)
{
    ImportSeen *seen = import_seen_new(*state, 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(first(*state, seen, i, 2020, 1, i + 2), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(first(*state, seen, i, 2020, 1, 9), i < 2 ? i + 2 : 0);
    assert_int_equal(first(*state, seen, 9, 2020, 1, INT64_C(1) << 32), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_key_has_its_first_row),
        TEST(no_more_are_kept_than_it_may_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
