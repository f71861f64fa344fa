/* How often somebody at an address may try to get into an account. Who is told apart is the pair of both, so that
 * a stranger elsewhere keeps nobody out of their account: after a few failures each further try of the pair has
 * to wait, longer each time. Pairs that got in before are known, and go before others. A table of fixed size, of
 * this process alone. */
#ifndef OBLIGOR_HTTP_TRIES_H
#define OBLIGOR_HTTP_TRIES_H

#include "base/clock.h"
#include "http/buckets.h"

enum { TRIES_FREE = 5 }; /* failures before a try has to wait */
#define TRIES_WAIT_FIRST SECONDS(5)
#define TRIES_WAIT_MOST  SECONDS(15 * 60)
#define TRIES_FORGET                                                                               \
    HOURS(24) /* without a try: the failures are forgotten, but not that it is known */

typedef struct Tries Tries;

/* About `slots` pairs are told apart at one time. Lives in the arena. */
Tries *tries_new(Arena *arena, size_t slots);

typedef enum TryEnd {
    TRY_FAILED,
    TRY_SUCCEEDED,
    TRY_UNDECIDED /* it never came to the password: as if it had not been tried */
} TryEnd;

typedef struct TriesBefore {
    bool known;  /* the pair got in before */
    bool lately; /* it was tried within the last TRIES_LATELY, with whatever end */
} TriesBefore;
#define TRIES_LATELY SECONDS(1)

/* Begins a try, which counts as failed until it ends otherwise, so that many at once are not more than one after
 * the other. Gives µs that it has to wait, and then it has not begun; 0: go on. */
int64_t tries_begin(Tries *tries, BucketKey pair, int64_t now, TriesBefore *ret_before);
void tries_end(Tries *tries, BucketKey pair, TryEnd end, int64_t now);

#endif
