/* One mutex, one condition. A worker takes the oldest work of a lane that has room; numbers given
 * at adding tell which of two lanes' heads is older. Lanes that share a room share its threads; each has a part of
 * the queue to itself. */
#include "http/pool.h"

#include "base/check.h"

#include <pthread.h>

enum { HASHING_SHARE = 8 }; /* of the queue: sign-ins, which anybody may send */

typedef struct Room {
    int running;
    int running_max;
} Room;

typedef struct Queue {
    Room *room;
    Work *head;
    Work *tail;
    int waiting;
    int waiting_max; /* so that one lane's flood leaves the others their room */
} Queue;

struct Pool {
    Arena *arena;
    pthread_mutex_t mutex; /* guards what follows, to `stopping` */
    pthread_cond_t changed;
    Room common, hashing;
    Queue lanes[LANE_COUNT];
    int waiting;
    int waiting_max;
    uint64_t last_number;
    bool stopping;
    bool stopped; /* the threads were joined */
    pthread_t *threads;
    int thread_count;
};

/* NULL: nothing that may run now. */
static Queue *oldest(Pool *pool)
{
    Queue *best = NULL;
    for (int i = 0; i < LANE_COUNT; i++) {
        Queue *lane = &pool->lanes[i];
        if (lane->head == NULL || lane->room->running == lane->room->running_max)
            continue;
        if (i == LANE_HASHING && pool->lanes[LANE_HASHING_FIRST].head != NULL)
            continue;
        if (best == NULL || lane->head->number < best->head->number)
            best = lane;
    }
    return best;
}

static Work *take(Pool *pool, Queue *lane)
{
    Work *work = lane->head;
    lane->head = work->next;
    if (lane->head == NULL)
        lane->tail = NULL;
    lane->room->running++;
    lane->waiting--;
    pool->waiting--;
    return work;
}

static void *work_on(void *argument)
{
    Pool *pool = argument;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        Queue *lane = oldest(pool);
        if (lane != NULL) {
            Work *work = take(pool, lane);
            pthread_mutex_unlock(&pool->mutex);
            work->run(work); /* `work` may be gone behind this */
            pthread_mutex_lock(&pool->mutex);
            lane->room->running--;
            if (pool->waiting > 0)
                pthread_cond_signal(&pool->changed);
        } else if (pool->stopping && pool->waiting == 0) {
            break;
        } else {
            pthread_cond_wait(&pool->changed, &pool->mutex);
        }
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

void pool_free(Pool *pool)
{
    if (pool == NULL)
        return;
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    arena_free(pool->arena);
}

Pool *pool_start(const PoolConfig *config)
{
    Arena *own = arena_new(0);
    Pool *pool = ARENA_NEW(own, Pool);
    *pool = (Pool){.arena = own, .waiting_max = config->queue_max, .thread_count = config->threads};
    pool->common.running_max = config->threads;
    pool->hashing.running_max = config->hashing_max;
    pool->lanes[LANE_COMMON] = (Queue){.room = &pool->common, .waiting_max = config->queue_max};
    for (int lane = LANE_HASHING; lane <= LANE_HASHING_FIRST; lane++)
        pool->lanes[lane] =
            (Queue){.room = &pool->hashing, .waiting_max = config->queue_max / HASHING_SHARE + 1};
    pool->threads = ARENA_ARRAY(own, pthread_t, (size_t)config->threads);
    CHECK(pthread_mutex_init(&pool->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&pool->changed, NULL) == 0);
    for (int i = 0; i < config->threads; i++)
        CHECK(pthread_create(&pool->threads[i], NULL, work_on, pool) == 0);
    return pool;
}

bool pool_add(Pool *pool, Work *work)
{
    pthread_mutex_lock(&pool->mutex);
    Queue *lane = &pool->lanes[work->lane];
    bool room =
        !pool->stopping && pool->waiting < pool->waiting_max && lane->waiting < lane->waiting_max;
    if (room) {
        work->number = ++pool->last_number;
        work->next = NULL;
        *(lane->tail == NULL ? &lane->head : &lane->tail->next) = work;
        lane->tail = work;
        lane->waiting++;
        pool->waiting++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->mutex);
    return room;
}

int64_t pool_depth(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    int64_t waiting = pool->waiting;
    pthread_mutex_unlock(&pool->mutex);
    return waiting;
}

void pool_stop(Pool *pool)
{
    if (pool == NULL || pool->stopped)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pool->stopped = true;
}
