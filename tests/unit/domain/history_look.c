/* The database is as the model says: lists and totals of current and of all versions with every field, single
 * reads, jobs with their counters, deletions. A row is a fact: what was seen of it first is what it is for ever,
 * whatever was done to it in between. */
#include "history.h"

#include "domain/invariants.h"

size_t history_value_ratio(Kind kind)
{
    return (size_t)kind_ratio_index(kind, kind == KIND_ANNUAL ? STR("return_on_assets")
                                                              : STR("sga_margin"));
}

static int noise(History *h, int limit)
{
    return (int)test_below(&h->noise, (size_t)limit);
}

/* --- facts ------------------------------------------------------------------------------------ */

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void same_fact(const Prediction *p, const Prediction *q)
{
    assert_true(uuid_equal(p->id, q->id) && uuid_equal(p->owner_id, q->owner_id));
    assert_true(uuid_equal(p->company_id, q->company_id));
    assert_true(p->year == q->year && p->quarter == q->quarter);
    assert_true(str_equal(p->sector, q->sector));
    assert_true(p->market_cap.present == q->market_cap.present &&
                same_bits(p->market_cap.value, q->market_cap.value));
    for (size_t i = 0; i < kind_spec(p->kind)->ratio_count; i++)
        assert_true(p->ratios[i].present == q->ratios[i].present &&
                    same_bits(p->ratios[i].value, q->ratios[i].value));
    for (int i = 0; i < SCORE_MAX; i++)
        assert_true(p->score.present[i] == q->score.present[i] &&
                    same_bits(p->score.values[i], q->score.values[i]));
    assert_true(same_bits(p->score.probability, q->score.probability));
    assert_true(same_bits(p->score.confidence, q->score.confidence));
    assert_int_equal(p->score.risk_level, q->score.risk_level);
    assert_true(uuid_equal(p->model_id, q->model_id));
    assert_int_equal(p->has_job, q->has_job);
    assert_true(!p->has_job || (uuid_equal(p->job_id, q->job_id) && p->job_row == q->job_row &&
                                p->job_link == q->job_link));
    assert_int_equal(p->source, q->source);
    assert_true(uuid_equal(p->derived_from, q->derived_from));
    assert_true(uuid_equal(p->root_job_id, q->root_job_id));
    assert_true(uuid_equal(p->created_by, q->created_by));
    assert_true(p->created_at == q->created_at);
    assert_true(str_equal(p->company_symbol, q->company_symbol));
}

/* What a row must say the first time that it is seen. */
static void as_asked(const History *h, const Version *v, const Prediction *p)
{
    assert_str(p->company_symbol, HISTORY_SYMBOLS[v->company]);
    assert_int_equal(p->year, v->kind == KIND_ANNUAL ? 2000 + v->year : 2000);
    assert_int_equal(p->quarter, v->kind == KIND_ANNUAL ? 4 : 1 + v->year);
    assert_true(p->ratios[history_value_ratio(v->kind)].value == v->value);
    assert_int_equal(p->source, v->source);
    assert_int_equal(p->has_job, v->job >= 0);
    if (v->job >= 0) {
        assert_true(uuid_equal(p->job_id, h->jobs[v->job].id));
        assert_int_equal(p->job_row, v->line + 1);
    }
    assert_true(uuid_equal(p->root_job_id, v->root >= 0 ? h->jobs[v->root].id : UUID_NIL));
    assert_true(uuid_equal(p->derived_from, v->derived != NULL ? v->derived->fact.id : UUID_NIL));
    assert_true(uuid_equal(p->created_by, history_person(h, v->owner)->user_id));
}

void history_learn(History *h, Version *version, const Prediction *seen)
{
    assert_false(version->known);
    as_asked(h, version, seen);
    version->fact = *seen;
    version->fact.sector = str_copy(h->facts, seen->sector);
    version->fact.company_symbol = str_copy(h->facts, seen->company_symbol);
    version->known = true;
}

static Version *by_id(History *h, Uuid id)
{
    for (int i = 0; i < h->version_count; i++)
        if (h->versions[i].known && uuid_equal(h->versions[i].fact.id, id))
            return &h->versions[i];
    return NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* Where versions are on their way, one that can be seen may be current or not, and one that is edited by hand may
 * be there or not. */
static void look_at_item(History *h, const Prediction *p, int owner, Kind kind)
{
    Version *version = by_id(h, p->id);
    if (version == NULL)
        fail_msg("there is a row that nobody made: " STR_FMT " %d Q%d", STR_ARG(p->company_symbol),
                 p->year, p->quarter);
    Key key = history_key(version);
    assert_true(version->owner == owner && version->kind == kind);
    same_fact(p, &version->fact);
    if (history_unsettled(h, key))
        return;
    if (!history_visible(h, version))
        fail_msg("the row of step %d, line %d, can be seen", version->made_by, version->line);
    if (p->is_current != (history_current(h, key) == version))
        fail_msg("the row of step %d, line %d, is %s", version->made_by, version->line,
                 p->is_current ? "current" : "not current");
}

/* `company` -1: the current ones of all of them; else all versions of one. */
static int count_listed(History *h, int owner, Kind kind, int company)
{
    int count = 0;
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        if (version->owner != owner || version->kind != kind || !history_visible(h, version))
            continue;
        count += company < 0 ? history_current(h, history_key(version)) == version
                             : version->company == company;
    }
    return count;
}

typedef struct Listing {
    int owner;
    Kind kind;
    bool former;
    int64_t before;
    Uuid before_id;
    int count;
} Listing;

static void look_at_page(History *h, Listing *listing, const PredictionList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const Prediction *p = &list->items[i];
        assert_true(
            p->created_at < listing->before ||
            (p->created_at == listing->before && uuid_compare(p->id, listing->before_id) < 0));
        assert_true(listing->former || p->is_current);
        look_at_item(h, p, listing->owner, listing->kind);
        listing->before = p->created_at;
        listing->before_id = p->id;
    }
    listing->count += (int)list->count;
}

static void look_at_list(History *h, int owner, Kind kind, int company)
{
    World *w = h->w;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1 + noise(h, 40), .want_total = true};
    Listing listing = {owner, kind, company >= 0, INT64_MAX, UUID_NIL, 0};
    int wanted = count_listed(h, owner, kind, company);
    bool unsettled = history_owner_unsettled(h, owner), more = true;
    if (company >= 0) {
        filter.include_superseded = filter.has_company = true;
        if (!history_company_id(h, owner, company, &filter.company_id))
            return;
    }
    while (more) {
        PredictionList list = {0};
        assert_no_error(predictions_list(w->arena, h->looker, history_person(h, owner), kind,
                                         &filter, &page, &list));
        assert_int_equal(list.end.settling, unsettled);
        if (!unsettled && list.end.total != wanted)
            fail_msg("a total of %lld, not %d", (long long)list.end.total, wanted);
        look_at_page(h, &listing, &list);
        more = list.end.has_more;
        page.after = list.end.next;
        assert_true(!more || list.count > 0);
    }
    if (!unsettled && listing.count != wanted)
        fail_msg("%d %s versions, not %d", listing.count, company < 0 ? "current" : "visible",
                 wanted);
}

/* --- one by one ------------------------------------------------------------------------------- */

static void look_at_version(History *h, const Version *version, int owner)
{
    World *w = h->w;
    Prediction *found = NULL;
    Uuid current;
    Key key = history_key(version);
    if (!version->known || history_unsettled(h, key))
        return;
    Error *error = predictions_get(w->arena, h->looker, history_person(h, owner), version->kind,
                                   version->fact.id, &found, &current);
    if (version->owner != owner) {
        assert_error(error, ERROR_NOT_FOUND, "There is no such prediction.");
        return;
    }
    if (!history_visible(h, version)) {
        assert_true(error != NULL && error->code == ERROR_GONE);
        return;
    }
    assert_no_error(error);
    same_fact(found, &version->fact);
    const Version *holder = history_current(h, key);
    assert_true(uuid_equal(current, holder != NULL ? holder->fact.id : UUID_NIL));
    assert_int_equal(found->is_current, holder == version);
}

static void look_at_counters(const ModelJob *job, const JobCounters *c)
{
    bool undone = job->status != JOB_COMPLETED && history_takes_back(job);
    assert_int_equal(c->successful, undone ? 0 : job->good);
    assert_int_equal(c->failed, job->failed);
    assert_int_equal(c->skipped, job->skipped);
    assert_int_equal(c->unchanged, job->unchanged);
    if (!undone)
        assert_int_equal(c->replaced, job->replaced);
}

static void look_at_job(History *h, int index)
{
    World *w = h->w;
    const ModelJob *job = &h->jobs[index];
    Job *found = NULL;
    assert_no_error(
        jobs_get(w->arena, h->looker, history_person(h, job->owner), job->id, true, &found));
    if (job->status != JOB_PROCESSING) /* where it was cut it may be pending still */
        assert_int_equal(found->status, job->status);
    assert_int_equal(found->hides_rows, job->hidden);
    assert_int_equal(found->settling, job->settling);
    if (job->applied && job->status != JOB_PROCESSING && job->status != JOB_UNDOING &&
        !job->options.dry_run)
        look_at_counters(job, &found->counters);
    if (!job->options.dry_run && !history_takes_back(job) && job->status != JOB_DELETING &&
        job->status != JOB_RESTORING)
        assert_int_equal(job_rows_left(found), history_rows_left(h, index));
    Error *error =
        jobs_get(w->arena, h->looker, history_person(h, 1 - job->owner), job->id, true, &found);
    assert_error(error, ERROR_NOT_FOUND, "There is no such job.");
}

static void look_at_deletion(History *h, const ModelDeletion *deletion)
{
    World *w = h->w;
    Deletion *found = NULL;
    assert_no_error(deletion_get(w->arena, h->looker, history_person(h, deletion->owner),
                                 deletion->id, &found));
    assert_int_equal(found->subject, deletion->subject);
    assert_int_equal(found->phase, deletion->restoring ? PHASE_RESTORE : PHASE_REMOVAL);
    assert_int_equal(found->state == DELETION_DONE, deletion->done);
    assert_int_equal(found->archived, deletion_rows(&found->counts));
    Error *error = deletion_get(w->arena, h->looker, history_person(h, 1 - deletion->owner),
                                deletion->id, &found);
    assert_error(error, ERROR_NOT_FOUND, "There is no such deletion.");
}

/* Past the store: as many rows are in the tables as the model has. */
static void look_at_rows(History *h)
{
    const char *ids[OWNERS];
    int count = 0;
    for (int i = 0; i < h->version_count; i++)
        count += h->versions[i].fate == THERE;
    for (int i = 0; i < OWNERS; i++)
        ids[i] = uuid_text(h->w->arena, h->people[i]->user_id);
    const char *query = arena_printf(
        h->w->arena,
        "SELECT (SELECT count(*) FROM annual_predictions WHERE owner_id IN ({id %s}, {id %s})) +"
        " (SELECT count(*) FROM quarterly_predictions WHERE owner_id IN ({id %s}, {id %s})) +"
        " (SELECT count(*) FROM work_queue WHERE owner_id IN ({id %s}, {id %s})) * 1000000",
        ids[0], ids[1], ids[0], ids[1], ids[0], ids[1]);
    assert_int_equal(world_number(h->w, query), count);
}

/* What every database holds, for these people alone: the others of the world were looked at before. A version that
 * comes back under one that was left behind stays former with it, which the order of versions does not know. */
static void look_at_invariants(History *h)
{
    InvariantReport *report = ARENA_NEW(h->w->arena, InvariantReport);
    for (int owner = 0; owner < OWNERS; owner++) {
        InvariantScope scope = {.has_owner = true, .owner_id = h->people[owner]->user_id};
        assert_no_error(invariants_check(h->w->arena, h->looker, &scope, report));
        for (InvariantId id = 0; id < INVARIANT_COUNT; id++)
            if (report->results[id].count > 0 && !(id == INVARIANT_VERSION_ORDER && h->left_behind))
                fail_msg("%s: %lld times not so", invariant_get(id)->name,
                         (long long)report->results[id].count);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Behind each step the lists of whoever took it, and some of what else there is; behind the last all of it. */
void history_look(History *h)
{
    World *w = h->w;
    ArenaMark mark = arena_mark(w->arena);
    int owner = h->step->owner;
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        look_at_list(h, owner, kind, -1);
    if (noise(h, 2) == 0)
        look_at_list(h, owner, history_kind(h->step), noise(h, COMPANIES));
    if (noise(h, 2) == 0)
        look_at_list(h, 1 - owner, (Kind)noise(h, KIND_COUNT), noise(h, COMPANIES + 1) - 1);
    if (h->version_count > 0) {
        const Version *version = &h->versions[noise(h, h->version_count)];
        look_at_version(h, version, noise(h, 4) == 0 ? 1 - version->owner : version->owner);
    }
    if (h->job_count > 0 && noise(h, 2) == 0)
        look_at_job(h, noise(h, h->job_count));
    if (h->deletion_count > 0 && noise(h, 2) == 0)
        look_at_deletion(h, &h->deletions[noise(h, h->deletion_count)]);
    assert_false(db_in_transaction(w->db));
    assert_int_equal(fault_open_cursors(w->fault), 0);
    arena_rewind(w->arena, mark);
}

void history_look_all(History *h)
{
    ArenaMark mark = arena_mark(h->w->arena);
    for (int owner = 0; owner < OWNERS; owner++)
        for (Kind kind = 0; kind < KIND_COUNT; kind++)
            for (int company = -1; company < COMPANIES; company++)
                look_at_list(h, owner, kind, company);
    look_at_rows(h);
    look_at_invariants(h);
    for (int i = 0; i < h->version_count; i++)
        look_at_version(h, &h->versions[i], h->versions[i].owner);
    for (int i = 0; i < h->job_count; i++)
        look_at_job(h, i);
    for (int i = 0; i < h->deletion_count; i++)
        look_at_deletion(h, &h->deletions[i]);
    arena_rewind(h->w->arena, mark);
}
