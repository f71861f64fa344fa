/* The key is looked up and kept inside the transaction of the effect, so that two requests with one key
 * cannot both have it. */
#include "domain/idempotency.h"

#include "base/clock.h"
#include "store/idempotency_store.h"

static Uuid owner_of(const Principal *who)
{
    return principal_writes_to(who, false);
}

Error *idempotency_find(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                        IdempotentAnswer *ret_answer)
{
    *ret_answer = (IdempotentAnswer){0};
    if (key->key.len == 0)
        return NULL;
    KeptAnswer *kept = NULL;
    TRY(idempotency_select(arena, db, owner_of(who), who->user_id, key->key, &kept));
    if (kept == NULL)
        return NULL;
    if (kept->expires_at <= clock_now())
        return idempotency_delete(arena, db, owner_of(who), who->user_id, key->key);
    if (!str_is(str_from(kept->route), key->route) ||
        memcmp(&kept->request, &key->request, sizeof kept->request) != 0) {
        ErrorField *fields = NULL;
        error_field_add(arena, &fields, "Idempotency-Key", "used_for_another_request",
                        "This Idempotency-Key was used for another request. Use a new one.");
        return error_from_fields(arena, fields);
    }
    *ret_answer = (IdempotentAnswer){true, kept->object_id, kept->former_id};
    return NULL;
}

Error *idempotency_keep_both(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                             const IdempotentAnswer *answer)
{
    if (key->key.len == 0)
        return NULL;
    KeptAnswer kept = {key->route, key->request, answer->object_id, clock_now() + HOURS(24),
                       answer->former_id};
    return idempotency_insert(arena, db, owner_of(who), who->user_id, key->key, &kept);
}

Error *idempotency_keep(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                        Uuid object_id)
{
    const IdempotentAnswer answer = {.object_id = object_id};
    return idempotency_keep_both(arena, db, who, key, &answer);
}

Error *idempotency_sweep(Arena *arena, Db *db, int64_t *ret_removed)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(idempotency_delete_expired(arena, db, clock_now(), ret_removed));
    return tx_commit(&tx, arena);
}
