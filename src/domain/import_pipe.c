/* A ring of slots: the reading thread fills an empty one, the committing thread takes a full one and gives it
 * back empty. All three go round in the order of the file. */
#include "domain/import_pipe.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>

typedef enum SlotState { SLOT_EMPTY, SLOT_FULL, SLOT_TAKEN } SlotState;

typedef struct Slot {
    ImportBatch batch; /* first, so that a batch that is given back names its slot */
    SlotState state;
} Slot;

struct ImportPipe {
    BatchReader *reader;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    Slot *slots;
    size_t slot_count;
    size_t read_at;  /* slot that is filled next */
    size_t taken_at; /* slot that is taken next */
    size_t rows;
    bool stopping;
};

static bool wait_for_room(ImportPipe *pipe, size_t *ret_slot, size_t *ret_rows)
{
    pthread_mutex_lock(&pipe->mutex);
    while (pipe->slots[pipe->read_at].state != SLOT_EMPTY && !pipe->stopping)
        pthread_cond_wait(&pipe->changed, &pipe->mutex);
    bool go_on = !pipe->stopping;
    *ret_slot = pipe->read_at;
    *ret_rows = pipe->rows;
    pthread_mutex_unlock(&pipe->mutex);
    return go_on;
}

static void *read_batches(void *self)
{
    ImportPipe *pipe = self;
    size_t slot, rows;
    bool end = false;
    while (!end && wait_for_room(pipe, &slot, &rows)) {
        ImportBatch *batch = &pipe->slots[slot].batch;
        batch_reader_next(pipe->reader, rows, batch);
        end = batch->last || batch->error != NULL;
        pthread_mutex_lock(&pipe->mutex);
        pipe->slots[slot].state = SLOT_FULL;
        pipe->read_at = (slot + 1) % pipe->slot_count;
        pthread_cond_broadcast(&pipe->changed);
        pthread_mutex_unlock(&pipe->mutex);
    }
    return NULL;
}

ImportPipe *import_pipe_open(BatchReader *reader, size_t slots)
{
    ImportPipe *pipe = check_malloc(sizeof *pipe);
    *pipe = (ImportPipe){.reader = reader, .slot_count = slots, .rows = BATCH_ROWS_FIRST};
    pipe->slots = check_malloc(slots * sizeof *pipe->slots);
    for (size_t i = 0; i < slots; i++)
        pipe->slots[i] = (Slot){.batch = {.arena = arena_new(0)}};
    pthread_mutex_init(&pipe->mutex, NULL);
    pthread_cond_init(&pipe->changed, NULL);
    CHECK(pthread_create(&pipe->thread, NULL, read_batches, pipe) == 0);
    return pipe;
}

ImportBatch *import_pipe_next(ImportPipe *pipe, size_t rows, int64_t timeout)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    int64_t nanos = until.tv_nsec + timeout % SECONDS(1) * 1000;
    until.tv_sec += timeout / SECONDS(1) + nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    pthread_mutex_lock(&pipe->mutex);
    pipe->rows = rows;
    Slot *slot = &pipe->slots[pipe->taken_at];
    while (slot->state != SLOT_FULL &&
           pthread_cond_timedwait(&pipe->changed, &pipe->mutex, &until) != ETIMEDOUT)
        continue;
    ImportBatch *batch = NULL;
    if (slot->state == SLOT_FULL) {
        batch = &slot->batch;
        slot->state = SLOT_TAKEN;
        pipe->taken_at = (pipe->taken_at + 1) % pipe->slot_count;
    }
    pthread_mutex_unlock(&pipe->mutex);
    return batch;
}

void import_pipe_give_back(ImportPipe *pipe, ImportBatch *batch)
{
    Slot *slot = (Slot *)(void *)batch;
    arena_rewind(batch->arena, (ArenaMark){0});
    pthread_mutex_lock(&pipe->mutex);
    slot->state = SLOT_EMPTY;
    pthread_cond_broadcast(&pipe->changed);
    pthread_mutex_unlock(&pipe->mutex);
}

void import_pipe_close(ImportPipe *pipe)
{
    if (pipe == NULL)
        return;
    pthread_mutex_lock(&pipe->mutex);
    pipe->stopping = true;
    pthread_cond_broadcast(&pipe->changed);
    pthread_mutex_unlock(&pipe->mutex);
    pthread_join(pipe->thread, NULL);
    for (size_t i = 0; i < pipe->slot_count; i++)
        arena_free(pipe->slots[i].batch.arena);
    free(pipe->slots);
    pthread_cond_destroy(&pipe->changed);
    pthread_mutex_destroy(&pipe->mutex);
    free(pipe);
}
