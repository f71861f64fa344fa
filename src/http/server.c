/* The only file that knows libmicrohttpd. It turns the library's callbacks into the steps of an
 * Exchange and an Exchange's answer into the library's response; every decision is in exchange.c
 * and gate.c.
 *
 * The library's rules that shape it:
 * - The access handler is called once when the header is in, then with pieces of the body, then
 *   once more with none: an answer is queued in the last of these, or in the first one while the
 *   body is not wanted; in between the library refuses it.
 * - A connection is suspended before its work is queued: a worker may be done at any moment after.
 *   When it is resumed the handler is called again, and finds the answer. Suspended in its first call,
 *   it is called as for the first time again, and only then does the client hear "100 Continue".
 * - The exchange lives until the library says that the request is over, since it sends from the
 *   arena.
 * - All connections must be resumed before the daemon is stopped, or it aborts.
 * - It does not listen: connections are brought to it (acceptor.h), and wait in the socket's backlog while there
 *   are as many as there may be. A connection that it was given counts when it has begun with it: hence the slack
 *   of its own limit, which cuts off. */
#include "http/server.h"

#include "base/check.h"
#include "base/log.h"
#include "http/acceptor.h"
#include "http/events.h"
#include "http/exchange.h"
#include "http/listen.h"
#include "http/peer.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOCKET_THREADS_MAX = 8,
    CONNECTION_MEMORY = 32 * 1024, /* zeroed by the library for each request: more costs more */
    CONNECTIONS_MAX = 2000,
    CONNECTIONS_SLACK = 512,
    IDLE_SECONDS = 10,
    STOP_SECONDS = 30, /* for what is under way when the server stops ... */
    QUIET_SECONDS = 1, /* ... and for a request that does not go on coming in */
    STREAM_PIECE = 4096
};

struct HttpServer {
    App *app;
    struct MHD_Daemon *daemon;
    Acceptor *acceptor;
    atomic_int connections;
    atomic_bool stopping;
    atomic_int receiving;       /* requests that are still coming in */
    atomic_uint_fast64_t heard; /* rises with every piece of one */
    int port;
};

/* --- from the library to the exchange -------------------------------------------------------- */

/* The first callback of a request: the target as it was sent, before the library takes it apart. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
    HttpServer *server = cls;
    Exchange *exchange = exchange_new(server->app, uri);
    exchange->carrier = connection;
    atomic_fetch_add(&server->receiving, 1);
    return exchange;
}

/* All of the request is in, or no more of it is wanted. */
static void received(HttpServer *server, Exchange *exchange)
{
    if (exchange->step != STEP_ANSWER)
        atomic_fetch_sub(&server->receiving, 1);
    exchange->step = STEP_ANSWER;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    (void)name_size;
    exchange_header(cls, name, value == NULL ? STR("") : (Str){value, value_size});
    return MHD_YES;
}

/* --- from the exchange to the library -------------------------------------------------------- */

static void put_to_sleep(void *connection)
{
    MHD_suspend_connection(connection);
}

static void wake_up(void *connection)
{
    MHD_resume_connection(connection);
}

/* A client that went away is noticed when something is sent to it; then the request is over. */
static ssize_t on_stream(void *cls, uint64_t position, char *bytes, size_t cap)
{
    const Exchange *exchange = cls;
    const Stream *stream = exchange->response.stream;
    const StreamCarrier carrier = {put_to_sleep, wake_up, exchange->carrier};
    (void)position;
    long given = stream->read(stream->self, &carrier, bytes, cap);
    return given == STREAM_OVER ? MHD_CONTENT_READER_END_OF_STREAM : given;
}

static struct MHD_Response *make_response(Exchange *exchange)
{
    const Response *response = &exchange->response;
    if (response->stream != NULL)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_PIECE, on_stream,
                                                 exchange, NULL);
    if (response->file < 0)
        return MHD_create_response_from_buffer(
            response->body.len, (void *)(uintptr_t)response->body.ptr, MHD_RESPMEM_PERSISTENT);
    int file = fcntl(response->file, F_DUPFD_CLOEXEC, 3); /* the library closes its own */
    if (file < 0)
        return NULL;
    struct MHD_Response *made = MHD_create_response_from_fd64((uint64_t)response->file_size, file);
    if (made == NULL)
        close(file);
    return made;
}

/* MHD_NO, when memory or descriptors are out, cuts the connection. */
static enum MHD_Result answer(HttpServer *server, struct MHD_Connection *connection,
                              Exchange *exchange)
{
    exchange->close = exchange->close || atomic_load(&server->stopping);
    exchange_seal(exchange);
    const Response *response = &exchange->response;
    struct MHD_Response *made = make_response(exchange);
    if (made == NULL)
        return MHD_NO;
    for (size_t i = 0; i < response->header_count; i++)
        if (MHD_add_response_header(made, response->headers[i].name, response->headers[i].value) !=
            MHD_YES)
            log_event(LOG_WARN, "header field not sent",
                      LOG_TEXT("name", response->headers[i].name));
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)response->status, made);
    MHD_destroy_response(made);
    return result;
}

static void admit_on_worker(Work *work)
{
    Exchange *exchange = (Exchange *)(void *)work;
    struct MHD_Connection *connection = exchange->carrier;
    exchange_admit(exchange);
    MHD_resume_connection(connection);
}

static void run_on_worker(Work *work)
{
    Exchange *exchange = (Exchange *)(void *)work;
    struct MHD_Connection *connection = exchange->carrier;
    exchange_work(exchange);
    MHD_resume_connection(connection);
}

/* True: the connection is suspended, and the handler is called again when the work is done or could not
 * be taken. False: there is an answer already. */
static bool hand_over(struct MHD_Connection *connection, Exchange *exchange,
                      void (*run)(Work *work))
{
    if (!exchange_may_wait(exchange))
        return false;
    exchange->work.run = run;
    exchange->work.lane = run == run_on_worker ? exchange_lane(exchange) : LANE_COMMON;
    MHD_suspend_connection(connection);
    if (pool_add(exchange->request.app->pool, &exchange->work))
        return true;
    exchange_crowded(exchange);
    MHD_resume_connection(connection);
    return true;
}

static void run_here(Exchange *exchange, bool with_db)
{
    Db *db = NULL;
    Error *error = NULL;
    if (with_db)
        error = sessions_here(exchange->request.app->readers, exchange->request.arena, &db);
    if (error != NULL)
        exchange_fail(exchange, error);
    else
        exchange_run(exchange, db);
}

/* True: the connection is suspended and the answer comes later. */
static bool run(struct MHD_Connection *connection, Exchange *exchange)
{
    Place place = exchange_place(exchange);
    if (place != PLACE_POOL)
        run_here(exchange, place == PLACE_HERE_WITH_DB);
    return !exchange_is_answered(exchange) && hand_over(connection, exchange, run_on_worker);
}

/* All that the header decides is decided. */
static enum MHD_Result go_on(HttpServer *server, struct MHD_Connection *connection,
                             Exchange *exchange)
{
    exchange->step = STEP_BODY;
    if (!exchange_refuses_now(exchange))
        return MHD_YES;
    exchange->close = true;
    received(server, exchange);
    return answer(server, connection, exchange);
}

static enum MHD_Result begin(HttpServer *server, struct MHD_Connection *connection,
                             const char *method, Exchange *exchange)
{
    char address[PEER_TEXT_SIZE];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    bool is_loopback = peer_describe(info == NULL ? NULL : info->client_addr, address);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_header, exchange);
    exchange_judge(exchange, method, address, is_loopback);
    exchange->step = STEP_ADMITTED;
    if (exchange->unjudged && !exchange_has_no_body(exchange) &&
        hand_over(connection, exchange, admit_on_worker))
        return MHD_YES; /* and this call comes again */
    return go_on(server, connection, exchange);
}

/* NOLINTNEXTLINE(readability-function-size): the library sets the parameters */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_size, void **context)
{
    HttpServer *server = cls;
    Exchange *exchange = *context;
    (void)url;
    (void)version;
    atomic_fetch_add_explicit(&server->heard, 1, memory_order_relaxed);
    switch (exchange->step) {
    case STEP_HEADER:
        return begin(server, connection, method, exchange);
    case STEP_ADMITTED:
        return go_on(server, connection, exchange);
    case STEP_BODY:
        if (*data_size > 0) {
            bool go_on = exchange_take(exchange, (Str){data, *data_size});
            *data_size = 0;
            return go_on ? MHD_YES : MHD_NO;
        }
        received(server, exchange);
        exchange_body_done(exchange);
        if (!exchange_is_answered(exchange) && run(connection, exchange))
            return MHD_YES;
        break;
    case STEP_ANSWER:
        break;
    }
    return answer(server, connection, exchange);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **context,
                   enum MHD_RequestTerminationCode code)
{
    Exchange *exchange = *context;
    (void)connection;
    *context = NULL;
    if (exchange == NULL)
        return;
    received(cls, exchange);
    exchange_end(exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

static void on_library_log(void *cls, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void on_library_log(void *cls, const char *format, va_list arguments)
{
    char text[512];
    (void)cls;
    vsnprintf(text, sizeof text, format, arguments);
    const char *says = text;
    log_event(LOG_DEBUG, "http library", LOG_TEXT("says", says));
}

/* The library's own decoding is switched off: ours is strict and works on the target as sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

/* --- life of a server ------------------------------------------------------------------------ */

static unsigned socket_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 2)
        return 2;
    return cores > SOCKET_THREADS_MAX ? SOCKET_THREADS_MAX : (unsigned)cores;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    HttpServer *server = cls;
    (void)connection;
    (void)context;
    atomic_fetch_add(&server->connections, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
}

static struct MHD_Daemon *start_daemon(HttpServer *server)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_THREAD_POOL_SIZE,
        socket_threads(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)(CONNECTIONS_MAX + CONNECTIONS_SLACK),
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, server, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, server, MHD_OPTION_END);
}

static bool has_room(void *self)
{
    HttpServer *server = self;
    return atomic_load(&server->connections) < CONNECTIONS_MAX;
}

static void take_connection(void *self, int fd, const struct sockaddr *address, socklen_t size)
{
    HttpServer *server = self;
    if (MHD_add_connection(server->daemon, fd, address, size) != MHD_YES) /* which closes it */
        log_event(LOG_WARN, "a client could not be let in",
                  LOG_INT("connections", atomic_load(&server->connections)));
}

Error *http_server_start(Arena *arena, const HttpConfig *config, HttpServer **ret_server)
{
    HttpServer *server = check_malloc(sizeof *server);
    *server = (HttpServer){0};
    int listening = -1;
    Error *error = app_open(arena, config, &server->app);
    if (error == NULL)
        error = listen_open(arena, config->listen, &listening, &server->port);
    if (error == NULL && server->app->config.public_url == NULL)
        server->app->config.public_url =
            arena_printf(server->app->arena, "http://127.0.0.1:%d", server->port);
    if (error == NULL)
        server->daemon = start_daemon(server);
    if (error == NULL && server->daemon == NULL)
        error = ERROR(arena, ERROR_UNAVAILABLE, "Cannot serve on %s.", config->listen);
    if (error == NULL) {
        const AcceptorTarget target = {has_room, take_connection, server};
        server->acceptor = acceptor_start(listening, target);
        *ret_server = server;
        return NULL;
    }
    if (listening >= 0)
        close(listening);
    app_close(server->app);
    free(server);
    return error;
}

int http_server_port(const HttpServer *server)
{
    return server->port;
}

/* Requests that are being worked on or answered get their time. Those that are still coming in get it
 * only while something does come: the library may notice a client that broke off in the middle of a
 * body no sooner than its idle time is over. */
static void finish_requests(HttpServer *server)
{
    int64_t now = clock_monotonic(), until = now + SECONDS(STOP_SECONDS), quiet_since = now;
    uint_fast64_t heard = atomic_load(&server->heard);
    while (now < until) {
        int64_t in_flight = metrics_in_flight(server->app->metrics);
        if (heard != atomic_load(&server->heard)) {
            heard = atomic_load(&server->heard);
            quiet_since = now;
        }
        bool only_receiving = in_flight <= atomic_load(&server->receiving);
        if (in_flight == 0 || (only_receiving && now - quiet_since > SECONDS(QUIET_SECONDS)))
            return;
        clock_sleep(10000);
        now = clock_monotonic();
    }
}

/* No new connections; what is under way is finished; then the pool runs dry, which resumes every
 * suspended connection, and the daemon may stop. */
void http_server_stop(HttpServer *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    acceptor_stop(server->acceptor);
    events_stop(server->app->events);
    finish_requests(server);
    pool_stop(server->app->pool);
    MHD_stop_daemon(server->daemon);
    acceptor_free(server->acceptor);
    app_close(server->app);
    free(server);
}
