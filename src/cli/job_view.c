/* One layout for `import` and `jobs`, so that the summary of an import is what `jobs show` says
 * later. */
#include "cli/job_view.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/retries.h"
#include "format/options_json.h"

#include <inttypes.h>
#include <math.h>

double job_view_seconds(const Job *job, int64_t now)
{
    if (job->started_at == 0)
        return 0;
    int64_t end = job->completed_at != 0 ? job->completed_at : now;
    return end > job->started_at ? (double)(end - job->started_at) / 1e6 : 0;
}

static const char *model_text(Arena *arena, const Job *job)
{
    return job->model_name == NULL
               ? NULL
               : arena_printf(arena, "%s@%s", job->model_name, job->model_version);
}

static double rounded(double value, double places)
{
    return round(value * places) / places;
}

static Cell rate_of(const JobCounters *counters, double seconds)
{
    return seconds > 0 ? cell_real(round((double)counters->processed / seconds)) : (Cell){0};
}

static void show_facts(Cli *cli, const Job *job)
{
    Arena *arena = cli->arena;
    const JobCounters *counters = &job->counters;
    double seconds = job_view_seconds(job, clock_now());
    const Fact facts[] = {
        {"Job", "id", cell_uuid(arena, job->id)},
        {"Status", "status", cell_text(JOB_STATUS_WORDS[job->status])},
        {"Error", "error_message", cell_text(job->error_message)},
        {"Note", "note", cell_text(job->note)},
        {"Legal hold", "legal_hold", cell_text(job->legal_hold)},
        {"Held by", "legal_hold_by", cell_text(job->legal_hold_email)},
        {"Type", "job_type", cell_text(kind_spec(job->kind)->word)},
        {"File", "original_filename", cell_text(job->original_filename)},
        {"Bytes", "file_size", cell_int(job->file_size)},
        {"SHA-256", "file_sha256", cell_text(digest_text(arena, job->file_sha256))},
        {"User", "created_by_email", cell_text(job->user_email)},
        {"Model", "model", cell_text(model_text(arena, job))},
        {"Dry run", "dry_run", cell_bool(job->options.dry_run)},
        {"Mends the job", "retry_of", cell_uuid(arena, job->retry_of)},
        {"Options", "options", cell_json(options_format(arena, &job->options))},
        {"Rows", "total_rows", cell_int_or_none(counters->total)},
        {"Processed", "processed_rows", cell_int(counters->processed)},
        {job->options.dry_run ? "Good rows" : "Predictions", "successful_rows",
         cell_int(counters->successful)},
        {"Replacing", "replaced_rows", cell_int(counters->replaced)},
        {"Rejected", "failed_rows", cell_int(counters->failed)},
        {"Skipped", "skipped_rows", cell_int(counters->skipped)},
        {"Unchanged", "unchanged_rows", cell_int(counters->unchanged)},
        {"Warnings", "warnings", cell_int(counters->warnings)},
        {"New companies", "companies_created", cell_int(counters->companies)},
        {"Created", "created_at", cell_time(job->created_at)},
        {"Started", "started_at", cell_time(job->started_at)},
        {"Completed", "completed_at", cell_time(job->completed_at)},
        {"Deleted", "deleted_at", cell_time(job->deleted_at)},
        {"Seconds", "processing_time_seconds",
         seconds > 0 ? cell_real(rounded(seconds, 1000)) : (Cell){0}},
        {"Rows per second", "rows_per_second", rate_of(counters, seconds)},
    };
    output_facts(cli->out, "job", facts, ARRAY_COUNT(facts));
}

/* Messages are never cut: they say what to do. */
static Error *show_problems(Cli *cli, Db *db, const Job *job, Severity severity)
{
    static const Column columns[] = {
        {"SEVERITY", "severity", false, false}, {"ROW", "row", true, false},
        {"COLUMN", "column", false, false},     {"CODE", "code", false, false},
        {"PROBLEM", "message", false, false},
    };
    bool rejected = severity == SEVERITY_ERROR;
    const Page page = {.limit = JOB_VIEW_PROBLEMS};
    ProblemPage found;
    TRY(jobs_problems(cli->arena, db, job, severity, &page, &found));
    if (found.count == 0 && !cli->out->options.json)
        return NULL;
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < found.count; i++) {
        const Problem *problem = &found.items[i];
        const Cell row[] = {cell_text(SEVERITY_WORDS[problem->severity]), cell_int(problem->row),
                            cell_text(problem->column), cell_text(problem->code),
                            cell_text(problem->message)};
        table_add(&table, row);
    }
    output_table(cli->out, rejected ? "problems" : "warnings", &table);
    if (found.end.has_more)
        output_note(cli->out, "… and more: the first %d %s are shown.", JOB_VIEW_PROBLEMS,
                    rejected ? "problems" : "warnings");
    return NULL;
}

static Error *show_retries(Cli *cli, Db *db, const Job *job)
{
    static const Column columns[] = {
        {"RETRY", "id", false, false},
        {"STATUS", "status", false, false},
        {"FILE", "original_filename", false, true},
    };
    Retries retries = {0};
    TRY(retries_of(cli->arena, db, job, &retries));
    if (retries.count == 0 && !cli->out->options.json)
        return NULL;
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < retries.count; i++) {
        const Job *retry = &retries.items[i];
        const Cell row[] = {cell_uuid(cli->arena, retry->id),
                            cell_text(JOB_STATUS_WORDS[retry->status]),
                            cell_text(retry->original_filename)};
        table_add(&table, row);
    }
    output_table(cli->out, "retries", &table);
    if (retries.more)
        output_note(cli->out, "… and more: the first %d retries are shown.", RETRIES_MAX);
    return NULL;
}

Error *job_view_show(Cli *cli, Db *db, const Job *job)
{
    show_facts(cli, job);
    TRY(show_retries(cli, db, job));
    TRY(show_problems(cli, db, job, SEVERITY_ERROR));
    return show_problems(cli, db, job, SEVERITY_WARNING);
}

void job_view_list(Cli *cli, const Job *jobs, size_t count)
{
    static const Column columns[] = {
        {"ID", "id", false, false},
        {"STATUS", "status", false, false},
        {"TYPE", "job_type", false, false},
        {"FILE", "original_filename", false, true},
        {"ROWS", "processed_rows", true, false},
        {"GOOD", "successful_rows", true, false},
        {"REJECTED", "failed_rows", true, false},
        {"BY", "created_by_email", false, true},
        {"CREATED", "created_at", false, false},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < count; i++) {
        const Job *job = &jobs[i];
        const Cell row[] = {
            cell_uuid(cli->arena, job->id),
            cell_text(JOB_STATUS_WORDS[job->status]),
            cell_text(kind_spec(job->kind)->word),
            cell_text(job->original_filename),
            cell_int(job->counters.processed),
            cell_int(job->counters.successful),
            cell_int(job->counters.failed),
            cell_text(job->user_email),
            cell_time(job->created_at),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "jobs", &table);
}
