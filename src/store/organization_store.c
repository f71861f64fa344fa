/* An organization is read with the same columns in the same order, whichever way it is found. */
#include "store/organization_store.h"

#include "base/vec.h"
#include "model/words.h"
#include "store/account_store.h"
#include "store/statements.h"

static Value digest_value(const Digest *digest)
{
    return value_bytes((Str){(const char *)digest->bytes, sizeof digest->bytes});
}

static Value limit_value(int64_t max_users)
{
    return max_users > 0 ? value_int(max_users) : value_null(VALUE_INT);
}

static Error *explain(Arena *arena, Error *error, const char *slug)
{
    if (error == NULL || error->code != ERROR_CONFLICT)
        return error;
    return error_because(
        error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "The short name \"%s\" is taken. Choose another.", slug),
            "slug_taken"),
        error);
}

Error *organization_insert(Arena *arena, Db *db, const Organization *organization,
                           Digest join_token)
{
    const Organization *o = organization;
    Error *error = db_run(
        db, arena, SQL_ORGANIZATION_INSERT,
        PARAMS(value_uuid(o->id), value_text(o->slug), value_text(o->name),
               value_bool(o->is_active), digest_value(&join_token), value_bool(o->join_enabled),
               value_text(ROLE_WORDS[o->default_role]), limit_value(o->max_users),
               value_bool(o->reads_system), value_uuid(o->created_by), value_time(o->created_at)),
        NULL);
    TRY(explain(arena, error, o->slug));
    return owner_insert(arena, db, o->id, OWNER_ORGANIZATION, o->created_at);
}

/* In the order of make_statements.py. */
static Organization *read_organization(Arena *arena, const Rows *rows)
{
    Organization *found = ARENA_NEW(arena, Organization);
    int role = words_find(ROLE_WORDS, ROLE_COUNT, row_str(rows, 6));
    *found = (Organization){.id = row_uuid(rows, 0),
                            .slug = row_text(rows, 1),
                            .name = row_text(rows, 2),
                            .is_active = row_bool(rows, 3),
                            .has_token = row_bool(rows, 4),
                            .join_enabled = row_bool(rows, 5),
                            .default_role = role < 0 ? ROLE_ORG_VIEWER : (Role)role,
                            .max_users = row_int(rows, 7),
                            .reads_system = row_bool(rows, 8),
                            .revision = row_int(rows, 9),
                            .created_by = row_uuid(rows, 10),
                            .created_at = row_time(rows, 11),
                            .updated_at = row_time(rows, 12),
                            .deleted_at = row_time(rows, 13),
                            .deletion_id = row_uuid(rows, 14),
                            .members = row_int(rows, 15)};
    return found;
}

static Error *one(Arena *arena, Db *db, Sql sql, Value by, Organization **ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, &by, 1, &rows));
    Organization *found = rows_next(rows, &error) ? read_organization(arena, rows) : NULL;
    TRY(error);
    *ret_found = found;
    return NULL;
}

Error *organization_by_id(Arena *arena, Db *db, Uuid id, Organization **ret_found)
{
    return one(arena, db, SQL_ORGANIZATION_BY_ID, value_uuid(id), ret_found);
}

Error *organization_by_slug(Arena *arena, Db *db, Str slug, Organization **ret_found)
{
    return one(arena, db, SQL_ORGANIZATION_BY_SLUG, value_str(slug), ret_found);
}

Error *organization_by_token(Arena *arena, Db *db, Digest token, Organization **ret_found)
{
    return one(arena, db, SQL_ORGANIZATION_BY_TOKEN, digest_value(&token), ret_found);
}

Error *organization_lock(Arena *arena, Db *db, Uuid id, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_ORGANIZATION_LOCK, PARAMS(value_uuid(id)), &rows));
    *ret_found = rows_next(rows, &error);
    return error;
}

Error *organization_list(Arena *arena, Db *db, const OrganizationQuery *query,
                         Organization **ret_items, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Organization) items = {0};
    TRY(db_query(db, arena, SQL_ORGANIZATION_LIST,
                 PARAMS(value_time(query->before_created_at), value_uuid(query->before_id),
                        value_bool(query->deleted), value_int(query->limit)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &items, *read_organization(arena, rows));
    TRY(error);
    *ret_items = items.items;
    *ret_count = items.count;
    return NULL;
}

Error *organization_count(Arena *arena, Db *db, const OrganizationQuery *query, int64_t *ret_count)
{
    return db_number(db, arena, SQL_ORGANIZATION_COUNT, PARAMS(value_bool(query->deleted)),
                     ret_count);
}

Error *organization_update(Arena *arena, Db *db, const Organization *organization, int64_t now)
{
    const Organization *o = organization;
    Error *error = db_run(db, arena, SQL_ORGANIZATION_UPDATE,
                          PARAMS(value_uuid(o->id), value_text(o->slug), value_text(o->name),
                                 value_bool(o->is_active), value_bool(o->join_enabled),
                                 value_text(ROLE_WORDS[o->default_role]), limit_value(o->max_users),
                                 value_bool(o->reads_system), value_time(now)),
                          NULL);
    return explain(arena, error, o->slug);
}

Error *organization_set_token(Arena *arena, Db *db, Uuid id, Digest token, int64_t now)
{
    return db_run(db, arena, SQL_ORGANIZATION_SET_TOKEN,
                  PARAMS(value_uuid(id), digest_value(&token), value_time(now)), NULL);
}

Error *organization_touch(Arena *arena, Db *db, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_ORGANIZATION_TOUCH, PARAMS(value_uuid(id), value_time(now)), NULL);
}

Error *organization_set_deleted(Arena *arena, Db *db, Uuid id, int64_t deleted_at, Uuid deletion_id,
                                int64_t now)
{
    return db_run(db, arena, SQL_ORGANIZATION_SET_DELETED,
                  PARAMS(value_uuid(id), value_time_or_null(deleted_at),
                         deleted_at == 0 ? value_null(VALUE_UUID) : value_uuid(deletion_id),
                         value_time(now)),
                  NULL);
}

Error *organization_counts(Arena *arena, Db *db, Uuid id, OrganizationCounts *ret_counts)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_ORGANIZATION_COUNTS, PARAMS(value_uuid(id)), &rows));
    if (rows_next(rows, &error)) {
        ret_counts->jobs = row_int(rows, 0);
        ret_counts->companies = row_int(rows, 1);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            ret_counts->predictions[kind] = row_int(rows, 2 + kind);
    }
    return error;
}

Error *organization_part_remove(Arena *arena, Db *db, Uuid id, OrganizationPart part, int64_t limit,
                                int64_t *ret_removed)
{
    static const Sql statements[ORGANIZATION_PART_COUNT] = {
        [PART_DELETION_CHUNKS] = SQL_PURGE_DELETION_CHUNKS,
        [PART_ARCHIVED_COMPANIES] = SQL_PURGE_ARCHIVED_COMPANIES,
        [PART_RETIRED_VERSIONS] = SQL_PURGE_RETIRED_VERSIONS,
        [PART_COVERING_ROWS] = SQL_PURGE_COVERING_ROWS,
        [PART_COMPANY_CHANGES] = SQL_PURGE_COMPANY_CHANGES,
        [PART_PREDICTIONS + KIND_ANNUAL] = SQL_PURGE_PREDICTIONS + KIND_ANNUAL,
        [PART_PREDICTIONS + KIND_QUARTERLY] = SQL_PURGE_PREDICTIONS + KIND_QUARTERLY,
        [PART_COUNTS] = SQL_PURGE_PREDICTION_COUNTS,
        [PART_JOB_ERRORS] = SQL_PURGE_BULK_UPLOAD_ERRORS,
        [PART_JOB_FILES] = SQL_PURGE_BULK_UPLOAD_FILES,
        [PART_JOB_MARKS] = SQL_PURGE_JOB_ROW_MARKS,
        [PART_KEYS] = SQL_PURGE_IDEMPOTENCY_KEYS,
        [PART_DELETIONS] = SQL_PURGE_DELETIONS,
        [PART_COMPANIES] = SQL_PURGE_COMPANIES,
        [PART_JOBS] = SQL_PURGE_BULK_UPLOAD_JOBS,
    };
    return db_run(db, arena, statements[part], PARAMS(value_uuid(id), value_int(limit)),
                  ret_removed);
}

Error *organization_release(Arena *arena, Db *db, Uuid id, int64_t now)
{
    TRY(db_run(db, arena, SQL_PURGE_WHITELIST, PARAMS(value_uuid(id)), NULL));
    TRY(db_run(db, arena, SQL_PURGE_PLACES, PARAMS(value_uuid(id), value_time(now)), NULL));
    return db_run(db, arena, SQL_PURGE_TOKEN, PARAMS(value_uuid(id), value_time(now)), NULL);
}

/* --- who may join -------------------------------------------------------------------------------- */

Error *whitelist_add(Arena *arena, Db *db, Uuid organization_id, const WhitelistEntry *entry,
                     bool *ret_new)
{
    int64_t added = 0;
    TRY(db_run(db, arena, SQL_WHITELIST_ADD,
               PARAMS(value_uuid(organization_id), value_text(entry->pattern),
                      value_uuid(entry->added_by), value_time(entry->created_at)),
               &added));
    *ret_new = added > 0;
    return NULL;
}

Error *whitelist_remove(Arena *arena, Db *db, Uuid organization_id, Str pattern,
                        bool *ret_was_there)
{
    int64_t removed = 0;
    TRY(db_run(db, arena, SQL_WHITELIST_REMOVE,
               PARAMS(value_uuid(organization_id), value_str(pattern)), &removed));
    *ret_was_there = removed > 0;
    return NULL;
}

Error *whitelist_list(Arena *arena, Db *db, Uuid organization_id, WhitelistEntry **ret_entries,
                      size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(WhitelistEntry) entries = {0};
    TRY(db_query(db, arena, SQL_WHITELIST_LIST, PARAMS(value_uuid(organization_id)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &entries,
                 ((WhitelistEntry){row_text(rows, 0), row_uuid(rows, 1), row_time(rows, 2)}));
    TRY(error);
    *ret_entries = entries.items;
    *ret_count = entries.count;
    return NULL;
}

Error *whitelist_count(Arena *arena, Db *db, Uuid organization_id, int64_t *ret_count)
{
    return db_number(db, arena, SQL_WHITELIST_COUNT, PARAMS(value_uuid(organization_id)),
                     ret_count);
}

Error *whitelist_admits(Arena *arena, Db *db, Uuid organization_id, Str email, bool *ret_admits)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Str address = str_lower(arena, email);
    size_t at = 0;
    Str domain = str_find(address, '@', &at) ? str_slice(address, at, address.len) : address;
    TRY(db_query(db, arena, SQL_WHITELIST_ADMITS,
                 PARAMS(value_uuid(organization_id), value_str(address), value_str(domain)),
                 &rows));
    if (rows_next(rows, &error))
        *ret_admits = !row_bool(rows, 0) || row_bool(rows, 1);
    return error;
}

/* --- members and users --------------------------------------------------------------------------- */

Error *user_place_lock(Arena *arena, Db *db, Uuid id, Uuid *ret_place)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_USER_PLACE_LOCK, PARAMS(value_uuid(id)), &rows));
    *ret_place = rows_next(rows, &error) ? row_uuid(rows, 0) : UUID_NIL;
    return error;
}

Error *user_set_place(Arena *arena, Db *db, const User *user, int64_t now)
{
    return db_run(
        db, arena, SQL_USER_SET_PLACE,
        PARAMS(value_uuid(user->id),
               user->has_organization ? value_uuid(user->organization_id) : value_null(VALUE_UUID),
               value_text(ROLE_WORDS[user->role]), value_time(now)),
        NULL);
}

Error *user_change(Arena *arena, Db *db, const User *user, int64_t now)
{
    return db_run(db, arena, SQL_USER_CHANGE,
                  PARAMS(value_uuid(user->id), value_text(ROLE_WORDS[user->role]),
                         value_bool(user->is_active), value_text(user->full_name),
                         value_time_or_null(user->verified_at), value_time(now)),
                  NULL);
}

Error *user_set_deleted(Arena *arena, Db *db, Uuid id, int64_t deleted_at, int64_t now)
{
    return db_run(db, arena, SQL_USER_SET_DELETED,
                  PARAMS(value_uuid(id), value_time_or_null(deleted_at), value_time(now)), NULL);
}

Error *member_admins(Arena *arena, Db *db, Uuid organization_id, Uuid but_for, int64_t *ret_count)
{
    return db_number(db, arena, SQL_MEMBER_ADMINS,
                     PARAMS(value_uuid(organization_id), value_uuid(but_for)), ret_count);
}

/* The words as ",one,two,"; empty: any. */
static Value role_list(Arena *arena, unsigned roles)
{
    Buf text = buf_new(arena, 256);
    for (int role = 0; role < ROLE_COUNT; role++)
        if (roles >> role & 1)
            buf_printf(&text, "%s%s,", buf_str(&text).len == 0 ? "," : "", ROLE_WORDS[role]);
    return value_str(buf_str(&text));
}

Error *user_page(Arena *arena, Db *db, const UserQuery *query, User **ret_users, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(User) users = {0};
    const Value params[] = {
        value_uuid(query->organization_id), value_time(query->before_created_at),
        value_uuid(query->before_id),       value_str(query->email_part),
        role_list(arena, query->roles),     value_int(query->active),
        value_bool(query->deleted),         value_int(query->limit)};
    size_t count = sizeof params / sizeof *params;
    TRY(query->has_organization ? db_query(db, arena, SQL_MEMBER_PAGE, params, count, &rows)
                                : db_query(db, arena, SQL_USER_PAGE, params + 1, count - 1, &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &users, *user_read(arena, rows));
    TRY(error);
    *ret_users = users.items;
    *ret_count = users.count;
    return NULL;
}

Error *user_count(Arena *arena, Db *db, const UserQuery *query, int64_t *ret_count)
{
    const Value params[] = {value_uuid(query->organization_id), value_str(query->email_part),
                            role_list(arena, query->roles), value_int(query->active),
                            value_bool(query->deleted)};
    size_t count = sizeof params / sizeof *params;
    return query->has_organization
               ? db_number(db, arena, SQL_MEMBER_COUNT, params, count, ret_count)
               : db_number(db, arena, SQL_USER_COUNT, params + 1, count - 1, ret_count);
}
