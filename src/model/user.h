/* Users, their roles, and the principal: who is asking, and which owners' data they reach. */
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

typedef struct User {
    Uuid id;
    const char *email;         /* as given; compared in lower case */
    const char *username;      /* NULL: none */
    const char *full_name;     /* NULL: none */
    const char *password_hash; /* NULL: none set */
    Role role;
    bool is_active;
    int64_t verified_at; /* 0: not verified */
    int64_t created_at;
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

enum { PRINCIPAL_OWNERS_MAX = 3 };

/* Who acts. Its `owners` are the one access condition: what belongs to none of them does not exist for
 * this principal. */
typedef struct Principal {
    Uuid user_id;
    const char *email;
    const char *username;
    const char *full_name;
    Role role;
    Uuid owners[PRINCIPAL_OWNERS_MAX];
    OwnerKind owner_kinds[PRINCIPAL_OWNERS_MAX];
    size_t owner_count;     /* at least one */
    size_t writes_to;       /* index into owners: where new data goes */
    const char *via;        /* "http", "cli" or "worker" */
    const char *address;    /* peer's address, or the system's user and host */
    const char *request_id; /* NULL: none */
    Digest token;           /* of the session, over HTTP */
} Principal;

/* False: this owner's data does not exist for this principal. */
bool principal_reaches(const Principal *principal, Uuid owner_id);
OwnerKind principal_owner_kind(const Principal *principal, Uuid owner_id);

#endif
