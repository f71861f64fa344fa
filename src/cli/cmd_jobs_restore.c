/* jobs restore: the latest deletion of a job, taken back. The work is done here and now, behind the owner's
 * earlier tasks, unless a worker is at it already. */
#include "base/check.h"
#include "cli/access.h"
#include "cli/cmd_jobs.h"
#include "cli/work.h"
#include "domain/deletion.h"
#include "domain/deletions.h"
#include "domain/jobs.h"
#include "domain/restoration.h"

typedef struct Restored {
    const Deletion *deletion;
    int64_t rows;
    int64_t former;
} Restored;

static void show(Cli *cli, const Job *job, const Restored *restored, bool dry_run)
{
    const Deletion *deletion = restored->deletion;
    const Fact of_job[] = {
        {"Job", "id", cell_uuid(cli->arena, job->id)},
        {"File", "original_filename", cell_text(job->original_filename)},
        {"Status", "status", cell_text(JOB_STATUS_WORDS[job->status])},
        {"Deletion", "deletion_id", cell_uuid(cli->arena, deletion->id)},
        {"Deletion is", "deletion_status",
         cell_text(DELETION_STATUS_WORDS[deletions_status(deletion)])},
    };
    const Fact counts[] = {
        {"Predictions", "predictions", cell_int(restored->rows)},
        {"As current ones", "current", cell_int(restored->rows - restored->former)},
        {"Into the history", "former", cell_int(restored->former)},
    };
    output_facts(cli->out, "job", of_job, ARRAY_COUNT(of_job));
    if (!deletion->record_only)
        output_facts(cli->out, dry_run ? "would_restore" : "restored", counts, ARRAY_COUNT(counts));
}

/* Deleted together with it: back with it, or still deleted. */
static void note_retries(Cli *cli, size_t count)
{
    if (count > 0)
        output_note(cli->out,
                    call_flag(cli->call, OPTION_INCLUDE_RETRIES)
                        ? "Retries that come back with it: %zu."
                        : "Retries that were deleted together with it and stay so: %zu; "
                          "--include-retries brings them back.",
                    count);
}

static Error *preview(Cli *cli, Db *db, const Principal *who, const Job *job, Uuid deletion_id)
{
    RestorationPreview found = {0};
    DeletionJob *retries = NULL;
    size_t count = 0;
    TRY(restoration_preview(cli->arena, db, who, deletion_id, &found));
    TRY(restoration_retries(cli->arena, db, who, found.deletion,
                            call_flag(cli->call, OPTION_INCLUDE_RETRIES), &retries, &count));
    show(cli, job, &(Restored){found.deletion, found.rows, found.former}, true);
    note_retries(cli, count);
    output_note(cli->out, "Nothing was changed.");
    return NULL;
}

static Error *restore(Cli *cli, Db *db, const Principal *who, Job *job, Uuid deletion_id)
{
    Deletion *deletion = NULL;
    RestorationResult result = {0};
    const RestorationOptions options = {
        .include_retries = call_flag(cli->call, OPTION_INCLUDE_RETRIES),
        .reason = call_text(cli->call, OPTION_REASON),
    };
    TRY(restoration_request_all(cli->arena, db, who, deletion_id, &options, &result));
    if (result.deletion->state != DELETION_DONE)
        TRY(work_until_over(cli, job->owner_id, deletion_id));
    for (size_t i = 0; options.include_retries && i < result.retry_count; i++)
        if (!result.retries[i].deletion->record_only)
            TRY(work_until_over(cli, job->owner_id, result.retries[i].deletion->id));
    TRY(deletion_get(cli->arena, db, who, deletion_id, &deletion));
    TRY(jobs_get(cli->arena, db, who, job->id, true, &job));
    show(cli, job, &(Restored){deletion, deletion->restored_rows, deletion->restored_former},
         false);
    note_retries(cli, result.retry_count);
    if (deletion_is_restored(deletion))
        return NULL;
    output_note(cli->out, deletion->state == DELETION_STALLED
                              ? "The restoration is stalled: an administrator has to look at it."
                              : "Interrupted. The restoration goes on with the next worker.");
    cli->exit_code = EXIT_FAILED;
    return NULL;
}

Error *cmd_jobs_restore(Cli *cli)
{
    Db *db;
    Principal *who;
    Uuid id, deletion_id;
    Job *job;
    TRY(cmd_jobs_id(cli, &id));
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(jobs_get(cli->arena, db, who, id, true, &job));
    TRY(restoration_find(cli->arena, db, who, id, &deletion_id));
    if (call_flag(cli->call, OPTION_DRY_RUN))
        return preview(cli, db, who, job, deletion_id);
    return restore(cli, db, who, job, deletion_id);
}
