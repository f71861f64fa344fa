/* Appending to a chain: the head is locked first, so entries of one owner never fork. */
#include "store/audit_store.h"

#include "base/check.h"
#include "store/statements.h"

Error *audit_head_lock(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    AuditHead head = {0};
    TRY(db_query(db, arena, SQL_AUDIT_HEAD, PARAMS(value_uuid(owner_id)), &rows));
    if (rows_next(rows, &error)) {
        Str digest = row_bytes(rows, 1);
        CHECK(digest.len == DIGEST_SIZE);
        head.seq = row_int(rows, 0);
        memcpy(head.digest.bytes, digest.ptr, DIGEST_SIZE);
    }
    TRY(error);
    *ret_head = head;
    return NULL;
}

Error *audit_append(Arena *arena, Db *db, const AuditEvent *event, Digest digest)
{
    Value digest_bytes = value_bytes((Str){(const char *)digest.bytes, DIGEST_SIZE});
    TRY(db_run(db, arena, SQL_AUDIT_INSERT,
               PARAMS(value_uuid(event->owner_id), value_int(event->seq), value_time(event->at),
                      value_uuid(event->user_id), value_text(event->actor), value_text(event->via),
                      value_text(event->address), value_text(event->request_id),
                      value_text(event->action), value_text(event->object_kind),
                      value_uuid(event->object_id),
                      event->count < 0 ? value_null(VALUE_INT) : value_int(event->count),
                      value_text(event->reason), value_text(event->details), digest_bytes),
               NULL));
    return db_run(db, arena, SQL_AUDIT_HEAD_SET,
                  PARAMS(value_uuid(event->owner_id), value_int(event->seq), digest_bytes,
                         value_time(event->at)),
                  NULL);
}
