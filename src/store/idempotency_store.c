/* Kept answers as rows. */
#include "store/idempotency_store.h"

#include "base/check.h"
#include "store/statements.h"

Error *idempotency_select(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key,
                          KeptAnswer **ret_kept)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    KeptAnswer *kept = NULL;
    TRY(db_query(db, arena, SQL_IDEMPOTENCY_FIND,
                 PARAMS(value_uuid(owner_id), value_uuid(user_id), value_str(key)), &rows));
    if (rows_next(rows, &error)) {
        Str request = row_bytes(rows, 1);
        CHECK(request.len == DIGEST_SIZE);
        kept = ARENA_NEW(arena, KeptAnswer);
        kept->route = row_text(rows, 0);
        memcpy(kept->request.bytes, request.ptr, DIGEST_SIZE);
        kept->object_id = row_uuid(rows, 2);
        kept->expires_at = row_time(rows, 3);
        kept->former_id = row_uuid(rows, 4);
    }
    TRY(error);
    *ret_kept = kept;
    return NULL;
}

Error *idempotency_insert(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key,
                          const KeptAnswer *kept)
{
    return db_run(db, arena, SQL_IDEMPOTENCY_INSERT,
                  PARAMS(value_uuid(owner_id), value_uuid(user_id), value_str(key),
                         value_text(kept->route),
                         value_bytes((Str){(const char *)kept->request.bytes, DIGEST_SIZE}),
                         value_uuid(kept->object_id), value_time(kept->expires_at),
                         value_uuid_or_null(kept->former_id)),
                  NULL);
}

Error *idempotency_delete(Arena *arena, Db *db, Uuid owner_id, Uuid user_id, Str key)
{
    return db_run(db, arena, SQL_IDEMPOTENCY_DELETE,
                  PARAMS(value_uuid(owner_id), value_uuid(user_id), value_str(key)), NULL);
}

Error *idempotency_delete_expired(Arena *arena, Db *db, int64_t now, int64_t *ret_removed)
{
    return db_run(db, arena, SQL_IDEMPOTENCY_SWEEP, PARAMS(value_time(now)), ret_removed);
}
