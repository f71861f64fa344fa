/* Rows are locked before jobs, as by everybody. Where sessions write beside each other, what was read before its
 * jobs were held is read again: a deletion may have hidden some of it, and brought other versions back. */
#include "domain/key_removal.h"

#include "base/vec.h"
#include "domain/holds.h"
#include "store/account_store.h"
#include "store/chunk_store.h"
#include "store/count_store.h"
#include "store/job_store.h"

#include <stdlib.h>

/* --- jobs ------------------------------------------------------------------------------------ */

typedef VEC(Uuid) Ids;

static int by_id(const void *a, const void *b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}

/* Sorted and each once. */
static void sort_ids(Ids *ids)
{
    size_t kept = 0;
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof *ids->items, by_id);
    for (size_t i = 0; i < ids->count; i++)
        if (kept == 0 || !uuid_equal(ids->items[kept - 1], ids->items[i]))
            ids->items[kept++] = ids->items[i];
    ids->count = kept;
}

/* A job that rows come from. */
typedef struct SourceJob {
    Uuid id;
    bool held;
} SourceJob;

typedef VEC(SourceJob) SourceJobs;

static const SourceJob *find_job(const SourceJobs *jobs, Uuid id)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (uuid_equal(jobs->items[i].id, id))
            return &jobs->items[i];
    return NULL;
}

/* Those that are not among `known`, in the order of their ids. */
static Ids new_jobs(Arena *arena, const KeyRows *rows, const SourceJobs *known)
{
    Ids jobs = {0};
    for (size_t i = 0; i < rows->count; i++) {
        const Uuid ids[] = {rows->versions[i].job_id, rows->versions[i].root_job_id};
        for (size_t k = 0; k < 2; k++)
            if (!uuid_is_nil(ids[k]) && find_job(known, ids[k]) == NULL &&
                (jobs.count == 0 || !uuid_equal(jobs.items[jobs.count - 1], ids[k])))
                vec_push(arena, &jobs, ids[k]);
    }
    sort_ids(&jobs);
    return jobs;
}

static Error *look_at_job(Arena *arena, Db *db, Uuid owner_id, SourceJob *job)
{
    Job *found = NULL;
    TRY(job_find(arena, db, owner_id, job->id, &found));
    job->held = found != NULL && found->legal_hold != NULL;
    return NULL;
}

static Error *lock_job(Arena *arena, Db *db, Uuid owner_id, SourceJob *job)
{
    JobLock lock;
    bool found = false;
    TRY(job_lock(arena, db, owner_id, job->id, &lock, &found));
    job->held = found && lock.held;
    return NULL;
}

static void mark_held(Arena *arena, KeyRows *rows, const SourceJobs *jobs)
{
    rows->held = ARENA_ARRAY(arena, bool, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        const Uuid ids[] = {rows->versions[i].job_id, rows->versions[i].root_job_id};
        for (size_t k = 0; k < 2; k++) {
            const SourceJob *job = find_job(jobs, ids[k]);
            if (job == NULL || !job->held)
                continue;
            rows->held[i] = true;
            rows->held_job = job->id;
        }
    }
}

/* --- reading --------------------------------------------------------------------------------- */

static Error *lock_current(Arena *arena, Db *db, const KeySet *set, const KeyRows *rows)
{
    Ids current = {0};
    for (size_t i = 0; i < rows->count; i++)
        if (rows->versions[i].is_current)
            vec_push(arena, &current, rows->versions[i].id);
    sort_ids(&current);
    return prediction_lock_many(arena, db, set->keys[0].kind, set->keys[0].owner_id, current.items,
                                current.count);
}

Error *key_rows_lock(Arena *arena, Db *db, const KeySet *set, KeyRows *ret_rows)
{
    KeyRows rows = {0};
    SourceJobs jobs = {0};
    bool first = true;
    if (set->count == 0) {
        *ret_rows = rows;
        return NULL;
    }
    for (;;) {
        TRY(key_versions(arena, db, set->keys, set->count, &rows.versions, &rows.count));
        if (first)
            TRY(lock_current(arena, db, set, &rows));
        Ids fresh = new_jobs(arena, &rows, &jobs);
        for (size_t i = 0; i < fresh.count; i++) {
            SourceJob job = {.id = fresh.items[i]};
            TRY(lock_job(arena, db, set->keys[0].owner_id, &job));
            vec_push(arena, &jobs, job);
        }
        if (!db_can_write_beside(db) || (!first && fresh.count == 0))
            break;
        first = false;
    }
    mark_held(arena, &rows, &jobs);
    *ret_rows = rows;
    return NULL;
}

Error *key_rows_read(Arena *arena, Db *db, const KeySet *set, KeyRows *ret_rows)
{
    KeyRows rows = {0};
    SourceJobs jobs = {0};
    TRY(key_versions(arena, db, set->keys, set->count, &rows.versions, &rows.count));
    Ids fresh = new_jobs(arena, &rows, &jobs);
    for (size_t i = 0; i < fresh.count; i++) {
        SourceJob job = {.id = fresh.items[i]};
        TRY(look_at_job(arena, db, set->keys[0].owner_id, &job));
        vec_push(arena, &jobs, job);
    }
    mark_held(arena, &rows, &jobs);
    *ret_rows = rows;
    return NULL;
}

/* --- choosing -------------------------------------------------------------------------------- */

/* The versions of one key: rows->versions[from] to before [to]. */
static bool as_wanted(const KeySet *set, const KeyRows *rows, size_t from, size_t to)
{
    bool current = set->current == NULL;
    for (size_t i = from; i < to; i++) {
        const KeyVersion *version = &rows->versions[i];
        if (version->created_at >= set->before)
            return false;
        if (set->current != NULL && version->is_current)
            current = uuid_equal(version->id, set->current[version->key]);
    }
    return current;
}

void key_rows_choose(Arena *arena, const KeySet *set, const KeyRows *rows, Uuid **ret_ids,
                     size_t *ret_count, int64_t *ret_held)
{
    Ids ids = {0};
    *ret_held = 0;
    for (size_t from = 0, to; from < rows->count; from = to) {
        bool held = false;
        for (to = from; to < rows->count && rows->versions[to].key == rows->versions[from].key;
             to++)
            held |= rows->held[to];
        if (!as_wanted(set, rows, from, to))
            continue;
        if (held)
            *ret_held += (int64_t)(to - from);
        for (size_t i = from; i < to && !held; i++)
            vec_push(arena, &ids, rows->versions[i].id);
    }
    *ret_ids = ids.items;
    *ret_count = ids.count;
}

/* --- removing -------------------------------------------------------------------------------- */

/* Each row is one less of the job that made it. */
static Error *take_from_jobs(Arena *arena, Db *db, Uuid owner_id, const Prediction *rows,
                             size_t count)
{
    Ids jobs = {0};
    for (size_t i = 0; i < count; i++)
        if (rows[i].has_job)
            vec_push(arena, &jobs, rows[i].job_id);
    if (jobs.count > 1)
        qsort(jobs.items, jobs.count, sizeof *jobs.items, by_id);
    for (size_t from = 0, to; from < jobs.count; from = to) {
        for (to = from; to < jobs.count && uuid_equal(jobs.items[to], jobs.items[from]); to++)
            continue;
        TRY(job_rows_removed(arena, db, owner_id, jobs.items[from], (int64_t)(to - from)));
    }
    return NULL;
}

static Error *name_companies(Arena *arena, Db *db, const Deletion *deletion, const Prediction *rows,
                             size_t count, DeletionStep *step)
{
    Ids companies = {0}, bereft = {0};
    int64_t empty = 0;
    for (size_t i = 0; i < count; i++) {
        vec_push(arena, &companies, rows[i].company_id);
        if (rows[i].is_current)
            vec_push(arena, &bereft, rows[i].company_id);
    }
    sort_ids(&companies);
    sort_ids(&bereft);
    TRY(company_count_empty(arena, db, deletion->owner_id, bereft.items, bereft.count, &empty));
    step->counts.companies_empty += empty;
    return archived_companies_add(arena, db, deletion, companies.items, companies.count);
}

Error *key_rows_remove(Arena *arena, Db *db, const Deletion *deletion, Kind kind, const Uuid *ids,
                       size_t count, DeletionStep *step)
{
    Prediction *rows = NULL;
    size_t removed = 0;
    if (count == 0)
        return NULL;
    TRY(predictions_remove(arena, db, kind, deletion->owner_id, ids, count, &rows, &removed));
    TRY(take_from_jobs(arena, db, deletion->owner_id, rows, removed));
    TRY(chunk_add(arena, db, deletion, PART_ROWS, rows, removed));
    TRY(name_companies(arena, db, deletion, rows, removed, step));
    TRY(count_take_rows(arena, db, deletion->owner_id, rows, removed));
    step->counts.predictions[kind] += (int64_t)removed;
    step->archived += (int64_t)removed;
    return NULL;
}

Error *key_rows_refuse_held(Arena *arena, Db *db, Uuid owner_id, const KeyRows *rows, int64_t held)
{
    Job *job = NULL;
    if (held == 0)
        return NULL;
    TRY(job_find(arena, db, owner_id, rows->held_job, &job));
    return job == NULL ? NULL : holds_refuse_rows(arena, job, held);
}
