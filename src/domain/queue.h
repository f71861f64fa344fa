/* The queue of work: one task per owner at a time, strictly in order of acceptance. A task is claimed
 * with a lease and a fencing token; whoever lost the lease cannot write any more. */
#ifndef OBLIGOR_DOMAIN_QUEUE_H
#define OBLIGOR_DOMAIN_QUEUE_H

#include "model/task.h"
#include "store/db.h"

/* Queues a new task behind the owner's others, whatever the clocks of several machines say; sets
 * task->accepted_at. In a write transaction, which then holds the owner's place until its commit. */
Error *queue_add(Arena *arena, Db *db, Task *task) MUST_CHECK;

/* Claims the task whose turn it is: *ret_task NULL when there is none. `max_size` bounds the lane; `owner`
 * not NULL: only that owner's tasks. */
Error *queue_claim(Arena *arena, Db *db, const char *worker, int64_t max_size, const Uuid *owner,
                   Task **ret_task) MUST_CHECK;

/* Makes the lease last again, and says whether the task is still ours (*ret_held). */
Error *queue_renew(Arena *arena, Db *db, const Task *task, bool *ret_held) MUST_CHECK;

/* In a write transaction: ERROR_CONFLICT, reason "lease_lost", unless the token still fits. */
Error *queue_hold(Arena *arena, Db *db, const Task *task) MUST_CHECK;

/* In the transaction of a batch: ERROR_CONFLICT, reason "lease_lost", unless the token still fits; it
 * records the position and sets attempts to 0 when it moved. */
Error *queue_advance(Arena *arena, Db *db, Task *task, int64_t position) MUST_CHECK;

/* In the last transaction: the task is over. ERROR_CONFLICT, reason "lease_lost", likewise. */
Error *queue_finish(Arena *arena, Db *db, const Task *task) MUST_CHECK;

/* The same by itself, for a task that there is nothing to do for. */
Error *queue_drop(Arena *arena, Db *db, const Task *task) MUST_CHECK;

/* Gives the task back, to be claimed again after `delay` µs. `failed`: the attempt counts against it; a
 * graceful stop, or a database that is away, is not the task's fault. */
Error *queue_release(Arena *arena, Db *db, const Task *task, int64_t delay, bool failed) MUST_CHECK;

/* Once a task is over: the owner's other tasks step behind those of other owners that wait already, so that
 * owners take turns. */
Error *queue_yield(Arena *arena, Db *db, Uuid owner_id) MUST_CHECK;

/* True, after a pause that grows, when an error says that the same again may succeed (a deadlock that the
 * database resolved) and it was not tried too often. *attempt begins at 0. */
bool queue_try_again(const Error *error, int *attempt);

/* Is a task of this object (a job or a deletion) still to be done? */
Error *queue_has(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, bool *ret_queued) MUST_CHECK;

/* How long the next batch of a task may hold the write lock, in µs: shorter where the batches before it
 * made others wait. */
int64_t queue_batch_time(Db *db);

Error *queue_depth(Arena *arena, Db *db, int64_t *ret_waiting, int64_t *ret_oldest) MUST_CHECK;

/* Inside one process workers are woken directly: `queue_wake` after the commit that queued a task;
 * `queue_wait` returns when woken or after `timeout` µs. Workers of other processes get a hint from the
 * database where it gives any (db_wait), and look by themselves once a second. */
void queue_wake(void);
void queue_wait(int64_t timeout);

#endif
