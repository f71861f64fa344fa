/* Users, their roles, and the principal: who is asking, which owners' data they reach, and what they may do
 * with it. Every rule of who may do what to whose data stands here or in the row of a route, and nowhere
 * else. */
#ifndef OBLIGOR_MODEL_USER_H
#define OBLIGOR_MODEL_USER_H

#include "base/crypto.h"
#include "base/uuid.h"

typedef enum Role {
    ROLE_USER,
    ROLE_ORG_VIEWER,
    ROLE_ORG_MEMBER,
    ROLE_ORG_AUDITOR,
    ROLE_ORG_ADMIN,
    ROLE_SUPER_ADMIN,
    ROLE_COUNT
} Role;
extern const char *const ROLE_WORDS[ROLE_COUNT];

/* A role that only a member of an organization has, and every member has one. */
bool role_is_of_organization(Role role);

typedef struct User {
    Uuid id;
    const char *email;         /* as given; compared in lower case */
    const char *username;      /* NULL: none */
    const char *full_name;     /* NULL: none */
    const char *password_hash; /* NULL: none set */
    Role role;
    bool is_active;
    bool is_service;     /* for pipelines: no password, only API keys */
    int64_t verified_at; /* 0: not verified */
    int64_t created_at;
    int64_t deleted_at;             /* 0: it is there */
    bool has_organization;          /* a member, whether or not it lets its members in at present */
    Uuid organization_id;           /* of the organization, if any */
    bool organization_open;         /* it is active and not deleted; only then: */
    const char *organization_name;  /* else NULL */
    bool organization_reads_system; /* allow_global_data_access */
} User;

/* The three kinds of owner; the word is the `access_level` of the HTTP contract. */
typedef enum OwnerKind {
    OWNER_PERSONAL,
    OWNER_ORGANIZATION,
    OWNER_SYSTEM,
    OWNER_KIND_COUNT
} OwnerKind;
extern const char *const ACCESS_LEVEL_WORDS[OWNER_KIND_COUNT];

#define SYSTEM_OWNER UUID_NIL

/* What an API key is for, as bits. A session has all of them. */
typedef enum Scope {
    SCOPE_READ = 1,
    SCOPE_WRITE = 2,
    SCOPE_ADMIN = 4,
    SCOPE_ALL = SCOPE_READ | SCOPE_WRITE | SCOPE_ADMIN
} Scope;
enum { SCOPE_COUNT = 3 };
extern const char *const SCOPE_WORDS[SCOPE_COUNT]; /* of bit 0, 1 and 2 */

enum { PRINCIPAL_OWNERS_MAX = 3 };

/* Who acts. Its `owners` are the one access condition: what belongs to none of them does not exist for
 * this principal. */
typedef struct Principal {
    Uuid user_id;
    const char *email;
    const char *username;
    const char *full_name;
    Role role; /* user, while the organization does not let its members in */
    Uuid owners[PRINCIPAL_OWNERS_MAX];
    OwnerKind owner_kinds[PRINCIPAL_OWNERS_MAX];
    size_t owner_count;            /* at least one */
    size_t writes_to;              /* index into owners: where new data goes */
    size_t personal;               /* index into owners: where it goes by choice */
    bool has_organization;         /* is a member, and it lets its members in */
    Uuid organization_id;          /* then: one of the owners */
    const char *organization_name; /* likewise; else NULL */
    unsigned scopes;               /* of Scope */
    bool is_key;                   /* an API key, not a session */
    const char *via;               /* "http", "cli" or "worker" */
    const char *address;           /* peer's address, or the system's user and host */
    const char *request_id;        /* NULL: none */
    Digest token;                  /* of the session or key, over HTTP */
    int64_t token_expires_at;      /* likewise; else 0 */
} Principal;

/* False: this owner's data does not exist for this principal. */
bool principal_reaches(const Principal *principal, Uuid owner_id);
OwnerKind principal_owner_kind(const Principal *principal, Uuid owner_id);

/* Where something new goes. */
Uuid principal_writes_to(const Principal *principal, bool personal);

/* May this principal change or delete what `created_by` made for this owner? Its creator (while a member, and
 * neither viewer nor auditor) and the organization's admin may; the system's data is the super_admin's; one's
 * own is one's own. False where it is out of reach: then it does not exist. */
bool principal_may_change(const Principal *principal, Uuid owner_id, Uuid created_by);

/* Is it an administrator of this owner: super_admin, or the organization's admin? */
bool principal_is_admin(const Principal *principal, Uuid owner_id);

/* Does it act for all of this owner, whoever made what: as an administrator, or as the person whose it is? */
bool principal_administers(const Principal *principal, Uuid owner_id);

/* May it see all of this owner's audit trail? Who administers it, and the organization's auditor. */
bool principal_audits(const Principal *principal, Uuid owner_id);

/* Is this organization there for it: its name, its settings? For its members, and for a super_admin. */
bool principal_sees_organization(const Principal *principal, Uuid organization_id);

/* May it change the organization, its list of addresses and its members: as a super_admin, or as its admin? */
bool principal_manages(const Principal *principal, Uuid organization_id);

/* Is this account in its care? All are in a super_admin's; those of its members in an organization's admin's. */
bool principal_manages_user(const Principal *principal, const User *user);

#endif
