/* Deleting a job: preview, the record alone, or with its predictions. The effect is there when
 * deletion_request returns; what is waited for is the removal of the rows, so that the answer can
 * hold the counts. Few threads may wait at one time; where none is left, the answer is 202 at
 * once. */
#include "base/log.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

static const int64_t WAIT_MOST = SECONDS(2);

static void read_options(Request *request, bool cascade, DeletionOptions *options)
{
    Params *query = &request->query;
    Str reason = params_text(query, "reason", REASON_MAX_CHARS);
    options->with_predictions = params_bool(query, "delete_predictions", cascade);
    options->include_inferred = params_bool(query, "include_inferred", false);
    options->orphaned_companies = params_bool(query, "delete_orphaned_companies", false);
    options->reason = reason.len == 0 ? NULL : str_dup(request->arena, reason);
    if (!options->with_predictions && (options->include_inferred || options->orphaned_companies))
        params_wrong(query, "delete_predictions", "needed",
                     "include_inferred and delete_orphaned_companies go with "
                     "delete_predictions=true only.");
}

static void put_job(JsonOut *out, const Job *job)
{
    json_begin_object(out, "deleted_job");
    json_put_uuid(out, "id", job->id);
    json_put_text(out, "status", JOB_STATUS_WORDS[job->status]);
    json_put_text(out, "job_type", kind_spec(job->kind)->word);
    json_put_text(out, "original_filename", job->original_filename);
    json_end_object(out);
}

static int64_t sum(const DeletionCounts *counts)
{
    int64_t all = 0;
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        all += counts->predictions[kind];
    return all;
}

static Error *reply_preview(Request *request, Response *response, const DeletionOptions *options)
{
    DeletionPreview preview = {0};
    Arena *arena = request->arena;
    TRY(deletion_preview(arena, request->db, request->who, request->values.id, options, &preview));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    if (options->with_predictions)
        json_put_text(out, "message",
                      arena_printf(arena,
                                   "This would delete the job and %lld of its predictions. Nothing "
                                   "was changed.",
                                   (long long)sum(&preview.counts)));
    else
        json_put_text(out, "message",
                      "This would delete the job's record alone. Nothing was "
                      "changed.");
    put_job(out, preview.job);
    view_deletion_counts(out, &preview.counts);
    json_put_int(out, "predictions_kept", preview.predictions_kept);
    view_predictions(out, "sample", request->who, preview.sample, preview.sample_count);
    json_put_text(out, "etag", preview.etag);
    TRY(reply_end(request, response, 200));
    response_header(arena, response, "ETag", preview.etag);
    return NULL;
}

Error *handle_job_preview(Request *request, Response *response)
{
    DeletionOptions options = {0};
    read_options(request, true, &options);
    TRY(params_check(&request->query));
    return reply_preview(request, response, &options);
}

/* The deletion is committed: what fails while we wait for its end does not undo it, and the answer is that
 * it goes on in the background. */
static void note_failure(const Request *request, const Error *error)
{
    log_event(LOG_WARN, "a deletion was not waited for", LOG_TEXT("request_id", request->id),
              LOG_TEXT("error", error_chain(request->arena, error)));
}

static void wait_for(Request *request, DeletionResult *result)
{
    Permits *permits = request->app->waits;
    int64_t wait = request_wait(request, WAIT_MOST);
    Deletion *deletion = NULL;
    if (result->done || wait == 0 || !permits_take(permits))
        return;
    Error *error = deletion_wait(request->arena, request->db, request->who, result->deletion->id,
                                 wait, &deletion);
    permits_give(permits);
    if (error != NULL) {
        note_failure(request, error);
        return;
    }
    result->deletion = deletion;
    result->done = deletion->state == DELETION_DONE;
}

static const char *message(Arena *arena, const DeletionOptions *options,
                           const DeletionResult *result)
{
    if (!options->with_predictions)
        return arena_printf(arena, "The job's record was deleted. Its %lld predictions stay.",
                            (long long)result->predictions_kept);
    if (!result->done)
        return "The job and its predictions are deleted: no answer shows them any more. Their rows "
               "are being removed in the background.";
    return arena_printf(arena, "The job and %lld of its predictions were deleted.",
                        (long long)sum(&result->deletion->counts));
}

static Error *reply_deleted(Request *request, Response *response, const DeletionOptions *options,
                            const DeletionResult *result)
{
    static const DeletionCounts nothing;
    Arena *arena = request->arena;
    const Deletion *deletion = result->deletion;
    const DeletionCounts *counts = !options->with_predictions ? &nothing
                                   : result->done             ? &deletion->counts
                                                              : NULL;
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", message(arena, options, result));
    put_job(out, result->job);
    view_deletion_counts(out, counts);
    if (!options->with_predictions)
        json_put_int(out, "predictions_kept", result->predictions_kept);
    json_put_uuid_or_null(out, "deletion_id", deletion == NULL ? UUID_NIL : deletion->id);
    json_put_null(out, "restorable_until");
    TRY(reply_end(request, response, result->done ? 200 : 202));
    if (deletion != NULL) {
        char id[UUID_TEXT_SIZE];
        uuid_format(id, deletion->id);
        response_header(arena, response, "Location",
                        arena_printf(arena, "/api/v1/deletions/%s", id));
    }
    return NULL;
}

Error *handle_job_delete(Request *request, Response *response)
{
    DeletionOptions options = {0};
    DeletionResult result = {0};
    bool dry_run = params_bool(&request->query, "dry_run", false);
    read_options(request, false, &options);
    TRY(params_check(&request->query));
    TRY(request_if_match(request, &options.if_match));
    if (dry_run)
        return reply_preview(request, response, &options);
    TRY(deletion_request(request->arena, request->db, request->who, request->values.id, &options,
                         &result));
    wait_for(request, &result);
    return reply_deleted(request, response, &options, &result);
}

Error *handle_deletion_get(Request *request, Response *response)
{
    Deletion *deletion = NULL;
    TRY(deletion_get(request->arena, request->db, request->who, request->values.id, &deletion));
    JsonOut *out = reply_begin(request, response);
    view_deletion(out, "deletion", deletion);
    return reply_end(request, response, 200);
}
