/* Sessions and API keys as their users see them: listed, counted, ended by name, exchanged for others. What
 * every request does with a token is in account_store.h. */
#ifndef OBLIGOR_STORE_TOKEN_STORE_H
#define OBLIGOR_STORE_TOKEN_STORE_H

#include "store/account_store.h"

enum { TOKEN_LIST_MAX = 1000 };

/* Ends a token that is good, and gives whose it was and its times. *ret_token NULL: there is none, or
 * somebody else took it. */
Error *token_take(Arena *arena, Db *db, Digest digest, TokenKind kind, int64_t now,
                  Token **ret_token) MUST_CHECK;

typedef struct TokenList {
    Token *items;
    size_t count;
} TokenList;

/* Of those that are good: the newest first, at most TOKEN_LIST_MAX. */
Error *token_list(Arena *arena, Db *db, Uuid user_id, TokenKind kind, int64_t now,
                  TokenList *ret_list) MUST_CHECK;

/* By the id that lists name it by. *ret_token NULL: there is none that is good. */
Error *token_by_id(Arena *arena, Db *db, Uuid id, TokenKind kind, int64_t now, Token **ret_token)
    MUST_CHECK;
Error *token_count(Arena *arena, Db *db, Uuid user_id, TokenKind kind, int64_t now,
                   int64_t *ret_count) MUST_CHECK;

/* All of a user's but one. */
Error *token_delete_others(Arena *arena, Db *db, Uuid user_id, TokenKind kind, Digest kept,
                           int64_t *ret_removed) MUST_CHECK;

typedef struct TokenUse {
    Digest digest;
    int64_t at;
} TokenUse;

/* Notes when they were used, but for those of which the same was noted less than `every` before. */
Error *token_note_uses(Arena *arena, Db *db, const TokenUse *uses, size_t count, int64_t every)
    MUST_CHECK;

/* Holds the user's row until the commit. Shared: others may hold it so too, and none may change it.
 * *ret_there false: there is no such user. */
Error *user_hold(Arena *arena, Db *db, Uuid id, bool shared, bool *ret_there) MUST_CHECK;

typedef struct HashChange {
    const char *from;
    const char *to;
    int64_t at;
} HashChange;

/* *ret_replaced false: the hash is not `from` (any more). */
Error *user_replace_password(Arena *arena, Db *db, Uuid id, HashChange change, bool *ret_replaced)
    MUST_CHECK;

/* NULL: none. */
Error *user_set_profile(Arena *arena, Db *db, Uuid id, const char *full_name, const char *username,
                        int64_t now) MUST_CHECK;

#endif
