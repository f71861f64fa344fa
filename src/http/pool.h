/* Worker threads, which may wait for the database, behind one bounded queue. What hashes passwords
 * goes through two lanes with fewer threads between them: it is slow and hungry on purpose. */
#ifndef OBLIGOR_HTTP_POOL_H
#define OBLIGOR_HTTP_POOL_H

#include "base/arena.h"

#include <stdint.h>

typedef enum Lane {
    LANE_COMMON,
    LANE_HASHING,
    LANE_HASHING_FIRST, /* goes before the other, on the same threads */
    LANE_COUNT
} Lane;

/* A piece of work; embed it in what it works on. */
typedef struct Work {
    void (*run)(struct Work *self);
    Lane lane;
    uint64_t number;
    struct Work *next;
} Work;

typedef struct Pool Pool;

typedef struct PoolConfig {
    int threads;
    int queue_max;
    int hashing_max; /* at one time; less than `threads` where that is more than one */
} PoolConfig;

Pool *pool_start(const PoolConfig *config);

/* False when the queue is full or the pool is being stopped; then `work` is not touched. */
bool pool_add(Pool *pool, Work *work);

int64_t pool_depth(Pool *pool); /* waiting now */

/* Runs what is queued, then ends the threads; from now on pool_add gives false. NULL is fine,
 * and so is a pool that was stopped. */
void pool_stop(Pool *pool);

/* After pool_stop. NULL is fine. */
void pool_free(Pool *pool);

#endif
