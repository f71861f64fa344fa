/* One prediction as a row. The columns come in the order that tools/make_statements.py writes them in:
 * the common ones, the ratios padded to RATIO_MAX, the scores padded to SCORE_MAX, then what is looked up
 * in other tables. */
#include "store/prediction_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/job.h"
#include "store/id_list.h"
#include "store/statements.h"

enum { COMMON_COLUMNS = 19, RATIO_COLUMN = 19, SCORE_COLUMN = 24, LOOKED_UP = 27 };

static size_t fill_values(const Prediction *p, Value *values)
{
    const KindSpec *spec = kind_spec(p->kind);
    const Value common[COMMON_COLUMNS] = {
        value_uuid(p->owner_id),
        value_uuid(p->id),
        value_uuid(p->company_id),
        value_small(p->year),
        value_small(p->quarter),
        p->has_job ? value_uuid(p->job_id) : value_null(VALUE_UUID),
        p->has_job && p->job_row != 0 ? value_int(p->job_row) : value_null(VALUE_INT),
        value_small(p->job_link),
        value_small(p->source),
        value_uuid_or_null(p->derived_from),
        value_uuid_or_null(p->root_job_id),
        value_str(p->sector),
        value_real_if(p->market_cap.present, p->market_cap.value),
        value_small(p->score.risk_level),
        value_real(p->score.confidence),
        value_uuid(p->model_id),
        value_bool(p->is_current),
        value_uuid(p->created_by),
        value_time(p->created_at),
    };
    size_t count = COMMON_COLUMNS;
    memcpy(values, common, sizeof common);
    for (size_t i = 0; i < spec->ratio_count; i++)
        values[count++] = value_real_if(p->ratios[i].present, p->ratios[i].value);
    for (size_t i = 0; i < spec->score_count; i++)
        values[count++] = value_real_if(p->score.present[i], p->score.values[i]);
    return count;
}

Error *prediction_insert(Arena *arena, Db *db, const Prediction *p, bool *ret_made)
{
    Value values[COMMON_COLUMNS + RATIO_MAX + SCORE_MAX];
    size_t count = fill_values(p, values);
    int64_t changed = 0;
    TRY(db_run(db, arena, SQL_PREDICTION_INSERT + (int)p->kind, values, count, &changed));
    *ret_made = changed > 0;
    return NULL;
}

static void fill_row(const void *self, size_t row, Value *values)
{
    const Prediction *const *items = self;
    fill_values(items[row], values);
}

Error *prediction_insert_many(Arena *arena, Db *db, const Prediction *const *items, size_t count,
                              uint8_t *ret_made)
{
    if (count == 0)
        return NULL;
    return db_run_many(db, arena, SQL_PREDICTION_INSERT + (int)items[0]->kind, count, fill_row,
                       items, ret_made);
}

Error *prediction_load(Arena *arena, Db *db, const Prediction *const *items, size_t count,
                       bool *ret_loaded)
{
    *ret_loaded = count == 0;
    if (count == 0 || !db_can_load(db))
        return NULL;
    const KindSpec *spec = kind_spec(items[0]->kind);
    return db_load(db, arena, SQL_PREDICTION_COPY + (int)items[0]->kind, count,
                   COMMON_COLUMNS + spec->ratio_count + spec->score_count, fill_row, items,
                   ret_loaded);
}

static Ratio read_ratio(const Rows *rows, int column)
{
    return (Ratio){row_real(rows, column), !row_is_null(rows, column)};
}

void prediction_read_stored(const Rows *rows, Kind kind, Prediction *p)
{
    const KindSpec *spec = kind_spec(kind);
    *p = (Prediction){
        .kind = kind,
        .owner_id = row_uuid(rows, 0),
        .id = row_uuid(rows, 1),
        .company_id = row_uuid(rows, 2),
        .year = (int)row_int(rows, 3),
        .quarter = (int)row_int(rows, 4),
        .has_job = !row_is_null(rows, 5),
        .job_id = row_uuid(rows, 5),
        .job_row = row_int(rows, 6),
        .job_link = (JobLink)row_int(rows, 7),
        .source = (Source)row_int(rows, 8),
        .derived_from = row_uuid(rows, 9),
        .root_job_id = row_uuid(rows, 10),
        .sector = row_str(rows, 11),
        .market_cap = read_ratio(rows, 12),
        .score = {.risk_level = (RiskLevel)row_int(rows, 13), .confidence = row_real(rows, 14)},
        .model_id = row_uuid(rows, 15),
        .is_current = row_bool(rows, 16),
        .created_by = row_uuid(rows, 17),
        .created_at = row_time(rows, 18)};
    for (size_t i = 0; i < spec->ratio_count; i++)
        p->ratios[i] = read_ratio(rows, RATIO_COLUMN + (int)i);
    for (size_t i = 0; i < spec->score_count; i++) {
        p->score.values[i] = row_real(rows, SCORE_COLUMN + (int)i);
        p->score.present[i] = !row_is_null(rows, SCORE_COLUMN + (int)i);
    }
    p->score.probability = p->score.values[spec->score_count - 1];
}

void prediction_read(const Rows *rows, Kind kind, Prediction *p)
{
    prediction_read_stored(rows, kind, p);
    p->company_symbol = row_str(rows, LOOKED_UP);
    p->company_name = row_str(rows, LOOKED_UP + 1);
    p->original_filename = row_text(rows, LOOKED_UP + 2);
    p->job_deleted = str_is(row_str(rows, LOOKED_UP + 3), JOB_STATUS_WORDS[JOB_DELETED]);
    p->model_name = row_text(rows, LOOKED_UP + 4);
    p->model_version = row_text(rows, LOOKED_UP + 5);
    p->created_by_email = row_text(rows, LOOKED_UP + 6);
}

static Error *one(Arena *arena, Db *db, Sql sql, Kind kind, const Value *params, size_t count,
                  Prediction **ret_prediction, bool *ret_hidden)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Prediction *prediction = NULL;
    bool hidden = false;
    TRY(db_query(db, arena, sql, params, count, &rows));
    if (rows_next(rows, &error)) {
        prediction = ARENA_NEW(arena, Prediction);
        prediction_read(rows, kind, prediction);
        hidden = row_bool(rows, PREDICTION_COLUMNS);
    }
    TRY(error);
    *ret_prediction = prediction;
    *ret_hidden = hidden;
    return NULL;
}

static Error *many(Arena *arena, Db *db, Sql sql, Kind kind, const Value *params, size_t count,
                   Prediction **ret_items, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Prediction) items = {0};
    TRY(db_query(db, arena, sql, params, count, &rows));
    while (rows_next(rows, &error)) {
        Prediction prediction;
        prediction_read(rows, kind, &prediction);
        TRY(arena_room(arena));
        vec_push(arena, &items, prediction);
    }
    TRY(error);
    *ret_items = items.items;
    *ret_count = items.count;
    return NULL;
}

Error *prediction_find(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id,
                       Prediction **ret_prediction, bool *ret_hidden)
{
    return one(arena, db, SQL_PREDICTION_GET + (int)kind, kind,
               PARAMS(value_uuid(owner_id), value_uuid(id)), ret_prediction, ret_hidden);
}

PredictionKey prediction_key(const Prediction *p)
{
    return (PredictionKey){p->kind, p->owner_id, p->company_id, p->year, p->quarter};
}

#define KEY_PARAMS(key)                                                                            \
    value_uuid((key)->owner_id), value_uuid((key)->company_id), value_int((key)->year),            \
        value_int((key)->quarter)

Error *prediction_current(Arena *arena, Db *db, const PredictionKey *key,
                          Prediction **ret_prediction, bool *ret_hidden)
{
    return one(arena, db, SQL_PREDICTION_CURRENT + (int)key->kind, key->kind,
               PARAMS(KEY_PARAMS(key)), ret_prediction, ret_hidden);
}

/* The keys as three lists in text, for a statement that takes them apart again. */
static Error *query_many(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                         Rows **ret_rows)
{
    Buf companies = buf_new(arena, count * 64), years = buf_new(arena, count * 16);
    Buf quarters = buf_new(arena, count * 16);
    for (size_t i = 0; i < count; i++) {
        char id[UUID_TEXT_SIZE];
        uuid_format(id, keys[i].company_id);
        const char *comma = i == 0 ? "" : ",";
        buf_printf(&companies, "%s%s", comma, id);
        buf_printf(&years, "%s%d", comma, keys[i].year);
        buf_printf(&quarters, "%s%d", comma, keys[i].quarter);
    }
    return db_query(db, arena, SQL_PREDICTION_CURRENT_MANY + (int)keys[0].kind,
                    PARAMS(value_uuid(keys[0].owner_id), value_str(buf_str(&companies)),
                           value_str(buf_str(&years)), value_str(buf_str(&quarters))),
                    ret_rows);
}

Error *prediction_current_many(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                               Prediction **ret_holders, bool *ret_hidden)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    if (!db_can_load(db)) { /* an embedded engine: a call is no journey */
        for (size_t i = 0; i < count; i++)
            TRY(prediction_current(arena, db, &keys[i], &ret_holders[i], &ret_hidden[i]));
        return NULL;
    }
    memset(ret_holders, 0, count * sizeof(Prediction *));
    if (count == 0)
        return NULL;
    TRY(query_many(arena, db, keys, count, &rows));
    while (rows_next(rows, &error)) {
        size_t at = (size_t)row_int(rows, PREDICTION_COLUMNS + 1) - 1;
        CHECK(at < count);
        ret_holders[at] = ARENA_NEW(arena, Prediction);
        prediction_read(rows, keys[0].kind, ret_holders[at]);
        ret_hidden[at] = row_bool(rows, PREDICTION_COLUMNS);
    }
    return error;
}

Error *prediction_former(Arena *arena, Db *db, const PredictionKey *key, int64_t limit,
                         Prediction **ret_items, size_t *ret_count)
{
    return many(arena, db, SQL_PREDICTION_VERSIONS + (int)key->kind, key->kind,
                PARAMS(KEY_PARAMS(key), value_int(limit)), ret_items, ret_count);
}

Error *prediction_lock(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_LOCK + (int)kind,
                 PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    (void)rows_next(rows, &error);
    return error;
}

static Error *lock_each(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                        size_t count, Uuid *ret_current, size_t *ret_count)
{
    for (size_t i = 0; i < count; i++) {
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        TRY(db_query(db, arena, SQL_PREDICTION_LOCK + (int)kind,
                     PARAMS(value_uuid(owner_id), value_uuid(ids[i])), &rows));
        if (rows_next(rows, &error) && row_bool(rows, 0))
            ret_current[(*ret_count)++] = ids[i];
        TRY(error);
    }
    return NULL;
}

Error *prediction_lock_current(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                               size_t count, Uuid *ret_current, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    *ret_count = 0;
    if (!db_can_load(db)) /* an embedded engine: a call is no journey */
        return lock_each(arena, db, kind, owner_id, ids, count, ret_current, ret_count);
    TRY(db_query(db, arena, SQL_PREDICTION_LOCK_CURRENT + (int)kind,
                 PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), &rows));
    while (rows_next(rows, &error))
        if (row_bool(rows, 1))
            ret_current[(*ret_count)++] = row_uuid(rows, 0);
    return error;
}

Error *prediction_unset_current(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id,
                                bool *ret_changed)
{
    int64_t changed = 0;
    TRY(db_run(db, arena, SQL_PREDICTION_UNSET_CURRENT + (int)kind,
               PARAMS(value_uuid(owner_id), value_uuid(id)), &changed));
    *ret_changed = changed > 0;
    return NULL;
}

Error *prediction_delete(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id)
{
    return db_run(db, arena, SQL_PREDICTION_DELETE + (int)kind,
                  PARAMS(value_uuid(owner_id), value_uuid(id)), NULL);
}

Error *prediction_delete_former(Arena *arena, Db *db, const PredictionKey *key, int64_t *ret_rows)
{
    return db_run(db, arena, SQL_PREDICTION_DELETE_FORMER + (int)key->kind, PARAMS(KEY_PARAMS(key)),
                  ret_rows);
}

Error *prediction_jobs_of_former(Arena *arena, Db *db, const PredictionKey *key, JobRows **ret_jobs,
                                 size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(JobRows) jobs = {0};
    TRY(db_query(db, arena, SQL_PREDICTION_JOBS_OF_KEY + (int)key->kind, PARAMS(KEY_PARAMS(key)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &jobs, ((JobRows){row_uuid(rows, 0), row_int(rows, 1)}));
    TRY(error);
    *ret_jobs = jobs.items;
    *ret_count = jobs.count;
    return NULL;
}

Error *prediction_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id, int64_t after,
                         int64_t limit, Prediction **ret_items, size_t *ret_count)
{
    return many(
        arena, db, SQL_PREDICTION_OF_JOB + (int)kind, kind,
        PARAMS(value_uuid(owner_id), value_uuid(job_id), value_int(after), value_int(limit)),
        ret_items, ret_count);
}

Error *prediction_count_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id,
                               int64_t *ret_count)
{
    return db_number(db, arena, SQL_PREDICTION_COUNT_OF_JOB + (int)kind,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id)), ret_count);
}

Error *prediction_lone_companies(Arena *arena, Db *db, const SwapQuery *query, bool edits,
                                 int64_t *ret_count)
{
    return db_number(db, arena, SQL_PREDICTION_LONE_COMPANIES + (int)query->kind,
                     PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                            value_bool(edits), value_uuid_or_null(query->edits_by),
                            id_hex_list(arena, query->others, query->other_count)),
                     ret_count);
}

Error *prediction_inferred_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id,
                                  int64_t *ret_count)
{
    return db_number(db, arena, SQL_PREDICTION_INFERRED_OF_JOB + (int)kind,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id)), ret_count);
}
