/* Users, and whose something is. Never a password hash. */
#include "http/views.h"

void view_ownership(JsonOut *out, const Principal *who, Uuid owner_id)
{
    OwnerKind kind = principal_owner_kind(who, owner_id);
    json_put_text(out, "access_level", ACCESS_LEVEL_WORDS[kind]);
    if (kind == OWNER_ORGANIZATION)
        json_put_uuid(out, "organization_id", owner_id);
    else
        json_put_null(out, "organization_id");
    json_put_text(out, "organization_name",
                  kind == OWNER_ORGANIZATION ? who->organization_name : NULL);
}

void view_user(JsonOut *out, const char *key, const User *user)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", user->id);
    json_put_text(out, "email", user->email);
    json_put_text(out, "username", user->username);
    json_put_text(out, "full_name", user->full_name);
    json_put_text(out, "role", ROLE_WORDS[user->role]);
    if (user->has_organization)
        json_put_uuid(out, "organization_id", user->organization_id);
    else
        json_put_null(out, "organization_id");
    json_put_text(out, "organization_name", user->organization_name);
    json_put_bool(out, "is_active", user->is_active);
    json_put_bool(out, "is_service", user->is_service);
    json_put_bool(out, "is_verified", user->verified_at != 0);
    json_put_time(out, "created_at", user->created_at);
    json_put_time_or_null(out, "deleted_at", user->deleted_at);
    json_end_object(out);
}
