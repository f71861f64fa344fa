/* One table-free decoder; ASCII is skipped eight bytes at a time. */
#include "base/utf8.h"

/* Bytes of the sequence at `p` (1 to 4), or 0 when it is not good. */
static size_t sequence_size(const uint8_t *p, size_t left)
{
    uint8_t first = p[0];
    if (first < 0x80)
        return 1;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (first == 0xE0 && p[1] < 0xA0) || (first == 0xF0 && p[1] < 0x90);
    bool surrogate = first == 0xED && p[1] >= 0xA0;
    bool beyond = first == 0xF4 && p[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

bool utf8_check(Str text, size_t *ret_at)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    size_t at = 0;
    while (at < text.len) {
        uint64_t eight;
        if (text.len - at >= sizeof eight) {
            memcpy(&eight, p + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        size_t size = sequence_size(p + at, text.len - at);
        if (size == 0) {
            *ret_at = at;
            return false;
        }
        at += size;
    }
    return true;
}

uint32_t utf8_decode(Str text, size_t *ret_size)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    size_t size = sequence_size(p, text.len);
    *ret_size = size ? size : 1;
    switch (size) {
    case 2:
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
               (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    default:
        return p[0];
    }
}

size_t utf8_encode(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)(lead[size] | c);
    return size;
}

size_t utf8_length(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((uint8_t)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

Str utf8_cut(Str text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && ((uint8_t)text.ptr[max] & 0xC0) == 0x80)
        max--;
    return str_slice(text, 0, max);
}
