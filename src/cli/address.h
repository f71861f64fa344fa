/* Addresses to listen on, as --listen takes them. */
#ifndef OBLIGOR_CLI_ADDRESS_H
#define OBLIGOR_CLI_ADDRESS_H

#include "base/error.h"

/* "127.0.0.1:8000", "[::1]:8000", "localhost:8000": ERROR_INVALID, reason "usage", for anything
 * else. `ret_host` keeps its brackets. */
Error *address_parse(Arena *arena, Str text, Str *ret_host, int *ret_port) MUST_CHECK;

/* Reached from this machine only. */
bool address_is_loopback(Str host);

/* "http://127.0.0.1:8000": where a browser on this machine finds the server. */
const char *address_url(Arena *arena, Str host, int port);

#endif
