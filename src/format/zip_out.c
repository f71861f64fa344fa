/* What is written cannot be gone back to, so each entry's sizes and checksum stand behind it (a data descriptor)
 * and in the list at the end. No 64-bit forms: nobody who opens such a file in a spreadsheet could use one of more
 * than 4 GiB, and without them every reader understands it. */
#include "format/zip_out.h"

#include "base/check.h"
#include "base/vec.h"

#include <zlib.h>

enum {
    PIECE = 32 * 1024,
    LEVEL = 3, /* a table shrinks to a fifth; more effort gains little and costs much */
    VERSION = 20,
    FLAGS = 0x0808, /* sizes stand behind; names are UTF-8 */
    DEFLATED = 8,
    DATE = 0x5821 /* 2024-01-01: the same table gives the same bytes */
};

typedef struct ZipEntry {
    const char *name;
    uint32_t crc;
    uint32_t packed;
    uint32_t size;
    uint32_t offset;
} ZipEntry;

struct ZipOut {
    Arena *arena;
    ByteSink sink;
    z_stream stream;
    char *piece; /* [PIECE] */
    VEC(ZipEntry) entries;
    bool open;       /* the last entry is being written */
    int64_t written; /* to the sink */
    int64_t packed;  /* of the entry */
    int64_t size;    /* of the entry */
};

static void end_stream(void *stream)
{
    deflateEnd(stream);
}

ZipOut *zip_out_new(Arena *arena, ByteSink sink)
{
    ZipOut *zip = ARENA_NEW(arena, ZipOut);
    *zip = (ZipOut){.arena = arena, .sink = sink, .piece = arena_alloc_raw(arena, PIECE)};
    CHECK(deflateInit2(&zip->stream, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    arena_defer(arena, end_stream, &zip->stream);
    return zip;
}

int64_t zip_out_size(const ZipOut *zip)
{
    return zip->size;
}

static Error *put(ZipOut *zip, Arena *arena, Str bytes)
{
    zip->written += (int64_t)bytes.len;
    if (zip->written > ZIP_OUT_ENTRY_MAX)
        return ERROR(arena, ERROR_TOO_LARGE,
                     "The workbook would have more than 4 GiB. Choose csv, or fewer rows.");
    return zip->sink.write(zip->sink.self, arena, bytes);
}

/* --- numbers, lowest byte first ---------------------------------------------------------------- */

static void add16(Buf *out, uint32_t value)
{
    buf_add_char(out, (char)(value & 0xFF));
    buf_add_char(out, (char)(value >> 8 & 0xFF));
}

static void add32(Buf *out, uint32_t value)
{
    add16(out, value & 0xFFFF);
    add16(out, value >> 16);
}

/* What stands alike in front of an entry and in the list: from the version to the length of the name. */
static void add_description(Buf *out, const ZipEntry *entry, bool known)
{
    add16(out, VERSION);
    add16(out, FLAGS);
    add16(out, DEFLATED);
    add16(out, 0); /* midnight */
    add16(out, DATE);
    add32(out, known ? entry->crc : 0);
    add32(out, known ? entry->packed : 0);
    add32(out, known ? entry->size : 0);
    add16(out, (uint32_t)strlen(entry->name));
    add16(out, 0); /* nothing extra */
}

/* --- entries ------------------------------------------------------------------------------------ */

static Error *deflate_some(ZipOut *zip, Arena *arena, Str bytes, int flush)
{
    int result;
    CHECK(bytes.len <= UINT32_MAX);
    zip->stream.next_in = (z_const Bytef *)(uintptr_t)bytes.ptr;
    zip->stream.avail_in = (uInt)bytes.len;
    do {
        zip->stream.next_out = (Bytef *)zip->piece;
        zip->stream.avail_out = PIECE;
        result = deflate(&zip->stream, flush);
        CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
        Str packed = {zip->piece, PIECE - zip->stream.avail_out};
        zip->packed += (int64_t)packed.len;
        if (packed.len > 0)
            TRY(put(zip, arena, packed));
    } while (zip->stream.avail_out == 0 || (flush == Z_FINISH && result != Z_STREAM_END));
    return NULL;
}

static Error *end_entry(ZipOut *zip, Arena *arena)
{
    if (!zip->open)
        return NULL;
    ZipEntry *entry = &zip->entries.items[zip->entries.count - 1];
    TRY(deflate_some(zip, arena, (Str){"", 0}, Z_FINISH));
    CHECK(zip->size <= ZIP_OUT_ENTRY_MAX);
    entry->packed = (uint32_t)zip->packed;
    entry->size = (uint32_t)zip->size;
    zip->open = false;
    Buf behind = buf_new(arena, 64);
    buf_add(&behind, STR("PK\x07\x08"));
    add32(&behind, entry->crc);
    add32(&behind, entry->packed);
    add32(&behind, entry->size);
    return put(zip, arena, buf_str(&behind));
}

Error *zip_out_begin(ZipOut *zip, Arena *arena, const char *name)
{
    TRY(end_entry(zip, arena));
    const ZipEntry entry = {.name = arena_strdup(zip->arena, name),
                            .crc = (uint32_t)crc32(0, NULL, 0),
                            .offset = (uint32_t)zip->written};
    vec_push(zip->arena, &zip->entries, entry);
    CHECK(deflateReset(&zip->stream) == Z_OK);
    zip->open = true;
    zip->packed = zip->size = 0;
    Buf front = buf_new(arena, 1024);
    buf_add(&front, STR("PK\x03\x04"));
    add_description(&front, &entry, false);
    buf_add(&front, str_from(name));
    return put(zip, arena, buf_str(&front));
}

Error *zip_out_write(ZipOut *zip, Arena *arena, Str bytes)
{
    ZipEntry *entry = &zip->entries.items[zip->entries.count - 1];
    CHECK(zip->open);
    entry->crc = (uint32_t)crc32(entry->crc, (const Bytef *)bytes.ptr, (uInt)bytes.len);
    zip->size += (int64_t)bytes.len;
    return deflate_some(zip, arena, bytes, Z_NO_FLUSH);
}

static void add_listed(Buf *list, const ZipEntry *entry)
{
    buf_add(list, STR("PK\x01\x02"));
    add16(list, VERSION);
    add_description(list, entry, true);
    add16(list, 0); /* no comment */
    add16(list, 0); /* on the first disk */
    add16(list, 0);
    add32(list, 0); /* no attributes */
    add32(list, entry->offset);
    buf_add(list, str_from(entry->name));
}

Error *zip_out_end(ZipOut *zip, Arena *arena)
{
    TRY(end_entry(zip, arena));
    uint32_t begin = (uint32_t)zip->written, count = (uint32_t)zip->entries.count;
    Buf list = buf_new(arena, 16 << 20);
    for (size_t i = 0; i < zip->entries.count; i++)
        add_listed(&list, &zip->entries.items[i]);
    uint32_t size = (uint32_t)list.len;
    buf_add(&list, STR("PK\x05\x06"));
    add32(&list, 0); /* one disk */
    add16(&list, count);
    add16(&list, count);
    add32(&list, size);
    add32(&list, begin);
    add16(&list, 0); /* no comment */
    CHECK(!list.over && count <= UINT16_MAX);
    return put(zip, arena, buf_str(&list));
}
