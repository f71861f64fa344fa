/* Lanes, housekeeping, and an ear for other processes.
 *
 * A lane claims a task, runs it, and claims the next; when there is none it waits to be woken or for a
 * second to pass (another process may have queued something). Where the database hands hints on, one more
 * thread waits for them and wakes the lanes at once.
 *
 * A failing task is logged and given back with a delay that grows with its attempts; after three claims
 * without progress it is given up, so that one poisoned task does not stop its owner for ever. A database
 * that is away, or that resolved a deadlock at our cost, is not the task's fault. While it is away the lane
 * tries to give the task back until the lease runs out by itself; then whoever comes first goes on.
 *
 * A lane never exits the process: whatever happens to a task, its lease runs out and somebody goes on. */
#include "worker/worker.h"

#include "base/aside.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/accounts.h"
#include "domain/archive_purge.h"
#include "domain/audit_heads.h"
#include "domain/count_keeping.h"
#include "domain/deletion.h"
#include "domain/idempotency.h"
#include "domain/mail_outbox.h"
#include "domain/organization_purge.h"
#include "domain/queue.h"
#include "domain/restoration.h"
#include "domain/upload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    LANES = 2,
    SMALL_TASK = 4 << 20,
    LANE_CACHE = 24 << 20,
    WIDE_CACHE =
        64 << 20 /* what holds a million entries of an index that is hit at random (0026) */
};
#define POLL         SECONDS(1)
#define RETRY_DELAY  SECONDS(2)
#define AWAY_DELAY   SECONDS(1)
#define LEASE        SECONDS(TASK_LEASE_SECONDS)
#define SWEEP_EVERY  SECONDS(300)
#define SWEEP_SOON   SECONDS(20) /* where a round did not get through */
#define STALE_UPLOAD HOURS(1)
#define COMPANY_TIME SECONDS(2) /* of a round of housekeeping, for companies that nothing names */
#define NOTE_EVERY   HOURS(1)

typedef Error *RunTask(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                       TaskEnd *ret_end);

static Error *run_deletion(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                           TaskEnd *ret_end)
{
    (void)reader;
    return deletion_run(arena, db, task, watch, ret_end);
}

static Error *run_restoration(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                              TaskEnd *ret_end)
{
    (void)reader;
    return restoration_run(arena, db, task, watch, ret_end);
}

static Error *run_purge(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                        TaskEnd *ret_end)
{
    (void)reader;
    return archive_purge_run(arena, db, task, watch, ret_end);
}

static Error *run_organization_purge(Arena *arena, Db *db, Db *reader, Task *task,
                                     const TaskWatch *watch, TaskEnd *ret_end)
{
    (void)reader;
    return organization_purge_run(arena, db, task, watch, ret_end);
}

static const struct {
    RunTask *run;
    Error *(*give_up)(Arena *arena, Db *db, Task *task);
    int64_t cache; /* bytes of the session's page cache meanwhile; 0: the lane's */
} RUNNERS[TASK_KIND_COUNT] = {
    [TASK_IMPORT] = {import_run, import_give_up, 0},
    [TASK_DELETION] = {run_deletion, deletion_give_up, WIDE_CACHE},
    [TASK_RESTORE] = {run_restoration, deletion_give_up, WIDE_CACHE},
    [TASK_PURGE] = {run_purge, archive_purge_give_up, 0},
    [TASK_PURGE_ORGANIZATION] = {run_organization_purge, organization_purge_give_up, WIDE_CACHE},
};

typedef struct Lane {
    struct Worker *worker;
    pthread_t thread;
    int64_t max_size;
    Db *db;
    Db *reader;
    bool troubled; /* the last claim failed, and that was said */
} Lane;

struct Worker {
    char *name;
    atomic_bool stopping;
    Lane lanes[LANES];
    pthread_t sweeper;
    Db *sweeper_db;
    Db *company_db;     /* of the sweeper too */
    CompanyPlace place; /* where its walk over the companies goes on */
    atomic_bool purged; /* an archive was, by this worker: companies may be without a name now */
    int64_t keep_archives;
    pthread_t ear;
    Db *ear_db;     /* NULL: the database gives no hints */
    Mailer *mailer; /* NULL: this one sends no mail */
};

/* --- one task -------------------------------------------------------------------------------- */

static void log_task(const char *message, const Task *task, int64_t micros)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, task->object_id);
    log_event(LOG_INFO, message, LOG_TEXT("task", TASK_KIND_WORDS[task->kind]),
              LOG_TEXT("object", id), LOG_INT("attempt", task->attempts),
              LOG_INT("position", task->position), LOG_INT("ms", micros / 1000));
}

/* Until it is given back, or until the lease is over anyway. */
static void give_back(Db *db, const Task *task, int64_t delay, bool failed, const TaskWatch *watch)
{
    int64_t until = clock_monotonic() + LEASE;
    for (;;) {
        Arena *arena = arena_new(0);
        Error *error = queue_release(arena, db, task, delay, failed);
        bool again = error != NULL && clock_monotonic() < until && !watch->stopping(watch->self);
        if (error != NULL && !again)
            log_failure("the task could not be given back; its lease runs out", error);
        arena_free(arena);
        if (!again)
            return;
        clock_sleep(AWAY_DELAY / 2);
    }
}

static Error *run_with_cache(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                             TaskEnd *ret_end)
{
    TRY(db_use_cache(db, arena, RUNNERS[task->kind].cache));
    Error *error = RUNNERS[task->kind].run(arena, db, reader, task, watch, ret_end);
    Error *given_back = db_use_cache(db, arena, 0);
    return error != NULL ? error : given_back;
}

static Error *run_task(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch)
{
    int64_t start = clock_monotonic();
    if (task->attempts > TASK_ATTEMPTS_MAX) {
        log_task("task given up", task, 0);
        return RUNNERS[task->kind].give_up(arena, db, task);
    }
    TaskEnd end = TASK_ENDED;
    log_task("task started", task, 0);
    Error *error = run_with_cache(arena, db, reader, task, watch, &end);
    if (error_is(error, "lease_lost")) {
        log_task("task was taken over", task, clock_monotonic() - start);
        return NULL;
    }
    if (error != NULL) {
        bool away = error->code == ERROR_UNAVAILABLE || error->code == ERROR_BUSY;
        give_back(db, task, away ? AWAY_DELAY : RETRY_DELAY * task->attempts, !away, watch);
        return error;
    }
    log_task(end == TASK_ENDED ? "task done" : "task handed back", task, clock_monotonic() - start);
    return end == TASK_ENDED ? queue_yield(arena, db, task->owner_id)
                             : queue_release(arena, db, task, 0, false);
}

/* --- the lanes ------------------------------------------------------------------------------- */

static bool lane_stopping(void *self)
{
    const Lane *lane = self;
    return atomic_load(&lane->worker->stopping);
}

/* True when there was something to do. */
static bool lane_step(Lane *lane)
{
    Arena *arena = arena_new(0);
    Task *task = NULL;
    TaskWatch watch = {.stopping = lane_stopping, .self = lane};
    Error *error = queue_claim(arena, lane->db, lane->worker->name, lane->max_size, NULL, &task);
    if (error == NULL && task != NULL)
        error = run_task(arena, lane->db, lane->reader, task, &watch);
    bool troubled = error != NULL && task == NULL;
    if (error != NULL && !(troubled && lane->troubled)) /* a database that is away: once */
        log_failure(task != NULL ? "task failed" : "claim failed", error);
    lane->troubled = troubled;
    bool worked = error == NULL && task != NULL;
    if (worked && (task->kind == TASK_PURGE || task->kind == TASK_PURGE_ORGANIZATION))
        atomic_store(&lane->worker->purged, true);
    arena_free(arena);
    if (worked)
        queue_wake(); /* the owner's next task may be due, for the other lane too */
    return worked;
}

static void *run_lane(void *self)
{
    Lane *lane = self;
    if (!db_can_write_beside(lane->db)) /* else the work is done by the database's own processes */
        aside_this_thread();
    while (!atomic_load(&lane->worker->stopping))
        if (!lane_step(lane))
            queue_wait(POLL);
    return NULL;
}

/* --- the ear --------------------------------------------------------------------------------- */

static void *run_ear(void *self)
{
    Worker *worker = self;
    while (!atomic_load(&worker->stopping)) {
        Arena *arena = arena_new(0);
        bool woken = false;
        Error *error = db_wait(worker->ear_db, arena, POLL, &woken);
        arena_free(arena);
        if (woken)
            queue_wake();
        if (error != NULL) /* the lanes say so, and look by themselves meanwhile */
            queue_wait(POLL);
    }
    return NULL;
}

/* --- housekeeping ---------------------------------------------------------------------------- */

static Error *sweep(Arena *arena, Worker *worker)
{
    Db *db = worker->sweeper_db;
    int64_t tokens = 0, mails = 0, keys = 0, uploads = 0, archives = 0, companies = 0;
    TRY(accounts_sweep_tokens(arena, db, &tokens));
    TRY(mail_outbox_sweep(arena, db, &mails));
    TRY(idempotency_sweep(arena, db, &keys));
    TRY(upload_sweep(arena, db, clock_now() - STALE_UPLOAD, &uploads));
    if (worker->keep_archives > 0)
        TRY(archive_purge_sweep(arena, db, worker->keep_archives, &archives));
    TRY(archive_purge_companies(arena, worker->company_db, &worker->place, COMPANY_TIME,
                                &companies));
    if (tokens + mails + keys + uploads + archives + companies > 0)
        log_event(LOG_INFO, "swept", LOG_INT("tokens", tokens), LOG_INT("mails", mails),
                  LOG_INT("idempotency_keys", keys), LOG_INT("uploads", uploads),
                  LOG_INT("archives", archives), LOG_INT("companies", companies));
    return NULL;
}

static void note_head(void *self, const AuditHead *head)
{
    char owner[UUID_TEXT_SIZE], digest[DIGEST_TEXT_SIZE], time[TIME_TEXT_SIZE];
    (void)self;
    uuid_format(owner, head->owner_id);
    hex_format(digest, head->digest.bytes, sizeof head->digest.bytes);
    time_format(time, head->at);
    log_event(LOG_INFO, "audit head", LOG_TEXT("owner", owner), LOG_INT("seq", head->seq),
              LOG_TEXT("digest", digest), LOG_TEXT("written_at", time));
}

/* Of all owners at first, then of those that wrote since; twice rather than not at all. */
static Error *look_after_owners(Arena *arena, Db *db, int64_t *next, int64_t *since)
{
    int64_t now = clock_now(), folded = 0;
    if (clock_monotonic() < *next)
        return NULL;
    TRY(audit_heads_each(arena, db, *since, note_head, NULL));
    TRY(count_keeping_fold(arena, db, *since, &folded));
    if (folded > 0)
        log_event(LOG_INFO, "counts folded", LOG_INT("rows", folded));
    *next = clock_monotonic() + NOTE_EVERY;
    *since = now - NOTE_EVERY;
    return NULL;
}

static void *run_sweeper(void *self)
{
    Worker *worker = self;
    int64_t next = clock_monotonic(), next_heads = next, heads_since = INT64_MIN;
    while (!atomic_load(&worker->stopping)) {
        if (clock_monotonic() >= next || atomic_exchange(&worker->purged, false)) {
            Arena *arena = arena_new(0);
            Error *error = sweep(arena, worker);
            if (error == NULL)
                error = look_after_owners(arena, worker->sweeper_db, &next_heads, &heads_since);
            if (error != NULL)
                log_failure("housekeeping failed", error);
            arena_free(arena);
            next = clock_monotonic() + (uuid_is_nil(worker->place.id) ? SWEEP_EVERY : SWEEP_SOON);
        }
        queue_wait(POLL);
    }
    return NULL;
}

/* --- starting and stopping ------------------------------------------------------------------- */

static char *worker_name(const char *wanted)
{
    char host[64] = "";
    char name[128];
    if (wanted != NULL)
        snprintf(name, sizeof name, "%s", wanted);
    else {
        gethostname(host, sizeof host - 1);
        snprintf(name, sizeof name, "%s:%d", host, (int)getpid());
    }
    char *copy = strdup(name);
    CHECK(copy != NULL);
    return copy;
}

static Error *open_sessions(Arena *arena, Worker *worker, const char *url)
{
    DbOptions options = {.must_exist = true};
    TRY(db_open(arena, str_from(url), options, &worker->sweeper_db));
    worker->company_db = worker->sweeper_db;
    if (!db_can_write_beside(worker->sweeper_db)) { /* an engine that can be told: see db.h */
        options.keys_unchecked = true;
        TRY(db_open(arena, str_from(url), options, &worker->company_db));
        options.keys_unchecked = false;
    }
    if (db_can_wait(worker->sweeper_db))
        TRY(db_open(arena, str_from(url), options, &worker->ear_db));
    for (size_t i = 0; i < LANES; i++) {
        Lane *lane = &worker->lanes[i];
        *lane = (Lane){.worker = worker, .max_size = i == 0 ? INT64_MAX : SMALL_TASK};
        options.cache_bytes = i == 0 ? LANE_CACHE : 0;
        options.bulk = true;
        TRY(db_open(arena, str_from(url), options, &lane->db));
        options.cache_bytes = 0;
        options.bulk = false;
        TRY(db_open(arena, str_from(url), options, &lane->reader));
    }
    return NULL;
}

static void close_sessions(Worker *worker)
{
    for (size_t i = 0; i < LANES; i++) {
        db_close(worker->lanes[i].db);
        db_close(worker->lanes[i].reader);
    }
    db_close(worker->sweeper_db);
    if (worker->company_db != worker->sweeper_db)
        db_close(worker->company_db);
    db_close(worker->ear_db);
    free(worker->name);
    free(worker);
}

Error *worker_start(Arena *arena, const WorkerConfig *config, Worker **ret_worker)
{
    Worker *worker = check_malloc(sizeof *worker);
    memset(worker, 0, sizeof *worker);
    worker->name = worker_name(config->name);
    worker->keep_archives = config->keep_archives;
    Error *error = open_sessions(arena, worker, config->db_url);
    if (error == NULL && config->mail != NULL)
        error = mailer_start(arena, config->db_url, config->mail, &worker->mailer);
    if (error != NULL) {
        close_sessions(worker);
        return error;
    }
    for (size_t i = 0; i < LANES; i++)
        CHECK(pthread_create(&worker->lanes[i].thread, NULL, run_lane, &worker->lanes[i]) == 0);
    CHECK(pthread_create(&worker->sweeper, NULL, run_sweeper, worker) == 0);
    if (worker->ear_db != NULL)
        CHECK(pthread_create(&worker->ear, NULL, run_ear, worker) == 0);
    *ret_worker = worker;
    return NULL;
}

void worker_stop(Worker *worker)
{
    if (worker == NULL)
        return;
    atomic_store(&worker->stopping, true);
    queue_wake();
    mailer_stop(worker->mailer);
    for (size_t i = 0; i < LANES; i++)
        pthread_join(worker->lanes[i].thread, NULL);
    pthread_join(worker->sweeper, NULL);
    if (worker->ear_db != NULL)
        pthread_join(worker->ear, NULL);
    close_sessions(worker);
}

/* --- the command line ------------------------------------------------------------------------ */

static Error *work_until(Arena *arena, Db *db, Db *reader, const TaskWatch *watch, Uuid owner_id,
                         Uuid object_id)
{
    char *name = worker_name(NULL);
    Error *error = NULL;
    bool queued = true;
    while (error == NULL && !watch->stopping(watch->self)) {
        ArenaMark mark = arena_mark(arena);
        Task *task = NULL;
        error = queue_has(arena, db, owner_id, object_id, &queued);
        if (error != NULL || !queued)
            break;
        error = queue_claim(arena, db, name, INT64_MAX, &owner_id, &task);
        if (error == NULL && task != NULL)
            error = run_task(arena, db, reader, task, watch);
        if (error == NULL)
            arena_rewind(arena, mark);
        if (error == NULL && task == NULL)
            clock_sleep(100000); /* another worker has the owner's task */
    }
    free(name);
    return error;
}

Error *worker_run_until(Arena *arena, const char *db_url, const TaskWatch *watch, Uuid owner_id,
                        Uuid object_id)
{
    DbOptions options = {.must_exist = true, .cache_bytes = LANE_CACHE, .bulk = true};
    Db *db = NULL, *reader = NULL;
    Error *error = db_open(arena, str_from(db_url), options, &db);
    if (error == NULL)
        error = db_open(arena, str_from(db_url), (DbOptions){.must_exist = true}, &reader);
    if (error == NULL)
        error = work_until(arena, db, reader, watch, owner_id, object_id);
    db_close(reader);
    db_close(db);
    return error;
}
