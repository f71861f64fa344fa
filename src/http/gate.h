/* What is decided from the request line and the header fields alone, before a byte of the body is
 * read: the route, who asks, whether they may, and whether the body can be what the route wants. */
#ifndef OBLIGOR_HTTP_GATE_H
#define OBLIGOR_HTTP_GATE_H

#include "http/app.h"

/* Three steps, in this order. Each gives an error to be answered, or NULL. */

/* Fills request->path, route and values, and gives the query of the target. response->status is set when
 * the gate has answered by itself (OPTIONS, 405). */
Error *gate_find(Request *request, Str target, Str *ret_query, Response *response) MUST_CHECK;

/* Does gate_admit need the database to know whether the request may? */
bool gate_asks_who(const Request *request);

/* Fills request->who. `db` is not looked at where gate_asks_who is false. */
Error *gate_admit(Request *request, Db *db) MUST_CHECK;

/* Can the body be what the route wants? Fills request->query. */
Error *gate_check(Request *request, Str query) MUST_CHECK;

/* The declared length of the body; -1: not declared (chunked); 0: none. */
int64_t gate_body_length(const Request *request);

/* Because of the role, the scopes of a key, or that it is a key at all. */
bool gate_permits(Permission permission, const Principal *who);

#endif
