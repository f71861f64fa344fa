/* Who is at the other end of a connection. */
#ifndef OBLIGOR_HTTP_PEER_H
#define OBLIGOR_HTTP_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { PEER_TEXT_SIZE = INET6_ADDRSTRLEN };

/* Writes the address without its port (an IPv4 address in IPv6 clothes as IPv4; "" for NULL or
 * another family) and says whether it is this machine's own. */
bool peer_describe(const struct sockaddr *address, char out[PEER_TEXT_SIZE]);

#endif
