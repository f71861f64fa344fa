/* JSON out: a writer that appends to a Buf and sets commas, colons and quotes by itself.
 *
 *     JsonOut out = json_out_new(&buf);
 *     json_begin_object(&out, NULL);
 *     json_put_text(&out, "name", name);
 *     json_begin_array(&out, "rows");
 *     json_put_int(&out, NULL, 1);
 *     json_end_array(&out);
 *     json_end_object(&out);
 *     json_out_close(&out);
 *
 * `key` names the member inside an object; inside an array and outermost it is NULL. Misuse (a
 * member without a key, brackets that do not match, a second outermost value) is a programming
 * error and ends the process. The buffer may be emptied between two calls: the writer looks at
 * nothing in it.
 *
 * Control characters, `<`, `>`, `&`, U+2028 and U+2029 are escaped, so that the output may stand
 * inside an HTML page; bytes that are not UTF-8 become U+FFFD. */
#ifndef OBLIGOR_FORMAT_JSON_OUT_H
#define OBLIGOR_FORMAT_JSON_OUT_H

#include "base/str.h"
#include "base/uuid.h"

enum { JSON_OUT_DEPTH_MAX = 63 };

typedef struct JsonOut {
    Buf *buf;
    unsigned depth;  /* open brackets */
    uint64_t arrays; /* bit n: the bracket at depth n is an array */
    uint64_t filled; /* bit n: something stands at depth n already */
    bool keyed;      /* a key was written and its value is due */
} JsonOut;

JsonOut json_out_new(Buf *buf);
void json_out_close(const JsonOut *out); /* checks that one whole value was written */

void json_begin_object(JsonOut *out, const char *key);
void json_end_object(JsonOut *out);
void json_begin_array(JsonOut *out, const char *key);
void json_end_array(JsonOut *out);

/* A key that comes from data; its value follows with a NULL key. */
void json_put_key(JsonOut *out, Str key);

void json_put_str(JsonOut *out, const char *key, Str value);
void json_put_text(JsonOut *out, const char *key, const char *value); /* NULL gives null */
void json_put_int(JsonOut *out, const char *key, int64_t value);
void json_put_double(JsonOut *out, const char *key, double value); /* finite */
void json_put_bool(JsonOut *out, const char *key, bool value);
void json_put_null(JsonOut *out, const char *key);
void json_put_uuid(JsonOut *out, const char *key, Uuid value);
void json_put_uuid_or_null(JsonOut *out, const char *key, Uuid value);     /* nil gives null */
void json_put_time(JsonOut *out, const char *key, int64_t micros);         /* RFC 3339 with Z */
void json_put_time_or_null(JsonOut *out, const char *key, int64_t micros); /* 0 gives null */
void json_put_raw(JsonOut *out, const char *key, Str json); /* one value, trusted as it is */

/* `text` in quotes and escaped as above, for JSON put together by other means. */
void json_out_string(Buf *buf, Str text);

#endif
