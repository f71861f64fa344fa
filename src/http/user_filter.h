/* The filter created_by: an id, an e-mail address, or `me`. */
#ifndef OBLIGOR_HTTP_USER_FILTER_H
#define OBLIGOR_HTTP_USER_FILTER_H

#include "http/request.h"

/* What is wrong is noted in the query. An address that nobody has matches nothing: whether it
 * exists does not show. */
Error *user_filter_read(Request *request, const char *name, bool *ret_has, Uuid *ret_user)
    MUST_CHECK;

#endif
