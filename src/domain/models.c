/* A model never changes once it is stored, so its parsed card is kept for the life of the process, by id.
 * The cache is a short list in an arena of its own behind a mutex; entries are never removed. */
#include "domain/models.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/audit.h"
#include "format/card_json.h"
#include "store/model_store.h"

#include <pthread.h>

typedef struct CacheEntry {
    LoadedModel model;
    struct CacheEntry *next;
} CacheEntry;

static pthread_mutex_t cache_mutex = PTHREAD_MUTEX_INITIALIZER;
static Arena *cache_arena;
static CacheEntry *cache;

static const LoadedModel *cache_find(Uuid id)
{
    pthread_mutex_lock(&cache_mutex);
    CacheEntry *entry = cache;
    while (entry != NULL && !uuid_equal(entry->model.row.id, id))
        entry = entry->next;
    pthread_mutex_unlock(&cache_mutex);
    return entry == NULL ? NULL : &entry->model;
}

/* Parses into the cache's own arena: the card outlives the caller's. */
static Error *cache_add(Arena *arena, const ModelRow *row, const LoadedModel **ret_model)
{
    pthread_mutex_lock(&cache_mutex);
    if (cache_arena == NULL)
        cache_arena = arena_new(0);
    ScoreCard *card = NULL;
    Error *error = error_copy(arena, card_parse(cache_arena, row->file, &card));
    if (error == NULL) {
        CacheEntry *entry = ARENA_NEW(cache_arena, CacheEntry);
        entry->model.row = *row;
        entry->model.row.name = arena_strdup(cache_arena, row->name);
        entry->model.row.version = arena_strdup(cache_arena, row->version);
        entry->model.row.file = (Str){"", 0};
        entry->model.card = card;
        entry->next = cache;
        cache = entry;
        *ret_model = &entry->model;
    }
    pthread_mutex_unlock(&cache_mutex);
    return error;
}

static Error *refuse_others(Arena *arena, const Principal *who)
{
    if (principal_is_admin(who, SYSTEM_OWNER))
        return NULL;
    return ERROR(arena, ERROR_DENIED, "Only a super_admin adds and activates models.");
}

static Error *note(Arena *arena, Db *db, const Principal *who, const char *action, Uuid id)
{
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = SYSTEM_OWNER,
                                   .action = action,
                                   .object_kind = "model",
                                   .object_id = id,
                                   .count = -1});
}

/* In the transaction: the row that is there, or a new one. */
static Error *find_or_insert(Arena *arena, Db *db, const Principal *who, ModelRow *wanted,
                             ModelRow **ret_model)
{
    ModelRow *there = NULL;
    TRY(model_by_name(arena, db, wanted->kind, wanted->name, wanted->version, &there));
    if (there != NULL && memcmp(&there->digest, &wanted->digest, sizeof there->digest) != 0)
        return ERROR(
            arena, ERROR_CONFLICT,
            "There is another %s model named %s, version %s. Give the new card a version of "
            "its own: a model never changes.",
            kind_spec(wanted->kind)->word, wanted->name, wanted->version);
    *ret_model = there != NULL ? there : wanted;
    if (there != NULL)
        return NULL;
    TRY(model_insert(arena, db, wanted, who->user_id));
    return note(arena, db, who, "model.added", wanted->id);
}

Error *models_add(Arena *arena, Db *db, const Principal *who, Str file, bool activate,
                  ModelRow **ret_model)
{
    TRY(refuse_others(arena, who));
    ScoreCard *card = NULL;
    TRY(card_parse(arena, file, &card));
    ModelRow *wanted = ARENA_NEW(arena, ModelRow);
    *wanted = (ModelRow){.id = uuid_new(),
                         .kind = card->kind,
                         .name = card->name,
                         .version = card->version,
                         .digest = digest_of(file),
                         .file = file,
                         .illustrative = card->illustrative,
                         .created_at = clock_now()};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(find_or_insert(arena, db, who, wanted, ret_model));
    if (activate && !(*ret_model)->active) {
        TRY(model_activate(arena, db, card->kind, (*ret_model)->id));
        TRY(note(arena, db, who, "model.activated", (*ret_model)->id));
        (*ret_model)->active = true;
    }
    return tx_commit(&tx, arena);
}

Error *models_activate(Arena *arena, Db *db, const Principal *who, Uuid id, ModelRow **ret_model)
{
    TRY(refuse_others(arena, who));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(models_get(arena, db, id, ret_model));
    TRY(model_activate(arena, db, (*ret_model)->kind, id));
    TRY(note(arena, db, who, "model.activated", id));
    (*ret_model)->active = true;
    return tx_commit(&tx, arena);
}

Error *models_list(Arena *arena, Db *db, ModelRow **ret_models, size_t *ret_count)
{
    return model_list(arena, db, ret_models, ret_count);
}

Error *models_get(Arena *arena, Db *db, Uuid id, ModelRow **ret_model)
{
    TRY(model_by_id(arena, db, id, ret_model));
    return *ret_model != NULL ? NULL : ERROR(arena, ERROR_NOT_FOUND, "There is no such model.");
}

Error *models_load(Arena *arena, Db *db, Uuid id, const LoadedModel **ret_model)
{
    const LoadedModel *cached = cache_find(id);
    if (cached != NULL) {
        *ret_model = cached;
        return NULL;
    }
    ModelRow *row = NULL;
    TRY(models_get(arena, db, id, &row));
    return cache_add(arena, row, ret_model);
}

Error *models_active(Arena *arena, Db *db, Kind kind, const LoadedModel **ret_model)
{
    Uuid id;
    TRY(model_active_id(arena, db, kind, &id));
    if (uuid_is_nil(id))
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT,
                  "There is no active %s model to score with. Add one: obligor model add FILE "
                  "--activate.",
                  kind_spec(kind)->word),
            "no_active_model");
    return models_load(arena, db, id, ret_model);
}
