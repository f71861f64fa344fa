/* A standby that has replayed all it received, and does receive, shows the present; else it shows the
 * time of the last transaction that it replayed. The clock is read before the standby is asked, so that
 * what is promised is never newer than what is shown. */
#include "store/replica.h"

#include "base/clock.h"
#include "store/statements.h"

Error *replica_as_of(Arena *arena, Db *db, int64_t *ret_as_of)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    int64_t now = clock_now();
    TRY(db_query(db, arena, SQL_REPLICA_STATE, NO_PARAMS, &rows));
    bool standby = rows_next(rows, &error) && row_bool(rows, 0);
    TRY(error);
    if (!standby)
        return ERROR(arena, ERROR_UNAVAILABLE, "The replica is not a standby.");
    if (row_bool(rows, 1)) {
        *ret_as_of = now;
        return NULL;
    }
    if (row_is_null(rows, 2))
        return ERROR(arena, ERROR_UNAVAILABLE, "The replica has replayed nothing yet.");
    *ret_as_of = row_time(rows, 2);
    return NULL;
}
