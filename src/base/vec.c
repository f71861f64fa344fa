/* Doubling growth in an arena. */
#include "base/vec.h"

#include <string.h>

void *vec_grow(Arena *arena, void *items, size_t count, size_t *cap, size_t item_size)
{
    if (count < *cap)
        return items;
    size_t larger = *cap ? *cap * 2 : 8;
    void *copy = arena_alloc_array(arena, larger, item_size);
    if (count > 0)
        memcpy(copy, items, count * item_size);
    *cap = larger;
    return copy;
}
