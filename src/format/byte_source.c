/* The two plain sources. Each keeps its place in a small object in the caller's arena, so that a
 * ByteSource itself can be copied and passed by value. */
#include "format/byte_source.h"

#include <errno.h>
#include <unistd.h>

static Error *read_str(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    (void)arena;
    Str *rest = self;
    Str part = str_slice(*rest, 0, cap);
    if (part.len > 0)
        memcpy(bytes, part.ptr, part.len);
    *rest = str_slice(*rest, part.len, rest->len);
    *ret_size = part.len;
    return NULL;
}

ByteSource byte_source_from_str(Arena *arena, Str text)
{
    Str *rest = ARENA_NEW(arena, Str);
    *rest = text.len == 0 ? (Str){"", 0} : text;
    return (ByteSource){read_str, rest};
}

static Error *read_fd(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    const int *fd = self;
    ssize_t size;
    do {
        size = read(*fd, bytes, cap);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        Error *cause = ERROR(arena, ERROR_UNAVAILABLE, "read: %s", strerrordesc_np(errno));
        return error_because(ERROR(arena, ERROR_UNAVAILABLE, "The file cannot be read."), cause);
    }
    *ret_size = (size_t)size;
    return NULL;
}

ByteSource byte_source_from_fd(Arena *arena, int fd)
{
    int *kept = ARENA_NEW(arena, int);
    *kept = fd;
    return (ByteSource){read_fd, kept};
}
