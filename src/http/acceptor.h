/* A thread that accepts connections and hands them on, so that accepting can end while those that are there are
 * served to their end. libmicrohttpd can do both itself, but one of its threads that happens to be awake while
 * it is told to stop accepting may abort the process (0.9.75: both take the socket out of the same epoll set). */
#ifndef OBLIGOR_HTTP_ACCEPTOR_H
#define OBLIGOR_HTTP_ACCEPTOR_H

#include <stdbool.h>
#include <sys/socket.h>

typedef struct Acceptor Acceptor;

typedef struct AcceptorTarget {
    /* There is room for one more; otherwise new clients wait in the socket's backlog. */
    bool (*has_room)(void *self);
    /* Owns `fd` from here on. */
    void (*take)(void *self, int fd, const struct sockaddr *address, socklen_t size);
    void *self;
} AcceptorTarget;

/* `listening`: bound, listening, not blocking; it is the acceptor's from here on. Both calls come from the thread. */
Acceptor *acceptor_start(int listening, AcceptorTarget target);

/* Waits for a client that is being handed on; behind this there comes no other, and new ones are refused. NULL and a
 * second time are fine. */
void acceptor_stop(Acceptor *acceptor);

void acceptor_free(Acceptor *acceptor);

#endif
