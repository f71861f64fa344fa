/* What a client writes into Forwarded and X-Forwarded-For never names a client that a trusted proxy did not
 * see, however it is written. The first line of the input is Forwarded, the second X-Forwarded-For; to the end of
 * both a proxy adds the address that it saw. */
#include "base/check.h"
#include "http/forwarded.h"
#include "replay.h"

static Address address(const char *text)
{
    Address made;
    CHECK(address_read(str_from(text), &made));
    return made;
}

static bool same(Address a, Address b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check(const Networks *trusted, Str forwarded, Str x_for)
{
    Address proxy = address("10.0.0.1"), seen = address("192.0.2.1");
    const ForwardedFields fields = {forwarded, x_for, {NULL, 0}};
    Forwarded found = forwarded_client(trusted, proxy, &fields);
    CHECK(same(found.client, seen) || same(found.client, proxy));
    found = forwarded_client(&(Networks){0}, proxy, &fields);
    CHECK(same(found.client, proxy) && !found.is_https);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    Networks trusted;
    Str rest = {(const char *)data, size}, first = STR(""), none = {NULL, 0};
    CHECK(networks_read(arena, "", STR("10.0.0.1"), &trusted) == NULL);
    str_next(&rest, '\n', &first);
    if (rest.ptr == NULL)
        rest = STR("");
    Str forwarded = str_printf(arena, STR_FMT ", for=192.0.2.1;proto=https", STR_ARG(first));
    Str x_for = str_printf(arena, STR_FMT ", 192.0.2.1", STR_ARG(rest));
    check(&trusted, forwarded, none);
    check(&trusted, none, x_for);
    check(&trusted, forwarded, x_for);
    check(&trusted, first, x_for); /* a proxy that knows one of them only */
    check(&trusted, forwarded, rest);
    arena_free(arena);
    return 0;
}
