/* What a deletion removed comes back in the order in which it was archived, batch by batch; the position of the
 * task counts the rows that are back.
 *
 *   of a job:  its rows, hidden → the job is shown → edits that went with it → displaced versions step back
 *   of keys:   their versions, newest first, so that each lands behind what is newer
 *
 * Up to SETTLE_AT_ONCE edits and displaced versions are dealt with in the transaction that shows the job; where
 * there are more, the job is settling until the passes behind it are through. */
#include "domain/restoration_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "domain/batches.h"
#include "domain/company_names.h"
#include "domain/queue.h"
#include "domain/versions.h"
#include "store/account_store.h"
#include "store/chunk_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"

enum { ANALYZE_ROWS = 20000 };

/* Rows that jobs had lost are theirs again: how many are left is known without counting them. */
Error *restoration_give_back(Arena *arena, Db *db, const Prediction *rows, size_t count)
{
    Map jobs = map_new(arena);
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].has_job)
            continue;
        Str id = {(const char *)rows[i].job_id.bytes, 16};
        int64_t *number = map_find(&jobs, id);
        if (number == NULL) {
            number = ARENA_NEW(arena, int64_t);
            map_put(&jobs, id, number);
        }
        ++*number;
    }
    for (size_t i = 0; i < jobs.count; i++) {
        Uuid id;
        memcpy(id.bytes, jobs.entries[i].key.ptr, 16);
        int64_t back = *(const int64_t *)jobs.entries[i].value;
        TRY(job_rows_removed(arena, db, rows[0].owner_id, id, -back));
        TRY(deletion_expect_more(arena, db, rows[0].owner_id, id, back));
    }
    return NULL;
}

/* Puts rows of a part into place; *ret_count 0: there are no more. */
static Error *put_rows(Restoring *r, Arena *arena, ChunkPart part, int64_t at, int64_t limit,
                       DeletionStep *step, size_t *ret_count)
{
    Prediction *rows = NULL;
    const Deletion *deletion = r->deletion;
    const Uuid *hidden = part == PART_ROWS && r->job != NULL ? &deletion->job_id : NULL;
    TRY(archive_walk_rows(arena, r->walk, part, at, limit, &rows, ret_count));
    bool *former = ARENA_ARRAY(arena, bool, *ret_count + 1);
    TRY(versions_put_back(arena, r->db, rows, *ret_count, hidden, former));
    TRY(restoration_give_back(arena, r->db, rows, *ret_count));
    step->restored_rows += (int64_t)*ret_count;
    step->restored_former += edit_keys_count_former(&r->edits, rows, former, *ret_count);
    return NULL;
}

/* The places, and the end of the transaction. */
static Error *end_batch(Restoring *r, Arena *arena, Deletion *after, const DeletionStep *step,
                        bool over, Tx *tx)
{
    Task task = *r->task;
    TRY(deletion_progress(arena, r->db, after, step));
    TRY(owner_touch(arena, r->db, after->owner_id));
    if (over) {
        if (r->job != NULL)
            TRY(count_fold(arena, r->db, after->owner_id, after->job_id));
        TRY(deletion_finish(arena, r->db, after, DELETION_DONE, 0));
        TRY(queue_finish(arena, r->db, &task));
    } else {
        TRY(queue_advance(arena, r->db, &task, after->restored_rows));
    }
    TRY(tx_commit(tx, arena));
    *r->deletion = *after;
    *r->task = task;
    return NULL;
}

Error *restoration_rows_batch(Restoring *r, Arena *arena, int64_t limit, bool *ret_more)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    int64_t start = clock_monotonic(), now = start;
    do {
        int64_t before = now;
        ArenaMark mark = arena_mark(arena);
        TRY(put_rows(r, arena, PART_ROWS, r->task->position + step.restored_rows, limit, &step,
                     &count));
        arena_rewind(arena, mark);
        now = clock_monotonic();
        limit = batches_part((int64_t)count, now - before);
    } while (count > 0 && batches_may_go_on(r->db, r->watch, start));
    *ret_more = step.restored_rows > 0;
    if (!*ret_more)
        return NULL;
    return end_batch(r, arena, &after, &step, false, &tx);
}

/* One step of settling: edits, then versions that step back. *ret_more: not through yet. */
static Error *settle(Restoring *r, Arena *arena, Deletion *after, int64_t limit, DeletionStep *step,
                     bool *ret_more)
{
    size_t edits = 0;
    SettlePass pass = {0};
    int64_t at =
        after->restored_rows + step->restored_rows - archive_rows_of_part(after, PART_ROWS);
    TRY(put_rows(r, arena, PART_EDITS, at, limit, step, &edits));
    *ret_more = true;
    if ((int64_t)edits == limit ||
        at + (int64_t)edits < archive_rows_of_part(after, PART_EDITS)) /* another chunk */
        return NULL;
    SwapQuery query = versions_next_pass(after, limit);
    TRY(versions_cover(arena, r->db, &query, &pass));
    if (pass.looked > 0)
        after->settled_row = pass.last + 1;
    *ret_more = pass.looked == limit;
    return NULL;
}

/* From this commit on the job's rows are seen. */
static Error *show_job(Restoring *r, Arena *arena, bool *ret_done)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobLock lock;
    int64_t covering = 0, most = batches_most(SETTLE_AT_ONCE);
    bool found = false, more = true;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, r->db, after.owner_id, after.job_id, &lock, &found));
    TRY(job_restored(arena, r->db, after.owner_id, after.job_id, clock_now()));
    TRY(company_names_redo(arena, r->db, after.owner_id, after.job_id));
    TRY(covering_count(arena, r->db, after.owner_id, after.job_id, most + 1, &covering));
    bool at_once = covering <= most && archive_rows_of_part(&after, PART_EDITS) <= most;
    while (at_once && more)
        TRY(settle(r, arena, &after, most + 1, &step, &more));
    if (!at_once)
        TRY(job_set_settling(arena, r->db, after.owner_id, after.job_id, true));
    TRY(restoration_queue_import(arena, r->db, r->job));
    TRY(end_batch(r, arena, &after, &step, at_once, &tx));
    r->shown = true;
    *ret_done = at_once;
    return NULL;
}

static Error *settle_batch(Restoring *r, Arena *arena, bool *ret_done)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobLock lock;
    bool more = false, found = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, r->db, after.owner_id, after.job_id, &lock, &found));
    TRY(settle(r, arena, &after, batches_most(SETTLE_PASS), &step, &more));
    if (!more)
        TRY(job_set_settling(arena, r->db, after.owner_id, after.job_id, false));
    TRY(end_batch(r, arena, &after, &step, !more, &tx));
    *ret_done = !more;
    return NULL;
}

/* A version that was deleted alone is there again: what it had left behind may come back some day. */
static Error *end_keys(Restoring *r, Arena *arena)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(versions_unretire(arena, r->db, &after));
    if (after.subject == SUBJECT_COMPANY)
        TRY(company_restore_many(arena, r->db, after.owner_id, &after.object_id, 1));
    return end_batch(r, arena, &after, &step, true, &tx);
}

void restoration_tell(const Restoring *r)
{
    batches_tell(r->watch, r->deletion->restored_rows, r->deletion->archived);
}

/* Up to here a crash costs nothing but what is done again; from here on what is seen stays. */
static Error *make_durable(Restoring *r, Arena *arena)
{
    if (!r->relaxed)
        return NULL;
    r->relaxed = false;
    return db_relax_durability(r->db, arena, false);
}

static Error *restore_batch(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    Restoring *r = self;
    bool more = false;
    restoration_tell(r);
    if (r->shown)
        return settle_batch(r, arena, ret_done);
    TRY(restoration_rows_batch(r, arena, limit, &more));
    if (more)
        return NULL;
    TRY(make_durable(r, arena));
    if (r->job != NULL)
        return show_job(r, arena, ret_done);
    TRY(end_keys(r, arena));
    *ret_done = true;
    return NULL;
}

/* Batches before the last one need not be durable: rows and position are in one transaction. */
static Error *run(Restoring *r, Arena *arena, bool *ret_done)
{
    r->relaxed = !r->shown;
    if (r->relaxed)
        TRY(db_relax_durability(r->db, arena, true));
    Error *error = restoration_lanes_run(r, arena);
    if (error == NULL)
        error = batches_run(arena, r->db, r->watch, (BatchSize){500, 100, 20000}, restore_batch, r,
                            ret_done);
    Error *restored = make_durable(r, arena);
    return error != NULL ? error : restored;
}

Error *restoration_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
{
    Deletion *deletion = NULL;
    Job *job = NULL;
    bool done = false;
    *ret_end = TASK_ENDED;
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, &deletion));
    if (deletion == NULL || deletion->phase != PHASE_RESTORE || deletion->state == DELETION_DONE)
        return queue_drop(arena, db, task);
    if (deletion->subject == SUBJECT_JOB)
        TRY(job_find(arena, db, deletion->owner_id, deletion->job_id, &job));
    Restoring restoring = {.db = db,
                           .task = task,
                           .deletion = deletion,
                           .job = job,
                           .shown = job != NULL && job->status != JOB_RESTORING,
                           .walk = archive_walk_new(arena, db, deletion),
                           .watch = watch};
    task->position = deletion->restored_rows; /* they move together; one began anew after a stall */
    TRY(edit_keys_find(arena, db, deletion, &restoring.edits));
    TRY(run(&restoring, arena, &done));
    *ret_end = done ? TASK_ENDED : TASK_STOPPED;
    return done && deletion->restored_rows >= ANALYZE_ROWS
               ? db_analyze(db, arena, deletion->restored_rows)
               : NULL;
}
