/* Rows that come out of an archive take their places: what is in front of them and behind them is looked up for
 * all of them at once, decided in memory, and written. */
#include "domain/versions_parts.h"

#include "base/check.h"
#include "base/map.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/key_store.h"
#include "store/prediction_store.h"

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
        place->hidden = job_link_hidden(place->row.job_link, job->hides_rows, job->hides_inferred);
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
    CountKey key = count_key(holder);
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

static void tally_current(Putting *p)
{
    for (size_t i = 0; i < p->count; i++) {
        CountKey key = count_key(&p->places[i].row);
        if (p->places[i].row.is_current)
            tally_add(p->tally, &key, 1);
    }
}

static Error *store_rows(Putting *p)
{
    const Prediction **items = ARENA_ARRAY(p->arena, const Prediction *, p->count);
    uint8_t *made = ARENA_ARRAY(p->arena, uint8_t, p->count);
    bool loaded = false;
    for (size_t i = 0; i < p->count; i++)
        items[i] = &p->places[i].row;
    tally_current(p);
    TRY(prediction_load(p->arena, p->db, items, p->count, &loaded));
    if (loaded)
        return NULL;
    TRY(prediction_insert_many(p->arena, p->db, items, p->count, made));
    for (size_t i = 0; i < p->count; i++)
        if (!made[i])
            return versions_moved(p->arena);
    return NULL;
}

Error *versions_revive(Arena *arena, Db *db, const Prediction *rows, size_t count)
{
    Ids companies = {0};
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !uuid_equal(rows[i].company_id, rows[i - 1].company_id))
            vec_push(arena, &companies, rows[i].company_id);
    versions_sort_ids(&companies);
    return company_restore_many(arena, db, rows[0].owner_id, companies.items, companies.count);
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
            return versions_moved(p->arena);
    return NULL;
}

static Error *hold_places(Putting *p)
{
    TRY(hold_fronts(p));
    TRY(versions_set_flags(p->arena, p->db, p->kind, p->owner_id, &p->aside, false));
    return versions_lock_jobs(p->arena, p->db, p->owner_id, &p->jobs);
}

static Error *store_places(Putting *p)
{
    TRY(store_rows(p));
    TRY(covering_add(p->arena, p->db, p->owner_id, p->covering.items, p->covering.count));
    return tally_store(p->arena, p->db, p->owner_id, p->tally);
}

static Error *decide(Putting *p)
{
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

static Error *put_free(Putting *p, bool *ret_stored)
{
    const Prediction **items = ARENA_ARRAY(p->arena, const Prediction *, p->count);
    *ret_stored = false;
    if (p->any_retired)
        return NULL;
    for (size_t i = 0; i < p->count; i++) {
        if (!p->places[i].candidate)
            return NULL;
        p->places[i].row.is_current = true;
        items[i] = &p->places[i].row;
    }
    TRY(prediction_load(p->arena, p->db, items, p->count, ret_stored));
    if (!*ret_stored)
        return NULL;
    tally_current(p);
    return tally_store(p->arena, p->db, p->owner_id, p->tally);
}

Error *versions_put_free(Arena *arena, Db *db, const Prediction *rows, size_t count, Uuid job,
                         bool *ret_stored)
{
    Putting p = putting(arena, db, rows, count, &job);
    TRY(find_hidden(&p));
    TRY(choose_candidates(&p));
    return put_free(&p, ret_stored);
}

Error *versions_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                         const Uuid *job, bool *ret_former)
{
    if (count == 0)
        return NULL;
    Putting p = putting(arena, db, rows, count, job);
    bool stored = false;
    TRY(find_hidden(&p));
    TRY(choose_candidates(&p));
    if (job != NULL && db_can_load(db))
        TRY(put_free(&p, &stored));
    if (stored) {
        memset(ret_former, 0, count * sizeof *ret_former);
        return versions_revive(arena, db, rows, count);
    }
    TRY(decide(&p));
    TRY(hold_places(&p));
    TRY(versions_revive(arena, db, rows, count));
    TRY(store_places(&p));
    tell_former(&p, ret_former);
    return NULL;
}

Error *versions_would_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                               bool *ret_former)
{
    if (count == 0)
        return NULL;
    Putting p = putting(arena, db, rows, count, NULL);
    TRY(choose_candidates(&p));
    TRY(decide(&p));
    tell_former(&p, ret_former);
    return NULL;
}
