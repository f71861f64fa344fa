/* Deletions as rows; slices follow the index (owner, job, job_row). */
#include "store/deletion_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/words.h"
#include "store/statements.h"

Error *deletion_insert(Arena *arena, Db *db, const Deletion *deletion)
{
    const DeletionCounts *counts = &deletion->counts;
    return db_run(
        db, arena, SQL_DELETION_INSERT,
        PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
               value_uuid(deletion->job_id), value_text(kind_spec(deletion->kind)->word),
               value_uuid(deletion->user_id), value_text(deletion->reason),
               value_bool(deletion->record_only), value_bool(deletion->include_inferred),
               value_bool(deletion->orphaned_companies),
               value_text(DELETION_STATE_WORDS[deletion->state]), value_int(deletion->expected),
               value_int(counts->predictions[deletion->kind]), value_int(counts->edits_kept),
               value_int(counts->inferred_kept), value_int(counts->already_deleted),
               value_time(deletion->created_at), value_time_or_null(deletion->completed_at)),
        NULL);
}

static Deletion *read_deletion(Arena *arena, const Rows *rows)
{
    Deletion *deletion = ARENA_NEW(arena, Deletion);
    int state = words_find(DELETION_STATE_WORDS, DELETION_STATE_COUNT, row_str(rows, 10));
    CHECK(state >= 0 && kind_parse(row_str(rows, 3), &deletion->kind));
    deletion->id = row_uuid(rows, 0);
    deletion->owner_id = row_uuid(rows, 1);
    deletion->job_id = row_uuid(rows, 2);
    deletion->user_id = row_uuid(rows, 4);
    deletion->user_email = row_text(rows, 5);
    deletion->reason = row_text(rows, 6);
    deletion->record_only = row_bool(rows, 7);
    deletion->include_inferred = row_bool(rows, 8);
    deletion->orphaned_companies = row_bool(rows, 9);
    deletion->state = (DeletionState)state;
    deletion->expected = row_int(rows, 11);
    deletion->counts.predictions[deletion->kind] = row_int(rows, 12);
    deletion->counts.edits_kept = row_int(rows, 13);
    deletion->counts.inferred_kept = row_int(rows, 14);
    deletion->counts.already_deleted = row_int(rows, 15);
    deletion->counts.companies_empty = row_int(rows, 16);
    deletion->counts.companies_deleted = row_int(rows, 17);
    deletion->created_at = row_time(rows, 18);
    deletion->completed_at = row_time(rows, 19);
    return deletion;
}

static Error *one_deletion(Arena *arena, Db *db, Sql sql, Uuid owner_id, Uuid id,
                           Deletion **ret_deletion)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    Deletion *deletion = rows_next(rows, &error) ? read_deletion(arena, rows) : NULL;
    TRY(error);
    *ret_deletion = deletion;
    return NULL;
}

Error *deletion_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion **ret_deletion)
{
    return one_deletion(arena, db, SQL_DELETION_SELECT, owner_id, id, ret_deletion);
}

Error *deletion_find_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                            Deletion **ret_deletion)
{
    return one_deletion(arena, db, SQL_DELETION_OF_JOB, owner_id, job_id, ret_deletion);
}

Error *deletion_advance(Arena *arena, Db *db, const Deletion *deletion, int64_t rows,
                        int64_t companies)
{
    return db_run(db, arena, SQL_DELETION_ADVANCE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_int(rows),
                         value_int(companies)),
                  NULL);
}

Error *deletion_finish(Arena *arena, Db *db, const Deletion *deletion, DeletionState state,
                       int64_t now)
{
    return db_run(db, arena, SQL_DELETION_FINISH,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
                         value_text(DELETION_STATE_WORDS[state]), value_time_or_null(now)),
                  NULL);
}

Error *slice_end(Arena *arena, Db *db, JobSlice *slice, int64_t limit, int64_t *ret_rows)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_END + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                        value_int(slice->after), value_int(limit)),
                 &rows));
    if (rows_next(rows, &error)) {
        slice->to = row_int(rows, 0);
        *ret_rows = row_int(rows, 1);
    }
    return error;
}

Error *slice_companies(Arena *arena, Db *db, const JobSlice *slice, Uuid **ret_companies,
                       size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Uuid) companies = {0};
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_COMPANIES + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                        value_int(slice->after), value_int(slice->to), value_bool(slice->inferred)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &companies, row_uuid(rows, 0));
    TRY(error);
    *ret_companies = companies.items;
    *ret_count = companies.count;
    return NULL;
}

Error *slice_delete(Arena *arena, Db *db, const JobSlice *slice, int64_t *ret_rows)
{
    return db_run(db, arena, SQL_PREDICTION_BATCH_DELETE + (int)slice->kind,
                  PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                         value_int(slice->after), value_int(slice->to),
                         value_bool(slice->inferred)),
                  ret_rows);
}
