/* Versions change places here, and nowhere else but where a writer replaces one.
 *
 * What decides a change is read first; the jobs and rows that it is about are locked behind that, and when one
 * of them has moved meanwhile the transaction is to be tried again (ERROR_RETRY): so a deletion, a restoration
 * and an edit that meet at one key come out as if one had been after the other. */
#include "domain/versions.h"

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

typedef VEC(Uuid) Ids;

static Error *moved(Arena *arena)
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

/* A job and whether it was found to hide a row with such a link: recorded rows may be hidden while inferred ones
 * are not. */
typedef struct SeenJob {
    Uuid id;
    JobLink link;
    bool hidden;
} SeenJob;
typedef VEC(SeenJob) SeenJobs;

static int by_job(const void *a, const void *b)
{
    return uuid_compare(((const SeenJob *)a)->id, ((const SeenJob *)b)->id);
}

/* Each must still be as it was found. */
static Error *lock_jobs(Arena *arena, Db *db, Uuid owner_id, SeenJobs *jobs)
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
        bool hidden =
            hides[k].hides_rows && (hides[k].hides_inferred || job->link == LINK_RECORDED);
        if (hidden != job->hidden)
            return moved(arena);
    }
    return job_raise_revision_many(arena, db, owner_id, ids, kept);
}

/* All of them must change: one that did not was moved by somebody else. */
static Error *set_flags(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Ids *ids,
                        bool current)
{
    int64_t changed = 0;
    Error *error = prediction_set_current_many(arena, db, kind, owner_id, ids->items, ids->count,
                                               current, &changed);
    if (error != NULL && error->code == ERROR_CONFLICT) /* the key was taken in between */
        return moved(arena);
    TRY(error);
    return changed == (int64_t)ids->count ? NULL : moved(arena);
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
    TRY(set_flags(arena, db, query->kind, query->owner_id, &off, false));
    TRY(lock_jobs(arena, db, query->owner_id, &jobs));
    TRY(set_flags(arena, db, query->kind, query->owner_id, &on, true));
    return tally_store(arena, db, query->owner_id, tally);
}

Error *versions_uncover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
{
    VersionSwap *swaps = NULL;
    size_t count = 0;
    SettlePass pass = {0};
    TRY(covering_to_uncover(arena, db, query, &swaps, &count, &pass.last, &pass.looked));
    TRY(swap_all(arena, db, query, swaps, count));
    pass.swaps = (int64_t)count;
    *ret_pass = pass;
    return NULL;
}

Error *versions_cover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
{
    VersionSwap *swaps = NULL;
    size_t count = 0;
    SettlePass pass = {0};
    TRY(covering_to_cover(arena, db, query, &swaps, &count, &pass.last, &pass.looked));
    TRY(swap_all(arena, db, query, swaps, count));
    pass.swaps = (int64_t)count;
    *ret_pass = pass;
    return NULL;
}

Error *versions_uncover_edits(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_swaps)
{
    VersionSwap *swaps = NULL;
    size_t count = 0;
    TRY(edits_to_uncover(arena, db, query, &swaps, &count));
    TRY(swap_all(arena, db, query, swaps, count));
    *ret_swaps = (int64_t)count;
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

/* --- out of an archive ----------------------------------------------------------------------- */

typedef struct Place {
    Prediction row; /* with the flag that it gets */
    bool hidden;    /* by its job, until that is shown or gone */
    bool
        candidate; /* the newest of its key among these, and not retired; and not hidden, unless its job comes back */
    const Prediction *holder;
    bool holder_hidden;
    const Prediction *
        front; /* what is seen of the key, or will be: the holder, or what lies under a hidden one */
} Place;

typedef struct Putting {
    Arena *arena;
    Db *db;
    Uuid owner_id;
    Kind kind;
    const Uuid *job; /* hidden; NULL: none */
    Place *places;
    size_t count;
    bool any_retired;
    VEC(CoveringRow) covering;
    Ids aside; /* what steps back */
    SeenJobs jobs;
    Tally *tally;
} Putting;

static bool newer(const Prediction *a, const Prediction *b)
{
    return a->created_at != b->created_at ? a->created_at > b->created_at
                                          : uuid_compare(a->id, b->id) > 0;
}

/* Rows of a job that is hidden, too, where it is not the one that comes back. Once they are written, the jobs must
 * still be as they are now. */
static Error *find_hidden(Putting *p)
{
    Map jobs = map_new(p->arena);
    for (size_t i = 0; i < p->count; i++) {
        Place *place = &p->places[i];
        Str id = {(const char *)place->row.job_id.bytes, sizeof place->row.job_id.bytes};
        place->hidden = p->job != NULL;
        if (p->job != NULL || !place->row.has_job)
            continue;
        Job *job = map_find(&jobs, id);
        if (job == NULL) {
            TRY(job_find(p->arena, p->db, p->owner_id, place->row.job_id, &job));
            CHECK(job != NULL); /* it is never removed */
            map_put(&jobs, id, job);
        }
        place->hidden =
            job->hides_rows && (job->hides_inferred || place->row.job_link == LINK_RECORDED);
        vec_push(p->arena, &p->jobs, ((SeenJob){job->id, place->row.job_link, place->hidden}));
    }
    return NULL;
}

/* Finds the candidate of each key. */
static Error *choose_candidates(Putting *p)
{
    Map keys = map_new(p->arena);
    Uuid *ids = ARENA_ARRAY(p->arena, Uuid, p->count);
    bool *retired = ARENA_ARRAY(p->arena, bool, p->count);
    for (size_t i = 0; i < p->count; i++)
        ids[i] = p->places[i].row.id;
    TRY(retired_find(p->arena, p->db, p->owner_id, ids, p->count, &p->any_retired, retired));
    for (size_t i = 0; i < p->count; i++) {
        struct {
            Uuid company;
            int32_t year, quarter;
        } key = {p->places[i].row.company_id, p->places[i].row.year, p->places[i].row.quarter};
        Str bytes = {(const char *)&key, sizeof key};
        Place *place = &p->places[i], *best = map_find(&keys, bytes);
        place->candidate = !retired[i] && (p->job != NULL || !place->hidden) &&
                           (best == NULL || newer(&place->row, &best->row));
        if (!place->candidate)
            continue;
        if (best != NULL)
            best->candidate = false;
        map_put(&keys, best == NULL ? str_copy(p->arena, bytes) : bytes, place);
    }
    return NULL;
}

static Error *find_holders(Putting *p)
{
    VEC(Place *) wanted = {0};
    for (size_t i = 0; i < p->count; i++)
        if (p->places[i].candidate)
            vec_push(p->arena, &wanted, &p->places[i]);
    PredictionKey *keys = ARENA_ARRAY(p->arena, PredictionKey, wanted.count + 1);
    Prediction **holders = ARENA_ARRAY(p->arena, Prediction *, wanted.count + 1);
    bool *hidden = ARENA_ARRAY(p->arena, bool, wanted.count + 1);
    for (size_t i = 0; i < wanted.count; i++)
        keys[i] = prediction_key(&wanted.items[i]->row);
    TRY(prediction_current_many(p->arena, p->db, keys, wanted.count, holders, hidden));
    for (size_t i = 0; i < wanted.count; i++) {
        wanted.items[i]->holder = holders[i];
        wanted.items[i]->holder_hidden = hidden[i];
    }
    return NULL;
}

static void note_covering(Putting *p, const Prediction *row)
{
    CoveringRow covering = {row->job_id, row->job_row, row->id};
    if (row->has_job)
        vec_push(p->arena, &p->covering, covering);
}

static void step_back(Putting *p, const Prediction *holder)
{
    CountKey key = {holder->kind, holder->has_job ? holder->job_id : UUID_NIL, holder->year,
                    holder->score.risk_level, holder->sector};
    vec_push(p->arena, &p->aside, holder->id);
    tally_add(p->tally, &key, -1);
}

/* A former version is in front only under a hidden one, whose job is settling then, or where a current version was
 * once deleted alone. */
static Error *find_front(Putting *p, Place *place)
{
    PredictionKey key = prediction_key(&place->row);
    Prediction *former = NULL;
    size_t count = 0;
    place->front = place->holder_hidden ? NULL : place->holder;
    if (place->holder_hidden || p->any_retired)
        TRY(prediction_former(p->arena, p->db, &key, 1, &former, &count));
    if (count > 0 && (place->holder_hidden || newer(&former[0], &place->row)))
        place->front = &former[0];
    return NULL;
}

/* See versions.h for what this decides. */
static Error *place_one(Putting *p, Place *place)
{
    Prediction *row = &place->row;
    row->is_current = false;
    if (!place->candidate && place->hidden) /* showing its job looks at it */
        note_covering(p, row);
    if (!place->candidate)
        return NULL;
    TRY(find_front(p, place));
    const Prediction *front = place->front;
    if (front != NULL && front->has_job)
        vec_push(p->arena, &p->jobs, ((SeenJob){front->job_id, front->job_link, false}));
    if (front != NULL && newer(front, row)) {
        note_covering(p, front);
        if (place->hidden) /* what is in front may be gone before the job is shown */
            note_covering(p, row);
        return NULL;
    }
    if (front != NULL)
        note_covering(p, row);
    if (front != NULL && place->hidden)
        return NULL; /* until the job is shown */
    if (place->holder != NULL)
        step_back(p, place->holder);
    row->is_current = true;
    return NULL;
}

static Error *store_rows(Putting *p)
{
    const Prediction **items = ARENA_ARRAY(p->arena, const Prediction *, p->count);
    uint8_t *made = ARENA_ARRAY(p->arena, uint8_t, p->count);
    bool loaded = false;
    for (size_t i = 0; i < p->count; i++) {
        const Prediction *row = items[i] = &p->places[i].row;
        CountKey key = {row->kind, row->has_job ? row->job_id : UUID_NIL, row->year,
                        row->score.risk_level, row->sector};
        if (row->is_current)
            tally_add(p->tally, &key, 1);
    }
    TRY(prediction_load(p->arena, p->db, items, p->count, &loaded));
    if (loaded)
        return NULL;
    TRY(prediction_insert_many(p->arena, p->db, items, p->count, made));
    for (size_t i = 0; i < p->count; i++)
        if (!made[i])
            return moved(p->arena);
    return NULL;
}

static Error *revive_companies(Putting *p)
{
    Ids companies = {0};
    for (size_t i = 0; i < p->count; i++)
        vec_push(p->arena, &companies, p->places[i].row.company_id);
    sort_ids(&companies);
    return company_restore_many(p->arena, p->db, p->owner_id, companies.items, companies.count);
}

/* What is in front and of no job is held by itself: its key may be deleted at this moment. */
static Error *hold_fronts(Putting *p)
{
    Ids ids = {0};
    VEC(PredictionKey) keys = {0};
    for (size_t i = 0; i < p->count; i++) {
        const Prediction *front = p->places[i].front;
        if (front == NULL || front->has_job || !front->is_current)
            continue;
        vec_push(p->arena, &ids, front->id);
        vec_push(p->arena, &keys, prediction_key(front));
    }
    if (ids.count == 0)
        return NULL;
    Prediction **holders = ARENA_ARRAY(p->arena, Prediction *, ids.count);
    bool *hidden = ARENA_ARRAY(p->arena, bool, ids.count);
    TRY(prediction_lock_many(p->arena, p->db, p->kind, p->owner_id, ids.items, ids.count));
    TRY(prediction_current_many(p->arena, p->db, keys.items, keys.count, holders, hidden));
    for (size_t i = 0; i < ids.count; i++)
        if (holders[i] == NULL || !uuid_equal(holders[i]->id, ids.items[i]))
            return moved(p->arena);
    return NULL;
}

static Error *write_places(Putting *p)
{
    TRY(hold_fronts(p));
    TRY(set_flags(p->arena, p->db, p->kind, p->owner_id, &p->aside, false));
    TRY(lock_jobs(p->arena, p->db, p->owner_id, &p->jobs));
    TRY(revive_companies(p));
    TRY(store_rows(p));
    TRY(covering_add(p->arena, p->db, p->owner_id, p->covering.items, p->covering.count));
    return tally_store(p->arena, p->db, p->owner_id, p->tally);
}

static Error *decide(Putting *p)
{
    TRY(choose_candidates(p));
    TRY(find_holders(p));
    for (size_t i = 0; i < p->count; i++)
        TRY(place_one(p, &p->places[i]));
    return NULL;
}

static Putting putting(Arena *arena, Db *db, const Prediction *rows, size_t count, const Uuid *job)
{
    Putting p = {.arena = arena,
                 .db = db,
                 .owner_id = rows[0].owner_id,
                 .kind = rows[0].kind,
                 .job = job,
                 .places = ARENA_ARRAY(arena, Place, count),
                 .count = count,
                 .tally = tally_new(arena)};
    for (size_t i = 0; i < count; i++)
        p.places[i].row = rows[i];
    return p;
}

/* Of a hidden job, those that wait for it to be shown are not former for good. */
static void tell_former(const Putting *p, bool *ret_former)
{
    for (size_t i = 0; i < p->count; i++) {
        const Place *place = &p->places[i];
        bool waits = place->hidden && place->candidate && place->front != NULL &&
                     !newer(place->front, &place->row);
        waits |= place->hidden && p->job == NULL; /* where it belongs when its job is shown */
        ret_former[i] = !place->row.is_current && !waits;
    }
}

Error *versions_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                         const Uuid *job, bool *ret_former)
{
    if (count == 0)
        return NULL;
    Putting p = putting(arena, db, rows, count, job);
    TRY(find_hidden(&p));
    TRY(decide(&p));
    TRY(write_places(&p));
    tell_former(&p, ret_former);
    return NULL;
}

Error *versions_would_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                               bool *ret_former)
{
    if (count == 0)
        return NULL;
    Putting p = putting(arena, db, rows, count, NULL);
    TRY(decide(&p));
    tell_former(&p, ret_former);
    return NULL;
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
