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
