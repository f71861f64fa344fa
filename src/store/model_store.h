/* The registry of models in the database. */
#ifndef OBLIGOR_STORE_MODEL_STORE_H
#define OBLIGOR_STORE_MODEL_STORE_H

#include "model/model_row.h"
#include "store/db.h"

Error *model_insert(Arena *arena, Db *db, const ModelRow *model, Uuid created_by) MUST_CHECK;
Error *model_by_name(Arena *arena, Db *db, Kind kind, const char *name, const char *version,
                     ModelRow **ret_model) MUST_CHECK; /* may be NULL */
Error *model_by_id(Arena *arena, Db *db, Uuid id, ModelRow **ret_model)
    MUST_CHECK;                                                                   /* may be NULL */
Error *model_active_id(Arena *arena, Db *db, Kind kind, Uuid *ret_id) MUST_CHECK; /* may be nil */
Error *model_list(Arena *arena, Db *db, ModelRow **ret_models, size_t *ret_count) MUST_CHECK;

/* Makes it the one active model of its kind. */
Error *model_activate(Arena *arena, Db *db, Kind kind, Uuid id) MUST_CHECK;

#endif
