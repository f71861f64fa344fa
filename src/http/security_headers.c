/* One table. A page sets its own policy, which lets its style through (html.c); everything else is data and may
 * do nothing at all, opened as a page or not. Answers are not kept unless a handler says otherwise: most hold
 * figures that only this user may see, some a token. */
#include "http/security_headers.h"

#include "base/check.h"

static const struct {
    const char *name;
    const char *value;
    bool only_https;
} TABLE[] = {
    {"X-Content-Type-Options", "nosniff", false},
    {"X-Frame-Options", "DENY", false},
    {"Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
     false},
    {"Referrer-Policy", "no-referrer", false},
    {"Cache-Control", "no-store", false},
    {"Strict-Transport-Security", "max-age=31536000", true},
};

void security_headers_add(Response *response, bool is_https)
{
    for (size_t i = 0; i < ARRAY_COUNT(TABLE); i++)
        if ((is_https || !TABLE[i].only_https) &&
            response_find_header(response, TABLE[i].name) == NULL)
            response_constant(response, TABLE[i].name, TABLE[i].value);
}
