/* Opens what zip_out wrote: finds an entry through the list at the end and unpacks it, checking all that the
 * archive says of it in both places. */
#ifndef OBLIGOR_UNIT_UNZIP_H
#define OBLIGOR_UNIT_UNZIP_H

#include "base/str.h"

#include "test.h"

#include <zlib.h>

static inline uint32_t unzip_number(Str file, size_t at, size_t size)
{
    uint32_t number = 0;
    CHECK(at + size <= file.len);
    for (size_t i = size; i > 0; i--)
        number = number << 8 | (uint8_t)file.ptr[at + i - 1];
    return number;
}

static inline Str unzip_inflate(Arena *arena, Str packed, uint32_t size)
{
    char *bytes = arena_alloc(arena, size + 1);
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)packed.ptr,
                       .avail_in = (uInt)packed.len,
                       .next_out = (Bytef *)bytes,
                       .avail_out = size + 1};
    CHECK(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    CHECK(stream.avail_in == 0 && stream.avail_out == 1);
    inflateEnd(&stream);
    return (Str){bytes, size};
}

/* The entry that is listed at `at`. */
static inline Str unzip_listed(Arena *arena, Str file, size_t at)
{
    uint32_t crc = unzip_number(file, at + 16, 4), packed = unzip_number(file, at + 20, 4),
             size = unzip_number(file, at + 24, 4), name = unzip_number(file, at + 28, 2),
             offset = unzip_number(file, at + 42, 4);
    CHECK(unzip_number(file, offset, 4) == 0x04034B50);
    CHECK(unzip_number(file, offset + 26, 2) == name);
    CHECK(memcmp(file.ptr + offset + 30, file.ptr + at + 46, name) == 0);
    size_t begin = offset + 30 + name, behind = begin + packed;
    CHECK(unzip_number(file, behind, 4) == 0x08074B50 && unzip_number(file, behind + 4, 4) == crc);
    CHECK(unzip_number(file, behind + 8, 4) == packed &&
          unzip_number(file, behind + 12, 4) == size);
    Str bytes = unzip_inflate(arena, str_slice(file, begin, behind), size);
    CHECK(crc32(0, (const Bytef *)bytes.ptr, size) == crc);
    return bytes;
}

/* .ptr NULL: no such entry. *ret_names: all of them, in their order, separated by spaces. */
static inline Str unzip(Arena *arena, Str file, const char *name, Str *ret_names)
{
    Str found = {NULL, 0};
    Buf names = buf_new(arena, 10000);
    size_t end = file.len - 22, at = unzip_number(file, end + 16, 4);
    CHECK(unzip_number(file, end, 4) == 0x06054B50);
    CHECK(at + unzip_number(file, end + 12, 4) == end);
    for (uint32_t i = unzip_number(file, end + 10, 2); i > 0; i--) {
        CHECK(unzip_number(file, at, 4) == 0x02014B50);
        Str listed = str_slice(file, at + 46, at + 46 + unzip_number(file, at + 28, 2));
        if (str_is(listed, name))
            found = unzip_listed(arena, file, at);
        buf_printf(&names, "%s" STR_FMT, names.len > 0 ? " " : "", STR_ARG(listed));
        at += 46 + listed.len;
    }
    CHECK(at == end);
    *ret_names = buf_str(&names);
    return found;
}

#endif
