/* Files that commands are given. "-" is standard input. */
#ifndef OBLIGOR_CLI_FILES_H
#define OBLIGOR_CLI_FILES_H

#include "base/crypto.h"
#include "base/error.h"
#include "format/range_source.h"

/* The whole content, at most `max` bytes (ERROR_TOO_LARGE). */
Error *files_read(Arena *arena, Str path, size_t max, Str *ret_content) MUST_CHECK;

/* A file that can be read from its start, with what is known of it. */
typedef struct FileInput {
    int descriptor; /* closes with the arena */
    Str name;       /* without the directory; "stdin" */
    int64_t size;
    Digest sha256;
} FileInput;

/* Takes a file in for an import: a copy of it in `spool`, which has no name and goes with the
 * process. */
Error *files_open(Arena *arena, Str path, const char *spool, FileInput *ret_input) MUST_CHECK;

/* A file to be read here and now, in any order; what comes through a pipe is kept in `spool` for that. */
Error *files_source(Arena *arena, Str path, const char *spool, RangeSource *ret_source) MUST_CHECK;

/* Can it be read? */
Error *files_check(Arena *arena, Str path) MUST_CHECK;

/* Can files be kept there? For a start that should fail early. */
Error *files_check_spool(Arena *arena, const char *spool) MUST_CHECK;

#endif
