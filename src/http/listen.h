/* A listening socket. */
#ifndef OBLIGOR_HTTP_LISTEN_H
#define OBLIGOR_HTTP_LISTEN_H

#include "base/error.h"

/* `address`: "127.0.0.1:8000", "[::1]:8000", "localhost:8000", ":8000" (every address); port 0: the
 * system chooses. ERROR_INVALID when it is none, ERROR_UNAVAILABLE when it cannot be had; both name
 * it. *ret_port is the real one. */
Error *listen_open(Arena *arena, const char *address, int *ret_fd, int *ret_port) MUST_CHECK;

#endif
