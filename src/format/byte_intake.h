/* Bytes of a source on their way through a filter: looked at from the front, taken piece by piece. */
#ifndef OBLIGOR_FORMAT_BYTE_INTAKE_H
#define OBLIGOR_FORMAT_BYTE_INTAKE_H

#include "format/byte_source.h"

typedef struct ByteIntake {
    ByteSource source;
    char *buffer;
    size_t size;
    Str rest;         /* read and not taken yet; in `buffer` */
    bool ended;       /* the source has no more */
    int64_t taken_in; /* bytes read from the source so far */
} ByteIntake;

/* A buffer of `size` bytes in `arena`; nothing is read yet. */
ByteIntake byte_intake_new(Arena *arena, ByteSource source, size_t size);

/* Reads until `rest` has at least `least` bytes (no more than the buffer's size) or the source ends. */
Error *byte_intake_fill(ByteIntake *intake, Arena *arena, size_t least) MUST_CHECK;

/* Passes bytes on as they are, like ByteSource.read. */
Error *byte_intake_pass(ByteIntake *intake, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
    MUST_CHECK;

#endif
