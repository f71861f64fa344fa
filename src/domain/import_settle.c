/* The late rows of a batch, all at once: keys that hidden rows hold are freed, versions that are replaced step
 * back, and the rows go in.
 *
 * What is replaced was looked up without a lock. So it is locked and looked at again; where somebody was quicker, the
 * version that he made is looked up and locked in its turn. The jobs of the displaced rows are locked behind that, in the
 * order of their ids, and must not hide them by now: else the whole batch is done again, which is rare. A job is locked
 * for an update and not for sharing, because its revision is raised: two that shared it would wait for each other. */
#include "base/check.h"
#include "domain/import_work.h"
#include "domain/versions.h"
#include "store/cover_store.h"
#include "store/prediction_store.h"

#include <stdlib.h>

enum { ROUNDS_MAX = 20 }; /* each finds fewer rows that somebody else was quicker with */

static Error *moved(const Work *work)
{
    return error_with_reason(
        ERROR(work->arena, ERROR_BUSY, "Somebody else changed the same predictions. Try again."),
        ERROR_RETRY);
}

static bool replaces(const Candidate *candidate)
{
    return candidate->row->outcome == ROW_GOOD && candidate->holder != NULL &&
           !candidate->holder_hidden;
}

/* --- what is to be done ---------------------------------------------------------------------- */

/* Their holders are known but for those that wait for another batch, or whose holder went away. */
static Error *judge_late(Work *work, Db *db, Candidates *ret_late)
{
    Candidates unknown = {0};
    for (size_t i = 0; i < work->candidate_count; i++) {
        Candidate *candidate = &work->candidates[i];
        if (!candidate->late)
            continue;
        vec_push(work->arena, ret_late, candidate);
        if (candidate->holder == NULL)
            vec_push(work->arena, &unknown, candidate);
    }
    return work_judge_holders(work, db, &unknown);
}

/* --- replacing ------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}

static size_t sort_ids(Uuid *ids, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(ids, count, sizeof *ids, by_id);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !uuid_equal(ids[kept - 1], ids[i]))
            ids[kept++] = ids[i];
    return kept;
}

/* Keys that hidden rows hold, in the order of the file. */
static Error *free_keys(Work *work, Db *db, const Candidates *late, bool *ret_any)
{
    for (size_t i = 0; i < late->count; i++) {
        Candidate *candidate = late->items[i];
        Prediction *back = NULL;
        if (candidate->row->outcome != ROW_GOOD || !candidate->holder_hidden)
            continue;
        TRY(versions_free_key(work->arena, db, candidate->holder, &back));
        work_judge_holder(work, candidate, back);
        *ret_any = true;
    }
    return NULL;
}

/* Locks versions that are to be replaced; those that are not current any more are *ret_moved. */
static Error *lock_rows(Work *work, Db *db, const Candidates *late, Candidates *ret_moved)
{
    Candidates rows = {0};
    for (size_t i = 0; i < late->count; i++)
        if (replaces(late->items[i]) && !late->items[i]->held)
            vec_push(work->arena, &rows, late->items[i]);
    if (rows.count == 0 || !db_can_write_beside(db)) /* with one writer all stays as it was read */
        return NULL;
    Uuid *ids = ARENA_ARRAY(work->arena, Uuid, rows.count);
    Uuid *current = ARENA_ARRAY(work->arena, Uuid, rows.count);
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++)
        ids[i] = rows.items[i]->holder->id;
    TRY(prediction_lock_current(work->arena, db, work->job->kind, work->job->owner_id, ids,
                                sort_ids(ids, rows.count), current, &count));
    for (size_t i = 0; i < rows.count; i++) {
        Candidate *candidate = rows.items[i];
        candidate->held = count > 0 && bsearch(&candidate->holder->id, current, count,
                                               sizeof *current, by_id) != NULL;
        if (!candidate->held)
            vec_push(work->arena, ret_moved, candidate);
    }
    return NULL;
}

/* Until every key is free or held by what a row replaces and nobody else can move. */
static Error *hold_keys(Work *work, Db *db, const Candidates *late)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        Candidates quicker = {0};
        bool freed = false;
        TRY(free_keys(work, db, late, &freed));
        TRY(lock_rows(work, db, late, &quicker));
        if (!freed && quicker.count == 0)
            return NULL;
        TRY(work_judge_holders(work, db, &quicker));
    }
    return moved(work);
}

/* A version is newer than the one that it replaces. */
static Error *check_times(Work *work, const Candidates *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i]->holder->created_at >= work->at &&
            rows->items[i]->holder->created_at >= work->not_before)
            work->not_before = rows->items[i]->holder->created_at + 1;
    return work->not_before > work->at ? moved(work) : NULL;
}

static Error *step_back(Work *work, Db *db, const Candidates *rows)
{
    Uuid *ids = ARENA_ARRAY(work->arena, Uuid, rows->count);
    int64_t changed = 0;
    for (size_t i = 0; i < rows->count; i++)
        ids[i] = rows->items[i]->holder->id;
    size_t count = sort_ids(ids, rows->count);
    TRY(prediction_set_current_many(work->arena, db, work->job->kind, work->job->owner_id, ids,
                                    count, false, &changed));
    return changed == (int64_t)count ? NULL : moved(work);
}

static const JobHides *find_job(const JobHides *jobs, size_t count, Uuid id)
{
    return count == 0 ? NULL
                      : bsearch(&id, jobs, count, sizeof *jobs, by_id); /* by the first member */
}

/* Locks the jobs of what is replaced and raises their revisions. */
static Error *lock_jobs(Work *work, Db *db, const Candidates *rows)
{
    Uuid *ids = ARENA_ARRAY(work->arena, Uuid, rows->count);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i]->holder->has_job)
            ids[count++] = rows->items[i]->holder->job_id;
    count = sort_ids(ids, count);
    JobHides *jobs = ARENA_ARRAY(work->arena, JobHides, count);
    TRY(job_lock_many(work->arena, db, work->job->owner_id, ids, count, jobs));
    for (size_t i = 0; i < rows->count; i++) {
        const Prediction *holder = rows->items[i]->holder;
        const JobHides *job = find_job(jobs, count, holder->job_id);
        if (job != NULL && job_link_hidden(holder->job_link, job->hides_rows, job->hides_inferred))
            return moved(work);
    }
    return job_raise_revision_many(work->arena, db, work->job->owner_id, ids, count);
}

static void count_replaced(Work *work, const Candidates *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const Prediction *holder = rows->items[i]->holder;
        CountKey key = count_key(holder);
        tally_add(work->tally, &key, -1);
    }
    work->counters.replaced += (int64_t)rows->count;
}

static Error *note_covering(Work *work, Db *db, const Candidates *rows)
{
    CoveringRow *covering = ARENA_ARRAY(work->arena, CoveringRow, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        const Prediction *made = &rows->items[i]->item;
        covering[i] = (CoveringRow){made->job_id, made->job_row, made->id};
    }
    return covering_add(work->arena, db, work->job->owner_id, covering, rows->count);
}

static Error *displace(Work *work, Db *db, const Candidates *rows)
{
    Candidates replacing = {0};
    for (size_t i = 0; i < rows->count; i++)
        if (replaces(rows->items[i]))
            vec_push(work->arena, &replacing, rows->items[i]);
    if (replacing.count == 0)
        return NULL;
    TRY(check_times(work, &replacing));
    TRY(step_back(work, db, &replacing));
    TRY(lock_jobs(work, db, &replacing));
    TRY(note_covering(work, db, &replacing));
    count_replaced(work, &replacing);
    return NULL;
}

/* --- storing --------------------------------------------------------------------------------- */

static Error *store(Work *work, Db *db, const Candidates *rows)
{
    bool loaded = false;
    const Prediction **items = work_items(work, rows);
    uint8_t *made = ARENA_ARRAY(work->arena, uint8_t, rows->count);
    TRY(prediction_load(work->arena, db, items, rows->count, &loaded));
    if (!loaded)
        TRY(prediction_insert_many(work->arena, db, items, rows->count, made));
    for (size_t i = 0; i < rows->count; i++) {
        if (!loaded && !made[i])
            return moved(work);
        work_count_made(work, rows->items[i]);
    }
    return NULL;
}

Error *work_settle(Work *work, Db *db)
{
    Candidates late = {0}, rows = {0};
    if (work->late_count > 0) {
        TRY(judge_late(work, db, &late));
        TRY(hold_keys(work, db, &late));
        for (size_t i = 0; i < late.count; i++)
            if (late.items[i]->row->outcome == ROW_GOOD)
                vec_push(work->arena, &rows, late.items[i]);
        TRY(displace(work, db, &rows));
        TRY(store(work, db, &rows));
    }
    work_judge_twins(work);
    return NULL;
}
