/* Organizations and who belongs to them, in the database. */
#ifndef OBLIGOR_STORE_ORGANIZATION_STORE_H
#define OBLIGOR_STORE_ORGANIZATION_STORE_H

#include "model/kind.h"
#include "model/organization.h"
#include "store/db.h"

/* With its owner row and the head of its audit trail. ERROR_CONFLICT (reason "slug_taken"). */
Error *organization_insert(Arena *arena, Db *db, const Organization *organization,
                           Digest join_token) MUST_CHECK;

/* Each may give NULL. */
Error *organization_by_id(Arena *arena, Db *db, Uuid id, Organization **ret_found) MUST_CHECK;
Error *organization_by_slug(Arena *arena, Db *db, Str slug, Organization **ret_found) MUST_CHECK;
/* Only while it lets somebody in by token. */
Error *organization_by_token(Arena *arena, Db *db, Digest token, Organization **ret_found)
    MUST_CHECK;

/* Holds the row until the commit; what is read behind it stays so. */
Error *organization_lock(Arena *arena, Db *db, Uuid id, bool *ret_found) MUST_CHECK;

typedef struct OrganizationQuery {
    int64_t before_created_at; /* INT64_MAX: from the newest on */
    Uuid before_id;
    bool deleted; /* those too */
    int64_t limit;
} OrganizationQuery;

Error *organization_list(Arena *arena, Db *db, const OrganizationQuery *query,
                         Organization **ret_items, size_t *ret_count) MUST_CHECK;
Error *organization_count(Arena *arena, Db *db, const OrganizationQuery *query, int64_t *ret_count)
    MUST_CHECK;

/* Each raises the revision. ERROR_CONFLICT (reason "slug_taken"). */
Error *organization_update(Arena *arena, Db *db, const Organization *organization, int64_t now)
    MUST_CHECK;
Error *organization_set_token(Arena *arena, Db *db, Uuid id, Digest token, int64_t now) MUST_CHECK;
Error *organization_touch(Arena *arena, Db *db, Uuid id, int64_t now) MUST_CHECK;
/* `deleted_at` 0: it is there again. */
Error *organization_set_deleted(Arena *arena, Db *db, Uuid id, int64_t deleted_at, Uuid deletion_id,
                                int64_t now) MUST_CHECK;

/* What its members see of it. */
typedef struct OrganizationCounts {
    int64_t jobs;
    int64_t companies;
    int64_t predictions[KIND_COUNT]; /* current ones */
} OrganizationCounts;
Error *organization_counts(Arena *arena, Db *db, Uuid id, OrganizationCounts *ret_counts)
    MUST_CHECK;

/* The tables with rows of an organization, in the order in which they can be emptied. */
typedef enum OrganizationPart {
    PART_DELETION_CHUNKS,
    PART_ARCHIVED_COMPANIES,
    PART_RETIRED_VERSIONS,
    PART_COVERING_ROWS,
    PART_COMPANY_CHANGES,
    PART_PREDICTIONS, /* of the first kind; those of the others follow */
    PART_COUNTS = PART_PREDICTIONS + KIND_COUNT,
    PART_JOB_ERRORS,
    PART_JOB_FILES,
    PART_JOB_MARKS,
    PART_KEYS,
    PART_DELETIONS,
    PART_COMPANIES,
    PART_JOBS,
    ORGANIZATION_PART_COUNT
} OrganizationPart;

/* Removes up to `limit` of its rows. */
Error *organization_part_remove(Arena *arena, Db *db, Uuid id, OrganizationPart part, int64_t limit,
                                int64_t *ret_removed) MUST_CHECK;

/* Lets its members go, and ends its list of addresses and its join token. */
Error *organization_release(Arena *arena, Db *db, Uuid id, int64_t now) MUST_CHECK;

/* --- who may join -------------------------------------------------------------------------------- */

/* `ret_new`: it was not on the list. */
Error *whitelist_add(Arena *arena, Db *db, Uuid organization_id, const WhitelistEntry *entry,
                     bool *ret_new) MUST_CHECK;
Error *whitelist_remove(Arena *arena, Db *db, Uuid organization_id, Str pattern,
                        bool *ret_was_there) MUST_CHECK;
Error *whitelist_list(Arena *arena, Db *db, Uuid organization_id, WhitelistEntry **ret_entries,
                      size_t *ret_count) MUST_CHECK;
Error *whitelist_count(Arena *arena, Db *db, Uuid organization_id, int64_t *ret_count) MUST_CHECK;
/* The list is empty, or matches the address. */
Error *whitelist_admits(Arena *arena, Db *db, Uuid organization_id, Str email, bool *ret_admits)
    MUST_CHECK;

/* --- members and users --------------------------------------------------------------------------- */

/* The row is held until the commit; *ret_place: the organization, nil where there is none. */
Error *user_place_lock(Arena *arena, Db *db, Uuid id, Uuid *ret_place) MUST_CHECK;

/* Puts a user into an organization, or out of any (nil). */
Error *user_set_place(Arena *arena, Db *db, const User *user, int64_t now) MUST_CHECK;

/* role, is_active, full_name and verified_at. */
Error *user_change(Arena *arena, Db *db, const User *user, int64_t now) MUST_CHECK;
Error *user_set_deleted(Arena *arena, Db *db, Uuid id, int64_t deleted_at, int64_t now) MUST_CHECK;

/* How many persons other than this user can act as the organization's administrators now. */
Error *member_admins(Arena *arena, Db *db, Uuid organization_id, Uuid but_for, int64_t *ret_count)
    MUST_CHECK;

typedef struct UserQuery {
    bool has_organization; /* false: all users */
    Uuid organization_id;
    Str email_part; /* in lower case; empty: any */
    unsigned roles; /* bit n: Role n; 0: any */
    int active;     /* 1: active ones, -1: the others, 0: all */
    bool deleted;   /* those too */
    int64_t before_created_at;
    Uuid before_id;
    int64_t limit;
} UserQuery;

Error *user_page(Arena *arena, Db *db, const UserQuery *query, User **ret_users, size_t *ret_count)
    MUST_CHECK;
Error *user_count(Arena *arena, Db *db, const UserQuery *query, int64_t *ret_count) MUST_CHECK;

#endif
