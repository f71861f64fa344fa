/* Organizations: making them, their settings, and what everybody who changes one shares. What happens inside an
 * organization is noted in its own audit trail; that it came to be, and its end, in the system's too. */
#ifndef OBLIGOR_DOMAIN_ORGANIZATIONS_H
#define OBLIGOR_DOMAIN_ORGANIZATIONS_H

#include "model/organization.h"
#include "model/page.h"
#include "store/db.h"

enum { ORGANIZATION_NAME_MAX = 200, SLUG_MAX = 50 };

typedef struct NewOrganization {
    Str name;
    Str slug;          /* empty: made of the name */
    int64_t max_users; /* 0: no limit */
    Role default_role; /* of who joins */
    bool reads_system; /* allow_global_data_access */
    bool join_enabled;
} NewOrganization;

/* *ret_token: what lets people join; it is shown this once. ERROR_INVALID names each wrong field; ERROR_CONFLICT
 * (reason "slug_taken"). For a super_admin. */
Error *organizations_create(Arena *arena, Db *db, const Principal *who,
                            const NewOrganization *asked, const char **ret_token,
                            Organization **ret_made) MUST_CHECK;

/* ERROR_NOT_FOUND: not there, or not this principal's. ERROR_GONE: deleted, unless `deleted`. */
Error *organizations_get(Arena *arena, Db *db, const Principal *who, Uuid id, bool deleted,
                         Organization **ret_found) MUST_CHECK;
Error *organizations_by_slug(Arena *arena, Db *db, Str slug, Organization **ret_found)
    MUST_CHECK; /* may be NULL */

typedef struct OrganizationList {
    Organization *items;
    size_t count;
    PageEnd end;
} OrganizationList;

/* All of them for a super_admin, one's own for everybody else; newest first. */
Error *organizations_list(Arena *arena, Db *db, const Principal *who, bool deleted,
                          const Page *page, OrganizationList *ret_list) MUST_CHECK;

typedef struct OrganizationChange {
    bool has_name, has_slug, has_active, has_default_role, has_max_users, has_join_enabled,
        has_reads_system;
    NewOrganization to;
    bool active;
    const char *if_match; /* NULL: whatever it is now */
} OrganizationChange;

/* ERROR_DENIED: its short name, is_active and allow_global_data_access are a super_admin's. ERROR_CHANGED: it is
 * not what if_match names. ERROR_CONFLICT: the short name is taken, or it has more members than the new limit. */
Error *organizations_change(Arena *arena, Db *db, const Principal *who, Uuid id,
                            const OrganizationChange *change, Organization **ret_changed)
    MUST_CHECK;

/* Of its settings, members and list as they are. */
const char *organizations_etag(Arena *arena, const Organization *organization);

/* --- for those who change one -------------------------------------------------------------------- */

/* In a write transaction: the organization, which stays as it is read until the commit. ERROR_NOT_FOUND: not there,
 * or this principal does not manage it; ERROR_GONE. */
Error *organizations_lock(Arena *arena, Db *db, const Principal *who, Uuid id,
                          Organization **ret_locked) MUST_CHECK;

/* The same without a lock, for looking. */
Error *organizations_managed(Arena *arena, Db *db, const Principal *who, Uuid id,
                             Organization **ret_found) MUST_CHECK;

typedef struct OrganizationNote {
    Uuid organization_id;
    const char *action;
    Uuid user_id;        /* whom it is about; nil: the organization itself */
    const char *details; /* a JSON object; NULL: none */
} OrganizationNote;

/* Something about it has changed: raises its revision and notes it in its trail. */
Error *organizations_note(Arena *arena, Db *db, const Principal *who, OrganizationNote note)
    MUST_CHECK;

/* ERROR_CONFLICT (reason "organization_full"): there is no place for one more. The organization is locked. */
Error *organizations_refuse_full(Arena *arena, const Organization *organization) MUST_CHECK;

#endif
