/* Problem answers (RFC 9457): every answer that says no is made here. */
#ifndef OBLIGOR_HTTP_PROBLEM_H
#define OBLIGOR_HTTP_PROBLEM_H

#include "http/request.h"

/* The status of each error code. */
int problem_status(const Error *error);

/* Replaces whatever was in `response` by the problem: application/problem+json with type, title,
 * status, detail, instance, errors[] and the error's extra members, and success, error and message
 * for clients of the described system. Adds Retry-After to 429 and 503 and WWW-Authenticate to 401.
 * Nothing of the error's cause, file or line is in it. Headers set before are dropped. */
void problem_reply(const Request *request, const Error *error, Response *response);

/* The same with a status that no error code has: 405, 408. */
void problem_reply_status(const Request *request, int status, const Error *error,
                          Response *response);

/* The phrase of a status: "Not Found"; "Error" for one that is not ours. */
const char *problem_title(int status);

#endif
