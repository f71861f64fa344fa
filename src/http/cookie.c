/* A name with __Host- is taken by browsers only with Secure, from this very host and for all of it: a neighbour
 * under the same domain cannot plant one. Over plain HTTP there is no such name, and two cookies of the same name
 * mean that somebody else set one, so neither counts. */
#include "http/cookie.h"

#include "http/app.h"
#include "http/door.h"

#define PLAIN_NAME  "obligor"
#define SECURE_NAME "__Host-obligor"

static bool is_secure(const Request *request)
{
    return request->is_https || request->app->door->public_is_https;
}

static const char *name_for(const Request *request)
{
    return is_secure(request) ? SECURE_NAME : PLAIN_NAME;
}

bool cookie_find(Str header, Str name, Str *ret_value)
{
    Str part;
    int found = 0;
    while (header.ptr != NULL && str_next(&header, ';', &part)) {
        size_t equals;
        if (!str_find(part, '=', &equals) || !str_equal(str_trim(str_slice(part, 0, equals)), name))
            continue;
        *ret_value = str_trim(str_slice(part, equals + 1, part.len));
        found++;
    }
    return found == 1;
}

Str cookie_token(const Request *request)
{
    Str token = STR("");
    if (!request_has_header(request, HEADER_COOKIE) ||
        !cookie_find(request_header(request, HEADER_COOKIE), str_from(name_for(request)), &token))
        return STR("");
    return token;
}

static void put(const Request *request, Response *response, const char *value, int64_t seconds)
{
    response_header(request->arena, response, "Set-Cookie",
                    arena_printf(request->arena,
                                 "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                                 name_for(request), value, (long long)seconds,
                                 is_secure(request) ? "; Secure" : ""));
}

void cookie_set(const Request *request, Response *response, const Session *session)
{
    int64_t seconds = (session->expires_at - clock_now()) / SECONDS(1);
    put(request, response, session->token, seconds < 0 ? 0 : seconds);
}

void cookie_clear(const Request *request, Response *response)
{
    put(request, response, "", 0);
}

static bool is_own(const Request *request, Str origin)
{
    Str own, site = request->app->door->public_origin;
    if (site.len > 0 && str_equal(site, origin))
        return true;
    Str here = str_printf(request->arena, "%s://" STR_FMT, request->is_https ? "https" : "http",
                          STR_ARG(request_header(request, HEADER_HOST)));
    return origin_read(request->arena, here, &own) && str_equal(own, origin);
}

Error *cookie_check_origin(const Request *request)
{
    Str origin = request_header(request, HEADER_ORIGIN);
    if (origin.len > 0 && is_own(request, origin))
        return NULL;
    return error_with_reason(
        ERROR(
            request->arena, ERROR_DENIED,
            origin.len > 0
                ? "This request comes from another site, so the cookie does not count. If this is "
                  "the right page, the server has to know its address (--public-url)."
                : "A request that changes something by cookie must say in Origin which page it "
                  "comes from. Programs send the token as \"Authorization: Bearer TOKEN\"."),
        "origin_mismatch");
}
