/* A hand-over of two slots: the reading thread fills an empty one, the committing thread takes a full one
 * and gives it back empty when it asks for the next. Order is kept, memory is two batches. */
#include "domain/import_pipe.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>

enum { SLOTS = 2 };

struct ImportPipe {
    BatchReader *reader;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    ImportBatch slots[SLOTS];
    bool full[SLOTS];
    size_t read_at;  /* slot that is filled next */
    size_t taken_at; /* slot that is taken next */
    bool taken;      /* the caller holds the slot before taken_at */
    size_t rows;
    bool stopping;
};

static bool wait_for_room(ImportPipe *pipe, size_t *ret_slot, size_t *ret_rows)
{
    pthread_mutex_lock(&pipe->mutex);
    while (pipe->full[pipe->read_at] && !pipe->stopping)
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
        ImportBatch *batch = &pipe->slots[slot];
        batch_reader_next(pipe->reader, rows, batch);
        end = batch->last || batch->error != NULL;
        pthread_mutex_lock(&pipe->mutex);
        pipe->full[slot] = true;
        pipe->read_at = (slot + 1) % SLOTS;
        pthread_cond_broadcast(&pipe->changed);
        pthread_mutex_unlock(&pipe->mutex);
    }
    return NULL;
}

ImportPipe *import_pipe_open(BatchReader *reader)
{
    ImportPipe *pipe = check_malloc(sizeof *pipe);
    *pipe = (ImportPipe){.reader = reader, .rows = BATCH_ROWS_FIRST};
    for (size_t i = 0; i < SLOTS; i++)
        pipe->slots[i].arena = arena_new(0);
    pthread_mutex_init(&pipe->mutex, NULL);
    pthread_cond_init(&pipe->changed, NULL);
    CHECK(pthread_create(&pipe->thread, NULL, read_batches, pipe) == 0);
    return pipe;
}

static void give_back(ImportPipe *pipe)
{
    if (!pipe->taken)
        return;
    size_t slot = (pipe->taken_at + SLOTS - 1) % SLOTS;
    arena_rewind(pipe->slots[slot].arena, (ArenaMark){0});
    pipe->full[slot] = false;
    pipe->taken = false;
    pthread_cond_broadcast(&pipe->changed);
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
    give_back(pipe);
    while (!pipe->full[pipe->taken_at] &&
           pthread_cond_timedwait(&pipe->changed, &pipe->mutex, &until) != ETIMEDOUT)
        continue;
    ImportBatch *batch = NULL;
    if (pipe->full[pipe->taken_at]) {
        batch = &pipe->slots[pipe->taken_at];
        pipe->taken_at = (pipe->taken_at + 1) % SLOTS;
        pipe->taken = true;
    }
    pthread_mutex_unlock(&pipe->mutex);
    return batch;
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
    for (size_t i = 0; i < SLOTS; i++)
        arena_free(pipe->slots[i].arena);
    pthread_cond_destroy(&pipe->changed);
    pthread_mutex_destroy(&pipe->mutex);
    free(pipe);
}
