/* One lock guards all that listeners and the thread share; nothing slow is done under it. The thread notes under
 * the lock what is to be looked at, asks the database without it, and looks listeners up by their number
 * afterwards: they may be gone.
 *
 * A carrier is put to sleep and woken under the lock too, so that no event falls between the look that found
 * none and the sleep. */
#include "http/events.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/vec.h"
#include "domain/jobs.h"
#include "http/views.h"

#include <errno.h>
#include <pthread.h>

#define LOOK_EVERY (SECONDS(1) / 2)
#define BEAT_EVERY SECONDS(15)
#define TIMEOUT    SECONDS(5)
enum { EVENT_MAX = 64 * 1024 };

/* A job that somebody listens to. */
typedef struct Watched {
    Uuid owner_id;
    Uuid id;
    int64_t revision; /* of what `event` tells */
    bool at_rest;
    Buf event; /* in an arena of its own */
    Arena *arena;
    size_t listeners;
    struct Watched *next;
} Watched;

typedef struct Listener {
    Stream stream;
    Events *events;
    uint64_t number;
    Watched *job;
    const Principal *who; /* of the request */
    int64_t told;         /* the revision that it knows; -1: none */
    Buf pending;          /* in the request's arena; rewritten for each event */
    size_t sent;          /* of it */
    int64_t next_beat;
    bool beats; /* a comment is due */
    bool over;
    bool asleep;
    StreamCarrier carrier;
    struct Listener *next;
} Listener;

struct Events {
    Arena *arena;
    Str url;
    Db *db; /* of the thread alone; NULL: not open */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t change; /* somebody listens, or it is to stop */
    Watched *jobs;
    Listener *listeners;
    size_t listener_count;
    uint64_t last_number;
    bool stopping;
    bool stopped;
};

/* --- what is told ------------------------------------------------------------------------------ */

static void write_event(Watched *watched, const Job *job)
{
    arena_rewind(watched->arena, (ArenaMark){0});
    watched->event = buf_new(watched->arena, EVENT_MAX);
    buf_printf(&watched->event, "id: %lld\nevent: progress\ndata: ", (long long)job->revision);
    JsonOut out = json_out_new(&watched->event);
    view_job_status(&out, NULL, job);
    json_out_close(&out);
    buf_add(&watched->event, STR("\n\n"));
    watched->revision = job->revision;
    watched->at_rest = jobs_at_rest(job);
}

/* Under the lock: fills `pending` with what is to be said next; false: nothing. */
static bool fill(Listener *listener)
{
    const Watched *job = listener->job;
    buf_clear(&listener->pending);
    listener->sent = 0;
    if (job->revision != listener->told) {
        buf_add(&listener->pending, buf_str(&job->event));
        listener->told = job->revision;
        listener->over |= job->at_rest;
    } else if (listener->beats) {
        buf_add(&listener->pending, STR(": \n\n"));
    }
    listener->beats = false;
    return buf_str(&listener->pending).len > 0;
}

static long read_events(void *self, const StreamCarrier *carrier, char *bytes, size_t cap)
{
    Listener *listener = self;
    Events *events = listener->events;
    long given = STREAM_NOTHING;
    pthread_mutex_lock(&events->mutex);
    Str left =
        str_slice(buf_str(&listener->pending), listener->sent, buf_str(&listener->pending).len);
    if (left.len == 0 && !listener->over && fill(listener))
        left = buf_str(&listener->pending);
    if (left.len > 0) {
        size_t size = left.len < cap ? left.len : cap;
        memcpy(bytes, left.ptr, size);
        listener->sent += size;
        given = (long)size;
    } else if (listener->over) {
        given = STREAM_OVER;
    } else {
        listener->carrier = *carrier;
        listener->asleep = true;
        carrier->sleep(carrier->connection);
    }
    pthread_mutex_unlock(&events->mutex);
    return given;
}

static void wake(Listener *listener)
{
    if (!listener->asleep)
        return;
    listener->asleep = false;
    listener->carrier.wake(listener->carrier.connection);
}

/* --- coming and going --------------------------------------------------------------------------- */

static Watched *find_watched(const Events *events, Uuid owner_id, Uuid id)
{
    Watched *watched = events->jobs;
    while (watched != NULL &&
           !(uuid_equal(watched->id, id) && uuid_equal(watched->owner_id, owner_id)))
        watched = watched->next;
    return watched;
}

static Watched *watch_job(Events *events, const Job *job)
{
    Watched *watched = find_watched(events, job->owner_id, job->id);
    if (watched == NULL) {
        watched = check_malloc(sizeof *watched);
        *watched = (Watched){
            .owner_id = job->owner_id, .id = job->id, .arena = arena_new(0), .next = events->jobs};
        events->jobs = watched;
        write_event(watched, job);
    }
    watched->listeners++;
    return watched;
}

static void unwatch_job(Events *events, Watched *watched)
{
    Watched **place = &events->jobs;
    if (--watched->listeners > 0)
        return;
    while (*place != watched)
        place = &(*place)->next;
    *place = watched->next;
    arena_free(watched->arena);
    free(watched);
}

static void close_listener(void *self)
{
    Listener *listener = self;
    Events *events = listener->events;
    pthread_mutex_lock(&events->mutex);
    Listener **place = &events->listeners;
    while (*place != listener)
        place = &(*place)->next;
    *place = listener->next;
    events->listener_count--;
    unwatch_job(events, listener->job);
    pthread_mutex_unlock(&events->mutex);
}

static size_t count_of_user(const Events *events, Uuid user_id)
{
    size_t count = 0;
    for (const Listener *l = events->listeners; l != NULL; l = l->next)
        count += uuid_equal(l->who->user_id, user_id);
    return count;
}

static Error *refuse(Arena *arena, const Events *events, Uuid user_id)
{
    if (events->stopping || events->listener_count >= LISTENERS_MAX)
        return ERROR(arena, ERROR_BUSY,
                     "The server has as many listeners as it can have. Ask for …/status instead, "
                     "or try again shortly.");
    if (count_of_user(events, user_id) >= LISTENERS_OF_USER_MAX)
        return error_with_reason(ERROR(arena, ERROR_TOO_MANY,
                                       "You listen to %d jobs already. Close one of them first.",
                                       LISTENERS_OF_USER_MAX),
                                 "too_many_streams");
    return NULL;
}

Error *events_listen(Events *events, const Request *request, const Job *job, int64_t last_seen,
                     const Stream **ret_stream)
{
    Arena *arena = request->arena;
    Listener *listener = ARENA_NEW(arena, Listener);
    *listener = (Listener){.stream = {read_events, listener},
                           .events = events,
                           .who = request->who,
                           .told = last_seen,
                           .pending = buf_new(arena, EVENT_MAX),
                           .next_beat = clock_monotonic() + BEAT_EVERY};
    buf_add(&listener->pending, STR("retry: 2000\n\n"));
    pthread_mutex_lock(&events->mutex);
    Error *error = refuse(arena, events, request->who->user_id);
    if (error == NULL) {
        listener->number = ++events->last_number;
        listener->job = watch_job(events, job);
        listener->next = events->listeners;
        events->listeners = listener;
        events->listener_count++;
        pthread_cond_signal(&events->change);
    }
    pthread_mutex_unlock(&events->mutex);
    TRY(error);
    arena_defer(arena, close_listener, listener);
    *ret_stream = &listener->stream;
    return NULL;
}

int64_t events_listeners(Events *events)
{
    pthread_mutex_lock(&events->mutex);
    int64_t count = (int64_t)events->listener_count;
    pthread_mutex_unlock(&events->mutex);
    return count;
}

/* --- the thread --------------------------------------------------------------------------------- */

static Error *session(Events *events, Db **ret_db)
{
    const DbOptions options = {.read_only = true,
                               .must_exist = true,
                               .statement_timeout = TIMEOUT,
                               .lock_timeout = TIMEOUT};
    if (events->db == NULL)
        TRY(db_open(events->arena, events->url, options, &events->db));
    *ret_db = events->db;
    return NULL;
}

typedef struct JobName {
    Uuid owner_id;
    Uuid id;
} JobName;

typedef VEC(JobName) JobNames;

static JobNames names_of_jobs(Arena *arena, Events *events)
{
    JobNames names = {0};
    pthread_mutex_lock(&events->mutex);
    for (const Watched *watched = events->jobs; watched != NULL; watched = watched->next)
        vec_push(arena, &names, ((JobName){watched->owner_id, watched->id}));
    pthread_mutex_unlock(&events->mutex);
    return names;
}

/* `job` NULL: it is not there any more. */
static void tell(Events *events, const JobName *name, const Job *job)
{
    pthread_mutex_lock(&events->mutex);
    Watched *watched = find_watched(events, name->owner_id, name->id);
    bool news = watched != NULL && (job == NULL || job->revision != watched->revision);
    if (news && job != NULL)
        write_event(watched, job);
    for (Listener *l = events->listeners; news && l != NULL; l = l->next)
        if (l->job == watched) {
            l->over |= job == NULL;
            wake(l);
        }
    pthread_mutex_unlock(&events->mutex);
}

static Error *look_at_jobs(Events *events, Arena *arena, Db *db)
{
    JobNames names = names_of_jobs(arena, events);
    for (size_t i = 0; i < names.count; i++) {
        Job *job = NULL;
        TRY(jobs_find(arena, db, names.items[i].owner_id, names.items[i].id, &job));
        tell(events, &names.items[i], job);
    }
    return NULL;
}

typedef struct Due {
    uint64_t number;
    Digest token;
    Uuid owner_id;
} Due;

typedef VEC(Due) DueList;

static DueList due_listeners(Arena *arena, Events *events)
{
    DueList due = {0};
    int64_t now = clock_monotonic();
    pthread_mutex_lock(&events->mutex);
    for (Listener *l = events->listeners; l != NULL; l = l->next)
        if (l->next_beat <= now) {
            l->next_beat = now + BEAT_EVERY;
            vec_push(arena, &due, ((Due){l->number, l->who->token, l->job->owner_id}));
        }
    pthread_mutex_unlock(&events->mutex);
    return due;
}

static void beat(Events *events, uint64_t number, bool may_listen)
{
    pthread_mutex_lock(&events->mutex);
    Listener *l = events->listeners;
    while (l != NULL && l->number != number)
        l = l->next;
    if (l != NULL) {
        l->beats = true;
        l->over |= !may_listen;
        wake(l);
    }
    pthread_mutex_unlock(&events->mutex);
}

/* Signed out, disabled, out of the organization meanwhile: then it hears no more. */
static Error *may_listen(Arena *arena, Db *db, const Due *due, bool *ret_may)
{
    static const Peer here = {.via = "http"};
    Principal *now = NULL;
    Error *error = accounts_authenticate_digest(arena, db, &here, due->token, &now);
    *ret_may = error == NULL && principal_reaches(now, due->owner_id);
    bool refused =
        error != NULL && (error->code == ERROR_UNAUTHENTICATED || error->code == ERROR_DENIED);
    return refused ? NULL : error;
}

static Error *look_at_listeners(Events *events, Arena *arena, Db *db)
{
    DueList due = due_listeners(arena, events);
    for (size_t i = 0; i < due.count; i++) {
        bool may = false;
        Error *error = may_listen(arena, db, &due.items[i], &may);
        beat(events, due.items[i].number, error != NULL || may);
        TRY(error);
    }
    return NULL;
}

static Error *look(Events *events, Arena *arena)
{
    Db *db = NULL;
    TRY(session(events, &db));
    TRY(look_at_jobs(events, arena, db));
    return look_at_listeners(events, arena, db);
}

static struct timespec in(int64_t micros)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t nanos = at.tv_nsec + micros * 1000;
    at.tv_sec += nanos / 1000000000;
    at.tv_nsec = nanos % 1000000000;
    return at;
}

/* False: it is to stop. */
static bool wait_for_work(Events *events)
{
    pthread_mutex_lock(&events->mutex);
    while (!events->stopping && events->listeners == NULL)
        pthread_cond_wait(&events->change, &events->mutex);
    struct timespec until = in(LOOK_EVERY);
    int waited = 0;
    while (!events->stopping && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&events->change, &events->mutex, &until);
    bool go_on = !events->stopping;
    pthread_mutex_unlock(&events->mutex);
    return go_on;
}

static void *run(void *self)
{
    Events *events = self;
    Arena *arena = arena_new(0);
    bool in_order = true;
    while (wait_for_work(events)) {
        Error *error = look(events, arena);
        if (error != NULL && in_order)
            log_event(LOG_WARN, "jobs are not watched",
                      LOG_TEXT("error", error_chain(arena, error)));
        in_order = error == NULL;
        arena_rewind(arena, (ArenaMark){0});
    }
    arena_free(arena);
    return NULL;
}

/* --- life --------------------------------------------------------------------------------------- */

Events *events_start(const char *url)
{
    Arena *arena = arena_new(0);
    Events *events = ARENA_NEW(arena, Events);
    pthread_condattr_t monotonic;
    *events = (Events){.arena = arena, .url = str_copy(arena, str_from(url))};
    CHECK(pthread_mutex_init(&events->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&events->change, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    CHECK(pthread_create(&events->thread, NULL, run, events) == 0);
    return events;
}

void events_stop(Events *events)
{
    if (events == NULL || events->stopped)
        return;
    pthread_mutex_lock(&events->mutex);
    events->stopping = true;
    for (Listener *l = events->listeners; l != NULL; l = l->next) {
        l->over = true;
        wake(l);
    }
    pthread_cond_broadcast(&events->change);
    pthread_mutex_unlock(&events->mutex);
    pthread_join(events->thread, NULL);
    events->stopped = true;
}

void events_free(Events *events)
{
    if (events == NULL)
        return;
    CHECK(events->listeners == NULL);
    db_close(events->db);
    pthread_cond_destroy(&events->change);
    pthread_mutex_destroy(&events->mutex);
    arena_free(events->arena);
}
