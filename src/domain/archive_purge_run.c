/* Each batch is one short transaction that removes the next things of the archive, in this order: chunks of
 * rows, the companies that it names, and what is kept beside the record of a job that stays deleted. The last
 * one, which finds nothing left, ends the purge. So a crash loses nothing, and nothing has to be remembered
 * but how many rows are left. */
#include "domain/archive_purge.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/accounts.h"
#include "domain/audit.h"
#include "domain/queue.h"
#include "store/chunk_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"

#define BATCH_TIME 40000 /* µs for which the write lock may be held */

typedef enum Stage {
    STAGE_CHUNKS,
    STAGE_COMPANIES,
    STAGE_JOB, /* and one for each part of it */
    STAGE_END = STAGE_JOB + JOB_PART_COUNT,
    STAGE_COUNT
} Stage;

static const struct {
    int64_t first, most;
} LIMITS[STAGE_COUNT] = {
    [STAGE_CHUNKS] = {1, 1000},
    [STAGE_COMPANIES] = {100, 5000},
    [STAGE_JOB + JOB_PART_FILE] = {4, 1000},
    [STAGE_JOB + JOB_PART_ERRORS] = {500, 20000},
    [STAGE_JOB + JOB_PART_MARKS] = {100, 5000},
    [STAGE_JOB + JOB_PART_COVERING] = {500, 20000},
    [STAGE_JOB + JOB_PART_COMPANY_CHANGES] = {500, 20000},
    [STAGE_END] = {1, 1},
};

typedef struct Run {
    Db *db;
    Task *task;
    Deletion *deletion;
    Stage stage;
    int64_t limit;
    int64_t newest_hold; /* of the owner, when those on rows of the archive were looked for */
    bool held;           /* one was found */
} Run;

/* --- holds ----------------------------------------------------------------------------------- */

/* In the batch's transaction, with the job locked: *ret_held where a hold forbids the next batch. */
static Error *is_held(Arena *arena, Run *run, bool *ret_held)
{
    const Deletion *deletion = run->deletion;
    JobLock job = {0};
    int64_t newest = 0;
    bool found = false;
    if (uuid_is_nil(deletion->job_id)) {
        TRY(job_newest_hold(arena, run->db, deletion->owner_id, &newest));
        *ret_held =
            newest != run->newest_hold; /* they are looked for again before the next batch */
        return NULL;
    }
    TRY(job_lock(arena, run->db, deletion->owner_id, deletion->job_id, &job, &found));
    *ret_held = found && job.held;
    return NULL;
}

static Error *look_for_holds(Arena *arena, Run *run)
{
    TRY(job_newest_hold(arena, run->db, run->deletion->owner_id, &run->newest_hold));
    Error *error = archive_purge_refuse_held(arena, run->db, run->deletion);
    if (error != NULL && !error_is(error, "legal_hold"))
        return error;
    run->held = error != NULL;
    return NULL;
}

/* --- one batch ------------------------------------------------------------------------------- */

static Error *remove_chunks(Arena *arena, Run *run, int64_t *ret_removed)
{
    int64_t rows = 0;
    TRY(chunk_remove(arena, run->db, run->deletion, run->limit, ret_removed, &rows));
    return deletion_purged(arena, run->db, run->deletion, rows);
}

static Error *remove_companies(Arena *arena, Run *run, int64_t *ret_removed)
{
    Uuid *companies = NULL;
    size_t count = 0;
    TRY(archived_companies_some(arena, run->db, run->deletion, run->limit, &companies, &count));
    for (size_t i = 0; i < count; i++)
        TRY(archived_company_remove(arena, run->db, run->deletion, companies[i]));
    *ret_removed = (int64_t)count;
    return NULL;
}

static Error *remove_of_job(Arena *arena, Run *run, int64_t *ret_removed)
{
    const Deletion *deletion = run->deletion;
    Job *job = NULL;
    bool referred = false;
    *ret_removed = 0;
    if (deletion->subject != SUBJECT_JOB)
        return NULL;
    TRY(job_find(arena, run->db, deletion->owner_id, deletion->job_id, &job));
    if (job == NULL || job->status != JOB_DELETED)
        return NULL; /* restored since */
    TRY(job_is_referred(arena, run->db, deletion, &referred));
    if (referred)
        return NULL;
    return job_part_purge(arena, run->db, deletion, (JobPart)(run->stage - STAGE_JOB), run->limit,
                          ret_removed);
}

/* The task ends in the same transaction. */
static Error *note_end(Arena *arena, Run *run, const char *action)
{
    const Deletion *deletion = run->deletion;
    Principal *who = NULL;
    TRY(accounts_worker(arena, run->db, deletion->purged_by, &who));
    TRY(queue_finish(arena, run->db, run->task));
    return audit_write(arena, run->db, who,
                       (AuditNote){.owner_id = deletion->owner_id,
                                   .action = action,
                                   .object_kind = "deletion",
                                   .object_id = deletion->id,
                                   .count = deletion_rows(&deletion->counts),
                                   .reason = deletion->purge_reason});
}

static Error *end(Arena *arena, Run *run)
{
    TRY(deletion_end_purge(arena, run->db, run->deletion, clock_now()));
    return note_end(arena, run, "deletion.purged");
}

static Error *remove_some(Arena *arena, Run *run, int64_t *ret_removed)
{
    if (run->stage == STAGE_CHUNKS)
        return remove_chunks(arena, run, ret_removed);
    if (run->stage == STAGE_COMPANIES)
        return remove_companies(arena, run, ret_removed);
    return remove_of_job(arena, run, ret_removed);
}

/* *ret_removed 0: this stage is over. */
static Error *batch(Arena *arena, Run *run, int64_t *ret_removed)
{
    Task after = *run->task; /* it may have to be done again from where it was */
    bool held = false;
    Tx TX_AUTO tx = {0};
    *ret_removed = 0;
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(is_held(arena, run, &held));
    if (held) {
        run->held = true;
        return NULL;
    }
    if (run->stage == STAGE_END) {
        TRY(end(arena, run));
        return tx_commit(&tx, arena);
    }
    TRY(remove_some(arena, run, ret_removed));
    if (*ret_removed == 0)
        return NULL;
    TRY(queue_advance(arena, run->db, &after, after.position + 1));
    TRY(tx_commit(&tx, arena));
    *run->task = after;
    return NULL;
}

/* --- all of it ------------------------------------------------------------------------------- */

static void next_limit(Run *run, int64_t took)
{
    int64_t most = LIMITS[run->stage].most;
    int64_t limit = run->limit * BATCH_TIME / (took > 0 ? took : 1);
    run->limit = limit < 1 ? 1 : limit > most ? most : limit;
}

static Error *one_batch(Arena *arena, Run *run, int64_t *ret_removed)
{
    int64_t start = clock_monotonic();
    int attempt = 0;
    Error *error;
    do {
        error = batch(arena, run, ret_removed);
    } while (queue_try_again(error, &attempt));
    next_limit(run, clock_monotonic() - start);
    return error;
}

/* Until it is over, held, or the watch says stop. */
static Error *work(Arena *arena, Run *run, const TaskWatch *watch)
{
    TRY(look_for_holds(arena, run));
    run->limit = LIMITS[run->stage].first;
    while (run->stage < STAGE_COUNT && !run->held && !watch->stopping(watch->self)) {
        ArenaMark mark = arena_mark(arena);
        int64_t removed = 0;
        TRY(one_batch(arena, run, &removed));
        arena_rewind(arena, mark);
        if (run->held && uuid_is_nil(run->deletion->job_id))
            TRY(look_for_holds(arena, run)); /* a new hold: of rows of this archive? */
        else if (removed == 0 && !run->held && ++run->stage < STAGE_COUNT)
            run->limit = LIMITS[run->stage].first;
        clock_sleep(watch->pause);
    }
    return NULL;
}

static Error *stall(Arena *arena, Run *run)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(deletion_finish(arena, run->db, run->deletion, DELETION_STALLED, 0));
    TRY(note_end(arena, run, "deletion.purge_stalled"));
    return tx_commit(&tx, arena);
}

static Error *find(Arena *arena, Db *db, Task *task, Run *ret_run)
{
    *ret_run = (Run){.db = db, .task = task};
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, &ret_run->deletion));
    const Deletion *deletion = ret_run->deletion;
    if (deletion != NULL && (deletion->phase != PHASE_PURGE || deletion->state == DELETION_DONE))
        ret_run->deletion = NULL;
    return NULL;
}

static Error *drop(Arena *arena, const Run *run)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(queue_finish(arena, run->db, run->task));
    return tx_commit(&tx, arena);
}

Error *archive_purge_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
{
    Run run;
    TRY(find(arena, db, task, &run));
    *ret_end = TASK_ENDED;
    if (run.deletion == NULL)
        return drop(arena, &run);
    TRY(work(arena, &run, watch));
    if (run.held) {
        log_event(LOG_WARN, "a legal hold stopped the purge of an archive",
                  LOG_TEXT("deletion", uuid_text(arena, run.deletion->id)));
        return stall(arena, &run);
    }
    if (run.stage < STAGE_COUNT)
        *ret_end = TASK_STOPPED;
    return NULL;
}

Error *archive_purge_give_up(Arena *arena, Db *db, Task *task)
{
    Run run;
    TRY(find(arena, db, task, &run));
    return run.deletion == NULL ? drop(arena, &run) : stall(arena, &run);
}
