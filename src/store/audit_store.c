/* Appending to a chain, where the head is locked first, so that entries of one owner never fork; and reading
 * it in stretches, which cost what they are long: the numbers of a chain have no gaps, so a stretch of numbers
 * is a stretch of its primary key. */
#include "store/audit_store.h"

#include "base/vec.h"
#include "store/statements.h"

enum { FILTER_VALUES = 7 };

/* What was written past this program may have any length. */
static Digest read_digest(const Rows *rows, int column)
{
    Digest digest = {{0}};
    Str bytes = row_bytes(rows, column);
    if (bytes.len == DIGEST_SIZE)
        memcpy(digest.bytes, bytes.ptr, DIGEST_SIZE);
    return digest;
}

static Value digest_value(const Digest *digest)
{
    return value_bytes((Str){(const char *)digest->bytes, DIGEST_SIZE});
}

/* --- heads -------------------------------------------------------------------------------------- */

static AuditHead read_head(const Rows *rows)
{
    return (AuditHead){.owner_id = row_uuid(rows, 0),
                       .seq = row_int(rows, 1),
                       .digest = read_digest(rows, 2),
                       .at = row_time(rows, 3),
                       .sealed = !row_is_null(rows, 4),
                       .seal = read_digest(rows, 4)};
}

static Error *find_head(Arena *arena, Db *db, Sql sql, Uuid owner_id, AuditHead *ret_head,
                        bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, PARAMS(value_uuid(owner_id)), &rows));
    bool found = rows_next(rows, &error);
    TRY(error);
    *ret_head = found ? read_head(rows) : (AuditHead){.owner_id = owner_id};
    if (ret_found != NULL)
        *ret_found = found;
    return NULL;
}

Error *audit_head_lock(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head)
{
    return find_head(arena, db, SQL_AUDIT_HEAD_LOCK, owner_id, ret_head, NULL);
}

Error *audit_head_find(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head, bool *ret_found)
{
    return find_head(arena, db, SQL_AUDIT_HEAD, owner_id, ret_head, ret_found);
}

Error *audit_heads_behind(Arena *arena, Db *db, Uuid owner_id, int64_t limit, AuditHead **ret_heads,
                          size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(AuditHead) heads = {0};
    TRY(db_query(db, arena, SQL_AUDIT_HEADS_BEHIND, PARAMS(value_uuid(owner_id), value_int(limit)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &heads, read_head(rows));
    TRY(error);
    *ret_heads = heads.items;
    *ret_count = heads.count;
    return NULL;
}

Error *audit_owner_behind(Arena *arena, Db *db, Uuid owner_id, Uuid *ret_owner, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    AuditHead *heads = NULL;
    size_t count = 0;
    TRY(audit_heads_behind(arena, db, owner_id, 1, &heads, &count));
    TRY(db_query(db, arena, SQL_AUDIT_OWNER_BEHIND, PARAMS(value_uuid(owner_id)), &rows));
    bool has_entries = rows_next(rows, &error);
    TRY(error);
    Uuid of_entries = has_entries ? row_uuid(rows, 0) : UUID_NIL;
    bool head_first =
        count > 0 && (!has_entries || uuid_compare(heads[0].owner_id, of_entries) < 0);
    *ret_found = count > 0 || has_entries;
    *ret_owner = head_first ? heads[0].owner_id : of_entries;
    return NULL;
}

/* --- entries ------------------------------------------------------------------------------------ */

Error *audit_append(Arena *arena, Db *db, const AuditEvent *event, Digest digest,
                    const Digest *seal)
{
    TRY(db_run(db, arena, SQL_AUDIT_INSERT,
               PARAMS(value_uuid(event->owner_id), value_int(event->seq), value_time(event->at),
                      value_uuid(event->user_id), value_text(event->actor), value_text(event->via),
                      value_text(event->address), value_text(event->request_id),
                      value_text(event->action), value_text(event->object_kind),
                      value_uuid(event->object_id),
                      event->count < 0 ? value_null(VALUE_INT) : value_int(event->count),
                      value_text(event->reason), value_text(event->details),
                      value_text(event->token), value_text(event->key_id), digest_value(&digest)),
               NULL));
    return db_run(db, arena, SQL_AUDIT_HEAD_SET,
                  PARAMS(value_uuid(event->owner_id), value_int(event->seq), digest_value(&digest),
                         value_time(event->at),
                         seal == NULL ? value_null(VALUE_BYTES) : digest_value(seal)),
                  NULL);
}

static AuditEntry read_entry(const Rows *rows)
{
    return (AuditEntry){.event = {.owner_id = row_uuid(rows, 0),
                                  .seq = row_int(rows, 1),
                                  .at = row_time(rows, 2),
                                  .user_id = row_uuid(rows, 3),
                                  .actor = row_text(rows, 4),
                                  .via = row_text(rows, 5),
                                  .address = row_text(rows, 6),
                                  .request_id = row_text(rows, 7),
                                  .action = row_text(rows, 8),
                                  .object_kind = row_text(rows, 9),
                                  .object_id = row_uuid(rows, 10),
                                  .count = row_is_null(rows, 11) ? -1 : row_int(rows, 11),
                                  .reason = row_text(rows, 12),
                                  .details = row_text(rows, 13),
                                  .token = row_text(rows, 14),
                                  .key_id = row_text(rows, 15)},
                        .digest = read_digest(rows, 16),
                        .sound = row_bool(rows, 17)};
}

static Error *read_entries(Arena *arena, Rows *rows, AuditEntry **ret_entries, size_t *ret_count)
{
    Error *error = NULL;
    VEC(AuditEntry) entries = {0};
    while (rows_next(rows, &error)) {
        AuditEntry entry = read_entry(rows);
        TRY(arena_room(arena));
        vec_push(arena, &entries, entry);
    }
    TRY(error);
    *ret_entries = entries.items;
    *ret_count = entries.count;
    return NULL;
}

static size_t stretch_values(AuditStretch stretch, const AuditFilter *filter, Value *values)
{
    size_t n = 0;
    values[n++] = value_uuid(stretch.owner_id);
    values[n++] = value_int(stretch.low);
    values[n++] = value_int(stretch.high);
    values[n++] = value_str(filter->action);
    values[n++] = value_str(filter->object_kind);
    values[n++] = filter->has_object ? value_uuid(filter->object_id) : value_null(VALUE_UUID);
    values[n++] = filter->has_user ? value_uuid(filter->user_id) : value_null(VALUE_UUID);
    values[n++] = value_str(filter->actor);
    values[n++] = value_time(filter->created_after);
    values[n++] = value_time(filter->created_before);
    return n;
}

Error *audit_walk(Arena *arena, Db *db, AuditStretch stretch, const AuditFilter *filter,
                  int64_t limit, AuditEntry **ret_entries, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Value values[FILTER_VALUES + 4];
    size_t count = stretch_values(stretch, filter, values);
    values[count++] = value_int(limit);
    TRY(db_query(db, arena, SQL_AUDIT_WALK, values, count, &rows));
    return read_entries(arena, rows, ret_entries, ret_count);
}

Error *audit_count(Arena *arena, Db *db, AuditStretch stretch, const AuditFilter *filter,
                   int64_t *ret_count)
{
    Value values[FILTER_VALUES + 4];
    size_t count = stretch_values(stretch, filter, values);
    return db_number(db, arena, SQL_AUDIT_COUNT, values, count, ret_count);
}

Error *audit_time(Arena *arena, Db *db, Uuid owner_id, int64_t seq, int64_t *ret_time)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_AUDIT_TIME, PARAMS(value_uuid(owner_id), value_int(seq)), &rows));
    *ret_time = rows_next(rows, &error) ? row_time(rows, 0) : INT64_MIN;
    return error;
}

Error *audit_read(Arena *arena, Db *db, Uuid owner_id, int64_t seq, int64_t limit,
                  AuditEntry **ret_entries, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_AUDIT_READ,
                 PARAMS(value_uuid(owner_id), value_int(seq), value_int(limit)), &rows));
    return read_entries(arena, rows, ret_entries, ret_count);
}
