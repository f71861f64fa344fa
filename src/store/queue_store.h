/* The queue of work in the database. Every statement that writes names the fencing token; *ret_held
 * false means that somebody else has the task by now. */
#ifndef OBLIGOR_STORE_QUEUE_STORE_H
#define OBLIGOR_STORE_QUEUE_STORE_H

#include "model/task.h"
#include "store/db.h"

/* When the newest task of an owner was accepted; 0: there is none. */
Error *task_newest(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_accepted_at) MUST_CHECK;
Error *task_insert(Arena *arena, Db *db, const Task *task) MUST_CHECK;

/* Which task may run: of one owner the one accepted first, of several owners' the one that waits longest. */
typedef struct TaskQuery {
    int64_t now;
    int64_t max_size;
    const Uuid *owner; /* NULL: of any */
    bool to_claim; /* in the transaction that claims it; not one that another worker is claiming */
} TaskQuery;

/* *ret_task may be NULL. Not yet claimed. */
Error *task_next(Arena *arena, Db *db, const TaskQuery *query, Task **ret_task) MUST_CHECK;

/* The owner's tasks that nobody holds go behind those of other owners that wait by `now`. */
Error *task_yield(Arena *arena, Db *db, Uuid owner_id, int64_t now) MUST_CHECK;

/* Raises token and attempts, in *task too. */
Error *task_claim(Arena *arena, Db *db, Task *task, int64_t lease_until, const char *worker,
                  bool *ret_held) MUST_CHECK;
Error *task_renew(Arena *arena, Db *db, const Task *task, int64_t lease_until, bool *ret_held)
    MUST_CHECK;
Error *task_advance(Arena *arena, Db *db, const Task *task, int64_t position, int64_t lease_until,
                    bool *ret_held) MUST_CHECK;
Error *task_finish(Arena *arena, Db *db, const Task *task, bool *ret_held) MUST_CHECK;
Error *task_release(Arena *arena, Db *db, const Task *task, int64_t not_before, int64_t attempts,
                    bool *ret_held) MUST_CHECK;

/* Takes the task of an object off the queue, whoever holds it. */
Error *task_drop(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, TaskKind kind,
                 int64_t *ret_dropped) MUST_CHECK;
Error *task_is_queued(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, TaskKind kind,
                      bool *ret_queued) MUST_CHECK;
Error *task_depth(Arena *arena, Db *db, int64_t *ret_waiting, int64_t *ret_oldest) MUST_CHECK;

#endif
