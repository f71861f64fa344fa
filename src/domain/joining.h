/* How one becomes a member of an organization, and how one leaves it: the join token, the list of addresses, and the
 * limit of members. The data stays the organization's; who leaves has lost sight of it with the next request, since a
 * principal is made anew for each. */
#ifndef OBLIGOR_DOMAIN_JOINING_H
#define OBLIGOR_DOMAIN_JOINING_H

#include "model/organization.h"
#include "store/db.h"

enum { WHITELIST_MOST = 1000 };

/* A new join token, shown this once; the former one lets nobody in any more. For who manages the organization. */
Error *joining_new_token(Arena *arena, Db *db, const Principal *who, Uuid id,
                         const char **ret_token, Organization **ret_changed) MUST_CHECK;

typedef struct Whitelist {
    WhitelistEntry *entries; /* in the order of their text */
    size_t count;
} Whitelist;

/* For who manages the organization, like the two below. */
Error *joining_whitelist(Arena *arena, Db *db, const Principal *who, Uuid id, Whitelist *ret_list)
    MUST_CHECK;

/* `pattern`: a@b.c, or @b.c for every address there. *ret_new false: it was on the list. ERROR_INVALID: it is
 * neither; ERROR_CONFLICT (reason "whitelist_full"). */
Error *joining_allow(Arena *arena, Db *db, const Principal *who, Uuid id, Str pattern,
                     bool *ret_new) MUST_CHECK;

/* Members stay. ERROR_NOT_FOUND: it is not on the list. */
Error *joining_disallow(Arena *arena, Db *db, const Principal *who, Uuid id, Str pattern)
    MUST_CHECK;

/* The principal becomes a member, with the default role. ERROR_NOT_FOUND (reason "bad_join_token"): it lets nobody in,
 * for whatever reason. ERROR_DENIED (reason "not_whitelisted"); ERROR_CONFLICT (reasons "already_member",
 * "organization_full", "is_super_admin"). */
Error *joining_join(Arena *arena, Db *db, const Principal *who, Str token,
                    Organization **ret_joined) MUST_CHECK;

/* ERROR_CONFLICT (reasons "no_member", "last_admin"). */
Error *joining_leave(Arena *arena, Db *db, const Principal *who, Uuid *ret_left) MUST_CHECK;

#endif
