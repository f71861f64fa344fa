/* The user's row is held while a key is made, so that the number of keys and the reach are what they are when
 * the key comes into being. Entries go to the trail of the organization that the key's user belongs to, else to
 * the system's. */
#include "domain/api_keys.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "domain/audit.h"
#include "format/json_out.h"
#include "store/token_store.h"

static Error *no_such_user(Arena *arena)
{
    return ERROR(arena, ERROR_NOT_FOUND, "There is no such user.");
}

/* --- reach ---------------------------------------------------------------------------------------- */

static bool is_member_of(const User *user, Uuid organization_id)
{
    return user->has_organization && uuid_equal(user->organization_id, organization_id);
}

/* Oneself, and the service users of those whom one administers. */
static bool reaches(const Principal *who, const User *user)
{
    if (user == NULL)
        return false;
    if (uuid_equal(user->id, who->user_id))
        return true;
    if (!user->is_service || user->deleted_at != 0)
        return false;
    return who->role == ROLE_SUPER_ADMIN ||
           (who->role == ROLE_ORG_ADMIN && is_member_of(user, who->organization_id));
}

static Error *find_user(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user)
{
    User *user = NULL;
    TRY(user_by_id(arena, db, id, &user));
    if (!reaches(who, user))
        return no_such_user(arena);
    *ret_user = user;
    return NULL;
}

/* --- the audit trail ------------------------------------------------------------------------------ */

static const char *details_of(Arena *arena, const Token *key)
{
    Buf text = buf_new(arena, 4096);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "user_id", key->user_id);
    json_put_text(&out, "name", key->name);
    json_begin_array(&out, "scopes");
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (key->scopes >> i & 1)
            json_put_text(&out, NULL, SCOPE_WORDS[i]);
    json_end_array(&out);
    json_put_time(&out, "expires_at", key->expires_at);
    json_end_object(&out);
    json_out_close(&out);
    return buf_str(&text).ptr;
}

static Error *note(Arena *arena, Db *db, const Principal *who, const char *action, const User *user,
                   const Token *key)
{
    bool member = user->organization_open && role_is_of_organization(user->role);
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = member ? user->organization_id : SYSTEM_OWNER,
                                   .action = action,
                                   .object_kind = "api_key",
                                   .object_id = token_id(key->digest),
                                   .count = -1,
                                   .details = details_of(arena, key)});
}

/* --- making --------------------------------------------------------------------------------------- */

static Error *check(Arena *arena, const NewApiKey *new, int64_t now)
{
    ErrorField *fields = NULL;
    size_t bad = 0;
    if (new->name.len == 0 || !utf8_check(new->name, &bad) ||
        utf8_length(new->name) > API_KEY_NAME_MAX)
        error_field_add(arena, &fields, "name", new->name.len == 0 ? "missing" : "too_long",
                        "A key needs a name of at most %d characters.", API_KEY_NAME_MAX);
    if (new->scopes == 0 || (new->scopes & ~(unsigned)SCOPE_ALL) != 0)
        error_field_add(arena, &fields, "scopes", "missing",
                        "A key needs scopes: read, write, admin, or several of them.");
    if (new->expires_at <= now || new->expires_at > now + DAYS(API_KEY_DAYS_MAX))
        error_field_add(arena, &fields, "expires_at", "out_of_range",
                        "A key ends in the future, in %d days at the latest.", API_KEY_DAYS_MAX);
    return error_from_fields(arena, fields);
}

static Error *check_role(Arena *arena, const NewApiKey *new, const User *user)
{
    static const Peer nobody = {0};
    Role role = accounts_principal(arena, user, &nobody)->role;
    ErrorField *fields = NULL;
    if ((new->scopes &SCOPE_ADMIN) != 0 && role != ROLE_ORG_ADMIN && role != ROLE_SUPER_ADMIN)
        error_field_add(arena, &fields, "scopes", "not_available",
                        "A key for administration needs a user who is an administrator; this one "
                        "has the role %s.",
                        ROLE_WORDS[role]);
    return error_from_fields(arena, fields);
}

static Error *check_number(Arena *arena, Db *db, const User *user, int64_t now)
{
    int64_t count = 0;
    TRY(token_count(arena, db, user->id, TOKEN_API_KEY, now, &count));
    if (count < API_KEYS_MAX)
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "A user has at most %d keys. Revoke one that is not needed any "
                                   "more.",
                                   API_KEYS_MAX),
                             "too_many_keys");
}

static Token *make_key(Arena *arena, const Principal *who, const NewApiKey *new,
                       const char **ret_secret)
{
    const char *secret = arena_printf(arena, "%s%s", API_KEY_PREFIX, crypto_token(arena));
    Token *key = ARENA_NEW(arena, Token);
    *key = (Token){.digest = digest_of(str_from(secret)),
                   .kind = TOKEN_API_KEY,
                   .user_id = uuid_is_nil(new->user_id) ? who->user_id : new->user_id,
                   .name = str_dup(arena, new->name),
                   .scopes = new->scopes,
                   .created_at = clock_now(),
                   .expires_at = new->expires_at,
                   .address = who->address};
    *ret_secret = secret;
    return key;
}

Error *api_keys_create(Arena *arena, Db *db, const Principal *who, const NewApiKey *new,
                       Token **ret_key, const char **ret_secret)
{
    const char *secret = NULL;
    Token *key = make_key(arena, who, new, &secret);
    bool there = false;
    User *user = NULL;
    TRY(check(arena, new, key->created_at));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_hold(arena, db, key->user_id, false, &there));
    TRY(find_user(arena, db, who, key->user_id, &user));
    TRY(check_role(arena, new, user));
    TRY(check_number(arena, db, user, key->created_at));
    TRY(token_insert(arena, db, key));
    TRY(note(arena, db, who, "key.created", user, key));
    TRY(tx_commit(&tx, arena));
    *ret_key = key;
    *ret_secret = secret;
    return NULL;
}

/* --- looking and revoking ------------------------------------------------------------------------- */

Error *api_keys_list(Arena *arena, Db *db, const Principal *who, Uuid user_id, Token **ret_keys,
                     size_t *ret_count)
{
    User *user = NULL;
    TokenList list = {0};
    TRY(find_user(arena, db, who, uuid_is_nil(user_id) ? who->user_id : user_id, &user));
    TRY(token_list(arena, db, user->id, TOKEN_API_KEY, clock_now(), &list));
    *ret_keys = list.items;
    *ret_count = list.count;
    return NULL;
}

Error *api_keys_revoke(Arena *arena, Db *db, const Principal *who, Uuid id)
{
    Token *key = NULL;
    User *user = NULL;
    bool was_there = false;
    Error *refusal = ERROR(arena, ERROR_NOT_FOUND, "There is no such key.");
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(token_by_id(arena, db, id, TOKEN_API_KEY, clock_now(), &key));
    if (key == NULL)
        return refusal;
    TRY(user_by_id(arena, db, key->user_id, &user));
    if (!reaches(who, user))
        return refusal;
    TRY(token_delete(arena, db, key->digest, &was_there));
    if (!was_there)
        return refusal;
    TRY(note(arena, db, who, "key.revoked", user, key));
    return tx_commit(&tx, arena);
}
