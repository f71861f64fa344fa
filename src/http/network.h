/* Addresses and networks of the internet protocol, both families in one form: an IPv4 address is the IPv6
 * address that maps it. Nothing is looked up. */
#ifndef OBLIGOR_HTTP_NETWORK_H
#define OBLIGOR_HTTP_NETWORK_H

#include "base/error.h"

enum { ADDRESS_TEXT_SIZE = 46 }; /* with the NUL behind */

typedef struct Address {
    uint8_t bytes[16];
} Address;

typedef struct Network {
    Address first;
    int bits; /* of the 128 that all its addresses share with the first */
} Network;

typedef struct Networks {
    Network *items;
    size_t count;
} Networks;

/* "192.0.2.7", "2001:db8::7"; no port, no brackets, no zone. */
bool address_read(Str text, Address *ret_address);
void address_write(const Address *address, char out[ADDRESS_TEXT_SIZE]);

/* Who counts as one: an IPv4 address, or the /64 of an IPv6 address, of which one client has all. */
Address address_group(const Address *address);

/* "10.0.0.0/8", "2001:db8::/32", or one address. False when it is none, or when it has bits behind its
 * length: "10.0.0.1/8" may mean two things. */
bool network_read(Str text, Network *ret_network);
bool network_has(const Network *network, const Address *address);

/* Networks separated by commas. ERROR_INVALID, reason "usage", names what is none; `option` is where they come
 * from. */
Error *networks_read(Arena *arena, const char *option, Str text, Networks *ret_networks) MUST_CHECK;
bool networks_have(const Networks *networks, const Address *address);

#endif
