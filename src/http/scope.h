/* Small choices that several requests offer alike. */
#ifndef OBLIGOR_HTTP_SCOPE_H
#define OBLIGOR_HTTP_SCOPE_H

#include "http/params.h"
#include "model/user.h"

enum { REASON_MAX_CHARS = 500 };

/* `access_level` of something new: true for the principal's personal scope by choice. A level that
 * this principal does not write to is noted as wrong. */
bool scope_read(Params *params, const Principal *who);

/* `reason` of something that is kept with it; NULL: none was given. */
const char *reason_read(Params *params);

/* The same where there has to be one: that it is missing is noted. */
const char *reason_need(Params *params);

#endif
