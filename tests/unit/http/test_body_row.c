/* A JSON body is read by the rules of a row. */
#include "http/body_row.h"

#include "test.h"

static Params body_of(Arena *arena, const char *text)
{
    Params body;
    assert_no_error(params_from_body(arena, str_from(text), &body));
    return body;
}

static const char FULL[] =
    "{\"company_symbol\": \" hpe \", \"company_name\": \"HP\", \"market_cap\": 1e9,"
    " \"sector\": null, \"reporting_year\": 2024, \"return_on_assets\": 0.1,"
    " \"net_income_margin\": \"2.5\", \"total_debt_to_ebitda\": null}";

static void reads_numbers_texts_and_nulls(void **state)
{
    Params body = body_of(*state, FULL);
    RawRow row;
    PredictionInput input;
    ProblemList problems = {0};
    body_row_pick(&body, KIND_ANNUAL, &row);
    body_row_check(&body, KIND_ANNUAL, &row, &input, &problems);
    assert_no_error(params_check(&body));
    assert_str(input.symbol, "HPE");
    assert_true(input.market_cap.present && input.market_cap.value == 1e9);
    assert_int_equal(input.year, 2024);
    assert_int_equal(input.quarter, 4);
    assert_true(input.ratios[4].present && input.ratios[4].value == 0.1);
    assert_true(input.ratios[2].present && input.ratios[2].value == 2.5);
    assert_false(input.ratios[1].present || input.ratios[0].present);
}

static void tells_everything_that_is_wrong(void **state)
{
    Params body = body_of(*state, "{\"company_symbol\": \"X\", \"company_name\": \"X\","
                                  " \"reporting_year\": 1800, \"return_on_assets\": \"12%\","
                                  " \"colour\": 1}");
    RawRow row;
    PredictionInput input;
    ProblemList problems = {0};
    body_row_pick(&body, KIND_ANNUAL, &row);
    body_row_check(&body, KIND_ANNUAL, &row, &input, &problems);
    Error *error = params_check(&body);
    assert_non_null(error);
    assert_string_equal(error->fields->field, "reporting_year");
    assert_string_equal(error->fields->next->field, "return_on_assets");
    assert_string_equal(error->fields->next->next->field, "colour");
}

static void refuses_other_types(void **state)
{
    Params body = body_of(*state, "{\"company_symbol\": true, \"return_on_assets\": [1]}");
    RawRow row;
    body_row_pick(&body, KIND_ANNUAL, &row);
    Error *error = params_check(&body);
    assert_error(error, ERROR_INVALID, "company_symbol must be a text, a number or null.");
    assert_string_equal(error->fields->next->field, "return_on_assets");
}

static void what_is_left_out_stays_as_it_was(void **state)
{
    Prediction former = {.kind = KIND_QUARTERLY,
                         .company_symbol = STR("HPE"),
                         .company_name = STR("HP"),
                         .sector = STR("Tech"),
                         .market_cap = {1e9, true},
                         .year = 2024,
                         .quarter = 2,
                         .ratios = {{0.1, true}, {0, false}, {-3.25, true}}};
    Params body = body_of(*state, "{\"sga_margin\": 7, \"long_term_debt_to_total_capital\": null}");
    RawRow row;
    PredictionInput input;
    ProblemList problems = {0};
    body_row_pick(&body, KIND_QUARTERLY, &row);
    body_row_fill(*state, &former, &row);
    body_row_check(&body, KIND_QUARTERLY, &row, &input, &problems);
    assert_no_error(params_check(&body));
    assert_str(input.symbol, "HPE");
    assert_int_equal(input.quarter, 2);
    assert_true(input.ratios[0].value == 0.1 && input.market_cap.value == 1e9);
    assert_true(input.ratios[1].present && input.ratios[1].value == 7);
    assert_false(input.ratios[2].present || input.ratios[3].present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_numbers_texts_and_nulls),
        TEST(tells_everything_that_is_wrong),
        TEST(refuses_other_types),
        TEST(what_is_left_out_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
