/* O_TMPFILE where the file system has it; else a file that is unlinked before the first byte. The
 * digest runs along with the writing, so that a large file is read only once. */
#include "http/spool.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
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

/* --- the quota ---------------------------------------------------------------------------------- */

enum { QUOTA_STEP = 1 << 20 };

static void give_back(void *object)
{
    Spool *spool = object;
    atomic_fetch_add(&spool->quota->left, spool->taken);
}

Error *spool_open_within(Arena *arena, const char *directory, SpoolQuota *quota, Spool **ret_spool)
{
    TRY(spool_open(arena, directory, INT64_MAX, false, ret_spool));
    (*ret_spool)->quota = quota;
    arena_defer(arena, give_back, *ret_spool);
    return NULL;
}

static bool take(Spool *spool, int64_t bytes)
{
    int64_t left = atomic_load(&spool->quota->left);
    while (left >= bytes)
        if (atomic_compare_exchange_weak(&spool->quota->left, &left, left - bytes)) {
            spool->taken += bytes;
            return true;
        }
    return false;
}

static Error *take_room(Spool *spool, Arena *arena, int64_t bytes)
{
    int64_t missing = spool->size + bytes - spool->taken;
    if (missing <= 0 || (missing < QUOTA_STEP && take(spool, QUOTA_STEP)) || take(spool, missing))
        return NULL;
    if (spool->taken + missing > spool->quota->total)
        return ERROR(arena, ERROR_TOO_LARGE,
                     "The file would have more than the %lld bytes that the server keeps for files "
                     "on their way out. Ask for less at a time.",
                     (long long)spool->quota->total);
    return error_with_reason(
        ERROR(arena, ERROR_BUSY,
              "The server has too many files on their way out. Try again in a minute."),
        "spool_full");
}

Error *spool_write(Spool *spool, Arena *arena, Str bytes)
{
    if ((int64_t)bytes.len > spool->max - spool->size)
        return ERROR(arena, ERROR_TOO_LARGE,
                     "The file is larger than the %lld bytes that are allowed.",
                     (long long)spool->max);
    if (spool->quota != NULL)
        TRY(take_room(spool, arena, (int64_t)bytes.len));
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
