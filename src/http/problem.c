/* The one place where an Error becomes an answer. `type` is about:blank: the word in `error` tells
 * kinds of problems apart, and no page at an address could say more than `detail` does. */
#include "http/problem.h"

#include "base/check.h"

static const int STATUS[ERROR_CODE_COUNT] = {
    [ERROR_INVALID] = 422,     [ERROR_MALFORMED] = 400, [ERROR_UNAUTHENTICATED] = 401,
    [ERROR_DENIED] = 403,      [ERROR_NOT_FOUND] = 404, [ERROR_CONFLICT] = 409,
    [ERROR_GONE] = 410,        [ERROR_CHANGED] = 412,   [ERROR_TOO_LARGE] = 413,
    [ERROR_UNSUPPORTED] = 415, [ERROR_TOO_MANY] = 429,  [ERROR_BUSY] = 503,
    [ERROR_UNAVAILABLE] = 503, [ERROR_INTERNAL] = 500,
};

static const struct {
    int status;
    const char *title;
} TITLES[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

static const char INTERNAL_DETAIL[] =
    "Something went wrong here. The request id finds the reason in the server's log.";

const char *problem_title(int status)
{
    for (size_t i = 0; i < ARRAY_COUNT(TITLES); i++)
        if (TITLES[i].status == status)
            return TITLES[i].title;
    return "Error";
}

int problem_status(const Error *error)
{
    CHECK(error->code < ERROR_CODE_COUNT);
    if (error->reason != NULL && strcmp(error->reason, "uri_too_long") == 0)
        return 414;
    return STATUS[error->code];
}

static void add_fields(JsonOut *out, const ErrorField *field)
{
    json_begin_array(out, "errors");
    for (; field != NULL; field = field->next) {
        json_begin_object(out, NULL);
        json_put_text(out, "field", field->field);
        json_put_text(out, "code", field->code);
        json_put_text(out, "message", field->message);
        json_end_object(out);
    }
    json_end_array(out);
}

static Str render(const Request *request, int status, const Error *error)
{
    const char *word = error->reason != NULL ? error->reason : error_word(error->code);
    const char *detail = error->code == ERROR_INTERNAL ? INTERNAL_DETAIL : error->message;
    Buf text = buf_new(request->arena, RESPONSE_BODY_MAX);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    json_put_text(&out, "type", "about:blank");
    json_put_text(&out, "title", problem_title(status));
    json_put_int(&out, "status", status);
    json_put_text(&out, "detail", detail);
    json_put_text(&out, "instance", request->id);
    add_fields(&out, error->fields);
    json_put_bool(&out, "success", false);
    if (request->as_of != 0)
        json_put_time(&out, "as_of", request->as_of);
    json_put_text(&out, "error", word);
    json_put_text(&out, "message", detail);
    json_end_object(&out);
    json_out_close(&out);
    if (error->extra_json != NULL && error->extra_json[0] != '\0') {
        text.len--; /* the closing brace comes after the extra members */
        buf_printf(&text, ", %s}", error->extra_json);
    }
    return buf_str(&text);
}

static void add_headers(const Request *request, int status, Response *response)
{
    int64_t seconds = request->retry_after > 0 ? request->retry_after : status == 429 ? 5 : 2;
    if (status == 429 || status == 503)
        response_header(request->arena, response, "Retry-After",
                        arena_printf(request->arena, "%lld", (long long)seconds));
    if (status == 401)
        response_header(request->arena, response, "WWW-Authenticate",
                        request_bearer(request).len == 0
                            ? "Bearer realm=\"obligor\""
                            : "Bearer realm=\"obligor\", error=\"invalid_token\"");
}

void problem_reply_status(const Request *request, int status, const Error *error,
                          Response *response)
{
    *response = RESPONSE_NONE;
    response_set(response, status, "application/problem+json", render(request, status, error));
    add_headers(request, status, response);
}

void problem_reply(const Request *request, const Error *error, Response *response)
{
    problem_reply_status(request, problem_status(error), error, response);
}
