/* Compression with zstd. Ours is one frame that says how large its content is and ends with a checksum; what
 * others made is unpacked as a stream. */
#ifndef OBLIGOR_FORMAT_ZSTD_H
#define OBLIGOR_FORMAT_ZSTD_H

#include "format/unpacker.h"

/* The frame. `level` is zstd's: 1 is the fastest, 3 the usual one. Takes a little more than
 * bytes.len of the arena, whatever the frame's size is. */
Str zstd_pack(Arena *arena, Str bytes, int level);

/* The parts one behind the other, as one frame. Each is compressed with statistics of its own: for parts
 * of at least some hundred bytes that differ in kind. */
Str zstd_pack_parts(Arena *arena, const Str *parts, size_t count, int level);

/* The content of exactly one frame. ERROR_TOO_LARGE, before anything is unpacked, when it has more
 * than `max` bytes; ERROR_INVALID when `frame` is damaged, cut off, no frame, more than one, or
 * does not say how large its content is. */
Error *zstd_unpack(Arena *arena, Str frame, size_t max, Str *ret_bytes) MUST_CHECK;

/* True for the first bytes of a file of zstd frames, skippable ones included. */
bool zstd_begins(Str head);

/* For files of others: any number of frames, of a size that is not known. Lives in `arena`. A frame that wants
 * a window of more than 8 MiB is ERROR_UNSUPPORTED. */
Unpacker zstd_unpacker(Arena *arena);

#endif
