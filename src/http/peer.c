/* The two families that matter; inet_ntop cannot fail for them with room enough. */
#include "http/peer.h"

#include <arpa/inet.h>

enum { LOOPBACK_NET = 127 };

bool peer_describe(const struct sockaddr *address, char out[PEER_TEXT_SIZE])
{
    const void *raw = address;
    out[0] = '\0';
    if (address == NULL)
        return false;
    if (address->sa_family == AF_INET) {
        struct in_addr v4 = ((const struct sockaddr_in *)raw)->sin_addr;
        inet_ntop(AF_INET, &v4, out, PEER_TEXT_SIZE);
        return ntohl(v4.s_addr) >> 24 == LOOPBACK_NET;
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct in6_addr v6 = ((const struct sockaddr_in6 *)raw)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        inet_ntop(AF_INET, &v6.s6_addr[12], out, PEER_TEXT_SIZE);
        return v6.s6_addr[12] == LOOPBACK_NET;
    }
    inet_ntop(AF_INET6, &v6, out, PEER_TEXT_SIZE);
    return IN6_IS_ADDR_LOOPBACK(&v6);
}
