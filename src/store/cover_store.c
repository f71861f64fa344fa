/* Covering rows are few beside the rows of a job, and are walked in the order of the file. */
#include "store/cover_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "store/id_list.h"
#include "store/statements.h"

enum { SWAP_OFF = 1, SWAP_ON = 8, TIES_MAX = 1000000 };

typedef struct CoveringRows {
    Uuid owner_id;
    const CoveringRow *rows;
} CoveringRows;

static void fill_covering(const void *self, size_t row, Value *values)
{
    const CoveringRows *covering = self;
    values[0] = value_uuid(covering->owner_id);
    values[1] = value_uuid(covering->rows[row].job_id);
    values[2] = value_int(covering->rows[row].job_row);
    values[3] = value_uuid(covering->rows[row].prediction_id);
}

Error *covering_add(Arena *arena, Db *db, Uuid owner_id, const CoveringRow *rows, size_t count)
{
    if (count == 0)
        return NULL;
    if (!db_can_load(db)) {
        CoveringRows covering = {owner_id, rows};
        return db_run_many(db, arena, SQL_COVERING_INSERT, count, fill_covering, &covering, NULL);
    }
    Uuid *jobs = ARENA_ARRAY(arena, Uuid, count), *ids = ARENA_ARRAY(arena, Uuid, count);
    Buf numbers = buf_new(arena, count * 24 + 1);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = rows[i].job_id;
        ids[i] = rows[i].prediction_id;
        buf_printf(&numbers, "%s%lld", i == 0 ? "" : ",", (long long)rows[i].job_row);
    }
    return db_run(db, arena, SQL_COVERING_INSERT_MANY,
                  PARAMS(value_uuid(owner_id), id_list(arena, jobs, count),
                         value_str(buf_str(&numbers)), id_list(arena, ids, count)),
                  NULL);
}

Error *covering_add_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id, bool inferred)
{
    return db_run(db, arena, SQL_COVERING_INSERT_OF_JOB + (int)kind,
                  PARAMS(value_uuid(owner_id), value_uuid(job_id), value_bool(inferred)), NULL);
}

Error *covering_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t most,
                      int64_t *ret_count)
{
    return db_number(db, arena, SQL_COVERING_COUNT,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id), value_int(most)), ret_count);
}

static VersionRef read_ref(const Rows *rows, int column)
{
    return (VersionRef){.id = row_uuid(rows, column),
                        .has_job = !row_is_null(rows, column + 1),
                        .job_id = row_uuid(rows, column + 1),
                        .job_row = row_int(rows, column + 2),
                        .job_link = (JobLink)row_int(rows, column + 3),
                        .year = (int)row_int(rows, column + 4),
                        .risk_level = (RiskLevel)row_int(rows, column + 5),
                        .sector = row_str(rows, column + 6)};
}

static Error *read_swaps(Arena *arena, Rows *rows, VersionSwap **ret_swaps, size_t *ret_count)
{
    Error *error = NULL;
    VEC(VersionSwap) swaps = {0};
    while (rows_next(rows, &error)) {
        VersionSwap swap = {.job_row = row_int(rows, 0), .off_any = !row_is_null(rows, SWAP_OFF)};
        if (swap.off_any)
            swap.off = read_ref(rows, SWAP_OFF);
        swap.on = read_ref(rows, SWAP_ON);
        vec_push(arena, &swaps, swap);
    }
    TRY(error);
    *ret_swaps = swaps.items;
    *ret_count = swaps.count;
    return NULL;
}

static Error *pass_end(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_last,
                       int64_t *ret_looked)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    *ret_last = query->after;
    *ret_looked = 0;
    TRY(db_query(db, arena, SQL_COVERING_END,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_int(query->after), value_int(query->limit)),
                 &rows));
    if (rows_next(rows, &error) && row_int(rows, 1) > 0) {
        *ret_last = row_int(rows, 0);
        *ret_looked = row_int(rows, 1);
    }
    return error;
}

Error *covering_to_uncover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                           size_t *ret_count, int64_t *ret_last, int64_t *ret_looked)
{
    TRY(pass_end(arena, db, query, ret_last, ret_looked));
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_COVERING_UNCOVER + (int)query->kind,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_int(query->after), value_int(*ret_last), value_int(TIES_MAX),
                        value_bool(query->inferred),
                        id_hex_list(arena, query->others, query->other_count)),
                 &rows));
    return read_swaps(arena, rows, ret_swaps, ret_count);
}

Error *covering_to_cover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                         size_t *ret_count, int64_t *ret_last, int64_t *ret_looked)
{
    TRY(pass_end(arena, db, query, ret_last, ret_looked));
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_COVERING_COVER + (int)query->kind,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_int(query->after), value_int(*ret_last), value_int(TIES_MAX)),
                 &rows));
    return read_swaps(arena, rows, ret_swaps, ret_count);
}

Error *edits_of_job(Arena *arena, Db *db, const SwapQuery *query, Uuid **ret_ids, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Uuid) ids = {0};
    TRY(db_query(db, arena, SQL_EDITS_OF_JOB + (int)query->kind,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_int(query->limit), value_uuid_or_null(query->edits_by)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &ids, row_uuid(rows, 0));
    TRY(error);
    *ret_ids = ids.items;
    *ret_count = ids.count;
    return NULL;
}

Error *edits_count_of_job(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_count)
{
    return db_number(db, arena, SQL_EDITS_COUNT_OF_JOB + (int)query->kind,
                     PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                            value_uuid_or_null(query->edits_by)),
                     ret_count);
}

Error *edits_to_uncover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                        size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_EDITS_UNCOVER + (int)query->kind,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_int(query->limit), value_uuid_or_null(query->edits_by),
                        id_hex_list(arena, query->others, query->other_count)),
                 &rows));
    return read_swaps(arena, rows, ret_swaps, ret_count);
}

typedef struct Flagged {
    Uuid owner_id;
    const Uuid *ids;
    bool current;
} Flagged;

static void fill_flag(const void *self, size_t row, Value *values)
{
    const Flagged *flagged = self;
    values[0] = value_uuid(flagged->owner_id);
    values[1] = value_uuid(flagged->ids[row]);
    values[2] = value_bool(flagged->current);
}

Error *prediction_set_current_many(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                                   size_t count, bool current, int64_t *ret_changed)
{
    *ret_changed = 0;
    if (count == 0)
        return NULL;
    if (db_can_load(db))
        return db_run(db, arena, SQL_PREDICTION_SET_CURRENT_MANY + (int)kind,
                      PARAMS(value_uuid(owner_id), id_list(arena, ids, count), value_bool(current)),
                      ret_changed);
    Flagged flagged = {owner_id, ids, current};
    uint8_t *changed = ARENA_ARRAY(arena, uint8_t, count);
    TRY(db_run_many(db, arena, SQL_PREDICTION_SET_CURRENT + (int)kind, count, fill_flag, &flagged,
                    changed));
    for (size_t i = 0; i < count; i++)
        *ret_changed += changed[i];
    return NULL;
}

/* --- retired versions ------------------------------------------------------------------------ */

Error *retired_add(Arena *arena, Db *db, Uuid owner_id, Uuid deletion_id, const Uuid *predictions,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) /* the versions of one key */
        TRY(db_run(
            db, arena, SQL_RETIRED_INSERT,
            PARAMS(value_uuid(owner_id), value_uuid(predictions[i]), value_uuid(deletion_id)),
            NULL));
    return NULL;
}

Error *retired_remove(Arena *arena, Db *db, Uuid owner_id, Uuid deletion_id)
{
    return db_run(db, arena, SQL_RETIRED_DELETE,
                  PARAMS(value_uuid(owner_id), value_uuid(deletion_id)), NULL);
}

Error *retired_find(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count,
                    bool *ret_any, bool *ret_retired)
{
    int64_t any = 0;
    memset(ret_retired, 0, count * sizeof *ret_retired);
    TRY(db_number(db, arena, SQL_RETIRED_ANY, PARAMS(value_uuid(owner_id)), &any));
    *ret_any = any > 0;
    for (size_t i = 0; any > 0 && i < count; i++) { /* rare: most owners have none at all */
        int64_t found = 0;
        TRY(db_number(db, arena, SQL_RETIRED_HAS, PARAMS(value_uuid(owner_id), value_uuid(ids[i])),
                      &found));
        ret_retired[i] = found > 0;
    }
    return NULL;
}
