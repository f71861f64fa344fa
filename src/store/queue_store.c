/* Tasks as rows; the compare on the token is the fence. */
#include "store/queue_store.h"

#include "base/check.h"
#include "model/words.h"
#include "store/statements.h"

Error *task_insert(Arena *arena, Db *db, const Task *task)
{
    return db_run(db, arena, SQL_TASK_INSERT,
                  PARAMS(value_uuid(task->id), value_text(TASK_KIND_WORDS[task->kind]),
                         value_uuid(task->owner_id), value_uuid(task->object_id),
                         value_int(task->size), value_time(task->accepted_at)),
                  NULL);
}

Error *task_newest(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_accepted_at)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_TASK_NEWEST, PARAMS(value_uuid(owner_id)), &rows));
    *ret_accepted_at = rows_next(rows, &error) ? row_time(rows, 0) : 0;
    return error;
}

static Error *query_next(Arena *arena, Db *db, const TaskQuery *query, Rows **ret_rows)
{
    Value now = value_time(query->now), size = value_int(query->max_size);
    if (query->owner != NULL)
        return db_query(db, arena, SQL_TASK_NEXT_OF_OWNER,
                        PARAMS(now, size, value_uuid(*query->owner)), ret_rows);
    return db_query(db, arena, query->to_claim ? SQL_TASK_NEXT_LOCKED : SQL_TASK_NEXT,
                    PARAMS(now, size), ret_rows);
}

Error *task_next(Arena *arena, Db *db, const TaskQuery *query, Task **ret_task)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Task *task = NULL;
    TRY(query_next(arena, db, query, &rows));
    if (rows_next(rows, &error)) {
        int kind = words_find(TASK_KIND_WORDS, TASK_KIND_COUNT, row_str(rows, 1));
        if (kind < 0)
            return ERROR(arena, ERROR_INTERNAL, "The queue holds a task of an unknown kind.");
        task = ARENA_NEW(arena, Task);
        *task = (Task){.id = row_uuid(rows, 0),
                       .kind = (TaskKind)kind,
                       .owner_id = row_uuid(rows, 2),
                       .object_id = row_uuid(rows, 3),
                       .size = row_int(rows, 4),
                       .token = row_int(rows, 5),
                       .attempts = row_int(rows, 6),
                       .position = row_int(rows, 7),
                       .accepted_at = row_time(rows, 8)};
    }
    TRY(error);
    *ret_task = task;
    return NULL;
}

Error *task_yield(Arena *arena, Db *db, Uuid owner_id, int64_t now)
{
    return db_run(db, arena, SQL_TASK_YIELD, PARAMS(value_uuid(owner_id), value_time(now)), NULL);
}

static Error *change(Arena *arena, Db *db, Sql sql, const Value *params, size_t count,
                     bool *ret_held)
{
    int64_t changed = 0;
    TRY(db_run(db, arena, sql, params, count, &changed));
    *ret_held = changed > 0;
    return NULL;
}

Error *task_claim(Arena *arena, Db *db, Task *task, int64_t lease_until, const char *worker,
                  bool *ret_held)
{
    TRY(change(arena, db, SQL_TASK_CLAIM,
               PARAMS(value_uuid(task->id), value_int(task->token), value_time(lease_until),
                      value_text(worker)),
               ret_held));
    if (*ret_held) {
        task->token++;
        task->attempts++;
    }
    return NULL;
}

Error *task_renew(Arena *arena, Db *db, const Task *task, int64_t lease_until, bool *ret_held)
{
    return change(arena, db, SQL_TASK_RENEW,
                  PARAMS(value_uuid(task->id), value_int(task->token), value_time(lease_until)),
                  ret_held);
}

Error *task_advance(Arena *arena, Db *db, const Task *task, int64_t position, int64_t lease_until,
                    bool *ret_held)
{
    return change(arena, db, SQL_TASK_ADVANCE,
                  PARAMS(value_uuid(task->id), value_int(task->token), value_int(position),
                         value_time(lease_until)),
                  ret_held);
}

Error *task_finish(Arena *arena, Db *db, const Task *task, bool *ret_held)
{
    return change(arena, db, SQL_TASK_FINISH, PARAMS(value_uuid(task->id), value_int(task->token)),
                  ret_held);
}

Error *task_release(Arena *arena, Db *db, const Task *task, int64_t not_before, int64_t attempts,
                    bool *ret_held)
{
    return change(arena, db, SQL_TASK_RELEASE,
                  PARAMS(value_uuid(task->id), value_int(task->token), value_time(not_before),
                         value_int(attempts)),
                  ret_held);
}

Error *task_drop(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, TaskKind kind,
                 int64_t *ret_dropped)
{
    return db_run(
        db, arena, SQL_TASK_DROP,
        PARAMS(value_uuid(owner_id), value_uuid(object_id), value_text(TASK_KIND_WORDS[kind])),
        ret_dropped);
}

Error *task_is_queued(Arena *arena, Db *db, Uuid owner_id, Uuid object_id, TaskKind kind,
                      bool *ret_queued)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(
        db, arena, SQL_TASK_OF_OBJECT,
        PARAMS(value_uuid(owner_id), value_uuid(object_id), value_text(TASK_KIND_WORDS[kind])),
        &rows));
    *ret_queued = rows_next(rows, &error);
    return error;
}

Error *task_depth(Arena *arena, Db *db, int64_t *ret_waiting, int64_t *ret_oldest)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_QUEUE_DEPTH, NO_PARAMS, &rows));
    if (rows_next(rows, &error)) {
        *ret_waiting = row_int(rows, 0);
        *ret_oldest = row_time(rows, 1);
    }
    return error;
}
