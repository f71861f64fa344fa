/* The whole floor over real sockets, on a database without models: what the library and the
 * exchange do with each other. What the handlers answer is the matter of the API tests. */
#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/accounts.h"
#include "store/migrate.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

enum { ANSWER_MAX = 1 << 20 };

static Arena *group;
static HttpServer *server;
static const char *directory;
static const char *token;

static int start(void **state)
{
    static char path[] = "/tmp/obligor-server-XXXXXX";
    static const Peer peer = {.via = "cli", .address = "test"};
    (void)state;
    group = arena_new(0);
    directory = mkdtemp(path);
    const char *url = arena_printf(group, "sqlite:%s/o.db", directory);
    Db *db = NULL;
    int applied;
    User *user;
    Session session;
    NewUser new = {.email = STR("a@example.com"),
                   .password = STR("secret123"),
                   .role = ROLE_SUPER_ADMIN,
                   .verified = true};
    const HttpConfig config = {.db_url = url,
                               .listen = "127.0.0.1:0",
                               .spool = directory,
                               .max_upload = 100000,
                               .max_body = 1000,
                               .threads = 2,
                               .queue_max = 4};
    log_setup(LOG_OFF, false);
    Error *error = db_open(group, str_from(url), (DbOptions){0}, &db);
    if (error == NULL)
        error = migrate_up(group, db, &applied);
    if (error == NULL)
        error = accounts_create(group, db, accounts_operator(group, &peer), &new, &user);
    if (error == NULL)
        error = accounts_sign_in(group, db, &peer, new.email, new.password, &session);
    if (error == NULL)
        error = http_server_start(group, &config, &server);
    if (error == NULL)
        token = session.token;
    else
        print_error("%s\n", error_chain(group, error));
    db_close(db);
    return error != NULL;
}

static int stop(void **state)
{
    static const char *const names[] = {"o.db", "o.db-wal", "o.db-shm"};
    (void)state;
    http_server_stop(server);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        unlink(arena_printf(group, "%s/%s", directory, names[i]));
    int left = rmdir(directory); /* fails when the spool left something behind */
    arena_free(group);
    return left;
}

static int open_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)http_server_port(server))};
    struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_all(int fd, Str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server has cut the connection */
        bytes = str_slice(bytes, (size_t)sent, bytes.len);
    }
}

/* Until the server closes. */
static const char *receive_all(Arena *arena, int fd)
{
    Buf answer = buf_new(arena, ANSWER_MAX);
    char bytes[4096];
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        buf_add(&answer, (Str){bytes, (size_t)got});
    close(fd);
    return answer.len == 0 ? "" : answer.data;
}

/* `head` without the last empty line; the connection closes after the answer. */
static const char *exchange(Arena *arena, const char *head, Str body)
{
    int fd = open_socket();
    send_all(fd, str_printf(arena, "%s\r\nHost: x\r\nConnection: close\r\n\r\n", head));
    send_all(fd, body);
    return receive_all(arena, fd);
}

static void answered(const char *answer, const char *first_line, const char *part)
{
    if (strncmp(answer, first_line, strlen(first_line)) != 0 || strstr(answer, part) == NULL)
        print_error("the answer is\n%s\n", answer);
    assert_memory_equal(answer, first_line, strlen(first_line));
    assert_non_null(strstr(answer, part));
}

static const char *signed_in(Arena *arena, const char *line)
{
    return arena_printf(arena, "%s\r\nAuthorization: Bearer %s", line, token);
}

static void answers_on_the_socket_thread_and_on_a_worker(void **state)
{
    answered(exchange(*state, "GET /healthz HTTP/1.1", STR("")), "HTTP/1.1 200 ",
             "\"status\":\"healthy\"");
    answered(exchange(*state, signed_in(*state, "GET /api/v1/auth/me HTTP/1.1"), STR("")),
             "HTTP/1.1 200 ", "\"a@example.com\"");
    answered(exchange(*state, "GET /readyz HTTP/1.1", STR("")), "HTTP/1.1 200 ", "healthy");
}

static void every_answer_has_the_same_guards(void **state)
{
    const char *answer = exchange(*state, "GET /healthz HTTP/1.1\r\nX-Request-ID: id-7", STR(""));
    answered(answer, "HTTP/1.1 200 ", "\r\nX-Content-Type-Options: nosniff\r\n");
    assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(answer, "\r\nX-Request-ID: id-7\r\n"));
    answer = exchange(*state, "GET /healthz HTTP/1.1\r\nX-Request-ID: \"rogue", STR(""));
    assert_null(strstr(answer, "rogue"));
}

static void refuses_strangers_and_wrong_ways(void **state)
{
    answered(exchange(*state, "GET /api/v1/auth/me HTTP/1.1", STR("")), "HTTP/1.1 401 ",
             "\r\nWWW-Authenticate: Bearer");
    answered(exchange(*state, "GET /api/v1/auth/me HTTP/1.1\r\nAuthorization: Bearer x", STR("")),
             "HTTP/1.1 401 ", "invalid_token");
    answered(exchange(*state, "DELETE /healthz HTTP/1.1", STR("")), "HTTP/1.1 405 ",
             "\r\nAllow: GET, HEAD, OPTIONS\r\n");
    answered(exchange(*state, "OPTIONS /healthz HTTP/1.1", STR("")), "HTTP/1.1 204 ",
             "\r\nAllow: GET, HEAD, OPTIONS\r\n");
    answered(exchange(*state, "OPTIONS * HTTP/1.1", STR("")), "HTTP/1.1 204 ", "\r\nAllow: ");
    answered(exchange(*state, "GET /nothing HTTP/1.1", STR("")), "HTTP/1.1 404 ",
             "application/problem+json");
    answered(exchange(*state, signed_in(*state, "GET /api/v1/predictions/jobs?limit=%zz HTTP/1.1"),
                      STR("")),
             "HTTP/1.1 400 ", "percent-encoded");
    answered(
        exchange(*state, "GET /healthz HTTP/1.1\r\nIf-Match: \"a\"\r\nIf-Match: \"b\"", STR("")),
        "HTTP/1.1 400 ", "The header field If-Match stands there twice.");
}

static void head_has_no_body(void **state)
{
    const char *answer = exchange(*state, "HEAD /healthz HTTP/1.1", STR(""));
    answered(answer, "HTTP/1.1 200 ", "\r\nContent-Length: ");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

/* The body is not asked for: no "100 Continue" comes, and the connection ends. */
static void what_is_refused_is_refused_before_its_body(void **state)
{
    static const char *const lengths[] = {"100", "200000", "9000000000"};
    for (size_t i = 0; i < ARRAY_COUNT(lengths); i++)
        answered(exchange(*state,
                          arena_printf(*state,
                                       "POST /api/v1/predictions/jobs HTTP/1.1\r\nContent-Length: "
                                       "%s\r\nExpect: 100-continue",
                                       lengths[i]),
                          STR("")),
                 "HTTP/1.1 401 ", "Sign in first");
    answered(exchange(*state,
                      signed_in(*state, "POST /api/v1/predictions/jobs HTTP/1.1\r\nContent-Type: "
                                        "text/csv\r\nContent-Length: 9000000\r\nExpect: "
                                        "100-continue"),
                      STR("")),
             "HTTP/1.1 413 ", "100000 bytes");
}

static Str filled(Arena *arena, size_t size)
{
    char *bytes = arena_alloc(arena, size);
    memset(bytes, 'x', size);
    return (Str){bytes, size};
}

/* A client that writes before it reads sees the answer all the same. */
static void a_refused_body_is_read_and_dropped(void **state)
{
    answered(exchange(*state, "POST /api/v1/predictions/annual HTTP/1.1\r\nContent-Length: 1500",
                      filled(*state, 1500)),
             "HTTP/1.1 401 ", "Sign in first");
    answered(exchange(*state,
                      signed_in(*state, "POST /api/v1/predictions/annual HTTP/1.1\r\n"
                                        "Content-Type: application/json\r\nContent-Length: 1900"),
                      filled(*state, 1900)),
             "HTTP/1.1 413 ", "1000 bytes");
    answered(exchange(*state,
                      signed_in(*state, "POST /api/v1/predictions/annual HTTP/1.1\r\n"
                                        "Content-Type: text/plain\r\nContent-Length: 900"),
                      filled(*state, 900)),
             "HTTP/1.1 415 ", "application/json");
}

/* Chunks have no length to be judged by: up to twice the limit there is an answer, then the end. */
static void a_body_that_outgrows_its_limit_is_cut(void **state)
{
    const char *head = signed_in(*state, "POST /api/v1/predictions/annual HTTP/1.1\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Transfer-Encoding: chunked");
    Str chunk = filled(*state, 0x600);
    Buf body = buf_new(*state, 1 << 20);
    buf_printf(&body, "600\r\n" STR_FMT "\r\n0\r\n\r\n", STR_ARG(chunk));
    answered(exchange(*state, head, buf_str(&body)), "HTTP/1.1 413 ", "\r\nConnection: close\r\n");
    buf_clear(&body);
    for (int i = 0; i < 20; i++)
        buf_printf(&body, "600\r\n" STR_FMT "\r\n", STR_ARG(chunk));
    buf_add(&body, STR("0\r\n\r\n"));
    assert_string_equal(exchange(*state, head, buf_str(&body)), "");
}

static void requests_follow_each_other_on_one_connection(void **state)
{
    int fd = open_socket();
    send_all(fd, str_printf(*state,
                            "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                            "GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                            "%s\r\n\r\n"
                            "POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: "
                            "3\r\n\r\nabc"
                            "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                            token));
    const char *answers = receive_all(*state, fd);
    answered(answers, "HTTP/1.1 200 ", "\"a@example.com\"");
    const char *third = strstr(answers, "HTTP/1.1 401 ");
    assert_non_null(third);
    assert_non_null(strstr(third, "HTTP/1.1 404 "));
}

static void an_upload_that_breaks_off_leaves_nothing(void **state)
{
    for (int i = 0; i < 10; i++) {
        int fd = open_socket();
        send_all(fd, str_printf(*state,
                                "%s\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: "
                                "50000\r\n\r\n",
                                signed_in(*state, "POST /api/v1/predictions/jobs?job_type=annual "
                                                  "HTTP/1.1")));
        send_all(fd, filled(*state, 20000));
        close(fd);
    }
    answered(exchange(*state, signed_in(*state, "GET /api/v1/predictions/jobs HTTP/1.1"), STR("")),
             "HTTP/1.1 200 ", "\"jobs\":[]");
}

static void signing_in_gives_a_token_that_works(void **state)
{
    const char *body = "{\"email\":\"A@example.com\",\"password\":\"secret123\"}";
    const char *answer =
        exchange(*state,
                 arena_printf(*state, "POST /api/v1/auth/login HTTP/1.1\r\nContent-Length: %zu",
                              strlen(body)),
                 str_from(body));
    answered(answer, "HTTP/1.1 200 ", "\"token_type\":\"bearer\"");
    const char *from = strstr(answer, "\"access_token\":\"") + strlen("\"access_token\":\"");
    const char *mine = arena_copy(*state, from, strcspn(from, "\""));
    answered(exchange(*state,
                      arena_printf(*state,
                                   "POST /api/v1/auth/logout HTTP/1.1\r\nAuthorization: "
                                   "Bearer %s\r\nContent-Length: 0",
                                   mine),
                      STR("")),
             "HTTP/1.1 200 ", "Signed out.");
    answered(exchange(*state,
                      arena_printf(
                          *state, "GET /api/v1/auth/me HTTP/1.1\r\nAuthorization: Bearer %s", mine),
                      STR("")),
             "HTTP/1.1 401 ", "bad_token");
}

static void metrics_are_for_this_machine(void **state)
{
    answered(exchange(*state, "GET /metrics HTTP/1.1", STR("")), "HTTP/1.1 200 ",
             "obligor_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"}");
    answered(exchange(*state, "GET /metrics HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1", STR("")),
             "HTTP/1.1 401 ", "Sign in first");
}

static void *ask_often(void *argument)
{
    Arena *arena = arena_new(0);
    int *good = argument;
    for (int i = 0; i < 20; i++) {
        const char *answer =
            exchange(arena, signed_in(arena, "GET /api/v1/auth/me HTTP/1.1"), STR(""));
        bool busy = strncmp(answer, "HTTP/1.1 503 ", 13) == 0;
        if (strncmp(answer, "HTTP/1.1 200 ", 13) == 0 ||
            (busy && strstr(answer, "\r\nRetry-After: ") != NULL))
            (*good)++;
    }
    arena_free(arena);
    return NULL;
}

static void many_at_once_are_answered_or_asked_to_come_again(void **state)
{
    enum { CLIENTS = 12 };
    pthread_t clients[CLIENTS];
    int good[CLIENTS] = {0};
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, ask_often, &good[i]), 0);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i], NULL);
        assert_int_equal(good[i], 20);
    }
}

static void an_address_in_use_is_told(void **state)
{
    HttpServer *other = NULL;
    const char *listen = arena_printf(*state, "127.0.0.1:%d", http_server_port(server));
    const HttpConfig config = {.db_url = arena_printf(*state, "sqlite:%s/o.db", directory),
                               .listen = listen,
                               .spool = directory,
                               .max_upload = 1};
    assert_error(http_server_start(*state, &config, &other), ERROR_UNAVAILABLE,
                 arena_printf(*state, "Cannot listen on %s: Address already in use.", listen));
    http_server_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_on_the_socket_thread_and_on_a_worker),
        TEST(every_answer_has_the_same_guards),
        TEST(refuses_strangers_and_wrong_ways),
        TEST(head_has_no_body),
        TEST(what_is_refused_is_refused_before_its_body),
        TEST(a_refused_body_is_read_and_dropped),
        TEST(a_body_that_outgrows_its_limit_is_cut),
        TEST(requests_follow_each_other_on_one_connection),
        TEST(an_upload_that_breaks_off_leaves_nothing),
        TEST(signing_in_gives_a_token_that_works),
        TEST(metrics_are_for_this_machine),
        TEST(many_at_once_are_answered_or_asked_to_come_again),
        TEST(an_address_in_use_is_told),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
