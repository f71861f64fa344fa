/* worker: works the queue, without serving. */
#include "base/log.h"
#include "cli/access.h"
#include "cli/mailing.h"
#include "cli/retention.h"
#include "cli/signals.h"
#include "domain/audit.h"
#include "domain/import_limit.h"
#include "worker/worker.h"

Error *cmd_worker(Cli *cli)
{
    Db *db;
    Worker *worker;
    Retention retention;
    Mailing mailing;
    TRY(retention_read(cli, &retention));
    import_limit_set(call_number(cli->call, OPTION_MAX_UPLOAD));
    TRY(mailing_read(cli, &mailing));
    TRY(mailing_need_public_url(cli, &mailing));
    const WorkerConfig config = {.db_url = call_text(cli->call, OPTION_DB),
                                 .keep_archives = retention.keep_archives,
                                 .mail = mailing.on ? &mailing.mailer : NULL};
    signals_hold(); /* from here on a signal ends it in good order */
    TRY(access_open(cli, &db));
    TRY(audit_check_keys(cli->arena, db));
    TRY(worker_start(cli->arena, &config, &worker));
    log_event(LOG_INFO, "working", LOG_TEXT("version", cli_version()));
    int number = signals_wait();
    log_event(LOG_INFO, "stopping", LOG_TEXT("signal", sigabbrev_np(number)));
    worker_stop(worker);
    log_event(LOG_INFO, "stopped", LOG_TEXT("version", cli_version()));
    return NULL;
}
