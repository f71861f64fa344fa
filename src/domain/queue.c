/* Waking is a counter behind a condition: a wake that comes between two waits is not lost. */
#include "domain/queue.h"

#include "base/check.h"
#include "base/clock.h"
#include "store/account_store.h"
#include "store/queue_store.h"

#include <errno.h>
#include <pthread.h>

#define BATCH_TIME_SHARED 40000
#define BATCH_TIME_ALONE  160000
#define LEASE             SECONDS(TASK_LEASE_SECONDS)
#define RETRY_PAUSE       10000 /* µs, doubled each time */
enum { RETRIES_MAX = 6 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static uint64_t wakes;
static _Thread_local uint64_t seen;

static Error *lost(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_CONFLICT, "Another worker has taken this task over."), "lease_lost");
}

Error *queue_add(Arena *arena, Db *db, Task *task)
{
    int64_t newest = 0, now = clock_now();
    TRY(owner_touch(arena, db, task->owner_id)); /* who comes second waits here */
    TRY(task_newest(arena, db, task->owner_id, &newest));
    task->accepted_at = now > newest ? now : newest + 1;
    TRY(task_insert(arena, db, task));
    return db_notify(db, arena);
}

Error *queue_claim(Arena *arena, Db *db, const char *worker, int64_t max_size, const Uuid *owner,
                   Task **ret_task)
{
    TaskQuery query = {.now = clock_now(), .max_size = max_size, .owner = owner};
    *ret_task = NULL;
    Task *task = NULL;
    TRY(task_next(arena, db, &query, &task)); /* mostly there is nothing: no lock */
    if (task == NULL)
        return NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    query.to_claim = true;
    TRY(task_next(arena, db, &query, &task));
    if (task == NULL)
        return NULL;
    bool held = false;
    TRY(task_claim(arena, db, task, query.now + LEASE, worker, &held));
    TRY(tx_commit(&tx, arena));
    *ret_task = held ? task : NULL;
    return NULL;
}

Error *queue_renew(Arena *arena, Db *db, const Task *task, bool *ret_held)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(task_renew(arena, db, task, clock_now() + LEASE, ret_held));
    return tx_commit(&tx, arena);
}

Error *queue_hold(Arena *arena, Db *db, const Task *task)
{
    bool held = false;
    TRY(task_renew(arena, db, task, clock_now() + LEASE, &held));
    return held ? NULL : lost(arena);
}

Error *queue_advance(Arena *arena, Db *db, Task *task, int64_t position)
{
    bool held = false;
    TRY(task_advance(arena, db, task, position, clock_now() + LEASE, &held));
    if (!held)
        return lost(arena);
    task->position = position;
    task->attempts = 1;
    return NULL;
}

Error *queue_finish(Arena *arena, Db *db, const Task *task)
{
    bool held = false;
    TRY(task_finish(arena, db, task, &held));
    return held ? NULL : lost(arena);
}

Error *queue_drop(Arena *arena, Db *db, const Task *task)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}

Error *queue_release(Arena *arena, Db *db, const Task *task, int64_t delay, bool failed)
{
    bool held = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(task_release(arena, db, task, clock_now() + delay,
                     failed ? task->attempts : task->attempts - 1, &held));
    return tx_commit(&tx, arena);
}

Error *queue_yield(Arena *arena, Db *db, Uuid owner_id)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(task_yield(arena, db, owner_id, clock_now()));
    return tx_commit(&tx, arena);
}

bool queue_try_again(const Error *error, int *attempt)
{
    if (!error_is(error, ERROR_RETRY) || *attempt == RETRIES_MAX)
        return false;
    clock_sleep(RETRY_PAUSE << *attempt);
    ++*attempt;
    return true;
}

Error *queue_has(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, bool *ret_queued)
{
    *ret_queued = false;
    for (TaskKind kind = 0; kind < TASK_KIND_COUNT && !*ret_queued; kind++)
        TRY(task_is_queued(arena, db, owner_id, object_id, kind, ret_queued));
    return NULL;
}

int64_t queue_batch_time(Db *db)
{
    return db_was_waited_for(db) ? BATCH_TIME_SHARED : BATCH_TIME_ALONE;
}

Error *queue_depth(Arena *arena, Db *db, int64_t *ret_waiting, int64_t *ret_oldest)
{
    return task_depth(arena, db, ret_waiting, ret_oldest);
}

void queue_wake(void)
{
    pthread_mutex_lock(&mutex);
    wakes++;
    pthread_cond_broadcast(&woken);
    pthread_mutex_unlock(&mutex);
}

void queue_wait(int64_t timeout)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    int64_t nanos = until.tv_nsec + timeout % SECONDS(1) * 1000;
    until.tv_sec += timeout / SECONDS(1) + nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    pthread_mutex_lock(&mutex);
    while (wakes == seen && pthread_cond_timedwait(&woken, &mutex, &until) != ETIMEDOUT)
        continue;
    seen = wakes;
    pthread_mutex_unlock(&mutex);
}
