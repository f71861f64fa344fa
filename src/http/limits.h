/* How fast somebody may come in, and how often they may guess. */
#ifndef OBLIGOR_HTTP_LIMITS_H
#define OBLIGOR_HTTP_LIMITS_H

#include "http/door.h"
#include "http/request.h"

/* Counts the request, for its user or else for its address. ERROR_TOO_MANY, with request->retry_after. What is
 * answered at once is not counted: it costs nothing, and whoever watches the server asks often. */
Error *limits_admit(Request *request) MUST_CHECK;

/* A request that shows a secret which others could guess: from guard_begin to guard_end it counts as a wrong one. */
typedef struct Guard {
    bool begun;
    bool is_account; /* of a password; else of a link or a join token */
    bool is_own;     /* of who is signed in already */
    bool
        is_costly; /* nothing to guess, but it sends mail or makes an account: what succeeds counts */
    bool charged; /* to the address */
    bool known;   /* this account was entered from this address before */
    bool first;   /* … and not tried just now: it goes before others */
    BucketKey pair;
} Guard;

/* The body is there. Does nothing where nothing can be guessed. ERROR_TOO_MANY, with request->retry_after. */
Error *guard_begin(Request *request, Guard *guard) MUST_CHECK;

/* The answer has this status; 0: there was none. */
void guard_end(const Request *request, Guard *guard, int status);

#endif
