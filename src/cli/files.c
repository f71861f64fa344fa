/* A file to be imported is copied first, even one that could be read twice: while it is taken into
 * the database somebody may still be writing to it, and the digest that a job shows must be that
 * of the bytes that were scored. */
#include "cli/files.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

static void close_descriptor(void *descriptor)
{
    close(*(int *)descriptor);
}

static int close_with(Arena *arena, int descriptor)
{
    int *kept = ARENA_NEW(arena, int);
    *kept = descriptor;
    arena_defer(arena, close_descriptor, kept);
    return descriptor;
}

/* The path was typed by the reader of the message, so it may stand in it. */
static Error *cannot_read(Arena *arena, Str path, int number)
{
    ErrorCode code = number == ENOENT ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE;
    return ERROR(arena, code, "The file " STR_FMT " cannot be read: %s.", STR_ARG(path),
                 strerror(number));
}

static Error *open_for_reading(Arena *arena, Str path, int *ret_descriptor)
{
    if (str_is(path, "-")) {
        *ret_descriptor = STDIN_FILENO;
        return NULL;
    }
    int descriptor = open(str_dup(arena, path), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return cannot_read(arena, path, errno);
    *ret_descriptor = close_with(arena, descriptor);
    return NULL;
}

/* Fills the piece as far as there is something; 0 at the end. */
static Error *read_piece(Arena *arena, Str path, int descriptor, char *piece, size_t size,
                         size_t *ret_length)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(descriptor, piece + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_read(arena, path, errno);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *ret_length = length;
    return NULL;
}

Error *files_read(Arena *arena, Str path, size_t max, Str *ret_content)
{
    int descriptor;
    char *piece = arena_alloc_raw(arena, PIECE);
    Buf content = buf_new(arena, max);
    size_t length = 0;
    TRY(open_for_reading(arena, path, &descriptor));
    do {
        TRY(read_piece(arena, path, descriptor, piece, PIECE, &length));
        buf_add(&content, (Str){piece, length});
    } while (length > 0 && !content.over);
    if (content.over)
        return ERROR(arena, ERROR_TOO_LARGE, "The file " STR_FMT " is larger than %zu bytes.",
                     STR_ARG(path), max);
    *ret_content = buf_str(&content);
    return NULL;
}

static Error *open_spool(Arena *arena, const char *spool, int *ret_descriptor)
{
    int descriptor = open(spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *name = arena_printf(arena, "%s/obligor-XXXXXX", spool);
        descriptor = mkostemp(name, O_CLOEXEC);
        if (descriptor >= 0)
            unlink(name);
    }
    if (descriptor < 0)
        return ERROR(arena, ERROR_UNAVAILABLE,
                     "A temporary file cannot be made in %s: %s. --spool names another directory.",
                     spool, strerror(errno));
    *ret_descriptor = close_with(arena, descriptor);
    return NULL;
}

static Error *write_piece(Arena *arena, int descriptor, const char *piece, size_t length)
{
    while (length > 0) {
        ssize_t put = write(descriptor, piece, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ERROR(arena, ERROR_UNAVAILABLE,
                         "The temporary file cannot be written: %s. --spool names another "
                         "directory.",
                         strerror(errno));
        piece += put;
        length -= (size_t)put;
    }
    return NULL;
}

/* Copies all there is, and knows its size and digest. */
static Error *take_in(Arena *arena, Str path, int descriptor, FileInput *input)
{
    DigestState digest;
    char *piece = arena_alloc_raw(arena, PIECE);
    size_t length = 0;
    digest_start(&digest);
    do {
        TRY(read_piece(arena, path, descriptor, piece, PIECE, &length));
        TRY(write_piece(arena, input->descriptor, piece, length));
        digest_add(&digest, piece, length);
        input->size += (int64_t)length;
    } while (length > 0);
    input->sha256 = digest_end(&digest);
    return NULL;
}

static Str name_of(Str path)
{
    if (str_is(path, "-"))
        return STR("stdin");
    size_t from = path.len;
    while (from > 0 && path.ptr[from - 1] != '/')
        from--;
    return str_slice(path, from, path.len);
}

Error *files_open(Arena *arena, Str path, const char *spool, FileInput *ret_input)
{
    FileInput input = {.name = name_of(path)};
    int descriptor;
    TRY(open_for_reading(arena, path, &descriptor));
    TRY(open_spool(arena, spool, &input.descriptor));
    TRY(take_in(arena, path, descriptor, &input));
    *ret_input = input;
    return NULL;
}

Error *files_source(Arena *arena, Str path, const char *spool, RangeSource *ret_source)
{
    FileInput copy;
    int descriptor;
    struct stat about;
    TRY(open_for_reading(arena, path, &descriptor));
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode))
        return range_source_from_fd(arena, descriptor, ret_source);
    TRY(files_open(arena, path, spool, &copy));
    return range_source_from_fd(arena, copy.descriptor, ret_source);
}

Error *files_check(Arena *arena, Str path)
{
    int descriptor;
    ArenaMark mark = arena_mark(arena);
    TRY(open_for_reading(arena, path, &descriptor));
    arena_rewind(arena, mark);
    return NULL;
}

Error *files_check_spool(Arena *arena, const char *spool)
{
    int descriptor;
    return open_spool(arena, spool, &descriptor);
}
