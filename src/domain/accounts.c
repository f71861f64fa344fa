/* Sign-in is the one place where an attacker chooses the input and learns from the answer, so: the
 * password is hashed whether the address exists or not, the two failures are one, and what is wrong with
 * an account is told only to who knows its password. */
#include "domain/accounts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/audit.h"
#include "store/account_store.h"

enum { EMAIL_MAX = 254, FULL_NAME_MAX = 200 };
#define SESSION_LENGTH HOURS(12)
#define SETUP_LENGTH   HOURS(24)

static bool email_is_good(Str email)
{
    size_t at = 0, dot = 0;
    if (email.len < 3 || email.len > EMAIL_MAX || !str_find(email, '@', &at) || at == 0)
        return false;
    Str domain = str_slice(email, at + 1, email.len);
    for (size_t i = 0; i < email.len; i++)
        if ((unsigned char)email.ptr[i] <= ' ' || email.ptr[i] == 0x7F)
            return false;
    return domain.len > 0 && !str_find(domain, '@', &dot) && domain.ptr[0] != '.';
}

static void check_password(Arena *arena, Str password, Str email, ErrorField **fields)
{
    bool letter = false, digit = false;
    for (size_t i = 0; i < password.len; i++) {
        unsigned char c = (unsigned char)password.ptr[i];
        digit |= c >= '0' && c <= '9';
        letter |= (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' || c >= 0x80 : c >= 0x80;
    }
    if (password.len < PASSWORD_MIN || !letter || !digit)
        error_field_add(arena, fields, "password", "weak",
                        "A password needs at least %d characters, with a letter and a digit.",
                        PASSWORD_MIN);
    else if (password.len > PASSWORD_MAX)
        error_field_add(arena, fields, "password", "too_long", "A password has at most %d bytes.",
                        PASSWORD_MAX);
    else if (str_equal_fold(password, email))
        error_field_add(arena, fields, "password", "weak",
                        "A password must not be the e-mail address.");
}

static Error *hash_password(Arena *arena, Str password, char **ret_hash)
{
    char *hash = arena_alloc(arena, PASSWORD_HASH_SIZE);
    if (!crypto_password_hash(password, hash))
        return ERROR(arena, ERROR_BUSY, "The server is short of memory. Try again in a moment.");
    *ret_hash = hash;
    return NULL;
}

static Error *check_new(Arena *arena, const NewUser *new)
{
    ErrorField *fields = NULL;
    size_t bad = 0;
    if (!email_is_good(new->email))
        error_field_add(arena, &fields, "email", "not_an_address",
                        "\"%s\" is not an e-mail address.",
                        str_dup(arena, utf8_cut(new->email, 80)));
    if (new->full_name.len > FULL_NAME_MAX || !utf8_check(new->full_name, &bad))
        error_field_add(arena, &fields, "full_name", "too_long",
                        "A name has at most %d bytes of UTF-8.", FULL_NAME_MAX);
    if (new->password.len > 0)
        check_password(arena, new->password, new->email, &fields);
    if (new->role != ROLE_USER &&new->role != ROLE_SUPER_ADMIN)
        error_field_add(arena, &fields, "role", "not_available",
                        "The roles of organizations come with organizations; use user or "
                        "super_admin.");
    return error_from_fields(arena, fields);
}

static Error *new_user(Arena *arena, const NewUser *new, User **ret_user)
{
    TRY(check_new(arena, new));
    char *hash = NULL;
    if (new->password.len > 0)
        TRY(hash_password(arena, new->password, &hash));
    User *user = ARENA_NEW(arena, User);
    *user = (User){.id = uuid_new(),
                   .email = str_dup(arena, new->email),
                   .full_name = new->full_name.len > 0 ? str_dup(arena, new->full_name) : NULL,
                   .password_hash = hash,
                   .role = new->role,
                   .is_active = true,
                   .created_at = clock_now()};
    user->verified_at = new->verified ? user->created_at : 0;
    *ret_user = user;
    return NULL;
}

static Error *note(Arena *arena, Db *db, const Principal *who, const char *action, Uuid user_id)
{
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = SYSTEM_OWNER,
                                   .action = action,
                                   .object_kind = "user",
                                   .object_id = user_id,
                                   .count = -1});
}

Error *accounts_create(Arena *arena, Db *db, const Principal *who, const NewUser *new,
                       User **ret_user)
{
    User *user = NULL;
    TRY(new_user(arena, new, &user));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_insert(arena, db, user));
    TRY(note(arena, db, who, "user.created", user->id));
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
    check_password(arena, password, str_from(user->email), &fields);
    TRY(error_from_fields(arena, fields));
    char *hash = NULL;
    TRY(hash_password(arena, password, &hash));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_set_password(arena, db, user->id, hash, clock_now()));
    TRY(token_delete_of_user(arena, db, user->id, TOKEN_SESSION));
    TRY(note(arena, db, who, "user.password_changed", user->id));
    return tx_commit(&tx, arena);
}

Error *accounts_verify(Arena *arena, Db *db, const Principal *who, const User *user)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_set_verified(arena, db, user->id, clock_now()));
    TRY(note(arena, db, who, "user.verified", user->id));
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
    TRY(note(arena, db, who, active ? "user.enabled" : "user.disabled", user->id));
    return tx_commit(&tx, arena);
}

static Error *refuse_unready(Arena *arena, const User *user)
{
    if (user->verified_at == 0)
        return error_with_reason(ERROR(arena, ERROR_DENIED, "This account is not verified yet."),
                                 "not_verified");
    if (!user->is_active)
        return error_with_reason(ERROR(arena, ERROR_DENIED, "This account is disabled."),
                                 "not_active");
    return NULL;
}

static Error *wrong_credentials(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_UNAUTHENTICATED, "The e-mail address or the password is wrong."),
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
    if (!known || !right)
        return wrong_credentials(arena);
    TRY(refuse_unready(arena, user));

    Session session = {.token = crypto_token(arena), .user = user};
    int64_t now = clock_now();
    session.expires_at = now + SESSION_LENGTH;
    bool same = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_has_password(arena, db, user->id, user->password_hash, &same));
    if (!same) /* it was changed while the old one was being checked */
        return wrong_credentials(arena);
    TRY(token_insert(arena, db, digest_of(str_from(session.token)), TOKEN_SESSION, user->id, now,
                     session.expires_at));
    TRY(note(arena, db, accounts_principal(arena, user, peer), "user.signed_in", user->id));
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
    TRY(note(arena, db, who, "user.signed_out", who->user_id));
    return tx_commit(&tx, arena);
}

Error *accounts_authenticate(Arena *arena, Db *db, const Peer *peer, Str token,
                             Principal **ret_principal)
{
    User *user = NULL;
    Digest digest = digest_of(token);
    TRY(token_user(arena, db, digest, TOKEN_SESSION, clock_now(), &user));
    if (user == NULL)
        return error_with_reason(
            ERROR(arena, ERROR_UNAUTHENTICATED, "The session is unknown or over. Sign in again."),
            "bad_token");
    TRY(refuse_unready(arena, user));
    Principal *principal = accounts_principal(arena, user, peer);
    principal->token = digest;
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
    return refuse_unready(arena, user);
}

Principal *accounts_principal(Arena *arena, const User *user, const Peer *peer)
{
    Principal *who = ARENA_NEW(arena, Principal);
    *who = (Principal){.user_id = user->id,
                       .email = user->email,
                       .username = user->username,
                       .full_name = user->full_name,
                       .role = user->role,
                       .via = peer->via,
                       .address = peer->address,
                       .request_id = peer->request_id};
    if (user->role == ROLE_SUPER_ADMIN) {
        who->owners[who->owner_count] = SYSTEM_OWNER;
        who->owner_kinds[who->owner_count++] = OWNER_SYSTEM;
    }
    who->owners[who->owner_count] = user->id;
    who->owner_kinds[who->owner_count++] = OWNER_PERSONAL;
    who->writes_to = 0; /* super_admin: the system; others: their own */
    return who;
}

Principal *accounts_operator(Arena *arena, const Peer *peer)
{
    Principal *who = ARENA_NEW(arena, Principal);
    *who = (Principal){.user_id = UUID_NIL,
                       .role = ROLE_SUPER_ADMIN,
                       .owners = {SYSTEM_OWNER},
                       .owner_kinds = {OWNER_SYSTEM},
                       .owner_count = 1,
                       .via = peer->via,
                       .address = peer->address,
                       .request_id = peer->request_id};
    return who;
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
    TRY(token_insert(arena, db, digest_of(str_from(token)), TOKEN_SETUP, UUID_NIL, now,
                     now + SETUP_LENGTH));
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
    TRY(new_user(arena, &first, &user));
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
    TRY(note(arena, db, accounts_principal(arena, user, peer), "user.set_up", user->id));
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
