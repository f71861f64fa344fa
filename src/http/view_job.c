/* A job in the groups of the contract: file_info, progress, performance, timestamps, context,
 * warnings, errors, lineage. Rates and estimates are computed here, from the counters and the clock
 * alone. */
#include "base/clock.h"
#include "format/options_json.h"
#include "http/views.h"

enum { MEBIBYTE = 1 << 20 };

static void put_file(Arena *arena, JsonOut *out, const Job *job)
{
    json_begin_object(out, "file_info");
    json_put_text(out, "original_filename", job->original_filename);
    json_put_int(out, "file_size", job->file_size);
    int64_t hundredths = (job->file_size * 100 + MEBIBYTE / 2) / MEBIBYTE;
    json_put_double(out, "file_size_mb", (double)hundredths / 100);
    json_put_text(out, "file_sha256", digest_text(arena, job->file_sha256));
    json_end_object(out);
}

static bool is_over(const Job *job)
{
    return job->completed_at != 0;
}

/* By rows once their number is known, before that by bytes of the file; two decimals. */
static double percentage(const Job *job)
{
    const JobCounters *n = &job->counters;
    if (job->status == JOB_COMPLETED)
        return 100;
    int64_t done = n->total >= 0 ? n->processed : n->bytes_done;
    int64_t all = n->total >= 0 ? n->total : job->file_size;
    if (all <= 0 || done <= 0)
        return 0;
    if (done >= all)
        return 100;
    return (double)(int64_t)((double)done / (double)all * 10000) / 100;
}

static void put_progress(JsonOut *out, const Job *job)
{
    const JobCounters *n = &job->counters;
    bool known = n->total >= 0;
    json_begin_object(out, "progress");
    json_put_int(out, "total_rows", known ? n->total : 0);
    json_put_int(out, "processed_rows", n->processed);
    json_put_int(out, "successful_rows", n->successful);
    json_put_int(out, "failed_rows", n->failed);
    json_put_int(out, "skipped_rows", n->skipped);
    json_put_int(out, "unchanged_rows", n->unchanged);
    json_put_int(out, "replaced_rows", n->replaced);
    json_put_bool(out, "total_known", known);
    json_put_double(out, "progress_percentage", percentage(job));
    if (known)
        json_put_int(out, "remaining_rows", n->total > n->processed ? n->total - n->processed : 0);
    else
        json_put_null(out, "remaining_rows");
    json_end_object(out);
}

static void put_performance(JsonOut *out, const Job *job)
{
    int64_t end = is_over(job) ? job->completed_at : clock_now();
    double seconds = job->started_at == 0 ? 0 : (double)(end - job->started_at) / 1e6;
    double done = percentage(job);
    bool estimate = job->status == JOB_PROCESSING && done > 0 && seconds > 0;
    json_begin_object(out, "performance");
    if (job->started_at == 0)
        json_put_null(out, "processing_time_seconds");
    else
        json_put_double(out, "processing_time_seconds", seconds);
    if (seconds > 0)
        json_put_double(out, "rows_per_second",
                        (double)(int64_t)((double)job->counters.processed / seconds * 100) / 100);
    else
        json_put_null(out, "rows_per_second");
    if (estimate)
        json_put_double(out, "estimated_completion_seconds",
                        (double)(int64_t)(seconds * (100 - done) / done * 10) / 10);
    else
        json_put_null(out, "estimated_completion_seconds");
    json_end_object(out);
}

static void put_times(JsonOut *out, const Job *job)
{
    json_begin_object(out, "timestamps");
    json_put_time(out, "created_at", job->created_at);
    json_put_time_or_null(out, "started_at", job->started_at);
    json_put_time_or_null(out, "completed_at", job->completed_at);
    json_put_time(out, "updated_at", job->updated_at);
    if (job->deleted_at != 0)
        json_put_time(out, "deleted_at", job->deleted_at);
    json_end_object(out);
}

static void put_context(JsonOut *out, const Principal *who, const Job *job)
{
    json_begin_object(out, "context");
    json_put_uuid(out, "user_id", job->user_id);
    json_put_text(out, "created_by", job->user_name);
    json_put_text(out, "created_by_email", job->user_email);
    view_ownership(out, who, job->owner_id);
    json_end_object(out);
}

static void put_errors(JsonOut *out, const Job *job, const JobDetail *detail)
{
    json_begin_object(out, "errors");
    json_put_bool(out, "has_errors", job->counters.failed > 0 || job->error_message != NULL);
    json_put_text(out, "error_message", job->error_message);
    json_put_int(out, "error_count", job->counters.failed);
    if (detail != NULL && detail->errors != NULL) {
        json_begin_object(out, "error_details");
        view_row_problems(out, "errors", detail->errors->items, detail->errors->count);
        json_put_bool(out, "has_more", detail->errors->end.has_more);
        json_end_object(out);
    } else {
        json_put_null(out, "error_details");
    }
    json_end_object(out);
}

static void put_retries(JsonOut *out, const Retries *retries)
{
    json_begin_array(out, "retries");
    for (size_t i = 0; i < retries->count; i++) {
        const Job *retry = &retries->items[i];
        json_begin_object(out, NULL);
        json_put_uuid(out, "id", retry->id);
        json_put_text(out, "original_filename", retry->original_filename);
        json_put_text(out, "status", JOB_STATUS_WORDS[retry->status]);
        json_end_object(out);
    }
    json_end_array(out);
    json_put_bool(out, "more_retries", retries->more);
}

static void put_lineage(Arena *arena, JsonOut *out, const Job *job, const JobDetail *detail)
{
    json_begin_object(out, "lineage");
    view_model_name(out, "model", job->model_id, job->model_name, job->model_version);
    if (detail != NULL) {
        json_put_int(out, "predictions", detail->predictions);
        json_put_int(out, "companies_created", detail->companies);
        put_retries(out, detail->retries);
    }
    json_put_uuid_or_null(out, "retry_of", job->retry_of);
    json_put_raw(out, "options", options_format(arena, &job->options));
    json_end_object(out);
}

static void put_hold(JsonOut *out, const Job *job)
{
    if (job->legal_hold == NULL) {
        json_put_null(out, "legal_hold");
        return;
    }
    json_begin_object(out, "legal_hold");
    json_put_text(out, "reason", job->legal_hold);
    json_put_uuid_or_null(out, "set_by", job->legal_hold_by);
    json_put_text(out, "set_by_email", job->legal_hold_email);
    json_put_time_or_null(out, "set_at", job->legal_hold_at);
    json_end_object(out);
}

/* What only the detail shows: the deletion that the job is in, or that it came back from. */
static void put_deletion(JsonOut *out, const Principal *who, const JobDetail *detail)
{
    if (detail->deletion != NULL)
        view_deletion(out, "deletion", who, detail->deletion, NULL);
    else
        json_put_null(out, "deletion");
}

void view_job(Arena *arena, JsonOut *out, const char *key, const Principal *who, const Job *job,
              const JobDetail *detail)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", job->id);
    json_put_text(out, "status", JOB_STATUS_WORDS[job->status]);
    json_put_text(out, "job_type", kind_spec(job->kind)->word);
    json_put_bool(out, "cancel_requested", job->cancel_requested);
    json_put_bool(out, "settling", job->settling);
    json_put_text(out, "note", job->note);
    put_hold(out, job);
    put_file(arena, out, job);
    put_progress(out, job);
    put_performance(out, job);
    put_times(out, job);
    put_context(out, who, job);
    json_begin_object(out, "warnings");
    json_put_int(out, "count", job->counters.warnings);
    json_end_object(out);
    put_errors(out, job, detail);
    put_lineage(arena, out, job, detail);
    if (detail != NULL)
        put_deletion(out, who, detail);
    json_end_object(out);
}

void view_job_status(JsonOut *out, const char *key, const Job *job)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", job->id);
    json_put_text(out, "status", JOB_STATUS_WORDS[job->status]);
    json_put_text(out, "job_type", kind_spec(job->kind)->word);
    json_put_bool(out, "cancel_requested", job->cancel_requested);
    json_put_bool(out, "settling", job->settling);
    json_put_text(out, "error_message", job->error_message);
    put_progress(out, job);
    put_performance(out, job);
    put_times(out, job);
    json_end_object(out);
}

void view_job_brief(Arena *arena, JsonOut *out, const char *key, const Job *job)
{
    if (job == NULL) {
        json_put_null(out, key);
        return;
    }
    json_begin_object(out, key);
    json_put_uuid(out, "id", job->id);
    json_put_text(out, "status", JOB_STATUS_WORDS[job->status]);
    json_put_text(out, "job_type", kind_spec(job->kind)->word);
    json_put_text(out, "original_filename", job->original_filename);
    json_put_int(out, "file_size", job->file_size);
    json_put_text(out, "file_sha256", digest_text(arena, job->file_sha256));
    json_put_text(out, "created_by", job->user_name);
    json_put_text(out, "created_by_email", job->user_email);
    json_put_time(out, "created_at", job->created_at);
    json_put_time_or_null(out, "completed_at", job->completed_at);
    json_put_time_or_null(out, "deleted_at", job->deleted_at);
    json_end_object(out);
}
