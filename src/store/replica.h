/* A read replica: a standby that follows the database at some distance. */
#ifndef OBLIGOR_STORE_REPLICA_H
#define OBLIGOR_STORE_REPLICA_H

#include "store/db.h"

/* A session on a replica shows everything that was committed up to *ret_as_of, and perhaps more.
 * ERROR_UNAVAILABLE when that cannot be said: it is no standby (any more), or has replayed nothing yet. */
Error *replica_as_of(Arena *arena, Db *db, int64_t *ret_as_of) MUST_CHECK;

#endif
