/* What a job left behind: rejected rows, warnings, predictions, its file. */
#include "http/app.h"
#include "http/handlers.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/spool.h"
#include "http/views.h"

static Error *find_paged(Request *request, Paging *ret_paging, Job **ret_job)
{
    bool show_deleted = params_bool(&request->query, "show_deleted", false);
    paging_read(request, 0, false, ret_paging);
    TRY(params_check(&request->query));
    return jobs_get(request->arena, request->db, request->who, request->values.id, show_deleted,
                    ret_job);
}

static Error *reply_problems(Request *request, Response *response, Severity severity,
                             const char *key)
{
    Job *job = NULL;
    Paging paging;
    ProblemPage page = {0};
    TRY(find_paged(request, &paging, &job));
    TRY(jobs_problems(request->arena, request->db, job, severity, &paging.page, &page));
    JsonOut *out = reply_begin(request, response);
    json_put_uuid(out, "job_id", job->id);
    view_row_problems(out, key, page.items, page.count);
    paging_view(request->arena, out, &paging, &page.end, STR(""));
    return reply_end(request, response, 200);
}

Error *handle_job_errors(Request *request, Response *response)
{
    return reply_problems(request, response, SEVERITY_ERROR, "errors");
}

Error *handle_job_warnings(Request *request, Response *response)
{
    return reply_problems(request, response, SEVERITY_WARNING, "warnings");
}

Error *handle_job_results(Request *request, Response *response)
{
    Job *job = NULL;
    Paging paging;
    PredictionList list = {0};
    TRY(find_paged(request, &paging, &job));
    TRY(predictions_of_job(request->arena, request->db, job, &paging.page, &list));
    JsonOut *out = reply_begin(request, response);
    json_put_uuid(out, "job_id", job->id);
    view_predictions(out, "predictions", request->who, list.items, list.count);
    paging_view(request->arena, out, &paging, &list.end, STR(""));
    return reply_end(request, response, 200);
}

/* The file is copied to the spool first, at the database's speed, and sent from there: however slow
 * the client, no worker and no session waits for it. */
Error *handle_job_file(Request *request, Response *response)
{
    Arena *arena = request->arena;
    Job *job = NULL;
    Spool *spool = NULL;
    bool show_deleted = params_bool(&request->query, "show_deleted", false);
    TRY(params_check(&request->query));
    TRY(jobs_get(arena, request->db, request->who, request->values.id, show_deleted, &job));
    TRY(jobs_file_kept(arena, request->db, job));
    TRY(jobs_file_opened(arena, request->db, request->who, job));
    TRY(spool_open_within(arena, request->app->config.spool, request->app->spool, &spool));
    for (int64_t seq = 0;; seq++) {
        ArenaMark mark = arena_mark(arena);
        Str chunk = {NULL, 0};
        TRY(jobs_file_chunk(arena, request->db, job, seq, &chunk));
        if (chunk.ptr == NULL)
            break;
        TRY(spool_write(spool, arena, chunk));
        arena_rewind(arena, mark);
    }
    response_file(response, "application/octet-stream", spool->fd, spool->size);
    response_attachment(arena, response, str_from(job->original_filename));
    return NULL;
}
