/* Where the engine is another process, many keys go in one statement. */
#include "store/key_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/job.h"
#include "store/filter.h"
#include "store/id_list.h"
#include "store/statements.h"

#include <stdlib.h>

typedef VEC(KeyVersion) VersionVec;

/* `key`: of which all rows are; else each row says it. */
static Error *read_versions(Arena *arena, Rows *rows, size_t key, VersionVec *versions)
{
    Error *error = NULL;
    while (rows_next(rows, &error))
        vec_push(arena, versions,
                 (KeyVersion){.key = key + (size_t)row_int(rows, 0),
                              .id = row_uuid(rows, 1),
                              .is_current = row_bool(rows, 2),
                              .job_id = row_uuid(rows, 3),
                              .root_job_id = row_uuid(rows, 4),
                              .created_by = row_uuid(rows, 5),
                              .created_at = row_time(rows, 6)});
    return error;
}

static Error *versions_of_key(Arena *arena, Db *db, const PredictionKey *keys, size_t at,
                              VersionVec *versions)
{
    const PredictionKey *key = &keys[at];
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_KEY_VERSIONS + (int)key->kind,
                 PARAMS(value_uuid(key->owner_id), value_uuid(key->company_id),
                        value_int(key->year), value_int(key->quarter)),
                 &rows));
    return read_versions(arena, rows, at, versions);
}

static Error *versions_of_keys(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                               VersionVec *versions)
{
    Rows ROWS_AUTO *rows = NULL;
    Uuid *companies = ARENA_ARRAY(arena, Uuid, count);
    Buf years = buf_new(arena, count * 8), quarters = buf_new(arena, count * 8);
    for (size_t i = 0; i < count; i++) {
        companies[i] = keys[i].company_id;
        buf_printf(&years, "%s%d", i == 0 ? "" : ",", keys[i].year);
        buf_printf(&quarters, "%s%d", i == 0 ? "" : ",", keys[i].quarter);
    }
    TRY(db_query(db, arena, SQL_KEY_VERSIONS_MANY + (int)keys[0].kind,
                 PARAMS(value_uuid(keys[0].owner_id), id_list(arena, companies, count),
                        value_str(buf_str(&years)), value_str(buf_str(&quarters))),
                 &rows));
    return read_versions(arena, rows, 0, versions);
}

static int by_key(const void *a, const void *b)
{
    const KeyVersion *left = a, *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

Error *key_versions(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                    KeyVersion **ret_versions, size_t *ret_count)
{
    VersionVec versions = {0};
    if (count > 0 && db_can_load(db))
        TRY(versions_of_keys(arena, db, keys, count, &versions));
    else
        for (size_t i = 0; i < count; i++)
            TRY(versions_of_key(arena, db, keys, i, &versions));
    if (versions.count > 1)
        qsort(versions.items, versions.count, sizeof *versions.items, by_key);
    *ret_versions = versions.items;
    *ret_count = versions.count;
    return NULL;
}

Error *prediction_lock_many(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                            size_t count)
{
    if (count == 0 || !db_can_load(db))
        return NULL;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_LOCK_MANY + (int)kind,
                 PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), &rows));
    while (rows_next(rows, &error))
        continue;
    return error;
}

Error *key_of_company(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid company_id,
                      int64_t after, int64_t limit, PredictionKey **ret_keys, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(PredictionKey) keys = {0};
    TRY(db_query(
        db, arena, SQL_KEY_OF_COMPANY + (int)kind,
        PARAMS(value_uuid(owner_id), value_uuid(company_id), value_int(after), value_int(limit)),
        &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &keys,
                 (PredictionKey){kind, owner_id, company_id, (int)row_int(rows, 0),
                                 (int)row_int(rows, 1)});
    TRY(error);
    *ret_keys = keys.items;
    *ret_count = keys.count;
    return NULL;
}

/* --- what a filter would meet ---------------------------------------------------------------- */

/* Three ways to the rows, each with the statements that go it. */
typedef struct PurgeWay {
    Sql count;
    Sql empty;
} PurgeWay;

enum { PURGE_PARAMETERS = FILTER_PARAMETERS + 4 };

/* The parameters of one, the last only where a job is asked for. */
static PurgeWay purge_way(Arena *arena, const PurgeQuery *query, Value values[PURGE_PARAMETERS],
                          size_t *ret_count)
{
    const PredictionFilter *filter = query->filter;
    filter_values(arena, filter, values);
    values[FILTER_PARAMETERS] = value_uuid(query->owner_id);
    values[FILTER_PARAMETERS + 1] = value_uuid(query->user_id);
    values[FILTER_PARAMETERS + 2] = value_bool(query->anybodys);
    values[FILTER_PARAMETERS + 3] = value_uuid(filter->job_id);
    *ret_count = filter->has_job ? PURGE_PARAMETERS : PURGE_PARAMETERS - 1;
    if (filter->has_job)
        return (PurgeWay){SQL_PURGE_COUNT_JOB, SQL_PURGE_EMPTY_JOB};
    if (filter->has_company)
        return (PurgeWay){SQL_PURGE_COUNT_COMPANY, SQL_PURGE_EMPTY_COMPANY};
    return (PurgeWay){SQL_PURGE_COUNT_CREATED, SQL_PURGE_EMPTY_CREATED};
}

Error *purge_count(Arena *arena, Db *db, const PurgeQuery *query, int64_t *ret_keys,
                   int64_t *ret_mine, int64_t *ret_former)
{
    Value values[PURGE_PARAMETERS];
    size_t count = 0;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    PurgeWay way = purge_way(arena, query, values, &count);
    TRY(db_query(db, arena, way.count + (int)query->kind, values, count, &rows));
    if (rows_next(rows, &error)) {
        *ret_keys = row_int(rows, 0);
        *ret_mine = row_int(rows, 1);
        *ret_former = row_int(rows, 2);
    }
    return error;
}

Error *purge_empty_companies(Arena *arena, Db *db, const PurgeQuery *query, int64_t *ret_count)
{
    Value values[PURGE_PARAMETERS];
    size_t count = 0;
    PurgeWay way = purge_way(arena, query, values, &count);
    return db_number(db, arena, way.empty + (int)query->kind, values, count, ret_count);
}

/* --- companies, owners ----------------------------------------------------------------------- */

Error *company_count_empty(Arena *arena, Db *db, Uuid owner_id, const Uuid *companies, size_t count,
                           int64_t *ret_empty)
{
    *ret_empty = 0;
    if (count > 0 && db_can_load(db))
        return db_number(db, arena, SQL_COMPANY_ARE_EMPTY,
                         PARAMS(value_uuid(owner_id), id_list(arena, companies, count)), ret_empty);
    for (size_t i = 0; i < count; i++) {
        int64_t empty = 0;
        TRY(db_number(db, arena, SQL_COMPANY_IS_EMPTY,
                      PARAMS(value_uuid(owner_id), value_uuid(companies[i])), &empty));
        *ret_empty += empty;
    }
    return NULL;
}

Error *company_delete(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now, bool *ret_marked)
{
    int64_t changed = 0;
    TRY(db_run(db, arena, SQL_COMPANY_DELETE,
               PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), &changed));
    *ret_marked = changed > 0;
    return NULL;
}

Error *company_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_COMPANY_LOCK, PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    (void)rows_next(rows, &error);
    return error;
}

Error *job_hold_any(Arena *arena, Db *db, Uuid owner_id, bool *ret_any)
{
    int64_t found = 0;
    TRY(db_number(db, arena, SQL_JOB_HOLD_ANY, PARAMS(value_uuid(owner_id)), &found));
    *ret_any = found > 0;
    return NULL;
}

Error *owner_revision(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_revision)
{
    return db_number(db, arena, SQL_OWNER_REVISION, PARAMS(value_uuid(owner_id)), ret_revision);
}

Error *prediction_look_up(Arena *arena, Db *db, Prediction *p)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Value job = p->has_job ? value_uuid(p->job_id) : value_null(VALUE_UUID);
    TRY(db_query(db, arena, SQL_ARCHIVED_LOOKED_UP,
                 PARAMS(value_uuid(p->owner_id), value_uuid(p->company_id), value_uuid(p->model_id),
                        job, value_uuid(p->created_by)),
                 &rows));
    if (rows_next(rows, &error)) {
        p->company_symbol = row_str(rows, 0);
        p->company_name = row_str(rows, 1);
        p->original_filename = row_text(rows, 2);
        p->job_deleted = str_is(row_str(rows, 3), JOB_STATUS_WORDS[JOB_DELETED]);
        p->model_name = row_text(rows, 4);
        p->model_version = row_text(rows, 5);
        p->created_by_email = row_text(rows, 6);
    }
    return error;
}
