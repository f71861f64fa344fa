/* jobs delete: the record, or exactly what the job made. The predictions are gone from every read
 * when the request is accepted; their removal is then worked here, unless a worker is at it
 * already. */
#include "base/check.h"
#include "base/clock.h"
#include "cli/access.h"
#include "cli/cmd_jobs.h"
#include "cli/work.h"
#include "domain/deletion.h"
#include "domain/jobs.h"

static void show_counts(Cli *cli, const DeletionCounts *counts, bool dry_run)
{
    const Fact facts[] = {
        {"Annual predictions", "annual", cell_int(counts->predictions[KIND_ANNUAL])},
        {"Quarterly predictions", "quarterly", cell_int(counts->predictions[KIND_QUARTERLY])},
        {"Edits deleted", "edits_deleted", cell_int(counts->edits_deleted)},
        {"Edits kept", "edits_kept", cell_int(counts->edits_kept)},
        {"Inferred links kept", "inferred_kept", cell_int(counts->inferred_kept)},
        {"Deleted before", "already_deleted", cell_int(counts->already_deleted)},
        {"Former versions that are back", "restored_versions", cell_int(counts->versions_restored)},
        {"Former names that are back", "restored_names", cell_int(counts->names_restored)},
        {"Names changed since", "kept_names", cell_int(counts->names_kept)},
        {"Companies left empty", "companies_empty", cell_int(counts->companies_empty)},
        {"Companies deleted", "companies_deleted", cell_int(counts->companies_deleted)},
    };
    output_facts(cli->out, dry_run ? "would_delete" : "deleted", facts, ARRAY_COUNT(facts));
}

static void show_job(Cli *cli, const Job *job, const Deletion *deletion, int64_t kept)
{
    const char *state =
        deletion == NULL || deletion->record_only ? NULL : DELETION_STATE_WORDS[deletion->state];
    const Fact facts[] = {
        {"Job", "id", cell_uuid(cli->arena, job->id)},
        {"File", "original_filename", cell_text(job->original_filename)},
        {"Status before", "status_before", cell_text(JOB_STATUS_WORDS[job->status])},
        {"Deletion", "deletion_id", cell_uuid(cli->arena, deletion ? deletion->id : UUID_NIL)},
        {"Removal", "deletion_state", cell_text(state)},
        {"May be restored until", "restorable_until",
         cell_time(deletion == NULL ? 0 : deletion->restorable_until)},
        {"Predictions that stay", "predictions_kept", cell_int_or_none(kept)},
    };
    output_facts(cli->out, "job", facts, ARRAY_COUNT(facts));
}

/* Those that go, or went, with the job; or that stay. */
static void show_retries(Cli *cli, const DeletionJob *retries, size_t count)
{
    static const Column columns[] = {
        {"RETRY", "job_id", false, false},
        {"FILE", "original_filename", false, true},
        {"PREDICTIONS", "predictions", true, false},
        {"DELETION", "deletion_id", false, false},
    };
    if (count == 0 && !cli->out->options.json)
        return;
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < count; i++) {
        const DeletionJob *retry = &retries[i];
        Uuid deletion = retry->deletion == NULL ? UUID_NIL : retry->deletion->id;
        const Cell row[] = {
            cell_uuid(cli->arena, retry->job->id), cell_text(retry->job->original_filename),
            cell_int(deletion_rows(&retry->counts)), cell_uuid(cli->arena, deletion)};
        table_add(&table, row);
    }
    output_table(cli->out, "retries", &table);
}

static void note_kept(Cli *cli, int64_t kept)
{
    if (kept > 0)
        output_note(cli->out, "Retries of it that stay: %lld; --include-retries takes them along.",
                    (long long)kept);
}

static Error *preview(Cli *cli, Db *db, const Principal *who, Uuid id,
                      const DeletionOptions *options)
{
    DeletionPreview found;
    TRY(deletion_preview(cli->arena, db, who, id, options, &found));
    show_job(cli, found.job, NULL, options->with_predictions ? -1 : found.predictions_kept);
    if (options->with_predictions)
        show_counts(cli, &found.counts, true);
    show_retries(cli, found.retries, found.retry_count);
    note_kept(cli, found.counts.retries_kept);
    output_note(cli->out, "Nothing was changed.");
    return NULL;
}

/* Works the owner's queue until the deletion is over. */
static Error *remove_rows(Cli *cli, Db *db, const Principal *who, const DeletionResult *result)
{
    Deletion *deletion;
    TRY(work_until_over(cli, result->job->owner_id, result->deletion->id));
    TRY(deletion_get(cli->arena, db, who, result->deletion->id, &deletion));
    show_job(cli, result->job, deletion, -1);
    show_counts(cli, &deletion->counts, false);
    show_retries(cli, result->retries, result->retry_count);
    note_kept(cli, result->retries_kept);
    if (deletion->state == DELETION_DONE)
        return NULL;
    output_note(cli->out, deletion->state == DELETION_STALLED
                              ? "The removal is stalled. The predictions are gone from every list."
                              : "Interrupted. The predictions are gone from every list; their "
                                "removal goes on with the next worker.");
    cli->exit_code = EXIT_FAILED;
    return NULL;
}

Error *cmd_jobs_delete(Cli *cli)
{
    const Call *call = cli->call;
    Db *db;
    Principal *who;
    Uuid id;
    DeletionResult result;
    const DeletionOptions options = {
        .with_predictions = call_flag(call, OPTION_WITH_PREDICTIONS),
        .include_inferred = call_flag(call, OPTION_INCLUDE_INFERRED),
        .include_edited = call_flag(call, OPTION_INCLUDE_EDITED),
        .orphaned_companies = call_flag(call, OPTION_ORPHANED_COMPANIES),
        .include_retries = call_flag(call, OPTION_INCLUDE_RETRIES),
        .reason = call_text(call, OPTION_REASON),
        .window = DAYS(call_number(call, OPTION_RESTORE_WINDOW)),
    };
    if (!options.with_predictions &&
        (options.include_inferred || options.include_edited || options.orphaned_companies))
        return usage_error(cli->arena, NULL,
                           "The options --include-edited, --include-inferred and "
                           "--delete-orphaned-companies mean nothing without --with-predictions.");
    TRY(cmd_jobs_id(cli, &id));
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    if (call_flag(call, OPTION_DRY_RUN))
        return preview(cli, db, who, id, &options);
    TRY(deletion_request(cli->arena, db, who, id, &options, &result));
    if (!result.done)
        return remove_rows(cli, db, who, &result);
    show_job(cli, result.job, result.deletion, result.predictions_kept);
    show_retries(cli, result.retries, result.retry_count);
    note_kept(cli, result.retries_kept);
    return NULL;
}
