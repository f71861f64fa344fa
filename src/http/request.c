/* What handlers ask of a request's target and header fields. Everything here is pure: the fields
 * are in the struct, whoever put them there. */
#include "http/request.h"

#include "base/check.h"
#include "base/number.h"
#include "domain/idempotency.h"

#include <strings.h>

static const char *const FIELD_NAMES[HEADER_FIELD_COUNT] = {
    [HEADER_ACCESS_CONTROL_REQUEST_METHOD] = "Access-Control-Request-Method",
    [HEADER_AUTHORIZATION] = "Authorization",
    [HEADER_CONTENT_LENGTH] = "Content-Length",
    [HEADER_CONTENT_TYPE] = "Content-Type",
    [HEADER_COOKIE] = "Cookie",
    [HEADER_EXPECT] = "Expect",
    [HEADER_FORWARDED] = "Forwarded",
    [HEADER_HOST] = "Host",
    [HEADER_IDEMPOTENCY_KEY] = "Idempotency-Key",
    [HEADER_IF_MATCH] = "If-Match",
    [HEADER_IF_NONE_MATCH] = "If-None-Match",
    [HEADER_LAST_EVENT_ID] = "Last-Event-ID",
    [HEADER_ORIGIN] = "Origin",
    [HEADER_PREFER] = "Prefer",
    [HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
    [HEADER_X_FORWARDED_FOR] = "X-Forwarded-For",
    [HEADER_X_FORWARDED_PROTO] = "X-Forwarded-Proto",
    [HEADER_X_REQUEST_ID] = "X-Request-ID",
};

int request_header_field(const char *name)
{
    for (int i = 0; i < HEADER_FIELD_COUNT; i++)
        if (strcasecmp(FIELD_NAMES[i], name) == 0)
            return i;
    return -1;
}

/* "http://host/path" is allowed in a request line (RFC 9112, 3.2.2); the host tells us nothing. */
static Str without_origin(Str target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
        size_t length = strlen(schemes[i]), slash;
        if (!str_equal_fold(str_slice(target, 0, length), str_from(schemes[i])))
            continue;
        Str rest = str_slice(target, length, target.len);
        return str_find(rest, '/', &slash) ? str_slice(rest, slash, rest.len) : STR("/");
    }
    return target;
}

Error *request_split_target(Arena *arena, Str target, Str *ret_path, Str *ret_query)
{
    target = without_origin(target);
    size_t fragment, question = target.len;
    if (str_find(target, '#', &fragment))
        target = str_slice(target, 0, fragment);
    str_find(target, '?', &question);
    *ret_path = str_slice(target, 0, question);
    *ret_query = str_slice(target, question + 1, target.len);
    if (ret_path->len > PATH_MAX_BYTES || ret_query->len > QUERY_MAX_BYTES)
        return error_with_reason(
            ERROR(arena, ERROR_MALFORMED,
                  "The address is too long: the path may have %d bytes and the query %d.",
                  PATH_MAX_BYTES, QUERY_MAX_BYTES),
            "uri_too_long");
    if (!str_starts_with(*ret_path, STR("/")) && !str_is(*ret_path, "*"))
        return ERROR(arena, ERROR_MALFORMED, "The address must begin with a slash.");
    return NULL;
}

Str request_bearer(const Request *request)
{
    Str value = str_trim(request_header(request, HEADER_AUTHORIZATION));
    if (!str_equal_fold(str_slice(value, 0, 7), STR("Bearer ")))
        return STR("");
    return str_trim(str_slice(value, 7, value.len));
}

bool request_id_is_sound(Str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '.';
        if (!good)
            return false;
    }
    return id.len > 0 && id.len <= REQUEST_ID_MAX;
}

bool request_none_match(const Request *request, const char *etag)
{
    Str rest = request_header(request, HEADER_IF_NONE_MATCH), tag;
    while (str_next(&rest, ',', &tag)) {
        tag = str_trim(tag);
        if (str_starts_with(tag, STR("W/")))
            tag = str_slice(tag, 2, tag.len);
        if (str_is(tag, "*") || str_is(tag, etag))
            return true;
    }
    return false;
}

Error *request_if_match(const Request *request, const char **ret_etag)
{
    Str value = str_trim(request_header(request, HEADER_IF_MATCH));
    *ret_etag = NULL;
    if (!request_has_header(request, HEADER_IF_MATCH) || str_is(value, "*"))
        return NULL;
    size_t at;
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    if (!quoted || str_find(str_slice(value, 1, value.len - 1), '"', &at))
        return ERROR(request->arena, ERROR_INVALID,
                     "If-Match must be one entity tag in its quotes, as the ETag header gave it.");
    *ret_etag = str_dup(request->arena, value);
    return NULL;
}

int64_t request_wait(const Request *request, int64_t most)
{
    Str rest = request_header(request, HEADER_PREFER), item;
    int64_t wait = most;
    while (str_next(&rest, ',', &item)) {
        int64_t seconds;
        item = str_trim(item);
        if (str_equal_fold(item, STR("respond-async")))
            wait = 0;
        else if (str_equal_fold(str_slice(item, 0, 5), STR("wait=")) &&
                 number_parse_int(str_slice(item, 5, item.len), 0, 3600, &seconds))
            return SECONDS(seconds) < most ? SECONDS(seconds) : most;
    }
    return wait;
}

bool request_takes_stale(const Request *request)
{
    Str rest = request_header(request, HEADER_PREFER), item;
    while (str_next(&rest, ',', &item))
        if (str_equal_fold(str_trim(item), STR("stale-ok")))
            return true;
    return false;
}

Error *request_idempotency_key(const Request *request, Str *ret_key)
{
    Str key = str_trim(request_header(request, HEADER_IDEMPOTENCY_KEY));
    *ret_key = STR("");
    if (!request_has_header(request, HEADER_IDEMPOTENCY_KEY))
        return NULL;
    bool good = key.len > 0 && key.len <= IDEMPOTENCY_KEY_MAX;
    for (size_t i = 0; i < key.len; i++)
        good = good && key.ptr[i] > 0x20 && key.ptr[i] < 0x7F;
    if (!good)
        return ERROR(request->arena, ERROR_INVALID,
                     "Idempotency-Key must be 1 to %d visible ASCII characters.",
                     IDEMPOTENCY_KEY_MAX);
    *ret_key = key;
    return NULL;
}
