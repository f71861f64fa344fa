/* The filter of a purge: what is refused, then that each member goes out and comes back. */
#include "format/filter_json.h"

#include "base/check.h"
#include "test.h"

#include <math.h>

typedef struct Refusal {
    const char *text;
    const char *field;
    const char *message;
} Refusal;

static void wrong_filters_are_refused(void **state)
{
    static const Refusal refusals[] = {
        {"{\"sort\": \"x\"}", "sort", "\"sort\" is not known here."},
        {"{\"company_id\": \"x\"}", "company_id",
         "\"company_id\" has a value that is not allowed."},
        {"{\"risk_level\": [\"LOW\", \"low\"]}", "risk_level",
         "\"risk_level\" has a value that is not allowed."},
        {"{\"reporting_quarter\": [4]}", "reporting_quarter",
         "\"reporting_quarter\" has a value that is not allowed."},
        {"{\"reporting_year\": [\"2023\"]}", "reporting_year",
         "\"reporting_year\" has a value that is not allowed."},
        {"{\"sector\": [1]}", "sector", "\"sector\" has a value that is not allowed."},
        {"{\"created_after\": \"yesterday\"}", "created_after",
         "\"created_after\" has a value that is not allowed."},
        {"{\"probability_min\": \"0\"}", "probability_min",
         "\"probability_min\" must be a number, not a string."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        PredictionFilter filter;
        Error *error = filter_parse(*state, str_from(refusals[i].text), &filter);
        assert_error(error, ERROR_INVALID, refusals[i].message);
        assert_string_equal(error->fields->field, refusals[i].field);
    }
    PredictionFilter filter;
    assert_error(filter_parse(*state, STR("[]"), &filter), ERROR_INVALID,
                 "The filter must be an object.");
    Error *error = filter_parse(*state, STR("{"), &filter);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_MALFORMED);
}

static void nothing_lets_everything_pass(void **state)
{
    PredictionFilter filter, all = PREDICTION_FILTER_ALL;
    assert_str(filter_format(*state, &all), "{}");
    assert_no_error(filter_parse(*state, STR("{}"), &filter));
    assert_true(filter.created_after == INT64_MIN && filter.created_before == INT64_MAX);
    assert_true(isinf(filter.probability_min) && isinf(filter.probability_max));
    assert_false(filter.has_company || filter.has_job || filter.has_user);
}

static Uuid an_id(unsigned char last)
{
    return (Uuid){{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, last}};
}

static void every_member_comes_back(void **state)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL, back;
    filter.symbol_part = STR("A\"B");
    filter.has_company = filter.has_job = filter.has_user = true;
    filter.company_id = an_id(1);
    filter.job_id = an_id(2);
    filter.created_by = an_id(3);
    filter.sectors[0] = STR("Oil, Gas");
    filter.sectors[1] = STR("<b>\xc3\xa9</b>");
    filter.sector_count = 2;
    filter.years[0] = 1900;
    filter.years[1] = 2200;
    filter.year_count = 2;
    filter.quarters = 1u << 1 | 1u << 4;
    filter.risk_levels = 1u << RISK_LOW | 1u << RISK_CRITICAL;
    filter.sources = 1u << SOURCE_EDIT;
    filter.created_after = INT64_C(1767225600000001);
    filter.created_before = INT64_C(1767225600999999);
    filter.probability_min = 0.1;
    filter.probability_max = 5e-324;
    Str text = filter_format(*state, &filter);
    assert_no_error(filter_parse(*state, text, &back));
    assert_str(back.symbol_part, "A\"B");
    assert_true(back.has_company && uuid_equal(back.company_id, an_id(1)));
    assert_true(back.has_job && uuid_equal(back.job_id, an_id(2)));
    assert_true(back.has_user && uuid_equal(back.created_by, an_id(3)));
    assert_int_equal(back.sector_count, 2);
    assert_str(back.sectors[0], "Oil, Gas");
    assert_str(back.sectors[1], "<b>\xc3\xa9</b>");
    assert_int_equal(back.year_count, 2);
    assert_true(back.years[0] == 1900 && back.years[1] == 2200);
    assert_int_equal(back.quarters, filter.quarters);
    assert_int_equal(back.risk_levels, filter.risk_levels);
    assert_int_equal(back.sources, filter.sources);
    assert_true(back.created_after == filter.created_after);
    assert_true(back.created_before == filter.created_before);
    assert_true(back.probability_min == 0.1 && back.probability_max == 5e-324);
    assert_str(filter_format(*state, &back), str_dup(*state, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_filters_are_refused),
        TEST(nothing_lets_everything_pass),
        TEST(every_member_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
