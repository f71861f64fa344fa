/* Writes a zip archive to a sink, entry behind entry, in constant memory. */
#ifndef OBLIGOR_FORMAT_ZIP_OUT_H
#define OBLIGOR_FORMAT_ZIP_OUT_H

#include "format/byte_sink.h"

typedef struct ZipOut ZipOut;

/* Bytes of an entry beyond which zip_out_write must not be called: sizes have 32 bits here. */
#define ZIP_OUT_ENTRY_MAX INT64_C(0xFFFFFFFF)

/* Lives in `arena`. */
ZipOut *zip_out_new(Arena *arena, ByteSink sink);

/* An entry; the one before it ends. `name` is copied. ERROR_TOO_LARGE once the archive is beyond 4 GiB. */
Error *zip_out_begin(ZipOut *zip, Arena *arena, const char *name) MUST_CHECK;
Error *zip_out_write(ZipOut *zip, Arena *arena, Str bytes) MUST_CHECK;

/* Unpacked bytes of the entry so far. */
int64_t zip_out_size(const ZipOut *zip);

/* Ends the last entry and writes the list of all. */
Error *zip_out_end(ZipOut *zip, Arena *arena) MUST_CHECK;

#endif
