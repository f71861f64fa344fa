/* A hold stands on the job itself: whoever locks the job's row knows of it. */
#include "store/hold_store.h"

#include "store/statements.h"

Error *job_set_hold(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, const Hold *hold)
{
    bool set = hold->reason != NULL;
    return db_run(db, arena, SQL_JOB_SET_HOLD,
                  PARAMS(value_uuid(owner_id), value_uuid(job_id), value_text(hold->reason),
                         set ? value_uuid(hold->by) : value_null(VALUE_UUID),
                         set ? value_time(hold->at) : value_null(VALUE_TIME), value_time(hold->at)),
                  NULL);
}

Error *job_set_note(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, const char *note, int64_t now)
{
    return db_run(
        db, arena, SQL_JOB_SET_NOTE,
        PARAMS(value_uuid(owner_id), value_uuid(job_id), value_text(note), value_time(now)), NULL);
}
