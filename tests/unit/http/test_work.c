/* A handler is run again where the database asks for it and where nothing of the first run is left: not of
 * the request, not of the answer, not in the database. */
#include "base/log.h"
#include "http/exchange.h"
#include "http/reply.h"
#include "store/migrate.h"
#include "test.h"

static Arena *group;
static const char *directory;
static App *app;

static struct {
    int runs;
    int fail;       /* so many of the first runs */
    ErrorCode code; /* with this */
    const char *reason;
    bool commit; /* something before it fails */
    bool waits;  /* it would have to, where it must not */
} plan;

static Error *commit_something(Request *request)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(request->db, request->arena, TX_WRITE, &tx));
    return tx_commit(&tx, request->arena);
}

static Error *handle(Request *request, Response *response)
{
    plan.runs++;
    assert_false(request->query.checked);
    assert_null(request->query.errors);
    assert_int_equal(response->status, 0);
    assert_int_equal(response->header_count, 0);
    request->has_to_wait = plan.waits && request->must_not_wait;
    int64_t number = params_int(&request->query, "number", 0, 9, -1);
    TRY(params_check(&request->query));
    JsonOut *out = reply_begin(request, response);
    json_put_int(out, "run", plan.runs);
    json_put_int(out, "number", number);
    TRY(reply_end(request, response, 200));
    response_header(request->arena, response, "Location", "/x");
    if (plan.commit)
        TRY(commit_something(request));
    if (plan.runs > plan.fail)
        return NULL;
    return error_with_reason(ERROR(request->arena, plan.code, "It failed."), plan.reason);
}

static Exchange *work(BodyKind body)
{
    static Route route;
    Exchange *exchange = exchange_new(app, "/x");
    Request *request = &exchange->request;
    route = (Route){.method = "POST", .pattern = "/x", .body = body, .runs = RUNS_WORKER};
    route.handler = handle;
    request->method = "POST";
    request->route = &route;
    assert_no_error(params_parse(request->arena, STR("number=7"), true, &request->query));
    plan.runs = 0;
    exchange_work(exchange);
    return exchange;
}

static void end(Exchange *exchange)
{
    exchange->request.route = NULL; /* the metrics do not know it */
    exchange_end(exchange, true);
}

static void what_may_be_tried_again_is(void **state)
{
    (void)state;
    plan.fail = 2;
    plan.code = ERROR_BUSY;
    plan.reason = ERROR_RETRY;
    Exchange *exchange = work(BODY_JSON);
    assert_int_equal(plan.runs, 3);
    assert_int_equal(exchange->response.status, 200);
    assert_int_equal(exchange->response.header_count, 1);
    assert_str(exchange->response.body, "{\"success\":true,\"run\":3,\"number\":7}");
    end(exchange);
    const Gauges gauges = {0};
    Str metrics = metrics_format(group, app->metrics, &gauges);
    assert_non_null(strstr(str_dup(group, metrics), "\nobligor_http_retries_total 2\n"));
}

static void it_ends_after_five_runs(void **state)
{
    (void)state;
    plan.fail = 100;
    Exchange *exchange = work(BODY_JSON);
    assert_int_equal(plan.runs, 5);
    assert_int_equal(exchange->response.status, 503);
    assert_string_equal(response_find_header(&exchange->response, "Retry-After"), "2");
    assert_null(response_find_header(&exchange->response, "Location"));
    assert_non_null(strstr(str_dup(group, exchange->response.body), "\"error\":\"busy\""));
    end(exchange);
}

static void other_failures_are_final(void **state)
{
    static const struct {
        ErrorCode code;
        const char *reason;
        int status;
    } finals[] = {{ERROR_BUSY, NULL, 503},
                  {ERROR_UNAVAILABLE, NULL, 503},
                  {ERROR_CONFLICT, "duplicate", 409}};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(finals); i++) {
        plan.code = finals[i].code;
        plan.reason = finals[i].reason;
        Exchange *exchange = work(BODY_JSON);
        assert_int_equal(plan.runs, 1);
        assert_int_equal(exchange->response.status, finals[i].status);
        end(exchange);
    }
}

static void what_has_committed_is_not_run_again_but_an_upload(void **state)
{
    (void)state;
    plan.fail = 1;
    plan.code = ERROR_BUSY;
    plan.reason = ERROR_RETRY;
    plan.commit = true;
    Exchange *exchange = work(BODY_JSON);
    assert_int_equal(plan.runs, 1);
    assert_int_equal(exchange->response.status, 503);
    end(exchange);
    exchange = work(BODY_UPLOAD);
    assert_int_equal(plan.runs, 2);
    assert_int_equal(exchange->response.status, 200);
    end(exchange);
}

/* What a handler began on a socket thread and could not do there, a worker does from the start. */
static void what_has_to_wait_is_run_by_a_worker(void **state)
{
    (void)state;
    memset(&plan, 0, sizeof plan);
    for (int waits = 0; waits < 2; waits++) {
        static Route route;
        Exchange *exchange = exchange_new(app, "/x");
        Request *request = &exchange->request;
        route = (Route){.method = "GET", .pattern = "/x", .runs = RUNS_INLINE, .handler = handle};
        request->method = "GET";
        request->route = &route;
        plan.runs = 0;
        plan.waits = waits != 0;
        assert_int_equal(exchange_place(exchange), PLACE_HERE_WITH_DB);
        exchange_run(exchange, NULL);
        assert_int_equal(plan.runs, 1);
        assert_int_equal(exchange_is_answered(exchange), !plan.waits);
        if (plan.waits) {
            assert_int_equal(exchange_place(exchange), PLACE_POOL);
            exchange_work(exchange);
            assert_int_equal(plan.runs, 2);
            assert_int_equal(exchange->response.status, 200);
            assert_int_equal(exchange->response.header_count, 1);
        }
        end(exchange);
    }
}

static void a_replica_on_sqlite_is_refused(void **state)
{
    App *other = NULL;
    const HttpConfig config = {.db_url = app->config.db_url,
                               .db_replica = "postgresql://a/b",
                               .listen = "127.0.0.1:0",
                               .spool = directory,
                               .max_upload = 1};
    assert_error(app_open(*state, &config, &other), ERROR_INVALID,
                 "A replica is a standby of a PostgreSQL database; SQLite has none. Leave "
                 "--db-replica out, or give both addresses as postgresql://HOST/DATABASE.");
    assert_null(other);
}

static int start(void **state)
{
    static char path[] = "/tmp/obligor-work-XXXXXX";
    (void)state;
    group = arena_new(0);
    directory = mkdtemp(path);
    const char *url = arena_printf(group, "sqlite:%s/o.db", directory);
    const HttpConfig config = {
        .db_url = url, .listen = "127.0.0.1:0", .spool = directory, .max_upload = 1000};
    Db *db = NULL;
    int applied;
    log_setup(LOG_OFF, false);
    Error *error = db_open(group, str_from(url), (DbOptions){0}, &db);
    if (error == NULL)
        error = migrate_up(group, db, &applied);
    if (error == NULL)
        error = app_open(group, &config, &app);
    if (error != NULL)
        print_error("%s\n", error_chain(group, error));
    db_close(db);
    return error != NULL;
}

static int stop(void **state)
{
    static const char *const names[] = {"o.db", "o.db-wal", "o.db-shm"};
    (void)state;
    app_close(app);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        unlink(arena_printf(group, "%s/%s", directory, names[i]));
    int left = rmdir(directory);
    arena_free(group);
    return left;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_may_be_tried_again_is),
        TEST(it_ends_after_five_runs),
        TEST(other_failures_are_final),
        TEST(what_has_committed_is_not_run_again_but_an_upload),
        TEST(what_has_to_wait_is_run_by_a_worker),
        TEST(a_replica_on_sqlite_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
