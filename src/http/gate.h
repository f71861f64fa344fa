/* What is decided from the request line and the header fields alone, before a byte of the body is
 * read: the route, who asks, whether they may, and whether the body can be what the route wants. */
#ifndef OBLIGOR_HTTP_GATE_H
#define OBLIGOR_HTTP_GATE_H

#include "http/app.h"

/* Fills request->route, values, query and who. Returns an error to be answered; or NULL with
 * response->status set when the gate has answered by itself (OPTIONS, 405); or NULL. */
Error *gate_pass(Request *request, Str target, Response *response) MUST_CHECK;

/* The declared length of the body; -1: not declared (chunked); 0: none. */
int64_t gate_body_length(const Request *request);

bool gate_permits(Permission permission, Role role);

#endif
