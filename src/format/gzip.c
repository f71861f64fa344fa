/* zlib checks each member's digest and length by itself; what it does
 * not do is go on with the next member, and say what stands behind the last one. */
#include "format/gzip.h"

#include "base/check.h"

#include <zlib.h>

enum { GZIP_ALONE = 16 + MAX_WBITS };

static const char GZIP[] = "gzip";

typedef struct Gzip {
    z_stream stream;
    bool between; /* a member has ended, and the next has not begun */
    bool padded;  /* zeros were seen behind a member: only more of them may follow */
} Gzip;

bool gzip_begins(Str head)
{
    return str_starts_with(head, STR("\x1F\x8B"));
}

/* Past the zeros behind a member; a byte that is none begins the next member. */
static Error *begin_member(Gzip *gzip, Arena *arena, UnpackStep *step)
{
    while (step->in.len > 0 && step->in.ptr[0] == '\0') {
        gzip->padded = true;
        step->in = str_slice(step->in, 1, step->in.len);
    }
    if (step->in.len == 0)
        return NULL;
    if (gzip->padded || step->in.ptr[0] != '\x1F')
        return unpacker_more_behind(arena, GZIP);
    CHECK(inflateReset(&gzip->stream) == Z_OK);
    gzip->between = false;
    return NULL;
}

static Error *inflate_some(Gzip *gzip, Arena *arena, UnpackStep *step)
{
    z_stream *stream = &gzip->stream;
    CHECK(step->in.len <= UINT32_MAX && step->cap <= UINT32_MAX);
    stream->next_in = (z_const Bytef *)(uintptr_t)step->in.ptr;
    stream->avail_in = (uInt)step->in.len;
    stream->next_out = (Bytef *)step->out;
    stream->avail_out = (uInt)step->cap;
    int result = inflate(stream, Z_NO_FLUSH);
    CHECK(result != Z_MEM_ERROR && result != Z_STREAM_ERROR);
    if (result == Z_DATA_ERROR || result == Z_NEED_DICT)
        return unpacker_damaged(arena, GZIP,
                                stream->msg == NULL ? "a dictionary is needed" : stream->msg);
    step->in = str_slice(step->in, step->in.len - stream->avail_in, step->in.len);
    step->size = step->cap - stream->avail_out;
    gzip->between = result == Z_STREAM_END;
    return NULL;
}

static Error *unpack(void *self, Arena *arena, UnpackStep *step)
{
    Gzip *gzip = self;
    step->size = 0;
    if (gzip->between)
        TRY(begin_member(gzip, arena, step));
    if (!gzip->between)
        TRY(inflate_some(gzip, arena, step));
    step->whole = gzip->between;
    return NULL;
}

static void end(void *stream)
{
    inflateEnd(stream);
}

Unpacker gzip_unpacker(Arena *arena)
{
    Gzip *gzip = ARENA_NEW(arena, Gzip);
    CHECK(inflateInit2(&gzip->stream, GZIP_ALONE) == Z_OK);
    arena_defer(arena, end, &gzip->stream);
    return (Unpacker){GZIP, unpack, gzip};
}
