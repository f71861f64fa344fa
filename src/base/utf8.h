/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef OBLIGOR_BASE_UTF8_H
#define OBLIGOR_BASE_UTF8_H

#include "base/str.h"

/* True when all of `text` is good; else *ret_at is the offset of the first bad byte. */
bool utf8_check(Str text, size_t *ret_at);

/* The code point at the front of `text`, which must be good UTF-8 and not empty; *ret_size bytes. */
uint32_t utf8_decode(Str text, size_t *ret_size);

size_t utf8_encode(char out[4], uint32_t code_point); /* returns the number of bytes */

/* Code points in good UTF-8. */
size_t utf8_length(Str text);

/* At most `max` bytes of good UTF-8, cut between code points. */
Str utf8_cut(Str text, size_t max);

#endif
