/* Token buckets, one for each key, in a table of fixed size: how fast somebody may do something. The table is
 * this process's own: with several servers each counts what comes to it. */
#ifndef OBLIGOR_HTTP_BUCKETS_H
#define OBLIGOR_HTTP_BUCKETS_H

#include "base/error.h"

/* So many at once, and then one more each `interval` µs. */
typedef struct Rate {
    int64_t interval; /* 0: no limit */
    int64_t burst;
} Rate;

/* "20/s:100", "5/m:10", "100/h" (then the burst is the number); "0": no limit. ERROR_INVALID, reason "usage";
 * `option` is where it comes from. */
Error *rate_read(Arena *arena, const char *option, Str text, Rate *ret_rate) MUST_CHECK;

typedef struct BucketKey {
    uint8_t bytes[16];
} BucketKey;

typedef struct Buckets Buckets;

/* About `slots` of them are told apart at one time. Lives in the arena. */
Buckets *buckets_new(Arena *arena, Rate rate, size_t slots);

/* 0: taken; else µs until one may be had. `now` never goes back. */
int64_t buckets_take(Buckets *buckets, BucketKey key, int64_t now);

/* What buckets_take would say. */
int64_t buckets_wait(Buckets *buckets, BucketKey key, int64_t now);

/* Gives back what was taken, as if it had not been. */
void buckets_give_back(Buckets *buckets, BucketKey key, int64_t now);

#endif
