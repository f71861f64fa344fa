/* The only file that includes <zstd.h>. Each call makes its own context: beside the work on a chunk
 * of 1 MiB that costs less than a tenth, and nothing has to be carried along between threads.
 * Frames of ours state their content's size, so a limit holds before a byte is unpacked; those of others come
 * through an Unpacker, whose reader counts. */
#include "format/zstd.h"

#include "base/check.h"

#include <zstd.h>
#include <zstd_errors.h>

static size_t checked(size_t result)
{
    CHECK(!ZSTD_isError(result));
    return result;
}

Str zstd_pack(Arena *arena, Str bytes, int level)
{
    return zstd_pack_parts(arena, &bytes, 1, level);
}

/* A flush ends a block, which takes a few bytes beyond what ZSTD_compressBound counts on. */
enum { FLUSH_BYTES = 16 };

Str zstd_pack_parts(Arena *arena, const Str *parts, size_t count, int level)
{
    CHECK(count > 0);
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts[i].len;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    CHECK(context != NULL);
    checked(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level));
    checked(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1));
    checked(ZSTD_CCtx_setPledgedSrcSize(context, total));
    ZSTD_outBuffer frame = {.size = checked(ZSTD_compressBound(total)) + count * FLUSH_BYTES};
    frame.dst = arena_alloc_raw(arena, frame.size);
    for (size_t i = 0; i < count; i++) {
        ZSTD_inBuffer part = {parts[i].ptr, parts[i].len, 0};
        ZSTD_EndDirective then = i + 1 < count ? ZSTD_e_flush : ZSTD_e_end;
        size_t left = checked(ZSTD_compressStream2(context, &frame, &part, then));
        CHECK(left == 0 && part.pos == part.size);
    }
    ZSTD_freeCCtx(context);
    return (Str){frame.dst, frame.pos};
}

static Error *damaged(Arena *arena, const char *cause)
{
    return error_because(ERROR(arena, ERROR_INVALID, "The compressed data is damaged."),
                         ERROR(arena, ERROR_INVALID, "zstd: %s", cause));
}

Error *zstd_unpack(Arena *arena, Str frame, size_t max, Str *ret_bytes)
{
    if (!str_starts_with(frame, STR("\x28\xB5\x2F\xFD")))
        return damaged(arena, "not a zstd frame");
    size_t frame_size = ZSTD_findFrameCompressedSize(frame.ptr, frame.len);
    if (ZSTD_isError(frame_size))
        return damaged(arena, ZSTD_getErrorName(frame_size));
    if (frame_size != frame.len)
        return damaged(arena, "bytes behind the frame");
    unsigned long long size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN)
        return damaged(arena, "the frame does not state its content's size");
    if (size > max)
        return ERROR(arena, ERROR_TOO_LARGE,
                     "The compressed data holds %llu bytes; %zu are allowed.", size, max);
    char *bytes = arena_alloc_raw(arena, (size_t)size);
    size_t unpacked = ZSTD_decompress(bytes, (size_t)size, frame.ptr, frame.len);
    if (ZSTD_isError(unpacked))
        return damaged(arena, ZSTD_getErrorName(unpacked));
    *ret_bytes = (Str){bytes, unpacked};
    return NULL;
}

/* --- files of others ------------------------------------------------------------------------- */

enum { WINDOW_LOG_MAX = 23 }; /* what RFC 8878 asks every reader to have */

static const char ZSTD[] = "zstd";

typedef struct ZstdStream {
    ZSTD_DStream *stream;
    bool between; /* frames */
    bool any;     /* a frame has ended */
} ZstdStream;

bool zstd_begins(Str head)
{
    if (head.len < 4)
        return false;
    bool skippable = ((unsigned char)head.ptr[0] & 0xF0) == 0x50 &&
                     str_starts_with(str_slice(head, 1, 4), STR("\x2A\x4D\x18"));
    return skippable || str_starts_with(head, STR("\x28\xB5\x2F\xFD"));
}

static Error *stream_error(Arena *arena, const ZstdStream *zstd, size_t result)
{
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
        return error_with_reason(
            ERROR(
                arena, ERROR_UNSUPPORTED,
                "The zstd file was packed with a window of more than %d MiB. Pack it again without "
                "--long and --ultra.",
                1 << (WINDOW_LOG_MAX - 20)),
            "window_too_large");
    if (ZSTD_getErrorCode(result) == ZSTD_error_prefix_unknown && zstd->any)
        return unpacker_more_behind(arena, ZSTD);
    return unpacker_damaged(arena, ZSTD, ZSTD_getErrorName(result));
}

static Error *unpack_some(void *self, Arena *arena, UnpackStep *step)
{
    ZstdStream *zstd = self;
    ZSTD_inBuffer in = {step->in.ptr, step->in.len, 0};
    ZSTD_outBuffer out = {step->out, step->cap, 0};
    step->size = 0;
    step->whole = zstd->between;
    if (zstd->between && in.size == 0)
        return NULL;
    size_t result = ZSTD_decompressStream(zstd->stream, &out, &in);
    if (ZSTD_isError(result))
        return stream_error(arena, zstd, result);
    zstd->between = result == 0;
    zstd->any |= zstd->between;
    step->in = str_slice(step->in, in.pos, step->in.len);
    step->size = out.pos;
    step->whole = zstd->between;
    return NULL;
}

static void free_stream(void *stream)
{
    ZSTD_freeDStream(stream);
}

Unpacker zstd_unpacker(Arena *arena)
{
    ZstdStream *zstd = ARENA_NEW(arena, ZstdStream);
    zstd->stream = ZSTD_createDStream();
    CHECK(zstd->stream != NULL);
    arena_defer(arena, free_stream, zstd->stream);
    checked(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
    return (Unpacker){ZSTD, unpack_some, zstd};
}
