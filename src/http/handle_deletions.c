/* Deletions as their people see them: the list, one, and what may still be done about one: bring back what it
 * removed, let it go on, or end its archive. */
#include "base/check.h"
#include "domain/archive_purge.h"
#include "domain/restoration.h"
#include "domain/retry.h"
#include "http/deletion_wait.h"
#include "http/handlers.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/user_filter.h"
#include "http/views.h"

/* --- looking --------------------------------------------------------------------------------- */

static Error *read_filter(Request *request, DeletionFilter *filter)
{
    Params *query = &request->query;
    filter->subjects = params_words(query, "subject", DELETION_SUBJECT_WORDS, SUBJECT_COUNT);
    filter->statuses = params_words(query, "state", DELETION_STATUS_WORDS, DELETION_STATUS_COUNT);
    filter->has_job = params_uuid(query, "job_id", &filter->job_id);
    if (params_has(query, "restorable"))
        filter->restorable = params_bool(query, "restorable", false) ? 1 : -1;
    return user_filter_read(request, "created_by", &filter->has_user, &filter->created_by);
}

Error *handle_deletions_list(Request *request, Response *response)
{
    DeletionFilter filter = {0};
    DeletionList list = {0};
    Paging paging;
    TRY(read_filter(request, &filter));
    paging_read(request, 0, false, &paging);
    TRY(params_check(&request->query));
    TRY(deletions_list(request->arena, request->db, request->who, &filter, &paging.page, &list));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "deletions");
    for (size_t i = 0; i < list.count; i++)
        view_deletion(out, NULL, request->who, &list.items[i], NULL);
    json_end_array(out);
    paging_view(request->arena, out, &paging, &list.end, STR(""));
    return reply_end(request, response, 200);
}

static Error *put_deletion(Request *request, JsonOut *out, const Deletion *deletion)
{
    DeletionPeople people = {0};
    TRY(deletions_people(request->arena, request->db, deletion, &people));
    view_deletion(out, "deletion", request->who, deletion, &people);
    return NULL;
}

Error *handle_deletion_get(Request *request, Response *response)
{
    Deletion *deletion = NULL;
    TRY(deletion_get(request->arena, request->db, request->who, request->values.id, &deletion));
    JsonOut *out = reply_begin(request, response);
    TRY(put_deletion(request, out, deletion));
    return reply_end(request, response, 200);
}

/* --- restoring ------------------------------------------------------------------------------- */

static void put_restored(JsonOut *out, int64_t rows, int64_t former)
{
    json_put_int(out, "restored_predictions", rows);
    json_put_int(out, "restored_as_current", rows - former);
    json_put_int(out, "restored_as_former", former);
}

typedef struct RestoreOptions {
    bool dry_run;
    RestorationOptions asked;
} RestoreOptions;

/* What is said of them, behind the rest. */
static const char *retries_text(Arena *arena, const RestoreOptions *options, size_t count)
{
    if (count == 0)
        return "";
    if (!options->asked.include_retries)
        return arena_printf(arena,
                            " Retries that were deleted together with it and stay so: %zu; see "
                            "include_retries.",
                            count);
    return arena_printf(arena, " Retries that come back with it: %zu.", count);
}

static const char *preview_text(Arena *arena, const RestorationPreview *preview,
                                const char *retries)
{
    if (preview->deletion->subject == SUBJECT_ORGANIZATION)
        return "This would bring back the organization with its members and all that is its own. "
               "Nothing was changed.";
    return arena_printf(arena,
                        "This would bring back %lld predictions: %lld as current ones, %lld into "
                        "the history behind newer ones.%s Nothing was changed.",
                        (long long)preview->rows, (long long)preview->current,
                        (long long)preview->former, retries);
}

static Error *reply_restoration_preview(Request *request, Response *response, Uuid id,
                                        const RestoreOptions *options)
{
    RestorationPreview preview = {0};
    DeletionJob *retries = NULL;
    size_t count = 0;
    Arena *arena = request->arena;
    TRY(restoration_preview(arena, request->db, request->who, id, &preview));
    TRY(restoration_retries(arena, request->db, request->who, preview.deletion,
                            options->asked.include_retries, &retries, &count));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    json_put_text(out, "message",
                  preview_text(arena, &preview, retries_text(arena, options, count)));
    put_restored(out, preview.rows, preview.former);
    json_put_bool(out, "include_retries", options->asked.include_retries);
    view_deletion_retries(out, retries, count);
    TRY(put_deletion(request, out, preview.deletion));
    return reply_end(request, response, 200);
}

static const char *restored_message(Arena *arena, const Deletion *deletion, bool over,
                                    const char *retries)
{
    if (deletion->subject == SUBJECT_ORGANIZATION)
        return "The organization is back, with its members and all that is its own.";
    if (deletion->record_only)
        return arena_printf(arena, "The job's record is back.%s", retries);
    if (!over)
        return arena_printf(arena, "What was deleted is being brought back in the background.%s",
                            retries);
    return arena_printf(arena, "%lld predictions are back, as they were.%s",
                        (long long)deletion->restored_rows, retries);
}

/* Until the last of them is over, which the others are before. */
static Error *wait_for_all(Request *request, RestorationResult *result,
                           const RestoreOptions *options, bool *ret_over)
{
    size_t last = result->retry_count;
    bool together = options->asked.include_retries && last > 0;
    const Deletion *waited = together ? result->retries[last - 1].deletion : result->deletion;
    if (together) { /* as it is since it was asked for */
        Deletion *now = NULL;
        TRY(deletion_get(request->arena, request->db, request->who, waited->id, &now));
        waited = now;
    }
    *ret_over = deletion_wait_over(request, &waited);
    return deletion_get(request->arena, request->db, request->who, result->deletion->id,
                        &result->deletion);
}

static Error *restore(Request *request, Response *response, Uuid id, const RestoreOptions *options)
{
    RestorationResult result = {0};
    Arena *arena = request->arena;
    bool over = false;
    TRY(restoration_request_all(arena, request->db, request->who, id, &options->asked, &result));
    TRY(wait_for_all(request, &result, options, &over));
    const Deletion *deletion = result.deletion;
    JsonOut *out = reply_begin(request, response);
    json_put_text(
        out, "message",
        restored_message(arena, deletion, over, retries_text(arena, options, result.retry_count)));
    if (over) {
        put_restored(out, deletion->restored_rows, deletion->restored_former);
    } else {
        json_put_null(out, "restored_predictions");
        json_put_null(out, "restored_as_current");
        json_put_null(out, "restored_as_former");
    }
    json_put_bool(out, "include_retries", options->asked.include_retries);
    view_deletion_retries(out, result.retries, result.retry_count);
    TRY(put_deletion(request, out, deletion));
    return deletion_wait_reply(request, response, id, over);
}

static Error *read_restore(Request *request, RestoreOptions *options)
{
    Params *query = &request->query;
    options->asked.reason = reason_read(query);
    options->asked.include_retries = params_bool(query, "include_retries", false);
    options->dry_run = params_bool(query, "dry_run", false);
    return params_check(query);
}

static Error *restore_as_asked(Request *request, Response *response, Uuid id,
                               const RestoreOptions *options)
{
    return options->dry_run ? reply_restoration_preview(request, response, id, options)
                            : restore(request, response, id, options);
}

Error *handle_deletion_restore(Request *request, Response *response)
{
    RestoreOptions options;
    TRY(read_restore(request, &options));
    return restore_as_asked(request, response, request->values.id, &options);
}

Error *handle_job_restore(Request *request, Response *response)
{
    RestoreOptions options;
    Uuid id;
    TRY(read_restore(request, &options));
    TRY(restoration_find(request->arena, request->db, request->who, request->values.id, &id));
    return restore_as_asked(request, response, id, &options);
}

/* --- purging, and letting go on --------------------------------------------------------------- */

static Error *reply_going_on(Request *request, Response *response, const Deletion *deletion,
                             const char *message)
{
    bool over = deletion_wait_over(request, &deletion);
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  over && deletion->phase == PHASE_PURGE
                      ? "The archive is purged: what it held cannot be brought back any more."
                      : message);
    TRY(put_deletion(request, out, deletion));
    return deletion_wait_reply(request, response, deletion->id, over);
}

Error *handle_deletion_purge(Request *request, Response *response)
{
    Deletion *deletion = NULL;
    const char *reason = reason_need(&request->query);
    TRY(params_check(&request->query));
    TRY(archive_purge_request(request->arena, request->db, request->who, request->values.id, reason,
                              &deletion));
    return reply_going_on(request, response, deletion,
                          "The archive is being purged in the background.");
}

Error *handle_deletion_retry(Request *request, Response *response)
{
    Deletion *deletion = NULL;
    TRY(params_check(&request->query));
    TRY(retry_deletion(request->arena, request->db, request->who, request->values.id, &deletion));
    return reply_going_on(request, response, deletion, "The deletion goes on where it stood.");
}
