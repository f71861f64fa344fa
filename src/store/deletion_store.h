/* Deletions in the database, and the batches in which they remove a job's rows. */
#ifndef OBLIGOR_STORE_DELETION_STORE_H
#define OBLIGOR_STORE_DELETION_STORE_H

#include "model/deletion.h"
#include "model/prediction.h"
#include "store/db.h"

Error *deletion_insert(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;
Error *deletion_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion **ret_deletion)
    MUST_CHECK; /* may be NULL */
Error *deletion_find_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                            Deletion **ret_deletion) MUST_CHECK; /* the latest; may be NULL */
Error *deletion_find_undo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Deletion **ret_deletion)
    MUST_CHECK; /* of its import; may be NULL */

/* Those that were asked for together with this one, the oldest job first. */
Error *deletion_together(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion ***ret_deletions,
                         size_t *ret_count) MUST_CHECK;

/* The present row of a statement with the columns of deletion_select. */
Deletion *deletion_read(Arena *arena, const Rows *rows);

/* Held until the commit; read it behind this. */
Error *deletion_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id) MUST_CHECK;

/* What a batch did, and where it ended. */
typedef struct DeletionStep {
    DeletionCounts
        counts;   /* removed, by this batch alone; what is kept stands in the deletion already */
    int64_t held; /* rows that a legal hold keeps */
    int64_t archived;
    int64_t restored_rows;
    int64_t restored_former;
} DeletionStep;

/* In the transaction of a batch: adds the step to the deletion, there and in *deletion, and stores its
 * settled_row and cursor. */
Error *deletion_progress(Arena *arena, Db *db, Deletion *deletion, const DeletionStep *step)
    MUST_CHECK;

/* Rows came back to a job: a deletion of it that is under way removes them, too. */
Error *deletion_expect_more(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t rows)
    MUST_CHECK;

/* The end of a phase. `now`: when the removal was over; 0: that is not what ended. */
Error *deletion_finish(Arena *arena, Db *db, const Deletion *deletion, DeletionState state,
                       int64_t now) MUST_CHECK;

/* A restoration begins, or is over at once (`state` done). */
Error *deletion_begin_restore(Arena *arena, Db *db, const Deletion *deletion, Uuid by, int64_t now,
                              DeletionState state) MUST_CHECK;

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

/* Reads the next rows of a batch of at most `limit`, complete and in file order, and sets slice->to to the last of
 * them; *ret_count 0: nothing is left. */
Error *slice_read(Arena *arena, Db *db, JobSlice *slice, int64_t limit, Prediction **ret_rows,
                  size_t *ret_count) MUST_CHECK;

/* Removes them; *ret_count how many there were. */
Error *slice_drop(Arena *arena, Db *db, const JobSlice *slice, int64_t *ret_count) MUST_CHECK;

/* Removes them, and gives them, complete and in file order; nothing is looked up in other tables. */
Error *slice_delete(Arena *arena, Db *db, const JobSlice *slice, Prediction **ret_rows,
                    size_t *ret_count) MUST_CHECK;

/* The same for up to `limit` rows of a job that have no job_row (adopted ones), in no order. */
Error *slice_delete_unnumbered(Arena *arena, Db *db, const JobSlice *slice, int64_t limit,
                               Prediction **ret_rows, size_t *ret_count) MUST_CHECK;

/* Removes rows by their ids, likewise. */
Error *predictions_remove(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                          size_t count, Prediction **ret_rows, size_t *ret_count) MUST_CHECK;

#endif
