/* The state is a stack of two bits a level, kept in two words: whether the level is an array, and
 * whether a comma is due. Level 0 is the outside, where one value may stand. */
#include "format/json_out.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"

#include <inttypes.h>

JsonOut json_out_new(Buf *buf)
{
    return (JsonOut){.buf = buf};
}

void json_out_close(const JsonOut *out)
{
    CHECK(out->depth == 0 && (out->filled & 1) != 0);
}

static uint64_t level(const JsonOut *out)
{
    return UINT64_C(1) << out->depth;
}

static bool is_in_object(const JsonOut *out)
{
    return out->depth > 0 && (out->arrays & level(out)) == 0;
}

static void separate(JsonOut *out)
{
    if (out->filled & level(out))
        buf_add_char(out->buf, ',');
    out->filled |= level(out);
}

void json_put_key(JsonOut *out, Str key)
{
    CHECK(is_in_object(out) && !out->keyed);
    separate(out);
    json_out_string(out->buf, key);
    buf_add_char(out->buf, ':');
    out->keyed = true;
}

/* To be called before each value. */
static void place(JsonOut *out, const char *key)
{
    if (key != NULL)
        json_put_key(out, str_from(key));
    if (is_in_object(out)) {
        CHECK(out->keyed);
        out->keyed = false;
        return;
    }
    CHECK(out->depth > 0 || (out->filled & 1) == 0);
    separate(out);
}

static void begin(JsonOut *out, const char *key, char bracket)
{
    place(out, key);
    CHECK(out->depth < JSON_OUT_DEPTH_MAX);
    out->depth++;
    out->filled &= ~level(out);
    out->arrays &= ~level(out);
    if (bracket == '[')
        out->arrays |= level(out);
    buf_add_char(out->buf, bracket);
}

static void end(JsonOut *out, bool is_object, char bracket)
{
    CHECK(out->depth > 0 && is_in_object(out) == is_object && !out->keyed);
    out->depth--;
    buf_add_char(out->buf, bracket);
}

void json_begin_object(JsonOut *out, const char *key)
{
    begin(out, key, '{');
}

void json_end_object(JsonOut *out)
{
    end(out, true, '}');
}

void json_begin_array(JsonOut *out, const char *key)
{
    begin(out, key, '[');
}

void json_end_array(JsonOut *out)
{
    end(out, false, ']');
}

/* Escapes what is good UTF-8; the plain runs between go out in one piece. */
static void add_escaped(Buf *buf, Str text)
{
    size_t from = 0, at = 0;
    while (at < text.len) {
        uint8_t c = (uint8_t)text.ptr[at];
        /* E2 80 A8 and E2 80 A9 are U+2028 and U+2029. */
        bool separator = c == 0xE2 && (uint8_t)text.ptr[at + 1] == 0x80 &&
                         ((uint8_t)text.ptr[at + 2] & 0xFE) == 0xA8;
        if (!separator && c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') {
            at++;
            continue;
        }
        buf_add(buf, str_slice(text, from, at));
        if (separator)
            buf_printf(buf, "\\u20%02x", 0x28 + ((uint8_t)text.ptr[at + 2] & 1));
        else if (c == '"' || c == '\\')
            buf_printf(buf, "\\%c", c);
        else if (c == '\n')
            buf_add(buf, STR("\\n"));
        else
            buf_printf(buf, "\\u%04x", c);
        at += separator ? 3 : 1;
        from = at;
    }
    if (from < at) /* an empty text may be NULL */
        buf_add(buf, str_slice(text, from, at));
}

void json_out_string(Buf *buf, Str text)
{
    size_t bad;
    buf_add_char(buf, '"');
    while (!utf8_check(text, &bad)) {
        add_escaped(buf, str_slice(text, 0, bad));
        buf_add(buf, STR("\xEF\xBF\xBD"));
        text = str_slice(text, bad + 1, text.len);
    }
    add_escaped(buf, text);
    buf_add_char(buf, '"');
}

void json_put_str(JsonOut *out, const char *key, Str value)
{
    place(out, key);
    json_out_string(out->buf, value);
}

void json_put_text(JsonOut *out, const char *key, const char *value)
{
    if (value == NULL)
        json_put_null(out, key);
    else
        json_put_str(out, key, str_from(value));
}

void json_put_int(JsonOut *out, const char *key, int64_t value)
{
    place(out, key);
    buf_printf(out->buf, "%" PRId64, value);
}

void json_put_double(JsonOut *out, const char *key, double value)
{
    char text[NUMBER_TEXT_SIZE];
    size_t length = number_format(text, value);
    place(out, key);
    buf_add(out->buf, (Str){text, length});
}

void json_put_bool(JsonOut *out, const char *key, bool value)
{
    place(out, key);
    buf_add(out->buf, value ? STR("true") : STR("false"));
}

void json_put_null(JsonOut *out, const char *key)
{
    place(out, key);
    buf_add(out->buf, STR("null"));
}

void json_put_uuid(JsonOut *out, const char *key, Uuid value)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(text, value);
    json_put_text(out, key, text);
}

void json_put_uuid_or_null(JsonOut *out, const char *key, Uuid value)
{
    if (uuid_is_nil(value))
        json_put_null(out, key);
    else
        json_put_uuid(out, key, value);
}

void json_put_time(JsonOut *out, const char *key, int64_t micros)
{
    char text[TIME_TEXT_SIZE];
    time_format(text, micros);
    json_put_text(out, key, text);
}

void json_put_time_or_null(JsonOut *out, const char *key, int64_t micros)
{
    if (micros == 0)
        json_put_null(out, key);
    else
        json_put_time(out, key, micros);
}

void json_put_raw(JsonOut *out, const char *key, Str json)
{
    CHECK(json.len > 0);
    place(out, key);
    buf_add(out->buf, json);
}
