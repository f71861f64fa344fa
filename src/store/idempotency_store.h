/* Idempotency keys in the database. */
#ifndef OBLIGOR_STORE_IDEMPOTENCY_STORE_H
#define OBLIGOR_STORE_IDEMPOTENCY_STORE_H

#include "base/crypto.h"
#include "store/db.h"

typedef struct KeptAnswer {
    const char *route;
    Digest request;
    Uuid object_id;
    int64_t expires_at;
    Uuid former_id; /* nil: none */
} KeptAnswer;

Error *idempotency_select(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key,
                          KeptAnswer **ret_kept) MUST_CHECK; /* may be NULL */
Error *idempotency_insert(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key,
                          const KeptAnswer *kept) MUST_CHECK;
Error *idempotency_delete(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key) MUST_CHECK;
Error *idempotency_delete_expired(Arena *arena, Db *db, int64_t now, int64_t *ret_removed)
    MUST_CHECK;

#endif
