/* The page's session, in a cookie that no script reads and no other site's request carries. Where it counts, a
 * request that changes something must come from a page of this site: browsers say so in Origin. */
#ifndef OBLIGOR_HTTP_COOKIE_H
#define OBLIGOR_HTTP_COOKIE_H

#include "http/request.h"

/* The token in the request's cookie; empty when there is none, or more than one. */
Str cookie_token(const Request *request);

/* Puts the session's token into the cookie. Behind "cookie": true at a sign-in, and whenever the token of a
 * request by cookie (request->by_cookie) is replaced by another. */
void cookie_set(const Request *request, Response *response, const Session *session);
void cookie_clear(const Request *request, Response *response);

/* ERROR_DENIED, reason "origin_mismatch", unless Origin is the request's own site or the one of --public-url. */
Error *cookie_check_origin(const Request *request) MUST_CHECK;

/* The value of a cookie among others, as "a=1; b=2" has them: false when it is not there, or twice. */
bool cookie_find(Str header, Str name, Str *ret_value);

#endif
