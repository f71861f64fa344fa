/* API keys: secrets that programs send instead of a session's token. A key acts with the role that its user has
 * at that moment, within its scopes, until it ends. People make keys for themselves; administrators make them
 * for the service users that they reach. */
#ifndef OBLIGOR_DOMAIN_API_KEYS_H
#define OBLIGOR_DOMAIN_API_KEYS_H

#include "domain/accounts.h"
#include "store/account_store.h"

enum {
    API_KEYS_MAX = 50, /* of one user at a time */
    API_KEY_NAME_MAX = 100,
    API_KEY_DAYS_DEFAULT = 90,
    API_KEY_DAYS_MAX = 366
};
#define API_KEY_PREFIX "obl_"

typedef struct NewApiKey {
    Uuid user_id; /* nil: who asks */
    Str name;
    unsigned scopes;
    int64_t expires_at;
} NewApiKey;

/* *ret_secret is shown this once and kept nowhere. ERROR_INVALID names each wrong field; ERROR_NOT_FOUND: the
 * user is not there or not within reach; ERROR_CONFLICT: there are as many keys as may be. */
Error *api_keys_create(Arena *arena, Db *db, const Principal *who, const NewApiKey *new,
                       Token **ret_key, const char **ret_secret) MUST_CHECK;

/* The newest first. `user_id` nil: who asks. */
Error *api_keys_list(Arena *arena, Db *db, const Principal *who, Uuid user_id, Token **ret_keys,
                     size_t *ret_count) MUST_CHECK;

/* By its token_id. ERROR_NOT_FOUND: not there, or not within reach. */
Error *api_keys_revoke(Arena *arena, Db *db, const Principal *who, Uuid id) MUST_CHECK;

#endif
