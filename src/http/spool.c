/* O_TMPFILE where the file system has it; else a file that is unlinked before the first byte. The
 * digest runs along with the writing, so that a large file is read only once. */
#include "http/spool.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static void close_fd(void *object)
{
    close((int)(intptr_t)object);
}

static int open_unnamed(Arena *arena, const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOSYS))
        return fd;
    char *path = arena_printf(arena, "%s/obligor-XXXXXX", directory);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* What is digested comes in; what is not goes out. */
static Error *from_errno(Arena *arena, bool comes_in, int number)
{
    Error *cause = ERROR(arena, ERROR_UNAVAILABLE, "spool: %s", strerrordesc_np(number));
    bool no_room = number == ENOSPC || number == EDQUOT || number == EFBIG;
    const char *message;
    if (comes_in)
        message = no_room ? "The server has no room left for the upload. Nothing was stored; send "
                            "it again later."
                          : "The server cannot take files at the moment. Nothing was stored; send "
                            "it again later.";
    else
        message = "The server cannot prepare the file at the moment. Try again later.";
    Error *error = ERROR(arena, ERROR_UNAVAILABLE, "%s", message);
    return error_because(no_room ? error_with_reason(error, "no_room") : error, cause);
}

Error *spool_open(Arena *arena, const char *directory, int64_t max, bool digested,
                  Spool **ret_spool)
{
    int fd = open_unnamed(arena, directory);
    if (fd < 0)
        return from_errno(arena, digested, errno);
    arena_defer(arena, close_fd, (void *)(intptr_t)fd);
    Spool *spool = ARENA_NEW(arena, Spool);
    spool->fd = fd;
    spool->max = max;
    spool->digested = digested;
    if (digested)
        digest_start(&spool->state);
    *ret_spool = spool;
    return NULL;
}

Error *spool_write(Spool *spool, Arena *arena, Str bytes)
{
    if ((int64_t)bytes.len > spool->max - spool->size)
        return ERROR(arena, ERROR_TOO_LARGE,
                     "The file is larger than the %lld bytes that are allowed.",
                     (long long)spool->max);
    if (spool->digested)
        digest_add(&spool->state, bytes.ptr, bytes.len);
    while (bytes.len > 0) {
        ssize_t written = write(spool->fd, bytes.ptr, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return from_errno(arena, spool->digested, written < 0 ? errno : ENOSPC);
        spool->size += written;
        bytes = str_slice(bytes, (size_t)written, bytes.len);
    }
    return NULL;
}

Digest spool_digest(Spool *spool)
{
    CHECK(spool->digested);
    spool->digested = false;
    return digest_end(&spool->state);
}
