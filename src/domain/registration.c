/* What a stranger may learn here is nothing, so the same is done in every case: the password is hashed before anybody
 * is looked for, a mail is queued for nobody as for somebody (mail_outbox.c), and what the mail is to say is between
 * us and the mailbox. Registering writes some rows more for a new address than for a known one; but that can be
 * measured once only for each address, behind a hash that takes a hundred times as long, since from then on the
 * address is known. */
#include "domain/registration.h"

#include "base/clock.h"
#include "domain/account_rules.h"
#include "domain/mail_outbox.h"
#include "domain/queue.h"
#include "store/account_store.h"

/* --- who may register --------------------------------------------------------------------------- */

static const char MODES_ALLOWED[] =
    "Registration is closed, open, or domain=a.example,b.example for addresses of these domains.";

static bool is_domain(Str domain)
{
    for (size_t i = 0; i < domain.len; i++)
        if ((unsigned char)domain.ptr[i] <= ' ' || strchr("@,;<>\"\x7F", domain.ptr[i]) != NULL)
            return false;
    return domain.len > 0 && domain.ptr[0] != '.';
}

static Error *parse_domains(Arena *arena, Str list, Registration *registration)
{
    size_t count = 0;
    Str *domains = ARENA_ARRAY(arena, Str, list.len + 1), domain;
    while (str_next(&list, ',', &domain)) {
        domain = str_trim(domain);
        if (!is_domain(domain))
            return ERROR(arena, ERROR_INVALID, "\"" STR_FMT "\" is not a domain. %s",
                         STR_ARG(str_slice(domain, 0, 80)), MODES_ALLOWED);
        domains[count++] = str_lower(arena, domain);
    }
    registration->mode = REGISTRATION_DOMAIN;
    registration->domains = domains;
    registration->domain_count = count;
    return NULL;
}

Error *registration_parse(Arena *arena, Str text, Registration *registration)
{
    if (str_is(text, "closed"))
        registration->mode = REGISTRATION_CLOSED;
    else if (str_is(text, "open"))
        registration->mode = REGISTRATION_OPEN;
    else if (str_starts_with(text, STR("domain=")))
        return parse_domains(arena, str_slice(text, strlen("domain="), text.len), registration);
    else
        return ERROR(arena, ERROR_INVALID, "%s", MODES_ALLOWED);
    return NULL;
}

static bool domain_fits(Arena *arena, const Registration *how, Str email)
{
    size_t at = 0;
    if (!str_find(email, '@', &at))
        return true; /* what is wrong with it is told */
    Str domain = str_lower(arena, str_slice(email, at + 1, email.len));
    for (size_t i = 0; i < how->domain_count; i++)
        if (str_equal(domain, how->domains[i]))
            return true;
    return false;
}

static Error *refuse(Arena *arena, const Registration *how, Str email)
{
    if (how->mode == REGISTRATION_CLOSED)
        return error_with_reason(
            ERROR(arena, ERROR_DENIED,
                  "Nobody can register here. An administrator makes an account for you."),
            "registration_closed");
    if (how->mode == REGISTRATION_DOMAIN && !domain_fits(arena, how, email))
        return error_with_reason(
            ERROR(arena, ERROR_DENIED,
                  "Addresses of this domain cannot register here. An administrator makes an "
                  "account for you."),
            "domain_not_allowed");
    return NULL;
}

/* --- registering -------------------------------------------------------------------------------- */

static Error *insert(Arena *arena, Db *db, const Peer *peer, const User *user)
{
    TRY(user_insert(arena, db, user));
    return account_note(arena, db, accounts_principal(arena, user, peer), "user.registered",
                        user->id);
}

/* What helps who registers: whoever did not follow the first link gets it again, and whoever was invited may take the
 * invitation. */
static MailKind mail_for(const User *known)
{
    if (known == NULL)
        return MAIL_VERIFY;
    if (known->password_hash == NULL)
        return MAIL_INVITE;
    return known->verified_at == 0 ? MAIL_VERIFY : MAIL_KNOWN;
}

/* ERROR_CONFLICT: somebody registers with the same address at the same moment. */
static Error *insert_or_tell(Arena *arena, Db *db, const Peer *peer, const Registration *how,
                             const User *user)
{
    User *known = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_by_email(arena, db, str_from(user->email), &known));
    if (known == NULL)
        TRY(insert(arena, db, peer, user));
    if (how->mails)
        TRY(mail_outbox_add(arena, db, mail_for(known), known == NULL ? user->id : known->id));
    TRY(tx_commit(&tx, arena));
    if (how->mails)
        queue_wake();
    return NULL;
}

static Error *need_password(Arena *arena, Str password)
{
    ErrorField *fields = NULL;
    if (password.len == 0)
        error_field_add(arena, &fields, "password", "required", "A password is needed.");
    return error_from_fields(arena, fields);
}

Error *registration_register(Arena *arena, Db *db, const Peer *peer, const Registration *how,
                             const NewUser *new)
{
    User *user = NULL;
    NewUser stranger = {.email = str_trim(new->email),
                        .full_name = new->full_name,
                        .username = new->username,
                        .password = new->password,
                        .role = ROLE_USER};
    TRY(refuse(arena, how, stranger.email));
    TRY(need_password(arena, new->password));
    TRY(account_new_user(arena, &stranger, &user));
    Error *error = insert_or_tell(arena, db, peer, how, user);
    if (error != NULL && error->code == ERROR_CONFLICT)
        error = insert_or_tell(arena, db, peer, how, user); /* now it is known */
    return error;
}

/* --- asking for mail ---------------------------------------------------------------------------- */

static Error *ask_for(Arena *arena, Db *db, const Registration *how, MailKind kind, Str email)
{
    ErrorField *fields = NULL;
    Str address = str_trim(email);
    account_check_email(arena, address, &fields);
    TRY(error_from_fields(arena, fields));
    if (!how->mails)
        return NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_outbox_add_for(arena, db, kind, address));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return NULL;
}

Error *registration_resend(Arena *arena, Db *db, const Registration *how, Str email)
{
    return ask_for(arena, db, how, MAIL_VERIFY, email);
}

Error *registration_forgot(Arena *arena, Db *db, const Registration *how, Str email)
{
    return ask_for(arena, db, how, MAIL_RESET, email);
}

/* --- using a link ------------------------------------------------------------------------------- */

static Error *bad_token(Arena *arena)
{
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "token", "not_good",
                    "This link is not good any more. Ask for a new one.");
    return error_with_reason(error_from_fields(arena, fields), "bad_token");
}

static Error *find(Arena *arena, Db *db, Digest digest, TokenKind kind, User **ret_user)
{
    Token token;
    TRY(token_user(arena, db, digest, clock_now(), &token, ret_user));
    const User *user = *ret_user;
    bool good = user != NULL && token.kind == kind && user->is_active && user->deleted_at == 0 &&
                !user->is_service;
    return good ? NULL : bad_token(arena);
}

/* In the transaction of its effect, so that of two who use it at once one does. Others of its kind, made at the same
 * moment, end with the effect. */
static Error *use(Arena *arena, Db *db, Digest digest)
{
    bool was_there = false;
    TRY(token_delete(arena, db, digest, &was_there));
    return was_there ? NULL : bad_token(arena);
}

Error *registration_verify(Arena *arena, Db *db, const Peer *peer, Str token)
{
    User *user = NULL;
    Digest digest = digest_of(token);
    TRY(find(arena, db, digest, TOKEN_VERIFY, &user));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(use(arena, db, digest));
    if (user->verified_at == 0)
        TRY(user_set_verified(arena, db, user->id, clock_now()));
    TRY(token_delete_of_user(arena, db, user->id, TOKEN_VERIFY));
    TRY(account_note(arena, db, accounts_principal(arena, user, peer), "user.verified", user->id));
    return tx_commit(&tx, arena);
}

static Error *set_password(Arena *arena, Db *db, const User *user, const char *hash)
{
    TRY(user_set_password(arena, db, user->id, hash, clock_now()));
    if (user->verified_at == 0)
        TRY(user_set_verified(arena, db, user->id, clock_now()));
    TRY(token_delete_of_user(arena, db, user->id, TOKEN_VERIFY));
    TRY(token_delete_of_user(arena, db, user->id, TOKEN_RESET));
    return token_delete_of_user(arena, db, user->id, TOKEN_SESSION);
}

Error *registration_reset(Arena *arena, Db *db, const Peer *peer, Str token, Str password)
{
    User *user = NULL;
    char *hash = NULL;
    ErrorField *fields = NULL;
    Digest digest = digest_of(token);
    TRY(find(arena, db, digest, TOKEN_RESET, &user));
    account_check_password(arena, password, str_from(user->email), &fields);
    TRY(error_from_fields(arena, fields));
    TRY(account_hash_password(arena, password, &hash));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(use(arena, db, digest));
    TRY(set_password(arena, db, user, hash));
    TRY(account_note(arena, db, accounts_principal(arena, user, peer), "user.password_reset",
                     user->id));
    return tx_commit(&tx, arena);
}

/* --- links by an administrator ------------------------------------------------------------------ */

Error *registration_may_link(Arena *arena, const Principal *who, const User *user)
{
    bool of_all = principal_is_admin(who, SYSTEM_OWNER);
    if (!of_all && !(user->has_organization && user->deleted_at == 0 &&
                     principal_is_admin(who, user->organization_id)))
        return ERROR(arena, ERROR_NOT_FOUND, "There is no such user.");
    if (who->is_key)
        return error_with_reason(
            ERROR(arena, ERROR_DENIED, "An API key may not do this. Sign in with your password."),
            "key_not_allowed");
    if (user->is_service)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "This is a service user. It has no password, only keys."),
            "not_a_person");
    if (!user->is_active || user->deleted_at != 0)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT, "This account is disabled."),
                                 "not_active");
    if (!of_all && user->password_hash != NULL)
        return error_with_reason(
            ERROR(arena, ERROR_DENIED,
                  "Only a super_admin makes a link for somebody who has a password: whoever has "
                  "the link could sign in as them."),
            "has_password");
    return NULL;
}

Error *registration_link(Arena *arena, Db *db, const Principal *who, const User *user,
                         LinkKind kind, Link *ret_link)
{
    Link link;
    TRY(registration_may_link(arena, who, user));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(link_make(arena, db, kind, user->id, &link));
    TRY(account_note(arena, db, who, "user.link_made", user->id));
    TRY(tx_commit(&tx, arena));
    *ret_link = link;
    return NULL;
}
