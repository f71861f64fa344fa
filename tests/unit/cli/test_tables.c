/* The commands that take tables in and write tables out: score, export, and an import of several files. */
#include "program.h"

static char directory[64];

static int set_up_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/obligor-test-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return 1;
    char database[96];
    snprintf(database, sizeof database, "sqlite:%s/obligor.db", directory);
    setenv("OBLIGOR_DB", database, 1);
    setenv("OBLIGOR_SPOOL", directory, 1);
    setenv("OBLIGOR_USER", "ana@example.com", 1);
    return 0;
}

/* Fails when a command left anything else behind, such as a half-written file. */
static int remove_directory(void **state)
{
    (void)state;
    static const char *const names[] = {"obligor.db", "obligor.db-wal", "obligor.db-shm",
                                        "a.csv",      "out.csv",        "out.XLSX"};
    char path[128];
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

static const char *in_directory(Arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", directory, name);
}

static const char *source(Arena *arena, const char *path)
{
    return arena_printf(arena, "%s/%s", OBLIGOR_SOURCE_ROOT, path);
}

static Str content(Arena *arena, const char *path)
{
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    Str text = program_read(arena, file);
    close(file);
    return text;
}

static size_t lines(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

static const char TABLE[] =
    "company_symbol;company_name;market_cap;sector;reporting_year;long_term_debt_to_total_capital;"
    "total_debt_to_ebitda;net_income_margin;ebit_to_interest_expense;return_on_assets\n"
    "a;=Ada & S\xF6hne;1,5;;2020;12,5;1;2;3;4\n"
    "b;Bob;;Energy;2020;12.5;1;2;3;4\n";

#define SCORED_COLUMNS                                                                             \
    "row,company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"          \
    "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"                      \
    "ebit_to_interest_expense,return_on_assets,probability,risk_level,confidence,errors,"          \
    "warnings\r\n"

static const char ILLUSTRATION[] = "The card obligor-illustrative-annual@1 is an illustration, "
                                   "calibrated to nobody's portfolio.\n";

/* Without a database: none is there yet, and none is there afterwards. */
static void test_score(void **state)
{
    Arena *arena = *state;
    Run run = RUN_WITH(arena, TABLE, "score", "-", "--type", "annual", "--decimal", "comma",
                       "--encoding", "Latin1", "--market-cap-unit", "millions");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(
        run.out, SCORED_COLUMNS
        "2,A,'=Ada & S\xC3\xB6hne,1500000,,2020,Q4,12.5,1,2,3,4,0.0017286195183216977,LOW,"
        "0.9965427609633566,,\r\n"
        "3,B,,,,,,,,,,,,,,\"long_term_debt_to_total_capital is \"\"12.5\"\", which is no "
        "plain decimal number. With decimal=comma write it with one comma, for the decimals, "
        "and without separators: 1234,5.\",\r\n");
    assert_str(run.err,
               arena_printf(arena, "1 of 2 rows failed: see the column errors.\n%s", ILLUSTRATION));
    assert_int_equal(access(in_directory(arena, "obligor.db"), F_OK), -1);
}

static void test_score_to_a_file(void **state)
{
    Arena *arena = *state;
    const char *out = in_directory(arena, "out.csv"), *book = in_directory(arena, "out.XLSX");
    Run run = RUN(arena, "score", source(arena, "samples/annual-sample.csv"), "--type", "annual",
                  "-o", out, "--model", source(arena, "models/annual-default.json"), "--json");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(run.out, arena_printf(arena,
                                     "{\"score\":{\"scored_rows\":119,\"failed_rows\":2,"
                                     "\"rows_with_warnings\":0,"
                                     "\"model\":\"obligor-illustrative-annual@1\","
                                     "\"file\":\"%s\"}}\n",
                                     out));
    assert_int_equal(lines(content(arena, out)), 122);
    run = RUN(arena, "score", source(arena, "samples/quarterly-sample.csv"), "--type", "quarterly",
              "-o", book);
    assert_int_equal(run.code, EXIT_DONE);
    assert_true(str_starts_with(content(arena, book), STR("PK\003\004")));
}

/* What was there stays, and nothing half-written is left. */
static void test_score_refused(void **state)
{
    Arena *arena = *state;
    const char *out = in_directory(arena, "out.csv");
    Str before = content(arena, out);
    Run run = RUN_WITH(arena, "a,b\n1,2\n", "score", "-", "--type", "annual", "-o", out);
    assert_int_equal(run.code, EXIT_FAILED);
    assert_true(str_holds(run.err, "Missing: company_symbol"));
    run = RUN_WITH(arena, "\x1F\x8B\x08", "score", "-", "--type", "annual", "-o", out);
    assert_int_equal(run.code, EXIT_FAILED);
    assert_true(str_equal(content(arena, out), before));
    run = RUN_WITH(arena, TABLE, "score", "-", "--type", "quarterly", "--model",
                   source(arena, "models/annual-default.json"));
    assert_int_equal(run.code, EXIT_USAGE);
    assert_true(str_holds(run.err, "is for annual figures, not for quarterly ones."));
    run = RUN_WITH(arena, TABLE, "score", "-", "--type", "annual", "--encoding", "utf-7");
    assert_int_equal(run.code, EXIT_USAGE);
    assert_true(str_holds(run.err, "The encoding \"utf-7\" is not known here."));
    run = RUN(arena, "score", "-", "--type", "annual", "-o", in_directory(arena, "no/out.csv"));
    assert_int_equal(run.code, EXIT_FAILED);
}

static void test_import_several(void **state)
{
    Arena *arena = *state;
    const char *sample = source(arena, "samples/annual-sample.csv");
    Run run = RUN(arena, "model", "add", source(arena, "models/annual-default.json"), "--activate");
    assert_int_equal(run.code, EXIT_DONE);
    run = RUN_WITH(arena, "correct horse 1\n", "user", "add", "--email", "ana@example.com",
                   "--verified", "--password-stdin");
    assert_int_equal(run.code, EXIT_DONE);
    run = RUN(arena, "import", sample, in_directory(arena, "nope.csv"), "--type", "annual");
    assert_int_equal(run.code, EXIT_REFUSED); /* before the first is in */
    run = RUN(arena, "import", "-", sample, "-", "--type", "annual");
    assert_int_equal(run.code, EXIT_USAGE);
    assert_true(str_holds(run.err, "Standard input can be read once only."));
    run = RUN(arena, "jobs", "list", "--json");
    assert_str(run.out, "{\"jobs\":[]}\n");
    run = RUN_WITH(arena, TABLE, "import", sample, "-", "--type", "annual", "--json", "--decimal",
                   "comma", "--encoding", "latin1");
    assert_int_equal(run.code, EXIT_FAILED); /* the sample has its commas between the cells */
    assert_int_equal(lines(run.out), 2);
    assert_true(str_holds(run.out, "\"status\":\"failed\""));
    assert_true(str_holds(run.out, "\"original_filename\":\"stdin\""));
    run = RUN(arena, "import", sample, "--type", "annual", "--json");
    assert_int_equal(run.code, EXIT_DONE);
}

static void test_export(void **state)
{
    Arena *arena = *state;
    const char *out = in_directory(arena, "out.csv");
    Run run = RUN(arena, "export", "--type", "annual");
    assert_int_equal(run.code, EXIT_DONE);
    assert_int_equal(run.err.len, 0);
    assert_true(str_starts_with(run.out, STR("company_symbol,company_name,market_cap,")));
    assert_int_equal(lines(run.out), 1 + 118 + 1);
    run = RUN(arena, "export", "--type", "annual", "--sector", "Energy", "--reporting-year", "2023",
              "-o", out, "--json");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(
        run.out,
        arena_printf(arena, "{\"export\":{\"rows\":3,\"format\":\"csv\",\"file\":\"%s\"}}\n", out));
    assert_int_equal(lines(content(arena, out)), 1 + 3);
    run = RUN(arena, "import", out, "--type", "annual", "--on-duplicate", "replace", "--json");
    assert_true(str_holds(run.out, "\"unchanged_rows\":3"));
    run = RUN(arena, "export", "--type", "annual", "--risk-level", "GRAVE");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err,
               "obligor: risk_level must be LOW, MEDIUM, HIGH or CRITICAL, not \"GRAVE\".\n");
    run = RUN(arena, "export", "--type", "quarterly", "--format", "ndjson");
    assert_int_equal(run.code, EXIT_DONE);
    assert_int_equal(run.out.len, 0);
}

static void test_export_rows(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "import", source(arena, "samples/annual-sample.csv"), "--type", "annual",
                  "--json");
    const char *at = strstr(run.out.ptr, "\"id\":\"");
    assert_non_null(at);
    const char *id = str_dup(arena, (Str){at + 6, 36});
    run = RUN(arena, "export", "--type", "annual", "--job-id", id, "--outcome", "failed");
    assert_int_equal(run.code, EXIT_DONE);
    assert_int_equal(lines(run.out), 1 + 3);
    assert_true(str_holds(run.out, ",obligor_job,obligor_row,obligor_problems\r\n"));
    run = RUN(arena, "export", "--type", "annual", "--job-id", id, "--outcome", "unchanged");
    assert_int_equal(lines(run.out), 1 + 118);
    run = RUN(arena, "export", "--type", "annual", "--outcome", "failed");
    assert_int_equal(run.code, EXIT_USAGE);
    assert_true(str_holds(run.err, "Name the job with --job-id."));
    run = RUN(arena, "export", "--type", "annual", "--outcome", "failed", "--job-id", "x");
    assert_int_equal(run.code, EXIT_USAGE);
    run = RUN(arena, "export", "--type", "annual", "--outcome", "failed", "--job-id", id,
              "--sector", "Energy");
    assert_int_equal(run.code, EXIT_USAGE);
    assert_true(str_holds(run.err, "--sector is about predictions"));
    run = RUN(arena, "export", "--type", "annual", "--outcome", "failed", "--job-id", id,
              "--format", "ndjson");
    assert_int_equal(run.code, EXIT_USAGE);
    run = RUN(arena, "export", "--type", "annual", "--outcome", "failed", "--job-id",
              "01900000-0000-7000-8000-000000000000");
    assert_int_equal(run.code, EXIT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_score),          TEST(test_score_to_a_file), TEST(test_score_refused),
        TEST(test_import_several), TEST(test_export),          TEST(test_export_rows),
    };
    return cmocka_run_group_tests(tests, set_up_directory, remove_directory);
}
