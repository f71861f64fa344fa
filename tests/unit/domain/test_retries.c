/* Jobs that mend another: which one a job may name, by itself or by its file, and that they go and come back with it,
 * all or none, cut at every call. */
#include "world.h"

#include "domain/retries.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

static const ImportOptions REPLACE = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};
static const DeletionOptions BOTH = {.with_predictions = true, .include_retries = true};

static Uuid imported(World *w, const char *rows)
{
    world_advance(1000);
    Uuid id = world_upload(w, w->ada, rows, &REPLACE);
    world_work(w);
    return id;
}

static void found(World *w, const Job *retry, Uuid named)
{
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(retries_found(w->arena, w->db, retry, named));
    assert_no_error(tx_commit(&tx, w->arena));
}

static Uuid retry_of(World *w, Uuid job, const char *rows)
{
    Uuid id = imported(w, rows);
    Job named = *world_job(w, w->ada, id);
    named.retry_of = UUID_NIL;
    found(w, &named, job);
    return id;
}

static bool names(World *w, Uuid id, Uuid job)
{
    return uuid_equal(world_job(w, w->ada, id)->retry_of, job);
}

/* What people see, in no order. */
static const char *everything(World *w)
{
    return world_text(w, "SELECT * FROM annual_predictions ORDER BY id;"
                         "SELECT id, status, retry_of FROM bulk_upload_jobs ORDER BY id");
}

static void what_a_file_names_must_fit(void **state)
{
    World *w = *state;
    Uuid first = imported(w, ROW("ONE", 2020, 1)), other = imported(w, ROW("TWO", 2020, 1));
    Uuid bobs = world_upload(w, w->bob, ROW("ONE", 2020, 1), NULL);
    world_work(w);
    assert_true(names(w, retry_of(w, bobs, ROW("A", 2020, 1)), UUID_NIL));
    assert_true(names(w, retry_of(w, uuid_new(), ROW("B", 2020, 1)), UUID_NIL));
    Job *old = world_job(w, w->ada, first); /* a younger one cannot be mended by an older one */
    found(w, old, other);
    found(w, old, first);
    assert_true(names(w, first, UUID_NIL));
    Uuid retry = retry_of(w, first, ROW("C", 2020, 1));
    assert_true(names(w, retry, first));
    Job untold = *world_job(w, w->ada, retry); /* as it was read before it was told */
    untold.retry_of = UUID_NIL;
    found(w, &untold, other);
    assert_true(names(w, retry, first));
}

static void what_is_said_at_upload_must_fit(void **state)
{
    World *w = *state;
    Uuid first = imported(w, ROW("ONE", 2020, 1));
    Job *job = world_job(w, w->ada, first);
    Job retry = {.kind = KIND_ANNUAL, .owner_id = job->owner_id, .retry_of = first};
    assert_no_error(retries_name(w->arena, w->db, w->ada, &retry));
    assert_int_equal(retry.created_at, job->created_at + 1); /* whatever the clock does */
    assert_int_equal(retries_name(w->arena, w->db, w->bob, &retry)->code, ERROR_NOT_FOUND);
    retry.owner_id = uuid_new();
    assert_true(error_is(retries_name(w->arena, w->db, w->ada, &retry), "retry_of_other_owner"));
    retry.kind = KIND_QUARTERLY;
    assert_true(error_is(retries_name(w->arena, w->db, w->ada, &retry), "retry_of_other_kind"));
}

static void the_tree_is_walked_newest_first_and_bounded(void **state)
{
    World *w = *state;
    Retries seen = {0};
    Uuid first = imported(w, ROW("ONE", 2020, 1));
    Uuid child = retry_of(w, first, ROW("TWO", 2020, 1));
    Uuid grandchild = retry_of(w, child, ROW("THREE", 2020, 1));
    Uuid second = retry_of(w, first, ROW("FOUR", 2020, 1));
    assert_no_error(retries_of(w->arena, w->db, world_job(w, w->ada, first), &seen));
    assert_int_equal(seen.count, 2);
    assert_true(uuid_equal(seen.items[0].id, child) && uuid_equal(seen.items[1].id, second));
    assert_no_error(retries_below(w->arena, w->db, world_job(w, w->ada, first), &seen));
    assert_int_equal(seen.count, 3);
    assert_true(uuid_equal(seen.items[0].id, second) && uuid_equal(seen.items[1].id, grandchild) &&
                uuid_equal(seen.items[2].id, child));
    assert_false(seen.more);
    for (int i = 0; i < RETRIES_MAX; i++) {
        world_advance(1000);
        Job named = *world_job(w, w->ada, world_upload(w, w->ada, ROW("FIVE", 2020, 1), &REPLACE));
        found(w, &named, first);
    }
    DeletionPreview preview = {0};
    Error *error = deletion_preview(w->arena, w->db, w->ada, first, &BOTH, &preview);
    assert_true(error_is(error, "too_many_retries"));
    const DeletionOptions alone = {.with_predictions = true};
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, first, &alone, &preview));
    assert_true(preview.more_retries && preview.retry_count == RETRIES_MAX);
    world_delete(w, w->ada, grandchild, true); /* those that are gone are no longer in the way */
    world_delete(w, w->ada, second, true);
    error = deletion_preview(w->arena, w->db, w->ada, first, &BOTH, &preview);
    assert_true(error_is(error, "too_many_retries"));
    world_delete(w, w->ada, child, true);
    assert_no_error(deletion_preview(w->arena, w->db, w->ada, first, &BOTH, &preview));
    assert_true(!preview.more_retries && preview.retry_count == RETRIES_MAX);
}

static void one_that_may_not_go_keeps_all(void **state)
{
    World *w = *state;
    DeletionResult result = {0};
    Uuid first = imported(w, ROW("ONE", 2020, 1));
    Uuid retry = retry_of(w, first, ROW("TWO", 2020, 1));
    world_script(
        w, TEXT("UPDATE bulk_upload_jobs SET status = 'processing' WHERE retry_of IS NOT NULL"));
    const char *before = everything(w);
    Error *error = deletion_request(w->arena, w->db, w->ada, first, &BOTH, &result);
    assert_true(error_is(error, "job_processing") && error->code == ERROR_CONFLICT);
    assert_non_null(strstr(error->message, uuid_text(w->arena, retry)));
    assert_string_equal(everything(w), before);
    world_script(w, "UPDATE bulk_upload_jobs SET status = 'completed' WHERE retry_of IS NOT NULL");
    assert_no_error(deletion_request(w->arena, w->db, w->ada, first, &BOTH, &result));
    assert_int_equal(result.retry_count, 1);
    world_work(w);
}

/* --- cut at every call ------------------------------------------------------------------------ */

static Uuid asked;

static Error *delete_both(World *w)
{
    DeletionResult result = {0};
    return deletion_request(w->arena, w->db, w->ada, asked, &BOTH, &result);
}

static Error *restore_both(World *w)
{
    const RestorationOptions options = {.include_retries = true};
    RestorationResult result = {0};
    Uuid deletion;
    TRY(restoration_find(w->arena, w->db, w->ada, asked, &deletion));
    return restoration_request_all(w->arena, w->db, w->ada, deletion, &options, &result);
}

static void they_go_and_come_back_whole(void **state)
{
    World *w = *state;
    imported(w, ROW("ONE", 2020, 1));
    asked = imported(w, TEXT("%s%s", ROW("ONE", 2020, 2), ROW("TWO", 2020, 2)));
    Uuid retry = retry_of(w, asked, TEXT("%s%s", ROW("ONE", 2020, 3), ROW("SIX", 2020, 3)));
    const char *before = everything(w);
    assert_true(
        world_fail_every_call(w, delete_both, 1,
                              "SELECT id, status, hides_rows FROM bulk_upload_jobs ORDER BY id;"
                              "SELECT id, phase, state FROM deletions ORDER BY id") > 5);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"),
                     1);
    assert_int_equal(world_job(w, w->ada, retry)->status, JOB_DELETED);
    assert_true(
        world_fail_every_call(w, restore_both, 1,
                              "SELECT id, status, hides_rows FROM bulk_upload_jobs ORDER BY id;"
                              "SELECT id, phase, state FROM deletions ORDER BY id") > 5);
    world_work(w);
    assert_string_equal(everything(w), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_a_file_names_must_fit),
        WORLD_TEST(what_is_said_at_upload_must_fit),
        WORLD_TEST(the_tree_is_walked_newest_first_and_bounded),
        WORLD_TEST(one_that_may_not_go_keeps_all),
        WORLD_TEST(they_go_and_come_back_whole),
    };
    return world_run(tests);
}
