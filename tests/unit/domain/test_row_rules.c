/* The rules of a row: each as a table of cells and of what is said about them, word for word, since people
 * read these sentences and mend files by them. */
#include "domain/row_rules.h"

#include "test.h"

#include <math.h>

static const char *const GOOD_ANNUAL[] = {"ACME", "Acme Inc.", "1000", "Energy", "2024", "Q4",
                                          "1",    "2",         "3",    "4",      "5"};
static const char *const GOOD_QUARTERLY[] = {"ACME", "Acme Inc.", "1000", "Energy", "2024",
                                             "Q3",   "1",         "2",    "3",      "4"};

static RawRow good_row(Kind kind)
{
    RawRow raw = {0};
    const char *const *cells = kind == KIND_ANNUAL ? GOOD_ANNUAL : GOOD_QUARTERLY;
    for (size_t i = 0; i < field_count(kind); i++)
        raw.cells[i] = str_from(cells[i]);
    return raw;
}

typedef struct Judged {
    bool good;
    PredictionInput input;
    ProblemList problems;
} Judged;

static Judged judge_in(Arena *arena, Kind kind, RowStyle style, const RawRow *raw)
{
    Judged judged = {0};
    judged.good = row_rules_check(arena, kind, style, 7, raw, &judged.input, &judged.problems);
    for (size_t i = 0; i < judged.problems.count; i++)
        assert_int_equal(judged.problems.items[i].row, 7);
    return judged;
}

static Judged judge_raw(Arena *arena, Kind kind, CapUnit unit, const RawRow *raw)
{
    return judge_in(arena, kind, (RowStyle){.unit = unit}, raw);
}

static Judged judge(Arena *arena, Kind kind, size_t field, Str cell)
{
    RawRow raw = good_row(kind);
    raw.cells[field] = cell;
    return judge_raw(arena, kind, CAP_USD, &raw);
}

static void one_problem(const Judged *judged, Severity severity, const char *column,
                        const char *code, const char *message, const char *value)
{
    assert_int_equal(judged->problems.count, 1);
    const Problem *problem = &judged->problems.items[0];
    assert_int_equal(judged->good, severity == SEVERITY_WARNING);
    assert_int_equal(problem->severity, severity);
    if (column == NULL)
        assert_null(problem->column);
    else
        assert_string_equal(problem->column, column);
    assert_string_equal(problem->code, code);
    assert_string_equal(problem->message, message);
    assert_str(problem->value, value);
}

static const char LONG_NAME[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
#define SIXTY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    Kind kind;
    size_t field;
    const char *cell;
    const char *code;
    const char *message;
} FAILURES[] = {
    {KIND_ANNUAL, FIELD_SYMBOL, "", "required", "company_symbol is empty."},
    {KIND_ANNUAL, FIELD_SYMBOL, " \t", "required", "company_symbol is empty."},
    {KIND_ANNUAL, FIELD_SYMBOL, "ABCDEFGHIJKLMNOPQRSTU", "too_long",
     "company_symbol \"ABCDEFGHIJKLMNOPQRSTU\" has 21 characters; at most 20 are allowed."},
    {KIND_ANNUAL, FIELD_SYMBOL, "A\nB", "control_character",
     "company_symbol holds a line break or another control character. Remove it."},
    {KIND_ANNUAL, FIELD_SYMBOL, "A\x7F", "control_character",
     "company_symbol holds a line break or another control character. Remove it."},
    {KIND_ANNUAL, FIELD_NAME, "", "required", "company_name is empty."},
    {KIND_ANNUAL, FIELD_NAME, "A\r\nB", "control_character",
     "company_name holds a line break or another control character. Remove it."},
    {KIND_ANNUAL, FIELD_NAME, LONG_NAME, "too_long",
     "company_name \"" SIXTY "\" has 256 characters; at most 255 are allowed."},
    {KIND_ANNUAL, FIELD_SECTOR, "A\tB", "control_character",
     "sector holds a line break or another control character. Remove it."},
    {KIND_ANNUAL, FIELD_MARKET_CAP, "-1", "negative",
     "market_cap is \"-1\"; it cannot be negative."},
    {KIND_ANNUAL, FIELD_MARKET_CAP, "1,234.5", "not_a_number",
     "market_cap is \"1,234.5\", which is no plain decimal number. Write it with a point for the "
     "decimals and without separators: 1234.5."},
    {KIND_ANNUAL, FIELD_MARKET_CAP, "$5", "not_a_number",
     "market_cap is \"$5\", which is no plain decimal number. Write it without currency signs and "
     "spaces."},
    {KIND_ANNUAL, FIELD_MARKET_CAP, "5 000", "not_a_number",
     "market_cap is \"5 000\", which is no plain decimal number. Write it without currency signs "
     "and "
     "spaces."},
    {KIND_ANNUAL, FIELD_YEAR, "", "required",
     "reporting_year is \"\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "1800", "not_a_year",
     "reporting_year is \"1800\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "1899", "not_a_year",
     "reporting_year is \"1899\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "2201", "not_a_year",
     "reporting_year is \"2201\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "2024.5", "not_a_year",
     "reporting_year is \"2024.5\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "FY24", "not_a_year",
     "reporting_year is \"FY24\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_YEAR, "NA", "not_a_year",
     "reporting_year is \"NA\"; write a year from 1900 to 2200."},
    {KIND_ANNUAL, FIELD_QUARTER, "Q5", "not_a_quarter",
     "reporting_quarter is \"Q5\"; write Q1, Q2, Q3 or Q4."},
    {KIND_ANNUAL, FIELD_QUARTER, "0", "not_a_quarter",
     "reporting_quarter is \"0\"; write Q1, Q2, Q3 or Q4."},
    {KIND_ANNUAL, FIELD_QUARTER, "Q", "not_a_quarter",
     "reporting_quarter is \"Q\"; write Q1, Q2, Q3 or Q4."},
    {KIND_ANNUAL, FIELD_QUARTER, "QQ1", "not_a_quarter",
     "reporting_quarter is \"QQ1\"; write Q1, Q2, Q3 or Q4."},
    {KIND_QUARTERLY, FIELD_QUARTER, "", "required",
     "reporting_quarter is \"\"; write Q1, Q2, Q3 or Q4."},
    {KIND_ANNUAL, FIELD_RATIO, "12%", "not_a_number",
     "long_term_debt_to_total_capital is \"12%\", which is no plain decimal number. Write it "
     "without "
     "the percent sign: 12 for 12%."},
    {KIND_ANNUAL, FIELD_RATIO + 1, "abc", "not_a_number",
     "total_debt_to_ebitda is \"abc\", which is no plain decimal number. Write a plain decimal "
     "such as "
     "12.5, or leave the cell empty when the value is missing."},
    {KIND_ANNUAL, FIELD_RATIO + 2, "inf", "not_a_number",
     "net_income_margin is \"inf\", which is no plain decimal number. Write a plain decimal such "
     "as "
     "12.5, or leave the cell empty when the value is missing."},
    {KIND_ANNUAL, FIELD_RATIO + 2, "-Infinity", "not_a_number",
     "net_income_margin is \"-Infinity\", which is no plain decimal number. Write a plain decimal "
     "such "
     "as 12.5, or leave the cell empty when the value is missing."},
    {KIND_ANNUAL, FIELD_RATIO + 3, "NaN", "not_a_number",
     "ebit_to_interest_expense is \"NaN\", which is no plain decimal number. Write a plain decimal "
     "such "
     "as 12.5, or leave the cell empty when the value is missing."},
    {KIND_ANNUAL, FIELD_RATIO + 4, "1e400", "out_of_range",
     "return_on_assets is \"1e400\", which is beyond what a number can hold."},
    {KIND_ANNUAL, FIELD_RATIO + 4, "0x10", "not_a_number",
     "return_on_assets is \"0x10\", which is no plain decimal number. Write a plain decimal such "
     "as "
     "12.5, or leave the cell empty when the value is missing."},
    {KIND_QUARTERLY, FIELD_RATIO + 1, "1;2", "not_a_number",
     "sga_margin is \"1;2\", which is no plain decimal number. Write a plain decimal such as 12.5, "
     "or "
     "leave the cell empty when the value is missing."},
};

static void test_failures(void **state)
{
    for (size_t i = 0; i < ARRAY_COUNT(FAILURES); i++) {
        bool control = strcmp(FAILURES[i].code, "control_character") == 0;
        Str cell = str_from(FAILURES[i].cell);
        Judged judged = judge(*state, FAILURES[i].kind, FAILURES[i].field, cell);
        const char *value = control ? "" : str_dup(*state, str_slice(str_trim(cell), 0, 200));
        one_problem(&judged, SEVERITY_ERROR, field_name(FAILURES[i].kind, FAILURES[i].field),
                    FAILURES[i].code, FAILURES[i].message, value);
    }
}

static const char *const MISSING[] = {"",   " ",    "NM",   "nm", "N/A",  "n/a",
                                      "NA", "null", "NULL", "-",  "#N/A", "\t NM "};

static void test_missing_is_missing_and_never_zero(void **state)
{
    for (size_t i = 0; i < ARRAY_COUNT(MISSING); i++) {
        Judged judged = judge(*state, KIND_ANNUAL, FIELD_RATIO, str_from(MISSING[i]));
        assert_true(judged.good);
        assert_int_equal(judged.problems.count, 0);
        assert_false(judged.input.ratios[0].present);
        judged = judge(*state, KIND_ANNUAL, FIELD_MARKET_CAP, str_from(MISSING[i]));
        assert_true(judged.good);
        assert_false(judged.input.market_cap.present);
    }
    assert_false(row_rules_is_missing(STR("NANA")));
    assert_false(row_rules_is_missing(STR("none")));
    assert_false(row_rules_is_missing(STR("#DIV/0!")));
}

static void test_marks_of_missing_are_good_symbols_and_names(void **state)
{
    static const struct {
        const char *cell;
        const char *symbol;
    } good[] = {{"NA", "NA"},
                {"true", "TRUE"},
                {"7203", "7203"},
                {" brk.b ", "BRK.B"},
                {"-", "-"},
                {"ABCDEFGHIJKLMNOPQRST", "ABCDEFGHIJKLMNOPQRST"},
                {"\xC3\xA9t\xC3\xA9", "\xC3\xA9T\xC3\xA9"}};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        Judged judged = judge(*state, KIND_ANNUAL, FIELD_SYMBOL, str_from(good[i].cell));
        assert_true(judged.good);
        assert_str(judged.input.symbol, good[i].symbol);
    }
    assert_str(judge(*state, KIND_ANNUAL, FIELD_NAME, STR("N/A")).input.company_name, "N/A");
    assert_str(judge(*state, KIND_ANNUAL, FIELD_SECTOR, STR("")).input.sector, "");
    assert_true(judge(*state, KIND_ANNUAL, FIELD_SECTOR, STR("")).good);
}

/* Length is counted in characters, not in bytes. */
static void test_length_is_in_characters(void **state)
{
    Arena *arena = *state;
    Buf text = buf_new(arena, 4096);
    for (int i = 0; i < 20; i++)
        buf_add(&text, STR("\xE2\x82\xAC"));
    assert_true(judge(arena, KIND_ANNUAL, FIELD_SYMBOL, buf_str(&text)).good);
    buf_add(&text, STR("\xE2\x82\xAC"));
    assert_false(judge(arena, KIND_ANNUAL, FIELD_SYMBOL, buf_str(&text)).good);
    buf_clear(&text);
    for (int i = 0; i < 100; i++)
        buf_add(&text, STR("\xC3\xA9"));
    assert_true(judge(arena, KIND_ANNUAL, FIELD_SECTOR, buf_str(&text)).good);
    buf_add(&text, STR("\xC3\xA9"));
    Judged judged = judge(arena, KIND_ANNUAL, FIELD_SECTOR, buf_str(&text));
    assert_false(judged.good);
    assert_string_equal(judged.problems.items[0].code, "too_long");
    assert_true(judged.problems.items[0].value.len <= PROBLEM_VALUE_MAX);
}

static void test_years_and_quarters(void **state)
{
    static const struct {
        const char *cell;
        int year;
    } years[] = {
        {"1900", 1900}, {"2200", 2200}, {" 2024 ", 2024}, {"2024.0", 2024}, {"2.024e3", 2024}};
    static const struct {
        const char *cell;
        int quarter;
    } quarters[] = {{"Q1", 1}, {"q2", 2}, {"3", 3}, {" Q4 ", 4}, {"1.0", 1}};
    for (size_t i = 0; i < ARRAY_COUNT(years); i++)
        assert_int_equal(judge(*state, KIND_ANNUAL, FIELD_YEAR, str_from(years[i].cell)).input.year,
                         years[i].year);
    for (size_t i = 0; i < ARRAY_COUNT(quarters); i++) {
        Str cell = str_from(quarters[i].cell);
        assert_int_equal(judge(*state, KIND_QUARTERLY, FIELD_QUARTER, cell).input.quarter,
                         quarters[i].quarter);
        assert_int_equal(judge(*state, KIND_ANNUAL, FIELD_QUARTER, cell).input.quarter,
                         quarters[i].quarter);
    }
    assert_int_equal(judge(*state, KIND_ANNUAL, FIELD_QUARTER, STR("")).input.quarter, 4);
    assert_int_equal(judge(*state, KIND_ANNUAL, FIELD_QUARTER, (Str){NULL, 0}).input.quarter, 4);
    assert_int_equal(judge(*state, KIND_QUARTERLY, FIELD_QUARTER, (Str){NULL, 0}).good, false);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *cell;
        double value;
    } good[] = {{"0", 0},   {"-0", 0},    {" 12.5 ", 12.5}, {"+3", 3},
                {".5", .5}, {"1e2", 100}, {"0.1", 0.1}};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        Judged judged = judge(*state, KIND_ANNUAL, FIELD_RATIO, str_from(good[i].cell));
        assert_true(judged.good);
        assert_true(judged.input.ratios[0].present);
        assert_true(judged.input.ratios[0].value == good[i].value);
        assert_false(signbit(judged.input.ratios[0].value));
    }
}

static void test_market_cap_in_millions(void **state)
{
    RawRow raw = good_row(KIND_ANNUAL);
    raw.cells[FIELD_MARKET_CAP] = STR("1.5");
    Judged judged = judge_raw(*state, KIND_ANNUAL, CAP_MILLIONS, &raw);
    assert_true(judged.good && judged.input.market_cap.value == 1.5e6);
    raw.cells[FIELD_MARKET_CAP] = STR("");
    assert_false(judge_raw(*state, KIND_ANNUAL, CAP_MILLIONS, &raw).input.market_cap.present);
    raw.cells[FIELD_MARKET_CAP] = STR("1e305");
    judged = judge_raw(*state, KIND_ANNUAL, CAP_MILLIONS, &raw);
    one_problem(&judged, SEVERITY_ERROR, "market_cap", "out_of_range",
                "market_cap in millions is beyond what a number can hold.", "1e305");
    assert_false(judged.input.market_cap.present);
    raw.cells[FIELD_MARKET_CAP] = STR("0");
    assert_true(judge_raw(*state, KIND_ANNUAL, CAP_MILLIONS, &raw).input.market_cap.present);
}

static void test_implausible_is_a_warning(void **state)
{
    Judged judged = judge(*state, KIND_ANNUAL, FIELD_RATIO, STR("1000.5"));
    one_problem(
        &judged, SEVERITY_WARNING, "long_term_debt_to_total_capital", "implausible",
        "long_term_debt_to_total_capital is 1000.5 percent; values are mostly between -500 and "
        "1000. Check the unit.",
        "1000.5");
    assert_true(judged.input.ratios[0].value == 1000.5);
    judged = judge(*state, KIND_ANNUAL, FIELD_RATIO + 1, STR("-1000.1"));
    one_problem(
        &judged, SEVERITY_WARNING, "total_debt_to_ebitda", "implausible",
        "total_debt_to_ebitda is -1000.1; values are mostly between -1000 and 1000. Check the "
        "unit.",
        "-1000.1");
    judged = judge(*state, KIND_ANNUAL, FIELD_RATIO, STR("1000"));
    assert_int_equal(judged.problems.count, 0);
    judged = judge(*state, KIND_ANNUAL, FIELD_RATIO, STR("-500"));
    assert_int_equal(judged.problems.count, 0);
}

static void test_a_row_without_any_ratio(void **state)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        RawRow raw = good_row(kind);
        for (size_t field = FIELD_RATIO; field < field_count(kind); field++)
            raw.cells[field] = field % 2 == 0 ? STR("NM") : (Str){NULL, 0};
        Judged judged = judge_raw(*state, kind, CAP_USD, &raw);
        one_problem(&judged, SEVERITY_ERROR, NULL, "no_ratio",
                    "The row has no ratio at all; at least one is needed to score it.", "");
        raw.cells[FIELD_RATIO] = STR("0");
        assert_true(judge_raw(*state, kind, CAP_USD, &raw).good);
    }
}

/* A ratio that is there and wrong is one problem, not also "no ratio". */
static void test_all_problems_are_found(void **state)
{
    RawRow raw = {0};
    raw.cells[FIELD_SYMBOL] = STR("ABCDEFGHIJKLMNOPQRSTUV");
    raw.cells[FIELD_MARKET_CAP] = STR("-3");
    raw.cells[FIELD_YEAR] = STR("3000");
    raw.cells[FIELD_QUARTER] = STR("Q9");
    raw.cells[FIELD_RATIO] = STR("x");
    Judged judged = judge_raw(*state, KIND_ANNUAL, CAP_USD, &raw);
    static const char *const codes[] = {"too_long",   "required",      "negative",
                                        "not_a_year", "not_a_quarter", "not_a_number"};
    assert_false(judged.good);
    assert_int_equal(judged.problems.count, ARRAY_COUNT(codes));
    for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
        assert_string_equal(judged.problems.items[i].code, codes[i]);
}

/* --- the header -------------------------------------------------------------------------------- */

static Error *map_header(Arena *arena, Kind kind, const char *header, ColumnMap *ret_map,
                         ProblemList *problems)
{
    Str rest = str_from(header), cell;
    VEC(Str) cells = {0};
    while (str_next(&rest, ',', &cell))
        vec_push(arena, &cells, cell);
    return row_rules_map(arena, kind, cells.items, cells.count, ret_map, problems);
}

#define ANNUAL                                                                                     \
    "company_symbol,company_name,market_cap,sector,reporting_year,long_term_debt_to_total_"        \
    "capital,"                                                                                     \
    "total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets"

static void test_header_as_people_write_it(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    assert_no_error(map_header(*state, KIND_ANNUAL,
                               "Return On Assets,COMPANY SYMBOL,company-name,MarketCap, Sector "
                               ",Reporting Year,REPORTING_QUARTER,Long Term Debt to Total Capital,"
                               "totaldebttoebitda,Net_Income Margin,EBIT to interest expense",
                               &map, &problems));
    assert_int_equal(problems.count, 0);
    assert_int_equal(map.column_count, 11);
    static const int columns[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0};
    for (size_t field = 0; field < field_count(KIND_ANNUAL); field++)
        assert_int_equal(map.column[field], columns[field]);
}

static void test_annual_header_needs_no_quarter(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    assert_no_error(map_header(*state, KIND_ANNUAL, ANNUAL, &map, &problems));
    assert_int_equal(map.column[FIELD_QUARTER], -1);
    Str cells[] = {STR("A"), STR("B")};
    RawRow raw = row_rules_pick(&map, cells, 2);
    assert_str(raw.cells[FIELD_NAME], "B");
    assert_null(raw.cells[FIELD_QUARTER].ptr);
    assert_non_null(raw.cells[FIELD_YEAR].ptr); /* beyond the row's end: there and empty */
    assert_int_equal(raw.cells[FIELD_YEAR].len, 0);
}

static void test_all_missing_columns_are_named(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    Error *error =
        map_header(*state, KIND_QUARTERLY, "symbol,company_name,sector", &map, &problems);
    assert_error(error, ERROR_INVALID,
                 "The first row must name the columns. Missing: company_symbol, market_cap, "
                 "reporting_year, reporting_quarter, total_debt_to_ebitda, sga_margin, "
                 "long_term_debt_to_total_capital, return_on_capital.");
    assert_string_equal(error->fields->field, "file");
    assert_string_equal(error->fields->code, "missing_columns");
    assert_null(error->fields->next);
}

static void test_column_twice(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    Error *error =
        map_header(*state, KIND_ANNUAL, ANNUAL ",Sector,company symbol", &map, &problems);
    assert_error(error, ERROR_INVALID,
                 "The column sector is there twice (columns 4 and 11). Remove one.");
    assert_string_equal(error->fields->code, "column_twice");
    assert_string_equal(error->fields->next->message,
                        "The column company_symbol is there twice (columns 1 and 12). Remove one.");
}

/* As a template writes it. A column in another unit is another column. */
static void test_header_with_units(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    assert_no_error(
        map_header(*state, KIND_QUARTERLY,
                   "company_symbol,company_name,Market Cap (US dollars),sector,reporting_year,"
                   "reporting_quarter (q1 to q4),total_debt_to_ebitda ( multiple ),SGA margin"
                   "(percent),long_term_debt_to_total_capital,return_on_capital (percent)",
                   &map, &problems));
    assert_int_equal(problems.count, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(map.column[i], i);
    Error *error =
        map_header(*state, KIND_QUARTERLY,
                   "company_symbol (US dollars),company_name,market_cap (millions),sector,"
                   "reporting_year,reporting_quarter,total_debt_to_ebitda,sga_margin,"
                   "long_term_debt_to_total_capital,return_on_capital (fraction)",
                   &map, &problems);
    assert_error(error, ERROR_INVALID,
                 "The first row must name the columns. Missing: company_symbol, market_cap, "
                 "return_on_capital.");
}

static void test_unknown_columns_are_a_warning(void **state)
{
    ColumnMap map;
    ProblemList problems = {0};
    assert_no_error(map_header(*state, KIND_ANNUAL, ANNUAL ",remark,, Analyst ", &map, &problems));
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].row, 1);
    assert_int_equal(problems.items[0].severity, SEVERITY_WARNING);
    assert_null(problems.items[0].column);
    assert_string_equal(problems.items[0].code, "unknown_columns");
    assert_string_equal(problems.items[0].message, "These columns are not used: remark, Analyst.");
}

static void test_fields_have_names(void **state)
{
    (void)state;
    assert_int_equal(field_count(KIND_ANNUAL), 11);
    assert_int_equal(field_count(KIND_QUARTERLY), 10);
    assert_string_equal(field_name(KIND_QUARTERLY, FIELD_QUARTER), "reporting_quarter");
    assert_string_equal(field_name(KIND_QUARTERLY, 9), "return_on_capital");
    assert_null(field_name(KIND_QUARTERLY, 10));
    assert_null(field_name(KIND_ANNUAL, 11));
}

static Judged judge_comma(Arena *arena, size_t field, Str cell)
{
    RawRow raw = good_row(KIND_ANNUAL);
    for (size_t i = FIELD_RATIO; i < FIELD_MAX; i++)
        raw.cells[i] = STR("1,5");
    raw.cells[FIELD_MARKET_CAP] = STR("1000000");
    raw.cells[field] = cell;
    return judge_in(arena, KIND_ANNUAL, (RowStyle){.decimal = DECIMAL_COMMA}, &raw);
}

static void a_comma_for_the_decimals_is_an_option(void **state)
{
    static const struct {
        const char *cell;
        double value;
    } good[] = {{"1,5", 1.5}, {"-0,25", -0.25}, {"12", 12},          {",5", 0.5},
                {"7,", 7},    {"1,5e1", 15},    {"  3,125 ", 3.125}, {"+2,5", 2.5}};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        Judged judged = judge_comma(*state, FIELD_RATIO, str_from(good[i].cell));
        assert_true(judged.good);
        assert_int_equal(judged.problems.count, 0);
        assert_true(judged.input.ratios[0].present);
        assert_true(judged.input.ratios[0].value == good[i].value);
    }
    Judged judged = judge_comma(*state, FIELD_YEAR, STR("2024,0"));
    assert_true(judged.good);
    assert_int_equal(judged.input.year, 2024);
    judged = judge_comma(*state, FIELD_RATIO, STR("n/a"));
    assert_true(judged.good);
    assert_false(judged.input.ratios[0].present);
}

static void with_a_comma_for_the_decimals_separators_fail_too(void **state)
{
    static const char *const bad[] = {"1.234,5", "1.5", "1,234,5"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Judged judged = judge_comma(*state, FIELD_RATIO + 1, str_from(bad[i]));
        one_problem(
            &judged, SEVERITY_ERROR, "total_debt_to_ebitda", "not_a_number",
            arena_printf(*state,
                         "total_debt_to_ebitda is \"%s\", which is no plain decimal number. With "
                         "decimal=comma write it with one comma, for the decimals, and without "
                         "separators: 1234,5.",
                         bad[i]),
            bad[i]);
    }
    Judged judged = judge_comma(*state, FIELD_RATIO + 1, STR("12,5%"));
    one_problem(
        &judged, SEVERITY_ERROR, "total_debt_to_ebitda", "not_a_number",
        "total_debt_to_ebitda is \"12,5%\", which is no plain decimal number. Write it without "
        "the percent sign: 12 for 12%.",
        "12,5%");
    judged = judge_comma(*state, FIELD_YEAR, STR("2.024"));
    one_problem(&judged, SEVERITY_ERROR, "reporting_year", "not_a_year",
                "reporting_year is \"2.024\"; write a year from 1900 to 2200.", "2.024");
    judged = judge_comma(*state, FIELD_RATIO, STR("9999,5"));
    one_problem(
        &judged, SEVERITY_WARNING, "long_term_debt_to_total_capital", "implausible",
        "long_term_debt_to_total_capital is 9999,5 percent; values are mostly between -500 and "
        "1000. Check the unit.",
        "9999,5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_failures),
        TEST(test_missing_is_missing_and_never_zero),
        TEST(test_marks_of_missing_are_good_symbols_and_names),
        TEST(test_length_is_in_characters),
        TEST(test_years_and_quarters),
        TEST(test_numbers),
        TEST(test_market_cap_in_millions),
        TEST(test_implausible_is_a_warning),
        TEST(test_a_row_without_any_ratio),
        TEST(test_all_problems_are_found),
        TEST(test_header_as_people_write_it),
        TEST(test_annual_header_needs_no_quarter),
        TEST(test_all_missing_columns_are_named),
        TEST(test_column_twice),
        TEST(test_header_with_units),
        TEST(test_unknown_columns_are_a_warning),
        TEST(test_fields_have_names),
        TEST(a_comma_for_the_decimals_is_an_option),
        TEST(with_a_comma_for_the_decimals_separators_fail_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
