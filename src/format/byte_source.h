/* Where bytes come from: a file, memory, or the chunks of a stored file. Whoever reads pulls. */
#ifndef OBLIGOR_FORMAT_BYTE_SOURCE_H
#define OBLIGOR_FORMAT_BYTE_SOURCE_H

#include "base/error.h"
#include "base/str.h"

typedef struct ByteSource {
    /* Puts 1 to `cap` bytes into `bytes`; *ret_size 0 is the end, and stays it. `cap` is not 0. The
     * error lives in `arena`. */
    Error *(*read)(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size);
    void *self;
} ByteSource;

/* `text` is borrowed for as long as the source is read. */
ByteSource byte_source_from_str(Arena *arena, Str text);

/* Reads on from the descriptor's position; the caller keeps it open and closes it. A failing read
 * is ERROR_UNAVAILABLE. */
ByteSource byte_source_from_fd(Arena *arena, int fd);

#endif
