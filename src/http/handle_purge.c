/* Deleting the predictions that a filter finds. The filters are those of the list, in the query or as a JSON body;
 * without force=true nothing happens but a look. */
#include "http/app.h"
#include "http/deletion_wait.h"
#include "http/handlers.h"
#include "http/idempotent.h"
#include "http/prediction_filter.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

/* The owner whose predictions are meant: where the principal writes, or of the access level. */
static Uuid read_owner(Params *query, const Principal *who, const PredictionFilter *filter)
{
    for (size_t i = 0; filter->has_access_level && i < who->owner_count; i++)
        if (who->owner_kinds[i] == filter->access_level)
            return who->owners[i];
    if (filter->has_access_level)
        params_wrong(query, "access_level", "not_allowed",
                     "There is no data of the access level %s that you can see.",
                     ACCESS_LEVEL_WORDS[filter->access_level]);
    return principal_writes_to(who, false);
}

static void put_others(JsonOut *out, const char *reason, int64_t count)
{
    if (count == 0)
        return;
    json_begin_object(out, NULL);
    json_put_text(out, "reason", reason);
    json_put_int(out, "count", count);
    json_end_object(out);
}

static void put_counts(JsonOut *out, Kind kind, const PurgeCounts *counts)
{
    json_begin_object(out, "deleted_predictions");
    for (Kind k = 0; k < KIND_COUNT; k++)
        json_put_int(out, kind_spec(k)->word,
                     k == kind ? counts->current + counts->former - counts->held : 0);
    json_end_object(out);
    json_put_int(out, "keys", counts->keys);
    json_put_int(out, "current_versions", counts->current);
    json_put_int(out, "former_versions", counts->former);
    json_begin_array(out, "kept");
    put_others(out, "legal_hold", counts->held);
    put_others(out, "not_yours", counts->others);
    json_end_array(out);
    json_put_int(out, "empty_companies", counts->companies_empty);
}

static Error *reply_preview(Request *request, Response *response, const Purge *purge)
{
    PurgePreview preview = {0};
    Arena *arena = request->arena;
    TRY(key_deletion_preview_purge(arena, request->db, request->who, purge, &preview));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    json_put_text(out, "message",
                  arena_printf(arena,
                               "This would delete %lld predictions, with their %lld former "
                               "versions. Nothing was changed; force=true deletes.",
                               (long long)preview.counts.current,
                               (long long)preview.counts.former));
    put_counts(out, purge->kind, &preview.counts);
    view_predictions(out, "sample", request->who, preview.sample, preview.sample_count);
    json_put_text(out, "etag", preview.etag);
    TRY(reply_end(request, response, 200));
    response_header(arena, response, "ETag", preview.etag);
    return NULL;
}

static Error *reply_purged(Request *request, Response *response, const Deletion *deletion,
                           bool done)
{
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  done ? arena_printf(request->arena, "%lld rows were deleted.",
                                      (long long)deletion_rows(&deletion->counts))
                       : "The predictions that this filter finds are being deleted in the "
                         "background.");
    json_put_raw(out, "filter", str_from(deletion->filter));
    json_put_int(out, "expected", deletion->expected);
    view_deletion_counts(out, done ? &deletion->counts : NULL);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time(out, "restorable_until", deletion->restorable_until);
    return deletion_wait_reply(request, response, deletion->id, done);
}

Error *handle_predictions_purge(Request *request, Response *response)
{
    Params *query = &request->query;
    PredictionFilter *filter = ARENA_NEW(request->arena, PredictionFilter);
    Purge purge = {.kind = request->values.kind, .filter = filter};
    Deletion *accepted = NULL;
    TRY(params_add_body(query, request->body));
    TRY(prediction_filter_read_rows(request, filter));
    purge.owner_id = read_owner(query, request->who, filter);
    purge.all = params_bool(query, "all", false);
    purge.options.reason = reason_read(query);
    purge.options.window = request->app->config.restore_window;
    bool force = params_bool(query, "force", false);
    TRY(params_check(query));
    TRY(request_if_match(request, &purge.options.if_match));
    TRY(idempotent_key(request, request->body, &purge.idempotency));
    if (!force)
        return reply_preview(request, response, &purge);
    TRY(key_deletion_request_purge(request->arena, request->db, request->who, &purge, &accepted));
    const Deletion *deletion = accepted;
    bool done = deletion_wait_over(request, &deletion);
    return reply_purged(request, response, deletion, done);
}
