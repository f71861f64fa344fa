/* How long a batch may hold the write lock decides its size, from how long the one before took. The
 * position of the task is the job_row of the last row that is gone, so a crash loses nothing. */
#include "domain/removal.h"

#include "base/clock.h"
#include "domain/queue.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"

enum { BATCH_FIRST = 500, BATCH_MIN = 100, BATCH_MAX = 20000 };

static Error *mark_companies(Arena *arena, Db *db, const JobSlice *slice, const Uuid *companies,
                             size_t count, int64_t *ret_marked)
{
    int64_t now = clock_now();
    for (size_t i = 0; i < count; i++) {
        bool marked = false;
        TRY(company_mark_deleted(arena, db, slice->owner_id, companies[i], now, &marked));
        *ret_marked += marked;
    }
    return NULL;
}

static Error *count_removed(Arena *arena, Db *db, const Removal *removal, int64_t rows,
                            int64_t companies)
{
    TRY(deletion_advance(arena, db, removal->deletion, rows, companies));
    return job_rows_removed(arena, db, removal->owner_id, removal->job_id, rows);
}

static Error *remove_batch(Arena *arena, Db *db, Task *task, const Removal *removal, int64_t limit,
                           bool *ret_done)
{
    JobSlice slice = {.kind = removal->kind,
                      .owner_id = removal->owner_id,
                      .job_id = removal->job_id,
                      .after = task->position,
                      .inferred = removal->inferred};
    bool orphans = removal->deletion != NULL && removal->deletion->orphaned_companies;
    int64_t rows = 0, removed = 0, marked = 0;
    Task after = *task; /* it may have to be done again from where it was */
    Uuid *companies = NULL;
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(slice_end(arena, db, &slice, limit, &rows));
    if (rows == 0) {
        *ret_done = true;
        return NULL;
    }
    if (orphans)
        TRY(slice_companies(arena, db, &slice, &companies, &count));
    TRY(count_take_slice(arena, db, &slice));
    TRY(slice_delete(arena, db, &slice, &removed));
    TRY(mark_companies(arena, db, &slice, companies, count, &marked));
    if (removal->deletion != NULL)
        TRY(count_removed(arena, db, removal, removed, marked));
    TRY(owner_touch(arena, db, removal->owner_id));
    TRY(queue_advance(arena, db, &after, slice.to));
    TRY(tx_commit(&tx, arena));
    *task = after;
    return NULL;
}

Error *removal_run(Arena *arena, Db *db, Task *task, const Removal *removal, const TaskWatch *watch,
                   bool *ret_done)
{
    int64_t limit = BATCH_FIRST;
    *ret_done = false;
    while (!*ret_done && !watch->stopping(watch->self)) {
        ArenaMark mark = arena_mark(arena);
        int64_t start = clock_monotonic();
        Error *error = NULL;
        int attempt = 0;
        do {
            error = remove_batch(arena, db, task, removal, limit, ret_done);
        } while (queue_try_again(error, &attempt));
        if (error != NULL)
            return error;
        int64_t took = clock_monotonic() - start;
        limit = limit * queue_batch_time(db) / (took > 0 ? took : 1);
        limit = limit < BATCH_MIN ? BATCH_MIN : limit > BATCH_MAX ? BATCH_MAX : limit;
        arena_rewind(arena, mark);
        clock_sleep(watch->pause);
    }
    return NULL;
}
