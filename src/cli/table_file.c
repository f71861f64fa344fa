/* A file is written beside the place where it will be, under a name of its own, and renamed at its end: whoever
 * looks for it never finds half of one, and what was there before stays until then. */
#include "cli/table_file.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct OpenFile {
    TableFile file; /* first: a TableFile * is an OpenFile * */
    int descriptor;
    const char *path; /* NULL: standard output */
    char *temporary;  /* its name until then; NULL: renamed, or none */
} OpenFile;

static Error *cannot_write(Arena *arena, const char *path, int number)
{
    return ERROR(arena, ERROR_UNAVAILABLE, "%s cannot be written: %s.",
                 path == NULL ? "Standard output" : path, strerror(number));
}

static Error *write_bytes(void *self, Arena *arena, Str bytes)
{
    const OpenFile *open_file = self;
    while (bytes.len > 0) {
        ssize_t put = write(open_file->descriptor, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return cannot_write(arena, open_file->path, errno);
        bytes = str_slice(bytes, (size_t)put, bytes.len);
    }
    return NULL;
}

static void discard(void *object)
{
    OpenFile *open_file = object;
    if (open_file->descriptor >= 0)
        close(open_file->descriptor);
    if (open_file->temporary != NULL)
        unlink(open_file->temporary);
}

/* With the rights that any new file has here. */
static Error *open_beside(Cli *cli, OpenFile *open_file)
{
    open_file->temporary = arena_printf(cli->arena, "%s.XXXXXX", open_file->path);
    open_file->descriptor = mkostemp(open_file->temporary, O_CLOEXEC);
    if (open_file->descriptor < 0) {
        open_file->temporary = NULL;
        return cannot_write(cli->arena, open_file->path, errno);
    }
    arena_defer(cli->arena, discard, open_file);
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(open_file->descriptor, 0666 & ~mask) != 0)
        return cannot_write(cli->arena, open_file->path, errno);
    return NULL;
}

static TableFormat format_of(const Cli *cli, const char *path)
{
    if (call_is_set(cli->call, OPTION_FORMAT))
        return (TableFormat)call_number(cli->call, OPTION_FORMAT);
    for (TableFormat format = 0; path != NULL && format < TABLE_FORMAT_COUNT; format++) {
        const char *ending = arena_printf(cli->arena, ".%s", TABLE_FORMAT_WORDS[format]);
        size_t length = strlen(path), size = strlen(ending);
        if (length > size && str_equal_fold((Str){path + length - size, size}, str_from(ending)))
            return format;
    }
    return TABLE_CSV;
}

Error *table_file_open(Cli *cli, TableFile **ret_file)
{
    OpenFile *open_file = ARENA_NEW(cli->arena, OpenFile);
    const char *path = call_text(cli->call, OPTION_OUTPUT);
    if (path != NULL && strcmp(path, "-") == 0)
        path = NULL;
    *open_file = (OpenFile){.descriptor = STDOUT_FILENO, .path = path};
    open_file->file = (TableFile){.sink = {write_bytes, open_file},
                                  .format = format_of(cli, path),
                                  .on_stdout = path == NULL};
    if (path != NULL)
        TRY(open_beside(cli, open_file));
    else if (open_file->file.format == TABLE_XLSX && isatty(STDOUT_FILENO))
        return usage_error(cli->arena, "Name a file with --output.",
                           "A workbook is nothing for a terminal.");
    *ret_file = &open_file->file;
    return NULL;
}

Error *table_file_keep(Cli *cli, TableFile *file)
{
    OpenFile *open_file = (OpenFile *)file;
    if (open_file->path == NULL)
        return NULL;
    int closed = close(open_file->descriptor);
    open_file->descriptor = -1;
    if (closed != 0 || rename(open_file->temporary, open_file->path) != 0)
        return cannot_write(cli->arena, open_file->path, errno);
    open_file->temporary = NULL;
    return NULL;
}
