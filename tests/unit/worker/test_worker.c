/* The worker with its real threads and the real clock: starting and stopping, lanes, waking, giving up. What a
 * task does is tested on the domain's floor. */
#include "worker/worker.h"

#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/account_store.h"

#define PATIENCE SECONDS(60)

static int set_up(void **state)
{
    int failed = world_set_up(state);
    clock_inject(NULL);
    log_setup(LOG_OFF, false);
    return failed;
}

#define WORKER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

static Worker *start(World *w)
{
    Worker *worker = NULL;
    WorkerConfig config = {.db_url = str_dup(w->arena, w->url)};
    assert_no_error(worker_start(w->arena, &config, &worker));
    return worker;
}

static JobStatus status(World *w, const Principal *who, Uuid job)
{
    ArenaMark mark = arena_mark(w->arena);
    JobStatus found = world_job(w, who, job)->status;
    arena_rewind(w->arena, mark);
    return found;
}

static void wait_for(World *w, const Principal *who, Uuid job, JobStatus wanted)
{
    int64_t until = clock_monotonic() + PATIENCE;
    while (status(w, who, job) != wanted) {
        if (clock_monotonic() > until)
            fail_msg("the job is %s and not %s", JOB_STATUS_WORDS[status(w, who, job)],
                     JOB_STATUS_WORDS[wanted]);
        clock_sleep(2000);
    }
}

static void wait_for_number(World *w, const char *query, int64_t wanted)
{
    int64_t until = clock_monotonic() + PATIENCE;
    while (world_number(w, query) != wanted) {
        if (clock_monotonic() > until)
            fail_msg("%s gives %jd and not %jd", query, (intmax_t)world_number(w, query),
                     (intmax_t)wanted);
        clock_sleep(2000);
    }
}

static const char *many_rows(World *w, int rows)
{
    Buf text = buf_new(w->arena, 64 << 20);
    for (int i = 0; i < rows; i++)
        buf_printf(
            &text,
            "S%d,A name that is somewhat longer,1000000000,Industrials,%d,Q%d,1.25,2.5,3.75,4,%d\n",
            i / 400, 1900 + i / 4 % 100, 1 + i % 4, i % 50);
    return buf_str(&text).ptr;
}

/* --- starting and stopping --------------------------------------------------------------------- */

static void test_nothing_to_do(void **state)
{
    World *w = *state;
    for (int i = 0; i < 3; i++) {
        Worker *worker = start(w);
        int64_t began = clock_monotonic();
        worker_stop(worker);
        assert_true(clock_monotonic() - began < SECONDS(10));
    }
    worker_stop(NULL);
}

static void test_no_database(void **state)
{
    World *w = *state;
    Worker *worker = NULL;
    WorkerConfig config = {.db_url = arena_printf(w->arena, "sqlite:%s/none.db", w->directory)};
    Error *error = worker_start(w->arena, &config, &worker);
    assert_error(error, ERROR_UNAVAILABLE, "The database cannot be opened.");
    assert_null(worker);
    TaskWatch watch = {0};
    error = worker_run_until(w->arena, config.db_url, &watch, w->ada->user_id, uuid_new());
    assert_error(error, ERROR_UNAVAILABLE, "The database cannot be opened.");
}

static void test_stopped_in_the_middle(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, many_rows(w, 30000), NULL);
    Worker *worker = start(w);
    wait_for(w, w->ada, job, JOB_PROCESSING);
    int64_t began = clock_monotonic();
    worker_stop(worker);
    assert_true(clock_monotonic() - began < SECONDS(10));
    if (status(w, w->ada, job) == JOB_PROCESSING)
        assert_string_equal(world_text(w, "SELECT lease_until, attempts FROM work_queue"),
                            "NULL|0\n");
    worker = start(w);
    wait_for(w, w->ada, job, JOB_COMPLETED);
    worker_stop(worker);
    world_check(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 30000);
}

/* --- work -------------------------------------------------------------------------------------- */

static void test_woken_at_once(void **state)
{
    World *w = *state;
    Worker *worker = start(w);
    clock_sleep(50000); /* all threads wait by now */
    int64_t worst = 0;
    for (int i = 0; i < 5; i++) {
        Uuid job =
            world_upload(w, w->ada, world_row(w, arena_printf(w->arena, "S%d", i), 2020, 1), NULL);
        int64_t began = clock_now();
        wait_for(w, w->ada, job, JOB_COMPLETED);
        int64_t took = world_job(w, w->ada, job)->started_at - began;
        worst = took > worst ? took : worst;
    }
    print_message("the slowest start came %jd µs behind the acceptance\n", (intmax_t)worst);
    assert_true(worst < SECONDS(1) / 2); /* by polling alone it would be up to a second each */
    worker_stop(worker);
}

/* What another process queued is found by looking. */
static void test_found_by_polling(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_script(w, "UPDATE work_queue SET not_before = {micros 9000000000000000}");
    Worker *worker = start(w);
    clock_sleep(100000);
    assert_int_equal(status(w, w->ada, job), JOB_PENDING);
    world_script(w, "UPDATE work_queue SET not_before = {micros 0}");
    int64_t began = clock_monotonic();
    wait_for(w, w->ada, job, JOB_COMPLETED);
    assert_true(clock_monotonic() - began < SECONDS(10));
    worker_stop(worker);
}

static void test_ten_rows_pass_a_large_file(void **state)
{
    World *w = *state;
    Uuid large = world_upload(w, w->ada, many_rows(w, 70000), NULL);
    assert_true(world_job(w, w->ada, large)->file_size > 4 << 20);
    Worker *worker = start(w);
    wait_for(w, w->ada, large, JOB_PROCESSING);
    Uuid small = world_upload(w, w->bob, world_row(w, "ONE", 2020, 1), NULL);
    wait_for(w, w->bob, small, JOB_COMPLETED);
    assert_int_equal(status(w, w->ada, large), JOB_PROCESSING);
    worker_stop(worker);
    world_check(w);
}

static void test_in_the_owners_order(void **state)
{
    World *w = *state;
    const char *rows = many_rows(w, 2000);
    Uuid jobs[4];
    Worker *workers[] = {start(w), start(w)};
    jobs[0] = world_upload(w, w->ada, rows, NULL);
    for (int i = 1; i < 4; i++) {
        wait_for(w, w->ada, jobs[i - 1], JOB_COMPLETED);
        world_delete(w, w->ada, jobs[i - 1], true);
        jobs[i] = world_upload(w, w->ada, rows, NULL);
    }
    wait_for(w, w->ada, jobs[3], JOB_COMPLETED);
    for (size_t i = 0; i < ARRAY_COUNT(workers); i++)
        worker_stop(workers[i]);
    world_check(w);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(world_job(w, w->ada, jobs[i])->counters.successful, 2000);
        assert_int_equal(status(w, w->ada, jobs[i]), i < 3 ? JOB_DELETED : JOB_COMPLETED);
    }
}

/* --- what goes wrong --------------------------------------------------------------------------- */

/* A stored file of which a part is gone: the task fails each time, is tried three times, and ends; the next
 * one of its owner goes on then, and others are not held up at all. */
static void test_a_poisoned_task_is_given_up(void **state)
{
    World *w = *state;
    Uuid poisoned = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    Uuid behind = world_upload(w, w->ada, world_row(w, "TWO", 2020, 1), NULL);
    Uuid other = world_upload(w, w->bob, world_row(w, "ONE", 2020, 1), NULL);
    w->broken = "file_chunks file_digest";
    world_script(w, arena_printf(w->arena, "DELETE FROM bulk_upload_files WHERE job_id = {id %s}",
                                 uuid_text(w->arena, poisoned)));
    Worker *worker = start(w);
    wait_for(w, w->bob, other, JOB_COMPLETED);
    for (int attempt = 1; attempt <= TASK_ATTEMPTS_MAX; attempt++) {
        wait_for_number(
            w,
            arena_printf(w->arena,
                         "SELECT count(*) FROM work_queue WHERE attempts = %d AND lease_until "
                         "IS NULL",
                         attempt),
            1);
        assert_int_equal(status(w, w->ada, poisoned), JOB_PROCESSING);
        assert_int_equal(status(w, w->ada, behind), JOB_PENDING);
        assert_true(world_number(w, "SELECT min(not_before) FROM work_queue WHERE attempts > 0") >
                    clock_now() + SECONDS(attempt)); /* each time a little later */
        world_script(w, "UPDATE work_queue SET not_before = {micros 0}");
    }
    wait_for(w, w->ada, poisoned, JOB_FAILED);
    assert_string_equal(world_job(w, w->ada, poisoned)->error_message,
                        "The import stopped 3 times at row 1 and was given up.");
    wait_for(w, w->ada, behind, JOB_COMPLETED);
    worker_stop(worker);
    world_check(w);
}

/* A stored file that is damaged is our trouble, not a fault of the file that came in: nobody is told to mend
 * that one, and the job is not over until it was tried again. */
static void test_a_damaged_store_is_not_the_files_fault(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    w->broken = "file_digest";
    world_script(w, "UPDATE bulk_upload_files SET data = {bytes 000000000000000000}");
    Worker *worker = start(w);
    wait_for_number(
        w, "SELECT count(*) FROM work_queue WHERE attempts = 0 OR lease_until IS NOT NULL", 0);
    worker_stop(worker);
    assert_int_equal(status(w, w->ada, job), JOB_PROCESSING);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_errors"), 0);
}

static void test_a_job_that_is_gone_ends_its_task(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_script(w, "UPDATE bulk_upload_jobs SET status = 'cancelled', completed_at = created_at");
    Worker *worker = start(w);
    wait_for_number(w, "SELECT count(*) FROM work_queue", 0);
    worker_stop(worker);
    assert_int_equal(status(w, w->ada, job), JOB_CANCELLED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
}

static void test_housekeeping(void **state)
{
    World *w = *state;
    world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_script(
        w, "DELETE FROM work_queue; UPDATE bulk_upload_jobs SET status = 'receiving', updated_at = "
           "{micros 1};"
           "INSERT INTO tokens (digest, kind, user_id, created_at, expires_at) VALUES ({bytes 01}, "
           "'session', "
           "{nil}, {micros 1}, {micros 2});"
           "INSERT INTO idempotency_keys (owner_id, user_id, key, route, request, object_id, "
           "expires_at) "
           "VALUES ({nil}, {nil}, 'k', 'r', {bytes 00}, {nil}, {micros 2})");
    Worker *worker = start(w);
    wait_for_number(w, "SELECT count(*) FROM bulk_upload_jobs", 0);
    wait_for_number(w, "SELECT count(*) FROM tokens", 0);
    wait_for_number(w, "SELECT count(*) FROM idempotency_keys", 0);
    worker_stop(worker);
}

/* --- the command line -------------------------------------------------------------------------- */

typedef struct Watching {
    int asked;
    int stop_after; /* 0: never */
    int told;
    int64_t processed;
    int64_t file_size;
} Watching;

static bool stopping(void *self)
{
    Watching *watching = self;
    watching->asked++;
    return watching->stop_after > 0 && watching->asked > watching->stop_after;
}

static void progress(void *self, const JobCounters *counters, int64_t file_size)
{
    Watching *watching = self;
    watching->told++;
    assert_true(file_size > 0 || counters->total > 0); /* an import, or rows that go or come */
    if (file_size != watching->file_size)
        watching->processed = 0; /* the next task */
    watching->file_size = file_size;
    assert_true(counters->processed >= watching->processed);
    watching->processed = counters->processed;
}

static Error *run_until(World *w, Watching *watching, const Principal *who, Uuid object)
{
    TaskWatch watch = {.stopping = stopping, .progress = progress, .self = watching};
    return worker_run_until(w->arena, str_dup(w->arena, w->url), &watch, who->user_id, object);
}

static void test_until_it_is_over(void **state)
{
    World *w = *state;
    Uuid first = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    Uuid others = world_upload(w, w->bob, world_row(w, "ONE", 2020, 1), NULL);
    Uuid mine = world_upload(w, w->ada, many_rows(w, 1000), NULL);
    Uuid behind = world_upload(w, w->ada, world_row(w, "TWO", 2020, 1), NULL);
    Watching watching = {0};
    assert_no_error(run_until(w, &watching, w->ada, mine));
    assert_int_equal(status(w, w->ada, first), JOB_COMPLETED);
    assert_int_equal(status(w, w->ada, mine), JOB_COMPLETED);
    assert_int_equal(status(w, w->ada, behind), JOB_PENDING);
    assert_int_equal(status(w, w->bob, others), JOB_PENDING);
    assert_true(watching.told > 1);
    assert_int_equal(watching.processed, 1000);
    watching.told = 0;
    assert_no_error(run_until(w, &watching, w->ada, mine)); /* over already */
    assert_int_equal(watching.told, 0);
    Deletion *deletion = world_delete(w, w->ada, mine, true);
    assert_no_error(run_until(w, &watching, w->ada, deletion->id));
    assert_int_equal(status(w, w->ada, mine), JOB_DELETED);
    assert_int_equal(status(w, w->ada, behind), JOB_COMPLETED);
    assert_int_equal(watching.processed, 1000); /* rows that are gone */
}

static void test_until_it_is_interrupted(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, many_rows(w, 3000), NULL);
    Watching watching = {.stop_after = 3};
    assert_no_error(run_until(w, &watching, w->ada, job));
    assert_int_equal(status(w, w->ada, job), JOB_PROCESSING);
    assert_string_equal(world_text(w, "SELECT lease_until, attempts FROM work_queue"), "NULL|0\n");
    watching.stop_after = 0;
    watching.processed = 0;
    assert_no_error(run_until(w, &watching, w->ada, job));
    assert_int_equal(status(w, w->ada, job), JOB_COMPLETED);
    world_check(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORKER_TEST(test_nothing_to_do),
        WORKER_TEST(test_no_database),
        WORKER_TEST(test_stopped_in_the_middle),
        WORKER_TEST(test_woken_at_once),
        WORKER_TEST(test_found_by_polling),
        WORKER_TEST(test_ten_rows_pass_a_large_file),
        WORKER_TEST(test_in_the_owners_order),
        WORKER_TEST(test_a_poisoned_task_is_given_up),
        WORKER_TEST(test_a_damaged_store_is_not_the_files_fault),
        WORKER_TEST(test_a_job_that_is_gone_ends_its_task),
        WORKER_TEST(test_housekeeping),
        WORKER_TEST(test_until_it_is_over),
        WORKER_TEST(test_until_it_is_interrupted),
    };
    return world_run(tests);
}
