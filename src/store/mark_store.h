/* Which rows of a job's file were skipped or left unchanged, noted batch by batch. */
#ifndef OBLIGOR_STORE_MARK_STORE_H
#define OBLIGOR_STORE_MARK_STORE_H

#include "store/job_store.h"

/* As stored. */
typedef enum MarkOutcome { MARK_SKIPPED = 2, MARK_UNCHANGED = 3 } MarkOutcome;

/* Rows of one batch; `ranges` as format/row_ranges.h has them, counted from first_row. */
typedef struct RowMark {
    int64_t first_row;
    int64_t row_count;
    Str ranges;
} RowMark;

Error *mark_insert(Arena *arena, Db *db, JobName job, MarkOutcome outcome, const RowMark *mark)
    MUST_CHECK;

/* The first behind `after_row`, in the order of the file; *ret_found false: there is none. */
Error *mark_next(Arena *arena, Db *db, JobName job, MarkOutcome outcome, int64_t after_row,
                 RowMark *ret_mark, bool *ret_found) MUST_CHECK;

/* How many rows are noted. */
Error *mark_rows(Arena *arena, Db *db, JobName job, MarkOutcome outcome, int64_t *ret_rows)
    MUST_CHECK;

#endif
