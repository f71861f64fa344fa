/* What cannot be written is forgotten: the next use of the same token is noted again. */
#include "http/use_writer.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/token_uses.h"

#include <errno.h>
#include <pthread.h>

#define WRITE_EVERY (SECONDS(1) / 2)

struct UseWriter {
    Arena *arena;
    Str url;
    DbOptions options;
    Db *db; /* NULL: not open yet */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t stop;
    bool stopping;
};

static Error *write_down(UseWriter *writer, Arena *arena)
{
    size_t count = 0;
    if (!token_uses_any())
        return NULL;
    if (writer->db == NULL)
        TRY(db_open(writer->arena, writer->url, writer->options, &writer->db));
    return token_uses_write(arena, writer->db, &count);
}

static struct timespec next_time(void)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    int64_t nanos = until.tv_nsec + WRITE_EVERY * 1000;
    until.tv_sec += nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    return until;
}

/* False: it is being stopped. */
static bool rest(UseWriter *writer)
{
    struct timespec until = next_time();
    pthread_mutex_lock(&writer->mutex);
    while (!writer->stopping &&
           pthread_cond_timedwait(&writer->stop, &writer->mutex, &until) != ETIMEDOUT)
        continue;
    bool go_on = !writer->stopping;
    pthread_mutex_unlock(&writer->mutex);
    return go_on;
}

static void *write_on(void *self)
{
    UseWriter *writer = self;
    while (rest(writer)) {
        Arena *arena = arena_new(0);
        Error *error = write_down(writer, arena);
        if (error != NULL)
            log_event(LOG_WARN, "the use of sessions was not noted",
                      LOG_TEXT("error", error_chain(arena, error)));
        arena_free(arena);
    }
    return NULL;
}

UseWriter *use_writer_start(const char *url, DbOptions options)
{
    Arena *own = arena_new(0);
    UseWriter *writer = ARENA_NEW(own, UseWriter);
    pthread_condattr_t monotonic;
    writer->arena = own;
    writer->url = str_copy(own, str_from(url));
    writer->options = options;
    CHECK(pthread_mutex_init(&writer->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&writer->stop, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    CHECK(pthread_create(&writer->thread, NULL, write_on, writer) == 0);
    return writer;
}

void use_writer_stop(UseWriter *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->stop);
    pthread_mutex_unlock(&writer->mutex);
    CHECK(pthread_join(writer->thread, NULL) == 0);
    pthread_cond_destroy(&writer->stop);
    pthread_mutex_destroy(&writer->mutex);
    db_close(writer->db);
    arena_free(writer->arena);
}
