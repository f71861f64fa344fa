/* The steps of a request in their order. A request that was refused still has its body read and
 * dropped within bounds: a client that is writing would see a broken pipe, not the answer. */
#include "http/exchange.h"

#include "base/check.h"
#include "base/log.h"
#include "http/client.h"
#include "http/cors.h"
#include "http/gate.h"
#include "http/problem.h"
#include "http/security_headers.h"

enum { REQUEST_MEMORY = 256 << 20, DROP_UNKNOWN = 1 << 20, LOGGED_PATH_MAX = 300 };

Exchange *exchange_new(const App *app, const char *target)
{
    Arena *arena = arena_new(REQUEST_MEMORY);
    Exchange *exchange = ARENA_NEW(arena, Exchange);
    exchange->request.arena = arena;
    exchange->request.app = app;
    exchange->request.method = "";
    exchange->request.id = "";
    exchange->request.path = STR("");
    exchange->request.peer.address = "";
    exchange->target = str_copy(arena, str_from(target));
    exchange->response = RESPONSE_NONE;
    exchange->started = clock_monotonic();
    metrics_begin(app->metrics);
    return exchange;
}

static bool is_list_field(int field)
{
    return field == HEADER_PREFER || field == HEADER_IF_NONE_MATCH ||
           field == HEADER_X_FORWARDED_FOR || field == HEADER_X_FORWARDED_PROTO ||
           field == HEADER_FORWARDED;
}

/* A list that is cut in pieces reads as one (RFC 9110, 5.3); so do cookies (RFC 9113, 8.2.3). NULL: none. */
static const char *separator(int field)
{
    if (field == HEADER_COOKIE)
        return "; ";
    return is_list_field(field) ? ", " : NULL;
}

void exchange_header(Exchange *exchange, const char *name, Str value)
{
    Request *request = &exchange->request;
    int field = request_header_field(name);
    if (field < 0)
        return;
    Str *place = &request->headers[field];
    if (place->ptr == NULL)
        *place = str_copy(request->arena, value);
    else if (separator(field) != NULL)
        *place = str_printf(request->arena, STR_FMT "%s" STR_FMT, STR_ARG(*place), separator(field),
                            STR_ARG(value));
    else
        exchange->repeated = arena_strdup(request->arena, name);
}

static BodyConfig body_config(const Exchange *exchange)
{
    const HttpConfig *config = &exchange->request.app->config;
    return (BodyConfig){config->max_body, config->max_upload, config->spool};
}

/* Whoever stands between us and the client may cut such a request at another place than we do. */
static Error *check_header(Exchange *exchange)
{
    Request *request = &exchange->request;
    bool two_lengths = request_has_header(request, HEADER_CONTENT_LENGTH) &&
                       request_has_header(request, HEADER_TRANSFER_ENCODING);
    exchange->close |= two_lengths || exchange->repeated != NULL;
    if (two_lengths)
        return ERROR(request->arena, ERROR_MALFORMED,
                     "Content-Length and Transfer-Encoding exclude each other.");
    if (exchange->repeated != NULL)
        return ERROR(request->arena, ERROR_MALFORMED, "The header field %s stands there twice.",
                     exchange->repeated);
    return NULL;
}

static Error *admit(Exchange *exchange, Db *db)
{
    Request *request = &exchange->request;
    BodyConfig config = body_config(exchange);
    exchange->unjudged = false;
    Error *error = gate_admit(request, db);
    TRY(limits_admit(request)); /* counts for who was found, or for the address that was refused */
    TRY(error);
    TRY(gate_check(request, exchange->query));
    return body_new(request, request->route->body, body_limit(request->route, &config), &config,
                    &exchange->body);
}

static Error *judge(Exchange *exchange)
{
    Request *request = &exchange->request;
    Db *db = NULL;
    TRY(check_header(exchange));
    TRY(gate_find(request, exchange->target, &exchange->query, &exchange->response));
    if (exchange_is_answered(exchange))
        return NULL;
    if (gate_asks_who(request)) {
        if (!request->app->inline_reads) {
            exchange->unjudged = true;
            return NULL;
        }
        TRY(sessions_here(request->app->readers, request->arena, &db));
    }
    return admit(exchange, db);
}

/* A stranger's body is not worth much trouble. */
static void conclude(Exchange *exchange, Error *error)
{
    const Request *request = &exchange->request;
    BodyConfig config = body_config(exchange);
    int64_t limit = request->route == NULL ? config.max_body : body_limit(request->route, &config);
    exchange->drop_max = 2 * limit;
    if (request->who == NULL && exchange->drop_max > DROP_UNKNOWN)
        exchange->drop_max = DROP_UNKNOWN;
    if (error != NULL)
        exchange_fail(exchange, error);
}

void exchange_judge(Exchange *exchange, const char *method, const char *address, bool is_loopback)
{
    Request *request = &exchange->request;
    request->method = arena_strdup(request->arena, method);
    client_identify(request, address, is_loopback);
    conclude(exchange, judge(exchange));
}

void exchange_admit_with(Exchange *exchange, Db *db)
{
    conclude(exchange, admit(exchange, db));
}

bool exchange_has_no_body(const Exchange *exchange)
{
    return gate_body_length(&exchange->request) == 0;
}

bool exchange_is_answered(const Exchange *exchange)
{
    return exchange->response.status != 0;
}

bool exchange_refuses_now(const Exchange *exchange)
{
    const Request *request = &exchange->request;
    if (!exchange_is_answered(exchange))
        return false;
    Str expect = str_trim(request_header(request, HEADER_EXPECT));
    return str_equal_fold(expect, STR("100-continue")) ||
           gate_body_length(request) > exchange->drop_max;
}

bool exchange_take(Exchange *exchange, Str bytes)
{
    exchange->body_seen += (int64_t)bytes.len;
    if (!exchange_is_answered(exchange)) {
        Error *error = exchange->body == NULL
                           ? ERROR(exchange->request.arena, ERROR_MALFORMED,
                                   "The request has a body that its header does not announce.")
                           : body_add(exchange->body, bytes);
        if (error != NULL) {
            exchange_fail(exchange, error);
            exchange->close = true;
        }
    }
    return !exchange_is_answered(exchange) || exchange->body_seen <= exchange->drop_max;
}

void exchange_body_done(Exchange *exchange)
{
    if (exchange_is_answered(exchange) || exchange->unjudged)
        return;
    Error *error = body_end(exchange->body);
    if (error == NULL)
        error = guard_begin(&exchange->request, &exchange->guard);
    if (error != NULL)
        exchange_fail(exchange, error);
}

Place exchange_place(const Exchange *exchange)
{
    if (exchange->unjudged || exchange->request.has_to_wait)
        return PLACE_POOL;
    switch (exchange->request.route->runs) {
    case RUNS_AT_ONCE:
        return PLACE_HERE;
    case RUNS_INLINE:
        return exchange->request.app->inline_reads ? PLACE_HERE_WITH_DB : PLACE_POOL;
    case RUNS_READING:
    case RUNS_WORKER:
    case RUNS_HASHING:
        break;
    }
    return PLACE_POOL;
}

/* Who is signed in, or was here before, waits for no stranger's password; but not again and again. */
Lane exchange_lane(const Exchange *exchange)
{
    const Request *request = &exchange->request;
    if (request->route->runs != RUNS_HASHING)
        return LANE_COMMON;
    return exchange->guard.first ? LANE_HASHING_FIRST : LANE_HASHING;
}

/* Anybody can fill the room for sign-ins: that is no trouble of ours to be logged as one. */
void exchange_crowded(Exchange *exchange)
{
    Arena *arena = exchange->request.arena;
    Error *error =
        ERROR(arena, ERROR_BUSY, "The server is busy with other requests. Try again shortly.");
    if (exchange->work.lane != LANE_COMMON) {
        exchange->request.retry_after = 2;
        error = error_with_reason(ERROR(arena, ERROR_TOO_MANY,
                                        "Too many people sign in at this moment. Try again "
                                        "shortly."),
                                  "busy");
    }
    exchange_fail(exchange, error);
}

bool exchange_may_wait(Exchange *exchange)
{
    const App *app = exchange->request.app;
    if (app->inline_reads || !watch_is_away(app->database))
        return true;
    exchange_fail(exchange, ERROR(exchange->request.arena, ERROR_UNAVAILABLE,
                                  "The database is away. Try again in a moment."));
    return false;
}

void exchange_run(Exchange *exchange, Db *db)
{
    Request *request = &exchange->request;
    request->db = db;
    request->must_not_wait = true;
    Error *error = request->route->handler(request, &exchange->response);
    request->must_not_wait = false;
    if (error != NULL || !request->has_to_wait) {
        exchange_finish(exchange, error);
        return;
    }
    exchange->response = RESPONSE_NONE;
    request->query.checked = false;
}

void exchange_finish(Exchange *exchange, Error *error)
{
    const Request *request = &exchange->request;
    if (error != NULL) {
        exchange_fail(exchange, error);
        return;
    }
    CHECK(exchange_is_answered(exchange));
    CHECK(request->query.checked || !request->query.strict || request->query.count == 0);
}

/* The one place where errors are logged: what is our trouble, and what has a cause to be known. */
static void log_error(const Exchange *exchange, int status, const Error *error)
{
    const Request *request = &exchange->request;
    if (status < 500 && error->cause == NULL)
        return;
    if (status >= 500)
        metrics_count_error(request->app->metrics, error->code);
    log_event(status >= 500 ? LOG_ERROR : LOG_WARN, "request failed",
              LOG_TEXT("request_id", request->id), LOG_INT("status", status),
              LOG_TEXT("code", error_word(error->code)),
              LOG_TEXT("error", error_chain(request->arena, error)));
}

void exchange_fail(Exchange *exchange, Error *error)
{
    log_error(exchange, problem_status(error), error);
    problem_reply(&exchange->request, error, &exchange->response);
}

/* Bodies say by themselves of when they are. */
static void tell_staleness(Exchange *exchange)
{
    Arena *arena = exchange->request.arena;
    char time[TIME_TEXT_SIZE];
    response_header(arena, &exchange->response, "Preference-Applied", "stale-ok");
    time_format(time, exchange->request.as_of);
    if (exchange->response.content_type == NULL)
        response_header(arena, &exchange->response, "As-Of", arena_strdup(arena, time));
}

void exchange_seal(Exchange *exchange)
{
    guard_end(&exchange->request, &exchange->guard, exchange->response.status);
    Response *response = &exchange->response;
    Arena *arena = exchange->request.arena;
    if (response->content_type != NULL)
        response_header(arena, response, "Content-Type", response->content_type);
    response_header(arena, response, "X-Request-ID", exchange->request.id);
    security_headers_add(response, exchange->request.is_https);
    cors_add(&exchange->request, response);
    if (exchange->request.as_of != 0)
        tell_staleness(exchange);
    if (response->stream != NULL && strcmp(exchange->request.method, "HEAD") == 0)
        exchange->close = true; /* else the library ends the body that is not there */
    if (exchange->close)
        response_header(arena, response, "Connection", "close");
}

static void log_access(const Exchange *exchange, int64_t micros, bool complete)
{
    const Request *request = &exchange->request;
    const Response *response = &exchange->response;
    bool quiet = request->route != NULL && request->route->runs == RUNS_AT_ONCE;
    const char *user = request->who == NULL ? "" : uuid_text(request->arena, request->who->user_id);
    Str path = str_slice(request->path, 0, LOGGED_PATH_MAX);
    log_event(
        quiet ? LOG_DEBUG : LOG_INFO, complete ? "request" : "request broken off",
        LOG_TEXT("method", request->method), LOG_TEXT("path", str_dup(request->arena, path)),
        LOG_INT("status", response->status), LOG_INT("micros", micros),
        LOG_INT("bytes_in", exchange->body_seen),
        LOG_INT("bytes", response->file >= 0 ? response->file_size : (int64_t)response->body.len),
        LOG_TEXT("user", user), LOG_TEXT("address", request->peer.address),
        LOG_TEXT("request_id", request->id));
}

void exchange_end(Exchange *exchange, bool complete)
{
    Request *request = &exchange->request;
    int64_t micros = clock_monotonic() - exchange->started;
    log_access(exchange, micros, complete);
    guard_end(request, &exchange->guard, 0);
    metrics_end(request->app->metrics, request->route, complete ? exchange->response.status : 0,
                micros);
    arena_free(request->arena);
}
