/* Packs texts for the tests of what unpacks them. */
#ifndef OBLIGOR_UNIT_PACKING_H
#define OBLIGOR_UNIT_PACKING_H

#include "format/zstd.h"

#include "../../pieces.h"
#include "test.h"

#include <zlib.h>

/* One gzip member. */
static inline Str pack_gzip(Arena *arena, Str text)
{
    z_stream stream = {0};
    CHECK(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t cap = deflateBound(&stream, text.len);
    char *out = arena_alloc_raw(arena, cap);
    stream.next_in = (z_const Bytef *)(uintptr_t)text.ptr;
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)cap;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t size = cap - stream.avail_out;
    deflateEnd(&stream);
    return (Str){out, size};
}

static inline Str pack_zstd(Arena *arena, Str text)
{
    return zstd_pack(arena, text, 3);
}

static inline Str join(Arena *arena, Str a, Str b)
{
    Buf both = buf_new(arena, a.len + b.len + 1);
    buf_add(&both, a);
    buf_add(&both, b);
    return buf_str(&both);
}

/* Everything that comes out, in reads of at most `cap` bytes. */
static inline Error *drain(Arena *arena, ByteSource source, size_t cap, Buf *out)
{
    char *bytes = arena_alloc_raw(arena, cap);
    for (;;) {
        size_t size = 0;
        TRY(source.read(source.self, arena, bytes, cap, &size));
        CHECK(size <= cap);
        if (size == 0)
            break;
        buf_add(out, (Str){bytes, size});
    }
    size_t again = 1;
    TRY(source.read(source.self, arena, bytes, cap, &again));
    CHECK(again == 0); /* the end stays the end */
    return NULL;
}

#endif
