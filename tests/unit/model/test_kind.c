/* The table of kinds: names, order and units as files, JSON and the database have them. */
#include "model/kind.h"

#include "test.h"

static void the_annual_kind_is_what_the_contract_says(void **state)
{
    (void)state;
    const KindSpec *spec = kind_spec(KIND_ANNUAL);
    const char *const names[] = {"long_term_debt_to_total_capital", "total_debt_to_ebitda",
                                 "net_income_margin", "ebit_to_interest_expense",
                                 "return_on_assets"};
    const RatioUnit units[] = {UNIT_PERCENT, UNIT_MULTIPLE, UNIT_PERCENT, UNIT_MULTIPLE,
                               UNIT_PERCENT};
    assert_string_equal(spec->word, "annual");
    assert_int_equal(spec->ratio_count, ARRAY_COUNT(names));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        assert_string_equal(spec->ratios[i].name, names[i]);
        assert_int_equal(spec->ratios[i].unit, units[i]);
    }
    assert_int_equal(spec->score_count, 1);
    assert_string_equal(spec->scores[0], "probability");
    assert_false(spec->needs_quarter);
}

static void the_quarterly_kind_is_what_the_contract_says(void **state)
{
    (void)state;
    const KindSpec *spec = kind_spec(KIND_QUARTERLY);
    const char *const names[] = {"total_debt_to_ebitda", "sga_margin",
                                 "long_term_debt_to_total_capital", "return_on_capital"};
    const RatioUnit units[] = {UNIT_MULTIPLE, UNIT_PERCENT, UNIT_PERCENT, UNIT_PERCENT};
    const char *const scores[] = {"logistic_probability", "gbm_probability",
                                  "ensemble_probability"};
    assert_string_equal(spec->word, "quarterly");
    assert_int_equal(spec->ratio_count, ARRAY_COUNT(names));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        assert_string_equal(spec->ratios[i].name, names[i]);
        assert_int_equal(spec->ratios[i].unit, units[i]);
    }
    assert_int_equal(spec->score_count, ARRAY_COUNT(scores));
    for (size_t i = 0; i < ARRAY_COUNT(scores); i++)
        assert_string_equal(spec->scores[i], scores[i]);
    assert_true(spec->needs_quarter);
}

static void every_ratio_has_a_plausible_range_around_zero(void **state)
{
    (void)state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        const KindSpec *spec = kind_spec(kind);
        assert_true(spec->ratio_count <= RATIO_MAX && spec->score_count <= SCORE_MAX);
        for (size_t i = 0; i < spec->ratio_count; i++) {
            assert_true(spec->ratios[i].plausible_low < 0);
            assert_true(spec->ratios[i].plausible_high > 0);
        }
    }
}

static void kinds_and_ratios_are_found_by_name(void **state)
{
    (void)state;
    Kind kind = KIND_COUNT;
    assert_true(kind_parse(STR("annual"), &kind));
    assert_int_equal(kind, KIND_ANNUAL);
    assert_true(kind_parse(STR("quarterly"), &kind));
    assert_int_equal(kind, KIND_QUARTERLY);
    assert_false(kind_parse(STR("Annual"), &kind));
    assert_false(kind_parse(STR(""), &kind));
    assert_int_equal(kind, KIND_QUARTERLY);
    assert_int_equal(kind_ratio_index(KIND_ANNUAL, STR("return_on_assets")), 4);
    assert_int_equal(kind_ratio_index(KIND_QUARTERLY, STR("return_on_assets")), -1);
    assert_int_equal(kind_ratio_index(KIND_QUARTERLY, STR("total_debt_to_ebitda")), 0);
    assert_int_equal(kind_ratio_index(KIND_ANNUAL, STR("")), -1);
}

static void ask_for_no_kind(void)
{
    (void)kind_spec(KIND_COUNT);
}

static void there_is_no_third_kind(void **state)
{
    assert_dies(*state, ask_for_no_kind, "kind < KIND_COUNT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_annual_kind_is_what_the_contract_says),
        TEST(the_quarterly_kind_is_what_the_contract_says),
        TEST(every_ratio_has_a_plausible_range_around_zero),
        TEST(kinds_and_ratios_are_found_by_name),
        TEST(there_is_no_third_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
