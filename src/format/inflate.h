/* A filter: what is packed with gzip or zstd comes out unpacked, anything else as it is. The content decides,
 * never a name. */
#ifndef OBLIGOR_FORMAT_INFLATE_H
#define OBLIGOR_FORMAT_INFLATE_H

#include "format/byte_source.h"

typedef struct Inflate Inflate;

/* Unpacked bytes for each stored one beyond which a file is no table but a bomb, once it has given
 * INFLATE_RATIO_FREE bytes. Tables of figures reach 30. */
enum { INFLATE_RATIO_MAX = 200, INFLATE_RATIO_FREE = 16 << 20 };

/* Reads the beginning of `stored`, which is borrowed. At most `max` bytes come out of a packed file. Lives in
 * `arena`. */
Error *inflate_open(Arena *arena, ByteSource stored, int64_t max, Inflate **ret_inflate) MUST_CHECK;

/* The bytes that come out. Reading fails with ERROR_MALFORMED ("truncated": the file ends in the middle;
 * "damaged"; "more_behind": something else stands behind its end), ERROR_TOO_LARGE ("unpacks_too_large"),
 * ERROR_UNSUPPORTED (a window beyond bounds), or as `stored` does. */
ByteSource inflate_source(Inflate *inflate);

/* "gzip", "zstd", or NULL: as it is. */
const char *inflate_format(const Inflate *inflate);

/* How far the stored file has been read. */
int64_t inflate_stored(const Inflate *inflate);

#endif
