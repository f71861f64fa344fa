/* Legal holds and notes of jobs in the database. */
#ifndef OBLIGOR_STORE_HOLD_STORE_H
#define OBLIGOR_STORE_HOLD_STORE_H

#include "store/db.h"

/* `reason` NULL lifts it. */
typedef struct Hold {
    const char *reason;
    Uuid by;
    int64_t at;
} Hold;

Error *job_set_hold(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, const Hold *hold) MUST_CHECK;

/* `note` NULL takes it away. */
Error *job_set_note(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, const char *note, int64_t now)
    MUST_CHECK;

#endif
