/* Members of organizations, and what decides about all of them: an organization's row is locked first, then the
 * user's, so that it keeps an administrator and its limit whoever acts at the same time. */
#ifndef OBLIGOR_DOMAIN_MEMBERS_H
#define OBLIGOR_DOMAIN_MEMBERS_H

#include "model/organization.h"
#include "model/page.h"
#include "store/db.h"

typedef struct UserFilter {
    Str email;      /* a part of it; empty: any */
    unsigned roles; /* bit n: Role n; 0: any */
    int active;     /* 1: active ones, -1: the others, 0: all */
    bool deleted;   /* those too; of members never */
    bool has_organization;
    Uuid organization_id;
} UserFilter;

typedef struct UserList {
    User *items;
    size_t count;
    PageEnd end;
} UserList;

/* Newest first. For who manages the organization; ERROR_NOT_FOUND, ERROR_GONE. */
Error *members_list(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                    const UserFilter *filter, const Page *page, UserList *ret_list) MUST_CHECK;

/* The same of all users that the filter finds, whoever asks. */
Error *members_find(Arena *arena, Db *db, const UserFilter *filter, const Page *page,
                    UserList *ret_list) MUST_CHECK;

typedef struct UserChange {
    bool has_role, has_active, has_name, has_verified;
    Role role;
    bool active, verified;
    Str name; /* empty: none */
} UserChange;

/* role and active of a member. ERROR_NOT_FOUND: no member of this organization. ERROR_DENIED (reason "own_account"):
 * nobody changes their own. ERROR_INVALID: not a role of organizations. ERROR_CONFLICT (reason "last_admin"). */
Error *members_change(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                      Uuid user_id, const UserChange *change, User **ret_changed) MUST_CHECK;

/* Takes a member out: the account stays, with its personal data. Errors as above. */
Error *members_remove(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                      Uuid user_id, User **ret_removed) MUST_CHECK;

/* --- for those who change accounts ---------------------------------------------------------------- */

/* In a write transaction: the user and the user's organization, both locked and read behind the locks. *ret_user NULL:
 * not there; *ret_organization NULL: in none. */
Error *members_lock(Arena *arena, Db *db, Uuid user_id, User **ret_user,
                    Organization **ret_organization) MUST_CHECK;

/* ERROR_CONFLICT (reason "last_admin"): without this user the organization has no administrator who can act. Both are
 * locked. */
Error *members_refuse_last_admin(Arena *arena, Db *db, const User *user) MUST_CHECK;

/* Is it about the principal's own account? ERROR_DENIED (reason "own_account"). */
Error *members_refuse_own(Arena *arena, const Principal *who, Uuid user_id) MUST_CHECK;

/* Changes a locked user as asked, with all that follows: checks, sessions, trail. */
Error *members_apply(Arena *arena, Db *db, const Principal *who, User *user,
                     const UserChange *change) MUST_CHECK;

/* Takes a locked member out of the organization and notes it there. */
Error *members_take_out(Arena *arena, Db *db, const Principal *who, User *user, const char *action)
    MUST_CHECK;

#endif
