/* A read replica: a standby that follows the database at some distance. How far each has come is a position in
 * the database's log, so that the two can be compared whatever their clocks say. */
#ifndef OBLIGOR_STORE_REPLICA_H
#define OBLIGOR_STORE_REPLICA_H

#include "store/db.h"

/* Of the database: whoever has replayed its log up to here shows everything that was committed before this was
 * asked. 0: it is itself a standby. Not for an embedded database. */
Error *replica_position(Arena *arena, Db *db, int64_t *ret_position) MUST_CHECK;

typedef struct ReplicaState {
    int64_t replayed;    /* a position */
    int64_t last_commit; /* when the last transaction that it replayed was committed; 0: none yet */
} ReplicaState;

/* Of a replica. ERROR_UNAVAILABLE when it is no standby (any more). */
Error *replica_state(Arena *arena, Db *db, ReplicaState *ret_state) MUST_CHECK;

#endif
