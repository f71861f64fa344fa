/* What an import makes of a file: row by row, word by word, and how a job ends. */
#include "world.h"

#include "domain/retry.h"
#include "store/deletion_store.h"

#include "base/clock.h"
#include "store/company_store.h"

static ImportOptions with(OnDuplicate on_duplicate)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_duplicate = on_duplicate;
    return options;
}

static Job *import(World *w, const char *rows, const ImportOptions *options)
{
    Uuid job = world_upload(w, w->ada, rows, options);
    world_work(w);
    world_check(w);
    return world_job(w, w->ada, job);
}

static void counts(const Job *job, int64_t good, int64_t failed, int64_t skipped, int64_t unchanged)
{
    const JobCounters *c = &job->counters;
    assert_int_equal(c->successful, good);
    assert_int_equal(c->failed, failed);
    assert_int_equal(c->skipped, skipped);
    assert_int_equal(c->unchanged, unchanged);
}

static Problem *problems(World *w, const Job *job, Severity severity, size_t wanted)
{
    ProblemPage found = {0};
    Page page = {.limit = 100, .want_total = true};
    assert_no_error(jobs_problems(w->arena, w->db, job, severity, &page, &found));
    assert_int_equal(found.count, wanted);
    assert_int_equal(found.end.total, wanted);
    return found.items;
}

static void is_problem(const Problem *problem, int64_t row, const char *column, const char *code,
                       const char *message)
{
    assert_int_equal(problem->row, row);
    assert_string_equal(problem->column == NULL ? "" : problem->column, column);
    assert_string_equal(problem->code, code);
    assert_string_equal(problem->message, message);
}

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

/* --- rows -------------------------------------------------------------------------------------- */

static void test_good_rows(void **state)
{
    World *w = *state;
    Job *job = import(w, TEXT("%s\n%s", ROW("one", 2020, 1), ROW("TWO", 2021, -2.5)), NULL);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 2, 0, 0, 0);
    assert_int_equal(job->counters.total, 2);
    assert_int_equal(job->counters.companies, 2);
    assert_int_equal(job->counters.resume_row, 4);
    assert_int_equal(job->counters.bytes_done, job->file_size);
    assert_null(job->error_message);
    PredictionList list = {0};
    Page page = {.limit = 10, .want_total = true};
    assert_no_error(predictions_of_job(w->arena, w->db, job, &page, &list));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.end.total, 2);
    const Prediction *p = &list.items[1];
    assert_str(p->company_symbol, "TWO");
    assert_int_equal(p->job_row, 4); /* as a spreadsheet shows it: the blank line counts */
    assert_true(p->has_job && uuid_equal(p->job_id, job->id) &&
                uuid_equal(p->root_job_id, job->id));
    assert_int_equal(p->source, SOURCE_BULK_UPLOAD);
    assert_int_equal(p->job_link, LINK_RECORDED);
    assert_true(uuid_equal(p->created_by, w->ada->user_id));
    assert_true(uuid_equal(p->model_id, w->models[KIND_ANNUAL]));
    assert_true(p->market_cap.value == 1000 && !p->ratios[0].present);
    assert_true(p->ratios[4].value == -2.5);
}

static void test_rejected_rows_are_kept_with_their_cells(void **state)
{
    World *w = *state;
    Job *job = import(w,
                      TEXT("%sBAD;x,\"Bad, \"\"Ltd\"\"\",abc,Energy,1800,Q4,12%%,,,,\n%s",
                           ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)),
                      NULL);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 2, 1, 0, 0);
    Problem *found = problems(w, job, SEVERITY_ERROR, 3);
    is_problem(
        &found[0], 3, "market_cap", "not_a_number",
        "market_cap is \"abc\", which is no plain decimal number. Write a plain decimal such as "
        "12.5, or leave the cell empty when the value is missing.");
    assert_str(found[0].raw, "BAD;x,\"Bad, \"\"Ltd\"\"\",abc,Energy,1800,Q4,12%,,,,");
    assert_str(found[0].value, "abc");
    assert_string_equal(found[1].code, "not_a_year");
    assert_int_equal(found[1].raw.len, 0); /* once is enough */
    assert_string_equal(found[2].code, "not_a_number");
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies"), 2);
}

static void test_more_cells_than_the_header(void **state)
{
    World *w = *state;
    Job *job = import(w, "ONE,One,1,Energy,2020,,1,,,,,, \nTWO,Two,1,Energy,2020,,1,,,,,x\n", NULL);
    counts(job, 1, 1, 0, 0);
    is_problem(
        problems(w, job, SEVERITY_ERROR, 1), 3, "", "too_many_cells",
        "The row has 12 cells and the header 11. Is a delimiter inside a value without quotes?");
}

static void test_a_row_that_is_no_csv_fails_alone(void **state)
{
    World *w = *state;
    Job *job = import(w,
                      TEXT("A\xFF,Latin,1,Energy,2020,,1,,,,\n\"B\"x,Two,1,Energy,2020,,1,,,,\n%s",
                           ROW("ONE", 2020, 1)),
                      NULL);
    counts(job, 1, 2, 0, 0);
    Problem *found = problems(w, job, SEVERITY_ERROR, 2);
    assert_string_equal(found[0].code, "not_utf8");
    assert_string_equal(found[1].code, "text_after_quote");
}

static void test_leading_apostrophes_of_our_own_exports_are_taken_off(void **state)
{
    World *w = *state;
    Job *job = import(w, "'=ONE,'+Two,1,'@Energy,2020,,1,,,,\n", NULL);
    counts(job, 1, 0, 0, 0);
    assert_string_equal(world_text(w, "SELECT symbol, name, sector FROM companies"),
                        "=ONE|+Two|@Energy\n");
}

/* --- duplicates -------------------------------------------------------------------------------- */

static void test_first_good_row_of_a_key_counts(void **state)
{
    World *w = *state;
    ImportOptions skip = with(DUPLICATE_SKIP);
    Job *job = import(w,
                      TEXT("ONE,One,x,Energy,2020,,1,,,,\n%s%s%s%s", ROW("ONE", 2020, 2),
                           ROW("one", 2020, 3), ROW("ONE", 2020, 2), ROW("ONE", 2021, 2)),
                      &skip);
    counts(job, 2, 3, 0, 0);
    Problem *found = problems(w, job, SEVERITY_ERROR, 3);
    is_problem(&found[1], 4, "company_symbol", "duplicate_in_file",
               "Row 3 of this file has the same company and period (ONE, 2020 Q4).");
    is_problem(&found[2], 5, "company_symbol", "duplicate_in_file",
               "Row 3 of this file has the same company and period (ONE, 2020 Q4).");
}

static void test_no_quarter_is_the_fourth(void **state)
{
    World *w = *state;
    Job *job = import(w,
                      "ONE,One,1,Energy,2020,,1,,,,\nONE,One,1,Energy,2020,Q4,2,,,,\n"
                      "ONE,One,1,Energy,2020,Q3,2,,,,\n",
                      NULL);
    counts(job, 2, 1, 0, 0);
}

static void test_duplicates_of_earlier_work(void **state)
{
    World *w = *state;
    Prediction *made = NULL;
    Job *first = import(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)), NULL);
    assert_no_error(world_create(w, w->ada, "HAND", 2020, 5, &made));
    const char *again = TEXT("%s%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2),
                             ROW("HAND", 2020, 6), ROW("NEW", 2020, 1));

    Job *job = import(w, again, NULL);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 1, 2, 0, 1);
    Problem *found = problems(w, job, SEVERITY_ERROR, 2);
    is_problem(&found[0], 3, "company_symbol", "duplicate",
               TEXT("There is a prediction of TWO, 2020 Q4 already (from %s, row 3).",
                    first->original_filename));
    is_problem(&found[1], 4, "company_symbol", "duplicate",
               "There is a prediction of HAND, 2020 Q4 already (made by hand).");

    ImportOptions skip = with(DUPLICATE_SKIP);
    job = import(w, again, &skip);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 0, 0, 2, 2);
    problems(w, job, SEVERITY_ERROR, 0);
}

/* Unchanged means every ratio alike, missing ones too; the market cap and names play no part. */
static void test_unchanged(void **state)
{
    World *w = *state;
    import(w, "ONE,One,1,Energy,2020,,1,,3,,5\n", NULL);
    Job *job = import(w, "ONE,One,999,Energy,2020,Q4,1.0,NM,3,,5e0\n", NULL);
    counts(job, 0, 0, 0, 1);
    job = import(w, "ONE,One,1,Energy,2020,,1,0,3,,5\n", NULL);
    counts(job, 0, 1, 0, 0);
}

static void test_other_owners_have_no_say(void **state)
{
    World *w = *state;
    import(w, ROW("ONE", 2020, 1), NULL);
    Uuid id = world_upload(w, w->bob, ROW("ONE", 2020, 2), NULL);
    world_work(w);
    counts(world_job(w, w->bob, id), 1, 0, 0, 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies"), 2);
}

/* --- hidden rows ------------------------------------------------------------------------------- */

/* An upload that was accepted before the deletion is worked before it, and meets its hidden rows. */
static void test_hidden_rows_have_no_claim(void **state)
{
    World *w = *state;
    Job *first = import(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)), NULL);
    Uuid second = world_upload(
        w, w->ada, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("ONE", 2020, 2), ROW("TWO", 2020, 2)),
        NULL);
    Deletion *deletion = world_delete(w, w->ada, first->id, true);
    Uuid owner = w->ada->user_id;
    Task *task = NULL;
    assert_no_error(world_step(w, &owner, -1, &task));
    assert_int_equal(task->kind, TASK_IMPORT);
    world_check(w);
    Job *job = world_job(w, w->ada, second);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 2, 1, 0, 0);
    is_problem(problems(w, job, SEVERITY_ERROR, 1), 3, "company_symbol", "duplicate_in_file",
               "Row 2 of this file has the same company and period (ONE, 2020 Q4).");
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 10, .want_total = true};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.end.total, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(uuid_equal(list.items[i].job_id, second));
    world_work(w);
    world_check(w);
    assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &deletion));
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
}

/* Rows of one file keep the order of the file, in time and id, also where keys had to be taken over. */
static void test_order_of_rows_where_keys_were_hidden(void **state)
{
    World *w = *state;
    Job *first = import(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)), NULL);
    world_upload(w, w->ada,
                 TEXT("%s%s%s%s", ROW("ONE", 2020, 1), ROW("NEW", 2020, 2), ROW("TWO", 2020, 2),
                      ROW("LAST", 2020, 1)),
                 NULL);
    world_delete(w, w->ada, first->id, true);
    world_work(w);
    assert_string_equal(
        world_text(w, "SELECT job_row FROM annual_predictions ORDER BY created_at, id"),
        "2\n3\n4\n5\n");
}

/* --- companies --------------------------------------------------------------------------------- */

static void test_companies_know_who_made_them(void **state)
{
    World *w = *state;
    Job *job = import(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("ONE", 2021, 1)), NULL);
    Company *company = NULL;
    assert_no_error(company_by_symbol(w->arena, w->db, w->ada->user_id, STR("ONE"), &company));
    assert_true(company->has_job && uuid_equal(company->job_id, job->id));
    assert_int_equal(company->job_row, 2);
    assert_str(company->name, "ONE Inc.");
    assert_str(company->sector, "Energy");
}

static void test_a_company_of_another_name(void **state)
{
    World *w = *state;
    import(w, ROW("ONE", 2020, 1), NULL);
    const char *rows = "ONE,Eins AG,1,Energy,2021,,1,,,,\nONE,ONE Inc.,1,Banks,2022,,1,,,,\n"
                       "ONE,ONE Inc.,1,,2023,,1,,,,\nONE,One Inc.,1,Energy,2024,,1,,,,\n";
    Job *job = import(w, rows, NULL);
    counts(job, 4, 0, 0, 0);
    assert_int_equal(job->counters.warnings, 3);
    Problem *found = problems(w, job, SEVERITY_WARNING, 3);
    is_problem(&found[0], 2, "company_name", "company_differs",
               "ONE is known as \"ONE Inc.\", sector \"Energy\"; the file says \"Eins AG\", "
               "\"Energy\". What "
               "is known stays; choose update_companies to change it.");
    is_problem(&found[1], 3, "sector", "company_differs",
               "ONE is known as \"ONE Inc.\", sector \"Energy\"; the file says \"ONE Inc.\", "
               "\"Banks\". What "
               "is known stays; choose update_companies to change it.");
    assert_int_equal(found[2].row, 5);
    assert_string_equal(world_text(w, "SELECT name, sector FROM companies"), "ONE Inc.|Energy\n");
    /* The row keeps the sector of its own period. */
    assert_string_equal(
        world_text(w, "SELECT sector FROM annual_predictions ORDER BY reporting_year"),
        "Energy\nEnergy\nBanks\n\nEnergy\n");
}

static void test_update_companies(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.update_companies = true;
    import(w, ROW("ONE", 2020, 1), NULL);
    Job *job = import(w, "ONE,Eins AG,1,,2021,,1,,,,\n", &options);
    assert_int_equal(job->counters.warnings, 0);
    assert_string_equal(world_text(w, "SELECT name, sector FROM companies"), "Eins AG|Energy\n");
    job = import(w, "ONE,Uno,1,Banks,2022,,1,,,,\n", &options);
    assert_int_equal(job->counters.warnings, 0);
    assert_string_equal(world_text(w, "SELECT name, sector FROM companies"), "Uno|Banks\n");
}

static void test_a_deleted_company_comes_back_under_its_id(void **state)
{
    World *w = *state;
    Job *job = import(w, ROW("ONE", 2020, 1), NULL);
    const char *id = world_text(w, "SELECT id FROM companies");
    DeletionOptions options = {.with_predictions = true, .orphaned_companies = true};
    DeletionResult result = {0};
    assert_no_error(deletion_request(w->arena, w->db, w->ada, job->id, &options, &result));
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies WHERE deleted_at IS NOT NULL"),
                     1);
    job = import(w, ROW("ONE", 2020, 2), NULL);
    counts(job, 1, 0, 0, 0);
    assert_int_equal(job->counters.companies, 0);
    assert_string_equal(world_text(w, "SELECT id FROM companies WHERE deleted_at IS NULL"), id);
}

/* --- how it ends ------------------------------------------------------------------------------- */

static void test_nothing_good(void **state)
{
    World *w = *state;
    Job *job = import(w, "ONE,One,x,Energy,2020,,1,,,,\n", NULL);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(job->error_message, "no_row_accepted: every row was rejected.");
    job = import(w, "", NULL);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(job->error_message,
                        "no_row_accepted: the file has no rows below its header.");
    assert_int_equal(job->counters.total, 0);
}

static void test_only_unchanged_or_skipped_is_completed(void **state)
{
    World *w = *state;
    ImportOptions skip = with(DUPLICATE_SKIP);
    import(w, ROW("ONE", 2020, 1), NULL);
    assert_int_equal(import(w, ROW("ONE", 2020, 1), NULL)->status, JOB_COMPLETED);
    assert_int_equal(import(w, ROW("ONE", 2020, 2), &skip)->status, JOB_COMPLETED);
}

static Job *import_bytes(World *w, Kind kind, const char *bytes)
{
    UploadAnswer answer = {0};
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, kind, str_from(bytes), NULL, &answer));
    world_work(w);
    world_check(w);
    return world_job(w, w->ada, answer.job_id);
}

static void test_a_file_that_cannot_be_read(void **state)
{
    World *w = *state;
    static const struct {
        const char *bytes;
        const char *code;
        const char *message;
    } files[] = {
        {"company_symbol,name\nA,B\n", "missing_columns",
         "The first row must name the columns. Missing: company_name, market_cap, sector, "
         "reporting_year, "
         "long_term_debt_to_total_capital, total_debt_to_ebitda, net_income_margin, "
         "ebit_to_interest_expense, return_on_assets."},
        {"\n\n", "empty_file", "The file has no rows: not even one that names the columns."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        Job *job = import_bytes(w, KIND_ANNUAL, files[i].bytes);
        assert_int_equal(job->status, JOB_FAILED);
        assert_string_equal(job->error_message, files[i].message);
        is_problem(problems(w, job, SEVERITY_ERROR, 1), 1, "file", files[i].code, files[i].message);
        counts(job, 0, 0, 0, 0);
    }
}

static void test_two_faults_of_the_header_are_both_told(void **state)
{
    World *w = *state;
    Job *job = import_bytes(w, KIND_ANNUAL, "company_symbol,company symbol,sector\nA,B,C\n");
    Problem *found = problems(w, job, SEVERITY_ERROR, 2);
    assert_string_equal(found[0].code, "column_twice");
    assert_string_equal(found[1].code, "missing_columns");
    assert_int_equal(job->status, JOB_FAILED);
}

static void test_a_quote_never_closed_keeps_what_came_before(void **state)
{
    World *w = *state;
    const char *rows =
        TEXT("%s\"TWO,Two,1,Energy,2020,,1,,,,\n%s", ROW("ONE", 2020, 1), ROW("THREE", 2020, 1));
    Job *job = import(w, rows, NULL);
    assert_int_equal(job->status, JOB_FAILED);
    counts(job, 1, 0, 0, 0);
    Problem *found = problems(w, job, SEVERITY_ERROR, 1);
    assert_int_equal(found->row, 3);
    assert_string_equal(found->code, "quote_not_closed");
    assert_string_equal(found->message, job->error_message);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"),
                     1);
}

static void test_on_error_undo_leaves_the_record_alone(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_error = ON_ERROR_UNDO;
    Job *job = import(w, TEXT("%s\"TWO,Two,1,Energy,2020,,1,,,,\n", ROW("ONE", 2020, 1)), &options);
    assert_int_equal(job->status, JOB_FAILED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    problems(w, job, SEVERITY_ERROR, 1);
    assert_false(job->hides_rows);
    Str chunk = {NULL, 0};
    assert_no_error(jobs_file_chunk(w->arena, w->db, job, 0, &chunk));
    assert_int_equal(chunk.len, job->file_size);
}

/* Rows that fail are no error of the file: undo has nothing to do with them. */
static void test_on_error_undo_with_rejected_rows(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_error = ON_ERROR_UNDO;
    Job *job = import(w, TEXT("%sTWO,Two,x,Energy,2020,,1,,,,\n", ROW("ONE", 2020, 1)), &options);
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 1, 1, 0, 0);
}

static const char *three_bad(World *w)
{
    return TEXT("%sB,B,x,,2020,,1,,,,\n%sC,C,x,,2020,,1,,,,\n%sD,D,x,,2020,,1,,,,\n%s",
                ROW("ONE", 2020, 1), ROW("TWO", 2020, 1), ROW("THREE", 2020, 1),
                ROW("FOUR", 2020, 1));
}

static void test_max_failed_rows(void **state)
{
    World *w = *state;
    static const struct {
        int64_t most;
        JobStatus end;
        int64_t good, failed, there;
        const char *message;
    } cases[] = {
        {0, JOB_FAILED, 0, 1, 0,
         "More rows failed than max_failed_rows=0 allows; nothing was kept."},
        {1, JOB_FAILED, 2, 2, 2, "More rows failed than max_failed_rows=1 allows."},
        {2, JOB_FAILED, 3, 3, 3, "More rows failed than max_failed_rows=2 allows."},
        {3, JOB_COMPLETED, 4, 3, 4, NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        ImportOptions options = IMPORT_OPTIONS_DEFAULT;
        options.max_failed_rows = cases[i].most;
        Job *job = import(w, three_bad(w), &options);
        assert_int_equal(job->status, cases[i].end);
        counts(job, cases[i].good, cases[i].failed, 0, 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"),
                         cases[i].there);
        if (cases[i].message != NULL)
            assert_string_equal(job->error_message, cases[i].message);
        world_delete(w, w->ada, job->id, true);
        world_work(w);
    }
}

static void test_max_failed_rows_with_undo(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = 1;
    options.on_error = ON_ERROR_UNDO;
    Job *job = import(w, three_bad(w), &options);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(job->error_message,
                        "More rows failed than max_failed_rows=1 allows; nothing was kept.");
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    problems(w, job, SEVERITY_ERROR, 2);
}

/* --- dry run ----------------------------------------------------------------------------------- */

static void test_a_dry_run_says_what_an_import_does(void **state)
{
    World *w = *state;
    import(w, TEXT("%s%s", ROW("HELD", 2020, 1), ROW("SAME", 2020, 1)), NULL);
    const char *rows = TEXT("%s%s%s%sBAD,Bad,x,,2020,,1,,,,\n%sSAME,Other,1,Energy,2021,,1,,,,\n",
                            ROW("NEW", 2020, 1), ROW("NEW", 2020, 2), ROW("HELD", 2020, 5),
                            ROW("SAME", 2020, 1), ROW("NEW", 2021, 1));
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.dry_run = true;
    const char *others =
        "SELECT count(*) || '-' || (SELECT count(*) FROM companies) || '-' || (SELECT "
        "coalesce(sum(delta), 0) FROM prediction_counts) FROM annual_predictions";
    const char *before = world_text(w, others);
    Job *dry = import(w, rows, &options);
    assert_int_equal(dry->status, JOB_COMPLETED);
    counts(dry, 3, 3, 0, 1);
    assert_string_equal(world_text(w, others), before);
    const char *problems_of =
        "SELECT e.severity, e.job_row, e.seq, e.column_name, e.code, e.message, e.value FROM "
        "bulk_upload_errors e WHERE e.job_id = (SELECT id FROM bulk_upload_jobs ORDER "
        "BY created_at DESC LIMIT 1) ORDER BY 1, 2, 3";
    const char *said = world_text(w, problems_of);
    Job *wet = import(w, rows, NULL);
    counts(wet, 3, 3, 0, 1);
    assert_int_equal(wet->counters.companies, dry->counters.companies);
    assert_int_equal(wet->counters.warnings, dry->counters.warnings);
    assert_string_equal(world_text(w, problems_of), said);
}

static void test_deleting_a_dry_run(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.dry_run = true;
    Job *job = import(w, ROW("ONE", 2020, 1), &options);
    Deletion *deletion = world_delete(w, w->ada, job->id, true);
    world_work(w);
    assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &deletion));
    assert_int_equal(deletion->expected, 0);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 0);
    assert_int_equal(deletion->counts.already_deleted, 0);
    assert_int_equal(world_job(w, w->ada, job->id)->status, JOB_DELETED);
}

/* --- cancel ------------------------------------------------------------------------------------ */

static const char *many_rows(World *w)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 700; i++)
        buf_add(&text, str_from(ROW(TEXT("S%d", i), 2020, i)));
    return buf_str(&text).ptr;
}

/* Stops after the first batch and hands the task back. */
static Uuid begin(World *w, const ImportOptions *options)
{
    Task *task = NULL;
    Uuid id = world_upload(w, w->ada, many_rows(w), options);
    assert_no_error(world_step(w, NULL, 1, &task));
    assert_int_equal(w->last_end, TASK_STOPPED);
    assert_no_error(queue_release(w->arena, w->db, task, 0, false));
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_PROCESSING);
    assert_int_equal(world_job(w, w->ada, id)->counters.successful, 256);
    return id;
}

static void test_cancel_keeps_what_was_committed(void **state)
{
    World *w = *state;
    Uuid id = begin(w, NULL);
    Job *job = NULL;
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, id, &job));
    assert_int_equal(job->status, JOB_PROCESSING);
    assert_true(job->cancel_requested);
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, id, &job)); /* twice is fine */
    world_work(w);
    world_check(w);
    job = world_job(w, w->ada, id);
    assert_int_equal(job->status, JOB_CANCELLED);
    assert_string_equal(job->error_message, "Cancelled.");
    assert_int_equal(job->counters.successful, 256);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 256);
    Error *error = jobs_cancel(w->arena, w->db, w->ada, id, &job);
    assert_error(error, ERROR_CONFLICT, "The job is cancelled. It is cancelled already.");
    assert_string_equal(error->reason, "job_cancelled");
}

static void test_cancel_with_undo_takes_it_back(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_error = ON_ERROR_UNDO;
    Uuid id = begin(w, &options);
    Job *job = NULL;
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, id, &job));
    world_work(w);
    world_check(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_CANCELLED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
}

static void test_a_job_at_work_is_not_deleted(void **state)
{
    World *w = *state;
    Uuid id = begin(w, NULL);
    DeletionResult result = {0};
    for (int with_predictions = 0; with_predictions < 2; with_predictions++) {
        DeletionOptions options = {.with_predictions = with_predictions};
        Error *error = deletion_request(w->arena, w->db, w->ada, id, &options, &result);
        assert_error(error, ERROR_CONFLICT,
                     "The job is processing. Cancel it first, or wait until it is done.");
        assert_string_equal(error->reason, "job_processing");
    }
}

/* --- giving up --------------------------------------------------------------------------------- */

static Error *give_up(World *w)
{
    Task *task = NULL;
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    TRY(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_non_null(task);
    return import_give_up(w->arena, w->db, task);
}

static void test_given_up(void **state)
{
    World *w = *state;
    Uuid id = begin(w, NULL);
    assert_no_error(give_up(w));
    world_work(w);
    world_check(w);
    Job *job = world_job(w, w->ada, id);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(job->error_message,
                        "The import stopped 3 times at row 258 and was given up.");
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 256);
}

static void test_given_up_all_or_nothing_leaves_nothing(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = 0;
    Uuid id = begin(w, &options);
    assert_no_error(give_up(w));
    world_work(w);
    world_check(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_FAILED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
}

/* An undo that is given up: nobody sees the rows, and nothing says that it is over. */
static void test_given_up_undo_stays_hidden(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = 0;
    Uuid id = begin(w, &options);
    assert_no_error(give_up(w)); /* the import: now it is undoing */
    assert_no_error(give_up(w));
    Job *job = world_job(w, w->ada, id);
    assert_int_equal(job->status, JOB_UNDOING);
    assert_true(job->hides_rows);
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
}

/* An undo that stalled goes on when somebody lets it. */
static void test_given_up_undo_goes_on(void **state)
{
    World *w = *state;
    Deletion *undo = NULL;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = 0;
    Uuid id = begin(w, &options);
    assert_no_error(give_up(w)); /* the import: now it is undoing */
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_UNDOING);
    assert_no_error(give_up(w));
    assert_no_error(deletion_find_undo(w->arena, w->db, w->ada->owners[0], id, &undo));
    assert_int_equal(undo->state, DELETION_STALLED);
    Principal root = *w->root;
    root.owners[root.owner_count] = w->ada->owners[0];
    root.owner_count++;
    assert_no_error(retry_deletion(w->arena, w->db, &root, undo->id, &undo));
    world_work(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_FAILED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
}

/* A job on legal hold keeps its rows, whatever the upload asked for. */
static void test_held_rows_are_not_taken_back(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = 0;
    Uuid id = begin(w, &options);
    int64_t rows = world_number(w, "SELECT count(*) FROM annual_predictions");
    assert_true(rows > 0);
    world_script(w, "UPDATE bulk_upload_jobs SET legal_hold = 'evidence'");
    assert_no_error(give_up(w));
    world_work(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_FAILED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), rows);
}

/* --- who lost the task ------------------------------------------------------------------------- */

/* A worker claimed the task and stood still; meanwhile the job was cancelled, deleted, or done by another.
 * When it goes on it changes nothing and says that it lost the task. */
static bool never(void *self)
{
    (void)self;
    return false;
}

static void stood_still(World *w, void (*meanwhile)(World *w, Uuid job))
{
    Task *task = NULL;
    TaskEnd end;
    TaskWatch watch = {.stopping = never};
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    assert_no_error(queue_claim(w->arena, w->db, "slow", INT64_MAX, NULL, &task));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    meanwhile(w, id);
    const char *before = world_state(w->arena, w);
    Error *error = import_run(w->arena, w->db, w->reader, task, &watch, &end);
    assert_true(error_is(error, "lease_lost"));
    assert_string_equal(world_state(w->arena, w), before);
    assert_true(error_is(import_give_up(w->arena, w->db, task), "lease_lost"));
    assert_string_equal(world_state(w->arena, w), before);
    world_check(w);
}

static void cancel_it(World *w, Uuid id)
{
    Job *job = NULL;
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, id, &job));
}

static void delete_its_record(World *w, Uuid id)
{
    world_delete(w, w->ada, id, false);
}

static void delete_it(World *w, Uuid id)
{
    world_delete(w, w->ada, id, true);
}

static void do_it(World *w, Uuid id)
{
    (void)id;
    world_work(w);
}

static void claim_it(World *w, Uuid id)
{
    Task *task = NULL;
    (void)id;
    assert_no_error(queue_claim(w->arena, w->db, "other", INT64_MAX, NULL, &task));
    assert_non_null(task);
}

static void test_stood_still_while_it_was_cancelled(void **state)
{
    stood_still(*state, cancel_it);
}
static void test_stood_still_while_its_record_was_deleted(void **state)
{
    stood_still(*state, delete_its_record);
}
static void test_stood_still_while_it_was_deleted(void **state)
{
    stood_still(*state, delete_it);
}
static void test_stood_still_while_another_did_it(void **state)
{
    stood_still(*state, do_it);
}
static void test_stood_still_while_another_claimed_it(void **state)
{
    stood_still(*state, claim_it);
}

/* --- quarterly --------------------------------------------------------------------------------- */

static void test_quarterly(void **state)
{
    World *w = *state;
    Job *job =
        import_bytes(w, KIND_QUARTERLY,
                     TEXT("%sONE,One,1,Energy,2020,Q1,1,2,3,4\nONE,One,1,Energy,2020,1,1,2,3,4\n"
                          "ONE,One,1,Energy,2020,,1,2,3,4\nONE,One,1,Energy,2020,q2,,,,4\n",
                          WORLD_QUARTERLY));
    assert_int_equal(job->status, JOB_COMPLETED);
    counts(job, 2, 2, 0, 0);
    assert_string_equal(world_text(w, "SELECT reporting_quarter, gbm_probability IS NULL, "
                                      "logistic_probability = ensemble_probability FROM "
                                      "quarterly_predictions ORDER BY 1"),
                        "1|1|1\n2|1|1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_good_rows),
        WORLD_TEST(test_rejected_rows_are_kept_with_their_cells),
        WORLD_TEST(test_more_cells_than_the_header),
        WORLD_TEST(test_a_row_that_is_no_csv_fails_alone),
        WORLD_TEST(test_leading_apostrophes_of_our_own_exports_are_taken_off),
        WORLD_TEST(test_first_good_row_of_a_key_counts),
        WORLD_TEST(test_no_quarter_is_the_fourth),
        WORLD_TEST(test_duplicates_of_earlier_work),
        WORLD_TEST(test_unchanged),
        WORLD_TEST(test_other_owners_have_no_say),
        WORLD_TEST(test_hidden_rows_have_no_claim),
        WORLD_TEST(test_order_of_rows_where_keys_were_hidden),
        WORLD_TEST(test_companies_know_who_made_them),
        WORLD_TEST(test_a_company_of_another_name),
        WORLD_TEST(test_update_companies),
        WORLD_TEST(test_a_deleted_company_comes_back_under_its_id),
        WORLD_TEST(test_nothing_good),
        WORLD_TEST(test_only_unchanged_or_skipped_is_completed),
        WORLD_TEST(test_a_file_that_cannot_be_read),
        WORLD_TEST(test_two_faults_of_the_header_are_both_told),
        WORLD_TEST(test_a_quote_never_closed_keeps_what_came_before),
        WORLD_TEST(test_on_error_undo_leaves_the_record_alone),
        WORLD_TEST(test_on_error_undo_with_rejected_rows),
        WORLD_TEST(test_max_failed_rows),
        WORLD_TEST(test_max_failed_rows_with_undo),
        WORLD_TEST(test_a_dry_run_says_what_an_import_does),
        WORLD_TEST(test_deleting_a_dry_run),
        WORLD_TEST(test_cancel_keeps_what_was_committed),
        WORLD_TEST(test_cancel_with_undo_takes_it_back),
        WORLD_TEST(test_a_job_at_work_is_not_deleted),
        WORLD_TEST(test_given_up),
        WORLD_TEST(test_given_up_all_or_nothing_leaves_nothing),
        WORLD_TEST(test_given_up_undo_stays_hidden),
        WORLD_TEST(test_given_up_undo_goes_on),
        WORLD_TEST(test_held_rows_are_not_taken_back),
        WORLD_TEST(test_stood_still_while_it_was_cancelled),
        WORLD_TEST(test_stood_still_while_its_record_was_deleted),
        WORLD_TEST(test_stood_still_while_it_was_deleted),
        WORLD_TEST(test_stood_still_while_another_did_it),
        WORLD_TEST(test_stood_still_while_another_claimed_it),
        WORLD_TEST(test_quarterly),
    };
    return world_run(tests);
}
