/* Accounts as their administrators see them: a super_admin all of them, an organization's admin those of its members.
 * What is out of reach is not there. */
#ifndef OBLIGOR_DOMAIN_USERS_H
#define OBLIGOR_DOMAIN_USERS_H

#include "domain/links.h"
#include "domain/mail_outbox.h"
#include "domain/members.h"

/* Newest first. */
Error *users_list(Arena *arena, Db *db, const Principal *who, const UserFilter *filter,
                  const Page *page, UserList *ret_list) MUST_CHECK;

/* ERROR_NOT_FOUND. A super_admin sees deleted ones too. */
Error *users_get(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user) MUST_CHECK;

typedef struct Invitation {
    Str email;     /* of a service user it may be empty: then one is made up that nobody can have */
    Str full_name; /* empty: none */
    Role role;     /* ROLE_COUNT: the default of where it goes */
    Uuid organization_id; /* nil: where the principal is the administrator */
    bool is_service;
    bool mails; /* this server sends mail */
} Invitation;

typedef struct Invited {
    const User *user; /* NULL: who has the address is not for this principal to know */
    bool mailed;      /* else, of a person: */
    Link link;        /* with which a password is set; token NULL: a service user has none */
} Invited;

/* A new account, with its place and role. A super_admin makes it anywhere, at once.
 *
 * An organization's admin must not learn whose addresses are known here. So for a person it does no more than to send
 * mail to the address, with a link to a new account where there is none; whoever gets it joins by the organization's
 * token. The answer, the organization and what its admin can see are the same whether there was an account or not.
 *
 * ERROR_INVALID names wrong fields. ERROR_CONFLICT: the address is taken (told to a super_admin, or of a member);
 * reason "organization_full"; "no_mail": an organization's admin invites by mail alone. */
Error *users_invite(Arena *arena, Db *db, const Principal *who, const Invitation *invitation,
                    Invited *ret_invited) MUST_CHECK;

/* As members_change; a super_admin changes full_name and is_verified too. ERROR_GONE: deleted. */
Error *users_change(Arena *arena, Db *db, const Principal *who, Uuid id, const UserChange *change,
                    User **ret_changed) MUST_CHECK;

/* A super_admin deletes the account: it signs in nowhere, and nothing else is lost. An organization's admin takes the
 * member out of it (*ret_taken_out), since the account is not theirs. */
Error *users_delete(Arena *arena, Db *db, const Principal *who, Uuid id, bool *ret_taken_out,
                    User **ret_user) MUST_CHECK;

/* ERROR_CONFLICT (reasons "not_deleted", "organization_full"). */
Error *users_restore(Arena *arena, Db *db, const Principal *who, Uuid id, User **ret_user)
    MUST_CHECK;

#endif
