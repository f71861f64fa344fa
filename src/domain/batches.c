/* The size of a batch follows from how long the one before it took. */
#include "domain/batches.h"

#include "base/clock.h"
#include "domain/queue.h"

#define TRANSACTION_TIME SECONDS(3)
#define APART_TIME       (SECONDS(1) / 6)
#define LONG_PAUSE       (SECONDS(1) / 40)
#define LOOK_TIME        (SECONDS(1) / 25)
enum { PART_MIN = 500, PART_MAX = 10000 };

static int64_t injected;

void batches_inject(int64_t most)
{
    injected = most;
}

int64_t batches_most(int64_t usual)
{
    return injected > 0 && injected < usual ? injected : usual;
}

bool batches_may_go_on(const Db *db, const TaskWatch *watch, int64_t since)
{
    int64_t most = watch->pause > 0 ? APART_TIME : TRANSACTION_TIME;
    return injected == 0 && !db_can_write_beside(db) && clock_monotonic() - since < most &&
           !db_is_waited_for(db);
}

void batches_rest(const TaskWatch *watch, int64_t since)
{
    bool long_one = clock_monotonic() - since > 2 * APART_TIME;
    clock_sleep(long_one && watch->pause < LONG_PAUSE ? LONG_PAUSE : watch->pause);
}

int64_t batches_part(int64_t rows, int64_t took)
{
    int64_t next = rows * LOOK_TIME / (took > 0 ? took : 1);
    return batches_most(next < PART_MIN ? PART_MIN : next > PART_MAX ? PART_MAX : next);
}

void batches_tell(const TaskWatch *watch, int64_t done, int64_t total)
{
    const JobCounters counters = {.total = total, .processed = done};
    if (watch->progress != NULL)
        watch->progress(watch->self, &counters, 0);
}

Error *batches_run(Arena *arena, Db *db, const TaskWatch *watch, BatchSize size, RunBatch *run,
                   void *self, bool *ret_done)
{
    int64_t limit = batches_most(size.first);
    *ret_done = false;
    while (!*ret_done && !watch->stopping(watch->self)) {
        ArenaMark mark = arena_mark(arena);
        int64_t start = clock_monotonic();
        Error *error = NULL;
        int attempt = 0;
        do {
            error = run(self, arena, limit, ret_done);
        } while (queue_try_again(error, &attempt));
        if (error != NULL)
            return error;
        int64_t took = clock_monotonic() - start;
        limit = limit * queue_batch_time(db) / (took > 0 ? took : 1);
        limit = batches_most(limit < size.min ? size.min : limit > size.max ? size.max : limit);
        arena_rewind(arena, mark);
        batches_rest(watch, start);
    }
    return NULL;
}
