/* Score cards as rows. Lists leave the file out; the row by id has it. */
#include "store/model_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "store/statements.h"

Error *model_insert(Arena *arena, Db *db, const ModelRow *model, Uuid created_by)
{
    return db_run(db, arena, SQL_MODEL_INSERT,
                  PARAMS(value_uuid(model->id), value_text(kind_spec(model->kind)->word),
                         value_text(model->name), value_text(model->version),
                         value_bytes((Str){(const char *)model->digest.bytes, DIGEST_SIZE}),
                         value_bytes(model->file), value_bool(model->illustrative),
                         value_uuid_or_null(created_by), value_time(model->created_at)),
                  NULL);
}

static ModelRow *read_model(Arena *arena, const Rows *rows)
{
    ModelRow *model = ARENA_NEW(arena, ModelRow);
    *model = (ModelRow){.id = row_uuid(rows, 0),
                        .name = row_text(rows, 2),
                        .version = row_text(rows, 3),
                        .active = row_bool(rows, 5),
                        .illustrative = row_bool(rows, 6),
                        .created_at = row_time(rows, 7)};
    CHECK(kind_parse(row_str(rows, 1), &model->kind));
    Str digest = row_bytes(rows, 4);
    CHECK(digest.len == DIGEST_SIZE);
    memcpy(model->digest.bytes, digest.ptr, DIGEST_SIZE);
    if (rows_columns(rows) > 8)
        model->file = row_bytes(rows, 8);
    return model;
}

static Error *one_model(Arena *arena, Db *db, Sql sql, const Value *params, size_t count,
                        ModelRow **ret_model)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, params, count, &rows));
    ModelRow *model = rows_next(rows, &error) ? read_model(arena, rows) : NULL;
    TRY(error);
    *ret_model = model;
    return NULL;
}

Error *model_by_name(Arena *arena, Db *db, Kind kind, const char *name, const char *version,
                     ModelRow **ret_model)
{
    return one_model(
        arena, db, SQL_MODEL_BY_NAME,
        PARAMS(value_text(kind_spec(kind)->word), value_text(name), value_text(version)),
        ret_model);
}

Error *model_by_id(Arena *arena, Db *db, Uuid id, ModelRow **ret_model)
{
    return one_model(arena, db, SQL_MODEL_BY_ID, PARAMS(value_uuid(id)), ret_model);
}

Error *model_active_id(Arena *arena, Db *db, Kind kind, Uuid *ret_id)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_MODEL_ACTIVE, PARAMS(value_text(kind_spec(kind)->word)), &rows));
    *ret_id = rows_next(rows, &error) ? row_uuid(rows, 0) : UUID_NIL;
    return error;
}

Error *model_list(Arena *arena, Db *db, ModelRow **ret_models, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(ModelRow) models = {0};
    TRY(db_query(db, arena, SQL_MODEL_LIST, NO_PARAMS, &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &models, *read_model(arena, rows));
    TRY(error);
    *ret_models = models.items;
    *ret_count = models.count;
    return NULL;
}

Error *model_activate(Arena *arena, Db *db, Kind kind, Uuid id)
{
    TRY(db_run(db, arena, SQL_MODEL_DEACTIVATE, PARAMS(value_text(kind_spec(kind)->word)), NULL));
    return db_run(db, arena, SQL_MODEL_ACTIVATE, PARAMS(value_uuid(id)), NULL);
}
