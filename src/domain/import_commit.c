/* A batch in one transaction, in the order of the file.
 *
 * The job's row is locked before anything of it is changed, the owner's behind it, the task's last: the same
 * order as everywhere, so that two transactions wait for each other in one direction only. The check of the
 * task's token is the last statement before the commit.
 *
 * max_failed_rows is kept to the row: a batch in which it is exceeded is rolled back and committed again up
 * to the row that did. */
#include "domain/import_commit.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/queue.h"
#include "domain/retries.h"
#include "store/account_store.h"

struct ImportCommit {
    Db *db;
    Task *task;
    Job *job;
    const Job *facts; /* the job as it was: what other threads may read */
    KnownCompanies *companies;
    Map dry_keys;    /* symbol, year, quarter -> row number, in a dry run */
    int64_t last_at; /* created_at of the batch before */
    KeyTrust trust;
};

ImportCommit *import_commit_new(Arena *arena, Db *db, Task *task, Job *job)
{
    ImportCommit *commit = ARENA_NEW(arena, ImportCommit);
    Job *facts = ARENA_NEW(arena, Job);
    *facts = *job;
    *commit = (ImportCommit){.db = db,
                             .task = task,
                             .job = job,
                             .facts = facts,
                             .companies = known_companies_new(arena, facts),
                             .dry_keys = map_new(arena_child(arena)),
                             .last_at = job->last_row_at};
    return commit;
}

/* --- one after the other --------------------------------------------------------------------- */

static int64_t later(const ImportCommit *commit)
{
    int64_t now = clock_now();
    return now > commit->last_at ? now : commit->last_at + 1;
}

static Error *lock_job(const Work *work, Db *db, bool *ret_cancelled)
{
    const Job *job = work->job;
    JobLock lock;
    bool found = false;
    TRY(job_lock(work->arena, db, job->owner_id, job->id, &lock, &found));
    if (!found || lock.status != JOB_PROCESSING)
        return error_with_reason(ERROR(work->arena, ERROR_CONFLICT, "The job is not processing."),
                                 "lease_lost");
    *ret_cancelled = lock.cancel_requested;
    return NULL;
}

/* Up to the row that is one too many; all of them where none is. */
static size_t rows_allowed(const ImportCommit *commit, const Work *work)
{
    int64_t most = commit->job->options.max_failed_rows, failed = commit->job->counters.failed;
    for (size_t i = 0; most >= 0 && i < work->count; i++) {
        failed += work->rows[i].outcome == ROW_FAILED;
        if (failed > most)
            return i + 1;
    }
    return work->count;
}

static void add_counters(JobCounters *to, const JobCounters *batch)
{
    to->processed += batch->processed;
    to->successful += batch->successful;
    to->failed += batch->failed;
    to->skipped += batch->skipped;
    to->unchanged += batch->unchanged;
    to->replaced += batch->replaced;
    to->warnings += batch->warnings;
    to->companies += batch->companies;
}

/* The owner, the job, the task: in this order, and nothing behind them but the commit. */
static Error *write_place(Work *work, Db *db, ImportPlace *place)
{
    const ImportBatch *batch = work->batch;
    JobCounters *counters = &place->counters;
    Job after = *work->job;
    bool whole = work->count == batch->count;
    int64_t row = whole ? batch->last_row : work->rows[work->count - 1].number;
    CHECK(row >= counters->resume_row);
    work_count(work);
    add_counters(counters, &work->counters);
    counters->resume_row = row;
    counters->bytes_done = batch->bytes_done;
    if (whole && batch->last)
        counters->total = counters->processed;
    after.counters = *counters;
    TRY(owner_touch(work->arena, db, work->job->owner_id));
    TRY(job_batch(work->arena, db, &after, &work->span, work->at));
    TRY(retries_found(work->arena, db, work->job, batch->retry_of));
    return queue_advance(work->arena, db, &place->task, row);
}

/* Where a row is not newer than what it replaces, the next attempt is given a later time. */
static Error *settle(ImportCommit *commit, Work *work)
{
    Error *error = work_settle(work, commit->db);
    if (work->not_before > work->at)
        commit->last_at = work->not_before - 1;
    return error;
}

static Error *store_rows(ImportCommit *commit, Work *work)
{
    if (commit->job->options.dry_run)
        return work_try(work, commit->db, &commit->dry_keys);
    work_plan(work);
    TRY(work_store(work, commit->db, &commit->trust));
    return settle(commit, work);
}

/* The first `count` rows in one transaction. *ret_cut below that: rolled back, to be done again with so
 * many rows. */
static Error *commit_rows(ImportCommit *commit, ImportBatch *batch, size_t count, size_t *ret_cut,
                          CommitEnd *ret_end)
{
    Work work = work_new(commit->facts, batch, count, later(commit));
    ImportPlace place = import_commit_place(commit);
    bool cancelled = false;
    *ret_cut = count;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(commit->db, work.arena, TX_WRITE, &tx));
    TRY(lock_job(&work, commit->db, &cancelled));
    if (cancelled) {
        *ret_end = COMMIT_CANCELLED;
        return NULL;
    }
    TRY(work_companies(&work, commit->db, commit->companies));
    TRY(store_rows(commit, &work));
    *ret_cut = rows_allowed(commit, &work);
    if (*ret_cut < count)
        return NULL;
    TRY(work_store_rest(&work, commit->db));
    TRY(write_place(&work, commit->db, &place));
    TRY(tx_commit(&tx, work.arena));
    commit->last_at = work.at;
    import_commit_move(commit, &place);
    return NULL;
}

static Error *commit_once(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end)
{
    size_t cut = batch->count;
    *ret_end = COMMIT_DONE;
    Error *error = commit_rows(commit, batch, batch->count, &cut, ret_end);
    if (error == NULL && cut < batch->count) {
        known_companies_forget(commit->companies);
        error = commit_rows(commit, batch, cut, &cut, ret_end);
    }
    if (error != NULL || *ret_end == COMMIT_CANCELLED) {
        known_companies_forget(commit->companies); /* some may have been rolled back */
        return error;
    }
    int64_t most = commit->job->options.max_failed_rows;
    if (most >= 0 && commit->job->counters.failed > most)
        *ret_end = COMMIT_TOO_MANY;
    return NULL;
}

/* A deadlock that the database resolved costs a little time, not the task. */
Error *import_commit_batch(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end)
{
    Error *error = NULL;
    int attempt = 0;
    do {
        error = commit_once(commit, batch, ret_end);
    } while (queue_try_again(error, &attempt));
    return error;
}

/* --- side by side ---------------------------------------------------------------------------- */

bool import_commit_may_part(const ImportCommit *commit)
{
    const ImportOptions *options = &commit->job->options;
    return !options->dry_run && !options->update_companies && options->max_failed_rows < 0;
}

static Error *prepare_once(ImportCommit *commit, ImportBatch *batch, Work *ret_work)
{
    Work work = work_new(commit->facts, batch, batch->count, later(commit));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(commit->db, work.arena, TX_WRITE, &tx));
    TRY(work_companies(&work, commit->db, commit->companies));
    TRY(queue_hold(work.arena, commit->db, commit->task));
    TRY(tx_commit(&tx, work.arena));
    work_plan(&work);
    commit->last_at = work.at;
    *ret_work = work;
    return NULL;
}

Error *import_commit_prepare(ImportCommit *commit, ImportBatch *batch, Work *ret_work)
{
    Error *error = NULL;
    int attempt = 0;
    do {
        error = prepare_once(commit, batch, ret_work);
        if (error != NULL)
            known_companies_forget(commit->companies);
    } while (queue_try_again(error, &attempt));
    return error;
}

ImportPlace import_commit_place(const ImportCommit *commit)
{
    return (ImportPlace){commit->job->counters, *commit->task};
}

void import_commit_move(ImportCommit *commit, const ImportPlace *place)
{
    commit->job->counters = place->counters;
    *commit->task = place->task;
}

Error *import_commit_finish(Work *work, Db *db, bool rest_stored, ImportPlace *place,
                            CommitEnd *ret_end)
{
    bool cancelled = false;
    *ret_end = COMMIT_DONE;
    TRY(lock_job(work, db, &cancelled));
    if (cancelled) {
        *ret_end = COMMIT_CANCELLED;
        return NULL;
    }
    if (!rest_stored) {
        TRY(work_settle(work, db));
        TRY(work_store_rest(work, db));
    }
    return write_place(work, db, place);
}
