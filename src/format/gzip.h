/* Unpacking gzip (RFC 1952), member by member. */
#ifndef OBLIGOR_FORMAT_GZIP_H
#define OBLIGOR_FORMAT_GZIP_H

#include "format/unpacker.h"

/* True for the first bytes of a gzip file. */
bool gzip_begins(Str head);

/* Lives in `arena`. Zeros behind the last member are passed over, as gzip itself does. */
Unpacker gzip_unpacker(Arena *arena);

#endif
