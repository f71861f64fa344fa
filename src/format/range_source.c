/* The plain sources, and the way from here to a ByteSource. What each needs to remember lies in a small
 * object in the caller's arena, so that a RangeSource can be copied and passed by value. */
#include "format/range_source.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static Error *read_str(void *self, Arena *arena, int64_t offset, char *bytes, size_t cap,
                       size_t *ret_size)
{
    (void)arena;
    const Str *text = self;
    size_t from = offset < (int64_t)text->len ? (size_t)offset : text->len;
    Str part = str_slice(str_slice(*text, from, text->len), 0, cap);
    if (part.len > 0)
        memcpy(bytes, part.ptr, part.len);
    *ret_size = part.len;
    return NULL;
}

RangeSource range_source_from_str(Arena *arena, Str text)
{
    Str *kept = ARENA_NEW(arena, Str);
    *kept = text;
    return (RangeSource){read_str, kept, (int64_t)text.len};
}

static Error *cannot_read(Arena *arena, const char *call)
{
    Error *cause = ERROR(arena, ERROR_UNAVAILABLE, "%s: %s", call, strerrordesc_np(errno));
    return error_because(ERROR(arena, ERROR_UNAVAILABLE, "The file cannot be read."), cause);
}

static Error *read_fd(void *self, Arena *arena, int64_t offset, char *bytes, size_t cap,
                      size_t *ret_size)
{
    const int *fd = self;
    ssize_t size;
    do {
        size = pread(*fd, bytes, cap, offset);
    } while (size < 0 && errno == EINTR);
    if (size < 0)
        return cannot_read(arena, "pread");
    *ret_size = (size_t)size;
    return NULL;
}

Error *range_source_from_fd(Arena *arena, int fd, RangeSource *ret_source)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return cannot_read(arena, "fstat");
    if (!S_ISREG(status.st_mode))
        return ERROR(arena, ERROR_UNSUPPORTED,
                     "This is no file that can be read from its end; save it first.");
    int *kept = ARENA_NEW(arena, int);
    *kept = fd;
    *ret_source = (RangeSource){read_fd, kept, status.st_size};
    return NULL;
}

Error *range_source_read(const RangeSource *source, Arena *arena, int64_t offset, char *bytes,
                         size_t size, size_t *ret_size)
{
    size_t done = 0, got = 1;
    while (done < size && got > 0) {
        TRY(source->read(source->self, arena, offset + (int64_t)done, bytes + done, size - done,
                         &got));
        done += got;
    }
    *ret_size = done;
    return NULL;
}

typedef struct InOrder {
    RangeSource source;
    int64_t at;
} InOrder;

static Error *read_on(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    InOrder *order = self;
    TRY(order->source.read(order->source.self, arena, order->at, bytes, cap, ret_size));
    order->at += (int64_t)*ret_size;
    return NULL;
}

ByteSource range_source_in_order(Arena *arena, RangeSource source)
{
    InOrder *order = ARENA_NEW(arena, InOrder);
    *order = (InOrder){source, 0};
    return (ByteSource){read_on, order};
}
