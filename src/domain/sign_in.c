/* Sign-in is the one place where an attacker chooses the input and learns from the answer, so: the
 * password is hashed whether the address exists or not, the failures are one, and what is wrong with
 * an account is told only to who knows its password. That an address is not verified is a failure like the
 * others: a stranger who has just registered somebody's address knows the password, and would learn from
 * it that the address had no account before. */
#include "base/clock.h"
#include "domain/account_rules.h"
#include "store/account_store.h"

#define SESSION_LENGTH HOURS(12)

Error *account_refuse_unready(Arena *arena, const User *user)
{
    if (user->verified_at == 0)
        return error_with_reason(ERROR(arena, ERROR_DENIED, "This account is not verified yet."),
                                 "not_verified");
    if (!user->is_active || user->deleted_at != 0)
        return error_with_reason(ERROR(arena, ERROR_DENIED, "This account is disabled."),
                                 "not_active");
    return NULL;
}

static Error *wrong_credentials(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_UNAUTHENTICATED,
              "The e-mail address or the password is wrong, or the address is not confirmed yet."),
        "wrong_credentials");
}

/* argon2id of a password that nobody has, with the same cost as a real one. */
static const char NOBODYS_HASH[] = "$argon2id$v=19$m=65536,t=2,p=1$b2JsaWdvci1ub2JvZHktMQ$"
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

Error *accounts_sign_in(Arena *arena, Db *db, const Peer *peer, Str email, Str password,
                        Session *ret_session)
{
    User *user = NULL;
    TRY(user_by_email(arena, db, str_trim(email), &user));
    bool known = user != NULL && user->password_hash != NULL;
    bool right = crypto_password_verify(password, known ? user->password_hash : NOBODYS_HASH);
    if (!known || !right || user->verified_at == 0)
        return wrong_credentials(arena);
    TRY(account_refuse_unready(arena, user));

    Session session = {.token = crypto_token(arena), .user = user};
    int64_t now = clock_now();
    session.expires_at = now + SESSION_LENGTH;
    bool same = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_has_password(arena, db, user->id, user->password_hash, &same));
    if (!same) /* it was changed while the old one was being checked */
        return wrong_credentials(arena);
    TRY(token_insert(arena, db,
                     &(Token){.digest = digest_of(str_from(session.token)),
                              .kind = TOKEN_SESSION,
                              .user_id = user->id,
                              .created_at = now,
                              .expires_at = session.expires_at,
                              .address = peer->address}));
    TRY(account_note(arena, db, accounts_principal(arena, user, peer), "user.signed_in", user->id));
    TRY(tx_commit(&tx, arena));
    *ret_session = session;
    return NULL;
}

Error *accounts_sign_out(Arena *arena, Db *db, const Principal *who)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    bool was_there = false;
    TRY(token_delete(arena, db, who->token, &was_there));
    TRY(account_note(arena, db, who, "user.signed_out", who->user_id));
    return tx_commit(&tx, arena);
}

Error *accounts_authenticate(Arena *arena, Db *db, const Peer *peer, Str token,
                             Principal **ret_principal)
{
    User *user = NULL;
    Token found;
    TRY(token_user(arena, db, digest_of(token), clock_now(), &found, &user));
    if (user == NULL || (found.kind != TOKEN_SESSION && found.kind != TOKEN_API_KEY))
        return error_with_reason(
            ERROR(arena, ERROR_UNAUTHENTICATED, "The session is unknown or over. Sign in again."),
            "bad_token");
    TRY(account_refuse_unready(arena, user));
    Principal *principal = accounts_principal(arena, user, peer);
    principal->token = found.digest;
    principal->is_key = found.kind == TOKEN_API_KEY;
    if (principal->is_key)
        principal->scopes = found.scopes;
    *ret_principal = principal;
    return NULL;
}

Error *accounts_recheck(Arena *arena, Db *db, const Principal *who)
{
    User *user = NULL;
    if (uuid_is_nil(who->user_id))
        return NULL; /* the operator */
    TRY(user_by_id(arena, db, who->user_id, &user));
    if (user == NULL)
        return ERROR(arena, ERROR_DENIED, "This account is not there any more.");
    return account_refuse_unready(arena, user);
}
