/* An organization: the owner of its members' common data, and how one becomes a member. */
#ifndef OBLIGOR_MODEL_ORGANIZATION_H
#define OBLIGOR_MODEL_ORGANIZATION_H

#include "model/user.h"

/* No limit of members lies above this. */
#define MEMBERS_MOST INT64_C(1000000)

typedef struct Organization {
    Uuid id;
    const char *slug; /* lower-case letters, digits and hyphens; nobody else has it */
    const char *name;
    bool is_active; /* false: its members act for themselves alone */
    bool has_token; /* to join with; only its digest is kept */
    bool join_enabled;
    Role default_role; /* of who joins: viewer, member or auditor */
    int64_t max_users; /* 0: as many as come */
    bool reads_system; /* allow_global_data_access */
    int64_t revision;  /* raised with every change of it, its members or its list of addresses */
    Uuid created_by;
    int64_t created_at;
    int64_t updated_at;
    int64_t deleted_at; /* 0: it is there */
    Uuid deletion_id;   /* then */
    int64_t members;    /* that are not deleted */
} Organization;

/* Whole addresses, or @domain for all of a domain, in lower case. */
typedef struct WhitelistEntry {
    const char *pattern;
    Uuid added_by;
    int64_t created_at;
} WhitelistEntry;

#endif
