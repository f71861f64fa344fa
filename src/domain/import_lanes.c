/* Each lane is a thread with a session. The caller, who goes through the file in order, prepares a batch
 * (companies, plan) and hands it to the lane whose turn it is; the lane stores the predictions at once and
 * waits for the batch before it to be committed; then it writes down how far the import is, and commits.
 *
 * No two lanes ever wait for each other in the database: companies are there before a batch begins; a row
 * whose key is in a batch that is still under way is left until that one is committed; the job's row is
 * locked only at a batch's turn, by a lock that lets others refer to it. Should the database report a deadlock
 * all the same (with somebody who works by hand), or a lock not be had for a while, then the batch and all
 * behind it are rolled back and committed one after the other.
 *
 * While other threads of the process have work for the database only one lane is busy: two of them and their
 * two backends leave nobody else a core on a small machine.
 *
 * The lanes' sessions do not wait for the disk at a commit: the end of the job is durable, and with it all
 * that was committed before. A crash of the database may cost the last batches, which are then imported
 * again from the position that was committed with them. */
#include "domain/import_lanes.h"

#include "base/check.h"
#include "base/clock.h"

#include <pthread.h>

#define LOCK_TIMEOUT SECONDS(5)

typedef enum LaneState { LANE_FREE, LANE_BUSY, LANE_DONE } LaneState;

typedef struct Lane {
    struct ImportLanes *lanes;
    pthread_t thread;
    Arena *arena; /* of its session */
    Db *db;
    KeyTrust trust;
    /* Guarded by the mutex: */
    LaneState state;
    /* The lane's while it is busy, the caller's otherwise: */
    ImportBatch *batch;
    Work work;
    uint64_t number;
    Error *error; /* in the batch's arena */
    CommitEnd end;
    bool committed;
} Lane;

struct ImportLanes {
    ImportCommit *commit;
    Db *db; /* of `commit` */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    Lane lanes[IMPORT_LANES];
    uint64_t next;  /* number of the next batch that is added */
    uint64_t first; /* number of the oldest that was not given back */
    uint64_t recoveries;
    /* Guarded by the mutex: */
    uint64_t turn;     /* number of the batch that may be committed */
    ImportPlace place; /* what the batch before it left behind */
    uint64_t
        failed; /* number of the first batch that was not committed: nor shall those behind it */
    bool stopping;
};

#define NONE_FAILED UINT64_MAX

static Lane *lane_of(ImportLanes *lanes, uint64_t number)
{
    return &lanes->lanes[number % IMPORT_LANES];
}

/* --- in the lane ----------------------------------------------------------------------------- */

/* False: a batch before this one was not committed. */
static bool wait_for_turn(Lane *lane, ImportPlace *ret_place)
{
    ImportLanes *lanes = lane->lanes;
    pthread_mutex_lock(&lanes->mutex);
    while (lanes->turn != lane->number && lanes->failed > lane->number && !lanes->stopping)
        pthread_cond_wait(&lanes->changed, &lanes->mutex);
    bool mine = lanes->turn == lane->number && !lanes->stopping;
    *ret_place = lanes->place;
    pthread_mutex_unlock(&lanes->mutex);
    return mine;
}

static Error *commit_work(Lane *lane, ImportPlace *ret_place)
{
    Work *work = &lane->work;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(lane->db, work->arena, TX_WRITE, &tx));
    TRY(work_store(work, lane->db, &lane->trust));
    bool rest = work->late_count == 0;
    if (rest) { /* nothing waits for the batches before: less is left for the turn */
        TRY(work_settle(work, lane->db));
        TRY(work_store_rest(work, lane->db));
    }
    if (!wait_for_turn(lane, ret_place))
        return NULL;
    TRY(import_commit_finish(work, lane->db, rest, ret_place, &lane->end));
    if (lane->end != COMMIT_DONE)
        return NULL;
    TRY(tx_commit(&tx, work->arena));
    lane->committed = true;
    return NULL;
}

static void run_work(Lane *lane)
{
    ImportLanes *lanes = lane->lanes;
    ImportPlace place;
    lane->committed = false;
    lane->end = COMMIT_DONE;
    lane->error = commit_work(lane, &place);
    pthread_mutex_lock(&lanes->mutex);
    if (lane->committed) {
        lanes->place = place;
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
    ImportLanes *lanes = lane->lanes;
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
        run_work(self);
    return NULL;
}

/* --- opening and closing --------------------------------------------------------------------- */

static Error *open_sessions(Arena *arena, ImportLanes *lanes, const Db *db)
{
    DbOptions options = {.must_exist = true, .bulk = true, .lock_timeout = LOCK_TIMEOUT};
    for (size_t i = 0; i < IMPORT_LANES; i++) {
        Lane *lane = &lanes->lanes[i];
        lane->arena = arena_new(0);
        TRY(error_copy(arena, db_open_beside(lane->arena, db, options, &lane->db)));
        TRY(error_copy(arena, db_relax_durability(lane->db, lane->arena, true)));
    }
    return NULL;
}

static void close_sessions(ImportLanes *lanes)
{
    for (size_t i = 0; i < IMPORT_LANES; i++) {
        db_close(lanes->lanes[i].db);
        if (lanes->lanes[i].arena != NULL)
            arena_free(lanes->lanes[i].arena);
    }
    pthread_cond_destroy(&lanes->changed);
    pthread_mutex_destroy(&lanes->mutex);
    free(lanes);
}

bool import_lanes_possible(const ImportCommit *commit, const Db *db)
{
    return import_commit_may_part(commit) && db_can_write_beside(db);
}

Error *import_lanes_open(Arena *arena, ImportCommit *commit, Db *db, ImportLanes **ret_lanes)
{
    ImportLanes *lanes = check_malloc(sizeof *lanes);
    *lanes = (ImportLanes){
        .commit = commit, .db = db, .place = import_commit_place(commit), .failed = NONE_FAILED};
    CHECK(pthread_mutex_init(&lanes->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&lanes->changed, NULL) == 0);
    Error *error = open_sessions(arena, lanes, db);
    if (error != NULL) {
        close_sessions(lanes);
        return error;
    }
    for (size_t i = 0; i < IMPORT_LANES; i++) {
        lanes->lanes[i].lanes = lanes;
        CHECK(pthread_create(&lanes->lanes[i].thread, NULL, run_lane, &lanes->lanes[i]) == 0);
    }
    *ret_lanes = lanes;
    return NULL;
}

void import_lanes_close(ImportLanes *lanes)
{
    if (lanes == NULL)
        return;
    pthread_mutex_lock(&lanes->mutex);
    lanes->stopping = true;
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->mutex);
    for (size_t i = 0; i < IMPORT_LANES; i++)
        pthread_join(lanes->lanes[i].thread, NULL);
    close_sessions(lanes);
}

/* --- the caller ------------------------------------------------------------------------------ */

static void wait_until_done(ImportLanes *lanes, Lane *lane)
{
    pthread_mutex_lock(&lanes->mutex);
    while (lane->state == LANE_BUSY)
        pthread_cond_wait(&lanes->changed, &lanes->mutex);
    import_commit_move(lanes->commit, &lanes->place);
    pthread_mutex_unlock(&lanes->mutex);
}

static void give_back(ImportLanes *lanes, ImportPipe *pipe)
{
    Lane *lane = lane_of(lanes, lanes->first++);
    import_pipe_give_back(pipe, lane->batch);
    lane->batch = NULL;
    pthread_mutex_lock(&lanes->mutex);
    lane->state = LANE_FREE;
    pthread_mutex_unlock(&lanes->mutex);
}

/* What was rolled back is committed by the caller, batch after batch. */
static Error *catch_up(ImportLanes *lanes, ImportPipe *pipe, CommitEnd *ret_end)
{
    while (lanes->first < lanes->next) {
        Lane *lane = lane_of(lanes, lanes->first);
        if (!lane->committed)
            TRY(import_commit_batch(lanes->commit, lane->batch, ret_end));
        if (*ret_end != COMMIT_DONE)
            return NULL;
        give_back(lanes, pipe);
    }
    pthread_mutex_lock(&lanes->mutex);
    lanes->place = import_commit_place(lanes->commit);
    lanes->turn = lanes->next;
    lanes->failed = NONE_FAILED;
    pthread_mutex_unlock(&lanes->mutex);
    lanes->recoveries++;
    return NULL;
}

/* The batch of `lane` was not committed, so none behind it will be: all lanes come to rest. */
static Error *recover(ImportLanes *lanes, ImportPipe *pipe, const Lane *lane, CommitEnd *ret_end)
{
    for (uint64_t number = lanes->first; number < lanes->next; number++)
        wait_until_done(lanes, lane_of(lanes, number));
    *ret_end = lane->end;
    if (lane->end != COMMIT_DONE)
        return NULL;
    if (lane->error != NULL && !error_is(lane->error, ERROR_RETRY))
        return lane->error;
    return catch_up(lanes, pipe, ret_end);
}

/* Waits for the oldest batch that is under way, and gives it back. */
static Error *reap(ImportLanes *lanes, ImportPipe *pipe, CommitEnd *ret_end)
{
    Lane *lane = lane_of(lanes, lanes->first);
    *ret_end = COMMIT_DONE;
    wait_until_done(lanes, lane);
    if (!lane->committed)
        return recover(lanes, pipe, lane, ret_end);
    give_back(lanes, pipe);
    return NULL;
}

Error *import_lanes_add(ImportLanes *lanes, ImportPipe *pipe, ImportBatch *batch,
                        CommitEnd *ret_end)
{
    Work work;
    *ret_end = COMMIT_DONE;
    TRY(import_commit_prepare(lanes->commit, batch, &work)); /* while the lanes are at work */
    uint64_t recoveries = lanes->recoveries;
    uint64_t beside = db_was_waited_for(lanes->db) ? 0 : IMPORT_LANES - 1;
    while (lanes->next - lanes->first > beside && *ret_end == COMMIT_DONE)
        TRY(reap(lanes, pipe, ret_end));
    if (*ret_end != COMMIT_DONE)
        return NULL;
    if (lanes->recoveries != recoveries) /* what was redone has later times than were given here */
        TRY(import_commit_prepare(lanes->commit, batch, &work));
    for (uint64_t number = lanes->first; number < lanes->next; number++)
        work_avoid(&work, &lane_of(lanes, number)->work);
    Lane *lane = lane_of(lanes, lanes->next);
    lane->batch = batch;
    lane->work = work;
    lane->number = lanes->next++;
    pthread_mutex_lock(&lanes->mutex);
    lane->state = LANE_BUSY;
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->mutex);
    return NULL;
}

Error *import_lanes_drain(ImportLanes *lanes, ImportPipe *pipe, CommitEnd *ret_end)
{
    *ret_end = COMMIT_DONE;
    while (lanes->first < lanes->next && *ret_end == COMMIT_DONE)
        TRY(reap(lanes, pipe, ret_end));
    return NULL;
}
