/* Whose data somebody reaches follows from the account as it is now, each time it is asked: there is nothing
 * kept that could be out of date. A member of an organization that does not let its members in (disabled,
 * deleted) is a user with personal data and nothing else. */
#include "domain/accounts.h"

#include "store/account_store.h"

static void add_owner(Principal *who, Uuid id, OwnerKind kind)
{
    who->owners[who->owner_count] = id;
    who->owner_kinds[who->owner_count++] = kind;
}

/* The owner that is written to stands first. */
Principal *accounts_principal(Arena *arena, const User *user, const Peer *peer)
{
    Principal *who = ARENA_NEW(arena, Principal);
    bool member = user->organization_open && role_is_of_organization(user->role);
    *who =
        (Principal){.user_id = user->id,
                    .email = user->email,
                    .username = user->username,
                    .full_name = user->full_name,
                    .role = member || !role_is_of_organization(user->role) ? user->role : ROLE_USER,
                    .has_organization = member,
                    .organization_id = member ? user->organization_id : UUID_NIL,
                    .organization_name = member ? user->organization_name : NULL,
                    .scopes = SCOPE_ALL,
                    .via = peer->via,
                    .address = peer->address,
                    .request_id = peer->request_id};
    if (user->role == ROLE_SUPER_ADMIN)
        add_owner(who, SYSTEM_OWNER, OWNER_SYSTEM);
    if (member)
        add_owner(who, user->organization_id, OWNER_ORGANIZATION);
    who->personal = who->owner_count;
    add_owner(who, user->id, OWNER_PERSONAL);
    if (member && user->organization_reads_system)
        add_owner(who, SYSTEM_OWNER, OWNER_SYSTEM);
    return who;
}

Principal *accounts_operator(Arena *arena, const Peer *peer)
{
    Principal *who = ARENA_NEW(arena, Principal);
    *who = (Principal){.user_id = UUID_NIL,
                       .role = ROLE_SUPER_ADMIN,
                       .owners = {SYSTEM_OWNER},
                       .owner_kinds = {OWNER_SYSTEM},
                       .owner_count = 1,
                       .scopes = SCOPE_ALL,
                       .via = peer->via,
                       .address = peer->address,
                       .request_id = peer->request_id};
    return who;
}

Error *accounts_worker(Arena *arena, Db *db, Uuid user_id, Principal **ret_who)
{
    static const Peer peer = {.via = "worker"};
    User *user = NULL;
    if (!uuid_is_nil(user_id))
        TRY(user_by_id(arena, db, user_id, &user));
    *ret_who =
        user != NULL ? accounts_principal(arena, user, &peer) : accounts_operator(arena, &peer);
    return NULL;
}
