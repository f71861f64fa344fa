/* Identifiers: UUIDv7 (RFC 9562), made here; any other UUID is accepted when it comes from outside. */
#ifndef OBLIGOR_BASE_UUID_H
#define OBLIGOR_BASE_UUID_H

#include "base/str.h"

enum { UUID_TEXT_SIZE = 37 };

typedef struct Uuid {
    uint8_t bytes[16];
} Uuid;

#define UUID_NIL ((Uuid){{0}})

/* Those made by one thread strictly ascend. */
Uuid uuid_new(void);

/* Ids of many things that are made at once: the first as by uuid_new, each other one the one before plus 1 in its random
 * bits (RFC 9562, 6.2, method 2). They ascend, whatever the thread makes later is above them, and many of them pack
 * into a few bytes. Who knows one can guess its neighbours: for what an id alone never opens. */
typedef struct UuidSeries {
    Uuid next;
    bool begun;
} UuidSeries;

Uuid uuid_series_next(UuidSeries *series); /* of one that was zero at first */

/* `source` replaces uuid_new; NULL brings it back. For tests. */
void uuid_inject(Uuid (*source)(void));

bool uuid_parse(Str text, Uuid *ret_uuid);             /* 8-4-4-4-12 in either case */
void uuid_format(char out[UUID_TEXT_SIZE], Uuid uuid); /* lower case */
char *uuid_text(Arena *arena, Uuid uuid);

static inline int uuid_compare(Uuid a, Uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

static inline bool uuid_equal(Uuid a, Uuid b)
{
    return uuid_compare(a, b) == 0;
}

static inline bool uuid_is_nil(Uuid a)
{
    return uuid_equal(a, UUID_NIL);
}

#endif
