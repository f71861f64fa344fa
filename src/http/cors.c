/* "Vary: Origin" goes out with every answer once there are such sites: a cache must not give the answer for one
 * to another. Access-Control-Allow-Credentials never does. */
#include "http/cors.h"

#include "http/app.h"
#include "http/door.h"

static bool is_welcome(const Request *request)
{
    return origins_have(&request->app->door->cors, request_header(request, HEADER_ORIGIN));
}

void cors_add(const Request *request, Response *response)
{
    if (request->app->door->cors.count == 0)
        return;
    response_constant(response, "Vary", "Origin");
    if (!is_welcome(request))
        return;
    response_header(request->arena, response, "Access-Control-Allow-Origin",
                    str_dup(request->arena, request_header(request, HEADER_ORIGIN)));
    response_constant(response, "Access-Control-Expose-Headers",
                      "ETag, Location, Retry-After, Content-Disposition, X-Request-ID, As-Of, "
                      "Preference-Applied, Idempotent-Replayed");
}

void cors_add_preflight(const Request *request, Response *response, const char *allow)
{
    if (!request_has_header(request, HEADER_ACCESS_CONTROL_REQUEST_METHOD) || !is_welcome(request))
        return;
    response_constant(response, "Access-Control-Allow-Methods", allow);
    response_constant(response, "Access-Control-Allow-Headers",
                      "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                      "Prefer, X-Request-ID");
    response_constant(response, "Access-Control-Max-Age", "600");
}
