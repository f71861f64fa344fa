/* One block of atomic counters per route: statuses and latency buckets. Relaxed order is enough,
 * since no counter says anything about another. */
#include "http/metrics.h"

#include "base/check.h"
#include "http/route.h"

#include <stdatomic.h>

static const int STATUSES[] = {0,   200, 201, 202, 204, 303, 304, 400, 401, 403, 404,
                               405, 409, 410, 412, 413, 414, 415, 422, 429, 500, 503};
static const int64_t BUCKETS[] = {500,    1000,   2500,   5000,    10000,   25000,   50000,
                                  100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
enum { STATUS_COUNT = ARRAY_COUNT(STATUSES), BUCKET_COUNT = ARRAY_COUNT(BUCKETS) };

typedef atomic_uint_fast64_t Counter;

typedef struct RouteCounters {
    Counter statuses[STATUS_COUNT];
    Counter buckets[BUCKET_COUNT + 1]; /* the last: slower than all */
    Counter micros;
} RouteCounters;

struct Metrics {
    const Route *routes;
    size_t count;
    RouteCounters *counters; /* [count + 1]; the last: no route */
    Counter errors[ERROR_CODE_COUNT];
    Counter failed_sign_ins;
    Counter retries;
    Counter replica_answers;
    atomic_int_fast64_t in_flight;
};

static void add(Counter *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint64_t get(const Counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

Metrics *metrics_new(Arena *arena, const Route *routes, size_t count)
{
    Metrics *metrics = ARENA_NEW(arena, Metrics);
    metrics->routes = routes;
    metrics->count = count;
    metrics->counters = ARENA_ARRAY(arena, RouteCounters, count + 1);
    return metrics;
}

void metrics_begin(Metrics *metrics)
{
    atomic_fetch_add(&metrics->in_flight, 1);
}

/* A status that is not in the list counts as 0, so that a new one shows up as a gap, not as a
 * crash. */
static size_t status_index(int status)
{
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (STATUSES[i] == status)
            return i;
    return 0;
}

void metrics_end(Metrics *metrics, const Route *route, int status, int64_t micros)
{
    size_t index = route == NULL ? metrics->count : (size_t)(route - metrics->routes);
    RouteCounters *counters = &metrics->counters[index];
    size_t bucket = 0;
    while (bucket < BUCKET_COUNT && micros > BUCKETS[bucket])
        bucket++;
    add(&counters->statuses[status_index(status)], 1);
    add(&counters->buckets[bucket], 1);
    add(&counters->micros, (uint64_t)(micros < 0 ? 0 : micros));
    atomic_fetch_sub(&metrics->in_flight, 1);
}

void metrics_count_error(Metrics *metrics, ErrorCode code)
{
    add(&metrics->errors[code], 1);
}

void metrics_count_failed_sign_in(Metrics *metrics)
{
    add(&metrics->failed_sign_ins, 1);
}

void metrics_count_retry(Metrics *metrics)
{
    add(&metrics->retries, 1);
}

void metrics_count_replica_answer(Metrics *metrics)
{
    add(&metrics->replica_answers, 1);
}

int64_t metrics_in_flight(const Metrics *metrics)
{
    return atomic_load(&metrics->in_flight);
}

static const char *labels(Arena *arena, const Metrics *metrics, size_t index)
{
    if (index == metrics->count)
        return "method=\"\",route=\"none\"";
    return arena_printf(arena, "method=\"%s\",route=\"%s\"", metrics->routes[index].method,
                        metrics->routes[index].pattern);
}

static void format_statuses(Arena *arena, const Metrics *metrics, Buf *text)
{
    buf_add(text,
            STR("# HELP obligor_http_requests_total Requests by route and status; status 0 is "
                "a request that broke off.\n# TYPE obligor_http_requests_total counter\n"));
    for (size_t i = 0; i <= metrics->count; i++)
        for (size_t s = 0; s < STATUS_COUNT; s++) {
            uint64_t count = get(&metrics->counters[i].statuses[s]);
            if (count > 0)
                buf_printf(text, "obligor_http_requests_total{%s,status=\"%d\"} %llu\n",
                           labels(arena, metrics, i), STATUSES[s], (unsigned long long)count);
        }
}

static void format_latency(const char *label, const RouteCounters *counters, Buf *text)
{
    uint64_t sum = 0;
    for (size_t b = 0; b <= BUCKET_COUNT; b++)
        sum += get(&counters->buckets[b]);
    if (sum == 0)
        return;
    sum = 0;
    for (size_t b = 0; b < BUCKET_COUNT; b++) {
        sum += get(&counters->buckets[b]);
        buf_printf(text, "obligor_http_request_seconds_bucket{%s,le=\"%g\"} %llu\n", label,
                   (double)BUCKETS[b] / 1e6, (unsigned long long)sum);
    }
    sum += get(&counters->buckets[BUCKET_COUNT]);
    buf_printf(text, "obligor_http_request_seconds_bucket{%s,le=\"+Inf\"} %llu\n", label,
               (unsigned long long)sum);
    buf_printf(text, "obligor_http_request_seconds_sum{%s} %.6f\n", label,
               (double)get(&counters->micros) / 1e6);
    buf_printf(text, "obligor_http_request_seconds_count{%s} %llu\n", label,
               (unsigned long long)sum);
}

static void format_errors(const Metrics *metrics, Buf *text)
{
    buf_add(text, STR("# HELP obligor_errors_total Answers of 500 and above by kind: busy and "
                      "unavailable are the database's or the disk's.\n"
                      "# TYPE obligor_errors_total counter\n"));
    for (ErrorCode code = ERROR_BUSY; code < ERROR_CODE_COUNT; code++)
        buf_printf(text, "obligor_errors_total{code=\"%s\"} %llu\n", error_word(code),
                   (unsigned long long)get(&metrics->errors[code]));
}

static void format_one(Buf *text, const char *name, const char *type, const char *help,
                       double value)
{
    buf_printf(text, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name, value);
}

static void format_database(const Metrics *metrics, const Gauges *gauges, Buf *text)
{
    format_one(text, "obligor_database_away", "gauge", "1 while the database does not answer.",
               gauges->database_away);
    format_one(text, "obligor_http_retries_total", "counter",
               "Requests that were run once more, since the database asked for it.",
               (double)get(&metrics->retries));
    if (gauges->has_replica) {
        format_one(text, "obligor_replica_away", "gauge",
                   "1 while the replica does not answer or cannot be used.", gauges->replica_away);
        format_one(text, "obligor_replica_answers_total", "counter",
                   "Requests that the replica answered.", (double)get(&metrics->replica_answers));
    }
    if (gauges->has_tasks) {
        format_one(text, "obligor_tasks_waiting", "gauge",
                   "Imports and deletions that wait for a worker.", (double)gauges->tasks_waiting);
        format_one(text, "obligor_oldest_task_seconds", "gauge",
                   "How long the oldest of them has waited.", gauges->oldest_task_seconds);
    }
}

Str metrics_format(Arena *arena, const Metrics *metrics, const Gauges *gauges)
{
    Buf text = buf_new(arena, 8 << 20);
    format_statuses(arena, metrics, &text);
    buf_add(&text, STR("# HELP obligor_http_request_seconds Time from the header to the end of the "
                       "answer.\n# TYPE obligor_http_request_seconds histogram\n"));
    for (size_t i = 0; i <= metrics->count; i++)
        format_latency(labels(arena, metrics, i), &metrics->counters[i], &text);
    format_errors(metrics, &text);
    format_one(&text, "obligor_failed_sign_ins_total", "counter", "Sign-ins that were refused.",
               (double)get(&metrics->failed_sign_ins));
    format_one(&text, "obligor_http_in_flight", "gauge", "Requests that are under way.",
               (double)metrics_in_flight(metrics));
    format_one(&text, "obligor_http_queue_depth", "gauge",
               "Requests that wait for a worker thread.", (double)gauges->queue_depth);
    format_one(&text, "obligor_event_listeners", "gauge", "Who listens to the progress of a job.",
               (double)gauges->listeners);
    format_database(metrics, gauges, &text);
    CHECK(!text.over);
    return buf_str(&text);
}
