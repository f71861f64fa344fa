/* Layout: 48 bits of ms, 12 bits of the ms's fraction (RFC 9562, method 3), 62 random bits. A thread
 * never gives out a time at or before its last one: it goes on from there in steps of 1/4096 ms. */
#include "base/uuid.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <stdatomic.h>

static Uuid (*_Atomic injected)(void);

typedef struct RandomPool {
    uint8_t bytes[2048];
    size_t left;
    uint64_t last_time;
} RandomPool;

static _Thread_local RandomPool pool;

static Uuid make(void)
{
    uint64_t micros = (uint64_t)clock_now();
    uint64_t time = (micros / 1000) << 12 | (micros % 1000) * 4096 / 1000;
    if (time <= pool.last_time)
        time = pool.last_time + 1;
    pool.last_time = time;

    if (pool.left < 8) {
        crypto_random(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    pool.left -= 8;

    Uuid uuid;
    uint64_t ms = time >> 12;
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    uuid.bytes[6] = (uint8_t)(0x70 | (time >> 8 & 0x0F));
    uuid.bytes[7] = (uint8_t)time;
    memcpy(uuid.bytes + 8, pool.bytes + pool.left, 8);
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3F));
    return uuid;
}

Uuid uuid_new(void)
{
    Uuid (*source)(void) = atomic_load_explicit(&injected, memory_order_relaxed);
    return source != NULL ? source() : make();
}

static void add_one(Uuid *uuid)
{
    for (size_t i = sizeof uuid->bytes; i-- > 8 && ++uuid->bytes[i] == 0;)
        continue;
}

/* The highest of the random bits is 0 at first, so that they never run over. */
Uuid uuid_series_next(UuidSeries *series)
{
    if (atomic_load_explicit(&injected, memory_order_relaxed) != NULL)
        return uuid_new();
    if (!series->begun) {
        series->next = make();
        series->next.bytes[8] &= 0x9F;
        series->begun = true;
    }
    Uuid uuid = series->next;
    add_one(&series->next);
    return uuid;
}

void uuid_inject(Uuid (*source)(void))
{
    atomic_store(&injected, source);
}

bool uuid_parse(Str text, Uuid *ret_uuid)
{
    if (text.len != UUID_TEXT_SIZE - 1)
        return false;
    char digits[32];
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text.ptr[i] == '-'))
            return false;
        if (!dash)
            digits[count++] = text.ptr[i];
    }
    return hex_parse((Str){digits, sizeof digits}, ret_uuid->bytes, sizeof ret_uuid->bytes);
}

void uuid_format(char out[UUID_TEXT_SIZE], Uuid uuid)
{
    char digits[33];
    hex_format(digits, uuid.bytes, sizeof uuid.bytes);
    size_t from = 0;
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++)
        out[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : digits[from++];
    out[UUID_TEXT_SIZE - 1] = '\0';
}

char *uuid_text(Arena *arena, Uuid uuid)
{
    char *text = arena_alloc_raw(arena, UUID_TEXT_SIZE);
    uuid_format(text, uuid);
    return text;
}
