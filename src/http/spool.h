/* A file without a name in the spool directory: it goes away with the arena, the process or the
 * machine, whichever is first, so nothing is ever left behind. */
#ifndef OBLIGOR_HTTP_SPOOL_H
#define OBLIGOR_HTTP_SPOOL_H

#include "base/crypto.h"
#include "base/error.h"

/* How many bytes all files that go out may have at one time. */
typedef struct SpoolQuota {
    _Atomic int64_t left;
    int64_t total;
} SpoolQuota;

typedef struct Spool {
    int fd; /* closed with the arena; readable and writable */
    int64_t size;
    int64_t max;
    DigestState state;
    bool digested;
    SpoolQuota *quota; /* NULL: only `max` counts */
    int64_t taken;     /* of the quota */
} Spool;

/* `max` bytes at most. ERROR_UNAVAILABLE when the directory cannot be written to. */
Error *spool_open(Arena *arena, const char *directory, int64_t max, bool digested,
                  Spool **ret_spool) MUST_CHECK;

/* For a file that goes out, within the quota of all of them. What it takes is given back with the arena: with the
 * request, when its last byte was sent. Writing beyond is ERROR_BUSY, reason "spool_full", while other files
 * have their share; ERROR_TOO_LARGE when this one alone is too large. */
Error *spool_open_within(Arena *arena, const char *directory, SpoolQuota *quota, Spool **ret_spool)
    MUST_CHECK;

/* ERROR_TOO_LARGE beyond `max`; ERROR_UNAVAILABLE when there is no room. */
Error *spool_write(Spool *spool, Arena *arena, Str bytes) MUST_CHECK;

/* Of everything written; once, for a spool that was opened with `digested`. */
Digest spool_digest(Spool *spool);

#endif
