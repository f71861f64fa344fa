/* Undo and its undo: what a deletion removed comes back as it was, to the last bit, in every order and cut at
 * every call; what a job's rows displaced comes back with its deletion. */
#include "world.h"

#include "base/clock.h"
#include "domain/batches.h"
#include "domain/versions.h"
#include "store/deletion_store.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

static const ImportOptions REPLACE = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};

static Uuid imported(World *w, const char *rows, const ImportOptions *options)
{
    Uuid id = world_upload(w, w->ada, rows, options);
    world_work(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_COMPLETED);
    return id;
}

/* Every column of every prediction, and every company: what an undo must give back. */
static const char *everything(World *w)
{
    return world_text(
        w, "SELECT * FROM annual_predictions ORDER BY id;"
           "SELECT * FROM quarterly_predictions ORDER BY id;"
           "SELECT id, symbol, name, sector, job_id, job_row, created_at, updated_at, deleted_at"
           " FROM companies ORDER BY id;"
           "SELECT kind, job_id, reporting_year, risk_level, sector, sum(delta) FROM "
           "prediction_counts GROUP BY owner_id, kind, job_id, reporting_year, risk_level, sector "
           "HAVING sum(delta) <> 0 ORDER BY 1, 2, 3, 4, 5");
}

/* What people see: the current values, without those that are hidden. */
static const char *shown(World *w)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1000, .want_total = true};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.end.total, list.count);
    Buf text = buf_new(w->arena, 1 << 20);
    for (size_t i = 0; i < list.count; i++)
        buf_printf(&text, "%s %.*s %d %g\n", uuid_text(w->arena, list.items[i].id),
                   STR_ARG(list.items[i].company_symbol), list.items[i].year,
                   list.items[i].ratios[4].value);
    return buf_str(&text).ptr;
}

static Deletion *requested(World *w, Uuid job, DeletionOptions options)
{
    DeletionPreview preview = {0};
    DeletionResult result = {0};
    options.with_predictions = true;
    world_advance(1000);
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    options.if_match = preview.etag;
    assert_no_error(deletion_request(w->arena, w->db, w->ada, job, &options, &result));
    Deletion *deletion = NULL;
    assert_no_error(deletion_get(w->arena, w->db, w->ada, result.deletion->id, &deletion));
    return deletion;
}

/* Deletes, waits, and holds the result against the preview. */
static Deletion *deleted(World *w, Uuid job, DeletionOptions options)
{
    DeletionPreview preview = {0};
    options.with_predictions = true;
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    Deletion *deletion = requested(w, job, options);
    world_work(w);
    world_check(w);
    assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &deletion));
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_memory_equal(&deletion->counts, &preview.counts, sizeof preview.counts);
    assert_int_equal(deletion->archived, deletion_rows(&deletion->counts));
    return deletion;
}

static Deletion *restored(World *w, const Deletion *deletion)
{
    RestorationPreview preview = {0};
    Deletion *after = NULL;
    world_advance(1000);
    assert_no_error(restoration_preview(w->arena, w->db, w->ada, deletion->id, &preview));
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &after));
    assert_int_equal(after->phase, PHASE_RESTORE);
    world_work(w);
    world_check(w);
    assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &after));
    assert_true(deletion_is_restored(after));
    assert_int_equal(after->restored_rows, preview.rows);
    assert_int_equal(after->restored_former, preview.former);
    assert_int_equal(preview.rows, deletion_rows(&after->counts));
    return after;
}

static Prediction *find(World *w, const char *symbol, int year)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1000};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    for (size_t i = 0; i < list.count; i++)
        if (str_is(list.items[i].company_symbol, symbol) && list.items[i].year == year)
            return &list.items[i];
    return NULL;
}

/* --- back and forth ---------------------------------------------------------------------------- */

static void test_a_job_comes_back_as_it_was(void **state)
{
    World *w = *state;
    imported(w, TEXT("%s%s", ROW("ONE", 2019, 1), ROW("KEPT", 2020, 2)), NULL);
    Uuid job =
        imported(w, TEXT("%s%s%s", ROW("ONE", 2020, 0.1), ROW("TWO", 2020, -1e-300), "x\n"), NULL);
    Job *before_job = world_job(w, w->ada, job);
    const char *before = everything(w), *seen = shown(w);
    for (int round = 0; round < 3; round++) {
        Deletion *deletion = deleted(w, job, (DeletionOptions){.orphaned_companies = round > 0});
        assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 2);
        assert_int_equal(deletion->counts.companies_deleted, round > 0); /* TWO */
        assert_null(find(w, "TWO", 2020));
        Deletion *after = restored(w, deletion);
        assert_int_equal(after->restored_former, 0);
        assert_string_equal(everything(w), before);
        assert_string_equal(shown(w), seen);
        Job *after_job = world_job(w, w->ada, job);
        assert_int_equal(after_job->status, JOB_COMPLETED);
        assert_int_equal(after_job->deleted_at, 0);
        assert_memory_equal(&after_job->counters, &before_job->counters, sizeof(JobCounters));
    }
}

static void test_asked_twice_it_is_restored_once(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1), NULL);
    const char *before = everything(w);
    Deletion *deletion = deleted(w, job, (DeletionOptions){0}), *again = NULL;
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &again));
    assert_int_equal(again->state, DELETION_PENDING);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_RESTORING);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &again));
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 1);
    world_work(w);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &again));
    assert_true(deletion_is_restored(again));
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
    assert_string_equal(everything(w), before);
}

static void test_replaced_values_come_back(void **state)
{
    World *w = *state;
    Uuid a = imported(
        w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2), ROW("SIX", 2020, 6)), NULL);
    const char *with_a = shown(w);
    Uuid b = imported(w, TEXT("%s%s", ROW("TWO", 2020, 22), ROW("NEW", 2020, 3)), &REPLACE);
    const char *with_b = shown(w), *before = everything(w);
    assert_int_equal(world_job(w, w->ada, b)->counters.replaced, 1);
    Deletion *deletion = requested(w, b, (DeletionOptions){0});
    assert_int_equal(deletion->counts.versions_restored, 1);
    assert_string_equal(shown(w), with_a); /* at once */
    world_work(w);
    assert_string_equal(shown(w), with_a);
    restored(w, deletion);
    assert_string_equal(shown(w), with_b);
    assert_string_equal(everything(w), before);
    /* in every order */
    Deletion *of_a = deleted(w, a, (DeletionOptions){0});
    assert_int_equal(of_a->counts.versions_restored, 0);
    Deletion *of_b = deleted(w, b, (DeletionOptions){0});
    assert_int_equal(of_b->counts.versions_restored, 0);
    assert_string_equal(shown(w), "");
    restored(w, of_a);
    assert_string_equal(shown(w), with_a);
    restored(w, of_b);
    assert_string_equal(everything(w), before);
    of_b = deleted(w, b, (DeletionOptions){0});
    of_a = deleted(w, a, (DeletionOptions){0});
    restored(w, of_b);
    assert_non_null(find(w, "NEW", 2020));
    assert_null(find(w, "ONE", 2020));
    assert_int_equal(restored(w, of_a)->restored_former, 1);
    assert_string_equal(everything(w), before);
    of_a = deleted(w, a, (DeletionOptions){0});
    restored(w, of_a);
    assert_int_equal(deleted(w, b, (DeletionOptions){0})->counts.versions_restored, 1);
    assert_string_equal(shown(w), with_a);
}

static void test_edits_stay_or_go_along(void **state)
{
    World *w = *state;
    imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)), NULL);
    const char *with_a = shown(w);
    Uuid b =
        imported(w, TEXT("%s%s%s", ROW("ONE", 2020, 11), ROW("TWO", 2020, 22), ROW("NEW", 2020, 3)),
                 &REPLACE);
    Prediction *edited = world_edit(w, find(w, "ONE", 2020), 111);
    edited = world_edit(w, edited, 112);
    world_edit(w, find(w, "NEW", 2020), 33);
    const char *before = everything(w), *with_edits = shown(w);
    Deletion *deletion = deleted(w, b, (DeletionOptions){0});
    assert_int_equal(deletion->counts.edits_kept, 3);
    assert_int_equal(deletion->counts.versions_restored, 1); /* TWO */
    assert_true(find(w, "ONE", 2020)->ratios[4].value == 112);
    assert_true(find(w, "TWO", 2020)->ratios[4].value == 2);
    assert_int_equal(restored(w, deletion)->restored_former, 2);
    assert_string_equal(everything(w), before);

    deletion = deleted(w, b, (DeletionOptions){.include_edited = true});
    assert_int_equal(deletion->counts.edits_deleted, 3);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 6);
    assert_int_equal(deletion->counts.versions_restored, 2);
    assert_string_equal(shown(w), with_a);
    restored(w, deletion);
    assert_string_equal(shown(w), with_edits);
    assert_string_equal(everything(w), before);
}

static void test_what_was_made_again_since_stays_in_front(void **state)
{
    World *w = *state;
    Prediction *made = NULL;
    Uuid a = imported(
        w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2), ROW("SIX", 2020, 6)), NULL);
    Deletion *of_a = requested(w, a, (DeletionOptions){.orphaned_companies = true});
    assert_no_error(world_create(w, w->ada, "ONE", 2020, 10, &made)); /* while it is hidden */
    world_work(w);
    Uuid b = imported(w, ROW("TWO", 2020, 20), NULL); /* when it is gone */
    const char *with_b = shown(w);
    assert_int_equal(restored(w, of_a)->restored_former, 2);
    assert_true(find(w, "ONE", 2020)->ratios[4].value == 10);
    assert_true(find(w, "TWO", 2020)->ratios[4].value == 20);
    assert_true(find(w, "SIX", 2020)->ratios[4].value == 6);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies WHERE deleted_at IS NOT NULL"),
                     0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies"), 3);
    Deletion *of_b = deleted(w, b, (DeletionOptions){0});
    assert_int_equal(of_b->counts.versions_restored, 1);
    assert_true(find(w, "TWO", 2020)->ratios[4].value == 2);
    deleted(w, a, (DeletionOptions){0});
    restored(w, of_b);
    assert_string_equal(shown(w), with_b);
}

/* --- who and when ------------------------------------------------------------------------------ */

static void test_refused(void **state)
{
    World *w = *state;
    Deletion *deletion = NULL, *after = NULL;
    Uuid job = imported(w, ROW("ONE", 2020, 1), NULL);
    deletion = requested(w, job, (DeletionOptions){.window = HOURS(1)});
    Error *error = restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &after);
    assert_true(error_is(error, "still_deleting"));
    world_work(w);
    error = restoration_request(w->arena, w->db, w->bob, deletion->id, NULL, &after);
    assert_error(error, ERROR_NOT_FOUND, "There is no such deletion.");
    world_advance(HOURS(2));
    error = restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &after);
    assert_true(error_is(error, "window_over"));
    assert_int_equal(error->code, ERROR_GONE);
    error = restoration_request(w->arena, w->db, w->ada, uuid_new(), NULL, &after);
    assert_error(error, ERROR_NOT_FOUND, "There is no such deletion.");
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_DELETED);
}

static void test_a_record_alone(void **state)
{
    World *w = *state;
    Deletion *after = NULL;
    Uuid job = imported(w, ROW("ONE", 2020, 1), NULL);
    Deletion *record = world_delete(w, w->ada, job, false);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, record->id, NULL, &after));
    assert_true(deletion_is_restored(after));
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_COMPLETED);
    Uuid pending = world_upload(w, w->ada, ROW("TWO", 2020, 1), NULL);
    record = world_delete(w, w->ada, pending, false);
    world_work(w);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, record->id, NULL, &after));
    assert_int_equal(world_job(w, w->ada, pending)->status, JOB_PENDING);
    world_work(w);
    assert_int_equal(world_job(w, w->ada, pending)->status, JOB_COMPLETED);
    assert_non_null(find(w, "TWO", 2020));
}

/* --- large, and cut ---------------------------------------------------------------------------- */

enum { MANY = 960 }; /* a list shows 1,000 */

static const char *many_rows(World *w, double factor)
{
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < MANY; i++)
        buf_add(&rows, str_from(ROW(TEXT("S%d", i % 40), 2000 + i / 40, factor * i + 1)));
    return buf_str(&rows).ptr;
}

static void test_an_import_that_takes_itself_back(void **state)
{
    World *w = *state;
    Deletion *undo = NULL, *after = NULL;
    ImportOptions options = REPLACE;
    options.max_failed_rows = 0;
    imported(w, many_rows(w, 1), NULL);
    const char *before = shown(w);
    Uuid job = world_upload(w, w->ada, TEXT("%sx\n", many_rows(w, 2)), &options);
    world_work(w);
    world_check(w);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_FAILED);
    assert_string_equal(shown(w), before);
    assert_no_error(deletion_find_undo(w->arena, w->db, w->ada->owners[0], job, &undo));
    assert_int_equal(undo->state, DELETION_DONE);
    assert_true(undo->expected > 0);
    assert_int_equal(undo->archived, undo->expected);
    assert_int_equal(undo->counts.predictions[KIND_ANNUAL], undo->expected);
    assert_int_equal(undo->counts.versions_restored, undo->expected);
    Error *error = restoration_request(w->arena, w->db, w->ada, undo->id, NULL, &after);
    assert_true(error_is(error, "undone"));
}

static void test_restoration_with_every_call_failing(void **state)
{
    World *w = *state;
    Deletion *deletion = NULL, *after = NULL;
    imported(w, many_rows(w, 1), NULL);
    Uuid job = imported(w, many_rows(w, 2), &REPLACE);
    world_edit(w, find(w, "S39", 2023), 3);
    const char *before = everything(w), *seen = shown(w);
    deletion = deleted(w, job, (DeletionOptions){.include_edited = true});
    const char *without = shown(w);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &after));
    world_save(w);
    bool fired = true;
    int64_t each = world_rounds(getenv("OBLIGOR_TEST_QUICK") != NULL ? 5 : 10);
    for (int64_t nth = 1; fired; nth += 1 + nth / each) {
        Task *task = NULL;
        world_restore(w);
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = world_step(w, NULL, -1, &task);
        fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (fired)
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        if (world_job(w, w->ada, job)->status == JOB_RESTORING)
            assert_string_equal(shown(w), without); /* all or nothing */
        world_check(w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        world_work(w);
        assert_string_equal(shown(w), seen);
        assert_string_equal(everything(w), before);
    }
}

/* --- batch after batch, on PostgreSQL side by side ---------------------------------------------- */

enum { FEW = 24, BATCH = 3 };

static const char *few_rows(World *w)
{
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < FEW; i++)
        buf_add(&rows, str_from(ROW(TEXT("S%d", i), 2020, i)));
    return buf_str(&rows).ptr;
}

static Deletion *restoring(World *w, const Deletion *deletion)
{
    Deletion *after = NULL;
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion->id, NULL, &after));
    return after;
}

static void test_batches_with_stops_between(void **state)
{
    World *w = *state;
    batches_inject(BATCH);
    Uuid job = imported(w, few_rows(w), NULL);
    const char *before = everything(w);
    Deletion *deletion = deleted(w, job, (DeletionOptions){.orphaned_companies = true});
    Deletion *after = restoring(w, deletion);
    for (int64_t back = 0; !deletion_is_restored(after); back = after->restored_rows) {
        Task *task = NULL;
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        assert_no_error(world_step(w, NULL, 1, &task));
        assert_non_null(task);
        assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &after));
        assert_true(after->restored_rows > back || back == FEW);
    }
    assert_string_equal(everything(w), before);
    batches_inject(0);
}

/* The batches of these keys find it out by themselves, the others do not care. */
static void test_batches_whose_keys_are_taken(void **state)
{
    static const int TAKEN[] = {23, 4, 10, 11, 0, 16};
    World *w = *state;
    batches_inject(BATCH);
    Uuid job = imported(w, few_rows(w), NULL);
    const char *before = everything(w), *seen = shown(w);
    world_save(w);
    for (size_t count = 0; count <= ARRAY_COUNT(TAKEN); count++) {
        Deletion *deletion = deleted(w, job, (DeletionOptions){0});
        for (size_t i = 0; i < count; i++) {
            Prediction *made = NULL;
            assert_no_error(world_create(w, w->ada, TEXT("S%d", TAKEN[i]), 2020, 77, &made));
        }
        assert_int_equal(restored(w, deletion)->restored_former, count);
        for (size_t i = 0; i < count; i++)
            assert_true(find(w, TEXT("S%d", TAKEN[i]), 2020)->ratios[4].value == 77);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), FEW + count);
        if (count == 0)
            assert_string_equal(everything(w), before);
        world_restore(w);
        assert_string_equal(shown(w), seen);
    }
    batches_inject(0);
}

static void test_batches_with_every_call_failing(void **state)
{
    World *w = *state;
    batches_inject(BATCH * 3);
    Uuid job = imported(w, few_rows(w), NULL);
    const char *before = everything(w);
    Deletion *deletion = deleted(w, job, (DeletionOptions){0});
    restoring(w, deletion);
    world_save(w);
    bool fired = true;
    for (int64_t nth = 1; fired; nth++) {
        Task *task = NULL;
        world_restore(w);
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = world_step(w, NULL, -1, &task);
        fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (fired)
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        world_check(w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        world_work(w);
        assert_string_equal(everything(w), before);
    }
    batches_inject(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_job_comes_back_as_it_was),
        WORLD_TEST(test_asked_twice_it_is_restored_once),
        WORLD_TEST(test_replaced_values_come_back),
        WORLD_TEST(test_edits_stay_or_go_along),
        WORLD_TEST(test_what_was_made_again_since_stays_in_front),
        WORLD_TEST(test_refused),
        WORLD_TEST(test_a_record_alone),
        WORLD_TEST(test_an_import_that_takes_itself_back),
        WORLD_TEST(test_restoration_with_every_call_failing),
        WORLD_TEST(test_batches_with_stops_between),
        WORLD_TEST(test_batches_whose_keys_are_taken),
        WORLD_TEST(test_batches_with_every_call_failing),
    };
    return world_run(tests);
}
