/* The registry of score cards. */
#ifndef OBLIGOR_DOMAIN_MODELS_H
#define OBLIGOR_DOMAIN_MODELS_H

#include "model/card.h"
#include "model/model_row.h"
#include "model/user.h"
#include "store/db.h"

typedef struct LoadedModel {
    ModelRow row;          /* without the file */
    const ScoreCard *card; /* lives as long as the process */
} LoadedModel;

/* Checks and stores a card. The same file again gives the row that is there (and activates it when
 * asked); another file of the same kind, name and version is ERROR_CONFLICT. super_admin or the
 * operator only (ERROR_DENIED). */
Error *models_add(Arena *arena, Db *db, const Principal *who, Str file, bool activate,
                  ModelRow **ret_model) MUST_CHECK;
Error *models_activate(Arena *arena, Db *db, const Principal *who, Uuid id, ModelRow **ret_model)
    MUST_CHECK;
Error *models_list(Arena *arena, Db *db, ModelRow **ret_models, size_t *ret_count) MUST_CHECK;
Error *models_get(Arena *arena, Db *db, Uuid id, ModelRow **ret_model)
    MUST_CHECK; /* with its file */

/* The active model of a kind, parsed once per process. ERROR_CONFLICT with reason "no_active_model" and
 * what to do when there is none. */
Error *models_active(Arena *arena, Db *db, Kind kind, const LoadedModel **ret_model) MUST_CHECK;
Error *models_load(Arena *arena, Db *db, Uuid id, const LoadedModel **ret_model) MUST_CHECK;

#endif
