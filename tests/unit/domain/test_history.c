/* Random histories against the model of history.h. After every step the lists, totals and single reads, jobs and
 * deletions of both owners must be those of the model; at the end everything.
 *
 * A step may be cut: the nth call to the database fails and the process is as good as dead, its sessions
 * closed and opened again. What had been committed by then counts, what had not does not.
 *
 * A history that fails is made shorter, as far as it still fails, and printed so that it can be put among those
 * below. OBLIGOR_HISTORY_SEED and _RUNS choose other sequences, for a longer search. */
#include "history.h"

#include "base/clock.h"
#include "base/number.h"
#include "domain/batches.h"

/* So many histories are of one database before it is copied back, so that its statements are prepared once. */
enum { STEPS = 24, STEPS_FEW = 12, RUNS = 1500, TOGETHER = 50 };

static struct {
    History *h;
    Step steps[STEPS_MAX];
    size_t count;
    bool failing; /* a history has begun and did not end well */
} running;

/* --- one history ------------------------------------------------------------------------------ */

void history_begin(History *h, World *w, bool anew)
{
    static unsigned number;
    Arena *facts = h->facts;
    Db *looker = h->looker;
    memset(h, 0, sizeof *h);
    if (anew) {
        db_close(looker);
        world_restore(w);
        assert_no_error(db_open(w->arena, w->url, (DbOptions){.read_only = true}, &looker));
    }
    h->w = w;
    h->looker = looker;
    h->facts = facts;
    arena_rewind(facts, (ArenaMark){0});
    for (int i = 0; i < OWNERS; i++)
        h->people[i] = world_add_person(
            w, arena_printf(w->arena, "person-%u@example.com", number++), ROLE_USER);
}

static void (*const FUNCTIONS[STEP_KIND_COUNT])(History *h) = {
    [STEP_UPLOAD] = history_upload,         [STEP_WORK] = history_work,
    [STEP_CREATE] = history_create,         [STEP_EDIT] = history_edit,
    [STEP_TAKE_BACK] = history_take_back,   [STEP_DELETE_ROW] = history_delete_row,
    [STEP_DELETE_JOB] = history_delete_job, [STEP_CANCEL] = history_cancel,
    [STEP_RESTORE] = history_restore,       [STEP_PURGE] = history_purge,
    [STEP_COMPANY] = history_company,       [STEP_TRIP] = history_trip,
    [STEP_RETRACT] = history_retract};

void history_do(History *h, const Step *step)
{
    h->step = step;
    h->noise = (uint64_t)step->number;
    h->latest = world_now() > h->latest ? world_now() : h->latest;
    /* A clock that is set back behind a version that was deleted alone gives new rows a time before versions that
     * stay former. Which of them has the key is not decided yet. */
    world_advance(step->wait < 0 && h->left_behind ? 1 : step->wait);
    batches_inject(step->batch);
    ArenaMark mark = arena_mark(h->w->arena);
    FUNCTIONS[step->kind](h);
    arena_rewind(h->w->arena, mark);
    batches_inject(0);
    if (step->kind != STEP_WORK)
        h->owner_steps[step->owner]++;
    history_look(h);
    h->steps++;
}

void history_finish(History *h)
{
    Step last = {.kind = STEP_WORK, .flags = FLAG_ALL, .wait = 1};
    world_advance(HOURS(2));
    for (last.owner = 0; last.owner < OWNERS; last.owner++)
        history_do(h, &last);
    h->step = &last;
    history_look_all(h);
}

/* --- many ------------------------------------------------------------------------------------- */

static int setting(const char *name, int fallback)
{
    const char *value = getenv(name);
    int64_t number = fallback;
    if (value != NULL)
        assert_true(number_parse_int(str_from(value), 1, INT32_MAX, &number));
    return (int)number;
}

static void run_random(World *w, uint64_t seed, bool anew)
{
    running.count = 0;
    history_begin(running.h, w, anew);
    running.h->small = seed % 2 == 0;
    running.failing = true;
    int steps = seed % 4 < 2 ? STEPS : STEPS_FEW;
    for (int i = 0; i < steps; i++) {
        Step *step = &running.steps[running.count++];
        *step = history_plan(running.h, &seed, i + 1);
        history_do(running.h, step);
    }
    history_finish(running.h);
    running.failing = false;
}

static void test_known(void **state)
{
    world_save(*state);
    for (size_t i = 0; i < HISTORY_KNOWN_COUNT; i++) {
        const KnownHistory *known = &HISTORY_KNOWN[i];
        history_begin(running.h, *state, true);
        memcpy(running.steps, known->steps, known->count * sizeof *known->steps);
        running.count = known->count;
        running.failing = true;
        for (size_t k = 0; k < known->count; k++)
            history_do(running.h, &known->steps[k]);
        history_finish(running.h);
        running.failing = false;
    }
}

static void test_histories(void **state)
{
    World *w = *state;
    int runs =
        (int)world_rounds((int64_t)test_rounds((size_t)setting("OBLIGOR_HISTORY_RUNS", RUNS)));
    if (!engine_is_sqlite(engine_current()))
        runs = (runs + 1) / 2; /* ten times slower there, not five */
    int first = setting("OBLIGOR_HISTORY_SEED", 1), steps = 0, cuts = 0;
    world_save(w);
    for (int run = 0; run < runs; run++) {
        print_message("seed %d\r", first + run);
        run_random(w, (uint64_t)(first + run), run % TOGETHER == 0);
        steps += running.h->steps;
        cuts += running.h->cuts;
    }
    print_message("%d histories, %d steps, %d of them cut\n", runs, steps, cuts);
}

static int set_up(void **state)
{
    running.h = check_malloc(sizeof *running.h);
    memset(running.h, 0, sizeof *running.h);
    running.h->facts = arena_new(0);
    return world_set_up(state);
}

static int tear_down(void **state)
{
    batches_inject(0);
    if (running.failing) {
        running.failing = false;
        history_shrink(*state, running.h, running.steps, running.count);
        db_close(running.h->looker);
        running.h->looker = NULL;
        world_restore(*state);
    }
    db_close(running.h->looker);
    arena_free(running.h->facts);
    free(running.h);
    return world_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_histories, set_up, tear_down)};
    return world_run(tests);
}
