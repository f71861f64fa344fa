/* Sessions side by side, one a thread: writers come in the order of asking, readers never wait and never
 * see half a transaction, and one thread can stop the statement of another. Runs under the thread
 * sanitizer too. */
#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"
#include "store/audit_store.h"
#include "store/count_store.h"
#include "store/migrate.h"
#include "store/statements.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4 };

static void start(pthread_t *thread, void *(*body)(void *), void *argument)
{
    assert_int_equal(pthread_create(thread, NULL, body, argument), 0);
}

static void join(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* --- in order ------------------------------------------------------------------------------------- */

enum { WRITERS = 8 };

typedef struct Turn {
    Db *db;
    int number;
    int *order; /* written under the write lock alone */
    int *count;
    Error *error;
    Arena *arena;
} Turn;

static Error *take_turn(Turn *turn)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(turn->db, turn->arena, TX_WRITE, &tx));
    turn->order[(*turn->count)++] = turn->number;
    return tx_commit(&tx, turn->arena);
}

static void *wait_for_turn(void *argument)
{
    Turn *turn = argument;
    turn->error = take_turn(turn);
    return NULL;
}

static void writers_come_in_the_order_of_asking(void **state)
{
    Fixture *f = *state;
    if (!fixture_is_sqlite(f))
        return; /* its writers do not exclude each other */
    pthread_t threads[WRITERS];
    Turn turns[WRITERS];
    int order[WRITERS], count = 0;
    fixture_begin(f); /* all wait for this one */
    for (int i = 0; i < WRITERS; i++) {
        turns[i] = (Turn){fixture_session(f), i, order, &count, NULL, arena_new(0)};
        start(&threads[i], wait_for_turn, &turns[i]);
        clock_sleep(30000); /* until it asked */
    }
    assert_int_equal(count, 0);
    fixture_commit(f);
    for (int i = 0; i < WRITERS; i++) {
        join(threads[i]);
        assert_no_error(turns[i].error);
    }
    assert_int_equal(count, WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(order[i], i);
        db_close(turns[i].db);
        arena_free(turns[i].arena);
    }
}

/* --- nothing is lost between writers -------------------------------------------------------------- */

typedef struct Worker {
    Db *db;
    Arena *arena;
    Uuid owner;
    int rounds;
    atomic_bool *stop;
    _Atomic int64_t seen; /* rounds of a reader */
    Error *error;
} Worker;

static Error *append(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    AuditHead head;
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_head_lock(arena, db, owner, &head));
    AuditEvent event = {.owner_id = owner,
                        .seq = head.seq + 1,
                        .at = FIXTURE_START,
                        .via = "worker",
                        .action = "test",
                        .object_kind = "none",
                        .count = -1};
    TRY(audit_append(arena, db, &event, head.digest, NULL));
    return tx_commit(&tx, arena);
}

static void *append_many(void *argument)
{
    Worker *worker = argument;
    for (int i = 0; i < worker->rounds && worker->error == NULL; i++)
        worker->error = append(worker->arena, worker->db, worker->owner);
    return NULL;
}

static void open_workers(Fixture *f, Worker *workers, int count, atomic_bool *stop)
{
    for (int i = 0; i < count; i++)
        workers[i] = (Worker){fixture_session(f), arena_new(0), f->user, 60, stop, 0, NULL};
}

static void close_workers(Worker *workers, int count)
{
    for (int i = 0; i < count; i++) {
        assert_no_error(workers[i].error);
        db_close(workers[i].db);
        arena_free(workers[i].arena);
    }
}

static void writers_lose_nothing(void **state)
{
    Fixture *f = *state;
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    open_workers(f, workers, THREADS, NULL);
    for (int i = 0; i < THREADS; i++)
        start(&threads[i], append_many, &workers[i]);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    close_workers(workers, THREADS);
    assert_int_equal(fixture_number(f, "SELECT max(seq) FROM audit_heads"), THREADS * 60);
}

/* --- readers -------------------------------------------------------------------------------------- */

/* Two rows of which one takes back the other: no reader may ever see a sum but zero. */
static Error *add_pair(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    for (int delta = 1; delta >= -1; delta -= 2)
        TRY(db_run(db, arena, SQL_COUNT_INSERT,
                   PARAMS(value_uuid(owner), value_uuid(uuid_new()), value_int(0),
                          value_uuid(UUID_NIL), value_int(2024), value_int(0), value_text(""),
                          value_int(delta)),
                   NULL));
    return tx_commit(&tx, arena);
}

static void *add_pairs(void *argument)
{
    Worker *worker = argument;
    for (int i = 0; i < worker->rounds && worker->error == NULL; i++)
        worker->error = add_pair(worker->arena, worker->db, worker->owner);
    return NULL;
}

static Error *read_twice(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    PredictionFilter all = PREDICTION_FILTER_ALL;
    int64_t sum = -1, first = -1, second = -1;
    TRY(count_total(arena, db, owner, KIND_ANNUAL, &all, &sum));
    CHECK(sum == 0);
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(db_number(db, arena, SQL_COUNT_ROWS_OF_JOB, PARAMS(value_uuid(owner), value_uuid(UUID_NIL)),
                  &first));
    TRY(db_number(db, arena, SQL_COUNT_ROWS_OF_JOB, PARAMS(value_uuid(owner), value_uuid(UUID_NIL)),
                  &second));
    CHECK(first == second && first % 2 == 0);
    return tx_commit(&tx, arena);
}

static void *read_on(void *argument)
{
    Worker *worker = argument;
    while (!atomic_load(worker->stop) && worker->error == NULL) {
        ArenaMark mark = arena_mark(worker->arena);
        worker->error = read_twice(worker->arena, worker->db, worker->owner);
        if (worker->error == NULL)
            arena_rewind(worker->arena, mark);
        worker->seen++;
    }
    return NULL;
}

static void readers_see_whole_transactions(void **state)
{
    Fixture *f = *state;
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    atomic_bool stop = false;
    open_workers(f, workers, THREADS, &stop);
    start(&threads[2], read_on, &workers[2]);
    start(&threads[3], read_on, &workers[3]);
    while (workers[2].seen == 0 || workers[3].seen == 0) /* else the writers may be done before */
        sched_yield();
    start(&threads[0], add_pairs, &workers[0]);
    start(&threads[1], add_pairs, &workers[1]);
    join(threads[0]);
    join(threads[1]);
    atomic_store(&stop, true);
    join(threads[2]);
    join(threads[3]);
    assert_true(workers[2].seen > 0 && workers[3].seen > 0);
    close_workers(workers, THREADS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM prediction_counts"), 2 * 2 * 60);
}

static Error *add_one(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    Prediction prediction = {.kind = KIND_ANNUAL, .owner_id = owner, .year = 2024};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(count_add(arena, db, &prediction, 1));
    return tx_commit(&tx, arena);
}

static void *add_ones(void *argument)
{
    Worker *worker = argument;
    for (int i = 0; i < worker->rounds && worker->error == NULL; i++)
        worker->error = add_one(worker->arena, worker->db, worker->owner);
    return NULL;
}

static Error *fold_once(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(count_fold(arena, db, owner, UUID_NIL));
    return tx_commit(&tx, arena);
}

static void *fold_on(void *argument)
{
    Worker *worker = argument;
    while (!atomic_load(worker->stop) && worker->error == NULL)
        worker->error = fold_once(worker->arena, worker->db, worker->owner);
    return NULL;
}

/* Two fold what two add to. */
static void folding_beside_writers_loses_nothing(void **state)
{
    Fixture *f = *state;
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    atomic_bool stop = false;
    open_workers(f, workers, THREADS, &stop);
    start(&threads[2], fold_on, &workers[2]);
    start(&threads[3], fold_on, &workers[3]);
    start(&threads[0], add_ones, &workers[0]);
    start(&threads[1], add_ones, &workers[1]);
    join(threads[0]);
    join(threads[1]);
    atomic_store(&stop, true);
    join(threads[2]);
    join(threads[3]);
    close_workers(workers, THREADS);
    assert_int_equal(fixture_number(f, "SELECT sum(delta) FROM prediction_counts"), 2 * 60);
}

/* An open write transaction, with its changes not committed, keeps no reader waiting. */
static void readers_never_wait_for_a_writer(void **state)
{
    Fixture *f = *state;
    pthread_t thread;
    Worker worker;
    atomic_bool stop = false;
    open_workers(f, &worker, 1, &stop);
    fixture_begin(f);
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    start(&thread, read_on, &worker);
    for (int i = 0; i < 100; i++)
        clock_sleep(1000);
    atomic_store(&stop, true);
    join(thread);
    fixture_commit(f);
    assert_true(worker.seen > 1);
    close_workers(&worker, 1);
}

/* --- stopping ------------------------------------------------------------------------------------- */

static void *run_for_ever(void *argument)
{
    Worker *worker = argument;
    worker->error = db_script(worker->db, worker->arena,
                              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                              "SELECT count(*) FROM c");
    atomic_store(worker->stop, true);
    return NULL;
}

static void a_statement_is_stopped_from_outside(void **state)
{
    Fixture *f = *state;
    pthread_t thread;
    Worker worker;
    atomic_bool stopped = false;
    open_workers(f, &worker, 1, &stopped);
    start(&thread, run_for_ever, &worker);
    while (!atomic_load(&stopped)) {
        clock_sleep(5000);
        db_interrupt(worker.db);
    }
    join(thread);
    assert_error(worker.error, ERROR_BUSY, "The work was interrupted. Try again.");
    worker.error = NULL;
    bool any = false;
    assert_no_error(user_any(worker.arena, worker.db, &any)); /* the session lives on */
    assert_true(any);
    close_workers(&worker, 1);
}

/* --- opening -------------------------------------------------------------------------------------- */

typedef struct Opening {
    Str url;
    int applied;
    Error *error;
    Arena *arena;
} Opening;

static Error *open_and_migrate(Opening *opening)
{
    Db *db = NULL;
    TRY(db_open(opening->arena, opening->url, (DbOptions){0}, &db));
    Error *error = migrate_up(opening->arena, db, &opening->applied);
    db_close(db);
    return error;
}

static void *open_in_a_thread(void *argument)
{
    Opening *opening = argument;
    opening->error = open_and_migrate(opening);
    return NULL;
}

/* Several processes or threads start at once on a database that is not there yet. */
static void all_may_open_and_migrate_at_once(void **state)
{
    Fixture *f = *state;
    for (size_t round = 0; round < 10; round++) {
        pthread_t threads[THREADS];
        Opening openings[THREADS];
        Str url = str_printf(f->arena, STR_FMT ".%zu", STR_ARG(f->url), round);
        if (!fixture_is_sqlite(f))
            url = f->url; /* an engine with a server has one empty database */
        for (int i = 0; i < THREADS; i++) {
            openings[i] = (Opening){url, 0, NULL, arena_new(0)};
            start(&threads[i], open_in_a_thread, &openings[i]);
        }
        int applied = 0;
        for (int i = 0; i < THREADS; i++) {
            join(threads[i]);
            if (openings[i].error != NULL)
                print_error("%s\n", error_chain(f->arena, openings[i].error));
            assert_no_error(openings[i].error);
            applied += openings[i].applied;
            arena_free(openings[i].arena);
        }
        assert_int_equal(applied, MIGRATION_COUNT);
        if (!fixture_is_sqlite(f))
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(writers_come_in_the_order_of_asking),
        STORE_TEST(writers_lose_nothing),
        STORE_TEST(readers_see_whole_transactions),
        STORE_TEST(folding_beside_writers_loses_nothing),
        STORE_TEST(readers_never_wait_for_a_writer),
        STORE_TEST(a_statement_is_stopped_from_outside),
        EMPTY_STORE_TEST(all_may_open_and_migrate_at_once),
    };
    return fixture_run(tests);
}
