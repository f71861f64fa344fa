/* inet_pton reads exactly the forms that are meant, so there is no parser of addresses here. */
#include "http/network.h"

#include "base/check.h"
#include "base/number.h"

#include <arpa/inet.h>

_Static_assert(ADDRESS_TEXT_SIZE == INET6_ADDRSTRLEN, "room");

enum { V4_AT = 12, V4_BITS = 32, ALL_BITS = 128, GROUP_BYTES = 8 };

static const uint8_t MAPPED[V4_AT] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static bool is_v4(const Address *address)
{
    return memcmp(address->bytes, MAPPED, sizeof MAPPED) == 0;
}

bool address_read(Str text, Address *ret_address)
{
    char copy[ADDRESS_TEXT_SIZE];
    Address made = {{0}};
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, &made.bytes[V4_AT]) == 1)
        memcpy(made.bytes, MAPPED, sizeof MAPPED);
    else if (inet_pton(AF_INET6, copy, made.bytes) != 1)
        return false;
    *ret_address = made;
    return true;
}

void address_write(const Address *address, char out[ADDRESS_TEXT_SIZE])
{
    if (is_v4(address))
        inet_ntop(AF_INET, &address->bytes[V4_AT], out, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address->bytes, out, ADDRESS_TEXT_SIZE);
}

Address address_group(const Address *address)
{
    Address group = *address;
    if (!is_v4(address))
        memset(&group.bytes[GROUP_BYTES], 0, sizeof group.bytes - GROUP_BYTES);
    return group;
}

/* The first `bits` bits of both are the same. */
static bool share(const Address *a, const Address *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    int rest = bits % 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static bool ends_in_zeros(const Address *address, int bits)
{
    for (int bit = bits; bit < ALL_BITS; bit++)
        if (address->bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool network_read(Str text, Network *ret_network)
{
    size_t slash = text.len;
    str_find(text, '/', &slash);
    Network made = {.bits = ALL_BITS};
    if (!address_read(str_slice(text, 0, slash), &made.first))
        return false;
    if (slash < text.len) {
        size_t at;
        bool four = !str_find(str_slice(text, 0, slash), ':', &at);
        int64_t bits;
        if (!number_parse_int(str_slice(text, slash + 1, text.len), 0, four ? V4_BITS : ALL_BITS,
                              &bits))
            return false;
        made.bits = (int)bits + (four ? ALL_BITS - V4_BITS : 0);
    }
    if (!ends_in_zeros(&made.first, made.bits))
        return false;
    *ret_network = made;
    return true;
}

bool network_has(const Network *network, const Address *address)
{
    return share(&network->first, address, network->bits);
}

Error *networks_read(Arena *arena, const char *option, Str text, Networks *ret_networks)
{
    Networks made = {0};
    Str part;
    made.items = ARENA_ARRAY(arena, Network, text.len + 1);
    bool any = text.len > 0;
    while (any && str_next(&text, ',', &part)) {
        part = str_trim(part);
        if (!network_read(part, &made.items[made.count++]))
            return error_with_reason(
                ERROR(arena, ERROR_INVALID,
                      "\"" STR_FMT "\" of %s is no address and no network: write them like "
                      "10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, separated by commas.",
                      STR_ARG(str_slice(part, 0, 80)), option),
                "usage");
    }
    *ret_networks = made;
    return NULL;
}

bool networks_have(const Networks *networks, const Address *address)
{
    for (size_t i = 0; i < networks->count; i++)
        if (network_has(&networks->items[i], address))
            return true;
    return false;
}
