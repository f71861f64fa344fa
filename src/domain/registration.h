/* Getting in: registering, proving an address, and setting a forgotten password. Strangers ask here, so no answer
 * tells whether an address has an account: not its status, not its body, not its time, not what is written. */
#ifndef OBLIGOR_DOMAIN_REGISTRATION_H
#define OBLIGOR_DOMAIN_REGISTRATION_H

#include "domain/accounts.h"
#include "domain/links.h"

typedef enum RegistrationMode {
    REGISTRATION_CLOSED,
    REGISTRATION_OPEN,
    REGISTRATION_DOMAIN
} RegistrationMode;

typedef struct Registration {
    RegistrationMode mode;
    const Str *domains; /* whose addresses may, in lower case */
    size_t domain_count;
    bool mails; /* somebody sends mail; else nothing is queued, and an administrator makes links */
} Registration;

/* "closed", "open", "domain=a.example,b.example". ERROR_INVALID says what is wrong; `mails` stays as it is. */
Error *registration_parse(Arena *arena, Str text, Registration *registration) MUST_CHECK;

/* An account of the role user, not verified. ERROR_DENIED: closed, or not for this domain; ERROR_INVALID names wrong
 * fields. Where the address is taken nothing is told to who asks, and its user is told by mail. Slow on purpose. */
Error *registration_register(Arena *arena, Db *db, const Peer *peer, const Registration *how,
                             const NewUser *new) MUST_CHECK;

/* Mail with a link, if there is anybody to get it. ERROR_INVALID: no address at all. */
Error *registration_resend(Arena *arena, Db *db, const Registration *how, Str email) MUST_CHECK;
Error *registration_forgot(Arena *arena, Db *db, const Registration *how, Str email) MUST_CHECK;

/* Uses the token of a link. ERROR_INVALID, reason "bad_token": it is unknown, used or expired. */
Error *registration_verify(Arena *arena, Db *db, const Peer *peer, Str token) MUST_CHECK;

/* Likewise, and a password that will not do leaves the link as good as it was. The address counts as proved, and all
 * sessions of the user end. Slow on purpose. */
Error *registration_reset(Arena *arena, Db *db, const Peer *peer, Str token, Str password)
    MUST_CHECK;

/* May this principal make a link for this user? A super_admin for anybody; an organization's admin for a member who
 * has no password yet, since a link to one who has would let them in as somebody else. ERROR_NOT_FOUND: out of
 * reach; ERROR_DENIED, reason "key_not_allowed" or "has_password"; ERROR_CONFLICT, reason "not_a_person": a service
 * user, or "not_active". */
Error *registration_may_link(Arena *arena, const Principal *who, const User *user) MUST_CHECK;

/* That, and makes the link and notes it in the audit trail, in a transaction of its own. Whoever has one open calls
 * registration_may_link and link_make. */
Error *registration_link(Arena *arena, Db *db, const Principal *who, const User *user,
                         LinkKind kind, Link *ret_link) MUST_CHECK;

#endif
