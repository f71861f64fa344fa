/* Whether a standby has replayed all that it received says little: what was committed may still be on its way.
 * The database's own position says it all. */
#include "store/replica.h"

#include "store/statements.h"

Error *replica_position(Arena *arena, Db *db, int64_t *ret_position)
{
    return db_number(db, arena, SQL_REPLICA_POSITION, NO_PARAMS, ret_position);
}

Error *replica_state(Arena *arena, Db *db, ReplicaState *ret_state)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_REPLICA_STATE, NO_PARAMS, &rows));
    bool standby = rows_next(rows, &error) && row_bool(rows, 0);
    TRY(error);
    if (!standby)
        return ERROR(arena, ERROR_UNAVAILABLE, "The replica is not a standby.");
    *ret_state = (ReplicaState){row_int(rows, 1), row_time(rows, 2)};
    return NULL;
}
