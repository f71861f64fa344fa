/* An open table of 16 bytes an entry: twelve of the key's digest, so that no two keys are ever taken for one
 * another, and four of the row. */
#include "domain/import_seen.h"

#include "base/check.h"
#include "base/crypto.h"

enum { FIRST_SLOTS = 1 << 12, KEY_BYTES = 12 };

typedef struct Entry {
    uint8_t key[KEY_BYTES];
    uint32_t row; /* 0: free */
} Entry;

struct ImportSeen {
    Entry *slots;
    size_t slot_count; /* a power of two, at least twice `count` */
    size_t count;
    size_t most;
};

static Entry *new_slots(size_t count)
{
    Entry *slots = check_malloc(count * sizeof *slots);
    memset(slots, 0, count * sizeof *slots);
    return slots;
}

static void free_seen(void *self)
{
    free(((ImportSeen *)self)->slots);
}

ImportSeen *import_seen_new(Arena *arena, size_t most)
{
    ImportSeen *seen = ARENA_NEW(arena, ImportSeen);
    *seen = (ImportSeen){.slots = new_slots(FIRST_SLOTS), .slot_count = FIRST_SLOTS, .most = most};
    arena_defer(arena, free_seen, seen);
    return seen;
}

/* Its entry, or the free one where it belongs. */
static Entry *find(Entry *slots, size_t slot_count, const uint8_t *key)
{
    uint64_t at;
    memcpy(&at, key, sizeof at);
    for (;; at++) {
        Entry *entry = &slots[at & (slot_count - 1)];
        if (entry->row == 0 || memcmp(entry->key, key, KEY_BYTES) == 0)
            return entry;
    }
}

static void grow(ImportSeen *seen)
{
    size_t slot_count = seen->slot_count * 2;
    Entry *slots = new_slots(slot_count);
    for (size_t i = 0; i < seen->slot_count; i++)
        if (seen->slots[i].row != 0)
            *find(slots, slot_count, seen->slots[i].key) = seen->slots[i];
    free(seen->slots);
    seen->slots = slots;
    seen->slot_count = slot_count;
}

static Digest key_digest(const PredictionInput *input)
{
    char room[512]; /* a symbol has at most 20 characters: 80 bytes */
    size_t len = input->symbol.len;
    const int32_t period[] = {input->year, input->quarter};
    CHECK(len <= sizeof room - sizeof period);
    memcpy(room, input->symbol.ptr, len);
    memcpy(room + len, period, sizeof period);
    return digest_of((Str){room, len + sizeof period});
}

int64_t import_seen_first(ImportSeen *seen, const PredictionInput *input, int64_t row)
{
    Digest digest = key_digest(input);
    Entry *entry = find(seen->slots, seen->slot_count, digest.bytes);
    if (entry->row != 0)
        return entry->row;
    if (seen->count == seen->most || row > UINT32_MAX)
        return 0;
    memcpy(entry->key, digest.bytes, KEY_BYTES);
    entry->row = (uint32_t)row;
    if (++seen->count * 2 > seen->slot_count)
        grow(seen);
    return 0;
}
