/* Two guards stand behind each piece that was unpacked: how much came out in all, and how much for each byte
 * that was read. Neither trusts what a file says of itself. */
#include "format/inflate.h"

#include "base/check.h"
#include "format/byte_intake.h"
#include "format/gzip.h"
#include "format/zstd.h"

enum { PIECE = 16 * 1024, HEAD = 4 };

struct Inflate {
    ByteIntake in;
    Unpacker unpacker; /* step NULL: as it is */
    int64_t max;
    int64_t given;
    bool whole; /* the file may end here */
};

Error *unpacker_damaged(Arena *arena, const char *format, const char *cause)
{
    Error *error =
        ERROR(arena, ERROR_MALFORMED,
              "The %s file is damaged and cannot be unpacked further. Pack it again, and send "
              "it again.",
              format);
    return error_because(error_with_reason(error, "damaged"),
                         ERROR(arena, ERROR_MALFORMED, "%s: %s", format, cause));
}

Error *unpacker_more_behind(Arena *arena, const char *format)
{
    return error_with_reason(
        ERROR(arena, ERROR_MALFORMED,
              "Behind the end of the %s file there is something that is no %s. Pack "
              "the table again, alone.",
              format, format),
        "more_behind");
}

static Error *truncated(const Inflate *inflate, Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_MALFORMED,
              "The %s file is cut off: it ends in the middle. Send the whole of it again.",
              inflate->unpacker.format),
        "truncated");
}

static Error *check_guards(const Inflate *inflate, Arena *arena)
{
    if (inflate->given > inflate->max)
        return error_with_reason(ERROR(arena, ERROR_TOO_LARGE,
                                       "The %s file unpacks to more than the %lld bytes that are "
                                       "allowed. Split the table.",
                                       inflate->unpacker.format, (long long)inflate->max),
                                 "unpacks_too_large");
    if (inflate->given > INFLATE_RATIO_FREE &&
        inflate->given / INFLATE_RATIO_MAX > inflate->in.taken_in)
        return error_with_reason(
            ERROR(arena, ERROR_TOO_LARGE,
                  "The %s file unpacks to more than %d times its size, as no table does. If it is "
                  "one, send it unpacked.",
                  inflate->unpacker.format, INFLATE_RATIO_MAX),
            "unpacks_too_large");
    return NULL;
}

static Error *read_unpacked(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    Inflate *inflate = self;
    UnpackStep step = {.out = bytes, .cap = cap};
    do {
        TRY(byte_intake_fill(&inflate->in, arena, 1));
        step.in = inflate->in.rest;
        TRY(inflate->unpacker.step(inflate->unpacker.self, arena, &step));
        bool stuck = step.in.len == 0 && step.size == 0 && inflate->in.ended;
        inflate->in.rest = step.in;
        inflate->whole = step.whole;
        if (stuck && !step.whole)
            return truncated(inflate, arena);
        if (stuck)
            break;
    } while (step.size == 0);
    inflate->given += (int64_t)step.size;
    *ret_size = step.size;
    return check_guards(inflate, arena);
}

static Error *read_as_it_is(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    Inflate *inflate = self;
    return byte_intake_pass(&inflate->in, arena, bytes, cap, ret_size);
}

Error *inflate_open(Arena *arena, ByteSource stored, int64_t max, Inflate **ret_inflate)
{
    Inflate *inflate = ARENA_NEW(arena, Inflate);
    *inflate = (Inflate){.in = byte_intake_new(arena, stored, PIECE), .max = max};
    TRY(byte_intake_fill(&inflate->in, arena, HEAD));
    if (gzip_begins(inflate->in.rest))
        inflate->unpacker = gzip_unpacker(arena);
    else if (zstd_begins(inflate->in.rest))
        inflate->unpacker = zstd_unpacker(arena);
    *ret_inflate = inflate;
    return NULL;
}

ByteSource inflate_source(Inflate *inflate)
{
    return (ByteSource){inflate->unpacker.step == NULL ? read_as_it_is : read_unpacked, inflate};
}

const char *inflate_format(const Inflate *inflate)
{
    return inflate->unpacker.format;
}

int64_t inflate_stored(const Inflate *inflate)
{
    return inflate->in.taken_in;
}
