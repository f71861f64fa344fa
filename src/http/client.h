/* Who sends a request, as far as the connection and its header fields say. */
#ifndef OBLIGOR_HTTP_CLIENT_H
#define OBLIGOR_HTTP_CLIENT_H

#include "http/request.h"

/* Fills in the request's id, peer, client, is_https and is_local. All header fields are in; `address` is the
 * peer's, as peer_describe gives it. */
void client_identify(Request *request, const char *address, bool is_loopback);

#endif
