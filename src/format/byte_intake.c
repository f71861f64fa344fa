/* What is looked at stays in the buffer until it is taken; once it is empty, bytes that are passed on go
 * straight from the source to the reader. */
#include "format/byte_intake.h"

#include "base/check.h"

ByteIntake byte_intake_new(Arena *arena, ByteSource source, size_t size)
{
    char *buffer = arena_alloc_raw(arena, size);
    return (ByteIntake){.source = source, .buffer = buffer, .size = size, .rest = {buffer, 0}};
}

static Error *read_more(ByteIntake *intake, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    TRY(intake->source.read(intake->source.self, arena, bytes, cap, ret_size));
    CHECK(*ret_size <= cap);
    intake->taken_in += (int64_t)*ret_size;
    intake->ended = *ret_size == 0;
    return NULL;
}

Error *byte_intake_fill(ByteIntake *intake, Arena *arena, size_t least)
{
    CHECK(least <= intake->size);
    if (intake->rest.len >= least || intake->ended)
        return NULL;
    memmove(intake->buffer, intake->rest.ptr, intake->rest.len);
    intake->rest.ptr = intake->buffer;
    while (intake->rest.len < least && !intake->ended) {
        size_t size = 0;
        TRY(read_more(intake, arena, intake->buffer + intake->rest.len,
                      intake->size - intake->rest.len, &size));
        intake->rest.len += size;
    }
    return NULL;
}

Error *byte_intake_pass(ByteIntake *intake, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    *ret_size = 0;
    if (intake->rest.len == 0 && !intake->ended)
        return read_more(intake, arena, bytes, cap, ret_size);
    Str part = str_slice(intake->rest, 0, cap);
    memcpy(bytes, part.ptr, part.len);
    intake->rest = str_slice(intake->rest, part.len, intake->rest.len);
    *ret_size = part.len;
    return NULL;
}
