/* What unpacks a compressed file piece by piece: one for each format, behind one face. */
#ifndef OBLIGOR_FORMAT_UNPACKER_H
#define OBLIGOR_FORMAT_UNPACKER_H

#include "base/error.h"

typedef struct UnpackStep {
    Str in;      /* what is taken goes off its front */
    char *out;   /* [cap] */
    size_t cap;  /* not 0 */
    size_t size; /* bytes put into `out` */
    bool whole; /* all that was begun has come to its end: the file may end behind what was taken */
} UnpackStep;

typedef struct Unpacker {
    const char *format; /* "gzip", for messages */
    /* Takes some, puts some, or both; with an empty `in` it gives what it still holds. ERROR_MALFORMED with
     * reason "damaged", or ERROR_UNSUPPORTED, in `arena`. */
    Error *(*step)(void *self, Arena *arena, UnpackStep *step);
    void *self;
} Unpacker;

/* For the formats: what is wrong, for the person who sends the file. `cause` is for the log. */
Error *unpacker_damaged(Arena *arena, const char *format, const char *cause) MUST_CHECK;
Error *unpacker_more_behind(Arena *arena, const char *format) MUST_CHECK;

#endif
