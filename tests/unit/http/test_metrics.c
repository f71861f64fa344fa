/* Counters come out as Prometheus wants them. */
#include "http/metrics.h"

#include "http/route.h"
#include "test.h"

static const Route TABLE[] = {{.method = "GET", .pattern = "/a/{id}"},
                              {.method = "POST", .pattern = "/b"}};

static bool holds(Str text, const char *line)
{
    return memmem(text.ptr, text.len, line, strlen(line)) != NULL;
}

static void counts_by_route_and_status(void **state)
{
    Gauges gauges = {.queue_depth = 3, .listeners = 2};
    Metrics *metrics = metrics_new(*state, TABLE, 2);
    for (int i = 0; i < 4; i++)
        metrics_begin(metrics);
    metrics_end(metrics, &TABLE[0], 200, 700);
    metrics_end(metrics, &TABLE[0], 200, 700);
    metrics_end(metrics, NULL, 404, 20000000);
    assert_int_equal(metrics_in_flight(metrics), 1);
    metrics_count_error(metrics, ERROR_BUSY);
    metrics_count_failed_sign_in(metrics);
    Str text = metrics_format(*state, metrics, &gauges);
    assert_true(holds(text, "\nobligor_http_requests_total{method=\"GET\",route=\"/a/{id}\","
                            "status=\"200\"} 2\n"));
    assert_true(holds(text, "route=\"none\",status=\"404\"} 1\n"));
    assert_false(holds(text, "route=\"/b\""));
    assert_true(holds(text, "route=\"/a/{id}\",le=\"0.0005\"} 0\n"));
    assert_true(holds(text, "route=\"/a/{id}\",le=\"0.001\"} 2\n"));
    assert_true(holds(text, "route=\"none\",le=\"10\"} 0\n"));
    assert_true(holds(text, "route=\"none\",le=\"+Inf\"} 1\n"));
    assert_true(holds(text, "obligor_http_request_seconds_sum{method=\"GET\",route=\"/a/{id}\"} "
                            "0.001400\n"));
    assert_true(holds(text, "\nobligor_errors_total{code=\"busy\"} 1\n"));
    assert_true(holds(text, "\nobligor_failed_sign_ins_total 1\n"));
    assert_true(holds(text, "\nobligor_http_in_flight 1\n"));
    assert_true(holds(text, "\nobligor_http_queue_depth 3\n"));
    assert_true(holds(text, "\nobligor_event_listeners 2\n"));
    assert_false(holds(text, "obligor_tasks_waiting"));
}

static void shows_the_queue_of_work_when_it_is_known(void **state)
{
    Gauges gauges = {.has_tasks = true, .tasks_waiting = 2, .oldest_task_seconds = 1.5};
    Str text = metrics_format(*state, metrics_new(*state, TABLE, 2), &gauges);
    assert_true(holds(text, "\nobligor_tasks_waiting 2\n"));
    assert_true(holds(text, "\nobligor_oldest_task_seconds 1.5\n"));
}

static void tells_of_the_database_and_of_its_replica(void **state)
{
    Gauges gauges = {0};
    Metrics *metrics = metrics_new(*state, TABLE, 2);
    Str text = metrics_format(*state, metrics, &gauges);
    assert_true(holds(text, "\nobligor_database_away 0\n"));
    assert_true(holds(text, "\nobligor_http_retries_total 0\n"));
    assert_false(holds(text, "replica"));
    gauges = (Gauges){.database_away = true, .has_replica = true, .replica_away = true};
    metrics_count_retry(metrics);
    metrics_count_replica_answer(metrics);
    text = metrics_format(*state, metrics, &gauges);
    assert_true(holds(text, "\nobligor_database_away 1\n"));
    assert_true(holds(text, "\nobligor_http_retries_total 1\n"));
    assert_true(holds(text, "\nobligor_replica_away 1\n"));
    assert_true(holds(text, "\nobligor_replica_answers_total 1\n"));
}

static void a_status_that_is_not_known_is_no_crash(void **state)
{
    Gauges gauges = {0};
    Metrics *metrics = metrics_new(*state, TABLE, 2);
    metrics_begin(metrics);
    metrics_end(metrics, &TABLE[1], 299, -5);
    assert_true(holds(metrics_format(*state, metrics, &gauges), "route=\"/b\",status=\"0\"} 1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_by_route_and_status),
        TEST(shows_the_queue_of_work_when_it_is_known),
        TEST(tells_of_the_database_and_of_its_replica),
        TEST(a_status_that_is_not_known_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
