/* What a request does on a thread that may wait: the session, who asks, the handler, and the handler once
 * more where that helps.
 *
 * A handler that failed with ERROR_RETRY has had its transaction rolled back, and is run again from the
 * start with the request as it was. One that committed something before it failed is not: a second run
 * would find its own effect. Uploads are the exception: what was stored of one is thrown away when its
 * last transaction fails, and the second run stores it again from the spool.
 *
 * Who asks was judged by the header. A body may come in as slowly as it likes, and whoever sends it may have been
 * signed out or have left by then: behind a slow one it is judged again. An upload may take its time; what
 * accepts it looks again by itself.
 *
 * The replica is asked only for what it may be asked for, and who asks was judged by the database. When
 * the replica cannot answer, the database does, and nothing is claimed. */
#include "base/check.h"
#include "base/log.h"
#include "http/exchange.h"
#include "http/gate.h"
#include "http/problem.h"
#include "store/replica.h"

enum { RUNS_MOST = 5 };
static const int64_t PAUSE_FIRST = 10000;     /* doubles with each run */
static const int64_t RUN_UNTIL = SECONDS(15); /* no run begins later: somebody is waiting */

static const int64_t BODY_QUICK = SECONDS(2);

/* So that a handler can be run as if for the first time. */
typedef struct Before {
    Request request;
    ArenaMark mark;
} Before;

static Before remember(const Exchange *exchange)
{
    return (Before){exchange->request, arena_mark(exchange->request.arena)};
}

static void go_back(Exchange *exchange, const Before *before)
{
    exchange->request = before->request;
    exchange->response = RESPONSE_NONE;
    arena_rewind(exchange->request.arena, before->mark);
}

static Error *handle(Exchange *exchange, Db *db)
{
    Request *request = &exchange->request;
    request->db = db;
    return request->route->handler(request, &exchange->response);
}

static Error *handle_until_it_works(Exchange *exchange, Db *db)
{
    const Request *request = &exchange->request;
    uint64_t commits = db_commits(db);
    int64_t pause = PAUSE_FIRST, until = clock_monotonic() + RUN_UNTIL;
    for (int run = 1;; run++, pause *= 2) {
        Before before = remember(exchange);
        Error *error = handle(exchange, db);
        bool again = db_commits(db) == commits || request->route->body == BODY_UPLOAD;
        if (!error_is(error, ERROR_RETRY))
            return error;
        if (!again || run == RUNS_MOST || clock_monotonic() >= until)
            return error_with_reason(error, NULL); /* to the client it is busy */
        go_back(exchange, &before);
        metrics_count_retry(request->app->metrics);
        clock_sleep(pause);
    }
}

/* --- the replica ----------------------------------------------------------------------------- */

static bool may_be_stale(const Request *request)
{
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    return request->app->replica != NULL && reads && runs_may_be_stale(request->route->runs) &&
           request_takes_stale(request) && watch_is_ready(request->app->replica);
}

/* Asked before anything is read, so that what is promised is never newer than what is shown. */
static Error *find_as_of(Request *request, Db *db)
{
    ReplicaState state;
    TRY(replica_state(request->arena, db, &state));
    request->as_of = watch_shown_at(request->app->database, state.replayed);
    if (request->as_of == 0)
        request->as_of = state.last_commit;
    if (request->as_of == 0)
        return ERROR(request->arena, ERROR_UNAVAILABLE, "The replica has replayed nothing yet.");
    return NULL;
}

static Error *handle_on_replica(Exchange *exchange)
{
    Request *request = &exchange->request;
    Db *db = NULL;
    TRY(sessions_here(request->app->replicas, request->arena, &db));
    TRY(find_as_of(request, db));
    return handle(exchange, db);
}

/* False: it could not answer, and nothing has happened. */
static bool try_replica(Exchange *exchange, Error **ret_error)
{
    Request *request = &exchange->request;
    Before before = remember(exchange);
    Error *error = handle_on_replica(exchange);
    if (error != NULL && problem_status(error) >= 500) {
        log_event(LOG_WARN, "the replica did not answer; the database does",
                  LOG_TEXT("request_id", request->id),
                  LOG_TEXT("error", error_chain(request->arena, error)));
        go_back(exchange, &before);
        return false;
    }
    metrics_count_replica_answer(request->app->metrics);
    *ret_error = error;
    return true;
}

/* --- a request ------------------------------------------------------------------------------- */

/* NULL, and answered: there is none. */
static Db *session_here(Exchange *exchange)
{
    const Request *request = &exchange->request;
    Db *db = NULL;
    if (!exchange_may_wait(exchange)) /* it went away while the request was queued */
        return NULL;
    Error *error = sessions_here(request->app->sessions, request->arena, &db);
    if (error == NULL)
        return db;
    exchange_fail(exchange, error);
    return NULL;
}

void exchange_admit(Exchange *exchange)
{
    Db *db = session_here(exchange);
    if (db != NULL)
        exchange_admit_with(exchange, db);
}

static Error *admit_again(Exchange *exchange, Db *db)
{
    Request *request = &exchange->request;
    if (request->who == NULL || request->route->body == BODY_UPLOAD || exchange->body_seen == 0 ||
        clock_monotonic() - exchange->started < BODY_QUICK)
        return NULL;
    return gate_admit(request, db);
}

void exchange_work(Exchange *exchange)
{
    Db *db = session_here(exchange);
    exchange->request.has_to_wait = false; /* here it may */
    if (db != NULL && exchange->unjudged) {
        exchange_admit_with(exchange, db);
        exchange_body_done(exchange);
    }
    if (exchange_is_answered(exchange))
        return;
    Error *error = admit_again(exchange, db);
    if (error == NULL && (!may_be_stale(&exchange->request) || !try_replica(exchange, &error)))
        error = handle_until_it_works(exchange, db);
    exchange_finish(exchange, error);
}
