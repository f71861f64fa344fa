/* Users as filters and as bodies: the filter created_by (an id, an e-mail address, or `me`), the filters of lists of
 * users, and what is changed of one. */
#ifndef OBLIGOR_HTTP_USER_FILTER_H
#define OBLIGOR_HTTP_USER_FILTER_H

#include "domain/members.h"
#include "http/request.h"

enum { JOIN_TOKEN_MAX = 200, FULL_NAME_CHARS_MAX = 200 };

/* What is wrong is noted in the query. An address that nobody has matches nothing: whether it
 * exists does not show. */
Error *user_filter_read(Request *request, const char *name, bool *ret_has, Uuid *ret_user)
    MUST_CHECK;

/* email, role, is_active. */
void user_filter_read_users(Params *query, UserFilter *ret_filter);

/* role and is_active; with `all`, full_name and is_verified too. At least one has to be there. */
void user_change_read(Params *body, bool all, UserChange *ret_change);

#endif
