/* Origins, as browsers name the site that a request comes from: scheme, host and port. */
#ifndef OBLIGOR_HTTP_ORIGINS_H
#define OBLIGOR_HTTP_ORIGINS_H

#include "base/error.h"

typedef struct Origins {
    Str *items;
    size_t count;
} Origins;

/* "https://page.example", "http://localhost:3000" as browsers write it: lower case, no default port. False when
 * it is anything else: a path, a name and password, "*", "null". */
bool origin_read(Arena *arena, Str text, Str *ret_origin);

/* The origin of an address: what stands in it before the path. False when it has none. */
bool origin_of_url(Arena *arena, Str url, Str *ret_origin);

/* Separated by commas. ERROR_INVALID, reason "usage", names what is none; `option` is where they come from. */
Error *origins_read(Arena *arena, const char *option, Str text, Origins *ret_origins) MUST_CHECK;
bool origins_have(const Origins *origins, Str origin);

#endif
