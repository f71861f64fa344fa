/* Percent-encoding (RFC 3986), strictly. */
#ifndef OBLIGOR_HTTP_PERCENT_H
#define OBLIGOR_HTTP_PERCENT_H

#include "base/str.h"

typedef enum PercentStyle {
    PERCENT_PATH, /* + is a plus */
    PERCENT_FORM  /* + is a space */
} PercentStyle;

/* False when a % is not followed by two hex digits, or what comes out is not good UTF-8 or holds a
 * NUL. Text with nothing to decode is given back as it is. */
bool percent_decode(Arena *arena, Str raw, PercentStyle style, Str *ret_text);

#endif
