/* The password is checked and made outside the transaction, since both are slow; in it, the hash that was
 * checked must still be there. */
#include "domain/own_account.h"

#include "base/clock.h"
#include "domain/account_rules.h"
#include "store/token_store.h"

static Error *check_new(Arena *arena, const User *user, Str current, Str new)
{
    ErrorField *fields = NULL;
    account_check_password(arena, new, str_from(user->email), &fields);
    if (fields == NULL && str_equal(current, new))
        error_field_add(arena, &fields, "", "unchanged",
                        "The new password must be another one than the current.");
    for (ErrorField *field = fields; field != NULL; field = field->next)
        field->field = "new_password";
    return error_from_fields(arena, fields);
}

static Error *wrong_password(Arena *arena)
{
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "current_password", "wrong", "The current password is wrong.");
    return error_from_fields(arena, fields);
}

/* *ret_replaced false: another hash was put there meanwhile. */
static Error *replace(Arena *arena, Db *db, const Principal *who, HashChange hashes,
                      PasswordChange *ret_change, bool *ret_replaced)
{
    PasswordChange change;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_replace_password(arena, db, who->user_id, hashes, ret_replaced));
    if (!*ret_replaced)
        return NULL;
    TRY(token_delete_others(arena, db, who->user_id, TOKEN_SESSION, who->token,
                            &change.sessions_ended));
    TRY(token_delete_of_user(arena, db, who->user_id, TOKEN_RESET));
    TRY(token_count(arena, db, who->user_id, TOKEN_API_KEY, hashes.at, &change.api_keys));
    TRY(account_note(arena, db, who, "user.password_changed", who->user_id));
    TRY(tx_commit(&tx, arena));
    *ret_change = change;
    return NULL;
}

/* Once more where the hash has changed: it may have been replaced by a better one of the same password. */
Error *own_account_change_password(Arena *arena, Db *db, const Principal *who, Str current, Str new,
                                   PasswordChange *ret_change)
{
    bool done = false;
    char *hash = NULL;
    for (int round = 0; round < 2 && !done; round++) {
        User *user = NULL;
        TRY(accounts_user(arena, db, who->user_id, &user));
        TRY(check_new(arena, user, current, new));
        if (user->password_hash == NULL || !crypto_password_verify(current, user->password_hash))
            return wrong_password(arena);
        if (hash == NULL)
            TRY(account_hash_password(arena, new, &hash));
        const HashChange hashes = {user->password_hash, hash, clock_now()};
        TRY(replace(arena, db, who, hashes, ret_change, &done));
    }
    return done ? NULL : wrong_password(arena);
}

/* --- the profile ---------------------------------------------------------------------------------- */

static const char *changed(Arena *arena, Str to, const char *now)
{
    if (to.ptr == NULL)
        return now;
    return to.len == 0 ? NULL : str_dup(arena, to);
}

Error *own_account_set_profile(Arena *arena, Db *db, const Principal *who, const Profile *profile,
                               User **ret_user)
{
    User *user = NULL;
    bool there = false;
    ErrorField *fields = NULL;
    account_check_name(arena, "full_name", profile->full_name, &fields);
    account_check_name(arena, "username", profile->username, &fields);
    TRY(error_from_fields(arena, fields));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_hold(arena, db, who->user_id, false, &there)); /* two at once change one name each */
    TRY(accounts_user(arena, db, who->user_id, &user));
    user->full_name = changed(arena, profile->full_name, user->full_name);
    user->username = changed(arena, profile->username, user->username);
    TRY(user_set_profile(arena, db, user->id, user->full_name, user->username, clock_now()));
    TRY(account_note(arena, db, who, "user.profile_changed", user->id));
    TRY(tx_commit(&tx, arena));
    *ret_user = user;
    return NULL;
}
