/* Users, owners and tokens in the database. */
#ifndef OBLIGOR_STORE_ACCOUNT_STORE_H
#define OBLIGOR_STORE_ACCOUNT_STORE_H

#include "model/user.h"
#include "store/db.h"

typedef enum TokenKind { TOKEN_SESSION, TOKEN_SETUP } TokenKind;

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

/* Tokens are kept as digests. `user_id` is nil for a set-up token. */
Error *token_insert(Arena *arena, Db *db, Digest digest, TokenKind kind, Uuid user_id, int64_t now,
                    int64_t expires_at) MUST_CHECK;
Error *token_user(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now, User **ret_user)
    MUST_CHECK; /* NULL: not there or expired */
Error *token_is_good(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now,
                     bool *ret_good) MUST_CHECK;
Error *token_delete(Arena *arena, Db *db, Digest digest, bool *ret_was_there) MUST_CHECK;
Error *token_delete_of_user(Arena *arena, Db *db, Uuid user_id, TokenKind kind) MUST_CHECK;
Error *token_sweep(Arena *arena, Db *db, int64_t now, int64_t *ret_removed) MUST_CHECK;

/* Raises an owner's data revision: something that its readers see has changed. */
Error *owner_touch(Arena *arena, Db *db, Uuid owner_id) MUST_CHECK;

#endif
