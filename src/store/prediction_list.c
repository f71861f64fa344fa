/* Lists of predictions.
 *
 * A list has one branch per owner (and, sorted by probability, per quarter); the branches are read in the
 * order of the list, each only as far as the page needs, and merged. A branch is made of lanes: stretches
 * of one index between two keys. A lane is read in windows: the statement looks at so many entries of the
 * index, tests the filters on those, and the next window goes on behind the last entry looked at. A branch
 * looks at no more than EXAMINED_MAX entries; a page that is not full by then is given as it is, with a
 * cursor behind what was looked at.
 *
 * A deletion hides rows by a mark on their job, and a million hidden newest rows must not be waded
 * through. As an owner's work is done in order, between the first and the last row of a job lie only
 * rows without a job: the span of a hidden job becomes a lane in the index of those, and the next lane
 * begins below it. Where rows of another job do lie within (a clock that was set back), no lane is cut
 * and the rows are tested one by one. */
#include "base/check.h"
#include "base/vec.h"
#include "store/count_store.h"
#include "store/filter.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/statements.h"

#include <math.h>

enum { EXAMINED_MAX = 10000, FIRST_WINDOW = 256, COUNTED_MAX = 10000 };

static const Uuid LAST_ID = {
    {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};

/* How a lane's statements take their parameters. */
typedef enum Shape {
    SHAPE_TIME,   /* by (created_at, id), downwards */
    SHAPE_JOB,    /* by job_row, downwards */
    SHAPE_PERIOD, /* by (probability, id) within a year and quarter */
    SHAPE_COMPANY /* sorted by the statement */
} Shape;

typedef struct Lane {
    Shape shape;
    Sql walk;
    Sql end;
    PageKey from; /* both exclusive */
    PageKey to;   /* SHAPE_TIME alone */
    int quarter;  /* SHAPE_PERIOD alone */
} Lane;

typedef struct Branch {
    Arena *arena;
    Db *db;
    const PredictionQuery *query;
    Uuid owner_id;
    bool trivial; /* no filter: most entries looked at are given … */
    bool sure;    /* … and all of them, for nothing is hidden */
    VEC(Prediction) found;
    size_t want;
    int64_t examined;
    bool cut;       /* the limit of entries was reached … */
    PageKey cut_at; /* … behind this one */
} Branch;

static PageKey key_of(const Prediction *p)
{
    return (PageKey){true, p->created_at, p->score.probability, p->job_row, p->id};
}

/* Below zero when a comes before b in the list. */
static int compare_keys(const PredictionFilter *filter, const PageKey *a, const PageKey *b)
{
    if (filter->sort == SORT_PROBABILITY) {
        int order = a->probability < b->probability   ? -1
                    : a->probability > b->probability ? 1
                                                      : uuid_compare(a->id, b->id);
        return filter->ascending ? order : -order;
    }
    if (a->created_at != b->created_at)
        return a->created_at > b->created_at ? -1 : 1;
    return -uuid_compare(a->id, b->id);
}

/* The parameters behind the filters. */
static size_t lane_values(const Branch *branch, const Lane *lane, int64_t window, int64_t limit,
                          Value *values)
{
    const PredictionFilter *filter = branch->query->filter;
    size_t n = FILTER_PARAMETERS;
    filter_values(branch->arena, filter, values);
    values[n++] = value_uuid(branch->owner_id);
    switch (lane->shape) {
    case SHAPE_TIME:
        values[n++] = value_time(lane->from.created_at);
        values[n++] = value_uuid(lane->from.id);
        values[n++] = value_time(lane->to.created_at);
        values[n++] = value_uuid(lane->to.id);
        values[n++] = value_int(window);
        break;
    case SHAPE_JOB:
        values[n++] = value_uuid(filter->job_id);
        values[n++] = value_int(lane->from.job_row);
        values[n++] = value_int(window);
        values[n++] = value_bool(filter->include_superseded);
        break;
    case SHAPE_PERIOD:
        values[n++] = value_int(filter->years[0]);
        values[n++] = value_int(lane->quarter);
        values[n++] = value_real(lane->from.probability);
        values[n++] = value_uuid(lane->from.id);
        values[n++] = value_int(window);
        break;
    case SHAPE_COMPANY:
        values[n++] = value_time(lane->from.created_at);
        values[n++] = value_uuid(lane->from.id);
        break;
    }
    values[n++] = value_int(limit);
    if (lane->shape == SHAPE_PERIOD)
        values[n++] = filter->has_job ? value_uuid(filter->job_id) : value_null(VALUE_UUID);
    return n;
}

static Error *read_window(Branch *branch, const Lane *lane, int64_t window, size_t limit,
                          size_t *ret_found)
{
    Value values[FILTER_PARAMETERS + 8];
    size_t count = lane_values(branch, lane, window, (int64_t)limit, values);
    size_t before = branch->found.count;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(branch->db, branch->arena, lane->walk + (int)branch->query->kind, values, count,
                 &rows));
    while (rows_next(rows, &error)) {
        Prediction prediction;
        prediction_read(rows, branch->query->kind, &prediction);
        TRY(arena_room(branch->arena));
        vec_push(branch->arena, &branch->found, prediction);
    }
    TRY(error);
    *ret_found = branch->found.count - before;
    return NULL;
}

/* The last entry of a window; *ret_more false: the lane ends within it. */
static Error *window_end(Branch *branch, const Lane *lane, int64_t window, PageKey *ret_key,
                         bool *ret_more)
{
    const PredictionFilter *filter = branch->query->filter;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Value offset = value_int(window - 1), owner = value_uuid(branch->owner_id);
    Value id = value_uuid(lane->from.id);
    Sql sql = lane->end + (int)branch->query->kind;
    if (lane->shape == SHAPE_TIME)
        TRY(db_query(branch->db, branch->arena, sql,
                     PARAMS(owner, value_time(lane->from.created_at), id,
                            value_time(lane->to.created_at), value_uuid(lane->to.id), offset),
                     &rows));
    else if (lane->shape == SHAPE_JOB)
        TRY(db_query(
            branch->db, branch->arena, sql,
            PARAMS(owner, value_uuid(filter->job_id), value_int(lane->from.job_row), offset),
            &rows));
    else
        TRY(db_query(branch->db, branch->arena, sql,
                     PARAMS(owner, value_int(filter->years[0]), value_int(lane->quarter),
                            value_real(lane->from.probability), id, offset),
                     &rows));
    *ret_more = rows_next(rows, &error);
    if (*ret_more) {
        PageKey key = {.set = true};
        if (lane->shape == SHAPE_TIME)
            key.created_at = row_time(rows, 0);
        else if (lane->shape == SHAPE_JOB)
            key.job_row = row_int(rows, 0);
        else
            key.probability = row_real(rows, 0);
        if (lane->shape != SHAPE_JOB)
            key.id = row_uuid(rows, 1);
        *ret_key = key;
    }
    return error;
}

static Error *run_lane(Branch *branch, Lane lane)
{
    int64_t window = branch->trivial ? (int64_t)(branch->want - branch->found.count) : FIRST_WINDOW;
    while (branch->found.count < branch->want) {
        size_t wanted = branch->want - branch->found.count, found = 0;
        if (branch->examined >= EXAMINED_MAX && !branch->sure) {
            branch->cut = true;
            branch->cut_at = lane.from;
            return NULL;
        }
        if (window > EXAMINED_MAX - branch->examined && !branch->sure)
            window = EXAMINED_MAX - branch->examined;
        TRY(read_window(branch, &lane, window, wanted, &found));
        branch->examined += window;
        if (found == wanted || lane.shape == SHAPE_COMPANY ||
            (branch->sure && (int64_t)found < window))
            return NULL;
        bool more = false;
        TRY(window_end(branch, &lane, window, &lane.from, &more));
        if (!more)
            return NULL;
        window *= 4;
    }
    return NULL;
}

/* The key where the list begins, from the cursor and the bounds on the time of creation. */
static PageKey start_key(const PredictionQuery *query)
{
    const PredictionFilter *filter = query->filter;
    PageKey start = {true, filter->created_before, INFINITY, INT64_MAX, UUID_NIL};
    if (filter->created_before == INT64_MAX)
        start.id = LAST_ID;
    if (filter->sort == SORT_PROBABILITY) {
        start.id = filter->ascending ? UUID_NIL : LAST_ID;
        start.probability = filter->ascending ? -INFINITY : INFINITY;
        return query->page->after.set ? query->page->after : start;
    }
    const PageKey *after = &query->page->after;
    if (filter->has_job)
        return after->set ? *after : start;
    if (after->set && compare_keys(filter, &start, after) < 0)
        start = *after;
    return start;
}

static bool above(const PageKey *a, const PageKey *b) /* a is newer than b */
{
    return a->created_at != b->created_at ? a->created_at > b->created_at
                                          : uuid_compare(a->id, b->id) > 0;
}

/* One stretch of time: of all rows, or (`manual`) of those without a job. */
static Error *run_time(Branch *branch, PageKey from, PageKey to, bool manual)
{
    if (!above(&from, &to) || branch->cut || branch->found.count >= branch->want)
        return NULL;
    Lane lane = {.shape = SHAPE_TIME,
                 .walk = manual ? SQL_PREDICTION_WALK_MANUAL : SQL_PREDICTION_WALK_CREATED,
                 .end = manual ? SQL_PREDICTION_END_MANUAL : SQL_PREDICTION_END_CREATED,
                 .from = from,
                 .to = to};
    return run_lane(branch, lane);
}

static Error *run_created(Branch *branch)
{
    const PredictionFilter *filter = branch->query->filter;
    PageKey from = start_key(branch->query);
    PageKey bottom = {true, filter->created_after, 0, 0, UUID_NIL};
    if (filter->created_after !=
        INT64_MIN) { /* from this time on: just above the last key before */
        bottom.created_at = filter->created_after - 1;
        bottom.id = LAST_ID;
    }
    HidingJob *jobs = NULL;
    size_t count = 0;
    TRY(job_hiding(branch->arena, branch->db, branch->owner_id, branch->query->kind, &jobs,
                   &count));
    branch->trivial = filter_is_trivial(filter);
    branch->sure = branch->trivial && count == 0;
    for (size_t i = 0; i < count; i++) {
        const RowSpan *span = &jobs[i].span;
        PageKey last = {true, span->last_created_at, 0, 0, span->last_id};
        PageKey first = {true, span->first_created_at, 0, 0, span->first_id};
        if (jobs[i].shared || !above(&from, &first))
            continue;
        PageKey low = above(&bottom, &last) ? bottom : last;
        TRY(run_time(branch, from, low, false));
        if (above(&last, &from))
            last = from;
        low = above(&bottom, &first) ? bottom : first;
        TRY(run_time(branch, last, low, true));
        from = first;
    }
    return run_time(branch, from, bottom, false);
}

static Error *run_branch(Branch *branch, int quarter)
{
    const PredictionFilter *filter = branch->query->filter;
    Lane lane = {.from = start_key(branch->query), .quarter = quarter};
    if (filter->sort == SORT_PROBABILITY) {
        lane.shape = SHAPE_PERIOD;
        lane.walk =
            filter->ascending ? SQL_PREDICTION_WALK_PERIOD_UP : SQL_PREDICTION_WALK_PERIOD_DOWN;
        lane.end =
            filter->ascending ? SQL_PREDICTION_END_PERIOD_UP : SQL_PREDICTION_END_PERIOD_DOWN;
        return run_lane(branch, lane);
    }
    if (filter->has_job) {
        lane.shape = SHAPE_JOB;
        lane.walk = SQL_PREDICTION_WALK_JOB;
        lane.end = SQL_PREDICTION_END_JOB;
        return run_lane(branch, lane);
    }
    if (!filter->has_company)
        return run_created(branch);
    lane.shape = SHAPE_COMPANY;
    lane.walk = SQL_PREDICTION_WALK_COMPANY;
    TRY(run_lane(branch, lane));
    if (!filter->include_superseded)
        return NULL;
    branch->want += branch->found.count; /* as many again: the merge sorts and cuts */
    lane.walk = SQL_PREDICTION_WALK_COMPANY_FORMER;
    return run_lane(branch, lane);
}

static int by_key(const void *a, const void *b, void *filter)
{
    PageKey left = key_of(a), right = key_of(b);
    return compare_keys(filter, &left, &right);
}

/* Merges the branches. Nothing behind the first place where a branch was cut may be given yet. */
static void merge(const PredictionQuery *query, Arena *arena, const Branch *branches, size_t count,
                  Prediction **ret_items, size_t *ret_count, PageEnd *end)
{
    VEC(Prediction) all = {0};
    const PageKey *cut = NULL;
    /* One job's rows come from one branch, in the order of the file. */
    bool by_row = query->filter->has_job && query->filter->sort == SORT_CREATED_AT;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < branches[i].found.count; k++)
            vec_push(arena, &all, branches[i].found.items[k]);
        if (branches[i].cut &&
            (cut == NULL || (!by_row && compare_keys(query->filter, &branches[i].cut_at, cut) < 0)))
            cut = &branches[i].cut_at;
    }
    if (!by_row && all.count > 1)
        qsort_r(all.items, all.count, sizeof *all.items, by_key, (void *)(uintptr_t)query->filter);
    while (cut != NULL && !by_row && all.count > 0) {
        PageKey last = key_of(&all.items[all.count - 1]);
        if (compare_keys(query->filter, &last, cut) <= 0)
            break;
        all.count--;
    }
    size_t from = (size_t)query->page->offset < all.count ? (size_t)query->page->offset : all.count;
    size_t left = all.count - from, limit = (size_t)query->page->limit;
    *ret_items = vec_from(&all, from);
    *ret_count = left < limit ? left : limit;
    end->has_more = left > limit || cut != NULL;
    if (left > limit)
        end->next = key_of(&all.items[from + limit - 1]);
    else if (cut != NULL)
        end->next = *cut;
}

/* A company's predictions are few: all of them are counted. */
static Error *count_company(Branch *branch, int64_t *ret_count)
{
    const PredictionQuery *query = branch->query;
    Value values[FILTER_PARAMETERS + 2];
    filter_values(branch->arena, query->filter, values);
    values[FILTER_PARAMETERS] = value_uuid(branch->owner_id);
    values[FILTER_PARAMETERS + 1] = value_bool(query->filter->include_superseded);
    return db_number(branch->db, branch->arena, SQL_PREDICTION_COUNT_COMPANY + (int)query->kind,
                     values, ARRAY_COUNT(values), ret_count);
}

static Error *count_walk(Branch *branch, int64_t *ret_count, bool *ret_at_least)
{
    const PredictionQuery *query = branch->query;
    Value values[FILTER_PARAMETERS + 8];
    Lane lane = {.shape = SHAPE_TIME,
                 .end = SQL_PREDICTION_END_CREATED,
                 .from = {true, INT64_MAX, 0, INT64_MAX, LAST_ID},
                 .to = {true, INT64_MIN, 0, 0, UUID_NIL}};
    Sql sql = SQL_PREDICTION_COUNT_CREATED;
    size_t n = lane_values(branch, &lane, EXAMINED_MAX, 0, values) - 1;
    if (query->filter->has_job) {
        lane.shape = SHAPE_JOB;
        lane.end = SQL_PREDICTION_END_JOB;
        sql = SQL_PREDICTION_COUNT_JOB;
        n = FILTER_PARAMETERS;
        values[n++] = value_uuid(branch->owner_id);
        values[n++] = value_uuid(query->filter->job_id);
        values[n++] = value_int(EXAMINED_MAX);
        values[n++] = value_bool(query->filter->include_superseded &&
                                 query->filter->sort != SORT_PROBABILITY);
    }
    TRY(db_number(branch->db, branch->arena, sql + (int)query->kind, values, n, ret_count));
    PageKey key;
    return window_end(branch, &lane, EXAMINED_MAX + 1, &key, ret_at_least);
}

/* The counts leave a hidden job out whole; one that hides only some of its rows must be counted by hand. */
static Error *counts_are_whole(const Branch *branch, Uuid owner_id, bool *ret_whole)
{
    HidingJob *jobs = NULL;
    size_t count = 0;
    TRY(job_hiding(branch->arena, branch->db, owner_id, branch->query->kind, &jobs, &count));
    *ret_whole = true;
    for (size_t i = 0; i < count; i++)
        *ret_whole &= !jobs[i].shared;
    return NULL;
}

static Error *total(const PredictionQuery *query, const Branch *branches, PageEnd *end)
{
    end->total = 0;
    bool from_counts = count_answers(query->filter);
    bool of_company = query->filter->has_company && !query->filter->has_job;
    for (size_t i = 0; i < query->owner_count; i++) {
        int64_t number = 0;
        bool at_least = false;
        bool whole = false;
        if (from_counts)
            TRY(counts_are_whole(&branches[0], query->owners[i], &whole));
        if (whole)
            TRY(count_total(branches[0].arena, branches[0].db, query->owners[i], query->kind,
                            query->filter, &number));
        else {
            Branch branch = branches[0];
            branch.owner_id = query->owners[i];
            TRY(of_company ? count_company(&branch, &number)
                           : count_walk(&branch, &number, &at_least));
        }
        end->total += number;
        end->total_is_at_least |= at_least;
    }
    if (!from_counts && end->total > COUNTED_MAX) {
        end->total = COUNTED_MAX;
        end->total_is_at_least = true;
    }
    return NULL;
}

Error *prediction_list(Arena *arena, Db *db, const PredictionQuery *query, Prediction **ret_items,
                       size_t *ret_count, PageEnd *ret_end)
{
    PageEnd end = {.total = -1};
    *ret_items = NULL;
    *ret_count = 0;
    bool by_quarter = query->filter->sort == SORT_PROBABILITY;
    CHECK(!by_quarter || query->filter->year_count == 1);
    CHECK(!query->filter->include_superseded || query->filter->has_job ||
          query->filter->has_company);
    Branch *branches = ARENA_ARRAY(arena, Branch, query->owner_count * 4 + 1);
    size_t count = 0;
    for (size_t i = 0; i < query->owner_count; i++)
        for (int quarter = by_quarter ? 1 : 4; quarter <= 4; quarter++) {
            unsigned quarters = query->filter->quarters;
            if (by_quarter && quarters != 0 && (quarters >> quarter & 1) == 0)
                continue;
            Branch *branch = &branches[count++];
            *branch = (Branch){.arena = arena,
                               .db = db,
                               .query = query,
                               .owner_id = query->owners[i],
                               .want = (size_t)(query->page->limit + query->page->offset) + 1};
            TRY(run_branch(branch, quarter));
        }
    merge(query, arena, branches, count, ret_items, ret_count, &end);
    if (query->page->want_total && query->owner_count > 0)
        TRY(total(query, branches, &end));
    else if (query->page->want_total)
        end.total = 0;
    *ret_end = end;
    return NULL;
}
