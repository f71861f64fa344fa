/* Versions change places here, and nowhere else but where a writer replaces one.
 *
 * What decides a change is read first, and what steps back is locked behind that. Where somebody moved a version
 * meanwhile it is read again: each time fewer, for what is held stays. Then the jobs are locked; when one of them, or
 * what comes back, has moved, the transaction is to be tried again (ERROR_RETRY), which is rare. So a deletion, a
 * restoration and an edit that meet at one key come out as if one had been after the other. */
#include "domain/versions_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "domain/batches.h"
#include "domain/predictions.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/key_store.h"
#include "store/prediction_store.h"

#include <stdlib.h>

enum { ROUNDS_MAX = 20 };

Error *versions_moved(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_BUSY, "Somebody else changed the same predictions. Try again."),
        ERROR_RETRY);
}

static int by_id(const void *a, const void *b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}

/* Sorted and each once: everybody locks in this order. */
void versions_sort_ids(Ids *ids)
{
    size_t kept = 0;
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof *ids->items, by_id);
    for (size_t i = 0; i < ids->count; i++)
        if (kept == 0 || !uuid_equal(ids->items[kept - 1], ids->items[i]))
            ids->items[kept++] = ids->items[i];
    ids->count = kept;
}

static int by_job(const void *a, const void *b)
{
    return uuid_compare(((const SeenJob *)a)->id, ((const SeenJob *)b)->id);
}

/* Each must still be as it was found. */
Error *versions_lock_jobs(Arena *arena, Db *db, Uuid owner_id, SeenJobs *jobs)
{
    Uuid *ids = ARENA_ARRAY(arena, Uuid, jobs->count + 1);
    JobHides *hides = ARENA_ARRAY(arena, JobHides, jobs->count + 1);
    size_t kept = 0;
    if (jobs->count > 1)
        qsort(jobs->items, jobs->count, sizeof *jobs->items, by_job);
    for (size_t i = 0; i < jobs->count; i++)
        if (kept == 0 || !uuid_equal(ids[kept - 1], jobs->items[i].id))
            ids[kept++] = jobs->items[i].id;
    TRY(job_lock_many(arena, db, owner_id, ids, kept, hides));
    for (size_t i = 0, k = 0; i < jobs->count; i++) {
        const SeenJob *job = &jobs->items[i];
        k += !uuid_equal(ids[k], job->id);
        bool hidden = job_link_hidden(job->link, hides[k].hides_rows, hides[k].hides_inferred);
        if (hidden != job->hidden)
            return versions_moved(arena);
    }
    return job_raise_revision_many(arena, db, owner_id, ids, kept);
}

/* All of them must change: one that did not was moved by somebody else. */
Error *versions_set_flags(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Ids *ids,
                          bool current)
{
    int64_t changed = 0;
    Error *error = prediction_set_current_many(arena, db, kind, owner_id, ids->items, ids->count,
                                               current, &changed);
    if (error != NULL && error->code == ERROR_CONFLICT) /* the key was taken in between */
        return versions_moved(arena);
    TRY(error);
    return changed == (int64_t)ids->count ? NULL : versions_moved(arena);
}

/* --- swaps ----------------------------------------------------------------------------------- */

static void tally_ref(Tally *tally, Kind kind, const VersionRef *ref, int64_t delta)
{
    CountKey key = {kind, ref->has_job ? ref->job_id : UUID_NIL, ref->year, ref->risk_level,
                    ref->sector};
    tally_add(tally, &key, delta);
}

static Error *swap_all(Arena *arena, Db *db, const SwapQuery *query, const VersionSwap *swaps,
                       size_t count)
{
    Ids off = {0}, on = {0};
    SeenJobs jobs = {0};
    Tally *tally = tally_new(arena);
    if (count == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const VersionSwap *swap = &swaps[i];
        vec_push(arena, &on, swap->on.id);
        tally_ref(tally, query->kind, &swap->on, 1);
        if (swap->on.has_job && !uuid_equal(swap->on.job_id, query->job_id))
            vec_push(arena, &jobs, ((SeenJob){swap->on.job_id, swap->on.job_link, false}));
        if (!swap->off_any)
            continue;
        vec_push(arena, &off, swap->off.id);
        tally_ref(tally, query->kind, &swap->off, -1);
    }
    TRY(versions_set_flags(arena, db, query->kind, query->owner_id, &off, false));
    TRY(versions_lock_jobs(arena, db, query->owner_id, &jobs));
    TRY(versions_set_flags(arena, db, query->kind, query->owner_id, &on, true));
    return tally_store(arena, db, query->owner_id, tally);
}

SwapQuery versions_next_pass(const Deletion *deletion, int64_t limit)
{
    return (SwapQuery){.kind = deletion->kind,
                       .owner_id = deletion->owner_id,
                       .job_id = deletion->job_id,
                       .inferred = deletion->include_inferred,
                       .after = deletion->settled_row - 1,
                       .limit = limit};
}

typedef Error *FindSwaps(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                         size_t *ret_count, int64_t *ret_last, int64_t *ret_looked);

/* Locks what is to step back. *ret_held false: somebody was quicker with some of it. */
static Error *hold(Arena *arena, Db *db, const SwapQuery *query, const VersionSwap *swaps,
                   size_t count, bool *ret_held)
{
    Ids off = {0};
    *ret_held = true;
    for (size_t i = 0; i < count; i++)
        if (swaps[i].off_any)
            vec_push(arena, &off, swaps[i].off.id);
    if (off.count == 0 || !db_can_write_beside(db)) /* with one writer all stays as it was read */
        return NULL;
    size_t current = 0;
    versions_sort_ids(&off);
    Uuid *held = ARENA_ARRAY(arena, Uuid, off.count);
    TRY(prediction_lock_current(arena, db, query->kind, query->owner_id, off.items, off.count, held,
                                &current));
    *ret_held = current == off.count;
    return NULL;
}

static Error *pass_over(Arena *arena, Db *db, const SwapQuery *query, FindSwaps *find,
                        SettlePass *ret_pass)
{
    VersionSwap *swaps = NULL;
    size_t count = 0;
    SettlePass pass = {0};
    bool held = false;
    for (int round = 0; !held; round++) {
        if (round == ROUNDS_MAX)
            return versions_moved(arena);
        TRY(find(arena, db, query, &swaps, &count, &pass.last, &pass.looked));
        TRY(hold(arena, db, query, swaps, count, &held));
    }
    TRY(swap_all(arena, db, query, swaps, count));
    pass.swaps = (int64_t)count;
    *ret_pass = pass;
    return NULL;
}

Error *versions_uncover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
{
    return pass_over(arena, db, query, covering_to_uncover, ret_pass);
}

Error *versions_cover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
{
    return pass_over(arena, db, query, covering_to_cover, ret_pass);
}

static Error *find_edits(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                         size_t *ret_count, int64_t *ret_last, int64_t *ret_looked)
{
    *ret_last = *ret_looked = 0;
    return edits_to_uncover(arena, db, query, ret_swaps, ret_count);
}

Error *versions_uncover_edits(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_swaps)
{
    SettlePass pass = {0};
    TRY(pass_over(arena, db, query, find_edits, &pass));
    *ret_swaps = pass.swaps;
    return NULL;
}

Error *versions_count_uncovered(Arena *arena, Db *db, const SwapQuery *job, bool edits,
                                int64_t *ret_count)
{
    SwapQuery query = *job;
    *ret_count = 0;
    query.after = -1;
    query.limit = batches_most(SETTLE_AT_ONCE);
    for (int64_t looked = query.limit; looked == query.limit;) {
        ArenaMark mark = arena_mark(arena);
        VersionSwap *swaps = NULL;
        size_t count = 0;
        int64_t last = 0;
        TRY(covering_to_uncover(arena, db, &query, &swaps, &count, &last, &looked));
        query.after = last;
        *ret_count += (int64_t)count;
        arena_rewind(arena, mark);
    }
    if (edits) { /* all of them at once: they were made by hand, one by one */
        VersionSwap *swaps = NULL;
        size_t count = 0;
        query.limit = INT64_MAX;
        TRY(edits_to_uncover(arena, db, &query, &swaps, &count));
        *ret_count += (int64_t)count;
    }
    return NULL;
}

/* --- a key that a hidden row holds ----------------------------------------------------------- */

/* Whoever takes the key may be gone before the job is shown. */
static Error *note_waiting(Arena *arena, Db *db, const Prediction *hidden)
{
    const CoveringRow covering = {hidden->job_id, hidden->job_row, hidden->id};
    return covering_add(arena, db, hidden->owner_id, &covering, 1);
}

Error *versions_free_key(Arena *arena, Db *db, const Prediction *hidden, Prediction **ret_holder)
{
    PredictionKey key = prediction_key(hidden);
    JobLock lock;
    bool found = false, still_hidden = false;
    *ret_holder = NULL;
    CHECK(hidden->has_job);
    TRY(job_lock(arena, db, hidden->owner_id, hidden->job_id, &lock, &found));
    if (found && lock.settling && lock.hides_rows) {
        SettlePass pass = {0};
        SwapQuery query = {.kind = hidden->kind,
                           .owner_id = hidden->owner_id,
                           .job_id = hidden->job_id,
                           .inferred = true,
                           .after = hidden->job_row - 1,
                           .limit = 1};
        VersionSwap *swaps = NULL;
        size_t count = 0;
        TRY(covering_to_uncover(arena, db, &query, &swaps, &count, &pass.last, &pass.looked));
        if (count == 1 && uuid_equal(swaps[0].off.id, hidden->id)) {
            TRY(swap_all(arena, db, &query, swaps, count));
            return prediction_current(arena, db, &key, ret_holder, &still_hidden);
        }
    }
    if (found && lock.status == JOB_RESTORING)
        TRY(note_waiting(arena, db, hidden));
    return predictions_set_aside(arena, db, hidden);
}

/* --- versions that were left behind ---------------------------------------------------------- */

static VersionRef ref_of(const Prediction *p)
{
    return (VersionRef){.id = p->id,
                        .has_job = p->has_job,
                        .job_id = p->job_id,
                        .job_link = p->job_link,
                        .job_row = p->job_row,
                        .year = p->year,
                        .risk_level = p->score.risk_level,
                        .sector = p->sector};
}

/* Of a key that nobody holds who can be seen: its newest version takes it, unless that one is retired. */
static Error *raise_newest(Arena *arena, Db *db, const PredictionKey *key, const Prediction *holder)
{
    Prediction *former = NULL;
    size_t count = 0;
    bool any = false, retired = false;
    SwapQuery query = {.kind = key->kind, .owner_id = key->owner_id};
    TRY(prediction_former(arena, db, key, 1, &former, &count));
    if (count > 0)
        TRY(retired_find(arena, db, key->owner_id, &former->id, 1, &any, &retired));
    if (count == 0 || retired)
        return NULL;
    VersionSwap swap = {.off_any = holder != NULL, .on = ref_of(former)};
    if (holder != NULL)
        swap.off = ref_of(holder);
    return swap_all(arena, db, &query, &swap, 1);
}

Error *versions_unretire(Arena *arena, Db *db, const Deletion *deletion)
{
    Prediction *back = NULL, *holder = NULL;
    bool hidden = false, holder_hidden = false;
    TRY(retired_remove(arena, db, deletion->owner_id, deletion->id));
    if (deletion->subject != SUBJECT_VERSION)
        return NULL;
    TRY(prediction_find(arena, db, deletion->kind, deletion->owner_id, deletion->object_id, &back,
                        &hidden));
    if (back == NULL || !hidden)
        return NULL;
    PredictionKey key = prediction_key(back);
    TRY(prediction_current(arena, db, &key, &holder, &holder_hidden));
    return holder != NULL && !holder_hidden ? NULL : raise_newest(arena, db, &key, holder);
}
