/* Words of the roles, and the one access condition. */
#include "model/user.h"

#include "base/check.h"

const char *const ROLE_WORDS[ROLE_COUNT] = {"user",        "org_viewer", "org_member",
                                            "org_auditor", "org_admin",  "super_admin"};
const char *const ACCESS_LEVEL_WORDS[OWNER_KIND_COUNT] = {"personal", "organization", "system"};

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
