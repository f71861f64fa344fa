/* The text of an uploaded file: unpacked where it is packed, and in UTF-8 whatever it was. */
#ifndef OBLIGOR_FORMAT_TEXT_SOURCE_H
#define OBLIGOR_FORMAT_TEXT_SOURCE_H

#include "format/byte_source.h"
#include "format/text_encoding.h"

typedef struct TextSource TextSource;

/* Reads the beginning of `stored`, which is borrowed. `encoding` NULL: found by itself. A packed file may hold
 * `max` bytes. Errors are those of inflate.h and text_decode.h. Lives in `arena`. */
Error *text_source_open(Arena *arena, ByteSource stored, const TextEncoding *encoding, int64_t max,
                        TextSource **ret_text) MUST_CHECK;

ByteSource text_source_bytes(TextSource *text);

/* The name of what is converted to UTF-8; NULL: it is UTF-8. */
const char *text_source_encoding(const TextSource *text);

/* How far the stored file has come with `given` bytes of the text, for a progress: exact where the text is the
 * file itself, else as far as was read. */
int64_t text_source_stored(const TextSource *text, int64_t given);

#endif
