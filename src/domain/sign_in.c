/* Sign-in is the one place where an attacker chooses the input and learns from the answer, so: the
 * password is hashed whether the address exists or not, the failures are one, and what is wrong with
 * an account is told only to who knows its password. That an address is not verified is a failure like the
 * others: a stranger who has just registered somebody's address knows the password, and would learn from
 * it that the address had no account before. A bcrypt hash costs what it says in itself, which is another
 * time than ours: until the first sign-in replaces it, the time of an answer tells that there is such an
 * account. */
#include "base/clock.h"
#include "domain/account_rules.h"
#include "domain/token_uses.h"
#include "domain/user_sessions.h"
#include "store/token_store.h"

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

/* A service user acts by its keys alone. */
static bool can_sign_in(const User *user)
{
    return user != NULL && user->password_hash != NULL && !user->is_service;
}

/* Is the hash that was checked the user's still? A weak one gives way to `better`. */
static Error *confirm(Arena *arena, Db *db, const User *user, const char *better, bool *ret_same)
{
    if (better == NULL)
        return user_has_password(arena, db, user->id, user->password_hash, ret_same);
    const HashChange hashes = {user->password_hash, better, clock_now()};
    return user_replace_password(arena, db, user->id, hashes, ret_same);
}

/* No session (its token is NULL): another hash was put there while this one was being checked. */
static Error *let_in(Arena *arena, Db *db, Principal *who, const User *user, Str password,
                     Session *ret_session)
{
    char *better = NULL;
    bool same = false;
    *ret_session = (Session){0};
    if (crypto_password_is_weak(user->password_hash))
        TRY(account_hash_password(arena, password, &better));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(confirm(arena, db, user, better, &same));
    if (!same)
        return NULL;
    TRY(session_open(arena, db, who, clock_now(), user, ret_session));
    TRY(session_note(arena, db, who, "user.signed_in"));
    return tx_commit(&tx, arena);
}

/* Once more where the hash has changed: somebody else may have signed in with the same password, and so
 * replaced a weak one. */
Error *accounts_sign_in(Arena *arena, Db *db, const Peer *peer, Str email, Str password,
                        Session *ret_session)
{
    Session session = {0};
    for (int round = 0; round < 2 && session.token == NULL; round++) {
        User *user = NULL;
        TRY(user_by_email(arena, db, str_trim(email), &user));
        bool known = can_sign_in(user);
        bool right = crypto_password_verify(password, known ? user->password_hash : NOBODYS_HASH);
        if (!known || !right || user->verified_at == 0)
            return wrong_credentials(arena);
        TRY(account_refuse_unready(arena, user));
        Principal *who = accounts_principal(arena, user, peer);
        TRY(let_in(arena, db, who, user, password, &session));
    }
    if (session.token == NULL)
        return wrong_credentials(arena);
    *ret_session = session;
    return NULL;
}

Error *accounts_sign_out(Arena *arena, Db *db, const Principal *who)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    bool was_there = false;
    TRY(token_delete(arena, db, who->token, &was_there));
    TRY(session_note(arena, db, who, "user.signed_out"));
    return tx_commit(&tx, arena);
}

Error *account_unknown_token(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_UNAUTHENTICATED, "The session is unknown or over. Sign in again."),
        "bad_token");
}

Error *accounts_authenticate(Arena *arena, Db *db, const Peer *peer, Str token,
                             Principal **ret_principal)
{
    return accounts_authenticate_digest(arena, db, peer, digest_of(token), ret_principal);
}

Error *accounts_authenticate_digest(Arena *arena, Db *db, const Peer *peer, Digest digest,
                                    Principal **ret_principal)
{
    User *user = NULL;
    Token found;
    int64_t now = clock_now();
    TRY(token_user(arena, db, digest, now, &found, &user));
    if (user == NULL || (found.kind != TOKEN_SESSION && found.kind != TOKEN_API_KEY))
        return account_unknown_token(arena);
    TRY(account_refuse_unready(arena, user));
    token_uses_note(&found, now);
    Principal *principal = accounts_principal(arena, user, peer);
    principal->token = found.digest;
    principal->token_expires_at = found.expires_at;
    principal->is_key = found.kind == TOKEN_API_KEY;
    if (principal->is_key)
        principal->scopes = found.scopes;
    *ret_principal = principal;
    return NULL;
}

Error *accounts_recheck(Arena *arena, Db *db, const Principal *who, Uuid owner_id)
{
    User *user = NULL;
    if (uuid_is_nil(who->user_id))
        return NULL; /* the operator */
    TRY(user_by_id(arena, db, who->user_id, &user));
    if (user == NULL)
        return ERROR(arena, ERROR_DENIED, "This account is not there any more.");
    TRY(account_refuse_unready(arena, user));
    const Peer peer = {who->via, who->address, who->request_id};
    const Principal *now = accounts_principal(arena, user, &peer);
    if (!principal_may_change(now, owner_id, now->user_id))
        return ERROR(arena, ERROR_DENIED,
                     "You do not belong to this organization any more, or may not write to it.");
    return NULL;
}
