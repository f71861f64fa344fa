/* The encodings that a text file may be said to be in. */
#ifndef OBLIGOR_FORMAT_TEXT_ENCODING_H
#define OBLIGOR_FORMAT_TEXT_ENCODING_H

#include "base/str.h"

typedef struct TextEncoding {
    const char *name;      /* as it is stored and shown: "windows-1252" */
    const char *converter; /* iconv's name; NULL: UTF-8, nothing to convert */
    size_t unit;           /* bytes that go together: 1, 2 or 4 */
} TextEncoding;

/* Case, spaces, hyphens and underscores make no difference, and many go by a second name: "latin1". NULL: none
 * of ours. */
const TextEncoding *text_encoding_find(Str name);

/* "utf-8, utf-16, …": all of the names, for a person. */
const char *text_encoding_names(Arena *arena);

#endif
