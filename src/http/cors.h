/* Which other sites' pages may read answers: those that --cors-origin names, and without it none. They send a
 * token; cookies are not for them. */
#ifndef OBLIGOR_HTTP_CORS_H
#define OBLIGOR_HTTP_CORS_H

#include "http/request.h"

/* Whatever the answer is: who may read it. */
void cors_add(const Request *request, Response *response);

/* To OPTIONS, which a browser asks before a request that a form could not have made. `allow`: the methods of the
 * path. Adds nothing when it is no such question or comes from elsewhere. */
void cors_add_preflight(const Request *request, Response *response, const char *allow);

#endif
