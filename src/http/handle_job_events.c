/* Live progress of a job. An EventSource that was cut off comes again with the id of the last event that it saw;
 * where nothing more will happen it is told so by 204, and asks no more. */
#include "base/number.h"
#include "domain/jobs.h"
#include "http/app.h"
#include "http/handlers.h"

/* An id that is none of ours is as good as none. */
static int64_t last_seen(const Request *request)
{
    int64_t id = -1;
    if (!number_parse_int(str_trim(request_header(request, HEADER_LAST_EVENT_ID)), 0, INT64_MAX,
                          &id))
        return -1;
    return id;
}

Error *handle_job_events(Request *request, Response *response)
{
    Job *job = NULL;
    const Stream *stream = NULL;
    bool show_deleted = params_bool(&request->query, "show_deleted", false);
    TRY(params_check(&request->query));
    TRY(jobs_get(request->arena, request->db, request->who, request->values.id, show_deleted,
                 &job));
    int64_t seen = last_seen(request);
    if (jobs_at_rest(job) && seen == job->revision) {
        response_empty(response, 204);
        return NULL;
    }
    TRY(events_listen(request->app->events, request, job, seen, &stream));
    response_stream(response, "text/event-stream", stream);
    response_header(request->arena, response, "X-Accel-Buffering", "no");
    return NULL;
}
