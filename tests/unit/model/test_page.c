/* What a list is asked when nothing was said: everything passes, from the start. */
#include "model/page.h"

#include "test.h"

#include <math.h>

static void the_empty_filter_lets_everything_pass(void **state)
{
    (void)state;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    assert_int_equal(filter.created_after, INT64_MIN);
    assert_int_equal(filter.created_before, INT64_MAX);
    assert_true(isinf(filter.probability_min) && filter.probability_min < 0);
    assert_true(isinf(filter.probability_max) && filter.probability_max > 0);
    assert_int_equal(filter.symbol_part.len, 0);
    assert_false(filter.has_company || filter.has_job || filter.has_user ||
                 filter.has_access_level || filter.include_superseded || filter.ascending);
    assert_int_equal(filter.sector_count + filter.year_count, 0);
    assert_int_equal(filter.quarters | filter.risk_levels | filter.sources, 0);
    assert_int_equal(filter.sort, SORT_CREATED_AT);
}

static void limits_are_those_of_the_contract(void **state)
{
    (void)state;
    assert_int_equal(PAGE_LIMIT_DEFAULT, 50);
    assert_int_equal(PAGE_LIMIT_MAX, 1000);
    assert_int_equal(PAGE_OFFSET_MAX, 10000);
    Page page = {0};
    assert_false(page.after.set || page.want_total);
}

static void every_enum_fits_a_mask(void **state)
{
    (void)state;
    /* A filter by several values of an enum is a mask of bits. */
    assert_true(RISK_LEVEL_COUNT <= 31 && SOURCE_COUNT <= 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_empty_filter_lets_everything_pass),
        TEST(limits_are_those_of_the_contract),
        TEST(every_enum_fits_a_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
