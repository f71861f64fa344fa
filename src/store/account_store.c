/* Users are read by address, by id and by token with the same columns in the same order. */
#include "store/account_store.h"

#include "base/vec.h"
#include "model/words.h"
#include "store/statements.h"

static const char *const TOKEN_WORDS[TOKEN_KIND_COUNT] = {"session", "api_key", "verify", "reset",
                                                          "setup"};

static Value digest_value(const Digest *digest)
{
    return value_bytes((Str){(const char *)digest->bytes, sizeof digest->bytes});
}

Error *owner_insert(Arena *arena, Db *db, Uuid id, OwnerKind kind, int64_t now)
{
    TRY(db_run(db, arena, SQL_OWNER_INSERT,
               PARAMS(value_uuid(id), value_text(ACCESS_LEVEL_WORDS[kind])), NULL));
    Digest none = {{0}};
    return db_run(db, arena, SQL_AUDIT_HEAD_SET,
                  PARAMS(value_uuid(id), value_int(0), digest_value(&none), value_time(now),
                         value_null(VALUE_BYTES)),
                  NULL);
}

Error *user_insert(Arena *arena, Db *db, const User *user)
{
    Error *error = db_run(
        db, arena, SQL_USER_INSERT,
        PARAMS(value_uuid(user->id), value_text(user->email), value_text(user->username),
               value_text(user->full_name), value_text(user->password_hash),
               value_text(ROLE_WORDS[user->role]), value_bool(user->is_active),
               value_time_or_null(user->verified_at), value_time(user->created_at),
               value_bool(user->is_service),
               user->has_organization ? value_uuid(user->organization_id) : value_null(VALUE_UUID)),
        NULL);
    if (error != NULL && error->code == ERROR_CONFLICT)
        return error_because(ERROR(arena, ERROR_CONFLICT,
                                   "There is a user with the address %s already.", user->email),
                             error);
    TRY(error);
    return owner_insert(arena, db, user->id, OWNER_PERSONAL, user->created_at);
}

enum { USER_COLUMNS = 15 };

User *user_read(Arena *arena, const Rows *rows)
{
    User *user = ARENA_NEW(arena, User);
    int role = words_find(ROLE_WORDS, ROLE_COUNT, row_str(rows, 5));
    *user = (User){.id = row_uuid(rows, 0),
                   .email = row_text(rows, 1),
                   .username = row_text(rows, 2),
                   .full_name = row_text(rows, 3),
                   .password_hash = row_text(rows, 4),
                   .role = role < 0 ? ROLE_USER : (Role)role,
                   .is_active = row_bool(rows, 6),
                   .verified_at = row_time(rows, 7),
                   .created_at = row_time(rows, 8),
                   .is_service = row_bool(rows, 9),
                   .deleted_at = row_time(rows, 10),
                   .has_organization = !row_is_null(rows, 11),
                   .organization_open = !row_is_null(rows, 12)};
    if (user->has_organization)
        user->organization_id = row_uuid(rows, 11);
    if (user->organization_open) {
        user->organization_name = row_text(rows, 13);
        user->organization_reads_system = row_bool(rows, 14);
    }
    return user;
}

static Error *one_user(Arena *arena, Db *db, Sql sql, const Value *params, size_t count,
                       User **ret_user)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, params, count, &rows));
    User *user = rows_next(rows, &error) ? user_read(arena, rows) : NULL;
    TRY(error);
    *ret_user = user;
    return NULL;
}

Error *user_by_email(Arena *arena, Db *db, Str email, User **ret_user)
{
    Str lower = str_lower(arena, email);
    return one_user(arena, db, SQL_USER_BY_EMAIL, PARAMS(value_str(lower)), ret_user);
}

Error *user_by_id(Arena *arena, Db *db, Uuid id, User **ret_user)
{
    return one_user(arena, db, SQL_USER_BY_ID, PARAMS(value_uuid(id)), ret_user);
}

Error *user_list(Arena *arena, Db *db, User **ret_users, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(User) users = {0};
    TRY(db_query(db, arena, SQL_USER_LIST, NO_PARAMS, &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &users, *user_read(arena, rows));
    TRY(error);
    *ret_users = users.items;
    *ret_count = users.count;
    return NULL;
}

Error *user_any(Arena *arena, Db *db, bool *ret_any)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_USER_ANY, NO_PARAMS, &rows));
    *ret_any = rows_next(rows, &error);
    return error;
}

Error *user_has_password(Arena *arena, Db *db, Uuid id, const char *hash, bool *ret_same)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_USER_LOCK, PARAMS(value_uuid(id)), &rows));
    *ret_same = rows_next(rows, &error) && str_is(row_str(rows, 0), hash);
    return error;
}

Error *user_set_password(Arena *arena, Db *db, Uuid id, const char *hash, int64_t now)
{
    return db_run(db, arena, SQL_USER_SET_PASSWORD,
                  PARAMS(value_uuid(id), value_text(hash), value_time(now)), NULL);
}

Error *user_set_verified(Arena *arena, Db *db, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_USER_SET_VERIFIED, PARAMS(value_uuid(id), value_time(now)), NULL);
}

Error *user_set_active(Arena *arena, Db *db, Uuid id, bool active, int64_t now)
{
    return db_run(db, arena, SQL_USER_SET_ACTIVE,
                  PARAMS(value_uuid(id), value_bool(active), value_time(now)), NULL);
}

/* --- tokens ---------------------------------------------------------------------------------- */

Uuid token_id(Digest digest)
{
    Uuid id; /* the secret has 256 random bits: half of its digest leads nowhere */
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

const char *token_kind_word(TokenKind kind)
{
    return TOKEN_WORDS[kind];
}

static const char *scopes_text(Arena *arena, unsigned scopes)
{
    Buf text = buf_new(arena, 64);
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (scopes >> i & 1)
            buf_printf(&text, "%s%s", buf_str(&text).len == 0 ? "" : " ", SCOPE_WORDS[i]);
    return scopes == 0 ? NULL : buf_str(&text).ptr;
}

unsigned token_scopes_read(Str text)
{
    unsigned scopes = 0;
    Str word;
    while (str_next(&text, ' ', &word)) {
        int scope = words_find(SCOPE_WORDS, SCOPE_COUNT, word);
        scopes |= scope < 0 ? 0 : 1u << scope;
    }
    return scopes;
}

Error *token_insert(Arena *arena, Db *db, const Token *token)
{
    return db_run(db, arena, SQL_TOKEN_INSERT,
                  PARAMS(digest_value(&token->digest), value_text(TOKEN_WORDS[token->kind]),
                         value_uuid(token->user_id), value_time(token->created_at),
                         value_time(token->expires_at), value_text(token->name),
                         value_text(scopes_text(arena, token->scopes)), value_text(token->address)),
                  NULL);
}

Error *token_user(Arena *arena, Db *db, Digest digest, int64_t now, Token *ret_token,
                  User **ret_user)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_TOKEN_USER, PARAMS(digest_value(&digest), value_time(now)), &rows));
    User *user = rows_next(rows, &error) ? user_read(arena, rows) : NULL;
    TRY(error);
    if (user != NULL)
        *ret_token = (Token){.digest = digest,
                             .kind = (TokenKind)words_find(TOKEN_WORDS, TOKEN_KIND_COUNT,
                                                           row_str(rows, USER_COLUMNS)),
                             .user_id = user->id,
                             .scopes = row_is_null(rows, USER_COLUMNS + 1)
                                           ? 0
                                           : token_scopes_read(row_str(rows, USER_COLUMNS + 1)),
                             .expires_at = row_time(rows, USER_COLUMNS + 2),
                             .last_used = row_time(rows, USER_COLUMNS + 3)};
    *ret_user = user;
    return NULL;
}

Error *token_is_good(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now,
                     bool *ret_good)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_TOKEN_FIND,
                 PARAMS(digest_value(&digest), value_text(TOKEN_WORDS[kind]), value_time(now)),
                 &rows));
    *ret_good = rows_next(rows, &error);
    return error;
}

Error *token_delete(Arena *arena, Db *db, Digest digest, bool *ret_was_there)
{
    int64_t removed = 0;
    TRY(db_run(db, arena, SQL_TOKEN_DELETE, PARAMS(digest_value(&digest)), &removed));
    *ret_was_there = removed > 0;
    return NULL;
}

Error *token_delete_of_user(Arena *arena, Db *db, Uuid user_id, TokenKind kind)
{
    return db_run(db, arena, SQL_TOKEN_DELETE_OF_USER,
                  PARAMS(value_uuid(user_id), value_text(TOKEN_WORDS[kind])), NULL);
}

Error *token_sweep(Arena *arena, Db *db, int64_t now, int64_t *ret_removed)
{
    return db_run(db, arena, SQL_TOKEN_SWEEP, PARAMS(value_time(now)), ret_removed);
}

Error *owner_touch(Arena *arena, Db *db, Uuid owner_id)
{
    return db_run(db, arena, SQL_OWNER_TOUCH, PARAMS(value_uuid(owner_id)), NULL);
}
