/* One pass; most texts hold nothing to decode and cost nothing but the look. */
#include "http/percent.h"

#include "base/utf8.h"

static bool decode_into(char *out, Str raw, PercentStyle style, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '+' && style == PERCENT_FORM) {
            c = ' ';
        } else if (c == '%') {
            uint8_t byte;
            if (!hex_parse(str_slice(raw, i + 1, i + 3), &byte, 1))
                return false;
            c = (char)byte;
            i += 2;
        }
        out[len++] = c;
    }
    *ret_len = len;
    return true;
}

bool percent_decode(Arena *arena, Str raw, PercentStyle style, Str *ret_text)
{
    size_t at;
    Str text = raw;
    if (str_find(raw, '%', &at) || (style == PERCENT_FORM && str_find(raw, '+', &at))) {
        char *out = arena_alloc_raw(arena, raw.len + 1);
        if (!decode_into(out, raw, style, &text.len))
            return false;
        out[text.len] = '\0';
        text.ptr = out;
    }
    if (!utf8_check(text, &at) || str_find(text, '\0', &at))
        return false;
    *ret_text = text;
    return true;
}
