/* Worker threads, each with its own database session, behind one bounded queue. What hashes
 * passwords goes through a lane of its own with fewer threads: it is slow and hungry on purpose. */
#ifndef OBLIGOR_HTTP_POOL_H
#define OBLIGOR_HTTP_POOL_H

#include "store/db.h"

typedef enum Lane { LANE_COMMON, LANE_HASHING, LANE_COUNT } Lane;

/* A piece of work; embed it in what it works on. */
typedef struct Work {
    void (*run)(struct Work *self, Db *db);
    Lane lane;
    uint64_t number;
    struct Work *next;
} Work;

typedef struct Pool Pool;

typedef struct PoolConfig {
    const char *db_url;
    int threads;
    int queue_max;
    int hashing_max; /* at one time; less than `threads` where that is more than one */
} PoolConfig;

/* ERROR_UNAVAILABLE when a session cannot be opened. */
Error *pool_start(Arena *arena, const PoolConfig *config, Pool **ret_pool) MUST_CHECK;

/* False when the queue is full or the pool is being stopped; then `work` is not touched. */
bool pool_add(Pool *pool, Work *work);

int64_t pool_depth(Pool *pool); /* waiting now */

/* Runs what is queued, then ends the threads; from now on pool_add gives false. NULL is fine,
 * and so is a pool that was stopped. */
void pool_stop(Pool *pool);

/* After pool_stop: closes the sessions. NULL is fine. */
void pool_free(Pool *pool);

#endif
