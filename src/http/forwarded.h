/* Who the client is when proxies stand between. Their word counts only as far as they are trusted: with no
 * trusted proxy the client is whoever has the connection. */
#ifndef OBLIGOR_HTTP_FORWARDED_H
#define OBLIGOR_HTTP_FORWARDED_H

#include "http/network.h"

/* What proxies say, as header fields; .ptr NULL: not sent. */
typedef struct ForwardedFields {
    Str forwarded; /* RFC 7239 */
    Str x_for;     /* X-Forwarded-For */
    Str x_proto;   /* X-Forwarded-Proto */
} ForwardedFields;

typedef struct Forwarded {
    Address client;
    bool is_https; /* the client spoke TLS, to the proxy that is nearest to it and trusted */
} Forwarded;

/* Goes from the nearest proxy towards the client while it meets trusted ones; the first address that is not
 * trusted is the client, and so is the last one that can be read. Where Forwarded and X-Forwarded-For name
 * different clients, one of them came from outside: then neither counts. */
Forwarded forwarded_client(const Networks *trusted, Address peer, const ForwardedFields *fields);

/* The address of a node, as both fields write it: "192.0.2.7", "192.0.2.7:80",
 * "2001:db8::7", "[2001:db8::7]:80". False for anything else, as "unknown" and "_hidden". */
bool forwarded_node(Str text, Address *ret_address);

#endif
