/* serve: the HTTP server and, in the same process, its workers. They know nothing of each other;
 * both meet in the database. Everything is checked before the first thread starts, and what was
 * started is stopped in the reverse order, however the start ended. */
#include "base/check.h"
#include "base/log.h"
#include "base/vec.h"
#include "cli/access.h"
#include "cli/address.h"
#include "cli/files.h"
#include "cli/mailing.h"
#include "cli/retention.h"
#include "cli/signals.h"
#include "domain/audit.h"
#include "domain/import_limit.h"
#include "domain/models.h"
#include "domain/user_sessions.h"
#include "http/server.h"
#include "worker/worker.h"

typedef struct Serving {
    HttpServer *server;
    VEC(Worker *) workers;
    Retention retention;
    Mailing mailing;
    Registration registration;
} Serving;

static void stop(Serving *serving)
{
    http_server_stop(serving->server);
    for (size_t i = serving->workers.count; i > 0; i--)
        worker_stop(serving->workers.items[i - 1]);
}

static Error *start_workers(Cli *cli, Serving *serving)
{
    WorkerConfig config = {.db_url = call_text(cli->call, OPTION_DB),
                           .keep_archives = serving->retention.keep_archives};
    import_limit_set(call_number(cli->call, OPTION_MAX_UPLOAD));
    for (int64_t i = 0; i < call_number(cli->call, OPTION_WORKERS); i++) {
        Worker *worker;
        config.mail = i == 0 && serving->mailing.on ? &serving->mailing.mailer : NULL;
        TRY(worker_start(cli->arena, &config, &worker));
        vec_push(cli->arena, &serving->workers, worker);
    }
    return NULL;
}

static Error *start_server(Cli *cli, Serving *serving)
{
    const Call *call = cli->call;
    const HttpConfig config = {
        .db_url = call_text(call, OPTION_DB),
        .db_replica = call_text(call, OPTION_DB_REPLICA),
        .statement_timeout = SECONDS(call_number(call, OPTION_STATEMENT_TIMEOUT)),
        .listen = call_text(call, OPTION_LISTEN),
        .trusted_proxies = call_text(call, OPTION_TRUSTED_PROXY),
        .cors_origins = call_text(call, OPTION_CORS_ORIGIN),
        .rate_requests = call_text(call, OPTION_RATE_REQUESTS),
        .rate_uploads = call_text(call, OPTION_RATE_UPLOADS),
        .rate_scores = call_text(call, OPTION_RATE_SCORES),
        .rate_sign_ins = call_text(call, OPTION_RATE_SIGN_INS),
        .spool = call_text(call, OPTION_SPOOL),
        .spool_quota = call_number(call, OPTION_SPOOL_QUOTA),
        .max_upload = call_number(call, OPTION_MAX_UPLOAD),
        .max_body = call_number(call, OPTION_MAX_BODY),
        .threads = (int)call_number(call, OPTION_THREADS),
        .queue_max = (int)call_number(call, OPTION_QUEUE),
        .restore_window = serving->retention.restore_window,
        .registration = serving->registration,
        .public_url = serving->mailing.mailer.public_url,
    };
    return http_server_start(cli->arena, &config, &serving->server);
}

/* Without an active model uploads are refused: better said at the start than found out. */
static Error *warn_of_missing_models(Cli *cli, Db *db)
{
    ModelRow *rows;
    size_t count;
    bool active[KIND_COUNT] = {false};
    TRY(models_list(cli->arena, db, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (rows[i].active)
            active[rows[i].kind] = true;
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        if (!active[kind])
            log_event(LOG_WARN, "no model is active; add one with 'obligor model add'",
                      LOG_TEXT("kind", kind_spec(kind)->word));
    return NULL;
}

static Error *look_around(Cli *cli, const char **ret_token)
{
    Db *db;
    TRY(files_check_spool(cli->arena, call_text(cli->call, OPTION_SPOOL)));
    TRY(access_open(cli, &db));
    TRY(audit_check_keys(cli->arena, db));
    TRY(warn_of_missing_models(cli, db));
    return accounts_offer_setup(cli->arena, db, ret_token);
}

/* What has to be known of the machine and the database, and done to it, before anybody is served;
 * in an arena of its own, with which the session closes. */
static Error *prepare(Cli *cli, const char **ret_token)
{
    const char *token = NULL;
    Cli inner = *cli;
    inner.arena = arena_new(0);
    Error *error = error_copy(cli->arena, look_around(&inner, &token));
    *ret_token = arena_strdup(cli->arena, token);
    arena_free(inner.arena);
    return error;
}

/* On standard output, at once: whoever started the server waits for the address. */
static Error *announce(Cli *cli, const char *url, const char *token)
{
    const char *setup =
        token == NULL ? NULL : arena_printf(cli->arena, "%s/setup?token=%s", url, token);
    const Fact facts[] = {
        {"Address", "url", cell_text(url)},
        {"Setup", "setup_url", cell_text(setup)},
    };
    if (cli->out->options.json)
        output_facts(cli->out, "serving", facts, ARRAY_COUNT(facts));
    output_line(cli->out, "Obligor %s serves at %s", cli_version(), url);
    if (setup != NULL) {
        output_line(cli->out, "Make the first administrator there (good once, for 24 hours):");
        output_line(cli->out, "%s", setup);
    }
    if (!output_flush(cli->out, stdout, stderr))
        return ERROR(cli->arena, ERROR_UNAVAILABLE, "The address cannot be written.");
    return NULL;
}

static Error *serve(Cli *cli, Serving *serving, Str host)
{
    const char *token;
    TRY(prepare(cli, &token));
    session_use_hours(call_number(cli->call, OPTION_SESSION_HOURS));
    signals_hold();
    TRY(start_server(cli, serving));
    const char *url = address_url(cli->arena, host, http_server_port(serving->server));
    if (serving->mailing.mailer.public_url == NULL)
        serving->mailing.mailer.public_url = url;
    TRY(start_workers(cli, serving));
    TRY(announce(cli, url, token));
    log_event(LOG_INFO, "serving", LOG_TEXT("url", url), LOG_TEXT("version", cli_version()),
              LOG_INT("workers", serving->workers.count));
    int number = signals_wait();
    log_event(LOG_INFO, "stopping", LOG_TEXT("signal", sigabbrev_np(number)));
    return NULL;
}

static Error *read_registration(Cli *cli, Serving *serving)
{
    Registration *registration = &serving->registration;
    Error *error =
        registration_parse(cli->arena, call_str(cli->call, OPTION_REGISTRATION), registration);
    if (error != NULL)
        return usage_error(cli->arena, error->message, "The value of --registration is not good.");
    registration->mails = serving->mailing.on;
    if (registration->mode != REGISTRATION_CLOSED && !registration->mails)
        log_event(LOG_WARN,
                  "people may register, but no mail is sent: an administrator has to "
                  "verify them (--smtp-url, --mail)",
                  LOG_TEXT("registration", call_text(cli->call, OPTION_REGISTRATION)));
    return NULL;
}

Error *cmd_serve(Cli *cli)
{
    Str host;
    int port;
    Serving serving = {0};
    TRY(address_parse(cli->arena, call_str(cli->call, OPTION_LISTEN), &host, &port));
    TRY(retention_read(cli, &serving.retention));
    TRY(mailing_read(cli, &serving.mailing));
    TRY(read_registration(cli, &serving));
    if (serving.mailing.mailer.public_url == NULL && port != 0)
        serving.mailing.mailer.public_url = address_url(cli->arena, host, port);
    if (!address_is_loopback(host))
        log_event(LOG_WARN,
                  "listening beyond this machine without TLS: put a proxy before it, or keep it on "
                  "a trusted network",
                  LOG_TEXT("listen", call_text(cli->call, OPTION_LISTEN)));
    Error *error = serve(cli, &serving, host);
    stop(&serving);
    if (error == NULL)
        log_event(LOG_INFO, "stopped", LOG_TEXT("version", cli_version()));
    return error;
}
