/* Work by hand. Rows are facts and never change: a change makes a new version under an id of its own and
 * takes the key over; the former one stays behind it. A row that a deletion hides has no claim on its key
 * and is set aside by whoever needs it. */
#include "domain/predictions.h"

#include "domain/audit.h"
#include "domain/jobs.h"
#include "domain/models.h"
#include "domain/owners.h"
#include "domain/prediction_make.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

/* `"<id>-c` or `"<id>-f`. */
static Str etag_front(Arena *arena, const Prediction *prediction)
{
    return str_printf(arena, "\"%s-%c", uuid_text(arena, prediction->id),
                      prediction->is_current ? 'c' : 'f');
}

char *predictions_etag(Arena *arena, const Prediction *prediction, Uuid current_id)
{
    Str shown = str_printf(
        arena, "%s\n%d\n%.*s\n%.*s\n%s", uuid_text(arena, current_id), prediction->job_deleted,
        STR_ARG(prediction->company_symbol), STR_ARG(prediction->company_name),
        prediction->created_by_email != NULL ? prediction->created_by_email : "");
    Digest digest = digest_of(shown);
    char hex[17];
    hex_format(hex, digest.bytes, 8);
    return arena_printf(arena, "%s-%s\"", etag_front(arena, prediction).ptr, hex);
}

bool predictions_may_change(const Principal *who, const Prediction *prediction)
{
    return principal_may_change(who, prediction->owner_id, prediction->created_by);
}

Error *prediction_refuse_others(Arena *arena, const Principal *who, const Prediction *prediction)
{
    return predictions_may_change(who, prediction)
               ? NULL
               : ERROR(arena, ERROR_DENIED, "Only who made this prediction may change it.");
}

Error *prediction_refuse_changed(Arena *arena, const Prediction *prediction, const char *if_match)
{
    if (if_match == NULL || strcmp(if_match, "*") == 0 ||
        str_starts_with(str_from(if_match), etag_front(arena, prediction)))
        return NULL;
    return ERROR(arena, ERROR_CHANGED,
                 "The prediction has changed since you read it. Read it again.");
}

static Error *note(Arena *arena, Db *db, const Principal *who, const Prediction *prediction,
                   const char *action, int64_t count, const char *reason)
{
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = prediction->owner_id,
                                   .action = action,
                                   .object_kind = "prediction",
                                   .object_id = prediction->id,
                                   .count = count,
                                   .reason = reason});
}

Error *predictions_set_aside(Arena *arena, Db *db, const Prediction *holder)
{
    bool changed = false;
    TRY(prediction_unset_current(arena, db, holder->kind, holder->owner_id, holder->id, &changed));
    if (!changed)
        return NULL; /* somebody else did, and counted it */
    TRY(count_add(arena, db, holder, -1));
    return holder->has_job ? job_raise_revision(arena, db, holder->owner_id, holder->job_id) : NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

static Error *find(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                   Prediction **ret_prediction, bool *ret_hidden)
{
    *ret_prediction = NULL;
    *ret_hidden = false;
    for (size_t i = 0; i < who->owner_count && *ret_prediction == NULL; i++)
        TRY(prediction_find(arena, db, kind, who->owners[i], id, ret_prediction, ret_hidden));
    return *ret_prediction != NULL ? NULL
                                   : ERROR(arena, ERROR_NOT_FOUND, "There is no such prediction.");
}

static Error *gone(Arena *arena, Db *db, Prediction *hidden)
{
    GonePrediction gone;
    TRY(prediction_gone_with_job(arena, db, hidden, &gone));
    return prediction_gone_error(arena, &gone);
}

Error *predictions_get_at_once(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                               Prediction **ret_prediction, Uuid *ret_current_id)
{
    Prediction *prediction = NULL;
    bool hidden = false;
    TRY(find(arena, db, who, kind, id, &prediction, &hidden));
    if (hidden)
        return gone(arena, db, prediction);
    *ret_current_id = prediction->id;
    if (!prediction->is_current) {
        Prediction *current = NULL;
        PredictionKey key = prediction_key(prediction);
        TRY(prediction_current(arena, db, &key, &current, &hidden));
        *ret_current_id = current != NULL && !hidden ? current->id : UUID_NIL;
    }
    *ret_prediction = prediction;
    return NULL;
}

Error *predictions_get(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                       Prediction **ret_prediction, Uuid *ret_current_id)
{
    GonePrediction gone = {0};
    Error *error =
        predictions_get_at_once(arena, db, who, kind, id, ret_prediction, ret_current_id);
    if (error == NULL || error->code != ERROR_NOT_FOUND)
        return error;
    TRY(prediction_gone_find(arena, db, who, kind, id, &gone));
    return gone.row == NULL ? error : prediction_gone_error(arena, &gone);
}

Error *predictions_get_deleted(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                               GonePrediction *ret_gone)
{
    Prediction *prediction = NULL;
    bool hidden = false;
    *ret_gone = (GonePrediction){0};
    Error *error = find(arena, db, who, kind, id, &prediction, &hidden);
    if (error != NULL && error->code != ERROR_NOT_FOUND)
        return error;
    if (error != NULL)
        return prediction_gone_find(arena, db, who, kind, id, ret_gone);
    return hidden ? prediction_gone_with_job(arena, db, prediction, ret_gone) : NULL;
}

Error *predictions_list(Arena *arena, Db *db, const Principal *who, Kind kind,
                        const PredictionFilter *filter, const Page *page, PredictionList *ret_list)
{
    Uuid owners[PRINCIPAL_OWNERS_MAX];
    PredictionQuery query = {.kind = kind, .owners = owners, .filter = filter, .page = page};
    for (size_t i = 0; i < who->owner_count; i++)
        if (!filter->has_access_level || filter->access_level == who->owner_kinds[i])
            owners[query.owner_count++] = who->owners[i];
    Tx TX_AUTO tx = {0}; /* one snapshot for the windows and the total */
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(prediction_list(arena, db, &query, &ret_list->items, &ret_list->count, &ret_list->end));
    TRY(owners_settling(arena, db, owners, query.owner_count, &ret_list->end.settling));
    return tx_commit(&tx, arena);
}

Error *predictions_of_job(Arena *arena, Db *db, const Job *job, const Page *page,
                          PredictionList *ret_list)
{
    PageEnd end = {.total = -1};
    Prediction *items = NULL;
    size_t count = 0;
    TRY(prediction_of_job(arena, db, job->kind, job->owner_id, job->id,
                          page->after.set ? page->after.job_row : -1,
                          page->limit + page->offset + 1, &items, &count));
    if (page->want_total)
        end.total = job->hides_rows ? 0 : job_rows_left(job);
    size_t from = owners_page(page, count, &end.has_more, &ret_list->count);
    ret_list->items = count == 0 ? NULL : items + from;
    if (end.has_more)
        end.next = (PageKey){.set = true, .job_row = items[from + ret_list->count - 1].job_row};
    ret_list->end = end;
    return NULL;
}

static int by_period(const void *a, const void *b) /* newest first */
{
    const Prediction *left = a, *right = b;
    int64_t order = (right->year * 4 + right->quarter) - (left->year * 4 + left->quarter);
    if (order == 0)
        order = (right->created_at > left->created_at) - (right->created_at < left->created_at);
    return order != 0 ? (order > 0 ? 1 : -1) : uuid_compare(right->id, left->id);
}

Error *predictions_of_company(Arena *arena, Db *db, Uuid owner_id, Kind kind, Uuid company_id,
                              bool include_superseded, PredictionList *ret_list)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = PAGE_LIMIT_MAX};
    PredictionQuery query = {kind, &owner_id, 1, &filter, &page};
    filter.has_company = true;
    filter.company_id = company_id;
    filter.include_superseded = include_superseded;
    TRY(prediction_list(arena, db, &query, &ret_list->items, &ret_list->count, &ret_list->end));
    if (ret_list->count > 1)
        qsort(ret_list->items, ret_list->count, sizeof *ret_list->items, by_period);
    return NULL;
}

static Error *versions_of(Arena *arena, Db *db, const Prediction *prediction,
                          PredictionList *ret_list)
{
    PredictionKey key = prediction_key(prediction);
    Prediction *current = NULL, *former = NULL;
    size_t count = 0;
    bool hidden = false;
    TRY(prediction_current(arena, db, &key, &current, &hidden));
    TRY(prediction_former(arena, db, &key, PAGE_LIMIT_MAX, &former, &count));
    Prediction *all = ARENA_ARRAY(arena, Prediction, count + 1);
    size_t n = 0;
    if (current != NULL && !hidden)
        all[n++] = *current;
    for (size_t i = 0; i < count; i++)
        all[n++] = former[i];
    *ret_list = (PredictionList){all, n, {.total = (int64_t)n}};
    return NULL;
}

Error *predictions_lineage(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                           Lineage *ret_lineage)
{
    Prediction *prediction = NULL;
    Uuid current;
    Job *job = NULL, *root = NULL;
    TRY(predictions_get(arena, db, who, kind, id, &prediction, &current));
    Lineage lineage = {.prediction = prediction};
    if (prediction->has_job)
        TRY(job_find(arena, db, prediction->owner_id, prediction->job_id, &job));
    if (!uuid_is_nil(prediction->root_job_id))
        TRY(job_find(arena, db, prediction->owner_id, prediction->root_job_id, &root));
    lineage.job = job;
    lineage.root_job = root;
    TRY(versions_of(arena, db, prediction, &lineage.versions));
    *ret_lineage = lineage;
    return NULL;
}

/* --- changing and removing ------------------------------------------------------------------- */

/* The present version, inside the write transaction, after all that may refuse. */
static Error *get_to_change(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                            const char *if_match, Prediction **ret_prediction)
{
    Prediction *prediction = NULL;
    Uuid current;
    for (size_t i = 0; i < who->owner_count; i++)
        TRY(prediction_lock(arena, db, kind, who->owners[i], id));
    TRY(predictions_get(arena, db, who, kind, id, &prediction, &current));
    TRY(prediction_refuse_others(arena, who, prediction));
    if (!prediction->is_current) {
        Error *error = error_with_reason(
            ERROR(arena, ERROR_CONFLICT,
                  "This is a former version; a newer one has taken its place. Change that one."),
            "superseded");
        error->extra_json = uuid_is_nil(current) ? "\"current_id\": null"
                                                 : arena_printf(arena, "\"current_id\": \"%s\"",
                                                                uuid_text(arena, current));
        return error;
    }
    TRY(prediction_refuse_changed(arena, prediction, if_match));
    TRY(prediction_lock_jobs(arena, db, (const Prediction *[]){prediction}, 1));
    *ret_prediction = prediction;
    return NULL;
}

static Error *refuse_other_key(Arena *arena, const Prediction *former, const PredictionInput *input)
{
    ErrorField *fields = NULL;
    if (input->symbol.len > 0 && !str_equal(input->symbol, former->company_symbol))
        error_field_add(arena, &fields, "company_symbol", "cannot_change",
                        "The company of a prediction cannot change.");
    if (input->year != former->year)
        error_field_add(arena, &fields, "reporting_year", "cannot_change",
                        "The year of a prediction cannot change.");
    if (input->quarter != former->quarter)
        error_field_add(arena, &fields, "reporting_quarter", "cannot_change",
                        "The quarter of a prediction cannot change.");
    return error_from_fields(arena, fields);
}

Error *predictions_change(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                          const PredictionInput *input, const char *if_match,
                          Prediction **ret_prediction)
{
    const LoadedModel *model = NULL;
    TRY(models_active(arena, db, kind, &model));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    Prediction *former = NULL;
    TRY(get_to_change(arena, db, who, kind, id, if_match, &former));
    TRY(refuse_other_key(arena, former, input));
    Company company = {.id = former->company_id, .owner_id = former->owner_id};
    Prediction next = prediction_fill(who, kind, input, model, &company);
    prediction_derive(&next, former);
    TRY(prediction_take_over(arena, db, &next, former));
    TRY(note(arena, db, who, &next, "prediction.changed", 1, NULL));
    TRY(tx_commit(&tx, arena));
    Uuid current;
    return predictions_get(arena, db, who, kind, next.id, ret_prediction, &current);
}

/* One version alone may be a former one. */
static Error *get_version(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                          const char *if_match, Prediction **ret_prediction)
{
    Uuid current;
    for (size_t i = 0; i < who->owner_count; i++)
        TRY(prediction_lock(arena, db, kind, who->owners[i], id));
    TRY(predictions_get(arena, db, who, kind, id, ret_prediction, &current));
    TRY(prediction_refuse_others(arena, who, *ret_prediction));
    return prediction_refuse_changed(arena, *ret_prediction, if_match);
}

static Error *note_deletion(Arena *arena, Db *db, const Principal *who,
                            const Prediction *prediction, const Deletion *deletion)
{
    const char *details = arena_printf(arena, "{\"deletion_id\": \"%s\", \"versions\": \"%s\"}",
                                       uuid_text(arena, deletion->id),
                                       deletion->subject == SUBJECT_VERSION ? "this" : "all");
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = prediction->owner_id,
                                   .action = "prediction.deleted",
                                   .object_kind = "prediction",
                                   .object_id = prediction->id,
                                   .count = deletion_rows(&deletion->counts),
                                   .reason = deletion->reason,
                                   .details = details});
}

Error *predictions_delete(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                          const KeyDeletionOptions *options, Deletion **ret_deletion)
{
    Prediction *prediction = NULL;
    Deletion *deletion = NULL;
    Uuid current;
    TRY(predictions_get(arena, db, who, kind, id, &prediction,
                        &current)); /* may look in archives */
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (options->this_version)
        TRY(get_version(arena, db, who, kind, id, options->if_match, &prediction));
    else
        TRY(get_to_change(arena, db, who, kind, id, options->if_match, &prediction));
    TRY(key_deletion_of_prediction(arena, db, who, prediction, options, &deletion));
    TRY(note_deletion(arena, db, who, prediction, deletion));
    TRY(tx_commit(&tx, arena));
    *ret_deletion = deletion;
    return NULL;
}
