/* The order matters for what a stranger learns: which paths there are is public, so 404 and 405
 * come first; then who asks; what is wrong with the request is told only to those who may make
 * it. */
#include "http/gate.h"

#include "base/check.h"
#include "base/number.h"
#include "http/body.h"
#include "http/cookie.h"
#include "http/cors.h"
#include "http/problem.h"

#define ROLE_BIT(role) (1u << (role))
#define ALL_ROLES      (ROLE_BIT(ROLE_COUNT) - 1)

/* `scope`: what a key has to be for; 0: no key will do. */
static const struct {
    unsigned roles;
    unsigned scope;
} PERMITTED[PERMISSION_COUNT] = {
    [PERMIT_ANYONE] = {ALL_ROLES, SCOPE_ALL},
    [PERMIT_LOCAL] = {ROLE_BIT(ROLE_SUPER_ADMIN), SCOPE_READ},
    [PERMIT_USER] = {ALL_ROLES, SCOPE_READ},
    [PERMIT_CHANGER] = {ALL_ROLES, SCOPE_WRITE},
    [PERMIT_EDITOR] = {ALL_ROLES & ~(ROLE_BIT(ROLE_ORG_VIEWER) | ROLE_BIT(ROLE_ORG_AUDITOR)),
                       SCOPE_WRITE},
    [PERMIT_SELF] = {ALL_ROLES, 0},
    [PERMIT_ADMIN] = {ROLE_BIT(ROLE_ORG_ADMIN) | ROLE_BIT(ROLE_SUPER_ADMIN), SCOPE_ADMIN},
    [PERMIT_SUPER_ADMIN] = {ROLE_BIT(ROLE_SUPER_ADMIN), SCOPE_ADMIN},
};

static bool role_will_do(Permission permission, Role role)
{
    return (PERMITTED[permission].roles & ROLE_BIT(role)) != 0;
}

static bool key_will_do(Permission permission, const Principal *who)
{
    return !who->is_key || (PERMITTED[permission].scope & who->scopes) != 0;
}

/* Of one that is a single bit. */
static const char *scope_word(unsigned scope)
{
    return SCOPE_WORDS[scope == SCOPE_ADMIN ? 2 : scope == SCOPE_WRITE ? 1 : 0];
}

bool gate_permits(Permission permission, const Principal *who)
{
    CHECK(permission < PERMISSION_COUNT && who->role < ROLE_COUNT);
    return role_will_do(permission, who->role) && key_will_do(permission, who);
}

/* "OPTIONS *" asks about the server as a whole (RFC 9110, 9.3.7). */
static bool answer_asterisk(Request *request, Response *response)
{
    if (!str_is(request->path, "*") || strcmp(request->method, "OPTIONS") != 0)
        return false;
    response_empty(response, 204);
    response_header(request->arena, response, "Allow",
                    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return true;
}

static Error *find_route(Request *request, Response *response)
{
    RouteMatch match;
    Arena *arena = request->arena;
    if (answer_asterisk(request, response))
        return NULL;
    RouteResult result =
        router_match(arena, request->app->router, request->method, request->path, &match);
    if (result == ROUTE_NO_PATH)
        return ERROR(arena, ERROR_NOT_FOUND, "There is nothing at this address.");
    if (result == ROUTE_FOUND) {
        request->route = match.route;
        request->values = match.values;
        return NULL;
    }
    if (strcmp(request->method, "OPTIONS") == 0) {
        response_empty(response, 204);
        cors_add_preflight(request, response, match.allow);
    } else {
        Error *error = ERROR(arena, ERROR_MALFORMED, "This address takes %s.", match.allow);
        problem_reply_status(request, 405, error_with_reason(error, "method_not_allowed"),
                             response);
    }
    response_header(arena, response, "Allow", match.allow);
    return NULL;
}

static bool is_open(const Request *request)
{
    Permission permission = request->route->permission;
    return permission == PERMIT_ANYONE || (permission == PERMIT_LOCAL && request->is_local);
}

/* What Authorization says goes before the cookie: a program that sends both means the former. */
static Str find_token(const Request *request, bool *ret_by_cookie)
{
    Str token = request_bearer(request);
    *ret_by_cookie = false;
    if (token.len > 0)
        return token;
    token = cookie_token(request);
    *ret_by_cookie = token.len > 0;
    return token;
}

bool gate_asks_who(const Request *request)
{
    bool by_cookie;
    return !is_open(request) && find_token(request, &by_cookie).len > 0;
}

static bool only_reads(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

Error *gate_admit(Request *request, Db *db)
{
    Permission permission = request->route->permission;
    Principal *who = NULL;
    Str token = find_token(request, &request->by_cookie);
    if (is_open(request))
        return NULL;
    if (token.len == 0)
        return ERROR(request->arena, ERROR_UNAUTHENTICATED,
                     "Sign in first: this needs an access token, sent as \"Authorization: Bearer "
                     "TOKEN\".");
    if (request->by_cookie && !only_reads(request->method))
        TRY(cookie_check_origin(request));
    TRY(accounts_authenticate(request->arena, db, &request->peer, token, &who));
    request->who = who;
    if (gate_permits(permission, who))
        return NULL;
    if (!role_will_do(permission, who->role))
        return ERROR(request->arena, ERROR_DENIED, "The role %s may not do this.",
                     ROLE_WORDS[who->role]);
    if (PERMITTED[permission].scope == 0)
        return error_with_reason(ERROR(request->arena, ERROR_DENIED,
                                       "An API key may not do this. Sign in with your password."),
                                 "key_not_allowed");
    return error_with_reason(ERROR(request->arena, ERROR_DENIED,
                                   "This API key is not made for this: it lacks the scope %s.",
                                   scope_word(PERMITTED[permission].scope)),
                             "scope_missing");
}

int64_t gate_body_length(const Request *request)
{
    int64_t length = 0;
    if (request_has_header(request, HEADER_TRANSFER_ENCODING))
        return -1;
    if (request_has_header(request, HEADER_CONTENT_LENGTH) &&
        !number_parse_int(str_trim(request_header(request, HEADER_CONTENT_LENGTH)), 0, INT64_MAX,
                          &length))
        return INT64_MAX;
    return length;
}

static Error *check_body(Request *request)
{
    const HttpConfig *config = &request->app->config;
    BodyConfig limits = {config->max_body, config->max_upload, config->spool};
    int64_t limit = body_limit(request->route, &limits);
    int64_t length = gate_body_length(request);
    if (length > limit)
        return ERROR(request->arena, ERROR_TOO_LARGE,
                     "The body is larger than the %lld bytes that are allowed.",
                     (long long)(request->route->body == BODY_UPLOAD ? config->max_upload : limit));
    if (length == 0 && request->route->body != BODY_UPLOAD)
        return NULL;
    return body_check_type(request->arena, request->route->body,
                           request_header(request, HEADER_CONTENT_TYPE));
}

Error *gate_find(Request *request, Str target, Str *ret_query, Response *response)
{
    TRY(request_split_target(request->arena, target, &request->path, ret_query));
    return find_route(request, response);
}

Error *gate_check(Request *request, Str query)
{
    TRY(check_body(request));
    return params_parse(request->arena, query, request->route->body != BODY_NONE, &request->query);
}
