/* A file that comes in pieces: whatever their size, what is read of it must be the same. */
#ifndef OBLIGOR_TESTS_PIECES_H
#define OBLIGOR_TESTS_PIECES_H

#include "format/byte_source.h"

#include <string.h>

typedef struct Pieces {
    Str rest;
    size_t piece;
} Pieces;

static inline Error *read_pieces(void *self, Arena *arena, char *bytes, size_t cap,
                                 size_t *ret_size)
{
    (void)arena;
    Pieces *pieces = self;
    Str part = str_slice(pieces->rest, 0, pieces->piece < cap ? pieces->piece : cap);
    if (part.len > 0)
        memcpy(bytes, part.ptr, part.len);
    pieces->rest = str_slice(pieces->rest, part.len, pieces->rest.len);
    *ret_size = part.len;
    return NULL;
}

/* A source that gives at most `piece` bytes at a time. */
static inline ByteSource pieces_of(Arena *arena, Str file, size_t piece)
{
    Pieces *pieces = ARENA_NEW(arena, Pieces);
    *pieces = (Pieces){.rest = file, .piece = piece};
    return (ByteSource){read_pieces, pieces};
}

#endif
