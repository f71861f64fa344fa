/* Is it alive, can it work, and how is it doing: none of them waits for the database, they tell what the
 * watch has seen. */
#include "http/app.h"
#include "http/handlers.h"
#include "http/reply.h"

static Error *reply_healthy(Request *request, Response *response)
{
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "status", "healthy");
    json_put_text(out, "version", OBLIGOR_VERSION);
    return reply_end(request, response, 200);
}

Error *handle_alive(Request *request, Response *response)
{
    return reply_healthy(request, response);
}

Error *handle_ready(Request *request, Response *response)
{
    const Watch *database = request->app->database;
    if (watch_is_ready(database))
        return reply_healthy(request, response);
    return ERROR(request->arena, ERROR_UNAVAILABLE,
                 watch_is_away(database)
                     ? "The database is away."
                     : "The database is too busy to answer, or its schema is not the one that this "
                       "program knows.");
}

Error *handle_metrics(Request *request, Response *response)
{
    const App *app = request->app;
    int64_t oldest = 0;
    Gauges gauges = {.queue_depth = pool_depth(app->pool),
                     .listeners = events_listeners(app->events),
                     .database_away = watch_is_away(app->database),
                     .has_replica = app->replica != NULL,
                     .replica_away = app->replica != NULL && !watch_is_ready(app->replica)};
    gauges.has_tasks = watch_tasks(app->database, &gauges.tasks_waiting, &oldest);
    if (oldest > 0)
        gauges.oldest_task_seconds = (double)(clock_now() - oldest) / 1e6;
    response_set(response, 200, "text/plain; version=0.0.4; charset=utf-8",
                 metrics_format(request->arena, app->metrics, &gauges));
    return NULL;
}
