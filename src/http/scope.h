/* Small choices that several requests offer alike. */
#ifndef OBLIGOR_HTTP_SCOPE_H
#define OBLIGOR_HTTP_SCOPE_H

#include "http/params.h"
#include "model/user.h"

enum { REASON_MAX_CHARS = 500 };

/* `access_level` of something new: true for the principal's personal scope by choice. A level that
 * this principal does not write to is noted as wrong. */
bool scope_read(Params *params, const Principal *who);

/* `reason`, why something is done; NULL: none. `needed`: that is noted as missing. */
const char *scope_reason(Params *params, bool needed);

#endif
