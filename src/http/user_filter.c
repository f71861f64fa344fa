/* Addresses are resolved here so that the floors beneath know only ids. */
#include "http/user_filter.h"

#include "http/organization_body.h"

static const Uuid NOBODY = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                             0xFF, 0xFF, 0xFF, 0xFF}};

Error *user_filter_read(Request *request, const char *name, bool *ret_has, Uuid *ret_user)
{
    Params *query = &request->query;
    Str value = params_text(query, name, 254);
    size_t at;
    *ret_has = value.len > 0;
    if (value.len == 0)
        return NULL;
    if (str_equal_fold(value, STR("me"))) {
        *ret_user = request->who->user_id;
    } else if (str_find(value, '@', &at)) {
        User *user = NULL;
        TRY(accounts_find(request->arena, request->db, value, &user));
        *ret_user = user == NULL ? NOBODY : user->id;
    } else if (!uuid_parse(value, ret_user)) {
        params_wrong(query, name, "not_a_user", "%s must be a user's id, an e-mail address, or me.",
                     name);
    }
    return NULL;
}

void user_filter_read_users(Params *query, UserFilter *ret_filter)
{
    *ret_filter = (UserFilter){.email = params_text(query, "email", 254),
                               .roles = params_words(query, "role", ROLE_WORDS, ROLE_COUNT)};
    if (params_has(query, "is_active"))
        ret_filter->active = params_bool(query, "is_active", true) ? 1 : -1;
}

void user_change_read(Params *body, bool all, UserChange *ret_change)
{
    *ret_change = (UserChange){.has_role = params_has(body, "role"),
                               .has_active = params_has(body, "is_active"),
                               .role = role_body_read(body, "role"),
                               .active = params_bool(body, "is_active", true)};
    if (all) {
        ret_change->has_name = params_has(body, "full_name") || params_is_null(body, "full_name");
        ret_change->has_verified = params_has(body, "is_verified");
        ret_change->name = params_text(body, "full_name", FULL_NAME_CHARS_MAX);
        ret_change->verified = params_bool(body, "is_verified", true);
    }
    if (!ret_change->has_role && !ret_change->has_active && !ret_change->has_name &&
        !ret_change->has_verified)
        params_wrong(body, "role", "missing", "Nothing is named that is to be changed.");
}
