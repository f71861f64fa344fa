/* A growing array in an arena. `VEC(int) numbers = {0}; vec_push(arena, &numbers, 7);` */
#ifndef OBLIGOR_BASE_VEC_H
#define OBLIGOR_BASE_VEC_H

#include "base/arena.h"

#include <stddef.h>

#define VEC(Type)                                                                                  \
    struct {                                                                                       \
        Type *items;                                                                               \
        size_t count;                                                                              \
        size_t cap;                                                                                \
    }

/* Appends a copy of `item`. Memory of earlier, smaller arrays stays in the arena. */
#define vec_push(arena, vec, ...)                                                                  \
    ((vec)->items =                                                                                \
         vec_grow((arena), (vec)->items, (vec)->count, &(vec)->cap, sizeof *(vec)->items),         \
     (void)((vec)->items[(vec)->count++] = (__VA_ARGS__)))

/* The items from `at` on; NULL stays NULL (an empty array has no items to point behind). */
#define vec_from(vec, at) ((vec)->items == NULL ? NULL : (vec)->items + (at))

/* Room for one more: the array itself or a copy twice as large. */
void *vec_grow(Arena *arena, void *items, size_t count, size_t *cap, size_t item_size);

#endif
