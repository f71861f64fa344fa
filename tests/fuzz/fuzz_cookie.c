/* A cookie that is found stands in the field, once, and holds nothing that ends it. */
#include "base/check.h"
#include "http/cookie.h"
#include "replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str header = {(const char *)data, size}, value, again;
    size_t at;
    if (!cookie_find(header, STR("obligor"), &value))
        return 0;
    CHECK(value.len < size && value.ptr >= header.ptr &&
          value.ptr + value.len <= header.ptr + header.len);
    CHECK(!str_find(value, ';', &at));
    Arena *arena = arena_new(0);
    Str longer = str_printf(arena, STR_FMT "; a=b", STR_ARG(header));
    if (memchr(data, '\0', size) == NULL)
        CHECK(cookie_find(longer, STR("obligor"), &again) && str_equal(value, again));
    longer = str_printf(arena, "obligor=x; " STR_FMT, STR_ARG(header));
    if (memchr(data, '\0', size) == NULL)
        CHECK(!cookie_find(longer, STR("obligor"), &again)); /* twice is none */
    arena_free(arena);
    return 0;
}
