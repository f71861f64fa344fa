/* Where bytes come from when they are wanted in no order: a zip archive is read from its end. */
#ifndef OBLIGOR_FORMAT_RANGE_SOURCE_H
#define OBLIGOR_FORMAT_RANGE_SOURCE_H

#include "format/byte_source.h"

typedef struct RangeSource {
    /* Puts 1 to `cap` of the bytes from `offset` on into `bytes`; *ret_size 0 from the end on. `cap` is
     * not 0, `offset` not negative. The error lives in `arena`. */
    Error *(*read)(void *self, Arena *arena, int64_t offset, char *bytes, size_t cap,
                   size_t *ret_size);
    void *self;
    int64_t size; /* of the whole */
} RangeSource;

/* `text` is borrowed for as long as the source is read. */
RangeSource range_source_from_str(Arena *arena, Str text);

/* Leaves the descriptor's position alone; the caller keeps it open and closes it. What cannot be read out
 * of order (a pipe, a terminal) is ERROR_UNSUPPORTED, a failing read ERROR_UNAVAILABLE. */
Error *range_source_from_fd(Arena *arena, int fd, RangeSource *ret_source) MUST_CHECK;

/* As many bytes as there are, up to `size`. */
Error *range_source_read(const RangeSource *source, Arena *arena, int64_t offset, char *bytes,
                         size_t size, size_t *ret_size) MUST_CHECK;

/* The same bytes from the beginning to the end. */
ByteSource range_source_in_order(Arena *arena, RangeSource source);

#endif
