/* What was seen is a few atomic numbers, so that reading them never waits; that they do not belong to
 * one look may be seen and does no harm.
 *
 * A look that ends with any word of the database, be it that it is busy, is an answer: it is there. A
 * look that hangs ends by the session's time-out; while it has not ended, the age of the last answer
 * tells. */
#include "http/watch.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/queue.h"
#include "store/migrate.h"
#include "store/replica.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define LOOK_EVERY   SECONDS(1)
#define LOOK_AGAIN   (SECONDS(1) / 4) /* while it is away */
#define LOOK_TIMEOUT SECONDS(1)
#define STALE        SECONDS(5)
enum { MARKS_MAX = 64 };

/* At this time the log had come so far. */
typedef struct Mark {
    int64_t time;
    int64_t position;
} Mark;

typedef struct Seen {
    atomic_bool answered;
    atomic_bool ready;
    atomic_int_fast64_t answered_at; /* monotonic */
    atomic_int_fast64_t ready_at;
    atomic_int_fast64_t tasks_waiting;
    atomic_int_fast64_t oldest_task;
} Seen;

struct Watch {
    Arena *arena;
    Str url;
    Watched what;
    Db *db; /* NULL: not open yet */
    Seen seen;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t stop;
    bool stopping;
    Mark marks[MARKS_MAX]; /* the newest at mark_count - 1, modulo MARKS_MAX */
    size_t mark_count;
};

static Error *look_at_schema(Arena *arena, Db *db)
{
    SchemaState state;
    TRY(migrate_state(arena, db, &state));
    if (state.version == state.latest)
        return NULL;
    return ERROR(arena, ERROR_CONFLICT, "The schema of the database is not up to date.");
}

static Error *look_at_tasks(Watch *watch, Arena *arena)
{
    int64_t waiting = 0, oldest = 0;
    TRY(queue_depth(arena, watch->db, &waiting, &oldest));
    atomic_store(&watch->seen.tasks_waiting, waiting);
    atomic_store(&watch->seen.oldest_task, oldest);
    return NULL;
}

/* The clock is read first: what is committed while the database is asked may be behind the position. */
static Error *set_mark(Watch *watch, Arena *arena)
{
    Mark mark = {.time = clock_now()};
    TRY(replica_position(arena, watch->db, &mark.position));
    pthread_mutex_lock(&watch->mutex);
    watch->marks[watch->mark_count++ % MARKS_MAX] = mark;
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

static Error *look(Watch *watch, Arena *arena)
{
    ReplicaState state;
    const DbOptions options = {.read_only = true,
                               .must_exist = true,
                               .statement_timeout = LOOK_TIMEOUT,
                               .lock_timeout = LOOK_TIMEOUT};
    if (watch->db == NULL)
        TRY(db_open(watch->arena, watch->url, options, &watch->db));
    TRY(look_at_schema(arena, watch->db));
    if (watch->what == WATCH_REPLICA)
        return replica_state(arena, watch->db, &state);
    if (watch->what == WATCH_REPLICATED)
        TRY(set_mark(watch, arena));
    return look_at_tasks(watch, arena);
}

static void say(const Watch *watch, Arena *arena, const Error *error)
{
    const char *what = watch->what == WATCH_REPLICA ? "replica" : "database";
    if (error == NULL)
        log_event(LOG_INFO, "in order again", LOG_TEXT("what", what));
    else
        log_event(LOG_WARN, "away or not in order", LOG_TEXT("what", what),
                  LOG_TEXT("error", error_chain(arena, error)));
}

static Error *look_and_note(Watch *watch, Arena *arena)
{
    Seen *seen = &watch->seen;
    Error *error = look(watch, arena);
    bool answered = error == NULL || error->code != ERROR_UNAVAILABLE;
    int64_t now = clock_monotonic();
    if (answered)
        atomic_store(&seen->answered_at, now);
    if (error == NULL)
        atomic_store(&seen->ready_at, now);
    atomic_store(&seen->answered, answered);
    /* To be busy once says nothing against it; to be so for long shows in the age of ready_at. */
    if (error == NULL || error->code != ERROR_BUSY)
        if (atomic_exchange(&seen->ready, error == NULL) != (error == NULL))
            say(watch, arena, error);
    return error;
}

/* False: the watch is being stopped. */
static bool rest(Watch *watch)
{
    struct timespec until;
    int64_t pause = atomic_load(&watch->seen.answered) ? LOOK_EVERY : LOOK_AGAIN;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    int64_t nanos = until.tv_nsec + pause * 1000;
    until.tv_sec += nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->stopping &&
           pthread_cond_timedwait(&watch->stop, &watch->mutex, &until) != ETIMEDOUT)
        continue;
    bool go_on = !watch->stopping;
    pthread_mutex_unlock(&watch->mutex);
    return go_on;
}

static void *watch_on(void *argument)
{
    Watch *watch = argument;
    while (rest(watch)) {
        Arena *arena = arena_new(0);
        Error *seen_already = look_and_note(watch, arena);
        (void)seen_already;
        arena_free(arena);
    }
    return NULL;
}

Watch *watch_start(Arena *arena, const char *url, Watched what, Error **ret_error)
{
    Arena *own = arena_new(0);
    Watch *watch = ARENA_NEW(own, Watch);
    pthread_condattr_t monotonic;
    watch->arena = own;
    watch->url = str_copy(own, str_from(url));
    watch->what = what;
    atomic_store(&watch->seen.ready, true); /* so that the first look speaks up if it is not */
    CHECK(pthread_mutex_init(&watch->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&watch->stop, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    *ret_error = look_and_note(watch, arena);
    CHECK(pthread_create(&watch->thread, NULL, watch_on, watch) == 0);
    return watch;
}

static bool is_fresh(const atomic_int_fast64_t *at)
{
    return clock_monotonic() - atomic_load(at) < STALE;
}

bool watch_is_away(const Watch *watch)
{
    return !atomic_load(&watch->seen.answered) || !is_fresh(&watch->seen.answered_at);
}

bool watch_is_ready(const Watch *watch)
{
    return atomic_load(&watch->seen.answered) && atomic_load(&watch->seen.ready) &&
           is_fresh(&watch->seen.ready_at);
}

bool watch_tasks(const Watch *watch, int64_t *ret_waiting, int64_t *ret_oldest)
{
    *ret_waiting = atomic_load(&watch->seen.tasks_waiting);
    *ret_oldest = atomic_load(&watch->seen.oldest_task);
    return watch_is_ready(watch);
}

int64_t watch_shown_at(Watch *watch, int64_t replayed)
{
    int64_t time = 0;
    pthread_mutex_lock(&watch->mutex);
    size_t oldest = watch->mark_count > MARKS_MAX ? watch->mark_count - MARKS_MAX : 0;
    for (size_t i = watch->mark_count; i > oldest && time == 0; i--) {
        const Mark *mark = &watch->marks[(i - 1) % MARKS_MAX];
        if (mark->position > 0 && mark->position <= replayed)
            time = mark->time;
    }
    pthread_mutex_unlock(&watch->mutex);
    return time;
}

void watch_stop(Watch *watch)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->stopping = true;
    pthread_cond_signal(&watch->stop);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    db_close(watch->db);
    pthread_cond_destroy(&watch->stop);
    pthread_mutex_destroy(&watch->mutex);
    arena_free(watch->arena);
}
