/* Users, owners and tokens in the database. */
#ifndef OBLIGOR_STORE_ACCOUNT_STORE_H
#define OBLIGOR_STORE_ACCOUNT_STORE_H

#include "model/user.h"
#include "store/db.h"

typedef enum TokenKind {
    TOKEN_SESSION,
    TOKEN_API_KEY,
    TOKEN_VERIFY, /* of a mailed link: proves the address */
    TOKEN_RESET,  /* likewise, and sets a password; an invitation too */
    TOKEN_SETUP,
    TOKEN_KIND_COUNT
} TokenKind;

/* A token as it is kept: never the secret. */
typedef struct Token {
    Digest digest; /* of the secret */
    TokenKind kind;
    Uuid user_id;     /* nil for a set-up token */
    const char *name; /* of a key; else NULL */
    unsigned scopes;  /* of a key, bits of Scope; else 0 */
    int64_t created_at;
    int64_t expires_at;
    int64_t last_used;   /* coarse; 0: not since it was made */
    const char *address; /* where it was made; NULL: unknown */
} Token;

/* What lists and addresses name a token by: it tells nothing about the secret. */
Uuid token_id(Digest digest);

/* An owner of data, with the head of its audit trail. */
Error *owner_insert(Arena *arena, Db *db, Uuid id, OwnerKind kind, int64_t now) MUST_CHECK;

/* The columns that make_statements.py calls {user}, which stand first in the row. */
User *user_read(Arena *arena, const Rows *rows);
/* As the database has them. */
const char *token_kind_word(TokenKind kind);
unsigned token_scopes_read(Str text);

/* The user and the owner that their personal data belongs to. ERROR_CONFLICT: the address is taken. */
Error *user_insert(Arena *arena, Db *db, const User *user) MUST_CHECK;
Error *user_by_email(Arena *arena, Db *db, Str email, User **ret_user) MUST_CHECK; /* may be NULL */
Error *user_by_id(Arena *arena, Db *db, Uuid id, User **ret_user) MUST_CHECK;      /* may be NULL */
Error *user_list(Arena *arena, Db *db, User **ret_users, size_t *ret_count) MUST_CHECK;
Error *user_any(Arena *arena, Db *db, bool *ret_any) MUST_CHECK;
/* Is this still the user's hash? The row is held until the commit. */
Error *user_has_password(Arena *arena, Db *db, Uuid id, const char *hash, bool *ret_same)
    MUST_CHECK;
Error *user_set_password(Arena *arena, Db *db, Uuid id, const char *hash, int64_t now) MUST_CHECK;
Error *user_set_verified(Arena *arena, Db *db, Uuid id, int64_t now) MUST_CHECK;
Error *user_set_active(Arena *arena, Db *db, Uuid id, bool active, int64_t now) MUST_CHECK;

Error *token_insert(Arena *arena, Db *db, const Token *token) MUST_CHECK;

/* Who the token stands for, and what it is (kind, scopes, expires_at and last_used are filled). *ret_user is
 * NULL: not there or expired. */
Error *token_user(Arena *arena, Db *db, Digest digest, int64_t now, Token *ret_token,
                  User **ret_user) MUST_CHECK;
Error *token_is_good(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now,
                     bool *ret_good) MUST_CHECK;
Error *token_delete(Arena *arena, Db *db, Digest digest, bool *ret_was_there) MUST_CHECK;
Error *token_delete_of_user(Arena *arena, Db *db, Uuid user_id, TokenKind kind) MUST_CHECK;
Error *token_sweep(Arena *arena, Db *db, int64_t now, int64_t *ret_removed) MUST_CHECK;

/* Raises an owner's data revision: something that its readers see has changed. */
Error *owner_touch(Arena *arena, Db *db, Uuid owner_id) MUST_CHECK;

#endif
