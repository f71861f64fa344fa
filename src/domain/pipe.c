/* A ring of slots: the making thread fills an empty one, the caller takes a full one and gives it back empty. All
 * three go round in the same order. */
#include "domain/pipe.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef enum SlotState { SLOT_EMPTY, SLOT_FULL, SLOT_TAKEN } SlotState;

typedef struct Slot {
    void *batch;
    Arena *arena;
    SlotState state;
} Slot;

struct Pipe {
    FillBatch *fill;
    void *self;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    Slot *slots;
    size_t slot_count;
    size_t fill_at;  /* slot that is filled next */
    size_t taken_at; /* slot that is taken next */
    size_t back_at;  /* slot that is given back next */
    size_t rows;
    bool stopping;
};

static bool wait_for_room(Pipe *pipe, Slot **ret_slot, size_t *ret_rows)
{
    pthread_mutex_lock(&pipe->mutex);
    Slot *slot = &pipe->slots[pipe->fill_at];
    while (slot->state != SLOT_EMPTY && !pipe->stopping)
        pthread_cond_wait(&pipe->changed, &pipe->mutex);
    bool go_on = !pipe->stopping;
    *ret_slot = slot;
    *ret_rows = pipe->rows;
    pthread_mutex_unlock(&pipe->mutex);
    return go_on;
}

static void *make_batches(void *self)
{
    Pipe *pipe = self;
    Slot *slot;
    size_t rows;
    bool end = false;
    while (!end && wait_for_room(pipe, &slot, &rows)) {
        end = pipe->fill(pipe->self, slot->batch, slot->arena, rows);
        pthread_mutex_lock(&pipe->mutex);
        slot->state = SLOT_FULL;
        pipe->fill_at = (pipe->fill_at + 1) % pipe->slot_count;
        pthread_cond_broadcast(&pipe->changed);
        pthread_mutex_unlock(&pipe->mutex);
    }
    return NULL;
}

Pipe *pipe_open(FillBatch *fill, void *self, size_t slots, size_t size, size_t rows)
{
    Pipe *pipe = check_malloc(sizeof *pipe);
    *pipe = (Pipe){.fill = fill, .self = self, .slot_count = slots, .rows = rows};
    pipe->slots = check_malloc(slots * sizeof *pipe->slots);
    for (size_t i = 0; i < slots; i++) {
        pipe->slots[i] = (Slot){.arena = arena_new(0), .batch = check_malloc(size)};
        memset(pipe->slots[i].batch, 0, size);
    }
    pthread_mutex_init(&pipe->mutex, NULL);
    pthread_cond_init(&pipe->changed, NULL);
    CHECK(pthread_create(&pipe->thread, NULL, make_batches, pipe) == 0);
    return pipe;
}

void *pipe_next(Pipe *pipe, size_t rows, int64_t timeout)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    int64_t nanos = until.tv_nsec + timeout % SECONDS(1) * 1000;
    until.tv_sec += timeout / SECONDS(1) + nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    pthread_mutex_lock(&pipe->mutex);
    pipe->rows = rows;
    Slot *slot = &pipe->slots[pipe->taken_at];
    while (slot->state != SLOT_FULL && timeout > 0 &&
           pthread_cond_timedwait(&pipe->changed, &pipe->mutex, &until) != ETIMEDOUT)
        continue;
    void *batch = NULL;
    if (slot->state == SLOT_FULL) {
        batch = slot->batch;
        slot->state = SLOT_TAKEN;
        pipe->taken_at = (pipe->taken_at + 1) % pipe->slot_count;
    }
    pthread_mutex_unlock(&pipe->mutex);
    return batch;
}

void pipe_give_back(Pipe *pipe, void *batch)
{
    Slot *slot = &pipe->slots[pipe->back_at];
    CHECK(slot->batch == batch);
    arena_rewind(slot->arena, (ArenaMark){0});
    pthread_mutex_lock(&pipe->mutex);
    slot->state = SLOT_EMPTY;
    pipe->back_at = (pipe->back_at + 1) % pipe->slot_count;
    pthread_cond_broadcast(&pipe->changed);
    pthread_mutex_unlock(&pipe->mutex);
}

void pipe_close(Pipe *pipe)
{
    if (pipe == NULL)
        return;
    pthread_mutex_lock(&pipe->mutex);
    pipe->stopping = true;
    pthread_cond_broadcast(&pipe->changed);
    pthread_mutex_unlock(&pipe->mutex);
    pthread_join(pipe->thread, NULL);
    for (size_t i = 0; i < pipe->slot_count; i++) {
        arena_free(pipe->slots[i].arena);
        free(pipe->slots[i].batch);
    }
    free(pipe->slots);
    pthread_cond_destroy(&pipe->changed);
    pthread_mutex_destroy(&pipe->mutex);
    free(pipe);
}
