/* A file without a name in the spool directory: it goes away with the arena, the process or the
 * machine, whichever is first, so nothing is ever left behind. */
#ifndef OBLIGOR_HTTP_SPOOL_H
#define OBLIGOR_HTTP_SPOOL_H

#include "base/crypto.h"
#include "base/error.h"

typedef struct Spool {
    int fd; /* closed with the arena; readable and writable */
    int64_t size;
    int64_t max;
    DigestState state;
    bool digested;
} Spool;

/* `max` bytes at most. ERROR_UNAVAILABLE when the directory cannot be written to. */
Error *spool_open(Arena *arena, const char *directory, int64_t max, bool digested,
                  Spool **ret_spool) MUST_CHECK;

/* ERROR_TOO_LARGE beyond `max`; ERROR_UNAVAILABLE when there is no room. */
Error *spool_write(Spool *spool, Arena *arena, Str bytes) MUST_CHECK;

/* Of everything written; once, for a spool that was opened with `digested`. */
Digest spool_digest(Spool *spool);

#endif
