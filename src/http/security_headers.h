/* The header fields that keep browsers from doing with an answer what it is not for. */
#ifndef OBLIGOR_HTTP_SECURITY_HEADERS_H
#define OBLIGOR_HTTP_SECURITY_HEADERS_H

#include "http/response.h"

/* Adds each that belongs there and was not set. `is_https`: the client spoke TLS. */
void security_headers_add(Response *response, bool is_https);

#endif
