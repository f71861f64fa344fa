/* Jobs as their people see them: list, detail, status, cancel; note and legal hold. */
#include "base/check.h"
#include "domain/holds.h"
#include "http/handlers.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/user_filter.h"
#include "http/views.h"

enum { ERRORS_SHOWN = 100 };

/* The described system calls a pending job "queued". */
static unsigned read_statuses(Params *query)
{
    const char *words[JOB_STATUS_COUNT + 1];
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        words[i] = JOB_STATUS_WORDS[i];
    words[JOB_STATUS_COUNT] = "queued";
    unsigned bits = params_words(query, "status", words, ARRAY_COUNT(words));
    if (bits & 1u << JOB_STATUS_COUNT)
        bits |= 1u << JOB_PENDING;
    return bits & ((1u << JOB_STATUS_COUNT) - 1);
}

static Error *read_filter(Request *request, JobFilter *filter)
{
    Params *query = &request->query;
    const char *kinds[KIND_COUNT];
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        kinds[kind] = kind_spec(kind)->word;
    filter->statuses = read_statuses(query);
    int kind = params_word(query, "job_type", kinds, KIND_COUNT, -1);
    filter->has_kind = kind >= 0;
    filter->kind = kind < 0 ? KIND_ANNUAL : (Kind)kind;
    filter->show_deleted = params_bool(query, "show_deleted", false);
    return user_filter_read(request, "created_by", &filter->has_user, &filter->created_by);
}

Error *handle_jobs_list(Request *request, Response *response)
{
    JobFilter filter = {0};
    JobList list = {0};
    Paging paging;
    TRY(read_filter(request, &filter));
    paging_read(request, 0, true, &paging);
    TRY(params_check(&request->query));
    TRY(jobs_list(request->arena, request->db, request->who, &filter, &paging.page, &list));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "jobs");
    for (size_t i = 0; i < list.count; i++)
        view_job(request->arena, out, NULL, request->who, &list.items[i], NULL);
    json_end_array(out);
    paging_view(request->arena, out, &paging, &list.end, STR(""));
    return reply_end(request, response, 200);
}

static Error *find_job(Request *request, Job **ret_job)
{
    bool show_deleted = params_bool(&request->query, "show_deleted", false);
    TRY(params_check(&request->query));
    return jobs_get(request->arena, request->db, request->who, request->values.id, show_deleted,
                    ret_job);
}

static Error *find_detail(Request *request, const Job *job, JobDetail *ret_detail)
{
    Deletion *deletion = NULL;
    Retries *retries = ARENA_NEW(request->arena, Retries);
    TRY(deletions_of_job(request->arena, request->db, job, &deletion));
    TRY(retries_of(request->arena, request->db, job, retries));
    *ret_detail = (JobDetail){.predictions = job->hides_rows ? 0 : job_rows_left(job),
                              .companies = job->options.dry_run ? 0 : job->counters.companies,
                              .deletion = deletion,
                              .retries = retries};
    return NULL;
}

Error *handle_job_get(Request *request, Response *response)
{
    Job *job = NULL;
    JobDetail detail;
    ProblemPage errors = {0};
    Page first = {.limit = ERRORS_SHOWN};
    bool with_errors = params_bool(&request->query, "include_errors", false);
    TRY(find_job(request, &job));
    TRY(find_detail(request, job, &detail));
    if (with_errors) {
        TRY(jobs_problems(request->arena, request->db, job, SEVERITY_ERROR, &first, &errors));
        detail.errors = &errors;
    }
    JsonOut *out = reply_begin(request, response);
    view_job(request->arena, out, "job", request->who, job, &detail);
    return reply_end(request, response, 200);
}

Error *handle_job_status(Request *request, Response *response)
{
    Job *job = NULL;
    TRY(find_job(request, &job));
    JsonOut *out = reply_begin(request, response);
    view_job_status(out, "job", job);
    return reply_end(request, response, 200);
}

Error *handle_job_cancel(Request *request, Response *response)
{
    Job *job = NULL;
    TRY(params_check(&request->query));
    TRY(jobs_cancel(request->arena, request->db, request->who, request->values.id, &job));
    bool over = job->status == JOB_CANCELLED;
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  over ? "The job was cancelled."
                       : "The job was asked to stop; it does so within a batch.");
    view_job_status(out, "job", job);
    return reply_end(request, response, 200);
}

/* null or an empty text takes the note away. */
static void read_note(Request *request, Params *body, JobChange *change)
{
    for (size_t i = 0; i < body->count; i++)
        change->has_note |= str_is(body->items[i].name, "note");
    Str note = params_text(body, "note", NOTE_MAX_CHARS);
    change->note = note.len == 0 ? NULL : str_dup(request->arena, note);
}

static void read_change(Request *request, Params *body, JobChange *change)
{
    read_note(request, body, change);
    change->has_hold = params_has(body, "legal_hold");
    change->hold = params_bool(body, "legal_hold", false);
    if (change->has_hold)
        change->reason = reason_need(body);
    if (!change->has_hold && !change->has_note)
        params_wrong(body, "legal_hold", "missing", "Give legal_hold or note, or both.");
}

Error *handle_job_change(Request *request, Response *response)
{
    Params body;
    JobChange change = {0};
    Job *job = NULL;
    JobDetail detail;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    read_change(request, &body, &change);
    TRY(params_check(&body));
    TRY(holds_change(request->arena, request->db, request->who, request->values.id, &change, &job));
    TRY(find_detail(request, job, &detail));
    JsonOut *out = reply_begin(request, response);
    view_job(request->arena, out, "job", request->who, job, &detail);
    return reply_end(request, response, 200);
}
