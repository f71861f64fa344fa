/* The socket is made here and not by the HTTP library, so that an address in use is a sentence and
 * not a missing daemon, and so that a port chosen by the system is known. */
#include "http/listen.h"

#include "base/number.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static bool split(Arena *arena, Str text, const char **ret_host, const char **ret_port)
{
    size_t colon = text.len;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ':')
            colon = i;
    Str host = str_slice(text, 0, colon);
    Str port = str_slice(text, colon + 1, text.len);
    int64_t number;
    size_t at;
    if (colon == text.len || !number_parse_int(port, 0, 65535, &number))
        return false;
    if (str_starts_with(host, STR("[")) && str_ends_with(host, STR("]")))
        host = str_slice(host, 1, host.len - 1);
    else if (str_find(host, ':', &at))
        return false;
    *ret_host = host.len == 0 || str_is(host, "*") ? NULL : str_dup(arena, host);
    *ret_port = str_dup(arena, port);
    return true;
}

static int bind_one(const struct addrinfo *info)
{
    int one = 1, zero = 0;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    info->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

Error *listen_open(Arena *arena, const char *address, int *ret_fd, int *ret_port)
{
    const char *host, *port;
    if (!split(arena, str_from(address), &host, &port))
        return ERROR(arena, ERROR_INVALID,
                     "The address to listen on must be like 127.0.0.1:8000 or [::1]:8000, not "
                     "\"%s\".",
                     address);
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *list = NULL;
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed != 0)
        return ERROR(arena, ERROR_UNAVAILABLE, "Cannot listen on %s: %s.", address,
                     gai_strerror(failed));
    int fd = -1;
    for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next)
        fd = bind_one(info);
    const char *why = strerrordesc_np(errno);
    freeaddrinfo(list);
    if (fd < 0)
        return ERROR(arena, ERROR_UNAVAILABLE, "Cannot listen on %s: %s.", address, why);
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return NULL;
}
