/* The thirteen parameters: several values become one text between separators, and no filter becomes the
 * value that lets everything pass. */
#include "store/filter.h"

#include "test.h"

#include <math.h>

static void the_empty_filter_lets_all_pass(void **state)
{
    Arena *arena = *state;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Value values[FILTER_PARAMETERS];
    filter_values(arena, &filter, values);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(values[i].integer, 0);
    for (size_t i = 3; i < 7; i++) {
        assert_int_equal(values[i].type, VALUE_TEXT);
        assert_false(values[i].is_null);
        if (i != 5)
            assert_int_equal(values[i].bytes.len, 0);
    }
    assert_true(values[7].is_null && values[7].type == VALUE_UUID);
    assert_int_equal(values[8].integer, INT64_MIN);
    assert_int_equal(values[9].integer, INT64_MAX);
    assert_true(values[10].real == -INFINITY && values[11].real == INFINITY);
    assert_true(values[12].is_null && values[12].type == VALUE_UUID);
}

static void each_value_has_its_place(void **state)
{
    Arena *arena = *state;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.risk_levels = 5;
    filter.sources = 6;
    filter.quarters = 16;
    filter.years[filter.year_count++] = 2023;
    filter.years[filter.year_count++] = 2024;
    filter.sectors[filter.sector_count++] = STR("IT");
    filter.sectors[filter.sector_count++] = STR("");
    filter.sectors[filter.sector_count++] = STR("Oil, Gas");
    filter.symbol_part = STR("AB");
    filter.has_user = filter.has_company = true;
    filter.created_by = (Uuid){{1}};
    filter.company_id = (Uuid){{2}};
    filter.created_after = 10;
    filter.created_before = 20;
    filter.probability_min = 0.25;
    filter.probability_max = 0.5;
    Value values[FILTER_PARAMETERS];
    filter_values(arena, &filter, values);
    assert_int_equal(values[0].integer, 5);
    assert_int_equal(values[1].integer, 6);
    assert_int_equal(values[2].integer, 16);
    assert_str(values[3].bytes, ",2023,2024,");
    assert_str(values[4].bytes, "\x1fIT\x1f\x1fOil, Gas\x1f");
    assert_str(values[5].bytes, "\x1f");
    assert_str(values[6].bytes, "AB");
    assert_true(uuid_equal(values[7].uuid, filter.created_by));
    assert_int_equal(values[8].integer, 10);
    assert_int_equal(values[9].integer, 20);
    assert_true(values[10].real == 0.25 && values[11].real == 0.5);
    assert_true(uuid_equal(values[12].uuid, filter.company_id));
}

/* As many values as a filter may have, each as long as it may be, fit. */
static void the_largest_filter_fits(void **state)
{
    Arena *arena = *state;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    char sector[401];
    memset(sector, 'x', sizeof sector);
    for (; filter.year_count < FILTER_VALUES_MAX; filter.year_count++)
        filter.years[filter.year_count] = 2200;
    for (; filter.sector_count < FILTER_VALUES_MAX; filter.sector_count++)
        filter.sectors[filter.sector_count] = (Str){sector, 400};
    assert_int_equal(filter_years(arena, &filter).len, 1 + FILTER_VALUES_MAX * 5);
    assert_int_equal(filter_sectors(arena, &filter).len, 1 + FILTER_VALUES_MAX * 401);
}

static void only_the_filter_that_lets_all_pass_is_trivial(void **state)
{
    (void)state;
    const PredictionFilter all = PREDICTION_FILTER_ALL;
    assert_true(filter_is_trivial(&all));
    PredictionFilter filter = all;
    filter.created_after = 1; /* the bounds of the walk, not a test of its rows */
    filter.created_before = 2;
    assert_true(filter_is_trivial(&filter));
#define NOT_TRIVIAL(change)                                                                        \
    do {                                                                                           \
        filter = all;                                                                              \
        change;                                                                                    \
        assert_false(filter_is_trivial(&filter));                                                  \
    } while (0)
    NOT_TRIVIAL(filter.risk_levels = 1);
    NOT_TRIVIAL(filter.sources = 1);
    NOT_TRIVIAL(filter.quarters = 2);
    NOT_TRIVIAL(filter.year_count = 1);
    NOT_TRIVIAL(filter.sector_count = 1);
    NOT_TRIVIAL(filter.symbol_part = STR("A"));
    NOT_TRIVIAL(filter.has_user = true);
    NOT_TRIVIAL(filter.has_company = true);
    NOT_TRIVIAL(filter.probability_min = 0);
    NOT_TRIVIAL(filter.probability_max = 1);
#undef NOT_TRIVIAL
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_empty_filter_lets_all_pass),
        TEST(each_value_has_its_place),
        TEST(the_largest_filter_fits),
        TEST(only_the_filter_that_lets_all_pass_is_trivial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
