/* Deletions in the database, and the batches in which they remove a job's rows. */
#ifndef OBLIGOR_STORE_DELETION_STORE_H
#define OBLIGOR_STORE_DELETION_STORE_H

#include "model/deletion.h"
#include "store/db.h"

Error *deletion_insert(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;
Error *deletion_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion **ret_deletion)
    MUST_CHECK; /* may be NULL */
Error *deletion_find_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                            Deletion **ret_deletion) MUST_CHECK; /* the latest; may be NULL */
Error *deletion_advance(Arena *arena, Db *db, const Deletion *deletion, int64_t rows,
                        int64_t companies) MUST_CHECK;
Error *deletion_finish(Arena *arena, Db *db, const Deletion *deletion, DeletionState state,
                       int64_t now) MUST_CHECK;

/* Rows of a job behind job_row `after`, up to and with `to`. */
typedef struct JobSlice {
    Kind kind;
    Uuid owner_id;
    Uuid job_id;
    int64_t after;
    int64_t to;
    bool inferred; /* rows with an inferred link too */
} JobSlice;

/* Sets slice->to to the last row of a batch of at most `limit`; *ret_rows in it, 0: nothing is left. */
Error *slice_end(Arena *arena, Db *db, JobSlice *slice, int64_t limit, int64_t *ret_rows)
    MUST_CHECK;
Error *slice_companies(Arena *arena, Db *db, const JobSlice *slice, Uuid **ret_companies,
                       size_t *ret_count) MUST_CHECK;
Error *slice_delete(Arena *arena, Db *db, const JobSlice *slice, int64_t *ret_rows) MUST_CHECK;

#endif
