/* Base64url of: a version byte, a sort byte, then big-endian the digest of the filters, created_at,
 * the bits of the probability and job_row at 8 bytes each, the id, and to the end the text. Fixed
 * places and one length check make the parser small enough to be seen to be right; a fuzz target
 * says the same. */
#include "http/cursor.h"

#include "base/check.h"
#include "base/crypto.h"
#include "base/utf8.h"

#include <math.h>

enum { VERSION = 1, FIXED_SIZE = 2 + 4 * 8 + 16 };

static void put(char **at, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *(*at)++ = (char)(uint8_t)(value >> shift);
}

static uint64_t take(const char **at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)(*at)[i];
    *at += 8;
    return value;
}

char *cursor_format(Arena *arena, const Cursor *cursor)
{
    char bytes[FIXED_SIZE + CURSOR_TEXT_MAX];
    uint64_t bits;
    CHECK(cursor->text.len <= CURSOR_TEXT_MAX && cursor->sort < 256);
    memcpy(&bits, &cursor->key.probability, sizeof bits);
    bytes[0] = VERSION;
    bytes[1] = (char)(uint8_t)cursor->sort;
    char *at = bytes + 2;
    put(&at, cursor->filters);
    put(&at, (uint64_t)cursor->key.created_at);
    put(&at, bits);
    put(&at, (uint64_t)cursor->key.job_row);
    memcpy(at, cursor->key.id.bytes, sizeof cursor->key.id.bytes);
    if (cursor->text.len > 0)
        memcpy(bytes + FIXED_SIZE, cursor->text.ptr, cursor->text.len);
    return base64url_encode(arena, (Str){bytes, FIXED_SIZE + cursor->text.len});
}

bool cursor_parse(Arena *arena, Str text, Cursor *ret_cursor)
{
    Str bytes;
    size_t bad;
    Cursor cursor = {.key.set = true};
    if (text.len > 2 * (FIXED_SIZE + CURSOR_TEXT_MAX) || !base64url_decode(arena, text, &bytes))
        return false;
    if (bytes.len < FIXED_SIZE || bytes.len > FIXED_SIZE + CURSOR_TEXT_MAX ||
        bytes.ptr[0] != VERSION)
        return false;
    cursor.sort = (uint8_t)bytes.ptr[1];
    const char *at = bytes.ptr + 2;
    cursor.filters = take(&at);
    cursor.key.created_at = (int64_t)take(&at);
    uint64_t bits = take(&at);
    memcpy(&cursor.key.probability, &bits, sizeof bits);
    cursor.key.job_row = (int64_t)take(&at);
    memcpy(cursor.key.id.bytes, at, sizeof cursor.key.id.bytes);
    cursor.text = str_slice(bytes, FIXED_SIZE, bytes.len);
    if (!isfinite(cursor.key.probability) || !utf8_check(cursor.text, &bad))
        return false;
    *ret_cursor = cursor;
    return true;
}
