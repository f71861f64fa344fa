/* Imports of files as LibreOffice wrote them (tests/files/README.md): which rows go in with which values, and what
 * is said about the others, word for word. */
#include "world.h"

#include "format/range_source.h"

static Str file_of(World *w, const char *name)
{
    RangeSource source;
    size_t size;
    const char *path = arena_printf(w->arena, OBLIGOR_FILES "/%s", name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_no_error(range_source_from_fd(w->arena, descriptor, &source));
    char *bytes = arena_alloc_raw(w->arena, (size_t)source.size);
    assert_no_error(range_source_read(&source, w->arena, 0, bytes, (size_t)source.size, &size));
    close(descriptor);
    return (Str){bytes, size};
}

static Job *import(World *w, Kind kind, const char *name, const ImportOptions *options)
{
    UploadAnswer answer = {0};
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, kind, file_of(w, name), options, &answer));
    world_work(w);
    world_check(w);
    return world_job(w, w->ada, answer.job_id);
}

#define PROBLEMS                                                                                   \
    "SELECT job_row, severity, coalesce(column_name, '-'), code, value FROM bulk_upload_errors "   \
    "ORDER BY job_row, severity, seq"

static void rows_fail(World *w, Job *job, const char *expected)
{
    ProblemPage found = {0};
    Page page = {.limit = 100};
    Buf lines = buf_new(w->arena, 10000);
    int64_t row = 0;
    assert_no_error(jobs_problems(w->arena, w->db, job, SEVERITY_ERROR, &page, &found));
    for (size_t i = 0; i < found.count; i++) {
        if (found.items[i].row != row)
            buf_printf(&lines, STR_FMT "\n", STR_ARG(found.items[i].raw));
        row = found.items[i].row;
    }
    assert_str(buf_str(&lines), expected);
}

static void assert_counts(const Job *job, int64_t successful, int64_t failed)
{
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(job->counters.successful, successful);
    assert_int_equal(job->counters.failed, failed);
}

#define ANNUAL                                                                                     \
    "SELECT p.job_row, c.symbol, c.name, c.sector, p.reporting_year, p.reporting_quarter, "        \
    "p.long_term_debt_to_total_capital, p.ebit_to_interest_expense, p.return_on_assets "           \
    "FROM annual_predictions p JOIN companies c ON c.id = p.company_id ORDER BY p.job_row"
#define QUARTERLY                                                                                  \
    "SELECT p.job_row, c.symbol, c.name, c.sector, p.reporting_year, p.reporting_quarter, "        \
    "p.market_cap, p.total_debt_to_ebitda * 1e10, p.sga_margin, "                                  \
    "p.long_term_debt_to_total_capital, p.return_on_capital "                                      \
    "FROM quarterly_predictions p JOIN companies c ON c.id = p.company_id ORDER BY p.job_row"

static void test_a_workbook(void **state)
{
    World *w = *state;
    Job *job = import(w, KIND_ANNUAL, "annual.xlsx", NULL);
    assert_counts(job, 6, 3);
    assert_string_equal(
        world_text(w, ANNUAL),
        "2|EL|The Est\xC3\xA9"
        "e Lauder Companies Inc.|Consumer <Defensive> & \"more\"|2024|4|7.0|1234.5|0.5\n"
        "3|7203|Toyota_x0041_|Automobile|2024|4|29.0|NULL|4.25\n"
        "6|TRUE|TrueBlue||1905|4|3.0|2.5|-0.001\n"
        "7|HID|Hidden by hand|Energy|2024|4|12.0|NULL|NULL\n"
        "8|FIL|Hidden by a filter|Energy|2024|4|12.0|NULL|NULL\n"
        "2000|LAST|Last   & Sons|Energy|2024|4|0.12|NULL|NULL\n");
    assert_string_equal(
        world_text(w, "SELECT market_cap = 30064770621.44, total_debt_to_ebitda = 0.3, "
                      "net_income_margin = -0.15 FROM annual_predictions WHERE job_row = 2"),
        "1|1|1\n");
    assert_string_equal(
        world_text(w, "SELECT market_cap, total_debt_to_ebitda, net_income_margin FROM "
                      "annual_predictions WHERE job_row IN (3, 6, 8) ORDER BY job_row"),
        "2500000.0|NULL|NULL\nNULL|2.5|2.5\n1.0|NULL|NULL\n");
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM annual_predictions WHERE market_cap = 1e300"), 1);
}

static void test_what_is_said_of_a_workbook(void **state)
{
    World *w = *state;
    Job *job = import(w, KIND_ANNUAL, "annual.xlsx", NULL);
    assert_int_equal(job->counters.warnings, 8);
    assert_string_equal(world_text(w, PROBLEMS),
                        "1|1|-|unknown_columns|\n"
                        "2|1|long_term_debt_to_total_capital|percent_cell|7%\n"
                        "2|1|net_income_margin|percent_cell|-0.15%\n"
                        "3|1|reporting_year|date_cell|2024-12-31\n"
                        "3|1|long_term_debt_to_total_capital|percent_cell|29%\n"
                        "6|1|reporting_year|date_cell|1905-07-16\n"
                        "7|1|-|hidden_row|\n"
                        "8|1|-|hidden_row|\n"
                        "9|0|market_cap|error_cell|#DIV/0!\n"
                        "9|0|long_term_debt_to_total_capital|error_cell|#VALUE!\n"
                        "9|0|total_debt_to_ebitda|error_cell|#NAME?\n"
                        "9|0|net_income_margin|error_cell|#VALUE!\n"
                        "9|0|ebit_to_interest_expense|error_cell|#REF!\n"
                        "9|0|return_on_assets|error_cell|#NUM!\n"
                        "10|0|company_symbol|required|\n"
                        "10|0|company_name|required|\n"
                        "10|0|reporting_year|required|\n"
                        "11|0|market_cap|date_cell|2024-06-30T18:00:00\n"
                        "11|0|long_term_debt_to_total_capital|date_cell|1900-01-01T12:30:00\n"
                        "11|0|total_debt_to_ebitda|percent_cell|250%\n"
                        "11|0|net_income_margin|boolean_cell|FALSE\n"
                        "11|0|ebit_to_interest_expense|error_cell|#VALUE!\n"
                        "11|0|return_on_assets|not_a_number|1,5\n");
    rows_fail(w, job,
              "ERR,Errors,#DIV/0!,Energy,2024,,#VALUE!,#NAME?,#VALUE!,#REF!,#NUM!\n"
              "#N/A,#N/A,#N/A,#N/A,#N/A,#N/A,12\n"
              "KIND,Kinds,2024-06-30T18:00:00,Energy,2024,,1900-01-01T12:30:00,250%,FALSE,"
              "#VALUE!,\"1,5\"\n");
}

static void test_sheets_of_a_workbook(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    static const char *const others[] = {"2", "Notes", "old figures"};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        options.sheet = others[i];
        assert_int_equal(import(w, KIND_ANNUAL, "annual.xlsx", &options)->status, JOB_FAILED);
    }
    options.sheet = "2024 & before";
    assert_counts(import(w, KIND_ANNUAL, "annual.xlsx", &options), 6, 3);
}

static void test_days_from_1904(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.sheet = "2";
    assert_counts(import(w, KIND_ANNUAL, "days-from-1904.xlsx", &options), 2, 0);
    assert_string_equal(world_text(w, ANNUAL),
                        "2|MAC|From a Macintosh|Energy|2024|4|12.0|NULL|0.5\n"
                        "3|DAY|The first day|Energy|1904|4|12.0|NULL|NULL\n");
    assert_string_equal(world_text(w, PROBLEMS), "1|1|return_on_assets|looks_like_fractions|\n"
                                                 "2|1|reporting_year|date_cell|2024-12-31\n"
                                                 "3|1|reporting_year|date_cell|1904-01-01\n");
}

/* The same table each time; only the marks of decimals and the truth value are of the language. */
static const struct {
    const char *name, *symbol;
    DecimalMark decimal;
    const char *encoding;
} TEXTS[] = {
    {"quarterly-semicolon-utf-8.csv", "WAHR", DECIMAL_COMMA, NULL},
    {"quarterly-tab-utf-16.csv", "WAHR", DECIMAL_COMMA, NULL},
    {"quarterly-semicolon-windows-1252.csv", "WAHR", DECIMAL_COMMA, "windows-1252"},
    {"quarterly-comma-utf-8.csv", "TRUE", DECIMAL_POINT, NULL},
};

static void is_the_table(World *w, const char *symbol, char mark)
{
    assert_string_equal(
        world_text(w, QUARTERLY),
        arena_printf(w->arena,
                     "2|BMW|Bayerische Motoren Werke; \"BMW\" \xE2\x80\x93 M\xC3\xBCnchen|"
                     "Automobile & Zubeh\xC3\xB6r|2024|1|61234567890.5|32500000000.0|-0.5|"
                     "1234.5678|0.001\n"
                     "7|%s|Wahr AG|=1+1|2024|4|1234567890123.0|1000.0|1e+20|-1.5|NULL\n",
                     symbol));
    assert_string_equal(world_text(w, PROBLEMS),
                        arena_printf(w->arena,
                                     "1|1|return_on_capital|looks_like_fractions|\n"
                                     "2|1|long_term_debt_to_total_capital|implausible|1234%c5678\n"
                                     "3|0|company_name|control_character|\n"
                                     "4|0|sga_margin|error_cell|#DIV/0!\n"
                                     "4|0|long_term_debt_to_total_capital|error_cell|Err:502\n"
                                     "4|0|return_on_capital|error_cell|#NUM!\n"
                                     "5|0|company_symbol|error_cell|#DIV/0!\n"
                                     "5|0|company_name|error_cell|#NAME?\n"
                                     "5|0|sector|error_cell|#REF!\n"
                                     "5|0|reporting_year|error_cell|#VALUE!\n"
                                     "5|0|reporting_quarter|required|\n"
                                     "7|1|sga_margin|implausible|1E+020\n",
                                     mark));
}

static void test_texts(void **state)
{
    World *w = *state;
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++) {
        ImportOptions options = IMPORT_OPTIONS_DEFAULT;
        options.decimal = TEXTS[i].decimal;
        options.encoding = TEXTS[i].encoding;
        world_restore(w);
        Job *job = import(w, KIND_QUARTERLY, TEXTS[i].name, &options);
        assert_counts(job, 2, 3);
        is_the_table(w, TEXTS[i].symbol, options.decimal == DECIMAL_COMMA ? ',' : '.');
        if (i == 0)
            rows_fail(w, job,
                      "\" sap \";\"SAP SE\nWalldorf\";\"\";;2024;2;\"NM\";22;;7\n"
                      "\"ERR\";\"Fehler\";\"#N/A\";\"#N/A\";2024;\"q3\";\"#N/A\";\"#DIV/0!\";"
                      "\"Err:502\";\"#NUM!\"\n"
                      "\"#DIV/0!\";\"#NAME?\";\"#REF!\";1;\"#VALUE!\";\"#N/A\";1;;;\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_workbook),
        WORLD_TEST(test_what_is_said_of_a_workbook),
        WORLD_TEST(test_sheets_of_a_workbook),
        WORLD_TEST(test_days_from_1904),
        WORLD_TEST(test_texts),
    };
    return world_run(tests);
}
