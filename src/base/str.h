/* Str: a borrowed run of bytes that knows its length. It need not end in NUL and may hold any byte.
 * Buf: a growing buffer in an arena, born with a maximum. */
#ifndef OBLIGOR_BASE_STR_H
#define OBLIGOR_BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).len, (s).ptr

static inline Str str_from(const char *text) /* NULL gives the empty Str */
{
    return text == NULL ? (Str){"", 0} : (Str){text, strlen(text)};
}

static inline bool str_equal(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equal_fold(Str a, Str b); /* ASCII letters alike in both cases */
bool str_is(Str a, const char *text);
bool str_starts_with(Str a, Str prefix);
bool str_ends_with(Str a, Str suffix);
Str str_trim(Str a);                          /* spaces, tabs, CR, LF, and NBSP in UTF-8 */
Str str_slice(Str a, size_t from, size_t to); /* [from, to), cut to what is there */
bool str_find(Str a, char byte, size_t *ret_at);

/* Takes the part before the next `separator` off the front of *rest; after the last part *rest holds
 * NULL and the next call gives false. "a,,b" gives "a", "", "b"; "" gives one empty part. */
bool str_next(Str *rest, char separator, Str *ret_part);

char *str_dup(Arena *arena, Str a); /* NUL behind; bytes inside are kept as they are */
Str str_copy(Arena *arena, Str a);
Str str_upper(Arena *arena, Str a); /* ASCII only; other bytes stay */
Str str_lower(Arena *arena, Str a);
Str str_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 64-bit FNV-1a: for hash tables and fingerprints in memory, never stored. */
uint64_t str_hash(Str a);

typedef struct Buf {
    Arena *arena;
    char *data; /* always NUL-terminated once something was added */
    size_t len;
    size_t cap;
    size_t max; /* in bytes */
    bool over;  /* something did not fit: sticky, and nothing more is added */
} Buf;

/* `max` in bytes is the most it will ever hold. */
Buf buf_new(Arena *arena, size_t max);
void buf_add(Buf *buf, Str part);
void buf_add_char(Buf *buf, char byte);
void buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(Buf *buf);    /* keeps the memory, forgets `over` */
Str buf_str(const Buf *buf); /* valid until the next change */

/* Lower-case hex. `out` holds 2 × size + 1 bytes. Parsing wants exactly 2 × size digits. */
void hex_format(char *out, const uint8_t *bytes, size_t size);
bool hex_parse(Str text, uint8_t *ret_bytes, size_t size);

#endif
