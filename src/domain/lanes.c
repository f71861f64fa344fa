/* Each lane is a thread with a session. It stores a batch at once and waits for the batch before it to be committed;
 * then it does what is left, and commits. Batches go round the lanes, so that lane and order say the same.
 *
 * Once a batch was not committed, none behind it will be until the caller has dealt with it.
 *
 * While other threads of the process have work for the database only one lane is busy: two of them and their
 * two backends leave nobody else a core on a small machine. A lock that is not had for a while ends the batch, for its
 * holder may be waiting for a turn behind it. */
#include "domain/lanes.h"

#include "base/check.h"
#include "base/clock.h"

#include <pthread.h>

#define LOCK_TIMEOUT SECONDS(5)
#define NONE_FAILED  UINT64_MAX

typedef enum LaneState { LANE_FREE, LANE_BUSY, LANE_DONE } LaneState;

typedef struct Lane {
    Lanes *lanes;
    size_t index;
    pthread_t thread;
    Arena *arena; /* of its session */
    Db *db;
    /* Guarded by the mutex: */
    LaneState state;
    /* The lane's while it is busy, the caller's otherwise: */
    Arena *batch_arena;
    uint64_t number;
    Error *error; /* in the batch's arena */
    bool committed;
} Lane;

struct Lanes {
    const LaneSteps *steps;
    void *self;
    Db *db; /* the caller's */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    Lane lanes[LANES];
    uint64_t next;  /* number of the next batch that is added */
    uint64_t first; /* number of the oldest that was not taken */
    /* Guarded by the mutex: */
    uint64_t turn; /* number of the batch that may be committed */
    uint64_t
        failed; /* number of the first batch that was not committed: nor shall those behind it */
    bool stopping;
};

static Lane *lane_of(Lanes *lanes, uint64_t number)
{
    return &lanes->lanes[number % LANES];
}

/* --- in the lane ----------------------------------------------------------------------------- */

/* False: a batch before this one was not committed. */
static bool wait_for_turn(Lane *lane)
{
    Lanes *lanes = lane->lanes;
    pthread_mutex_lock(&lanes->mutex);
    while (lanes->turn != lane->number && lanes->failed > lane->number && !lanes->stopping)
        pthread_cond_wait(&lanes->changed, &lanes->mutex);
    bool mine = lanes->turn == lane->number && !lanes->stopping;
    pthread_mutex_unlock(&lanes->mutex);
    return mine;
}

static Error *commit_batch(Lane *lane)
{
    const Lanes *lanes = lane->lanes;
    Arena *arena = lane->batch_arena;
    bool good = true;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(lane->db, arena, TX_WRITE, &tx));
    TRY(lanes->steps->store(lanes->self, lane->index, lane->db, &good));
    if (!good || !wait_for_turn(lane))
        return NULL;
    TRY(lanes->steps->finish(lanes->self, lane->index, lane->db, &good));
    if (!good)
        return NULL;
    TRY(tx_commit(&tx, arena));
    lane->committed = true;
    return NULL;
}

static void run_batch(Lane *lane)
{
    Lanes *lanes = lane->lanes;
    lane->committed = false;
    lane->error = commit_batch(lane);
    pthread_mutex_lock(&lanes->mutex);
    if (lane->committed) {
        lanes->steps->committed(lanes->self, lane->index);
        lanes->turn++;
    } else {
        lanes->failed = lane->number < lanes->failed ? lane->number : lanes->failed;
    }
    lane->state = LANE_DONE;
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->mutex);
}

static bool wait_for_work(Lane *lane)
{
    Lanes *lanes = lane->lanes;
    pthread_mutex_lock(&lanes->mutex);
    while (lane->state != LANE_BUSY && !lanes->stopping)
        pthread_cond_wait(&lanes->changed, &lanes->mutex);
    bool work = lane->state == LANE_BUSY && !lanes->stopping;
    pthread_mutex_unlock(&lanes->mutex);
    return work;
}

static void *run_lane(void *self)
{
    while (wait_for_work(self))
        run_batch(self);
    return NULL;
}

/* --- opening and closing --------------------------------------------------------------------- */

static Error *open_sessions(Arena *arena, Lanes *lanes)
{
    DbOptions options = {.must_exist = true, .bulk = true, .lock_timeout = LOCK_TIMEOUT};
    for (size_t i = 0; i < LANES; i++) {
        Lane *lane = &lanes->lanes[i];
        lane->arena = arena_new(0);
        TRY(error_copy(arena, db_open_beside(lane->arena, lanes->db, options, &lane->db)));
        TRY(error_copy(arena, db_relax_durability(lane->db, lane->arena, true)));
    }
    return NULL;
}

static void close_sessions(Lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        db_close(lanes->lanes[i].db);
        if (lanes->lanes[i].arena != NULL)
            arena_free(lanes->lanes[i].arena);
    }
    pthread_cond_destroy(&lanes->changed);
    pthread_mutex_destroy(&lanes->mutex);
    free(lanes);
}

Error *lanes_open(Arena *arena, Db *db, const LaneSteps *steps, void *self, Lanes **ret_lanes)
{
    Lanes *lanes = check_malloc(sizeof *lanes);
    *lanes = (Lanes){.steps = steps, .self = self, .db = db, .failed = NONE_FAILED};
    CHECK(pthread_mutex_init(&lanes->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&lanes->changed, NULL) == 0);
    Error *error = open_sessions(arena, lanes);
    if (error != NULL) {
        close_sessions(lanes);
        return error;
    }
    for (size_t i = 0; i < LANES; i++) {
        Lane *lane = &lanes->lanes[i];
        lane->lanes = lanes;
        lane->index = i;
        CHECK(pthread_create(&lane->thread, NULL, run_lane, lane) == 0);
    }
    *ret_lanes = lanes;
    return NULL;
}

void lanes_close(Lanes *lanes)
{
    if (lanes == NULL)
        return;
    pthread_mutex_lock(&lanes->mutex);
    lanes->stopping = true;
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->mutex);
    for (size_t i = 0; i < LANES; i++)
        pthread_join(lanes->lanes[i].thread, NULL);
    close_sessions(lanes);
}

/* --- the caller ------------------------------------------------------------------------------ */

size_t lanes_under_way(const Lanes *lanes)
{
    return (size_t)(lanes->next - lanes->first);
}

size_t lanes_beside(Lanes *lanes)
{
    return db_was_waited_for(lanes->db) ? 0 : LANES - 1;
}

size_t lanes_of(const Lanes *lanes, size_t number)
{
    return (size_t)((lanes->first + number) % LANES);
}

void lanes_add(Lanes *lanes, Arena *batch_arena)
{
    Lane *lane = lane_of(lanes, lanes->next);
    CHECK(lanes_under_way(lanes) < LANES);
    lane->batch_arena = batch_arena;
    lane->number = lanes->next++;
    pthread_mutex_lock(&lanes->mutex);
    lane->state = LANE_BUSY;
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->mutex);
}

static void wait_until_done(Lanes *lanes, const Lane *lane)
{
    pthread_mutex_lock(&lanes->mutex);
    while (lane->state == LANE_BUSY)
        pthread_cond_wait(&lanes->changed, &lanes->mutex);
    pthread_mutex_unlock(&lanes->mutex);
}

bool lanes_wait(Lanes *lanes, Error **ret_error)
{
    const Lane *lane = lane_of(lanes, lanes->first);
    wait_until_done(lanes, lane);
    *ret_error = lane->error;
    if (lane->committed)
        return true;
    for (uint64_t number = lanes->first + 1; number < lanes->next; number++)
        wait_until_done(lanes, lane_of(lanes, number));
    return false;
}

void lanes_take(Lanes *lanes)
{
    Lane *lane = lane_of(lanes, lanes->first++);
    pthread_mutex_lock(&lanes->mutex);
    lane->state = LANE_FREE;
    pthread_mutex_unlock(&lanes->mutex);
}

void lanes_go_on(Lanes *lanes)
{
    CHECK(lanes->first == lanes->next);
    pthread_mutex_lock(&lanes->mutex);
    lanes->turn = lanes->next;
    lanes->failed = NONE_FAILED;
    pthread_mutex_unlock(&lanes->mutex);
}
