/* Deleting jobs: what is said before, what is gone at once, what stays, and that every row is accounted for. */
#include "world.h"

#include "base/clock.h"
#include "domain/batches.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

static Uuid imported(World *w, const char *rows)
{
    Uuid id = world_upload(w, w->ada, rows, NULL);
    world_work(w);
    return id;
}

static Error *request(World *w, const Principal *who, Uuid job, DeletionOptions options,
                      DeletionResult *ret_result)
{
    world_advance(1000);
    return deletion_request(w->arena, w->db, who, job, &options, ret_result);
}

static Deletion *done(World *w, Uuid id)
{
    Deletion *deletion = NULL;
    world_work(w);
    world_check(w);
    assert_no_error(deletion_get(w->arena, w->db, w->ada, id, &deletion));
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], deletion->expected);
    return deletion;
}

static int64_t visible(World *w, const Principal *who)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1000, .want_total = true};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, who, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.end.total, list.count);
    return (int64_t)list.count;
}

static Prediction *first_of(World *w, Uuid job)
{
    Page page = {.limit = 1};
    PredictionList list = {0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    assert_int_equal(list.count, 1);
    return &list.items[0];
}

static void gone(World *w, Uuid job)
{
    Job *found = NULL;
    Error *error = jobs_get(w->arena, w->db, w->ada, job, false, &found);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_GONE);
}

/* --- cascade ----------------------------------------------------------------------------------- */

static void test_gone_at_once_and_removed_afterwards(void **state)
{
    World *w = *state;
    Uuid other = imported(w, ROW("OTHER", 2020, 1));
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    Uuid row = first_of(w, job)->id, current;
    Prediction *found = NULL;
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job,
                            (DeletionOptions){.with_predictions = true, .reason = "wrong file"},
                            &result));
    assert_int_equal(result.job->status, JOB_COMPLETED); /* as it was found */
    assert_false(result.done);
    assert_int_equal(result.deletion->state, DELETION_PENDING);
    assert_int_equal(result.deletion->expected, 2);
    assert_int_equal(visible(w, w->ada), 1);
    Error *error = predictions_get(w->arena, w->db, w->ada, KIND_ANNUAL, row, &found, &current);
    assert_error(error, ERROR_GONE, "This prediction was deleted with the upload that made it.");
    assert_non_null(strstr(error->extra_json, "\"deleted_by\":\"ada@example.com\""));
    assert_non_null(strstr(error->extra_json, "\"deletion_reason\":\"wrong file\""));
    char when[TIME_TEXT_SIZE];
    time_format(when, result.deletion->created_at);
    assert_error(jobs_get(w->arena, w->db, w->ada, job, false, &(Job *){NULL}), ERROR_GONE,
                 TEXT("This job was deleted at %s by ada@example.com.", when));
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_DELETING);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 3);

    Deletion *deletion = done(w, result.deletion->id);
    assert_int_equal(deletion->counts.already_deleted, 0);
    assert_string_equal(deletion->reason, "wrong file");
    assert_int_equal(deletion->completed_at, world_now() - 1000);
    Job *after = world_job(w, w->ada, job);
    assert_int_equal(after->status, JOB_DELETED);
    assert_int_equal(after->status_before, JOB_COMPLETED);
    assert_false(after->hides_rows);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 1);
    assert_true(uuid_equal(first_of(w, other)->job_id, other));
    error = predictions_get(w->arena, w->db, w->ada, KIND_ANNUAL, row, &found, &current);
    assert_error(error, ERROR_GONE, "This prediction was deleted with the upload that made it.");
    gone(w, job);
}

static void test_the_file_and_errors_stay(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%sBAD,Bad,x,,2020,,1,,,,\n", ROW("ONE", 2020, 1)));
    world_delete(w, w->ada, job, true);
    world_work(w);
    Job *after = world_job(w, w->ada, job);
    Str chunk = {NULL, 0};
    assert_no_error(jobs_file_chunk(w->arena, w->db, after, 0, &chunk));
    assert_int_equal(chunk.len, after->file_size);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_errors"), 1);
}

static void test_a_second_time(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    DeletionResult result = {0};
    world_delete(w, w->ada, job, true);
    for (int removed = 0; removed < 2; removed++) {
        for (int cascade = 0; cascade < 2; cascade++) {
            Error *error =
                request(w, w->ada, job, (DeletionOptions){.with_predictions = cascade}, &result);
            assert_non_null(error);
            assert_int_equal(error->code, ERROR_GONE);
        }
        world_work(w);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM deletions"), 1);
}

static void test_the_file_again_right_behind_its_deletion(void **state)
{
    World *w = *state;
    const char *rows = TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2));
    Uuid job = imported(w, rows);
    world_delete(w, w->ada, job, true);
    Uuid again = imported(w, rows);
    world_check(w);
    assert_int_equal(world_job(w, w->ada, again)->counters.successful, 2);
    assert_int_equal(visible(w, w->ada), 2);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_DELETED);
}

static void test_a_pending_job_never_runs(void **state)
{
    World *w = *state;
    for (int cascade = 0; cascade < 2; cascade++) {
        Uuid job = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
        Deletion *deletion = world_delete(w, w->ada, job, cascade);
        assert_int_equal(deletion->expected, 0);
        world_work(w);
        world_check(w);
        assert_int_equal(world_job(w, w->ada, job)->status, JOB_DELETED);
        assert_int_equal(world_job(w, w->ada, job)->counters.processed, 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    }
}

static void test_of_failed_and_cancelled_jobs(void **state)
{
    World *w = *state;
    Uuid failed = imported(w, TEXT("%s\"never closed\n", ROW("ONE", 2020, 1)));
    assert_int_equal(world_job(w, w->ada, failed)->status, JOB_FAILED);
    DeletionResult result = {0};
    assert_no_error(
        request(w, w->ada, failed, (DeletionOptions){.with_predictions = true}, &result));
    assert_int_equal(done(w, result.deletion->id)->expected, 1);
    assert_int_equal(world_job(w, w->ada, failed)->status_before, JOB_FAILED);
    Job *job = NULL;
    Uuid cancelled = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, cancelled, &job));
    assert_no_error(request(w, w->ada, cancelled, (DeletionOptions){0}, &result));
    assert_true(result.done);
    assert_int_equal(world_job(w, w->ada, cancelled)->status_before, JOB_CANCELLED);
}

/* --- record only ------------------------------------------------------------------------------- */

static void test_record_only_then_cascade(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, (DeletionOptions){0}, &result));
    assert_true(result.done);
    assert_int_equal(result.predictions_kept, 2);
    assert_int_equal(result.deletion->state, DELETION_DONE);
    assert_int_equal(visible(w, w->ada), 2);
    Prediction *row = first_of(w, job);
    assert_true(row->job_deleted && row->original_filename != NULL && uuid_equal(row->job_id, job));
    Error *error = jobs_get(w->arena, w->db, w->ada, job, false, &(Job *){NULL});
    assert_non_null(error);
    assert_non_null(strstr(error->message, " Its predictions stay."));
    error = request(w, w->ada, job, (DeletionOptions){0}, &result);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_GONE);
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);

    assert_no_error(request(w, w->ada, job, (DeletionOptions){.with_predictions = true}, &result));
    assert_int_equal(visible(w, w->ada), 0);
    assert_int_equal(done(w, result.deletion->id)->expected, 2);
    assert_int_equal(world_job(w, w->ada, job)->status_before, JOB_COMPLETED);
}

/* The clock may be set back between the two; the later one is the later one all the same. */
static void test_record_only_then_cascade_with_the_clock_set_back(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, (DeletionOptions){0}, &result));
    world_advance(-SECONDS(60));
    assert_no_error(request(w, w->ada, job, (DeletionOptions){.with_predictions = true}, &result));
    world_advance(SECONDS(120));
    world_work(w);
    Error *error = request(w, w->ada, job, (DeletionOptions){.with_predictions = true}, &result);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_GONE);
}

static void test_rows_of_a_deleted_record_take_part_in_duplicates(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    world_delete(w, w->ada, job, false);
    Uuid again = imported(w, ROW("ONE", 2020, 1));
    assert_int_equal(world_job(w, w->ada, again)->counters.unchanged, 1);
}

/* --- what stays -------------------------------------------------------------------------------- */

static void test_edited_versions_stay(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    Uuid former = first_of(w, job)->id, current;
    Prediction *edited = world_edit(w, first_of(w, job), 7), *found = NULL;
    assert_true(uuid_equal(edited->derived_from, former) && uuid_equal(edited->root_job_id, job));
    DeletionPreview preview = {0};
    DeletionOptions options = {.with_predictions = true};
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    assert_int_equal(preview.counts.predictions[KIND_ANNUAL], 2);
    assert_int_equal(preview.counts.edits_kept, 1);
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, options, &result));
    assert_int_equal(visible(w, w->ada), 1);
    Deletion *deletion = done(w, result.deletion->id);
    assert_int_equal(deletion->counts.edits_kept, 1);
    assert_int_equal(visible(w, w->ada), 1);
    assert_no_error(
        predictions_get(w->arena, w->db, w->ada, KIND_ANNUAL, edited->id, &found, &current));
    assert_true(found->is_current && uuid_equal(current, edited->id));
    Error *error = predictions_get(w->arena, w->db, w->ada, KIND_ANNUAL, former, &found, &current);
    assert_error(error, ERROR_GONE, "This prediction was deleted with the upload that made it.");
}

static void test_rows_that_were_gone_before_are_accounted_for(void **state)
{
    World *w = *state;
    Uuid job = imported(
        w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2), ROW("THREE", 2020, 3)));
    int64_t count = 0;
    assert_no_error(world_remove(w, w->ada, first_of(w, job)->id, NULL, &count));
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, (DeletionOptions){.with_predictions = true}, &result));
    Deletion *deletion = done(w, result.deletion->id);
    assert_int_equal(deletion->expected, 2);
    assert_int_equal(deletion->counts.already_deleted, 1);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL] + deletion->counts.already_deleted,
                     world_job(w, w->ada, job)->counters.successful);
}

/* Between acceptance and removal somebody takes the key of a hidden row over by hand. */
static void test_a_hidden_key_is_taken_over_by_hand(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    DeletionResult result = {0};
    Prediction *made = NULL;
    assert_no_error(request(w, w->ada, job, (DeletionOptions){.with_predictions = true}, &result));
    assert_no_error(world_create(w, w->ada, "ONE", 2020, 9, &made));
    assert_int_equal(visible(w, w->ada), 1);
    assert_int_equal(made->source, SOURCE_MANUAL);
    Lineage lineage = {0};
    assert_no_error(predictions_lineage(w->arena, w->db, w->ada, KIND_ANNUAL, made->id, &lineage));
    assert_int_equal(lineage.versions.count, 1); /* the hidden one is no version of it */
    assert_null(lineage.job);
    done(w, result.deletion->id);
    assert_int_equal(visible(w, w->ada), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 1);
}

static void test_hidden_rows_cannot_be_changed_or_deleted(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    Prediction *row = first_of(w, job), *next = NULL;
    PredictionInput input = {.year = 2020, .quarter = 4};
    int64_t count = 0;
    world_delete(w, w->ada, job, true);
    Error *error =
        predictions_change(w->arena, w->db, w->ada, KIND_ANNUAL, row->id, &input, NULL, &next);
    assert_error(error, ERROR_GONE, "This prediction was deleted with the upload that made it.");
    error = world_remove(w, w->ada, row->id, NULL, &count);
    assert_error(error, ERROR_GONE, "This prediction was deleted with the upload that made it.");
}

/* --- companies --------------------------------------------------------------------------------- */

static void test_orphaned_companies(void **state)
{
    World *w = *state;
    Prediction *made = NULL;
    Uuid job = imported(
        w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("HAND", 2020, 2), ROW("EDIT", 2020, 1)));
    assert_no_error(world_create(w, w->ada, "HAND", 2021, 1, &made));
    Page page = {.limit = 10};
    PredictionList list = {0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    world_edit(w, &list.items[2], 8);
    DeletionOptions options = {.with_predictions = true, .orphaned_companies = true};
    DeletionPreview preview = {0};
    DeletionResult result = {0};
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    assert_int_equal(preview.counts.companies_deleted, 1);
    assert_no_error(request(w, w->ada, job, options, &result));
    assert_int_equal(done(w, result.deletion->id)->counts.companies_deleted, 1);
    assert_string_equal(
        world_text(w, "SELECT symbol FROM companies WHERE deleted_at IS NULL ORDER BY 1"),
        "EDIT\nHAND\n");
}

static void test_without_being_asked_companies_stay(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    world_delete(w, w->ada, job, true);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies WHERE deleted_at IS NULL"), 1);
}

/* --- preview ----------------------------------------------------------------------------------- */

static void test_preview_changes_nothing(void **state)
{
    World *w = *state;
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 30; i++)
        buf_add(&rows, str_from(ROW(TEXT("S%02d", i), 2020, i)));
    Uuid job = imported(w, buf_str(&rows).ptr);
    DeletionOptions options = {.with_predictions = true};
    DeletionPreview preview = {0};
    const char *before = world_state(w->arena, w);
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    assert_string_equal(world_state(w->arena, w), before);
    assert_int_equal(preview.counts.predictions[KIND_ANNUAL], 30);
    assert_int_equal(preview.predictions_kept, 0);
    assert_int_equal(preview.sample_count, DELETION_SAMPLE_MAX);
    for (size_t i = 0; i < preview.sample_count; i++)
        assert_int_equal(preview.sample[i].job_row, i + 2);
    options.with_predictions = false;
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    assert_int_equal(preview.counts.predictions[KIND_ANNUAL], 0);
    assert_int_equal(preview.predictions_kept, 30);
}

static void test_if_match(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)));
    DeletionOptions options = {.with_predictions = true};
    DeletionPreview preview = {0}, same = {0};
    DeletionResult result = {0};
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &same));
    assert_string_equal(preview.etag, same.etag);
    const char *stale = "What this would delete has changed since the preview. Look at it again.";

    DeletionOptions other = options; /* other options are another deletion */
    other.orphaned_companies = true;
    other.if_match = preview.etag;
    assert_error(request(w, w->ada, job, other, &result), ERROR_CHANGED, stale);

    world_edit(w, first_of(w, job), 5); /* an edit changes what stays */
    options.if_match = preview.etag;
    assert_error(request(w, w->ada, job, options, &result), ERROR_CHANGED, stale);

    options.if_match = NULL;
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    int64_t count = 0;
    Page page = {.limit = 10};
    PredictionList list = {0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    assert_no_error(world_remove(w, w->ada, list.items[1].id, NULL, &count));
    options.if_match = preview.etag;
    assert_error(request(w, w->ada, job, options, &result), ERROR_CHANGED, stale);

    options.if_match = NULL;
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, job, &options, &preview));
    options.if_match = preview.etag;
    assert_no_error(request(w, w->ada, job, options, &result));
    Deletion *deletion = done(w, result.deletion->id);
    assert_int_equal(deletion->expected, preview.counts.predictions[KIND_ANNUAL]);
    assert_int_equal(deletion->counts.edits_kept, preview.counts.edits_kept);
}

static void test_if_match_any(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, (DeletionOptions){.if_match = "*"}, &result));
}

/* --- who --------------------------------------------------------------------------------------- */

static void test_others(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    Deletion *deletion = world_delete(w, w->ada, job, true), *found = NULL;
    DeletionResult result = {0};
    DeletionPreview preview = {0};
    DeletionOptions options = {.with_predictions = true};
    assert_error(request(w, w->bob, job, options, &result), ERROR_NOT_FOUND,
                 "There is no such job.");
    assert_error(deletion_preview(w->arena, w->db, w->bob, job, &options, &preview),
                 ERROR_NOT_FOUND, "There is no such job.");
    assert_error(deletion_get(w->arena, w->db, w->bob, deletion->id, &found), ERROR_NOT_FOUND,
                 "There is no such deletion.");
}

static void test_wait(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    Deletion *deletion = world_delete(w, w->ada, job, true);
    int64_t began = clock_monotonic();
    assert_no_error(deletion_wait(w->arena, w->db, w->ada, deletion->id, 20000, &deletion));
    assert_int_equal(deletion->state, DELETION_PENDING);
    assert_true(clock_monotonic() - began >= 20000);
    world_work(w);
    assert_no_error(deletion_wait(w->arena, w->db, w->ada, deletion->id, SECONDS(60), &deletion));
    assert_int_equal(deletion->state, DELETION_DONE);
}

/* --- failures ---------------------------------------------------------------------------------- */

typedef struct Asked {
    World *w;
    Uuid job;
    bool cascade;
} Asked;

static bool request_once(Asked *asked, int64_t nth, const char *before)
{
    World *w = asked->w;
    DeletionOptions options = {.with_predictions = asked->cascade,
                               .orphaned_companies = asked->cascade};
    DeletionResult result = {0};
    fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
    Error *error = deletion_request(w->arena, w->db, w->ada, asked->job, &options, &result);
    bool fired = fault_fired(w->fault);
    fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
    if (!fired) {
        assert_no_error(error);
        return false;
    }
    assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
    assert_false(db_in_transaction(w->db));
    assert_string_equal(world_state(w->arena, w), before);
    return true;
}

static void test_request_with_every_call_failing(void **state)
{
    World *w = *state;
    for (int cascade = 0; cascade < 2; cascade++) {
        Asked asked = {w, imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1))),
                       cascade};
        const char *before = world_state(w->arena, w);
        int64_t nth = 1;
        while (request_once(&asked, nth, before))
            nth++;
        assert_true(nth > 10);
        world_work(w);
        world_check(w);
        assert_int_equal(world_job(w, w->ada, asked.job)->status, JOB_DELETED);
        if (!cascade)
            world_delete(w, w->ada, asked.job, true), world_work(w);
    }
}

static void test_removal_with_every_call_failing(void **state)
{
    World *w = *state;
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 1200; i++)
        buf_add(&rows, str_from(ROW(TEXT("S%d", i % 40), 2000 + i / 40, i)));
    Uuid job = imported(w, buf_str(&rows).ptr);
    DeletionOptions options = {.with_predictions = true, .orphaned_companies = true};
    DeletionResult result = {0};
    assert_no_error(request(w, w->ada, job, options, &result));
    world_save(w);
    world_work(w);
    const char *should = world_state(w->arena, w);
    bool fired = true;
    for (int64_t nth = 1; fired; nth += 1 + nth / world_rounds(30)) {
        Task *task = NULL;
        world_restore(w);
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = world_step(w, NULL, -1, &task);
        fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (fired)
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_int_equal(visible(w, w->ada), 0);
        world_check(w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        world_work(w);
        world_check(w);
        assert_string_equal(world_state(w->arena, w), should);
    }
}

static void test_given_up_it_is_stalled_and_hidden(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    Deletion *deletion = world_delete(w, w->ada, job, true);
    Task *task = NULL;
    assert_no_error(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_no_error(deletion_give_up(w->arena, w->db, task));
    assert_no_error(deletion_get(w->arena, w->db, w->ada, deletion->id, &deletion));
    assert_int_equal(deletion->state, DELETION_STALLED);
    assert_int_equal(deletion->completed_at, 0);
    assert_int_equal(visible(w, w->ada), 0);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_DELETING);
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
}

static bool never(void *self)
{
    (void)self;
    return false;
}

static void test_who_lost_the_task_removes_nothing(void **state)
{
    World *w = *state;
    Task *slow = NULL, *other = NULL;
    TaskEnd end;
    Uuid job = imported(w, ROW("ONE", 2020, 1));
    world_delete(w, w->ada, job, true);
    assert_no_error(queue_claim(w->arena, w->db, "slow", INT64_MAX, NULL, &slow));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    assert_no_error(queue_claim(w->arena, w->db, "other", INT64_MAX, NULL, &other));
    const char *before = world_state(w->arena, w);
    TaskWatch watch = {.stopping = never};
    assert_true(error_is(deletion_give_up(w->arena, w->db, slow), "lease_lost"));
    assert_true(error_is(deletion_run(w->arena, w->db, slow, &watch, &end), "lease_lost"));
    assert_string_equal(world_state(w->arena, w), before);
}

/* What somebody who waits for it is told: "0/3 1/3 …" */
static void note_progress(void *self, const JobCounters *counters, int64_t file_size)
{
    assert_int_equal(file_size, 0);
    buf_printf(self, "%lld/%lld ", (long long)counters->processed, (long long)counters->total);
}

static void test_the_removal_tells_how_far_it_is(void **state)
{
    World *w = *state;
    Buf told = buf_new(arena_child(w->arena), 1000); /* the world's is rewound while it goes on */
    TaskWatch watch = {.stopping = never, .progress = note_progress, .self = &told};
    TaskEnd end;
    Task *task = NULL;
    Uuid job =
        imported(w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2), ROW("SIX", 2020, 6)));
    Deletion *deletion = world_delete(w, w->ada, job, true);
    batches_inject(1);
    assert_no_error(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_no_error(deletion_run(w->arena, w->db, task, &watch, &end));
    batches_inject(0);
    assert_string_equal(buf_str(&told).ptr, "0/3 1/3 2/3 3/3 ");
    done(w, deletion->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_gone_at_once_and_removed_afterwards),
        WORLD_TEST(test_the_file_and_errors_stay),
        WORLD_TEST(test_a_second_time),
        WORLD_TEST(test_the_file_again_right_behind_its_deletion),
        WORLD_TEST(test_a_pending_job_never_runs),
        WORLD_TEST(test_of_failed_and_cancelled_jobs),
        WORLD_TEST(test_record_only_then_cascade),
        WORLD_TEST(test_record_only_then_cascade_with_the_clock_set_back),
        WORLD_TEST(test_rows_of_a_deleted_record_take_part_in_duplicates),
        WORLD_TEST(test_edited_versions_stay),
        WORLD_TEST(test_rows_that_were_gone_before_are_accounted_for),
        WORLD_TEST(test_a_hidden_key_is_taken_over_by_hand),
        WORLD_TEST(test_hidden_rows_cannot_be_changed_or_deleted),
        WORLD_TEST(test_orphaned_companies),
        WORLD_TEST(test_without_being_asked_companies_stay),
        WORLD_TEST(test_preview_changes_nothing),
        WORLD_TEST(test_if_match),
        WORLD_TEST(test_if_match_any),
        WORLD_TEST(test_others),
        WORLD_TEST(test_wait),
        WORLD_TEST(test_request_with_every_call_failing),
        WORLD_TEST(test_removal_with_every_call_failing),
        WORLD_TEST(test_given_up_it_is_stalled_and_hidden),
        WORLD_TEST(test_who_lost_the_task_removes_nothing),
        WORLD_TEST(test_the_removal_tells_how_far_it_is),
    };
    return world_run(tests);
}
