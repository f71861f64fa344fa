/* Whatever depends on how an organization is now is decided behind the lock of its row. */
#include "domain/organizations.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "domain/audit.h"
#include "domain/owners.h"
#include "format/json_out.h"
#include "store/deletion_store.h"
#include "store/organization_store.h"

/* --- rules of its fields ------------------------------------------------------------------------- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* What of a name may stand in a slug, in lower case; everything else between two of them is one hyphen. */
static Str slug_of(Arena *arena, Str name)
{
    Buf slug = buf_new(arena, SLUG_MAX + 1);
    Str lower = str_lower(arena, name);
    bool gap = false;
    for (size_t i = 0; i < lower.len && buf_str(&slug).len + 2 <= SLUG_MAX; i++) {
        if (!is_letter_or_digit(lower.ptr[i])) {
            gap = buf_str(&slug).len > 0;
            continue;
        }
        if (gap)
            buf_add_char(&slug, '-');
        gap = false;
        buf_add_char(&slug, lower.ptr[i]);
    }
    return buf_str(&slug);
}

static bool slug_is_good(Str slug)
{
    if (slug.len == 0 || slug.len > SLUG_MAX || !is_letter_or_digit(slug.ptr[0]) ||
        !is_letter_or_digit(slug.ptr[slug.len - 1]))
        return false;
    for (size_t i = 0; i < slug.len; i++)
        if (!is_letter_or_digit(slug.ptr[i]) && slug.ptr[i] != '-')
            return false;
    return true;
}

static void check_slug(Arena *arena, Str slug, ErrorField **fields)
{
    if (!slug_is_good(slug))
        error_field_add(arena, fields, "slug", "not_a_slug",
                        "A short name has at most %d lower-case letters, digits and hyphens, and "
                        "neither begins nor ends with a hyphen.",
                        SLUG_MAX);
}

static void check_name(Arena *arena, Str name, ErrorField **fields)
{
    size_t bad = 0;
    if (name.len == 0 || name.len > ORGANIZATION_NAME_MAX || !utf8_check(name, &bad))
        error_field_add(arena, fields, "name", name.len == 0 ? "missing" : "too_long",
                        "The name of an organization has 1 to %d bytes of UTF-8.",
                        ORGANIZATION_NAME_MAX);
}

static void check_default_role(Arena *arena, Role role, ErrorField **fields)
{
    if (role != ROLE_ORG_VIEWER && role != ROLE_ORG_MEMBER && role != ROLE_ORG_AUDITOR)
        error_field_add(arena, fields, "default_role", "not_available",
                        "Who joins may become org_viewer, org_member or org_auditor.");
}

static void check_limit(Arena *arena, int64_t max_users, ErrorField **fields)
{
    if (max_users < 0 || max_users > MEMBERS_MOST)
        error_field_add(arena, fields, "max_users", "out_of_range",
                        "max_users lies between 1 and %lld; null stands for no limit.",
                        (long long)MEMBERS_MOST);
}

/* --- what others share --------------------------------------------------------------------------- */

static Error *not_found(Arena *arena)
{
    return ERROR(arena, ERROR_NOT_FOUND, "There is no such organization.");
}

static Error *gone(Arena *arena, Db *db, const Organization *organization)
{
    Deletion *deletion = NULL;
    Error *error = ERROR(arena, ERROR_GONE, "This organization was deleted.");
    TRY(deletion_find(arena, db, SYSTEM_OWNER, organization->deletion_id, &deletion));
    return deletion == NULL ? error : owners_describe_deletion(arena, error, deletion);
}

Error *organizations_get(Arena *arena, Db *db, const Principal *who, Uuid id, bool deleted,
                         Organization **ret_found)
{
    Organization *found = NULL;
    if (principal_sees_organization(who, id))
        TRY(organization_by_id(arena, db, id, &found));
    if (found == NULL)
        return not_found(arena);
    if (found->deleted_at != 0 && !deleted)
        return gone(arena, db, found);
    *ret_found = found;
    return NULL;
}

Error *organizations_by_slug(Arena *arena, Db *db, Str slug, Organization **ret_found)
{
    return organization_by_slug(arena, db, str_lower(arena, slug), ret_found);
}

Error *organizations_managed(Arena *arena, Db *db, const Principal *who, Uuid id,
                             Organization **ret_found)
{
    return principal_manages(who, id) ? organizations_get(arena, db, who, id, false, ret_found)
                                      : not_found(arena);
}

Error *organizations_lock(Arena *arena, Db *db, const Principal *who, Uuid id,
                          Organization **ret_locked)
{
    bool found = false;
    if (principal_manages(who, id))
        TRY(organization_lock(arena, db, id, &found));
    return organizations_managed(arena, db, who, id, ret_locked); /* behind it: it stays so */
}

Error *organizations_note(Arena *arena, Db *db, const Principal *who, OrganizationNote note)
{
    bool of_user = !uuid_is_nil(note.user_id);
    TRY(organization_touch(arena, db, note.organization_id, clock_now()));
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = note.organization_id,
                                   .action = note.action,
                                   .object_kind = of_user ? "user" : "organization",
                                   .object_id = of_user ? note.user_id : note.organization_id,
                                   .count = -1,
                                   .details = note.details});
}

Error *organizations_refuse_full(Arena *arena, const Organization *organization)
{
    if (organization->max_users == 0 || organization->members < organization->max_users)
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "The organization has %lld members, and no more are allowed. "
                                   "An administrator may raise the limit.",
                                   (long long)organization->members),
                             "organization_full");
}

const char *organizations_etag(Arena *arena, const Organization *organization)
{
    char hex[33];
    Digest digest =
        digest_of(str_printf(arena, "organization %s %lld", uuid_text(arena, organization->id),
                             (long long)organization->revision));
    hex_format(hex, digest.bytes, 16);
    return arena_printf(arena, "\"%s\"", hex);
}

/* --- making -------------------------------------------------------------------------------------- */

static Error *check_new(Arena *arena, const NewOrganization *asked, Str slug)
{
    ErrorField *fields = NULL;
    check_name(arena, asked->name, &fields);
    if (asked->name.len > 0 || asked->slug.len > 0)
        check_slug(arena, slug, &fields);
    check_default_role(arena, asked->default_role, &fields);
    check_limit(arena, asked->max_users, &fields);
    return error_from_fields(arena, fields);
}

/* In its own trail, and in the system's behind it: every transaction takes their heads in this order. */
static Error *note_made(Arena *arena, Db *db, const Principal *who, Uuid id)
{
    AuditNote note = {.owner_id = id,
                      .action = "organization.created",
                      .object_kind = "organization",
                      .object_id = id,
                      .count = -1};
    TRY(audit_write(arena, db, who, note));
    note.owner_id = SYSTEM_OWNER;
    return audit_write(arena, db, who, note);
}

Error *organizations_create(Arena *arena, Db *db, const Principal *who,
                            const NewOrganization *asked, const char **ret_token,
                            Organization **ret_made)
{
    Str slug = asked->slug.len > 0 ? str_lower(arena, asked->slug) : slug_of(arena, asked->name);
    TRY(check_new(arena, asked, slug));
    const char *token = crypto_token(arena);
    int64_t now = clock_now();
    Organization *made = ARENA_NEW(arena, Organization);
    *made = (Organization){.id = uuid_new(),
                           .slug = str_dup(arena, slug),
                           .name = str_dup(arena, asked->name),
                           .is_active = true,
                           .has_token = true,
                           .join_enabled = asked->join_enabled,
                           .default_role = asked->default_role,
                           .max_users = asked->max_users,
                           .reads_system = asked->reads_system,
                           .created_by = who->user_id,
                           .created_at = now,
                           .updated_at = now};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organization_insert(arena, db, made, digest_of(str_from(token))));
    TRY(note_made(arena, db, who, made->id));
    TRY(tx_commit(&tx, arena));
    *ret_token = token;
    *ret_made = made;
    return NULL;
}

/* --- the list ------------------------------------------------------------------------------------ */

static Error *list_all(Arena *arena, Db *db, bool deleted, const Page *page, OrganizationList *list)
{
    size_t count = 0;
    Organization *found = NULL;
    OrganizationQuery query = {.before_created_at =
                                   page->after.set ? page->after.created_at : INT64_MAX,
                               .before_id = page->after.id,
                               .deleted = deleted,
                               .limit = page->limit + page->offset + 1};
    TRY(organization_list(arena, db, &query, &found, &count));
    if (page->want_total)
        TRY(organization_count(arena, db, &query, &list->end.total));
    size_t from = owners_page(page, count, &list->end.has_more, &list->count);
    list->items = found == NULL ? NULL : found + from;
    if (list->end.has_more) {
        const Organization *last = &list->items[list->count - 1];
        list->end.next = (PageKey){.set = true, .created_at = last->created_at, .id = last->id};
    }
    return NULL;
}

/* One is no member of two. */
static Error *list_own(Arena *arena, Db *db, const Principal *who, const Page *page,
                       OrganizationList *list)
{
    Organization *own = NULL;
    if (who->has_organization)
        TRY(organization_by_id(arena, db, who->organization_id, &own));
    if (page->want_total)
        list->end.total = own != NULL;
    if (own == NULL || page->after.set || page->offset > 0)
        return NULL;
    list->items = own;
    list->count = 1;
    return NULL;
}

Error *organizations_list(Arena *arena, Db *db, const Principal *who, bool deleted,
                          const Page *page, OrganizationList *ret_list)
{
    *ret_list = (OrganizationList){.end = {.total = -1}};
    return who->role == ROLE_SUPER_ADMIN ? list_all(arena, db, deleted, page, ret_list)
                                         : list_own(arena, db, who, page, ret_list);
}

/* --- changing ------------------------------------------------------------------------------------ */

static Error *check_change(Arena *arena, const Principal *who, const OrganizationChange *change,
                           Str slug)
{
    ErrorField *fields = NULL;
    if (who->role != ROLE_SUPER_ADMIN &&
        (change->has_slug || change->has_active || change->has_reads_system))
        return ERROR(arena, ERROR_DENIED,
                     "The short name, is_active and allow_global_data_access of an organization "
                     "are changed by an administrator of the server.");
    if (change->has_name)
        check_name(arena, change->to.name, &fields);
    if (change->has_slug)
        check_slug(arena, slug, &fields);
    if (change->has_default_role)
        check_default_role(arena, change->to.default_role, &fields);
    if (change->has_max_users)
        check_limit(arena, change->to.max_users, &fields);
    return error_from_fields(arena, fields);
}

static void apply(Arena *arena, const OrganizationChange *change, Str slug, Organization *to)
{
    if (change->has_name)
        to->name = str_dup(arena, change->to.name);
    if (change->has_slug)
        to->slug = str_dup(arena, slug);
    if (change->has_active)
        to->is_active = change->active;
    if (change->has_default_role)
        to->default_role = change->to.default_role;
    if (change->has_max_users)
        to->max_users = change->to.max_users;
    if (change->has_join_enabled)
        to->join_enabled = change->to.join_enabled;
    if (change->has_reads_system)
        to->reads_system = change->to.reads_system;
}

static Error *refuse_state(Arena *arena, const Organization *now, const OrganizationChange *change)
{
    if (change->if_match != NULL && strcmp(change->if_match, organizations_etag(arena, now)) != 0)
        return ERROR(arena, ERROR_CHANGED,
                     "The organization, its members or its list of addresses have changed since. "
                     "Look at it again.");
    if (change->has_max_users && change->to.max_users > 0 && change->to.max_users < now->members)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "The organization has %lld members already: the limit "
                                       "cannot be %lld.",
                                       (long long)now->members, (long long)change->to.max_users),
                                 "too_many_members");
    return NULL;
}

/* What it was changed to, for the trail. */
static const char *describe(Arena *arena, const OrganizationChange *change, const Organization *to)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    if (change->has_name)
        json_put_text(&out, "name", to->name);
    if (change->has_slug)
        json_put_text(&out, "slug", to->slug);
    if (change->has_active)
        json_put_bool(&out, "is_active", to->is_active);
    if (change->has_default_role)
        json_put_text(&out, "default_role", ROLE_WORDS[to->default_role]);
    if (change->has_max_users)
        json_put_int(&out, "max_users", to->max_users); /* 0: no limit */
    if (change->has_join_enabled)
        json_put_bool(&out, "join_enabled", to->join_enabled);
    if (change->has_reads_system)
        json_put_bool(&out, "allow_global_data_access", to->reads_system);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

Error *organizations_change(Arena *arena, Db *db, const Principal *who, Uuid id,
                            const OrganizationChange *change, Organization **ret_changed)
{
    Organization *organization = NULL;
    Str slug = str_lower(arena, change->to.slug);
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, id, &organization));
    TRY(check_change(arena, who, change, slug));
    TRY(refuse_state(arena, organization, change));
    apply(arena, change, slug, organization);
    TRY(organization_update(arena, db, organization, now));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = id,
                                .action = "organization.changed",
                                .object_kind = "organization",
                                .object_id = id,
                                .count = -1,
                                .details = describe(arena, change, organization)}));
    TRY(organization_by_id(arena, db, id, ret_changed));
    return tx_commit(&tx, arena);
}
