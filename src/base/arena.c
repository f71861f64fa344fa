/* A stack of blocks. Allocation moves a pointer in the newest block; a block that is too small is
 * left and a new one, at least twice as large, is stacked. Rewinding frees the blocks above the
 * mark's, so a batch loop settles on one block and allocates nothing more.
 *
 * Deferred calls form a list inside the arena, newest first; a mark remembers the head of the list.
 *
 * With OBLIGOR_ARENA_DEBUG each allocation gets a block of its own, so that the address sanitizer
 * sees every overrun and every use after a rewind. */
#include "base/arena.h"

#include "base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

typedef struct Block {
    char *memory;
    size_t size;
} Block;

typedef struct Defer {
    void (*release)(void *);
    void *object;
    struct Defer *older;
} Defer;

struct Arena {
    Block *blocks;
    size_t block_count;
    size_t block_cap;
    size_t used; /* in the newest block */
    size_t total;
    size_t soft_cap;
    Defer *defers;
};

Arena *arena_new(size_t soft_cap)
{
    Arena *arena = check_malloc(sizeof *arena);
    *arena = (Arena){.soft_cap = soft_cap};
    return arena;
}

static void run_defers(Arena *arena, Defer *until)
{
    while (arena->defers != until) {
        Defer *defer = arena->defers;
        arena->defers = defer->older;
        defer->release(defer->object);
    }
}

static void free_blocks(Arena *arena, size_t keep)
{
    while (arena->block_count > keep)
        free(arena->blocks[--arena->block_count].memory);
}

void arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    run_defers(arena, NULL);
    free_blocks(arena, 0);
    free(arena->blocks);
    free(arena);
}

static void free_child(void *child)
{
    arena_free(child);
}

Arena *arena_child(Arena *parent)
{
    Arena *child = arena_new(0);
    arena_defer(parent, free_child, child);
    return child;
}

static void push_block(Arena *arena, size_t at_least)
{
    size_t size = at_least;
#ifndef OBLIGOR_ARENA_DEBUG
    size_t wish = FIRST_BLOCK;
    if (arena->block_count > 0)
        wish = arena->blocks[arena->block_count - 1].size * 2;
    if (wish > LARGEST_BLOCK)
        wish = LARGEST_BLOCK;
    if (size < wish)
        size = wish;
#endif
    if (arena->block_count == arena->block_cap) {
        arena->block_cap = arena->block_cap ? arena->block_cap * 2 : 8;
        arena->blocks = check_realloc(arena->blocks, arena->block_cap * sizeof(Block));
    }
    arena->blocks[arena->block_count++] = (Block){check_malloc(size), size};
    arena->used = 0;
}

void *arena_alloc_raw(Arena *arena, size_t size)
{
    CHECK(size <= PTRDIFF_MAX - ALIGNMENT);
#ifdef OBLIGOR_ARENA_DEBUG
    push_block(arena, size ? size : 1);
    arena->used = size;
    arena->total += size;
    return arena->blocks[arena->block_count - 1].memory;
#else
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (arena->block_count == 0 ||
        rounded > arena->blocks[arena->block_count - 1].size - arena->used)
        push_block(arena, rounded);
    char *memory = arena->blocks[arena->block_count - 1].memory + arena->used;
    arena->used += rounded;
    arena->total += rounded;
    return memory;
#endif
}

void *arena_alloc(Arena *arena, size_t size)
{
    void *memory = arena_alloc_raw(arena, size);
    memset(memory, 0, size);
    return memory;
}

void *arena_alloc_array(Arena *arena, size_t count, size_t size)
{
    CHECK(size == 0 || count <= PTRDIFF_MAX / size);
    return arena_alloc(arena, count * size);
}

char *arena_copy(Arena *arena, const void *bytes, size_t size)
{
    char *copy = arena_alloc_raw(arena, size + 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *arena_strdup(Arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

char *arena_vprintf(Arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    CHECK(length >= 0);
    char *text = arena_alloc_raw(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void arena_defer(Arena *arena, void (*release)(void *), void *object)
{
    Defer *defer = ARENA_NEW(arena, Defer);
    *defer = (Defer){release, object, arena->defers};
    arena->defers = defer;
}

ArenaMark arena_mark(const Arena *arena)
{
    return (ArenaMark){arena->block_count, arena->used, arena->total, arena->defers};
}

void arena_rewind(Arena *arena, ArenaMark mark)
{
    CHECK(mark.block <= arena->block_count);
    run_defers(arena, mark.defers);
#ifndef OBLIGOR_ARENA_DEBUG
    /* An arena marked while it was empty keeps its newest, largest block: the next round wants it. */
    if (mark.block == 0 && arena->block_count > 0) {
        Block first = arena->blocks[0];
        arena->blocks[0] = arena->blocks[arena->block_count - 1];
        arena->blocks[arena->block_count - 1] = first;
        free_blocks(arena, 1);
        arena->used = 0;
        arena->total = 0;
        return;
    }
#endif
    free_blocks(arena, mark.block);
    arena->used = mark.used;
    arena->total = mark.total;
}

size_t arena_used(const Arena *arena)
{
    return arena->total;
}

bool arena_is_full(const Arena *arena)
{
    return arena->soft_cap != 0 && arena->total > arena->soft_cap;
}
