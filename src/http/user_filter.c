/* Resolved here so that the floors beneath know only ids. */
#include "http/user_filter.h"

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
