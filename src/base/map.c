/* Open addressing with linear probing over an index into an insertion-ordered array. */
#include "base/map.h"

#include "base/check.h"

Map map_new(Arena *arena)
{
    return (Map){.arena = arena};
}

static size_t slot_of(const Map *map, Str key, uint64_t hash)
{
    size_t slot = (size_t)(hash ^ (hash >> 32)) & (map->slot_count - 1);
    while (map->slots[slot] != 0) {
        const MapEntry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && str_equal(entry->key, key))
            break;
        slot = (slot + 1) & (map->slot_count - 1);
    }
    return slot;
}

void *map_find(const Map *map, Str key)
{
    if (map->count == 0)
        return NULL;
    size_t slot = slot_of(map, key, str_hash(key));
    return map->slots[slot] == 0 ? NULL : map->entries[map->slots[slot] - 1].value;
}

static void grow(Map *map)
{
    size_t cap = map->cap ? map->cap * 2 : 16;
    CHECK(cap < UINT32_MAX / 2);
    MapEntry *entries = ARENA_ARRAY(map->arena, MapEntry, cap);
    if (map->count > 0)
        memcpy(entries, map->entries, map->count * sizeof *entries);
    map->entries = entries;
    map->cap = cap;
    map->slot_count = cap * 2;
    map->slots = ARENA_ARRAY(map->arena, uint32_t, map->slot_count);
    for (size_t i = 0; i < map->count; i++)
        map->slots[slot_of(map, entries[i].key, entries[i].hash)] = (uint32_t)(i + 1);
}

void map_put(Map *map, Str key, void *value)
{
    CHECK(value != NULL);
    if (map->count == map->cap)
        grow(map);
    uint64_t hash = str_hash(key);
    size_t slot = slot_of(map, key, hash);
    if (map->slots[slot] != 0) {
        map->entries[map->slots[slot] - 1].value = value;
        return;
    }
    map->entries[map->count++] = (MapEntry){key, hash, value};
    map->slots[slot] = (uint32_t)map->count;
}
