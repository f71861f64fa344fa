/* A small archive for the tests that damage one, and what a refusal looks like. */
#ifndef OBLIGOR_UNIT_ARCHIVE_REFUSED_H
#define OBLIGOR_UNIT_ARCHIVE_REFUSED_H

#include "archive_rows.h"

static const char DAMAGED[] = "An archive of removed predictions is damaged.";
static const char TOO_NEW[] =
    "An archive of removed predictions was written by a newer version of Obligor. "
    "Use that version or a later one.";

enum { COUNT = 12 };

/* NULL when both refuse with the same words. */
static inline Error *unpack(Arena *arena, Str packed, Prediction **ret_rows, size_t *ret_count)
{
    Kind kind;
    Prediction row;
    bool found;
    Error *error = archive_unpack(arena, OWNER, packed, &kind, ret_rows, ret_count);
    Error *other = archive_find(arena, OWNER, packed, UUID_NIL, &row, &found);
    if (other != NULL)
        assert_non_null(error);
    return error;
}

#define assert_refused(arena, packed, reason, cause)                                               \
    test_assert_refused((arena), (packed), (reason), (cause), __FILE__, __LINE__)

static inline void test_assert_refused(Arena *arena, Str packed, const char *reason,
                                       const char *cause, const char *file, int line)
{
    Prediction *rows;
    size_t count;
    Error *error = unpack(arena, packed, &rows, &count);
    bool newer = strcmp(reason, ARCHIVE_TOO_NEW) == 0;
    test_assert_error(error, ERROR_INTERNAL, newer ? TOO_NEW : DAMAGED, file, line);
    _assert_true(error_is(error, reason), reason, file, line);
    if (cause != NULL)
        test_assert_error(error->cause, ERROR_INTERNAL, cause, file, line);
}

static inline Str content_of(Arena *arena, Str packed)
{
    Str content;
    assert_no_error(zstd_unpack(arena, packed, 1 << 20, &content));
    return content;
}

static inline Str small_archive(Arena *arena, Kind kind, Prediction **ret_rows)
{
    RowMaker maker = {.seed = 8, .varies = 1 << 3 | 1 << 4 | 1 << 7, .missing = 1, .kind = kind};
    *ret_rows = make_rows(arena, maker, COUNT);
    return archive_pack(arena, kind, *ret_rows, COUNT);
}

#endif
