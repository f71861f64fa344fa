/* A body that has no end yet: it is read piece by piece while the request goes on, and while there is nothing to
 * read the connection sleeps without a thread. */
#ifndef OBLIGOR_HTTP_STREAM_H
#define OBLIGOR_HTTP_STREAM_H

#include "base/str.h"

enum { STREAM_NOTHING = 0, STREAM_OVER = -1 };

/* Of whoever carries the bytes: both are called while the stream's own lock is held. */
typedef struct StreamCarrier {
    void (*sleep)(void *connection);
    void (*wake)(void *connection);
    void *connection;
} StreamCarrier;

typedef struct Stream {
    /* Puts up to `cap` bytes into `bytes`. STREAM_NOTHING: there are none now, and the carrier was put to sleep; it
     * is woken when there are some. STREAM_OVER: there will be none. */
    long (*read)(void *self, const StreamCarrier *carrier, char *bytes, size_t cap);
    void *self;
} Stream;

#endif
