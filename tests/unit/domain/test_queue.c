/* The queue: order of acceptance within an owner, one task of an owner at a time, leases and the fence. The clock
 * is the test's, so that half a minute passes at once. */
#include "world.h"

#include "base/clock.h"
#include "store/queue_store.h"

#define LEASE SECONDS(TASK_LEASE_SECONDS)

static Uuid add(World *w, Uuid owner, int64_t size)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_IMPORT,
                 .owner_id = owner,
                 .object_id = uuid_new(),
                 .size = size,
                 .accepted_at = world_now()};
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(task_insert(w->arena, w->db, &task));
    assert_no_error(tx_commit(&tx, w->arena));
    world_advance(1);
    w->broken = "task_import"; /* it is about nothing */
    return task.id;
}

static Task *claim(World *w, int64_t max_size, const Uuid *owner)
{
    Task *task = NULL;
    assert_no_error(queue_claim(w->arena, w->db, "test", max_size, owner, &task));
    return task;
}

static void is_task(const Task *task, Uuid id)
{
    assert_non_null(task);
    assert_true(uuid_equal(task->id, id));
}

static Error *in_transaction(World *w, Error *(*act)(World *w, Task *task), Task *task)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    TRY(act(w, task));
    return tx_commit(&tx, w->arena);
}

static Error *advance_to_seven(World *w, Task *task)
{
    return queue_advance(w->arena, w->db, task, 7);
}

static Error *finish(World *w, Task *task)
{
    return queue_finish(w->arena, w->db, task);
}

static Error *hold(World *w, Task *task)
{
    return queue_hold(w->arena, w->db, task);
}

static void test_empty(void **state)
{
    World *w = *state;
    int64_t waiting = -1, oldest = -1;
    assert_null(claim(w, INT64_MAX, NULL));
    assert_no_error(queue_depth(w->arena, w->db, &waiting, &oldest));
    assert_int_equal(waiting, 0);
    assert_int_equal(oldest, 0);
}

static void test_order_of_acceptance(void **state)
{
    World *w = *state;
    Uuid a = add(w, w->ada->user_id, 1), b = add(w, w->ada->user_id, 1),
         c = add(w, w->bob->user_id, 1);
    Task *first = claim(w, INT64_MAX, NULL), *second = claim(w, INT64_MAX, NULL);
    is_task(first, a);
    is_task(second, c); /* b waits for a: one task of an owner at a time */
    assert_null(claim(w, INT64_MAX, NULL));
    assert_no_error(in_transaction(w, finish, first));
    is_task(claim(w, INT64_MAX, NULL), b);
    assert_no_error(in_transaction(w, finish, second));
    assert_null(claim(w, INT64_MAX, NULL));
}

static void test_accepted_in_one_microsecond(void **state)
{
    World *w = *state;
    int64_t now = world_now();
    Uuid a = add(w, w->ada->user_id, 1);
    world_advance(now - world_now());
    Uuid b = add(w, w->ada->user_id, 1);
    Task *task = claim(w, INT64_MAX, NULL);
    is_task(task, a);
    assert_null(claim(w, INT64_MAX, NULL));
    assert_no_error(in_transaction(w, finish, task));
    is_task(claim(w, INT64_MAX, NULL), b);
}

/* The clock may be set back between two acceptances; their order is theirs all the same. */
static void test_order_with_the_clock_set_back(void **state)
{
    World *w = *state;
    Uuid first = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_advance(-HOURS(1));
    Uuid second = world_upload(w, w->ada, world_row(w, "ONE", 2020, 2), NULL);
    world_advance(HOURS(2));
    world_work(w);
    assert_int_equal(world_job(w, w->ada, first)->counters.successful, 1);
    assert_int_equal(world_job(w, w->ada, second)->counters.failed, 1);
}

/* The small lane passes by the large task of one owner, but not within an owner. */
static void test_lanes(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1000);
    add(w, w->ada->user_id, 1);
    Uuid small = add(w, w->bob->user_id, 10);
    is_task(claim(w, 10, NULL), small);
    assert_null(claim(w, 10, NULL));
}

static void test_of_one_owner(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1);
    Uuid b = add(w, w->bob->user_id, 1), bob = w->bob->user_id;
    is_task(claim(w, INT64_MAX, &bob), b);
    assert_null(claim(w, INT64_MAX, &bob));
}

static void test_a_lease_runs_out(void **state)
{
    World *w = *state;
    Uuid a = add(w, w->ada->user_id, 1);
    Task *slow = claim(w, INT64_MAX, NULL);
    assert_int_equal(slow->attempts, 1);
    world_advance(LEASE);
    assert_null(claim(w, INT64_MAX, NULL));
    world_advance(1);
    Task *other = claim(w, INT64_MAX, NULL);
    is_task(other, a);
    assert_int_equal(other->attempts, 2);
    assert_true(other->token > slow->token);

    bool held = true;
    assert_no_error(queue_renew(w->arena, w->db, slow, &held));
    assert_false(held);
    Error *(*writes[])(World *, Task *) = {advance_to_seven, finish, hold};
    for (size_t i = 0; i < ARRAY_COUNT(writes); i++) {
        Error *error = in_transaction(w, writes[i], slow);
        assert_error(error, ERROR_CONFLICT, "Another worker has taken this task over.");
        assert_string_equal(error->reason, "lease_lost");
    }
    assert_no_error(queue_release(w->arena, w->db, slow, 0, false)); /* without effect */
    assert_null(claim(w, INT64_MAX, NULL));
    assert_int_equal(world_number(w, "SELECT position FROM work_queue"), 0);
    assert_no_error(in_transaction(w, finish, other));
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
}

static void test_renewing_keeps_it(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1);
    Task *task = claim(w, INT64_MAX, NULL);
    for (int i = 0; i < 5; i++) {
        bool held = false;
        world_advance(LEASE / 3);
        assert_no_error(queue_renew(w->arena, w->db, task, &held));
        assert_true(held);
    }
    world_advance(LEASE);
    assert_no_error(in_transaction(w, advance_to_seven, task));
    world_advance(LEASE);
    assert_null(claim(w, INT64_MAX, NULL));
}

static void test_progress_resets_the_attempts(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1);
    Task *task = NULL;
    for (int i = 1; i <= 3; i++) {
        task = claim(w, INT64_MAX, NULL);
        assert_int_equal(task->attempts, i);
        world_advance(LEASE + 1);
    }
    assert_no_error(in_transaction(w, advance_to_seven, task));
    assert_int_equal(task->attempts, 1);
    assert_int_equal(task->position, 7);
    world_advance(LEASE + 1);
    task = claim(w, INT64_MAX, NULL);
    assert_int_equal(task->attempts, 2);
    assert_int_equal(task->position, 7);
}

static void test_given_back(void **state)
{
    World *w = *state;
    Uuid a = add(w, w->ada->user_id, 1);
    Task *task = claim(w, INT64_MAX, NULL);
    assert_no_error(
        queue_release(w->arena, w->db, task, 0, false)); /* a graceful stop: at once, no attempt */
    task = claim(w, INT64_MAX, NULL);
    is_task(task, a);
    assert_int_equal(task->attempts, 1);
    assert_no_error(queue_release(w->arena, w->db, task, SECONDS(2), true));
    world_advance(SECONDS(2) - 1);
    assert_null(claim(w, INT64_MAX, NULL));
    world_advance(1);
    task = claim(w, INT64_MAX, NULL);
    assert_int_equal(task->attempts, 2);
}

/* A task that waits for its next attempt holds up its owner's later ones: order is order. */
static void test_a_delayed_task_holds_up_its_owner_alone(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1);
    Task *task = claim(w, INT64_MAX, NULL);
    add(w, w->ada->user_id, 1);
    Uuid other = add(w, w->bob->user_id, 1);
    assert_no_error(queue_release(w->arena, w->db, task, SECONDS(10), true));
    is_task(claim(w, INT64_MAX, NULL), other);
    assert_null(claim(w, INT64_MAX, NULL));
}

static void test_is_it_queued(void **state)
{
    World *w = *state;
    bool queued = false;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    assert_no_error(queue_has(w->arena, w->db, w->ada->user_id, job, &queued));
    assert_true(queued);
    assert_no_error(queue_has(w->arena, w->db, w->bob->user_id, job, &queued));
    assert_false(queued);
    world_work(w);
    assert_no_error(queue_has(w->arena, w->db, w->ada->user_id, job, &queued));
    assert_false(queued);
    Deletion *deletion = world_delete(w, w->ada, job, true);
    assert_no_error(queue_has(w->arena, w->db, w->ada->user_id, deletion->id, &queued));
    assert_true(queued);
}

static void test_depth(void **state)
{
    World *w = *state;
    int64_t began = world_now(), waiting = 0, oldest = 0;
    add(w, w->ada->user_id, 1);
    add(w, w->bob->user_id, 1);
    assert_no_error(queue_depth(w->arena, w->db, &waiting, &oldest));
    assert_int_equal(waiting, 2);
    assert_int_equal(oldest, began);
}

static void test_claim_with_every_call_failing(void **state)
{
    World *w = *state;
    add(w, w->ada->user_id, 1);
    const char *before = world_text(w, "SELECT * FROM work_queue");
    for (int64_t nth = 1;; nth++) {
        Task *task = NULL;
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task);
        bool fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (!fired) {
            assert_non_null(task);
            break;
        }
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_string_equal(world_text(w, "SELECT * FROM work_queue"), before);
        assert_false(db_in_transaction(w->db));
    }
}

static void test_waking(void **state)
{
    (void)state;
    queue_wake();
    int64_t began = clock_monotonic();
    queue_wait(SECONDS(5)); /* a wake that came before the wait is not lost */
    assert_true(clock_monotonic() - began < SECONDS(1));
    began = clock_monotonic();
    queue_wait(30000);
    assert_true(clock_monotonic() - began >= 25000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_empty),
        WORLD_TEST(test_order_of_acceptance),
        WORLD_TEST(test_accepted_in_one_microsecond),
        WORLD_TEST(test_order_with_the_clock_set_back),
        WORLD_TEST(test_lanes),
        WORLD_TEST(test_of_one_owner),
        WORLD_TEST(test_a_lease_runs_out),
        WORLD_TEST(test_renewing_keeps_it),
        WORLD_TEST(test_progress_resets_the_attempts),
        WORLD_TEST(test_given_back),
        WORLD_TEST(test_a_delayed_task_holds_up_its_owner_alone),
        WORLD_TEST(test_is_it_queued),
        WORLD_TEST(test_depth),
        WORLD_TEST(test_claim_with_every_call_failing),
        WORLD_TEST(test_waking),
    };
    return world_run(tests);
}
