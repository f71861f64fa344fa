/* Idempotency-Key for requests that create something. */
#ifndef OBLIGOR_HTTP_IDEMPOTENT_H
#define OBLIGOR_HTTP_IDEMPOTENT_H

#include "domain/idempotency.h"
#include "http/request.h"

/* The request's key with a digest over the route, the path, the query and `content`: what makes it
 * the request that it is. The key is empty where the client sent none. */
Error *idempotent_key(const Request *request, Str content, IdempotencyKey *ret_key) MUST_CHECK;

#endif
