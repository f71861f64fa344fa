/* Counters of one server, in the Prometheus text format. Adding never blocks. */
#ifndef OBLIGOR_HTTP_METRICS_H
#define OBLIGOR_HTTP_METRICS_H

#include "base/error.h"

struct Route;
typedef struct Metrics Metrics;

/* `routes` [count] name the series; requests that found no route are counted apart. */
Metrics *metrics_new(Arena *arena, const struct Route *routes, size_t count);

void metrics_begin(Metrics *metrics); /* a request came in */

/* … and was answered, or broke off (status 0). `route` NULL: none was found. */
void metrics_end(Metrics *metrics, const struct Route *route, int status, int64_t micros);

void metrics_count_error(Metrics *metrics, ErrorCode code);
void metrics_count_failed_sign_in(Metrics *metrics);
void metrics_count_retry(Metrics *metrics);          /* a request was run once more */
void metrics_count_replica_answer(Metrics *metrics); /* the replica gave an answer */

/* Requests that came in and are not over. */
int64_t metrics_in_flight(const Metrics *metrics);

/* What is not counted here but is to be shown. */
typedef struct Gauges {
    int64_t queue_depth; /* requests that wait for a worker thread */
    int64_t listeners;   /* to the progress of jobs */
    bool database_away;
    bool has_replica;
    bool replica_away; /* or not fit to answer */
    bool has_tasks;
    int64_t tasks_waiting; /* of the background work */
    double oldest_task_seconds;
} Gauges;

Str metrics_format(Arena *arena, const Metrics *metrics, const Gauges *gauges);

#endif
