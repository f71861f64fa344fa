/* What a server was told about the world before it: which proxies it trusts, which other sites its answers are
 * for, under which address people know it, and how fast anybody may come in. */
#ifndef OBLIGOR_HTTP_DOOR_H
#define OBLIGOR_HTTP_DOOR_H

#include "http/network.h"
#include "http/origins.h"
#include "http/server.h"
#include "http/tries.h"

/* What is counted, for each principal or address by itself. */
typedef enum RateKind {
    RATE_REQUESTS, /* of a user; of an address where nobody is signed in */
    RATE_UPLOADS,
    RATE_SCORES,
    RATE_SIGN_INS, /* wrong passwords from an address, over all accounts */
    RATE_GUESSES,  /* wrong links and join tokens from an address */
    RATE_KIND_COUNT
} RateKind;

typedef struct Door {
    Networks trusted;  /* proxies whose word about the client counts */
    Origins cors;      /* other sites whose pages may read answers */
    Str public_origin; /* of --public-url; empty: not given */
    bool public_is_https;
    Buckets *rates[RATE_KIND_COUNT];
    Tries *tries;
} Door;

/* ERROR_INVALID, reason "usage", for an option that says nothing sensible. */
Error *door_open(Arena *arena, const HttpConfig *config, Door **ret_door) MUST_CHECK;

#endif
