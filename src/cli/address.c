/* Only the forms are judged here; whether the address can be had is found out by listening. */
#include "cli/address.h"

#include "base/number.h"
#include "cli/options.h"

#include <arpa/inet.h>

Error *address_parse(Arena *arena, Str text, Str *ret_host, int *ret_port)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    int64_t port;
    Str host = str_slice(text, 0, colon > 0 ? colon - 1 : 0);
    bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    size_t inside;
    if (host.len == 0 || (!bracketed && (host.ptr[0] == '[' || str_find(host, ':', &inside))) ||
        !number_parse_int(str_slice(text, colon, text.len), 0, 65535, &port))
        return usage_error(arena, "Write --listen 127.0.0.1:8000, or [::1]:8000.",
                           "\"" STR_FMT "\" is not an address and a port to listen on.",
                           STR_ARG(str_slice(text, 0, 80)));
    *ret_host = host;
    *ret_port = (int)port;
    return NULL;
}

bool address_is_loopback(Str host)
{
    char text[64];
    struct in_addr four;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (inet_pton(AF_INET, text, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return str_is(host, "[::1]") || str_equal_fold(host, STR("localhost"));
}

const char *address_url(Arena *arena, Str host, int port)
{
    if (str_is(host, "0.0.0.0"))
        host = STR("127.0.0.1");
    else if (str_is(host, "[::]"))
        host = STR("[::1]");
    return arena_printf(arena, "http://" STR_FMT ":%d", STR_ARG(host), port);
}
