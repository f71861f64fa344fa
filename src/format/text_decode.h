/* A filter: a text in any encoding comes out as UTF-8. */
#ifndef OBLIGOR_FORMAT_TEXT_DECODE_H
#define OBLIGOR_FORMAT_TEXT_DECODE_H

#include "format/byte_source.h"
#include "format/text_encoding.h"

/* Stands for a byte that is no text in the file's encoding. UTF-8 never has it, so that whoever reads on finds
 * it where it is, in its row and column. */
#define TEXT_DECODE_WRONG '\xFF'

typedef struct TextDecode TextDecode;

/* Reads the beginning of `source`, which is borrowed. A byte order mark of UTF-8 or UTF-16 decides, whatever
 * `encoding` says; without one it is `encoding`, or UTF-8 where that is NULL. UTF-8 passes as it is, good or
 * not. Lives in `arena`. ERROR_UNSUPPORTED: with `encoding`, when the bytes are no text at all (csv_sniff.h);
 * or this machine has no converter for it. */
Error *text_decode_open(Arena *arena, ByteSource source, const TextEncoding *encoding,
                        TextDecode **ret_decode) MUST_CHECK;

ByteSource text_decode_source(TextDecode *decode);

/* The name of what it is converted from; NULL: nothing is converted. */
const char *text_decode_encoding(const TextDecode *decode);

#endif
