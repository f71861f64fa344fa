/* import: uploads from the command line. Each is accepted like one over HTTP and becomes the same
 * job; only the work is done here and now, and the exit code tells how it ended. With --json each file is an object
 * on a line of its own. */
#include "base/check.h"
#include "base/utf8.h"
#include "cli/access.h"
#include "cli/cmd_jobs.h"
#include "cli/encoding.h"
#include "cli/files.h"
#include "cli/job_view.h"
#include "cli/signals.h"
#include "cli/work.h"
#include "domain/import_limit.h"
#include "domain/upload.h"
#include "model/words.h"

/* A name beyond what is kept is none that a workbook has. */
static Error *check_sheet(Arena *arena, const char *sheet)
{
    size_t at;
    Str name = str_from(sheet);
    if (utf8_check(name, &at) && utf8_length(name) <= SHEET_OPTION_MAX)
        return NULL;
    return ERROR(arena, ERROR_INVALID, "--sheet must be text in UTF-8 of at most %d characters.",
                 SHEET_OPTION_MAX);
}

static ImportOptions options_of(const Call *call)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.decimal = (DecimalMark)call_number(call, OPTION_DECIMAL);
    options.on_duplicate = (OnDuplicate)call_number(call, OPTION_ON_DUPLICATE);
    options.market_cap_unit = (CapUnit)call_number(call, OPTION_MARKET_CAP_UNIT);
    options.update_companies = call_flag(call, OPTION_UPDATE_COMPANIES);
    options.dry_run = call_flag(call, OPTION_DRY_RUN);
    options.sheet = call_text(call, OPTION_SHEET);
    if (call_is_set(call, OPTION_MAX_FAILED_ROWS))
        options.max_failed_rows = call_number(call, OPTION_MAX_FAILED_ROWS);
    return options;
}

static Error *read_retry_of(Cli *cli, Uuid *ret_id)
{
    *ret_id = UUID_NIL;
    return call_is_set(cli->call, OPTION_RETRY_OF)
               ? cmd_jobs_read_id(cli, call_str(cli->call, OPTION_RETRY_OF), ret_id)
               : NULL;
}

static Error *accept(Cli *cli, Db *db, const Principal *who, Str path, UploadAnswer *ret_answer)
{
    const Call *call = cli->call;
    FileInput file;
    Uuid retry_of;
    TRY(read_retry_of(cli, &retry_of));
    TRY(check_sheet(cli->arena, call_text(call, OPTION_SHEET)));
    ImportOptions options = options_of(call);
    TRY(encoding_read(cli, &options.encoding));
    TRY(files_open(cli->arena, path, call_text(call, OPTION_SPOOL), &file));
    const UploadRequest request = {
        .kind = (Kind)call_number(call, OPTION_TYPE),
        .filename = file.name,
        .spool = file.descriptor,
        .size = file.size,
        .sha256 = file.sha256,
        .options = options,
        .retry_of = retry_of,
    };
    return upload_accept(cli->arena, db, who, &request, ret_answer);
}

/* What there is to say besides the job itself. */
static void show_rest(Cli *cli, const UploadAnswer *answer, const Job *job)
{
    bool interrupted = job->status == JOB_PENDING || job->status == JOB_PROCESSING;
    const Fact facts[] = {
        {"Imported before", "already_imported", cell_bool(answer->already_imported)},
        {"By job", "earlier_job_id", cell_uuid(cli->arena, answer->earlier_job_id)},
        {"Interrupted", "interrupted", cell_bool(interrupted)},
    };
    if (cli->out->options.json)
        output_facts(cli->out, "import", facts, ARRAY_COUNT(facts));
    if (answer->already_imported)
        output_note(cli->out, "The same file was imported before, by job %s.",
                    uuid_text(cli->arena, answer->earlier_job_id));
    if (interrupted)
        output_note(cli->out,
                    "Interrupted. The job goes on with the next worker; 'obligor jobs cancel %s' "
                    "ends it.",
                    uuid_text(cli->arena, job->id));
}

static Error *import_one(Cli *cli, Db *db, const Principal *who, Str path)
{
    UploadAnswer answer = {0};
    Job *job;
    TRY(accept(cli, db, who, path, &answer));
    TRY(jobs_get(cli->arena, db, who, answer.job_id, true, &job));
    TRY(work_until_over(cli, job->owner_id, job->id));
    TRY(jobs_get(cli->arena, db, who, answer.job_id, true, &job));
    TRY(job_view_show(cli, db, job));
    show_rest(cli, &answer, job);
    if (job->status != JOB_COMPLETED)
        cli->exit_code = EXIT_FAILED;
    return NULL;
}

/* A name that is mistyped is better said before the first file is in than between two. */
static Error *check_files(Cli *cli)
{
    const Call *call = cli->call;
    size_t inputs = 0;
    for (size_t i = 0; i < call->argument_count; i++) {
        inputs += str_is(call->arguments[i], "-");
        TRY(files_check(cli->arena, call->arguments[i]));
    }
    return inputs < 2 ? NULL
                      : usage_error(cli->arena, NULL, "Standard input can be read once only.");
}

Error *cmd_import(Cli *cli)
{
    Db *db;
    Principal *who;
    import_limit_set(call_number(cli->call, OPTION_MAX_UPLOAD));
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(check_files(cli));
    for (size_t i = 0; i < cli->call->argument_count && !signals_asked(); i++) {
        TRY(import_one(cli, db, who, cli->call->arguments[i]));
        if (!output_flush(cli->out, stdout, stderr))
            return ERROR(cli->arena, ERROR_UNAVAILABLE, "The result cannot be written.");
    }
    return NULL;
}
