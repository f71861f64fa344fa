/* Marks are written once, in the transaction of the batch whose rows they name, and read in order. */
#include "store/mark_store.h"

#include "store/statements.h"

Error *mark_insert(Arena *arena, Db *db, JobName job, MarkOutcome outcome, const RowMark *mark)
{
    return db_run(db, arena, SQL_MARK_INSERT,
                  PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_small(outcome),
                         value_int(mark->first_row), value_int(mark->row_count),
                         value_str(mark->ranges)),
                  NULL);
}

Error *mark_next(Arena *arena, Db *db, JobName job, MarkOutcome outcome, int64_t after_row,
                 RowMark *ret_mark, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_MARK_NEXT,
                 PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_small(outcome),
                        value_int(after_row)),
                 &rows));
    *ret_found = rows_next(rows, &error);
    TRY(error);
    if (*ret_found)
        *ret_mark = (RowMark){row_int(rows, 0), row_int(rows, 1), row_str(rows, 2)};
    return NULL;
}

Error *mark_rows(Arena *arena, Db *db, JobName job, MarkOutcome outcome, int64_t *ret_rows)
{
    return db_number(db, arena, SQL_MARK_ROWS,
                     PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_small(outcome)),
                     ret_rows);
}
