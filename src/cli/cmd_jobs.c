/* jobs: what `obligor import` and uploads over HTTP have left behind. */
#include "cli/cmd_jobs.h"
#include "base/check.h"
#include "cli/access.h"
#include "cli/job_view.h"

/* A word that is no id names no job. */
Error *cmd_jobs_read_id(Cli *cli, Str word, Uuid *ret_id)
{
    if (!uuid_parse(word, ret_id))
        return ERROR(cli->arena, ERROR_NOT_FOUND, "There is no job " STR_FMT ".",
                     STR_ARG(str_slice(word, 0, 80)));
    return NULL;
}

Error *cmd_jobs_id(Cli *cli, Uuid *ret_id)
{
    return cmd_jobs_read_id(cli, cli->call->arguments[0], ret_id);
}

Error *cmd_jobs_list(Cli *cli)
{
    const Call *call = cli->call;
    Db *db;
    Principal *who;
    JobList list;
    JobFilter filter = {
        .statuses = call_is_set(call, OPTION_STATUS) ? 1U << call_number(call, OPTION_STATUS) : 0,
        .has_kind = call_is_set(call, OPTION_TYPE),
        .kind = (Kind)call_number(call, OPTION_TYPE),
        .show_deleted = call_flag(call, OPTION_SHOW_DELETED) || call_is_set(call, OPTION_STATUS),
    };
    const Page page = {.limit = call_number(call, OPTION_LIMIT)};
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(jobs_list(cli->arena, db, who, &filter, &page, &list));
    job_view_list(cli, list.items, list.count);
    return NULL;
}

Error *cmd_jobs_show(Cli *cli)
{
    Db *db;
    Principal *who;
    Uuid id;
    Job *job;
    TRY(cmd_jobs_id(cli, &id));
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(jobs_get(cli->arena, db, who, id, call_flag(cli->call, OPTION_SHOW_DELETED), &job));
    return job_view_show(cli, db, job);
}

Error *cmd_jobs_cancel(Cli *cli)
{
    Db *db;
    Principal *who;
    Uuid id;
    Job *job;
    TRY(cmd_jobs_id(cli, &id));
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(jobs_cancel(cli->arena, db, who, id, &job));
    const Fact facts[] = {
        {"Job", "id", cell_uuid(cli->arena, job->id)},
        {"Status", "status", cell_text(JOB_STATUS_WORDS[job->status])},
        {"Asked to cancel", "cancel_requested", cell_bool(job->cancel_requested)},
    };
    output_facts(cli->out, "job", facts, ARRAY_COUNT(facts));
    return NULL;
}
