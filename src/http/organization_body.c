/* max_users is the one member that null changes: it takes the limit away. */
#include "http/organization_body.h"

Role role_body_read(Params *body, const char *name)
{
    return (Role)params_word(body, name, ROLE_WORDS, ROLE_COUNT, ROLE_COUNT);
}

static int64_t read_limit(Params *body)
{
    return params_int(body, "max_users", 1, MEMBERS_MOST, 0);
}

void organization_body_read(Params *body, NewOrganization *ret_asked)
{
    Role role = role_body_read(body, "default_role");
    *ret_asked = (NewOrganization){
        .name = params_text(body, "name", ORGANIZATION_NAME_MAX),
        .slug = params_text(body, "slug", SLUG_MAX),
        .max_users = read_limit(body),
        .default_role = role == ROLE_COUNT ? ROLE_ORG_MEMBER : role,
        .reads_system = params_bool(body, "allow_global_data_access", false),
        .join_enabled = params_bool(body, "join_enabled", true),
    };
}

void organization_body_read_change(Params *body, OrganizationChange *ret_change)
{
    *ret_change = (OrganizationChange){
        .has_name = params_has(body, "name"),
        .has_slug = params_has(body, "slug"),
        .has_active = params_has(body, "is_active"),
        .has_default_role = params_has(body, "default_role"),
        .has_max_users = params_has(body, "max_users") || params_is_null(body, "max_users"),
        .has_join_enabled = params_has(body, "join_enabled"),
        .has_reads_system = params_has(body, "allow_global_data_access"),
        .active = params_bool(body, "is_active", true),
    };
    organization_body_read(body, &ret_change->to);
    OrganizationChange *c = ret_change;
    if (!(c->has_name || c->has_slug || c->has_active || c->has_default_role || c->has_max_users ||
          c->has_join_enabled || c->has_reads_system))
        params_wrong(body, "name", "missing", "Nothing is named that is to be changed.");
}
