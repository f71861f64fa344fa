/* Compared as bytes, for browsers always write an origin the same way; so what people write is brought into that
 * form once. */
#include "http/origins.h"

#include "base/check.h"
#include "base/number.h"

enum { HOST_MAX = 255 };

static const struct {
    const char *scheme;
    int64_t port;
} SCHEMES[] = {{"http://", 80}, {"https://", 443}};

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static bool is_host(Str host)
{
    bool bracketed = str_starts_with(host, STR("[")) && str_ends_with(host, STR("]"));
    if (bracketed)
        host = str_slice(host, 1, host.len - 1);
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.ptr[i]) && !(bracketed && host.ptr[i] == ':'))
            return false;
    return host.len > 0 && host.len <= HOST_MAX;
}

/* The colon before the port: one behind the bracket of an IPv6 address. */
static size_t port_colon(Str text)
{
    size_t from = 0, at;
    if (str_starts_with(text, STR("[")) && str_find(text, ']', &from))
        from++;
    return str_find(str_slice(text, from, text.len), ':', &at) ? from + at : text.len;
}

bool origin_read(Arena *arena, Str text, Str *ret_origin)
{
    text = str_lower(arena, text);
    for (size_t i = 0; i < ARRAY_COUNT(SCHEMES); i++) {
        Str scheme = str_from(SCHEMES[i].scheme);
        if (!str_starts_with(text, scheme))
            continue;
        Str rest = str_slice(text, scheme.len, text.len);
        size_t colon = port_colon(rest);
        Str host = str_slice(rest, 0, colon);
        int64_t port = SCHEMES[i].port;
        if (!is_host(host) ||
            (colon < rest.len &&
             !number_parse_int(str_slice(rest, colon + 1, rest.len), 1, 65535, &port)))
            return false;
        *ret_origin = port == SCHEMES[i].port
                          ? str_printf(arena, STR_FMT STR_FMT, STR_ARG(scheme), STR_ARG(host))
                          : str_printf(arena, STR_FMT STR_FMT ":%lld", STR_ARG(scheme),
                                       STR_ARG(host), (long long)port);
        return true;
    }
    return false;
}

bool origin_of_url(Arena *arena, Str url, Str *ret_origin)
{
    size_t at;
    for (size_t i = 0; i < ARRAY_COUNT(SCHEMES); i++) {
        size_t length = strlen(SCHEMES[i].scheme);
        if (str_equal_fold(str_slice(url, 0, length), str_from(SCHEMES[i].scheme)) &&
            str_find(str_slice(url, length, url.len), '/', &at))
            url = str_slice(url, 0, length + at);
    }
    return origin_read(arena, url, ret_origin);
}

Error *origins_read(Arena *arena, const char *option, Str text, Origins *ret_origins)
{
    Origins made = {0};
    Str part;
    made.items = ARENA_ARRAY(arena, Str, text.len + 1);
    bool any = text.len > 0;
    while (any && str_next(&text, ',', &part)) {
        part = str_trim(part);
        if (!origin_read(arena, part, &made.items[made.count++]))
            return error_with_reason(
                ERROR(arena, ERROR_INVALID,
                      "\"" STR_FMT "\" of %s is no origin: write each exactly, like "
                      "https://page.example or http://localhost:3000, separated by commas.",
                      STR_ARG(str_slice(part, 0, 80)), option),
                "usage");
    }
    *ret_origins = made;
    return NULL;
}

bool origins_have(const Origins *origins, Str origin)
{
    for (size_t i = 0; i < origins->count; i++)
        if (str_equal(origins->items[i], origin))
            return true;
    return false;
}
