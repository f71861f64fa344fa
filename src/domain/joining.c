/* All that decides is looked at behind the lock of the organization's row; a token is looked up before it, and again
 * behind it. */
#include "domain/joining.h"

#include "base/clock.h"
#include "domain/account_rules.h"
#include "domain/members.h"
#include "domain/organizations.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/organization_store.h"

Error *joining_new_token(Arena *arena, Db *db, const Principal *who, Uuid id,
                         const char **ret_token, Organization **ret_changed)
{
    Organization *organization = NULL;
    const char *token = crypto_token(arena);
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, id, &organization));
    TRY(organization_set_token(arena, db, id, digest_of(str_from(token)), clock_now()));
    TRY(organizations_note(
        arena, db, who,
        (OrganizationNote){.organization_id = id, .action = "organization.token_changed"}));
    TRY(organization_by_id(arena, db, id, ret_changed));
    TRY(tx_commit(&tx, arena));
    *ret_token = token;
    return NULL;
}

/* --- the list of addresses ------------------------------------------------------------------------ */

Error *joining_whitelist(Arena *arena, Db *db, const Principal *who, Uuid id, Whitelist *ret_list)
{
    Organization *organization = NULL;
    TRY(organizations_managed(arena, db, who, id, &organization));
    return whitelist_list(arena, db, id, &ret_list->entries, &ret_list->count);
}

static Error *check_pattern(Arena *arena, Str pattern)
{
    ErrorField *wrong = NULL, *fields = NULL;
    bool domain = str_starts_with(pattern, STR("@"));
    account_check_email(arena, domain ? str_printf(arena, "x" STR_FMT, STR_ARG(pattern)) : pattern,
                        &wrong);
    if (wrong != NULL)
        error_field_add(arena, &fields, "pattern", "not_a_pattern",
                        "A pattern is an e-mail address, or @ and a domain for every address "
                        "there.");
    return error_from_fields(arena, fields);
}

static const char *describe(Arena *arena, const char *key, const char *value)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_text(&out, key, value);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

static Error *note_pattern(Arena *arena, Db *db, const Principal *who, Uuid id, const char *pattern,
                           bool added)
{
    return organizations_note(arena, db, who,
                              (OrganizationNote){.organization_id = id,
                                                 .action = added
                                                               ? "organization.address_allowed"
                                                               : "organization.address_disallowed",
                                                 .details = describe(arena, "pattern", pattern)});
}

Error *joining_allow(Arena *arena, Db *db, const Principal *who, Uuid id, Str pattern,
                     bool *ret_new)
{
    int64_t count = 0;
    Organization *organization = NULL;
    WhitelistEntry entry = {str_dup(arena, str_lower(arena, str_trim(pattern))), who->user_id,
                            clock_now()};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, id, &organization));
    TRY(check_pattern(arena, str_from(entry.pattern)));
    TRY(whitelist_count(arena, db, id, &count));
    TRY(whitelist_add(arena, db, id, &entry, ret_new));
    if (!*ret_new)
        return NULL;
    if (count >= WHITELIST_MOST)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "The list has %lld entries, and no more are allowed. Use "
                                       "@domain for all addresses of a domain.",
                                       (long long)count),
                                 "whitelist_full");
    TRY(note_pattern(arena, db, who, id, entry.pattern, true));
    return tx_commit(&tx, arena);
}

Error *joining_disallow(Arena *arena, Db *db, const Principal *who, Uuid id, Str pattern)
{
    bool was_there = false;
    Organization *organization = NULL;
    Str lower = str_lower(arena, str_trim(pattern));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, id, &organization));
    TRY(whitelist_remove(arena, db, id, lower, &was_there));
    if (!was_there)
        return ERROR(arena, ERROR_NOT_FOUND, "This pattern is not on the list.");
    TRY(note_pattern(arena, db, who, id, str_dup(arena, lower), false));
    return tx_commit(&tx, arena);
}

/* --- joining -------------------------------------------------------------------------------------- */

static Error *refuse_person(Arena *arena, const User *user)
{
    if (user->role == ROLE_SUPER_ADMIN)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "An administrator of the server is no member of an "
                                       "organization."),
                                 "is_super_admin");
    if (user->has_organization)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "You are a member of an organization. Leave it first."),
            "already_member");
    return NULL;
}

static Error *bad_token(Arena *arena)
{
    return error_with_reason(ERROR(arena, ERROR_NOT_FOUND,
                                   "This join token lets nobody in. Ask the organization's "
                                   "administrator for the present one."),
                             "bad_join_token");
}

/* The organization that the token lets into, locked. */
static Error *open_door(Arena *arena, Db *db, Str token, Organization **ret_organization)
{
    bool found = false;
    Digest digest = digest_of(token);
    Organization *organization = NULL, *again = NULL;
    TRY(organization_by_token(arena, db, digest, &organization));
    if (organization == NULL)
        return bad_token(arena);
    TRY(organization_lock(arena, db, organization->id, &found));
    TRY(organization_by_token(arena, db, digest, &again)); /* changed meanwhile? */
    if (again == NULL || !uuid_equal(again->id, organization->id))
        return bad_token(arena);
    *ret_organization = again;
    return NULL;
}

static Error *refuse_address(Arena *arena, Db *db, const Organization *organization,
                             const User *user)
{
    bool admits = false;
    TRY(whitelist_admits(arena, db, organization->id, str_from(user->email), &admits));
    return admits ? NULL
                  : error_with_reason(ERROR(arena, ERROR_DENIED,
                                            "Your address is not among those that may join. Ask "
                                            "the organization's administrator."),
                                      "not_whitelisted");
}

Error *joining_join(Arena *arena, Db *db, const Principal *who, Str token,
                    Organization **ret_joined)
{
    Uuid place;
    User *user = NULL;
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(open_door(arena, db, token, &organization));
    TRY(user_place_lock(arena, db, who->user_id, &place));
    TRY(accounts_user(arena, db, who->user_id, &user)); /* read after the lock: it stays so */
    TRY(refuse_person(arena, user));
    TRY(refuse_address(arena, db, organization, user));
    TRY(organizations_refuse_full(arena, organization));
    user->role = organization->default_role;
    user->has_organization = true;
    user->organization_id = organization->id;
    TRY(user_set_place(arena, db, user, clock_now()));
    TRY(organizations_note(
        arena, db, who,
        (OrganizationNote){.organization_id = organization->id,
                           .action = "member.joined",
                           .user_id = user->id,
                           .details = describe(arena, "role", ROLE_WORDS[user->role])}));
    TRY(organization_by_id(arena, db, organization->id, ret_joined));
    return tx_commit(&tx, arena);
}

Error *joining_leave(Arena *arena, Db *db, const Principal *who, Uuid *ret_left)
{
    User *user = NULL;
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(members_lock(arena, db, who->user_id, &user, &organization));
    if (organization == NULL)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "You are a member of no organization."), "no_member");
    *ret_left = organization->id;
    TRY(members_refuse_last_admin(arena, db, user));
    TRY(members_take_out(arena, db, who, user, "member.left"));
    return tx_commit(&tx, arena);
}
