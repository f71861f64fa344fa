/* Words of the roles, the one access condition, and who may change what lies within it. */
#include "model/user.h"

#include "base/check.h"

const char *const ROLE_WORDS[ROLE_COUNT] = {"user",        "org_viewer", "org_member",
                                            "org_auditor", "org_admin",  "super_admin"};
const char *const ACCESS_LEVEL_WORDS[OWNER_KIND_COUNT] = {"personal", "organization", "system"};
const char *const SCOPE_WORDS[SCOPE_COUNT] = {"read", "write", "admin"};

bool role_is_of_organization(Role role)
{
    return role != ROLE_USER && role != ROLE_SUPER_ADMIN;
}

static int owner_index(const Principal *principal, Uuid owner_id)
{
    for (size_t i = 0; i < principal->owner_count; i++)
        if (uuid_equal(principal->owners[i], owner_id))
            return (int)i;
    return -1;
}

bool principal_reaches(const Principal *principal, Uuid owner_id)
{
    return owner_index(principal, owner_id) >= 0;
}

OwnerKind principal_owner_kind(const Principal *principal, Uuid owner_id)
{
    int index = owner_index(principal, owner_id);
    CHECK(index >= 0);
    return principal->owner_kinds[index];
}

Uuid principal_writes_to(const Principal *principal, bool personal)
{
    return principal->owners[personal ? principal->personal : principal->writes_to];
}

static bool has_kind(const Principal *principal, int index, OwnerKind kind)
{
    return index >= 0 && principal->owner_kinds[index] == kind;
}

bool principal_is_admin(const Principal *principal, Uuid owner_id)
{
    int index = owner_index(principal, owner_id);
    if (has_kind(principal, index, OWNER_ORGANIZATION))
        return principal->role == ROLE_ORG_ADMIN;
    return index >= 0 && principal->role == ROLE_SUPER_ADMIN;
}

bool principal_administers(const Principal *principal, Uuid owner_id)
{
    return principal_is_admin(principal, owner_id) ||
           has_kind(principal, owner_index(principal, owner_id), OWNER_PERSONAL);
}

static bool only_looks(Role role)
{
    return role == ROLE_ORG_VIEWER || role == ROLE_ORG_AUDITOR;
}

bool principal_may_change(const Principal *principal, Uuid owner_id, Uuid created_by)
{
    if (only_looks(principal->role))
        return false;
    return principal_administers(principal, owner_id) ||
           (has_kind(principal, owner_index(principal, owner_id), OWNER_ORGANIZATION) &&
            uuid_equal(created_by, principal->user_id));
}

bool principal_audits(const Principal *principal, Uuid owner_id)
{
    return principal_administers(principal, owner_id) ||
           (has_kind(principal, owner_index(principal, owner_id), OWNER_ORGANIZATION) &&
            principal->role == ROLE_ORG_AUDITOR);
}
