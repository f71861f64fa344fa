/* Deleting a job: preview, the record alone, or with its predictions. The effect is there when
 * deletion_request returns; what is waited for is the removal of the rows, so that the answer can
 * hold the counts. */
#include "http/app.h"
#include "http/deletion_wait.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

/* What only says how predictions are deleted. */
static bool names_predictions(const DeletionOptions *options)
{
    return options->include_inferred || options->include_edited || options->orphaned_companies;
}

static void read_options(Request *request, bool cascade, DeletionOptions *options)
{
    Params *query = &request->query;
    options->with_predictions = params_bool(query, "delete_predictions", cascade);
    options->include_inferred = params_bool(query, "include_inferred", false);
    options->include_edited = params_bool(query, "include_edited", false);
    options->orphaned_companies = params_bool(query, "delete_orphaned_companies", false);
    options->include_retries = params_bool(query, "include_retries", false);
    options->reason = reason_read(query);
    options->window = request->app->config.restore_window;
    if (!options->with_predictions && names_predictions(options))
        params_wrong(query, "delete_predictions", "needed",
                     "include_edited, include_inferred and delete_orphaned_companies go with "
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

/* How many predictions go with the retries that go. */
static int64_t rows_of(const DeletionJob *retries, size_t count)
{
    int64_t rows = 0;
    for (size_t i = 0; i < count; i++)
        rows += deletion_rows(&retries[i].counts);
    return rows;
}

/* What is said of the retries, behind what is said of the job. */
static const char *retries_text(Arena *arena, const DeletionOptions *options,
                                const DeletionJob *retries, size_t count)
{
    if (count == 0)
        return "";
    if (!options->include_retries)
        return arena_printf(arena, " Retries of it that stay: %zu; see include_retries.", count);
    if (!options->with_predictions)
        return arena_printf(arena, " Retries whose record goes with it: %zu.", count);
    return arena_printf(arena, " Retries that go with it: %zu, with %lld predictions.", count,
                        (long long)rows_of(retries, count));
}

static const char *preview_text(Arena *arena, const DeletionOptions *options,
                                const DeletionPreview *preview)
{
    const char *retries = retries_text(arena, options, preview->retries, preview->retry_count);
    if (!options->with_predictions)
        return arena_printf(
            arena, "This would delete the job's record alone.%s Nothing was changed.", retries);
    return arena_printf(
        arena, "This would delete the job and %lld of its predictions.%s Nothing was changed.",
        (long long)deletion_rows(&preview->counts), retries);
}

static Error *reply_preview(Request *request, Response *response, const DeletionOptions *options)
{
    DeletionPreview preview = {0};
    Arena *arena = request->arena;
    TRY(deletion_preview(arena, request->db, request->who, request->values.id, options, &preview));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    json_put_text(out, "message", preview_text(arena, options, &preview));
    put_job(out, preview.job);
    view_deletion_counts(out, &preview.counts);
    json_put_bool(out, "include_retries", options->include_retries);
    view_deletion_retries(out, preview.retries, preview.retry_count);
    json_put_bool(out, "more_retries", preview.more_retries);
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

static const char *message(Arena *arena, const DeletionOptions *options,
                           const DeletionResult *result)
{
    size_t count = options->include_retries ? result->retry_count : (size_t)result->retries_kept;
    const char *retries = retries_text(arena, options, result->retries, count);
    if (!options->with_predictions)
        return arena_printf(arena, "The job's record was deleted. Its %lld predictions stay.%s",
                            (long long)result->predictions_kept, retries);
    if (!result->done)
        return arena_printf(arena,
                            "The job and its predictions are deleted: no answer shows them any "
                            "more. Their rows are being removed in the background.%s",
                            retries);
    return arena_printf(arena, "The job and %lld of its predictions were deleted.%s",
                        (long long)deletion_rows(&result->deletion->counts), retries);
}

/* Their removal is over before that of the job. */
static Error *find_retries(Request *request, const DeletionResult *result,
                           const DeletionJob **ret_retries)
{
    DeletionJob *retries = ARENA_ARRAY(request->arena, DeletionJob, result->retry_count + 1);
    for (size_t i = 0; i < result->retry_count; i++) {
        retries[i] = result->retries[i];
        if (!result->done || retries[i].deletion->record_only)
            continue;
        TRY(deletion_get(request->arena, request->db, request->who, retries[i].deletion->id,
                         &retries[i].deletion));
        retries[i].counts = retries[i].deletion->counts;
    }
    *ret_retries = retries;
    return NULL;
}

static Error *reply_deleted(Request *request, Response *response, const DeletionOptions *options,
                            const DeletionResult *result)
{
    const Deletion *deletion = result->deletion;
    bool known = !options->with_predictions || result->done;
    DeletionCounts counts = options->with_predictions ? deletion->counts : (DeletionCounts){0};
    counts.retries_kept = result->retries_kept;
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", message(request->arena, options, result));
    put_job(out, result->job);
    view_deletion_counts(out, known ? &counts : NULL);
    if (!options->with_predictions)
        json_put_int(out, "predictions_kept", result->predictions_kept);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time_or_null(out, "restorable_until", deletion->restorable_until);
    view_deletion_retries(out, result->retries, result->retry_count);
    return deletion_wait_reply(request, response, deletion->id, result->done);
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
    result.done = deletion_wait_over(request, &result.deletion);
    TRY(find_retries(request, &result, &result.retries));
    return reply_deleted(request, response, &options, &result);
}
