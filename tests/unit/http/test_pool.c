/* Work is done once each, within the bounds, and nothing queued is lost when the pool stops. */
#include "http/pool.h"

#include "base/clock.h"
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Counted {
    Work work; /* first */
    atomic_int done;
} Counted;

static atomic_int running, most_running, total;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void count(Work *work)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    int most = atomic_load(&most_running);
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        continue;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    clock_sleep(500);
    atomic_fetch_sub(&running, 1);
    atomic_fetch_add(&total, 1);
    atomic_fetch_add(&((Counted *)(void *)work)->done, 1);
}

static Pool *start(int threads, int queue_max, int hashing_max)
{
    const PoolConfig config = {threads, queue_max, hashing_max};
    atomic_store(&most_running, 0);
    atomic_store(&total, 0);
    return pool_start(&config);
}

static Counted *work_items(Arena *arena, size_t number, Lane lane)
{
    Counted *items = ARENA_ARRAY(arena, Counted, number);
    for (size_t i = 0; i < number; i++)
        items[i].work = (Work){.run = count, .lane = lane};
    return items;
}

static void every_piece_is_done_once(void **state)
{
    enum { PIECES = 200 };
    Pool *pool = start(4, PIECES, 2);
    Counted *items = work_items(*state, PIECES, LANE_COMMON);
    for (size_t i = 0; i < PIECES; i++)
        assert_true(pool_add(pool, &items[i].work));
    pool_stop(pool); /* runs what is queued */
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(atomic_load(&items[i].done), 1);
    assert_false(pool_add(pool, &items[0].work));
    pool_stop(pool);
    pool_free(pool);
}

static void a_full_queue_refuses(void **state)
{
    Pool *pool = start(1, 2, 1);
    Counted *items = work_items(*state, 4, LANE_COMMON);
    pthread_mutex_lock(&gate);
    assert_true(pool_add(pool, &items[0].work));
    while (atomic_load(&running) == 0)
        clock_sleep(100);
    assert_true(pool_add(pool, &items[1].work));
    assert_true(pool_add(pool, &items[2].work));
    assert_int_equal(pool_depth(pool), 2);
    assert_false(pool_add(pool, &items[3].work));
    pthread_mutex_unlock(&gate);
    pool_stop(pool);
    pool_free(pool);
    assert_int_equal(atomic_load(&total), 3);
    assert_int_equal(atomic_load(&items[3].done), 0);
}

static void hashing_leaves_threads_for_the_rest(void **state)
{
    Pool *pool = start(4, 200, 2); /* an eighth of it is for hashing */
    Counted *hashing = work_items(*state, 20, LANE_HASHING);
    Counted *common = work_items(*state, 1, LANE_COMMON);
    pthread_mutex_lock(&gate);
    for (size_t i = 0; i < 20; i++)
        assert_true(pool_add(pool, &hashing[i].work));
    while (atomic_load(&running) < 2)
        clock_sleep(100);
    clock_sleep(20000);
    assert_int_equal(atomic_load(&running), 2);
    assert_true(pool_add(pool, &common[0].work));
    while (atomic_load(&running) < 3) /* overtakes the 18 that wait */
        clock_sleep(100);
    pthread_mutex_unlock(&gate);
    pool_stop(pool);
    pool_free(pool);
    assert_int_equal(atomic_load(&total), 21);
    assert_int_equal(atomic_load(&most_running), 3);
}

/* Both lanes share the threads; who goes first is asked at each turn. */
static void some_hashing_goes_first(void **state)
{
    Pool *pool = start(2, 200, 1);
    Counted *strangers = work_items(*state, 5, LANE_HASHING);
    Counted *known = work_items(*state, 2, LANE_HASHING_FIRST);
    pthread_mutex_lock(&gate);
    for (size_t i = 0; i < 5; i++)
        assert_true(pool_add(pool, &strangers[i].work));
    while (atomic_load(&running) < 1)
        clock_sleep(100);
    for (size_t i = 0; i < 2; i++)
        assert_true(pool_add(pool, &known[i].work));
    pthread_mutex_unlock(&gate);
    while (atomic_load(&known[1].done) == 0)
        clock_sleep(100);
    assert_true(atomic_load(&total) <=
                4); /* the one that ran already, these, and perhaps the next */
    pool_stop(pool);
    pool_free(pool);
    assert_int_equal(atomic_load(&total), 7);
    assert_int_equal(atomic_load(&most_running), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_piece_is_done_once),
        TEST(a_full_queue_refuses),
        TEST(hashing_leaves_threads_for_the_rest),
        TEST(some_hashing_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
