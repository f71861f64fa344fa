/* Changing single predictions: make, change, remove. */
#include "base/check.h"
#include "http/app.h"
#include "http/body_row.h"
#include "http/handlers.h"
#include "http/idempotent.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

static const char *address_of(Arena *arena, const Prediction *prediction)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, prediction->id);
    return arena_printf(arena, "/api/v1/predictions/%s/%s", kind_spec(prediction->kind)->word, id);
}

typedef struct Written {
    int status;
    const char *message;
    CreatedPrediction created;
    const ProblemList *problems; /* NULL: no figures were sent */
} Written;

static Error *reply_written(Request *request, Response *response, const Written *written)
{
    Arena *arena = request->arena;
    const Prediction *prediction = written->created.prediction;
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", written->message);
    view_prediction_detail(out, "prediction", request->who, prediction, UUID_NIL);
    if (!uuid_is_nil(written->created.supersedes))
        json_put_uuid(out, "supersedes", written->created.supersedes);
    if (written->created.unchanged)
        json_put_bool(out, "unchanged", true);
    if (written->problems != NULL)
        view_warnings(out, "warnings", written->problems);
    TRY(reply_end(request, response, written->status));
    response_header(arena, response, "Location", address_of(arena, prediction));
    response_header(arena, response, "ETag", predictions_etag(arena, prediction, prediction->id));
    return NULL;
}

/* A single row that is skipped would be a request without an effect or an answer. */
static bool read_replace(Params *query)
{
    OnDuplicate choice = (OnDuplicate)params_word(query, "on_duplicate", ON_DUPLICATE_WORDS,
                                                  DUPLICATE_COUNT, DUPLICATE_REJECT);
    if (choice == DUPLICATE_SKIP)
        params_wrong(query, "on_duplicate", "not_allowed",
                     "on_duplicate=skip is for uploads; a single prediction is created with reject "
                     "or replace.");
    return choice == DUPLICATE_REPLACE;
}

static Error *create_or_replace(Request *request, const NewPrediction *new, bool replace,
                                Written *written)
{
    IdempotencyKey key = {0};
    CreatedPrediction *created = &written->created;
    TRY(idempotent_key(request, request->body, &key));
    if (replace)
        TRY(predictions_replace(request->arena, request->db, request->who, new, &key, created));
    else
        TRY(predictions_create(request->arena, request->db, request->who, new, &key,
                               &created->prediction));
    written->status = created->unchanged ? 200 : 201;
    if (created->unchanged)
        written->message = "The same ratios are there already; nothing was changed.";
    else if (!uuid_is_nil(created->supersedes))
        written->message = "The prediction was created in the place of the former one.";
    return NULL;
}

Error *handle_prediction_create(Request *request, Response *response)
{
    Params body, *query = &request->query;
    RawRow row;
    ProblemList problems = {0};
    NewPrediction new = {.kind = request->values.kind};
    Written written = {.message = "The prediction was created.", .problems = &problems};
    bool replace = read_replace(query);
    new.personal = scope_read(query, request->who);
    TRY(params_check(query));
    TRY(params_from_body(request->arena, request->body, &body));
    body_row_pick(&body, new.kind, &row);
    body_row_check(&body, new.kind, &row, &new.input, &problems);
    TRY(params_check(&body));
    TRY(create_or_replace(request, &new, replace, &written));
    return reply_written(request, response, &written);
}

/* What the body leaves out stays as it is: clients of the described system send only what
 * changes. */
Error *handle_prediction_change(Request *request, Response *response)
{
    Kind kind = request->values.kind;
    Params body;
    RawRow row;
    ProblemList problems = {0};
    PredictionInput input = {0};
    Prediction *former = NULL, *changed = NULL;
    Uuid current;
    const char *if_match;
    TRY(params_check(&request->query));
    TRY(request_if_match(request, &if_match));
    TRY(params_from_body(request->arena, request->body, &body));
    TRY(predictions_get(request->arena, request->db, request->who, kind, request->values.id,
                        &former, &current));
    body_row_pick(&body, kind, &row);
    body_row_fill(request->arena, former, &row);
    body_row_check(&body, kind, &row, &input, &problems);
    TRY(params_check(&body));
    TRY(predictions_change(request->arena, request->db, request->who, kind, request->values.id,
                           &input, if_match, &changed));
    Written written = {200,
                       "The prediction was changed; this is its new version.",
                       {.prediction = changed, .supersedes = request->values.id},
                       &problems};
    return reply_written(request, response, &written);
}

/* If-Match names the version that is current now, whichever of the key's versions the path names. */
Error *handle_prediction_restore(Request *request, Response *response)
{
    IdempotencyKey key = {0};
    Written written = {
        200, "The former version is back, as a new one with its figures.", {0}, NULL};
    VersionRestore restore = {.kind = request->values.kind,
                              .id = request->values.id,
                              .version_id = request->values.version_id,
                              .idempotency = &key};
    TRY(params_check(&request->query));
    TRY(request_if_match(request, &restore.if_match));
    TRY(idempotent_key(request, request->body, &key));
    TRY(predictions_restore_version(request->arena, request->db, request->who, &restore,
                                    &written.created));
    if (written.created.unchanged)
        written.message = "This version is the current one already; nothing was changed.";
    return reply_written(request, response, &written);
}

Error *handle_prediction_delete(Request *request, Response *response)
{
    static const char *const versions[] = {"all", "this"};
    Params *query = &request->query;
    KeyDeletionOptions options = {.window = request->app->config.restore_window};
    Deletion *deletion = NULL;
    options.this_version = params_word(query, "versions", versions, ARRAY_COUNT(versions), 0) == 1;
    options.reason = reason_read(query);
    TRY(params_check(query));
    TRY(request_if_match(request, &options.if_match));
    TRY(predictions_delete(request->arena, request->db, request->who, request->values.kind,
                           request->values.id, &options, &deletion));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  options.this_version ? "This version of the prediction was deleted."
                                       : "The prediction was deleted.");
    json_begin_object(out, "deleted_prediction");
    json_put_uuid(out, "id", request->values.id);
    json_put_text(out, "kind", kind_spec(request->values.kind)->word);
    json_put_int(out, "versions", deletion_rows(&deletion->counts));
    json_end_object(out);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time(out, "restorable_until", deletion->restorable_until);
    return reply_end(request, response, 200);
}
