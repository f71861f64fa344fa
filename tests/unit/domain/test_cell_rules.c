/* What each kind of cell means in each kind of field, word for word; and when percentages look like fractions. */
#include "domain/cell_rules.h"

#include "test.h"

typedef struct Judged {
    bool good;
    PredictionInput input;
    ProblemList problems;
    Str line;
} Judged;

/* A good annual row in which one cell is as given. */
static Judged judge(Arena *arena, size_t field, const char *text, CellKind kind)
{
    static const char *const good[] = {"ACME", "Acme", "1000", "Energy", "2024", "Q4",
                                       "1",    "2",    "3",    "4",      "5"};
    Str *cells = ARENA_ARRAY(arena, Str, ARRAY_COUNT(good));
    uint8_t *kinds = arena_alloc(arena, ARRAY_COUNT(good));
    ColumnMap map = {.column_count = ARRAY_COUNT(good)};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        cells[i] = str_from(good[i]);
        map.column[i] = (int)i;
    }
    cells[field] = str_from(text);
    kinds[field] = (uint8_t)kind;
    TableRow row = {.number = 7, .cells = cells, .kinds = kinds, .count = ARRAY_COUNT(good)};
    Str *shown = ARENA_ARRAY(arena, Str, row.count);
    for (size_t i = 0; i < row.count; i++)
        shown[i] = table_shown(arena, cells[i], (CellKind)kinds[i]);
    row.raw = table_line(arena, shown, row.count);
    Judged judged = {0};
    if (kind == CELL_TEXT)
        row.kinds = NULL; /* a CSV file */
    RawRow raw = row_rules_pick(&map, cells, row.count);
    const CellRules rules = {arena, KIND_ANNUAL, &map, &judged.problems};
    judged.line = cell_rules_read(&rules, &row, &raw);
    judged.good = row_rules_check(arena, KIND_ANNUAL, (RowStyle){0}, 7, &raw, &judged.input,
                                  &judged.problems);
    return judged;
}

static void one_problem(const Judged *judged, Severity severity, const char *code,
                        const char *message, const char *value)
{
    assert_int_equal(judged->problems.count, 1);
    const Problem *problem = &judged->problems.items[0];
    assert_int_equal(problem->row, 7);
    assert_int_equal(problem->severity, severity);
    assert_int_equal(judged->good, severity == SEVERITY_WARNING);
    assert_string_equal(problem->code, code);
    assert_string_equal(problem->message, message);
    assert_str(problem->value, value);
}

enum {
    DEBT = FIELD_RATIO,        /* a percentage */
    MULTIPLE = FIELD_RATIO + 1 /* none */
};

static void percentages(void **state)
{
    Judged judged = judge(*state, DEBT, "0.07", CELL_PERCENT);
    one_problem(&judged, SEVERITY_WARNING, "percent_cell",
                "long_term_debt_to_total_capital is shown as 7%; it was taken as 7.", "7%");
    assert_true(judged.input.ratios[0].value == 7);
    assert_str(judged.line, "ACME,Acme,1000,Energy,2024,Q4,7,2,3,4,5");
    judged = judge(*state, MULTIPLE, "0.12", CELL_PERCENT);
    one_problem(
        &judged, SEVERITY_ERROR, "percent_cell",
        "total_debt_to_ebitda is shown as 12%, and it is no percentage. Give the cell a plain "
        "number format and see that its value is right.",
        "12%");
    assert_str(judged.line, "ACME,Acme,1000,Energy,2024,Q4,1,12%,3,4,5");
    judged = judge(*state, FIELD_MARKET_CAP, "1000", CELL_PERCENT);
    one_problem(
        &judged, SEVERITY_ERROR, "percent_cell",
        "market_cap is shown as 100000%, and it is no percentage. Give the cell a plain number "
        "format and see that its value is right.",
        "100000%");
    judged = judge(*state, FIELD_YEAR, "2024", CELL_PERCENT);
    one_problem(
        &judged, SEVERITY_ERROR, "percent_cell",
        "reporting_year is shown as 202400%, and it is no percentage. Give the cell a plain "
        "number format and see that its value is right.",
        "202400%");
}

static void dates(void **state)
{
    Judged judged = judge(*state, FIELD_YEAR, "2023-12-31", CELL_DATE);
    one_problem(&judged, SEVERITY_WARNING, "date_cell",
                "reporting_year is the date 2023-12-31; 2023 was taken.", "2023-12-31");
    assert_int_equal(judged.input.year, 2023);
    assert_str(judged.line, "ACME,Acme,1000,Energy,2023,Q4,1,2,3,4,5");
    judged = judge(*state, FIELD_MARKET_CAP, "2023-12-31", CELL_DATE);
    one_problem(&judged, SEVERITY_ERROR, "date_cell",
                "market_cap is a date or a time (2023-12-31). Give the cell the format General or "
                "Text and type it again.",
                "2023-12-31");
    judged = judge(*state, FIELD_SYMBOL, "2023-03-01", CELL_DATE); /* was MAR1 */
    one_problem(
        &judged, SEVERITY_ERROR, "date_cell",
        "company_symbol is a date or a time (2023-03-01). Give the cell the format General or "
        "Text and type it again.",
        "2023-03-01");
    judged = judge(*state, FIELD_YEAR, "12:30:00", CELL_DATE);
    one_problem(
        &judged, SEVERITY_ERROR, "date_cell",
        "reporting_year is a date or a time (12:30:00). Give the cell the format General or "
        "Text and type it again.",
        "12:30:00");
    judged = judge(*state, FIELD_YEAR, "soon-12-31", CELL_DATE);
    assert_false(judged.good);
}

static void booleans(void **state)
{
    Judged judged = judge(*state, FIELD_SYMBOL, "TRUE", CELL_BOOLEAN);
    assert_true(judged.good);
    assert_str(judged.input.symbol, "TRUE");
    judged = judge(*state, DEBT, "FALSE", CELL_BOOLEAN);
    one_problem(
        &judged, SEVERITY_ERROR, "boolean_cell",
        "long_term_debt_to_total_capital is FALSE, which is neither a number nor a text. Type "
        "what is meant.",
        "FALSE");
}

static void errors(void **state)
{
    Judged judged = judge(*state, DEBT, "#N/A", CELL_ERROR);
    assert_true(judged.good && judged.problems.count == 0 && !judged.input.ratios[0].present);
    judged = judge(*state, FIELD_SYMBOL, "#N/A", CELL_ERROR);
    one_problem(&judged, SEVERITY_ERROR, "required", "company_symbol is empty.", "");
    judged = judge(*state, DEBT, "#DIV/0!", CELL_ERROR);
    one_problem(
        &judged, SEVERITY_ERROR, "error_cell",
        "long_term_debt_to_total_capital is the error #DIV/0!. Mend the formula, or leave the "
        "cell empty when the value is missing.",
        "#DIV/0!");
    judged = judge(*state, FIELD_NAME, "#REF!", CELL_ERROR);
    assert_string_equal(judged.problems.items[0].code, "error_cell");
}

/* What a table holds that was saved as CSV: the same as the cells had in the workbook, in every field. */
static void errors_as_words(void **state)
{
    Arena *arena = *state;
    static const char *const words[] = {"#DIV/0!", "#VALUE!",       "#REF!",   "#NAME?", "#NUM!",
                                        "#NULL!",  "#GETTING_DATA", "Err:502", "#N/A",   "#n/a"};
    for (size_t field = 0; field < field_count(KIND_ANNUAL); field++)
        for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
            Judged word = judge(arena, field, words[i], CELL_TEXT);
            Judged cell = judge(arena, field, words[i], CELL_ERROR);
            bool missing = str_equal_fold(str_from(words[i]), STR("#N/A"));
            bool required = field == FIELD_SYMBOL || field == FIELD_NAME || field == FIELD_YEAR;
            assert_int_equal(word.good, missing && !required);
            assert_int_equal(word.problems.count, cell.problems.count);
            assert_int_equal(word.problems.count, !word.good);
            if (word.good)
                continue;
            one_problem(&word, SEVERITY_ERROR, missing ? "required" : "error_cell",
                        cell.problems.items[0].message, missing ? "" : words[i]);
            assert_string_equal(cell.problems.items[0].code, word.problems.items[0].code);
        }
    Judged judged = judge(arena, FIELD_SYMBOL, " #REF! ", CELL_TEXT);
    one_problem(&judged, SEVERITY_ERROR, "error_cell",
                "company_symbol is the error #REF!. Mend the formula, or leave the cell empty when "
                "the value is missing.",
                "#REF!");
    assert_str(judged.line, " #REF! ,Acme,1000,Energy,2024,Q4,1,2,3,4,5");
}

static void texts_that_are_no_errors(void **state)
{
    static const char *const names[] = {"#1 Stores",    "#",       "#N/A Ltd", "Err", "Err:5",
                                        "Err: 502 Inc", "Err:402", "E"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        Judged judged = judge(*state, FIELD_NAME, names[i], CELL_TEXT);
        assert_true(judged.good && judged.problems.count == 0);
        assert_str(judged.input.company_name, names[i]);
    }
}

static void formulas(void **state)
{
    Judged judged = judge(*state, FIELD_YEAR, "", CELL_FORMULA);
    one_problem(
        &judged, SEVERITY_ERROR, "formula_without_value",
        "reporting_year is a formula whose result is not in the file. Open the file in Excel, "
        "save it and send it again.",
        "");
    judged = judge(*state, MULTIPLE, "", CELL_FORMULA);
    assert_int_equal(judged.problems.count, 1);
    assert_false(judged.good);
}

static void numbers_and_texts(void **state)
{
    Judged judged = judge(*state, FIELD_SYMBOL, "7203", CELL_NUMBER);
    assert_true(judged.good && judged.problems.count == 0);
    assert_str(judged.input.symbol, "7203");
    judged = judge(*state, DEBT, "12%", CELL_TEXT);
    assert_string_equal(judged.problems.items[0].code, "not_a_number");
    judged = judge(*state, DEBT, "n/a", CELL_TEXT);
    assert_true(judged.good);
}

static const char *fractions(Arena *arena, const double *values, size_t count)
{
    FractionWatch watch = {0};
    for (size_t i = 0; i < count; i++) {
        Ratio ratios[RATIO_MAX] = {{values[i], true}, {values[i], true}};
        fraction_watch_add(&watch, KIND_ANNUAL, ratios);
    }
    ProblemList problems = {0};
    fraction_watch_end(&watch, arena, KIND_ANNUAL, &problems);
    if (problems.count == 0)
        return "";
    assert_int_equal(problems.count, 1); /* the multiple is watched in vain */
    assert_int_equal(problems.items[0].row, 1);
    assert_int_equal(problems.items[0].severity, SEVERITY_WARNING);
    assert_string_equal(problems.items[0].code, "looks_like_fractions");
    assert_string_equal(problems.items[0].column, "long_term_debt_to_total_capital");
    return problems.items[0].message;
}

static void percentages_that_look_like_fractions(void **state)
{
    const char *warned = "long_term_debt_to_total_capital looks like fractions: all its values lie "
                         "between -1 and 1. It is a percentage; 12% is written 12, not 0.12.";
    assert_string_equal(fractions(*state, (const double[]){0.12, -1, 1, 0}, 4), warned);
    assert_string_equal(fractions(*state, (const double[]){0.5}, 1), warned);
    assert_string_equal(fractions(*state, (const double[]){0.12, 1.01}, 2), "");
    assert_string_equal(fractions(*state, (const double[]){0.12, -7}, 2), "");
    assert_string_equal(fractions(*state, (const double[]){0, 1, -1}, 3), "");
    assert_string_equal(fractions(*state, NULL, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(percentages),
        TEST(dates),
        TEST(booleans),
        TEST(errors),
        TEST(errors_as_words),
        TEST(texts_that_are_no_errors),
        TEST(formulas),
        TEST(numbers_and_texts),
        TEST(percentages_that_look_like_fractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
