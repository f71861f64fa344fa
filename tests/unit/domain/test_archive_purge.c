/* Ending archives: all of it goes and nothing else, whatever fails on the way; what stalled goes on where it
 * stood; a policy ends what is old. */
#include "world.h"

#include "base/clock.h"
#include "domain/archive_purge.h"
#include "domain/deletions.h"
#include "domain/holds.h"
#include "domain/restoration.h"
#include "domain/retry.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)
#define BAD                      "BAD,Bad Inc.,1000,Energy,none,Q4,,,,,1\n"

/* What a purge ends, in numbers: chunks, companies that archives name, parts of files, errors, covering rows. */
#define KEPT                                                                                       \
    "SELECT (SELECT count(*) FROM deletion_chunks), (SELECT count(*) FROM archived_companies), "   \
    "(SELECT count(*) FROM bulk_upload_files), (SELECT count(*) FROM bulk_upload_errors), "        \
    "(SELECT count(*) FROM covering_rows)"

static Uuid imported(World *w, const char *rows, const ImportOptions *options)
{
    Uuid id = world_upload(w, w->root, rows, options);
    world_work(w);
    return id;
}

static Deletion *get(World *w, Uuid id)
{
    Deletion *deletion = NULL;
    assert_no_error(deletion_get(w->arena, w->db, w->root, id, &deletion));
    return deletion;
}

static Uuid deleted(World *w, Uuid job, bool orphans)
{
    DeletionOptions options = {.with_predictions = true, .orphaned_companies = orphans};
    DeletionResult result = {0};
    world_advance(1000);
    assert_no_error(deletion_request(w->arena, w->db, w->root, job, &options, &result));
    world_work(w);
    assert_int_equal(get(w, result.deletion->id)->state, DELETION_DONE);
    return result.deletion->id;
}

static Error *purge(World *w, Uuid id)
{
    Deletion *deletion = NULL;
    return archive_purge_request(w->arena, w->db, w->root, id, "they asked", &deletion);
}

static Uuid purged(World *w, Uuid id)
{
    assert_no_error(purge(w, id));
    world_work(w);
    assert_int_equal(deletions_status(get(w, id)), STATUS_PURGED);
    return id;
}

static int64_t audited(World *w, const char *action)
{
    return world_number(w, TEXT("SELECT count(*) FROM audit_events WHERE action = '%s'", action));
}

static void hold(World *w, Uuid job, bool on)
{
    JobChange change = {.has_hold = true, .hold = on, .reason = "a case"};
    Job *changed = NULL;
    world_advance(1000);
    assert_no_error(holds_change(w->arena, w->db, w->root, job, &change, &changed));
}

/* Many rows: several chunks. */
static const char *many_rows(World *w)
{
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 1200; i++)
        buf_add(&rows, str_from(ROW(TEXT("S%d", i % 40), 2000 + i / 40, i)));
    buf_add(&rows, STR(BAD));
    return buf_str(&rows).ptr;
}

/* --- what goes, and what stays ------------------------------------------------------------------ */

static void test_all_of_it_goes(void **state)
{
    World *w = *state;
    Uuid other = deleted(w, imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), BAD), NULL), true);
    const char *before = world_text(w, KEPT);
    Uuid job = imported(w, TEXT("%s%s%s", ROW("TWO", 2020, 1), ROW("THREE", 2020, 2), BAD), NULL);
    Uuid id = deleted(w, job, true);
    assert_no_error(purge(w, id));
    Deletion *deletion = get(w, id);
    assert_int_equal(deletions_status(deletion), STATUS_PURGING);
    assert_true(uuid_equal(deletion->purged_by, w->root->user_id));
    assert_string_equal(deletion->purge_reason, "they asked");
    assert_int_equal(deletion->purged_at, 0);
    assert_no_error(purge(w, id)); /* asked twice it is queued once */
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 1);
    world_work(w);
    world_check(w);
    assert_string_equal(world_text(w, KEPT), before);
    deletion = get(w, id);
    assert_int_equal(deletions_status(deletion), STATUS_PURGED);
    assert_int_equal(deletion->archived, 0);
    assert_int_equal(deletion->restorable_until, 0);
    assert_true(deletion->purged_at > 0);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 2);
    assert_int_equal(world_job(w, w->root, job)->status, JOB_DELETED);
    assert_int_equal(audited(w, "deletion.purge_requested"), 1);
    assert_int_equal(audited(w, "deletion.purged"), 1);
    assert_no_error(purge(w, id)); /* and again */
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
    Deletion *none = NULL;
    assert_true(error_is(restoration_request(w->arena, w->db, w->root, id, NULL, &none), "purged"));
    assert_no_error(restoration_request(w->arena, w->db, w->root, other, NULL, &none));
    world_work(w);
    assert_int_equal(deletions_status(get(w, other)), STATUS_RESTORED);
}

static void test_in_batches(void **state)
{
    World *w = *state;
    Uuid id = deleted(w, imported(w, many_rows(w), NULL), true);
    assert_true(world_number(w, "SELECT count(*) FROM deletion_chunks") > 1);
    assert_no_error(purge(w, id));
    Task *task = NULL;
    int64_t left = get(w, id)->archived;
    assert_int_equal(left, 1200);
    assert_no_error(world_step(w, NULL, 1, &task)); /* one batch, then it is to stop */
    assert_int_equal(w->last_end, TASK_STOPPED);
    Deletion *deletion = get(w, id);
    assert_int_equal(deletion->state, DELETION_RUNNING);
    assert_true(deletion->archived > 0 && deletion->archived < left);
    assert_int_equal(deletion->archived,
                     world_number(w, "SELECT sum(row_count) FROM deletion_chunks"));
    assert_true(deletions_progress(deletion) > 0);
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    world_work(w);
    assert_int_equal(deletions_status(get(w, id)), STATUS_PURGED);
    assert_string_equal(world_text(w, KEPT), "0|0|0|0|0\n");
}

/* The file and the errors stay while anything refers to the job. */
static void test_the_file_stays_while_it_is_needed(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), BAD), NULL);
    DeletionResult result = {0};
    DeletionOptions record = {0};
    assert_no_error(deletion_request(w->arena, w->db, w->root, job, &record, &result));
    purged(w, result.deletion->id); /* its predictions stay, and with them where they came from */
    assert_string_equal(world_text(w, KEPT), "0|0|1|1|0\n");
    Uuid id = deleted(w, job, false);
    purged(w, id);
    assert_string_equal(world_text(w, KEPT), "0|0|0|0|0\n");
}

static void test_of_a_restored_deletion_only_the_archive_goes(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), BAD), NULL);
    Uuid id = deleted(w, job, true);
    Deletion *restored = NULL;
    assert_no_error(restoration_request(w->arena, w->db, w->root, id, NULL, &restored));
    assert_true(error_is(purge(w, id), "deletion_running"));
    world_work(w);
    purged(w, id);
    assert_string_equal(world_text(w, KEPT), "0|0|1|1|0\n");
    assert_int_equal(world_job(w, w->root, job)->status, JOB_COMPLETED);
    assert_true(get(w, id)->restored_at > 0);
    world_check(w);
    purged(w, deleted(w, job, true)); /* and it may be deleted again */
    assert_string_equal(world_text(w, KEPT), "0|0|0|0|0\n");
}

static void test_covering_rows_go_with_it(void **state)
{
    World *w = *state;
    ImportOptions replace = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};
    imported(w, ROW("ONE", 2020, 1), NULL);
    Uuid job = imported(w, ROW("ONE", 2020, 2), &replace);
    Uuid id = deleted(w, job, false);
    assert_string_equal(world_text(w, KEPT), "1|1|2|0|1\n");
    purged(w, id);
    assert_string_equal(world_text(w, KEPT), "0|0|1|0|0\n");
    world_check(w);
}

/* --- who, and when not ------------------------------------------------------------------------- */

static void test_who_may(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    world_work(w);
    Deletion *deletion = world_delete(w, w->ada, job, true);
    world_work(w);
    Deletion *none = NULL;
    assert_error(archive_purge_request(w->arena, w->db, w->ada, deletion->id, "x", &none),
                 ERROR_DENIED, "Only an administrator may purge an archive.");
    assert_error(retry_deletion(w->arena, w->db, w->ada, deletion->id, &none), ERROR_DENIED,
                 "Only an administrator may let a deletion go on.");
    assert_error(archive_purge_request(w->arena, w->db, w->root, deletion->id, "x", &none),
                 ERROR_NOT_FOUND, "There is no such deletion.");
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
}

static void test_not_while_rows_are_on_their_way(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1), NULL);
    Deletion *deletion = world_delete(w, w->root, job, true);
    assert_error(purge(w, deletion->id), ERROR_CONFLICT,
                 "Rows of this deletion are on their way. Wait until that is over, then purge its "
                 "archive.");
    Task *task = NULL;
    assert_no_error(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_no_error(deletion_give_up(w->arena, w->db, task));
    assert_true(error_is(purge(w, deletion->id), "deletion_stalled"));
}

static void test_a_hold_stops_it(void **state)
{
    World *w = *state;
    Uuid job = imported(w, many_rows(w), NULL);
    Uuid id = deleted(w, job, false);
    hold(w, job, true);
    assert_true(error_is(purge(w, id), "legal_hold"));
    hold(w, job, false);
    assert_no_error(purge(w, id));
    Task *task = NULL;
    assert_no_error(world_step(w, NULL, 1, &task));
    int64_t left = get(w, id)->archived;
    hold(w, job, true);
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    world_work(w);
    Deletion *deletion = get(w, id);
    assert_int_equal(deletions_status(deletion), STATUS_STALLED);
    assert_int_equal(deletion->archived, left);
    assert_int_equal(audited(w, "deletion.purge_stalled"), 1);
    assert_true(error_is(retry_deletion(w->arena, w->db, w->root, id, &deletion), "legal_hold"));
    hold(w, job, false);
    assert_no_error(retry_deletion(w->arena, w->db, w->root, id, &deletion));
    assert_int_equal(deletions_status(deletion), STATUS_PURGING);
    world_work(w);
    assert_int_equal(deletions_status(get(w, id)), STATUS_PURGED);
    assert_string_equal(world_text(w, KEPT), "0|0|0|0|0\n");
}

/* A deletion by hand holds rows of a job in its archive. */
static void test_a_hold_on_a_row_of_another_archive(void **state)
{
    World *w = *state;
    Uuid job = imported(w, ROW("ONE", 2020, 1), NULL);
    Uuid other = imported(w, ROW("TWO", 2020, 1), NULL);
    Page page = {.limit = 1};
    PredictionList list = {0};
    int64_t count = 0;
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->root, job), &page, &list));
    assert_no_error(world_remove(w, w->root, list.items[0].id, NULL, &count));
    DeletionList found = {0};
    DeletionFilter filter = {.subjects = 1u << SUBJECT_PREDICTION};
    assert_no_error(deletions_list(w->arena, w->db, w->root, &filter, &page, &found));
    assert_int_equal(found.count, 1);
    Uuid id = found.items[0].id;
    hold(w, job, true);
    Error *error = purge(w, id);
    assert_error(error, ERROR_CONFLICT,
                 TEXT("1 rows of this archive belong to a job that is on legal hold, set by %s: "
                      "they stay until the hold is lifted.",
                      w->root->email));
    hold(w, job, false);
    hold(w, other, true); /* of another job: it does not matter */
    assert_no_error(purge(w, id));
    hold(w, job, true); /* and set while it waits */
    world_work(w);
    assert_int_equal(deletions_status(get(w, id)), STATUS_STALLED);
    assert_int_equal(get(w, id)->archived, 1);
}

/* --- what stalled goes on ---------------------------------------------------------------------- */

static void give_up(World *w, Error *(*give)(Arena *, Db *, Task *))
{
    Task *task = NULL;
    assert_no_error(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_non_null(task);
    assert_no_error(give(w->arena, w->db, task));
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
}

static void go_on(World *w, Uuid id, DeletionStatus status)
{
    Deletion *deletion = get(w, id);
    assert_int_equal(deletions_status(deletion), STATUS_STALLED);
    assert_no_error(retry_deletion(w->arena, w->db, w->root, id, &deletion));
    assert_int_equal(deletion->state, DELETION_PENDING);
    assert_no_error(
        retry_deletion(w->arena, w->db, w->root, id, &deletion)); /* it goes on already */
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 1);
    world_work(w);
    world_check(w);
    assert_int_equal(deletions_status(get(w, id)), status);
    assert_true(error_is(retry_deletion(w->arena, w->db, w->root, id, &deletion), "not_stalled"));
}

static void test_each_phase_goes_on(void **state)
{
    World *w = *state;
    Uuid job = imported(w, many_rows(w), NULL);
    Task *task = NULL;
    Uuid id = world_delete(w, w->root, job, true)->id;
    assert_no_error(world_step(w, NULL, 1, &task)); /* in the middle */
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    give_up(w, deletion_give_up);
    go_on(w, id, STATUS_DONE);
    Deletion *deletion = NULL;
    assert_no_error(restoration_request(w->arena, w->db, w->root, id, NULL, &deletion));
    assert_no_error(world_step(w, NULL, 1, &task));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    give_up(w, deletion_give_up);
    go_on(w, id, STATUS_RESTORED);
    assert_no_error(purge(w, id));
    assert_no_error(world_step(w, NULL, 1, &task));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    give_up(w, archive_purge_give_up);
    go_on(w, id, STATUS_PURGED);
    assert_int_equal(audited(w, "deletion.retried"), 2); /* a restoration is asked for again */
}

/* --- failures ---------------------------------------------------------------------------------- */

typedef Error *Asking(World *w, Uuid id);

static Error *retry(World *w, Uuid id)
{
    Deletion *deletion = NULL;
    return retry_deletion(w->arena, w->db, w->root, id, &deletion);
}

static void ask_with_every_call_failing(World *w, Uuid id, Asking *ask)
{
    const char *before = world_state(w->arena, w);
    for (int64_t nth = 1;; nth++) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = ask(w, id);
        bool fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (!fired) {
            assert_no_error(error);
            assert_true(nth > 10);
            return;
        }
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_false(db_in_transaction(w->db));
        assert_string_equal(world_state(w->arena, w), before);
    }
}

static void test_asking_with_every_call_failing(void **state)
{
    World *w = *state;
    Uuid id = deleted(w, imported(w, ROW("ONE", 2020, 1), NULL), false);
    ask_with_every_call_failing(w, id, purge);
    give_up(w, archive_purge_give_up);
    ask_with_every_call_failing(w, id, retry);
    world_work(w);
    assert_int_equal(deletions_status(get(w, id)), STATUS_PURGED);
}

/* Whichever call fails, and whenever it goes on afterwards, it ends as if nothing had been. */
static void test_purging_with_every_call_failing(void **state)
{
    World *w = *state;
    Uuid id = deleted(w, imported(w, many_rows(w), NULL), true);
    assert_no_error(purge(w, id));
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
        assert_int_equal(
            get(w, id)->archived,
            world_number(w, "SELECT coalesce(sum(row_count), 0) FROM deletion_chunks"));
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        world_work(w);
        world_check(w);
        assert_string_equal(world_text(w, KEPT), "0|0|0|0|0\n");
        assert_string_equal(world_state(w->arena, w), should);
    }
}

static bool never(void *self)
{
    (void)self;
    return false;
}

static void test_who_lost_the_task_ends_nothing(void **state)
{
    World *w = *state;
    Task *slow = NULL, *other = NULL;
    TaskEnd end;
    TaskWatch watch = {.stopping = never};
    Uuid id = deleted(w, imported(w, ROW("ONE", 2020, 1), NULL), false);
    assert_no_error(purge(w, id));
    assert_no_error(queue_claim(w->arena, w->db, "slow", INT64_MAX, NULL, &slow));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    assert_no_error(queue_claim(w->arena, w->db, "other", INT64_MAX, NULL, &other));
    const char *before = world_text(w, KEPT);
    assert_true(error_is(archive_purge_run(w->arena, w->db, slow, &watch, &end), "lease_lost"));
    assert_true(error_is(archive_purge_give_up(w->arena, w->db, slow), "lease_lost"));
    assert_string_equal(world_text(w, KEPT), before);
    assert_int_equal(deletions_status(get(w, id)), STATUS_PURGING);
}

/* --- the policy -------------------------------------------------------------------------------- */

static int64_t swept(World *w, int64_t keep)
{
    int64_t queued = 0;
    assert_no_error(archive_purge_sweep(w->arena, w->db, keep, &queued));
    return queued;
}

static void test_the_policy(void **state)
{
    World *w = *state;
    Uuid held = imported(w, ROW("ONE", 2020, 1), NULL);
    Uuid first = deleted(w, held, false);
    Uuid second = deleted(w, imported(w, ROW("TWO", 2020, 1), NULL), false);
    hold(w, held, true);
    world_advance(DAYS(10));
    Uuid third = deleted(w, imported(w, ROW("THREE", 2020, 1), NULL), false);
    assert_int_equal(swept(w, DAYS(5)), 0); /* their window is open */
    world_advance(DAYS(25));
    assert_int_equal(swept(w, DAYS(40)), 0); /* not old enough */
    assert_int_equal(swept(w, DAYS(30)), 1);
    assert_int_equal(swept(w, DAYS(30)), 0); /* it is queued */
    assert_int_equal(deletions_status(get(w, first)), STATUS_DONE);
    assert_int_equal(deletions_status(get(w, second)), STATUS_PURGING);
    assert_int_equal(deletions_status(get(w, third)), STATUS_DONE);
    world_work(w);
    assert_int_equal(deletions_status(get(w, second)), STATUS_PURGED);
    assert_true(uuid_is_nil(get(w, second)->purged_by));
    hold(w, held, false);
    world_advance(DAYS(10));
    assert_int_equal(swept(w, DAYS(30)), 2);
    world_work(w);
    assert_int_equal(deletions_status(get(w, first)), STATUS_PURGED);
    assert_int_equal(deletions_status(get(w, third)), STATUS_PURGED);
    assert_int_equal(audited(w, "deletion.purged"), 3);
}

/* --- companies that nothing names ---------------------------------------------------------------- */

static int64_t sweep_companies(World *w)
{
    CompanyPlace place = {0};
    int64_t removed = 0;
    assert_no_error(archive_purge_companies(w->arena, w->db, &place, SECONDS(60), &removed));
    assert_true(uuid_is_nil(place.id)); /* through, and at the beginning again */
    return removed;
}

static void test_companies_that_nothing_names(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)), NULL);
    Prediction *hand = NULL;
    assert_no_error(world_create(w, w->root, "HAND", 2020, 1, &hand));
    Uuid id = deleted(w, job, true);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies WHERE deleted_at IS NOT NULL"),
                     2);
    assert_int_equal(sweep_companies(w), 0); /* the archive names them */
    purged(w, id);
    world_script(w, "UPDATE companies SET deleted_at = created_at WHERE symbol = 'HAND'");
    assert_int_equal(sweep_companies(w), 2);
    assert_string_equal(world_text(w, "SELECT symbol FROM companies"), "HAND\n");
    world_script(w, "UPDATE annual_predictions SET is_current = FALSE");
    assert_int_equal(sweep_companies(w), 0); /* a former version names it */
    assert_int_equal(sweep_companies(w), 0);
}

static void test_companies_of_who_has_work_stay(void **state)
{
    World *w = *state;
    purged(w, deleted(w, imported(w, ROW("ONE", 2020, 1), NULL), true));
    Uuid job = world_upload(w, w->root, ROW("ONE", 2020, 2), NULL);
    assert_int_equal(sweep_companies(w), 0);
    world_work(w);
    assert_int_equal(world_job(w, w->root, job)->status, JOB_COMPLETED);
    assert_int_equal(sweep_companies(w), 0);
    world_check(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_all_of_it_goes),
        WORLD_TEST(test_in_batches),
        WORLD_TEST(test_the_file_stays_while_it_is_needed),
        WORLD_TEST(test_of_a_restored_deletion_only_the_archive_goes),
        WORLD_TEST(test_covering_rows_go_with_it),
        WORLD_TEST(test_who_may),
        WORLD_TEST(test_not_while_rows_are_on_their_way),
        WORLD_TEST(test_a_hold_stops_it),
        WORLD_TEST(test_a_hold_on_a_row_of_another_archive),
        WORLD_TEST(test_each_phase_goes_on),
        WORLD_TEST(test_asking_with_every_call_failing),
        WORLD_TEST(test_purging_with_every_call_failing),
        WORLD_TEST(test_who_lost_the_task_ends_nothing),
        WORLD_TEST(test_the_policy),
        WORLD_TEST(test_companies_that_nothing_names),
        WORLD_TEST(test_companies_of_who_has_work_stay),
    };
    return world_run(tests);
}
