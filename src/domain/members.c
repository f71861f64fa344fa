/* Who is how much in an organization. Everything here begins with members_lock. */
#include "domain/members.h"

#include "base/clock.h"
#include "domain/account_rules.h"
#include "domain/organizations.h"
#include "domain/owners.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/organization_store.h"

/* --- what others share ---------------------------------------------------------------------------- */

static Uuid place_of(const User *user)
{
    return user->has_organization ? user->organization_id : UUID_NIL;
}

Error *members_lock(Arena *arena, Db *db, Uuid user_id, User **ret_user,
                    Organization **ret_organization)
{
    User *user = NULL;
    Uuid place;
    bool found = false;
    *ret_organization = NULL;
    TRY(user_by_id(arena, db, user_id, &user));
    if (user != NULL && user->has_organization)
        TRY(organization_lock(arena, db, user->organization_id, &found));
    TRY(user_place_lock(arena, db, user_id, &place));
    if (user != NULL && !uuid_equal(place, place_of(user)))
        return error_with_reason(
            ERROR(arena, ERROR_BUSY, "This account was changed a moment ago. Try again."),
            ERROR_RETRY);
    if (found)
        TRY(organization_by_id(arena, db, place, ret_organization));
    return user_by_id(arena, db, user_id, ret_user); /* read after the locks: it stays so */
}

/* Can this person act as the administrator of the organization? */
static bool is_acting_admin(const User *user)
{
    return user->role == ROLE_ORG_ADMIN && user->is_active && user->deleted_at == 0 &&
           user->verified_at != 0 && !user->is_service;
}

Error *members_refuse_last_admin(Arena *arena, Db *db, const User *user)
{
    int64_t others = 0;
    if (!is_acting_admin(user))
        return NULL;
    TRY(member_admins(arena, db, user->organization_id, user->id, &others));
    return others > 0
               ? NULL
               : error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                         "%s is the only administrator of the organization who can "
                                         "act. Make somebody else its administrator first.",
                                         user->email),
                                   "last_admin");
}

Error *members_refuse_own(Arena *arena, const Principal *who, Uuid user_id)
{
    if (!uuid_equal(who->user_id, user_id))
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_DENIED,
                                   "Nobody changes the role or the state of their own account. "
                                   "Another administrator may."),
                             "own_account");
}

/* --- the list ------------------------------------------------------------------------------------- */

Error *members_list(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                    const UserFilter *filter, const Page *page, UserList *ret_list)
{
    Organization *organization = NULL;
    UserFilter members = *filter;
    TRY(organizations_managed(arena, db, who, organization_id, &organization));
    members.has_organization = true;
    members.organization_id = organization_id;
    members.deleted = false;
    return members_find(arena, db, &members, page, ret_list);
}

Error *members_find(Arena *arena, Db *db, const UserFilter *filter, const Page *page,
                    UserList *ret_list)
{
    UserQuery query = {.has_organization = filter->has_organization,
                       .organization_id = filter->organization_id,
                       .email_part = str_lower(arena, filter->email),
                       .roles = filter->roles,
                       .active = filter->active,
                       .deleted = filter->deleted,
                       .before_created_at = page->after.set ? page->after.created_at : INT64_MAX,
                       .before_id = page->after.id,
                       .limit = page->limit + page->offset + 1};
    UserList list = {.end = {.total = -1}};
    User *found = NULL;
    size_t count = 0;
    TRY(user_page(arena, db, &query, &found, &count));
    if (page->want_total)
        TRY(user_count(arena, db, &query, &list.end.total));
    size_t from = owners_page(page, count, &list.end.has_more, &list.count);
    list.items = found == NULL ? NULL : found + from;
    if (list.end.has_more) {
        const User *last = &list.items[list.count - 1];
        list.end.next = (PageKey){.set = true, .created_at = last->created_at, .id = last->id};
    }
    *ret_list = list;
    return NULL;
}

/* --- changing ------------------------------------------------------------------------------------- */

static Error *check(Arena *arena, const Principal *who, const User *user, const UserChange *change)
{
    ErrorField *fields = NULL;
    if (change->has_role || change->has_active || change->has_verified)
        TRY(members_refuse_own(arena, who, user->id));
    if ((change->has_verified || change->has_name) && who->role != ROLE_SUPER_ADMIN)
        return ERROR(arena, ERROR_DENIED,
                     "full_name and is_verified are changed by an administrator of the server.");
    if (change->has_role && role_is_of_organization(change->role) != user->has_organization)
        error_field_add(arena, &fields, "role", "not_available",
                        user->has_organization
                            ? "A member of an organization has a role of organizations: "
                              "org_viewer, org_member, org_auditor or org_admin."
                            : "Who is a member of no organization is user or super_admin.");
    if (change->has_name)
        account_check_name(arena, "full_name", change->name, &fields);
    return error_from_fields(arena, fields);
}

static void set(Arena *arena, const UserChange *change, User *user)
{
    if (change->has_role)
        user->role = change->role;
    if (change->has_active)
        user->is_active = change->active;
    if (change->has_name)
        user->full_name = change->name.len > 0 ? str_dup(arena, change->name) : NULL;
    if (change->has_verified && change->verified != (user->verified_at != 0))
        user->verified_at = change->verified ? clock_now() : 0;
}

static const char *describe(Arena *arena, const User *user, const UserChange *change)
{
    Buf buf = buf_new(arena, 1024);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    if (change->has_role)
        json_put_text(&out, "role", ROLE_WORDS[user->role]);
    if (change->has_active)
        json_put_bool(&out, "is_active", user->is_active);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

/* The organization's trail before the system's: every transaction takes their heads in this order. */
static Error *note(Arena *arena, Db *db, const Principal *who, const User *user,
                   const UserChange *change)
{
    bool of_account = !user->has_organization || change->has_name || change->has_verified;
    if (user->has_organization)
        TRY(organizations_note(arena, db, who,
                               (OrganizationNote){.organization_id = user->organization_id,
                                                  .action = "member.changed",
                                                  .user_id = user->id,
                                                  .details = describe(arena, user, change)}));
    return of_account || change->has_active ? account_note(arena, db, who, "user.changed", user->id)
                                            : NULL;
}

Error *members_apply(Arena *arena, Db *db, const Principal *who, User *user,
                     const UserChange *change)
{
    User changed = *user;
    TRY(check(arena, who, user, change));
    set(arena, change, &changed);
    if (!is_acting_admin(&changed))
        TRY(members_refuse_last_admin(arena, db, user));
    TRY(user_change(arena, db, &changed, clock_now()));
    if (user->is_active && !changed.is_active)
        TRY(token_delete_of_user(arena, db, user->id, TOKEN_SESSION));
    *user = changed;
    return note(arena, db, who, user, change);
}

Error *members_take_out(Arena *arena, Db *db, const Principal *who, User *user, const char *action)
{
    Uuid organization_id = user->organization_id;
    user->role = ROLE_USER;
    user->has_organization = user->organization_open = false;
    user->organization_id = UUID_NIL;
    user->organization_name = NULL;
    TRY(user_set_place(arena, db, user, clock_now()));
    return organizations_note(arena, db, who,
                              (OrganizationNote){.organization_id = organization_id,
                                                 .action = action,
                                                 .user_id = user->id});
}

/* The member of an organization that this principal manages, both locked. */
static Error *lock_member(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                          Uuid user_id, User **ret_user)
{
    Organization *organization = NULL;
    User *user = NULL;
    TRY(organizations_lock(arena, db, who, organization_id, &organization));
    TRY(user_by_id(arena, db, user_id, &user));
    if (user == NULL || user->deleted_at != 0 || !uuid_equal(place_of(user), organization_id))
        return ERROR(arena, ERROR_NOT_FOUND, "The organization has no such member.");
    return members_lock(arena, db, user_id, ret_user, &organization);
}

Error *members_change(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                      Uuid user_id, const UserChange *change, User **ret_changed)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock_member(arena, db, who, organization_id, user_id, ret_changed));
    TRY(members_apply(arena, db, who, *ret_changed, change));
    return tx_commit(&tx, arena);
}

Error *members_remove(Arena *arena, Db *db, const Principal *who, Uuid organization_id,
                      Uuid user_id, User **ret_removed)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock_member(arena, db, who, organization_id, user_id, ret_removed));
    TRY(members_refuse_own(arena, who, user_id));
    TRY(members_refuse_last_admin(arena, db, *ret_removed));
    TRY(members_take_out(arena, db, who, *ret_removed, "member.removed"));
    return tx_commit(&tx, arena);
}
