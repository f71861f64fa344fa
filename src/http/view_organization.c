/* Organizations. A join token is in no view: it is shown once, by who made it. */
#include "http/views.h"

void view_organization(JsonOut *out, const char *key, const Organization *organization)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", organization->id);
    json_put_text(out, "name", organization->name);
    json_put_text(out, "slug", organization->slug);
    json_put_bool(out, "is_active", organization->is_active);
    json_put_bool(out, "join_enabled", organization->join_enabled);
    json_put_text(out, "default_role", ROLE_WORDS[organization->default_role]);
    if (organization->max_users > 0)
        json_put_int(out, "max_users", organization->max_users);
    else
        json_put_null(out, "max_users");
    json_put_int(out, "user_count", organization->members);
    json_put_bool(out, "allow_global_data_access", organization->reads_system);
    json_put_uuid_or_null(out, "created_by", organization->created_by);
    json_put_time(out, "created_at", organization->created_at);
    json_put_time(out, "updated_at", organization->updated_at);
    json_put_time_or_null(out, "deleted_at", organization->deleted_at);
    json_put_uuid_or_null(out, "deletion_id", organization->deletion_id);
    json_end_object(out);
}

void view_whitelist(JsonOut *out, const char *key, const Whitelist *list)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < list->count; i++) {
        json_begin_object(out, NULL);
        json_put_text(out, "pattern", list->entries[i].pattern);
        json_put_uuid_or_null(out, "added_by", list->entries[i].added_by);
        json_put_time(out, "created_at", list->entries[i].created_at);
        json_end_object(out);
    }
    json_end_array(out);
}

void view_users(JsonOut *out, const char *key, const User *users, size_t count)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < count; i++)
        view_user(out, NULL, &users[i]);
    json_end_array(out);
}
