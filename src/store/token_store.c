/* A list names a token by the first half of its digest, so one is found by it in the digest's own index: it
 * lies between that half with zeros and with ones behind it. */
#include "store/token_store.h"

#include "base/vec.h"
#include "store/statements.h"

static Value digest_value(const Digest *digest)
{
    return value_bytes((Str){(const char *)digest->bytes, sizeof digest->bytes});
}

static Value kind_value(TokenKind kind)
{
    return value_text(token_kind_word(kind));
}

Error *token_take(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now,
                  Token **ret_token)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Token *token = NULL;
    TRY(db_query(db, arena, SQL_TOKEN_TAKE,
                 PARAMS(digest_value(&digest), kind_value(kind), value_time(now)), &rows));
    if (rows_next(rows, &error)) {
        token = ARENA_NEW(arena, Token);
        *token = (Token){.digest = digest,
                         .kind = kind,
                         .user_id = row_uuid(rows, 0),
                         .created_at = row_time(rows, 1),
                         .expires_at = row_time(rows, 2)};
    }
    TRY(error);
    *ret_token = token;
    return NULL;
}

static Token read_token(const Rows *rows, TokenKind kind)
{
    Token token = {.kind = kind,
                   .user_id = row_uuid(rows, 2),
                   .name = row_text(rows, 3),
                   .scopes = row_is_null(rows, 4) ? 0 : token_scopes_read(row_str(rows, 4)),
                   .created_at = row_time(rows, 5),
                   .expires_at = row_time(rows, 6),
                   .last_used = row_time(rows, 7),
                   .address = row_text(rows, 8)};
    Str digest = row_bytes(rows, 0);
    memcpy(token.digest.bytes, digest.ptr,
           digest.len < sizeof token.digest.bytes ? digest.len : sizeof token.digest.bytes);
    return token;
}

Error *token_list(Arena *arena, Db *db, Uuid user_id, TokenKind kind, int64_t now,
                  TokenList *ret_list)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Token) tokens = {0};
    TRY(db_query(
        db, arena, SQL_TOKEN_LIST,
        PARAMS(value_uuid(user_id), kind_value(kind), value_time(now), value_int(TOKEN_LIST_MAX)),
        &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &tokens, read_token(rows, kind));
    TRY(error);
    *ret_list = (TokenList){tokens.items, tokens.count};
    return NULL;
}

Error *token_by_id(Arena *arena, Db *db, Uuid id, TokenKind kind, int64_t now, Token **ret_token)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Token *token = NULL;
    Digest low, high;
    memset(low.bytes, 0x00, sizeof low.bytes);
    memset(high.bytes, 0xFF, sizeof high.bytes);
    memcpy(low.bytes, id.bytes, sizeof id.bytes);
    memcpy(high.bytes, id.bytes, sizeof id.bytes);
    TRY(db_query(db, arena, SQL_TOKEN_BETWEEN,
                 PARAMS(digest_value(&low), digest_value(&high), kind_value(kind), value_time(now)),
                 &rows));
    if (rows_next(rows, &error)) {
        token = ARENA_NEW(arena, Token);
        *token = read_token(rows, kind);
    }
    TRY(error);
    *ret_token = token;
    return NULL;
}

Error *token_count(Arena *arena, Db *db, Uuid user_id, TokenKind kind, int64_t now,
                   int64_t *ret_count)
{
    return db_number(db, arena, SQL_TOKEN_COUNT,
                     PARAMS(value_uuid(user_id), kind_value(kind), value_time(now)), ret_count);
}

Error *token_delete_others(Arena *arena, Db *db, Uuid user_id, TokenKind kind, Digest kept,
                           int64_t *ret_removed)
{
    return db_run(db, arena, SQL_TOKEN_DELETE_OTHERS,
                  PARAMS(value_uuid(user_id), kind_value(kind), digest_value(&kept)), ret_removed);
}

typedef struct Uses {
    const TokenUse *items;
    int64_t every;
} Uses;

static void fill_use(const void *self, size_t row, Value *values)
{
    const Uses *uses = self;
    values[0] = digest_value(&uses->items[row].digest);
    values[1] = value_time(uses->items[row].at);
    values[2] = value_time(uses->items[row].at - uses->every);
}

Error *token_note_uses(Arena *arena, Db *db, const TokenUse *uses, size_t count, int64_t every)
{
    const Uses all = {uses, every};
    return db_run_many(db, arena, SQL_TOKEN_USED, count, fill_use, &all, NULL);
}

Error *user_hold(Arena *arena, Db *db, Uuid id, bool shared, bool *ret_there)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, shared ? SQL_USER_LOCK : SQL_USER_LOCK_ALONE, PARAMS(value_uuid(id)),
                 &rows));
    *ret_there = rows_next(rows, &error);
    return error;
}

Error *user_replace_password(Arena *arena, Db *db, Uuid id, HashChange change, bool *ret_replaced)
{
    int64_t changed = 0;
    TRY(db_run(db, arena, SQL_USER_REPLACE_PASSWORD,
               PARAMS(value_uuid(id), value_text(change.from), value_text(change.to),
                      value_time(change.at)),
               &changed));
    *ret_replaced = changed > 0;
    return NULL;
}

Error *user_set_profile(Arena *arena, Db *db, Uuid id, const char *full_name, const char *username,
                        int64_t now)
{
    return db_run(
        db, arena, SQL_USER_SET_PROFILE,
        PARAMS(value_uuid(id), value_text(full_name), value_text(username), value_time(now)), NULL);
}
