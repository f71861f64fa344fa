/* The queue: within an owner strictly in order of acceptance, owners side by side, one lease a task; and
 * whoever lost the lease changes nothing any more. */
#include "store/queue_store.h"

#include "base/clock.h"
#include "fixture.h"

#define LEASE SECONDS(30)

static Task queue(Fixture *f, Uuid owner, int64_t size)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_IMPORT,
                 .owner_id = owner,
                 .object_id = uuid_new(),
                 .size = size,
                 .accepted_at = clock_now()};
    fixture_begin(f);
    assert_no_error(task_insert(f->arena, f->db, &task));
    fixture_commit(f);
    return task;
}

static Task *next(Fixture *f, int64_t max_size, const Uuid *owner)
{
    Task *task = (Task *)1;
    Task *claimed = NULL;
    TaskQuery query = {.now = clock_now(), .max_size = max_size, .owner = owner};
    assert_no_error(task_next(f->arena, f->db, &query, &task));
    query.to_claim = true; /* finds the same while nobody else is claiming */
    fixture_begin(f);
    assert_no_error(task_next(f->arena, f->db, &query, &claimed));
    fixture_commit(f);
    assert_int_equal(task == NULL, claimed == NULL);
    if (task != NULL)
        assert_uuid(claimed->id, task->id);
    return task;
}

static bool claim(Fixture *f, Task *task)
{
    bool held = false;
    fixture_begin(f);
    assert_no_error(task_claim(f->arena, f->db, task, clock_now() + LEASE, "w-1", &held));
    fixture_commit(f);
    return held;
}

static bool finish(Fixture *f, const Task *task)
{
    bool held = false;
    fixture_begin(f);
    assert_no_error(task_finish(f->arena, f->db, task, &held));
    fixture_commit(f);
    return held;
}

static void a_task_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    for (TaskKind kind = 0; kind < TASK_KIND_COUNT; kind++) {
        Task task = {.id = uuid_new(),
                     .kind = kind,
                     .owner_id = f->user,
                     .object_id = uuid_new(),
                     .size = INT64_C(1) << 40,
                     .accepted_at = clock_now()};
        bool queued = true;
        assert_no_error(task_is_queued(f->arena, f->db, f->user, task.object_id, kind, &queued));
        assert_false(queued);
        fixture_begin(f);
        assert_no_error(task_insert(f->arena, f->db, &task));
        fixture_commit(f);
        Task *stored = next(f, INT64_MAX, NULL);
        assert_non_null(stored);
        assert_uuid(stored->id, task.id);
        assert_int_equal(stored->kind, kind);
        assert_uuid(stored->owner_id, f->user);
        assert_uuid(stored->object_id, task.object_id);
        assert_int_equal(stored->size, INT64_C(1) << 40);
        assert_int_equal(stored->token, 0);
        assert_int_equal(stored->attempts, 0);
        assert_int_equal(stored->position, 0);
        assert_int_equal(stored->accepted_at, FIXTURE_START);
        assert_no_error(task_is_queued(f->arena, f->db, f->user, task.object_id, kind, &queued));
        assert_true(queued);
        assert_no_error(task_is_queued(f->arena, f->db, f->other, task.object_id, kind, &queued));
        assert_false(queued);
        assert_true(claim(f, stored));
        assert_true(finish(f, stored));
        assert_null(next(f, INT64_MAX, NULL));
    }
}

/* One of an owner at a time, the next when the first is over; the same instant goes by id. */
static void an_owners_tasks_run_in_order(void **state)
{
    Fixture *f = *state;
    Task tasks[4];
    for (size_t i = 0; i < ARRAY_COUNT(tasks); i++) {
        if (i == 2)
            fixture_advance(1);
        tasks[i] = queue(f, f->user, 10);
    }
    for (size_t i = 0; i < ARRAY_COUNT(tasks); i++) {
        Task *task = next(f, INT64_MAX, NULL);
        assert_uuid(task->id, tasks[i].id);
        assert_true(claim(f, task));
        assert_null(next(f, INT64_MAX, NULL)); /* those behind it wait */
        assert_null(next(f, INT64_MAX, &f->user));
        assert_true(finish(f, task));
    }
    assert_null(next(f, INT64_MAX, NULL));
}

/* What another session is claiming at this moment is passed over, not waited for. */
static void a_task_that_is_being_claimed_is_passed_over(void **state)
{
    Fixture *f = *state;
    Task first = queue(f, f->user, 10);
    fixture_advance(1);
    Task second = queue(f, f->other, 10);
    if (fixture_is_sqlite(f))
        return; /* its writers exclude each other: there is no such moment */
    Db *db = fixture_session(f);
    Task *here = NULL, *there = NULL;
    TaskQuery query = {.now = clock_now(), .max_size = 10, .to_claim = true};
    Tx TX_AUTO tx = {0};
    fixture_begin(f);
    assert_no_error(task_next(f->arena, f->db, &query, &here));
    assert_uuid(here->id, first.id);
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_no_error(task_next(f->arena, db, &query, &there));
    assert_uuid(there->id, second.id);
    tx_rollback(&tx);
    fixture_commit(f);
    db_close(db);
}

static void owners_take_turns(void **state)
{
    Fixture *f = *state;
    Task a[3], b;
    for (size_t i = 0; i < ARRAY_COUNT(a); i++)
        a[i] = queue(f, f->user, 10);
    fixture_advance(1);
    b = queue(f, f->other, 10);
    fixture_advance(1);
    Task *task = next(f, INT64_MAX, NULL);
    assert_uuid(task->id, a[0].id);
    assert_true(claim(f, task));
    assert_true(finish(f, task));
    fixture_begin(f);
    assert_no_error(task_yield(f->arena, f->db, f->user, clock_now()));
    fixture_commit(f);
    task = next(f, INT64_MAX, NULL);
    assert_uuid(task->id, b.id); /* it came last, but has waited longest */
    assert_true(claim(f, task));
    assert_uuid(next(f, INT64_MAX, NULL)->id, a[1].id);
    assert_true(finish(f, task));
    assert_uuid(next(f, INT64_MAX, &f->user)->id, a[1].id);
}

static void owners_run_side_by_side(void **state)
{
    Fixture *f = *state;
    Task a1 = queue(f, f->user, 10), a2 = queue(f, f->user, 10);
    fixture_advance(1);
    Task b1 = queue(f, f->other, 10);
    Task *first = next(f, INT64_MAX, NULL);
    assert_uuid(first->id, a1.id);
    assert_true(claim(f, first));
    Task *second = next(f, INT64_MAX, NULL);
    assert_uuid(second->id, b1.id);
    assert_true(claim(f, second));
    assert_null(next(f, INT64_MAX, NULL));
    assert_true(finish(f, second));
    assert_null(next(f, INT64_MAX, NULL));
    assert_true(finish(f, first));
    assert_uuid(next(f, INT64_MAX, NULL)->id, a2.id);
}

static void one_owner_may_be_asked_for(void **state)
{
    Fixture *f = *state;
    queue(f, f->user, 10);
    fixture_advance(1);
    Task b = queue(f, f->other, 10);
    assert_uuid(next(f, INT64_MAX, &f->other)->id, b.id);
    Uuid nobody = fixture_id(1);
    assert_null(next(f, INT64_MAX, &nobody));
}

/* A small lane takes no large task, and no small one that stands behind a large one of its owner. */
static void lanes_go_by_size(void **state)
{
    Fixture *f = *state;
    Task large = queue(f, f->user, 1001);
    fixture_advance(1);
    queue(f, f->user, 1);
    fixture_advance(1);
    Task small = queue(f, f->other, 1000);
    assert_uuid(next(f, 1000, NULL)->id, small.id);
    assert_null(next(f, 999, NULL));
    assert_uuid(next(f, 1001, NULL)->id, large.id);
    assert_null(next(f, 1000, &f->user));
    assert_uuid(next(f, 1001, &f->user)->id, large.id);
}

static void a_claim_raises_token_and_attempts(void **state)
{
    Fixture *f = *state;
    queue(f, f->user, 10);
    Task *task = next(f, INT64_MAX, NULL);
    for (int64_t i = 1; i <= 3; i++) {
        assert_true(claim(f, task));
        assert_int_equal(task->token, i);
        assert_int_equal(task->attempts, i);
        fixture_advance(LEASE + 1);
        Task *again = next(f, INT64_MAX, NULL);
        assert_int_equal(again->token, i);
        assert_int_equal(again->attempts, i);
        task = again;
    }
}

/* Two workers read the same task; one comes second, and is not given what the first one holds. */
static void a_claim_that_came_second_is_lost(void **state)
{
    Fixture *f = *state;
    queue(f, f->user, 10);
    Task *first = next(f, INT64_MAX, NULL), *second = next(f, INT64_MAX, NULL);
    assert_true(claim(f, first));
    Task before = *second;
    const char *dump = fixture_dump(f->arena, f);
    assert_false(claim(f, second));
    assert_string_equal(fixture_dump(f->arena, f), dump);
    assert_int_equal(second->token, before.token);
    assert_int_equal(second->attempts, before.attempts);
    assert_false(finish(f, second));
    assert_true(finish(f, first));
}

static void a_lease_runs_out(void **state)
{
    Fixture *f = *state;
    queue(f, f->user, 10);
    Task *task = next(f, INT64_MAX, NULL);
    assert_true(claim(f, task));
    fixture_advance(LEASE);
    assert_null(next(f, INT64_MAX, NULL)); /* to its last moment */
    bool held = false;
    fixture_begin(f);
    assert_no_error(task_renew(f->arena, f->db, task, clock_now() + LEASE, &held));
    fixture_commit(f);
    assert_true(held);
    fixture_advance(LEASE);
    assert_null(next(f, INT64_MAX, NULL));
    fixture_advance(1);
    assert_non_null(next(f, INT64_MAX, NULL));
    /* Nobody took it meanwhile: it is still ours. */
    fixture_begin(f);
    assert_no_error(task_renew(f->arena, f->db, task, clock_now() + LEASE, &held));
    fixture_commit(f);
    assert_true(held);
}

/* The fence: with an old token nothing can be written, whatever is tried. */
static void a_lost_token_changes_nothing(void **state)
{
    Fixture *f = *state;
    Arena *a = f->arena;
    queue(f, f->user, 10);
    Task *lost = next(f, INT64_MAX, NULL);
    assert_true(claim(f, lost));
    fixture_advance(LEASE + 1);
    Task *taken = next(f, INT64_MAX, NULL);
    assert_true(claim(f, taken));
    const char *before = fixture_dump(a, f);
    bool held[5] = {true, true, true, true, true};
    Task stale = *lost;
    fixture_begin(f);
    assert_no_error(task_renew(a, f->db, lost, clock_now() + 9 * LEASE, &held[0]));
    assert_no_error(task_advance(a, f->db, lost, 99, clock_now() + 9 * LEASE, &held[1]));
    assert_no_error(task_finish(a, f->db, lost, &held[2]));
    assert_no_error(task_release(a, f->db, lost, 0, 0, &held[3]));
    assert_no_error(task_claim(a, f->db, &stale, clock_now() + 9 * LEASE, "w-2", &held[4]));
    fixture_commit(f);
    for (size_t i = 0; i < ARRAY_COUNT(held); i++)
        assert_false(held[i]);
    assert_string_equal(fixture_dump(a, f), before);
    assert_true(finish(f, taken));
    assert_false(finish(f, taken)); /* it is over */
}

static void progress_resets_the_attempts(void **state)
{
    Fixture *f = *state;
    queue(f, f->user, 10);
    Task *task = next(f, INT64_MAX, NULL);
    for (int i = 0; i < 2; i++) {
        assert_true(claim(f, task));
        fixture_advance(LEASE + 1);
        task = next(f, INT64_MAX, NULL);
    }
    assert_int_equal(task->attempts, 2);
    assert_true(claim(f, task));
    bool held = false;
    fixture_begin(f);
    assert_no_error(task_advance(f->arena, f->db, task, 42, clock_now() + LEASE, &held));
    fixture_commit(f);
    assert_true(held);
    assert_null(next(f, INT64_MAX, NULL)); /* and renews the lease */
    fixture_advance(LEASE + 1);
    task = next(f, INT64_MAX, NULL);
    assert_int_equal(task->position, 42);
    assert_int_equal(task->attempts, 1);
    assert_int_equal(task->token, 3);
}

/* Given back, it is claimed at once or later, still before those behind it. */
static void a_task_is_given_back(void **state)
{
    Fixture *f = *state;
    Task first = queue(f, f->user, 10);
    fixture_advance(1);
    queue(f, f->user, 10);
    Task *task = next(f, INT64_MAX, NULL);
    assert_true(claim(f, task));
    bool held = false;
    fixture_begin(f);
    assert_no_error(task_release(f->arena, f->db, task, clock_now() + 5, 0, &held));
    fixture_commit(f);
    assert_true(held);
    fixture_advance(4);
    assert_null(next(f, INT64_MAX, NULL));
    fixture_advance(1);
    Task *again = next(f, INT64_MAX, NULL);
    assert_uuid(again->id, first.id);
    assert_int_equal(again->attempts, 0);
    assert_int_equal(again->token, 1); /* who gave it back holds it no more once it is claimed */
    assert_true(claim(f, again));
    assert_false(finish(f, task));
    assert_true(finish(f, again));
}

static void a_task_is_taken_off_with_its_object(void **state)
{
    Fixture *f = *state;
    Task a = queue(f, f->user, 10), b = queue(f, f->user, 10);
    Task *held = next(f, INT64_MAX, NULL);
    assert_true(claim(f, held));
    int64_t dropped = -1;
    fixture_begin(f);
    assert_no_error(task_drop(f->arena, f->db, f->other, a.object_id, TASK_IMPORT, &dropped));
    assert_int_equal(dropped, 0);
    assert_no_error(task_drop(f->arena, f->db, f->user, a.object_id, TASK_DELETION, &dropped));
    assert_int_equal(dropped, 0);
    assert_no_error(task_drop(f->arena, f->db, f->user, a.object_id, TASK_IMPORT, &dropped));
    assert_int_equal(dropped, 1); /* whoever holds it */
    fixture_commit(f);
    assert_false(finish(f, held));
    assert_uuid(next(f, INT64_MAX, NULL)->id, b.id);
}

static void the_depth_is_told(void **state)
{
    Fixture *f = *state;
    int64_t waiting = -1, oldest = -1;
    assert_no_error(task_depth(f->arena, f->db, &waiting, &oldest));
    assert_int_equal(waiting, 0);
    assert_int_equal(oldest, 0);
    fixture_advance(5);
    queue(f, f->user, 10);
    fixture_advance(5);
    queue(f, f->other, 10);
    assert_no_error(task_depth(f->arena, f->db, &waiting, &oldest));
    assert_int_equal(waiting, 2);
    assert_int_equal(oldest, FIXTURE_START + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_task_comes_back_as_it_was),
        STORE_TEST(an_owners_tasks_run_in_order),
        STORE_TEST(a_task_that_is_being_claimed_is_passed_over),
        STORE_TEST(owners_take_turns),
        STORE_TEST(owners_run_side_by_side),
        STORE_TEST(one_owner_may_be_asked_for),
        STORE_TEST(lanes_go_by_size),
        STORE_TEST(a_claim_raises_token_and_attempts),
        STORE_TEST(a_claim_that_came_second_is_lost),
        STORE_TEST(a_lease_runs_out),
        STORE_TEST(a_lost_token_changes_nothing),
        STORE_TEST(progress_resets_the_attempts),
        STORE_TEST(a_task_is_given_back),
        STORE_TEST(a_task_is_taken_off_with_its_object),
        STORE_TEST(the_depth_is_told),
    };
    return fixture_run(tests);
}
