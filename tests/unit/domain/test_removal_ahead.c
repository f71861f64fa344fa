/* Rows of a deleted job that change after they were read ahead and before they are removed: somebody takes over
 * their keys. The archive has them as they were when they went. */
#include "world.h"

#include "domain/batches.h"

#include <unistd.h>

enum { ROWS = 1200, BATCH = 100, COMPANIES = 40 };

static const char *symbol_of(World *w, int row)
{
    return arena_printf(w->arena, "S%d", row % COMPANIES);
}

static int year_of(int row)
{
    return 2000 + row / COMPANIES;
}

static Deletion *deleted(World *w)
{
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < ROWS; i++)
        buf_add(&rows, str_from(world_row(w, symbol_of(w, i), year_of(i), i)));
    Uuid job = world_upload(w, w->ada, buf_str(&rows).ptr, NULL);
    world_work(w);
    return world_delete(w, w->ada, job, true);
}

typedef struct Meddler {
    World *w;
    int64_t after; /* when so many rows are gone, this one's key is taken over */
    int row;
    int times;
} Meddler;

static bool never(void *self)
{
    (void)self;
    return false;
}

/* Called between two transactions. What is read ahead was read by then. */
static void meddle(void *self, const JobCounters *counters, int64_t file_size)
{
    Meddler *m = self;
    Prediction *made = NULL;
    (void)file_size;
    if (m->times > 0 || counters->processed < m->after)
        return;
    m->times++;
    usleep(50000);
    assert_no_error(
        world_create(m->w, m->w->ada, symbol_of(m->w, m->row), year_of(m->row), 7777, &made));
}

static void run(World *w, const TaskWatch *watch)
{
    Task *task = NULL;
    TaskEnd end;
    batches_inject(BATCH);
    assert_no_error(queue_claim(w->arena, w->db, "test", INT64_MAX, NULL, &task));
    assert_no_error(deletion_run(w->arena, w->db, task, watch, &end));
    batches_inject(0);
    assert_int_equal(end, TASK_ENDED);
}

static void restore(World *w, Uuid id)
{
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, id, NULL, &deletion));
    world_work(w);
}

/* A key just ahead of the removal, one far ahead and one that is gone. */
static void test_a_key_is_taken_over_meanwhile(void **state)
{
    World *w = *state;
    static const int rows[] = {250, 1150, 20};
    Deletion *deletion = deleted(w);
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        world_restore(w);
        Meddler m = {.w = w, .after = 200, .row = rows[i]};
        TaskWatch watch = {.stopping = never, .progress = meddle, .self = &m};
        run(w, &watch);
        world_check(w);
        assert_int_equal(m.times, 1);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 1);
        assert_int_equal(
            world_number(w, "SELECT sum(row_count) FROM deletion_chunks WHERE part = 0"), ROWS);
        restore(w, deletion->id);
        world_check(w);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), ROWS + 1);
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"), ROWS);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current "
                                         "AND return_on_assets = 7777"),
                         1);
        assert_int_equal(
            world_number(w, "SELECT job_row FROM annual_predictions WHERE NOT is_current"),
            rows[i] + 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_key_is_taken_over_meanwhile),
    };
    return world_run(tests);
}
