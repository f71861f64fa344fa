/* A hash map from byte strings to pointers, in an arena. Keys are borrowed: they must live as long as
 * the map. Nothing is ever removed; iteration is in order of insertion. */
#ifndef OBLIGOR_BASE_MAP_H
#define OBLIGOR_BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

typedef struct MapEntry {
    Str key;
    uint64_t hash;
    void *value;
} MapEntry;

typedef struct Map {
    Arena *arena;
    MapEntry *entries; /* [count], in order of insertion */
    size_t count;
    size_t cap;
    uint32_t *slots;   /* index + 1 into entries; 0 is free */
    size_t slot_count; /* a power of two, at least twice `cap` */
} Map;

Map map_new(Arena *arena);
void *map_find(const Map *map, Str key);      /* NULL: not there */
void map_put(Map *map, Str key, void *value); /* adds or replaces; value is not NULL */

#endif
