/* Making versions by hand: a new prediction, one in the place of another, and a former one taken back.
 *
 * Rows are facts and never change: each of these stores a row under an id of its own. The prediction that gives
 * way is locked first, its jobs behind it, and what was read before is read again under the lock. */
#include "domain/prediction_make.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/audit.h"
#include "domain/scoring.h"
#include "domain/versions.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

#include <stdlib.h>

static Error *note(Arena *arena, Db *db, const Principal *who, const Prediction *prediction,
                   const char *action, const char *details)
{
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = prediction->owner_id,
                                   .action = action,
                                   .object_kind = "prediction",
                                   .object_id = prediction->id,
                                   .count = 1,
                                   .details = details});
}

static Error *moved(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_BUSY, "Somebody else changed the same prediction. Try again."),
        ERROR_RETRY);
}

/* --- the parts ------------------------------------------------------------------------------- */

Prediction prediction_fill(const Principal *who, Kind kind, const PredictionInput *input,
                           const LoadedModel *model, const Company *company)
{
    Prediction p = {.kind = kind,
                    .id = uuid_new(),
                    .owner_id = company->owner_id,
                    .company_id = company->id,
                    .year = input->year,
                    .quarter = input->quarter,
                    .sector = input->sector,
                    .market_cap = input->market_cap,
                    .score = scoring_score(model->card, input->ratios),
                    .model_id = model->row.id,
                    .source = SOURCE_MANUAL,
                    .is_current = true,
                    .created_by = who->user_id,
                    .created_at = clock_now()};
    memcpy(p.ratios, input->ratios, sizeof p.ratios);
    return p;
}

void prediction_derive(Prediction *next, const Prediction *from)
{
    next->source = SOURCE_EDIT;
    next->derived_from = from->id;
    next->root_job_id = from->root_job_id;
}

static int by_id(const void *a, const void *b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}

/* The jobs of the rows and their roots, sorted, each once. */
static size_t jobs_of(const Prediction *const *rows, size_t count, Uuid *ret_ids)
{
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i]->has_job)
            ret_ids[found++] = rows[i]->job_id;
        if (!uuid_is_nil(rows[i]->root_job_id))
            ret_ids[found++] = rows[i]->root_job_id;
    }
    qsort(ret_ids, found, sizeof *ret_ids, by_id);
    for (size_t i = 0; i < found; i++)
        if (kept == 0 || !uuid_equal(ret_ids[kept - 1], ret_ids[i]))
            ret_ids[kept++] = ret_ids[i];
    return kept;
}

Error *prediction_lock_jobs(Arena *arena, Db *db, const Prediction *const *rows, size_t count)
{
    Uuid *ids = ARENA_ARRAY(arena, Uuid, count * 2);
    JobHides *jobs = ARENA_ARRAY(arena, JobHides, count * 2);
    size_t job_count = jobs_of(rows, count, ids);
    TRY(job_lock_many(arena, db, rows[0]->owner_id, ids, job_count, jobs));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; rows[i]->has_job && k < job_count; k++)
            if (uuid_equal(jobs[k].id, rows[i]->job_id) &&
                job_link_hidden(rows[i]->job_link, jobs[k].hides_rows, jobs[k].hides_inferred))
                return moved(arena);
    return NULL;
}

static Error *store(Arena *arena, Db *db, const Prediction *prediction)
{
    bool made = false;
    TRY(prediction_insert(arena, db, prediction, &made));
    if (!made)
        return error_with_reason(
            ERROR(arena, ERROR_BUSY, "Somebody else wrote the same prediction. Try again."),
            ERROR_RETRY);
    TRY(count_add(arena, db, prediction, 1));
    return owner_touch(arena, db, prediction->owner_id);
}

Error *prediction_take_over(Arena *arena, Db *db, Prediction *next, const Prediction *former)
{
    if (former != NULL && next->created_at <= former->created_at)
        next->created_at = former->created_at + 1; /* versions are ordered by time */
    if (former != NULL)
        TRY(predictions_set_aside(arena, db, former));
    if (!uuid_is_nil(next->root_job_id))
        TRY(job_raise_revision(arena, db, next->owner_id, next->root_job_id));
    return store(arena, db, next);
}

/* --- new ones -------------------------------------------------------------------------------- */

static Error *find_or_make_company(Arena *arena, Db *db, const Principal *who, Uuid owner_id,
                                   const PredictionInput *input, Company **ret_company)
{
    int64_t now = clock_now();
    TRY(company_by_symbol(arena, db, owner_id, input->symbol, ret_company));
    if (*ret_company != NULL)
        return (*ret_company)->deleted
                   ? company_revive(arena, db, owner_id, (*ret_company)->id, now)
                   : NULL;
    Company *company = ARENA_NEW(arena, Company);
    *company = (Company){.id = uuid_new(),
                         .owner_id = owner_id,
                         .symbol = input->symbol,
                         .name = input->company_name,
                         .sector = input->sector,
                         .created_by = who->user_id,
                         .created_at = now};
    bool made = false;
    TRY(company_insert(arena, db, company, &made));
    *ret_company = company;
    return made ? NULL : company_by_symbol(arena, db, owner_id, input->symbol, ret_company);
}

static Error *duplicate(Arena *arena, const Prediction *holder)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, holder->id);
    Error *error = error_with_reason(
        ERROR(arena, ERROR_CONFLICT, "There is a prediction of %.*s, %d Q%d already.",
              STR_ARG(holder->company_symbol), holder->year, holder->quarter),
        "duplicate");
    error->extra_json = arena_printf(arena, "\"current_id\": \"%s\"", id);
    return error;
}

/* The version that has the key and can be seen; NULL: the key is free by now. */
static Error *find_holder(Arena *arena, Db *db, const PredictionKey *key, Prediction **ret_holder)
{
    bool hidden = false;
    TRY(prediction_current(arena, db, key, ret_holder, &hidden));
    return hidden ? versions_free_key(arena, db, *ret_holder, ret_holder) : NULL;
}

/* Locked, and still the one that has the key. Its jobs come behind it. */
static Error *lock_row(Arena *arena, Db *db, const Prediction *holder)
{
    Prediction *now = NULL;
    bool hidden = false;
    PredictionKey key = prediction_key(holder);
    TRY(prediction_lock(arena, db, holder->kind, holder->owner_id, holder->id));
    TRY(prediction_current(arena, db, &key, &now, &hidden));
    if (now == NULL || hidden || !uuid_equal(now->id, holder->id))
        return moved(arena);
    return NULL;
}

/* What is to be made. */
typedef struct Making {
    const Principal *who;
    const NewPrediction *new;
    const IdempotencyKey *idempotency;
    bool replace;
} Making;

/* Where no version is current the key has only former ones, all of them older than the new one. */
static Error *be_newest(Arena *arena, Db *db, Prediction *next)
{
    PredictionKey key = prediction_key(next);
    Prediction *former = NULL;
    size_t count = 0;
    TRY(prediction_former(arena, db, &key, 1, &former, &count));
    if (count > 0 && next->created_at <= former->created_at)
        next->created_at = former->created_at + 1;
    return NULL;
}

/* In the transaction: a version in the place of the present one, or none where their ratios are equal.
 * ret_answer->object_id has the key then. */
static Error *place(Arena *arena, Db *db, const Making *making, Prediction *next,
                    IdempotentAnswer *ret_answer)
{
    Prediction *holder = NULL;
    PredictionKey key = prediction_key(next);
    TRY(find_holder(arena, db, &key, &holder));
    if (holder != NULL && !making->replace)
        return duplicate(arena, holder);
    *ret_answer = (IdempotentAnswer){.object_id = next->id};
    if (holder != NULL) {
        ret_answer->former_id = holder->id;
        if (prediction_same_ratios(next->kind, holder->ratios, next->ratios)) {
            ret_answer->object_id = holder->id;
            return NULL;
        }
        TRY(prediction_refuse_others(arena, making->who, holder));
        TRY(lock_row(arena, db, holder));
        TRY(prediction_lock_jobs(arena, db, (const Prediction *[]){holder}, 1));
    }
    if (holder == NULL)
        TRY(be_newest(arena, db, next));
    TRY(prediction_take_over(arena, db, next, holder));
    return note(arena, db, making->who, next,
                holder == NULL ? "prediction.created" : "prediction.replaced", NULL);
}

static Error *give(Arena *arena, Db *db, const Making *making, const IdempotentAnswer *answer,
                   CreatedPrediction *ret_created)
{
    Uuid current;
    bool unchanged = uuid_equal(answer->object_id, answer->former_id);
    *ret_created = (CreatedPrediction){.unchanged = unchanged,
                                       .supersedes = unchanged ? UUID_NIL : answer->former_id};
    return predictions_get(arena, db, making->who, making->new->kind, answer->object_id,
                           &ret_created->prediction, &current);
}

static Error *make(Arena *arena, Db *db, const Making *making, CreatedPrediction *ret_created)
{
    const LoadedModel *model = NULL;
    IdempotentAnswer answer;
    const Principal *who = making->who;
    const NewPrediction *new = making->new;
    Uuid owner = principal_writes_to(who, new->personal);
    TRY(models_active(arena, db, new->kind, &model));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(idempotency_find(arena, db, who, making->idempotency, &answer));
    if (answer.found)
        return give(arena, db, making, &answer, ret_created);
    Company *company = NULL;
    TRY(find_or_make_company(arena, db, who, owner, &new->input, &company));
    Prediction next = prediction_fill(who, new->kind, &new->input, model, company);
    TRY(place(arena, db, making, &next, &answer));
    TRY(idempotency_keep_both(arena, db, who, making->idempotency, &answer));
    TRY(tx_commit(&tx, arena));
    return give(arena, db, making, &answer, ret_created);
}

Error *predictions_create(Arena *arena, Db *db, const Principal *who, const NewPrediction *new,
                          const IdempotencyKey *idempotency, Prediction **ret_prediction)
{
    const Making making = {who, new, idempotency, false};
    CreatedPrediction created;
    TRY(make(arena, db, &making, &created));
    *ret_prediction = created.prediction;
    return NULL;
}

Error *predictions_replace(Arena *arena, Db *db, const Principal *who, const NewPrediction *new,
                           const IdempotencyKey *idempotency, CreatedPrediction *ret_created)
{
    const Making making = {who, new, idempotency, true};
    return make(arena, db, &making, ret_created);
}

/* --- taking back ----------------------------------------------------------------------------- */

typedef struct Restoring {
    const Principal *who;
    const VersionRestore *restore;
    Prediction *version; /* whose figures come back */
    Prediction *current; /* NULL: none is */
} Restoring;

/* The version, and the one that is current now, locked. Any version of the key names it. */
static Error *find_versions(Arena *arena, Db *db, Restoring *r)
{
    Prediction *any = NULL;
    Uuid current;
    Kind kind = r->restore->kind;
    TRY(predictions_get(arena, db, r->who, kind, r->restore->id, &any, &current));
    TRY(predictions_get(arena, db, r->who, kind, r->restore->version_id, &r->version, &current));
    PredictionKey key = prediction_key(any), same = prediction_key(r->version);
    if (!uuid_equal(key.owner_id, same.owner_id) || !uuid_equal(key.company_id, same.company_id) ||
        key.year != same.year || key.quarter != same.quarter)
        return ERROR(arena, ERROR_NOT_FOUND, "There is no such version of this prediction.");
    return find_holder(arena, db, &key, &r->current);
}

static Error *lock_versions(Arena *arena, Db *db, const Restoring *r)
{
    const Prediction *rows[] = {r->version, r->current};
    if (r->current != NULL)
        TRY(lock_row(arena, db, r->current));
    return prediction_lock_jobs(arena, db, rows, r->current != NULL ? 2 : 1);
}

/* The same fact once more: its scores and its model too. */
static Prediction copy_version(const Restoring *r)
{
    Prediction next = *r->version;
    next.id = uuid_new();
    next.has_job = false;
    next.job_id = UUID_NIL;
    next.job_row = 0;
    next.job_link = LINK_RECORDED;
    next.is_current = true;
    next.created_by = r->who->user_id;
    next.created_at = clock_now();
    prediction_derive(&next, r->version);
    return next;
}

static Error *take_back(Arena *arena, Db *db, const Restoring *r, IdempotentAnswer *ret_answer)
{
    const Prediction *judged = r->current != NULL ? r->current : r->version;
    TRY(prediction_refuse_others(arena, r->who, judged));
    TRY(prediction_refuse_changed(arena, judged, r->restore->if_match));
    if (r->current != NULL)
        ret_answer->former_id = r->current->id;
    ret_answer->object_id = r->version->id;
    if (uuid_equal(ret_answer->object_id, ret_answer->former_id))
        return NULL; /* it is the current one */
    Prediction next = copy_version(r);
    ret_answer->object_id = next.id;
    TRY(be_newest(arena, db, &next));
    TRY(company_restore_many(arena, db, next.owner_id, &next.company_id, 1));
    TRY(prediction_take_over(arena, db, &next, r->current));
    return note(arena, db, r->who, &next, "prediction.version_restored",
                arena_printf(arena, "{\"version_id\":\"%s\"}", uuid_text(arena, r->version->id)));
}

Error *predictions_restore_version(Arena *arena, Db *db, const Principal *who,
                                   const VersionRestore *restore, CreatedPrediction *ret_created)
{
    Restoring r = {.who = who, .restore = restore};
    IdempotentAnswer answer;
    const NewPrediction what = {.kind = restore->kind};
    const Making making = {who, &what, restore->idempotency, true};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(idempotency_find(arena, db, who, restore->idempotency, &answer));
    if (answer.found)
        return give(arena, db, &making, &answer, ret_created);
    TRY(find_versions(arena, db, &r));
    TRY(lock_versions(arena, db, &r));
    TRY(take_back(arena, db, &r, &answer));
    TRY(idempotency_keep_both(arena, db, who, restore->idempotency, &answer));
    TRY(tx_commit(&tx, arena));
    return give(arena, db, &making, &answer, ret_created);
}
