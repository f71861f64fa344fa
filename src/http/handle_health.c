/* Is it alive, can it work, and how is it doing. */
#include "domain/queue.h"
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

/* Ready is who reaches the database; otherwise the error makes it a 503. */
Error *handle_ready(Request *request, Response *response)
{
    int64_t waiting, oldest;
    TRY(queue_depth(request->arena, request->db, &waiting, &oldest));
    return reply_healthy(request, response);
}

Error *handle_metrics(Request *request, Response *response)
{
    const App *app = request->app;
    int64_t oldest = 0;
    Gauges gauges = {.queue_depth = pool_depth(app->pool)};
    Error *error = queue_depth(request->arena, request->db, &gauges.tasks_waiting, &oldest);
    gauges.has_tasks = error == NULL; /* the rest is worth showing while the database is away */
    if (oldest > 0)
        gauges.oldest_task_seconds = (double)(clock_now() - oldest) / 1e6;
    response_set(response, 200, "text/plain; version=0.0.4; charset=utf-8",
                 metrics_format(request->arena, app->metrics, &gauges));
    return NULL;
}
