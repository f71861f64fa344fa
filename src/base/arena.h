/* An arena owns everything that one request, job, batch, command or test allocates, and frees it in
 * one step. A pointer received is borrowed; a pointer returned lives in the arena passed in.
 *
 * Memory is zeroed and aligned to 16 bytes. Running out of memory aborts. An arena is used by one
 * thread at a time. */
#ifndef OBLIGOR_BASE_ARENA_H
#define OBLIGOR_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Arena Arena;

/* A place in an arena to which it can be rewound. Marks nest: rewind to an older one forgets the
 * newer. */
typedef struct ArenaMark {
    size_t block;
    size_t used;
    size_t total;
    void *defers;
} ArenaMark;

/* `soft_cap` in bytes, 0 for none: past it allocation still succeeds and `arena_is_full` tells; a
 * loop whose length the input decides asks `arena_room` (error.h). */
Arena *arena_new(size_t soft_cap);

/* Without a cap, freed with `parent`: for what is rewound at times of its own. */
Arena *arena_child(Arena *parent);

/* Runs the deferred calls, newest first, and frees all memory. NULL is fine. */
void arena_free(Arena *arena);

void *arena_alloc(Arena *arena, size_t size);
void *arena_alloc_array(Arena *arena, size_t count, size_t size);
#define ARENA_NEW(arena, Type)          ((Type *)arena_alloc((arena), sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_alloc_array((arena), (count), sizeof(Type)))

/* Not zeroed: for large buffers that are filled at once. */
void *arena_alloc_raw(Arena *arena, size_t size);

char *arena_copy(Arena *arena, const void *bytes, size_t size); /* a NUL is added behind */
char *arena_strdup(Arena *arena, const char *text);             /* NULL gives NULL */
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Calls `release(object)` when the arena is freed, or rewound to a mark taken before this call. */
void arena_defer(Arena *arena, void (*release)(void *), void *object);

ArenaMark arena_mark(const Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark);

size_t arena_used(const Arena *arena);  /* bytes handed out and not rewound */
bool arena_is_full(const Arena *arena); /* beyond the soft cap */

#endif
