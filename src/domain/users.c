/* Every change begins with members_lock: the organization's row, then the user's. */
#include "domain/users.h"

#include "base/clock.h"
#include "domain/account_rules.h"
#include "domain/organizations.h"
#include "domain/queue.h"
#include "store/account_store.h"
#include "store/organization_store.h"

static Error *not_found(Arena *arena)
{
    return ERROR(arena, ERROR_NOT_FOUND, "There is no such user.");
}

Error *users_list(Arena *arena, Db *db, const Principal *who, const UserFilter *filter,
                  const Page *page, UserList *ret_list)
{
    UserFilter mine = *filter;
    if (who->role != ROLE_SUPER_ADMIN) {
        bool elsewhere =
            filter->has_organization && !principal_manages(who, filter->organization_id);
        mine.has_organization = true;
        mine.organization_id = elsewhere ? UUID_NIL : who->organization_id;
        mine.deleted = false;
    }
    return members_find(arena, db, &mine, page, ret_list);
}

Error *users_get(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user)
{
    User *user = NULL;
    TRY(user_by_id(arena, db, id, &user));
    if (user == NULL || !principal_manages_user(who, user))
        return not_found(arena);
    *ret_user = user;
    return NULL;
}

/* --- inviting ------------------------------------------------------------------------------------- */

/* An address that no mail reaches and nobody can register. */
static Str made_up_address(Arena *arena, const Organization *organization)
{
    char hex[17];
    Uuid id = uuid_new();
    hex_format(hex, id.bytes + 8, 8);
    return str_printf(arena, "service-%s@%s.invalid", hex,
                      organization == NULL ? "obligor" : organization->slug);
}

static Error *no_such_organization(Arena *arena)
{
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "organization_id", "not_found",
                    "There is no such organization.");
    return error_from_fields(arena, fields);
}

/* Where the new account goes, locked; NULL: into none. */
static Error *lock_place(Arena *arena, Db *db, const Principal *who, const Invitation *invitation,
                         Organization **ret_organization)
{
    bool named = !uuid_is_nil(invitation->organization_id);
    *ret_organization = NULL;
    if (!named && who->role == ROLE_SUPER_ADMIN)
        return NULL;
    Error *error = organizations_lock(arena, db, who,
                                      named ? invitation->organization_id : who->organization_id,
                                      ret_organization);
    if (error != NULL && (error->code == ERROR_NOT_FOUND || error->code == ERROR_GONE))
        return no_such_organization(arena);
    return error;
}

static Error *new_account(Arena *arena, const Invitation *invitation, const Organization *place,
                          User **ret_user)
{
    bool made_up = invitation->is_service && invitation->email.len == 0;
    NewUser new = {
        .email = made_up ? made_up_address(arena, place) : str_trim(invitation->email),
        .full_name = invitation->full_name,
        .role = invitation->role != ROLE_COUNT ? invitation->role
                : place != NULL                ? place->default_role
                                               : ROLE_USER,
        .organization_id = place == NULL ? UUID_NIL : place->id,
        .verified = invitation->is_service, /* there is nothing to prove, and nobody to do it */
        .is_service = invitation->is_service,
    };
    return account_new_user(arena, &new, ret_user);
}

static Error *refuse_taken(Arena *arena, Db *db, const User *user)
{
    User *known = NULL;
    TRY(user_by_email(arena, db, str_from(user->email), &known));
    if (known == NULL)
        return NULL;
    return error_with_reason(
        known->deleted_at != 0
            ? ERROR(arena, ERROR_CONFLICT,
                    "The address %s belongs to an account that was deleted. It can be restored.",
                    user->email)
            : ERROR(arena, ERROR_CONFLICT, "There is a user with the address %s already.",
                    user->email),
        "address_taken");
}

/* The account, in its place, with all that is noted of it. */
static Error *place_account(Arena *arena, Db *db, const Principal *who,
                            const Invitation *invitation, User **ret_user)
{
    Organization *place = NULL;
    TRY(lock_place(arena, db, who, invitation, &place));
    TRY(new_account(arena, invitation, place, ret_user));
    TRY(refuse_taken(arena, db, *ret_user));
    if (place != NULL)
        TRY(organizations_refuse_full(arena, place));
    TRY(user_insert(arena, db, *ret_user));
    if (place != NULL)
        TRY(organizations_note(arena, db, who,
                               (OrganizationNote){.organization_id = place->id,
                                                  .action = "member.added",
                                                  .user_id = (*ret_user)->id}));
    return NULL;
}

static Error *invite_at_once(Arena *arena, Db *db, const Principal *who,
                             const Invitation *invitation, Invited *ret_invited)
{
    User *user = NULL;
    Invited invited = {.mailed = invitation->mails && !invitation->is_service};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(place_account(arena, db, who, invitation, &user));
    if (invited.mailed)
        TRY(mail_outbox_add(arena, db, MAIL_INVITE, user->id));
    else if (!invitation->is_service)
        TRY(link_make(arena, db, LINK_INVITE, user->id, &invited.link));
    TRY(account_note(arena, db, who, "user.invited", user->id));
    TRY(user_by_id(arena, db, user->id, &user)); /* with the name of its organization */
    TRY(tx_commit(&tx, arena));
    if (invited.mailed)
        queue_wake();
    invited.user = user;
    *ret_invited = invited;
    return NULL;
}

/* --- inviting a stranger, without learning whether there is one -------------------------------------- */

static Error *no_mail(Arena *arena)
{
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "This server sends no mail, and a link in your hands would be "
                                   "somebody else's account. Give the organization's join token to "
                                   "people who have one; an administrator of the server makes "
                                   "others."),
                             "no_mail");
}

static Error *check_stranger(Arena *arena, const Principal *who, const Invitation *invitation)
{
    ErrorField *fields = NULL;
    account_check_email(arena, str_trim(invitation->email), &fields);
    account_check_name(arena, "full_name", invitation->full_name, &fields);
    if (invitation->role != ROLE_COUNT)
        error_field_add(arena, &fields, "role", "not_available",
                        "Who joins has the organization's default role first. Give another one to "
                        "them then.");
    if (!uuid_is_nil(invitation->organization_id) &&
        !principal_manages(who, invitation->organization_id))
        TRY(no_such_organization(arena));
    return error_from_fields(arena, fields);
}

/* The account of an address that had none; it belongs to no organization until its person joins. */
static Error *add_stranger(Arena *arena, Db *db, const Invitation *invitation, User **ret_user)
{
    NewUser new = {.email = str_trim(invitation->email), .full_name = invitation->full_name};
    TRY(account_new_user(arena, &new, ret_user));
    Error *error = user_insert(arena, db, *ret_user);
    if (error != NULL && error->code == ERROR_CONFLICT) /* somebody else was faster: look again */
        return error_with_reason(
            error_because(ERROR(arena, ERROR_BUSY, "Try again in a moment."), error), ERROR_RETRY);
    return error;
}

static Error *invite_by_mail(Arena *arena, Db *db, const Principal *who,
                             const Invitation *invitation, Invited *ret_invited)
{
    User *known = NULL;
    Organization *organization = NULL;
    TRY(check_stranger(arena, who, invitation));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, who->organization_id, &organization));
    TRY(user_by_email(arena, db, str_trim(invitation->email), &known));
    if (known != NULL && principal_manages_user(who, known))
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "%s is a member of the organization already.", known->email),
                                 "already_member");
    if (!invitation->mails)
        return no_mail(arena);
    bool has_none = known == NULL || (known->password_hash == NULL && !known->is_service);
    MailKind kind = has_none ? MAIL_INVITE : MAIL_KNOWN;
    if (known == NULL)
        TRY(add_stranger(arena, db, invitation, &known));
    TRY(mail_outbox_add(arena, db, kind, known->id));
    TRY(organizations_note(
        arena, db, who,
        (OrganizationNote){.organization_id = organization->id, .action = "organization.invited"}));
    TRY(account_note(arena, db, who, "user.invited", known->id));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    *ret_invited = (Invited){.mailed = true};
    return NULL;
}

Error *users_invite(Arena *arena, Db *db, const Principal *who, const Invitation *invitation,
                    Invited *ret_invited)
{
    ErrorField *fields = NULL;
    bool everywhere = who->role == ROLE_SUPER_ADMIN;
    if (!everywhere && !invitation->is_service)
        return invite_by_mail(arena, db, who, invitation, ret_invited);
    if (!everywhere && invitation->email.len > 0)
        error_field_add(arena, &fields, "email", "not_available",
                        "The service user of an organization gets an address that is made up. "
                        "Name it by full_name.");
    TRY(error_from_fields(arena, fields));
    return invite_at_once(arena, db, who, invitation, ret_invited);
}

/* --- changing ------------------------------------------------------------------------------------- */

/* The account and its organization, locked: one that this principal manages. */
static Error *lock_user(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user,
                        Organization **ret_organization)
{
    User *user = NULL;
    TRY(users_get(arena, db, who, id, &user)); /* nothing that is out of reach is locked */
    TRY(members_lock(arena, db, id, ret_user, ret_organization));
    return *ret_user != NULL && principal_manages_user(who, *ret_user) ? NULL : not_found(arena);
}

Error *users_change(Arena *arena, Db *db, const Principal *who, Uuid id, const UserChange *change,
                    User **ret_changed)
{
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock_user(arena, db, who, id, ret_changed, &organization));
    if ((*ret_changed)->deleted_at != 0)
        return ERROR(arena, ERROR_GONE, "This account was deleted. Restore it first.");
    TRY(members_apply(arena, db, who, *ret_changed, change));
    return tx_commit(&tx, arena);
}

static Error *end_tokens(Arena *arena, Db *db, Uuid id)
{
    static const TokenKind kinds[] = {TOKEN_SESSION, TOKEN_API_KEY, TOKEN_VERIFY, TOKEN_RESET};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        TRY(token_delete_of_user(arena, db, id, kinds[i]));
    return NULL;
}

/* That an account comes or goes is noted in its organization, whose places it takes, and in the system's trail. */
static Error *note(Arena *arena, Db *db, const Principal *who, const User *user, bool deleted)
{
    if (user->has_organization)
        TRY(organizations_note(
            arena, db, who,
            (OrganizationNote){.organization_id = user->organization_id,
                               .action = deleted ? "member.deleted" : "member.restored",
                               .user_id = user->id}));
    return account_note(arena, db, who, deleted ? "user.deleted" : "user.restored", user->id);
}

static Error *delete_account(Arena *arena, Db *db, const Principal *who, User *user)
{
    int64_t now = clock_now();
    if (user->deleted_at != 0)
        return ERROR(arena, ERROR_GONE, "This account was deleted before.");
    TRY(members_refuse_last_admin(arena, db, user));
    TRY(user_set_deleted(arena, db, user->id, now, now));
    TRY(end_tokens(arena, db, user->id));
    user->deleted_at = now;
    return note(arena, db, who, user, true);
}

Error *users_delete(Arena *arena, Db *db, const Principal *who, Uuid id, bool *ret_taken_out,
                    User **ret_user)
{
    Organization *organization = NULL;
    bool take_out = who->role != ROLE_SUPER_ADMIN;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock_user(arena, db, who, id, ret_user, &organization));
    TRY(members_refuse_own(arena, who, id));
    if (take_out) {
        TRY(members_refuse_last_admin(arena, db, *ret_user));
        TRY(members_take_out(arena, db, who, *ret_user, "member.removed"));
    } else {
        TRY(delete_account(arena, db, who, *ret_user));
    }
    *ret_taken_out = take_out;
    return tx_commit(&tx, arena);
}

Error *users_restore(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user)
{
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock_user(arena, db, who, id, ret_user, &organization));
    if ((*ret_user)->deleted_at == 0)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT, "This account is not deleted."),
                                 "not_deleted");
    if (organization != NULL)
        TRY(organizations_refuse_full(arena, organization));
    TRY(user_set_deleted(arena, db, id, 0, clock_now()));
    (*ret_user)->deleted_at = 0;
    TRY(note(arena, db, who, *ret_user, false));
    return tx_commit(&tx, arena);
}
