/* Where bytes go: a spool, a file, memory. The other end of a ByteSource. */
#ifndef OBLIGOR_FORMAT_BYTE_SINK_H
#define OBLIGOR_FORMAT_BYTE_SINK_H

#include "base/error.h"

typedef struct ByteSink {
    /* Takes all of `bytes`. The error lives in `arena`. */
    Error *(*write)(void *self, Arena *arena, Str bytes);
    void *self;
} ByteSink;

#endif
