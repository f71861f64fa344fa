/* Slices and buffers. Nothing here allocates but in the caller's arena. */
#include "base/str.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

bool str_equal_fold(Str a, Str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool str_is(Str a, const char *text)
{
    return str_equal(a, str_from(text));
}

bool str_starts_with(Str a, Str prefix)
{
    return a.len >= prefix.len && str_equal(str_slice(a, 0, prefix.len), prefix);
}

bool str_ends_with(Str a, Str suffix)
{
    return a.len >= suffix.len && str_equal(str_slice(a, a.len - suffix.len, a.len), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

Str str_trim(Str a)
{
    static const Str nbsp = {"\xC2\xA0", 2};
    for (;;) {
        if (a.len > 0 && is_space(a.ptr[0]))
            a = str_slice(a, 1, a.len);
        else if (str_starts_with(a, nbsp))
            a = str_slice(a, nbsp.len, a.len);
        else
            break;
    }
    for (;;) {
        if (a.len > 0 && is_space(a.ptr[a.len - 1]))
            a.len--;
        else if (str_ends_with(a, nbsp))
            a.len -= nbsp.len;
        else
            break;
    }
    return a;
}

Str str_slice(Str a, size_t from, size_t to)
{
    if (to > a.len)
        to = a.len;
    if (from > to)
        from = to;
    return (Str){from == 0 ? a.ptr : a.ptr + from, to - from}; /* NULL + 0 is undefined */
}

bool str_find(Str a, char byte, size_t *ret_at)
{
    const char *found = a.len == 0 ? NULL : memchr(a.ptr, byte, a.len);
    if (found == NULL)
        return false;
    *ret_at = (size_t)(found - a.ptr);
    return true;
}

bool str_next(Str *rest, char separator, Str *ret_part)
{
    if (rest->ptr == NULL)
        return false;
    size_t at;
    if (str_find(*rest, separator, &at)) {
        *ret_part = str_slice(*rest, 0, at);
        *rest = str_slice(*rest, at + 1, rest->len);
        return true;
    }
    *ret_part = *rest;
    *rest = (Str){NULL, 0};
    return true;
}

char *str_dup(Arena *arena, Str a)
{
    return arena_copy(arena, a.ptr, a.len);
}

Str str_copy(Arena *arena, Str a)
{
    return (Str){str_dup(arena, a), a.len};
}

static Str map_bytes(Arena *arena, Str a, char (*change)(char))
{
    char *copy = str_dup(arena, a);
    for (size_t i = 0; i < a.len; i++)
        copy[i] = change(copy[i]);
    return (Str){copy, a.len};
}

Str str_upper(Arena *arena, Str a)
{
    return map_bytes(arena, a, upper);
}

Str str_lower(Arena *arena, Str a)
{
    return map_bytes(arena, a, lower);
}

Str str_printf(Arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return str_from(text);
}

uint64_t str_hash(Str a)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < a.len; i++)
        hash = (hash ^ (uint8_t)a.ptr[i]) * 1099511628211u;
    return hash;
}

Buf buf_new(Arena *arena, size_t max)
{
    return (Buf){.arena = arena, .max = max};
}

void buf_add(Buf *buf, Str part)
{
    if (buf->over || part.len > buf->max - buf->len) {
        buf->over = true;
        return;
    }
    if (buf->len + part.len + 1 > buf->cap) {
        size_t cap = buf->cap ? buf->cap * 2 : 256;
        if (cap < buf->len + part.len + 1)
            cap = buf->len + part.len + 1;
        char *data = arena_alloc_raw(buf->arena, cap);
        if (buf->len > 0)
            memcpy(data, buf->data, buf->len);
        buf->data = data;
        buf->cap = cap;
    }
    if (part.len > 0)
        memcpy(buf->data + buf->len, part.ptr, part.len);
    buf->len += part.len;
    buf->data[buf->len] = '\0';
}

void buf_add_char(Buf *buf, char byte)
{
    if (!buf->over && buf->len + 1 < buf->cap && buf->len < buf->max) {
        buf->data[buf->len++] = byte;
        buf->data[buf->len] = '\0';
        return;
    }
    buf_add(buf, (Str){&byte, 1});
}

void buf_printf(Buf *buf, const char *format, ...)
{
    char small[256];
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    CHECK(length >= 0);
    if ((size_t)length < sizeof small)
        buf_add(buf, (Str){small, (size_t)length});
    else
        buf_add(buf, str_from(arena_vprintf(buf->arena, format, again)));
    va_end(again);
    va_end(arguments);
}

void buf_clear(Buf *buf)
{
    buf->len = 0;
    buf->over = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

Str buf_str(const Buf *buf)
{
    return buf->data == NULL ? (Str){"", 0} : (Str){buf->data, buf->len};
}

void hex_format(char *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_parse(Str text, uint8_t *ret_bytes, size_t size)
{
    if (text.len != 2 * size)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (hex_digit(text.ptr[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(hex_digit(text.ptr[2 * i]) * 16 + hex_digit(text.ptr[2 * i + 1]));
    return true;
}
