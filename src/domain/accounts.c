/* Users are rarely written, and each change is an entry in the system's audit trail in its transaction. */
#include "domain/accounts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/account_rules.h"
#include "domain/audit.h"
#include "domain/organizations.h"
#include "store/account_store.h"

#define SETUP_LENGTH HOURS(24)

static Error *check_new(Arena *arena, const NewUser *new)
{
    ErrorField *fields = NULL;
    account_check_email(arena, new->email, &fields);
    account_check_name(arena, "full_name", new->full_name, &fields);
    account_check_name(arena, "username", new->username, &fields);
    if (new->password.len > 0)
        account_check_password(arena, new->password, new->email, &fields);
    if (role_is_of_organization(new->role) != !uuid_is_nil(new->organization_id))
        error_field_add(arena, &fields, "role", "not_available",
                        "The roles org_viewer, org_member, org_auditor and org_admin belong to an "
                        "organization, and its members have one of them.");
    return error_from_fields(arena, fields);
}

Error *account_new_user(Arena *arena, const NewUser *new, User **ret_user)
{
    TRY(check_new(arena, new));
    char *hash = NULL;
    if (new->password.len > 0)
        TRY(account_hash_password(arena, new->password, &hash));
    User *user = ARENA_NEW(arena, User);
    *user = (User){.id = uuid_new(),
                   .email = str_dup(arena, new->email),
                   .username = new->username.len > 0 ? str_dup(arena, new->username) : NULL,
                   .full_name = new->full_name.len > 0 ? str_dup(arena, new->full_name) : NULL,
                   .password_hash = hash,
                   .role = new->role,
                   .is_active = true,
                   .is_service = new->is_service,
                   .has_organization = !uuid_is_nil(new->organization_id),
                   .organization_id = new->organization_id,
                   .created_at = clock_now()};
    user->verified_at = new->verified ? user->created_at : 0;
    *ret_user = user;
    return NULL;
}

Error *account_note(Arena *arena, Db *db, const Principal *who, const char *action, Uuid user_id)
{
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = SYSTEM_OWNER,
                                   .action = action,
                                   .object_kind = "user",
                                   .object_id = user_id,
                                   .count = -1});
}

/* A place in an organization, where the user is to be a member of one. */
static Error *take_place(Arena *arena, Db *db, const Principal *who, const User *user)
{
    Organization *place = NULL;
    if (!user->has_organization)
        return NULL;
    TRY(organizations_lock(arena, db, who, user->organization_id, &place));
    return organizations_refuse_full(arena, place);
}

Error *accounts_create(Arena *arena, Db *db, const Principal *who, const NewUser *new,
                       User **ret_user)
{
    User *user = NULL;
    TRY(account_new_user(arena, new, &user));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(take_place(arena, db, who, user));
    TRY(user_insert(arena, db, user));
    if (user->has_organization)
        TRY(organizations_note(arena, db, who,
                               (OrganizationNote){.organization_id = user->organization_id,
                                                  .action = "member.added",
                                                  .user_id = user->id}));
    TRY(account_note(arena, db, who, "user.created", user->id));
    TRY(tx_commit(&tx, arena));
    *ret_user = user;
    return NULL;
}

Error *accounts_list(Arena *arena, Db *db, User **ret_users, size_t *ret_count)
{
    return user_list(arena, db, ret_users, ret_count);
}

Error *accounts_find(Arena *arena, Db *db, Str email, User **ret_user)
{
    return user_by_email(arena, db, str_trim(email), ret_user);
}

Error *accounts_user(Arena *arena, Db *db, Uuid id, User **ret_user)
{
    TRY(user_by_id(arena, db, id, ret_user));
    return *ret_user != NULL ? NULL : ERROR(arena, ERROR_NOT_FOUND, "There is no such user.");
}

Error *accounts_set_password(Arena *arena, Db *db, const Principal *who, const User *user,
                             Str password)
{
    ErrorField *fields = NULL;
    account_check_password(arena, password, str_from(user->email), &fields);
    TRY(error_from_fields(arena, fields));
    char *hash = NULL;
    TRY(account_hash_password(arena, password, &hash));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_set_password(arena, db, user->id, hash, clock_now()));
    TRY(token_delete_of_user(arena, db, user->id, TOKEN_SESSION));
    TRY(account_note(arena, db, who, "user.password_changed", user->id));
    return tx_commit(&tx, arena);
}

Error *accounts_verify(Arena *arena, Db *db, const Principal *who, const User *user)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_set_verified(arena, db, user->id, clock_now()));
    TRY(account_note(arena, db, who, "user.verified", user->id));
    return tx_commit(&tx, arena);
}

Error *accounts_set_active(Arena *arena, Db *db, const Principal *who, const User *user,
                           bool active)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_set_active(arena, db, user->id, active, clock_now()));
    if (!active)
        TRY(token_delete_of_user(arena, db, user->id, TOKEN_SESSION));
    TRY(account_note(arena, db, who, active ? "user.enabled" : "user.disabled", user->id));
    return tx_commit(&tx, arena);
}

Error *accounts_offer_setup(Arena *arena, Db *db, const char **ret_token)
{
    bool any = false;
    *ret_token = NULL;
    TRY(user_any(arena, db, &any));
    if (any)
        return NULL;
    const char *token = crypto_token(arena);
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(token_delete_of_user(arena, db, UUID_NIL, TOKEN_SETUP));
    TRY(token_insert(arena, db,
                     &(Token){.digest = digest_of(str_from(token)),
                              .kind = TOKEN_SETUP,
                              .created_at = now,
                              .expires_at = now + SETUP_LENGTH}));
    TRY(tx_commit(&tx, arena));
    *ret_token = token;
    return NULL;
}

Error *accounts_set_up(Arena *arena, Db *db, const Peer *peer, Str token, const NewUser *new,
                       User **ret_user)
{
    bool good = false, any = false, used = false;
    Digest digest = digest_of(token);
    TRY(token_is_good(arena, db, digest, TOKEN_SETUP, clock_now(), &good));
    Error *refusal = error_with_reason(
        ERROR(arena, ERROR_UNAUTHENTICATED,
              "This set-up link is not good any more. Start the server again to get a new one."),
        "bad_token");
    if (!good)
        return refusal;
    if (new->password.len == 0) {
        ErrorField *fields = NULL;
        error_field_add(arena, &fields, "password", "required", "A password is needed.");
        return error_from_fields(arena, fields);
    }
    NewUser first = *new;
    first.role = ROLE_SUPER_ADMIN;
    first.verified = true;
    User *user = NULL;
    TRY(account_new_user(arena, &first, &user));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_any(arena, db, &any));
    TRY(token_is_good(arena, db, digest, TOKEN_SETUP, clock_now(), &good)); /* used meanwhile? */
    if (!good || any)
        return refusal;
    TRY(token_delete(arena, db, digest, &used));
    if (!used) /* somebody else was faster */
        return refusal;
    TRY(user_insert(arena, db, user));
    TRY(account_note(arena, db, accounts_principal(arena, user, peer), "user.set_up", user->id));
    TRY(tx_commit(&tx, arena));
    *ret_user = user;
    return NULL;
}

Error *accounts_sweep_tokens(Arena *arena, Db *db, int64_t *ret_removed)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(token_sweep(arena, db, clock_now(), ret_removed));
    return tx_commit(&tx, arena);
}
