/* Each statement here looks at few rows; what walks over many does so in slices. */
#include "store/purge_store.h"

#include "base/vec.h"
#include "store/statements.h"

/* --- the deletion's own state ---------------------------------------------------------------- */

Error *deletion_begin_purge(Arena *arena, Db *db, const Deletion *deletion, Uuid by,
                            const char *reason)
{
    return db_run(db, arena, SQL_DELETION_BEGIN_PURGE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
                         value_uuid_or_null(by), value_text(reason)),
                  NULL);
}

Error *deletion_purged(Arena *arena, Db *db, const Deletion *deletion, int64_t rows)
{
    return db_run(db, arena, SQL_DELETION_PURGED,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_int(rows)),
                  NULL);
}

Error *deletion_end_purge(Arena *arena, Db *db, const Deletion *deletion, int64_t now)
{
    return db_run(db, arena, SQL_DELETION_END_PURGE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_time(now)),
                  NULL);
}

Error *deletion_resume(Arena *arena, Db *db, const Deletion *deletion)
{
    return db_run(db, arena, SQL_DELETION_RESUME,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id)), NULL);
}

Error *deletion_old_archives(Arena *arena, Db *db, const OldQuery *query, OldArchive **ret_archives,
                             size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(OldArchive) found = {0};
    TRY(db_query(db, arena, SQL_DELETION_OLD_ARCHIVES,
                 PARAMS(value_time(query->completed_by), value_time(query->after_completed_at),
                        value_uuid(query->after_id), value_time(query->now),
                        value_int(query->limit)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &found,
                 ((OldArchive){row_uuid(rows, 0), row_uuid(rows, 1), row_time(rows, 2)}));
    TRY(error);
    *ret_archives = found.items;
    *ret_count = found.count;
    return NULL;
}

/* --- the job --------------------------------------------------------------------------------- */

Error *job_newest_hold(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_at)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_JOB_NEWEST_HOLD, PARAMS(value_uuid(owner_id)), &rows));
    *ret_at = rows_next(rows, &error) ? row_time(rows, 0) : 0;
    return error;
}

Error *job_is_referred(Arena *arena, Db *db, const Deletion *deletion, bool *ret_referred)
{
    int64_t found = 0;
    TRY(db_number(db, arena, SQL_DELETION_ARCHIVES_OF_JOB,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->job_id),
                         value_uuid(deletion->id)),
                  &found));
    for (Kind kind = 0; kind < KIND_COUNT && found == 0; kind++)
        TRY(db_number(db, arena, SQL_JOB_PREDICTION_REFERS + (int)kind,
                      PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->job_id)),
                      &found));
    *ret_referred = found > 0;
    return NULL;
}

Error *job_part_purge(Arena *arena, Db *db, const Deletion *deletion, JobPart part, int64_t limit,
                      int64_t *ret_removed)
{
    static const Sql statements[JOB_PART_COUNT] = {
        [JOB_PART_FILE] = SQL_FILE_PURGE,
        [JOB_PART_ERRORS] = SQL_PROBLEM_PURGE,
        [JOB_PART_MARKS] = SQL_MARK_PURGE,
        [JOB_PART_COVERING] = SQL_COVERING_PURGE,
        [JOB_PART_COMPANY_CHANGES] = SQL_COMPANY_CHANGES_PURGE,
    };
    return db_run(
        db, arena, statements[part],
        PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->job_id), value_int(limit)),
        ret_removed);
}

/* --- companies ------------------------------------------------------------------------------- */

Error *archived_companies_some(Arena *arena, Db *db, const Deletion *deletion, int64_t limit,
                               Uuid **ret_companies, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Uuid) found = {0};
    TRY(db_query(db, arena, SQL_ARCHIVED_COMPANY_SOME,
                 PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_int(limit)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &found, row_uuid(rows, 0));
    TRY(error);
    *ret_companies = found.items;
    *ret_count = found.count;
    return NULL;
}

Error *archived_company_remove(Arena *arena, Db *db, const Deletion *deletion, Uuid company_id)
{
    return db_run(
        db, arena, SQL_ARCHIVED_COMPANY_DELETE_ONE,
        PARAMS(value_uuid(deletion->owner_id), value_uuid(company_id), value_uuid(deletion->id)),
        NULL);
}

Error *company_sweep(Arena *arena, Db *db, Uuid owner_id, Uuid company_id, bool *ret_removed)
{
    int64_t removed = 0;
    TRY(db_run(db, arena, SQL_COMPANY_SWEEP, PARAMS(value_uuid(owner_id), value_uuid(company_id)),
               &removed));
    *ret_removed = removed > 0;
    return NULL;
}

/* The last id of all, where the walk has less than a slice before it. */
static const Uuid LAST = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                           0xFF, 0xFF, 0xFF, 0xFF}};

static Error *walk_end(Arena *arena, Db *db, int64_t slice, const CompanyPlace *from,
                       CompanyPlace *ret_end)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_COMPANY_WALK_END,
                 PARAMS(value_uuid(from->owner_id), value_uuid(from->id), value_int(slice - 1)),
                 &rows));
    if (rows_next(rows, &error))
        *ret_end = (CompanyPlace){row_uuid(rows, 0), row_uuid(rows, 1)};
    return error;
}

Error *company_walk(Arena *arena, Db *db, int64_t slice, CompanyPlace *place,
                    CompanyPlace **ret_found, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(CompanyPlace) found = {0};
    CompanyPlace end = {LAST, LAST};
    TRY(walk_end(arena, db, slice, place, &end));
    TRY(db_query(db, arena, SQL_COMPANY_WALK_DELETED,
                 PARAMS(value_uuid(place->owner_id), value_uuid(place->id),
                        value_uuid(end.owner_id), value_uuid(end.id)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &found, ((CompanyPlace){row_uuid(rows, 0), row_uuid(rows, 1)}));
    TRY(error);
    *place = uuid_equal(end.id, LAST) ? (CompanyPlace){UUID_NIL, UUID_NIL} : end;
    *ret_found = found.items;
    *ret_count = found.count;
    return NULL;
}
