/* An import whose nth call to the database fails, for every n up to twenty and for many behind it: nothing
 * is half done, and the
 * next attempt ends in the state of a run that nothing disturbed. Then the same with two failures in one job. */
#include "world.h"

#include "base/clock.h"

typedef struct Scenario {
    const char *name;
    ImportOptions options;
    void (*prepare)(World *w); /* NULL: nothing */
    const char *(*rows)(World *w);
    void (*after)(World *w, Uuid job); /* between acceptance and work; NULL: nothing */
    JobStatus end;
} Scenario;

/* --- what is there before ---------------------------------------------------------------------- */

static void earlier_rows(World *w)
{
    world_upload(w, w->ada,
                 arena_printf(w->arena, "%s%s%s", world_row(w, "HELD", 2020, 1),
                              world_row(w, "HELD", 2021, 2), world_row(w, "SAME", 2020, 3)),
                 NULL);
    world_work(w);
}

static const char *every_kind_of_row(World *w)
{
    return arena_printf(w->arena, "%s%s%s%s%s%s%s%s%s", world_row(w, "NEW", 2020, 1),
                        world_row(w, "HELD", 2020, 9), world_row(w, "SAME", 2020, 3),
                        "BAD,Bad,12%,Energy,1800,Q9,,,,,\n", world_row(w, "NEW", 2020, 5),
                        "HELD,Another name,1,Other,2023,,1,,,,\n\n",
                        "NEW,New,1,Energy,2024,Q4,,,,,99999\n",
                        "A,\"Quoted, \"\"name\"\"\",1,\"S, T\",2020,Q1,1,2,3,4,5\n",
                        "LAST,Last,,,2020,,NM,,,,-1\n");
}

static const char *good_rows(World *w)
{
    return arena_printf(w->arena, "%s%s%s", world_row(w, "ONE", 2020, 1),
                        world_row(w, "TWO", 2020, -2), world_row(w, "ONE", 2021, 3));
}

static const char *good_then_bad(World *w)
{
    return arena_printf(w->arena, "%s%s%s%s", world_row(w, "ONE", 2020, 1),
                        world_row(w, "TWO", 2020, 2), "BAD,Bad,x,Energy,2020,,1,,,,\n",
                        world_row(w, "THREE", 2020, 3));
}

static const char *bad_at_the_end(World *w)
{
    return arena_printf(w->arena, "%s%s", world_row(w, "ONE", 2020, 1),
                        "BAD,Bad,x,Energy,2020,,1,,,,\n");
}

static const char *only_bad(World *w)
{
    (void)w;
    return "BAD,Bad,x,Energy,2020,,1,,,,\nBAD,Bad,1,Energy,x,,1,,,,\n";
}

static const char *no_rows(World *w)
{
    (void)w;
    return "";
}

static const char *quote_never_closed(World *w)
{
    return arena_printf(w->arena, "%s%s", world_row(w, "ONE", 2020, 1),
                        "\"TWO,Two,1,Energy,2020,,1,,,,\n");
}

static const char *header_again(World *w)
{
    (void)w;
    return "\n";
}

/* More than one batch, with something to say in each of them. */
static const char *many_rows(World *w)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "S%d,Name %d,1,Energy,%d,,%s,,,,%d\n", i % 90, i % 7, 2000 + i % 20,
                   i % 37 == 0 ? "12%" : "", i);
    return buf_str(&text).ptr;
}

/* The keys that the file needs are held by rows that a deletion hides and has not yet removed. */
static void delete_the_earlier(World *w, Uuid job)
{
    (void)job;
    Uuid earlier;
    const char *id = world_text(w, "SELECT id FROM bulk_upload_jobs ORDER BY created_at LIMIT 1");
    assert_true(hex_parse((Str){id, 32}, earlier.bytes, 16));
    world_delete(w, w->ada, earlier, true);
}

static void ask_to_cancel(World *w, Uuid job)
{
    (void)job;
    world_script(w, "UPDATE bulk_upload_jobs SET status = 'processing', started_at = created_at, "
                    "cancel_requested = {true} WHERE status = 'pending'");
}

static const Scenario SCENARIOS[] = {
    {"every kind of row",
     {.max_failed_rows = -1},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_COMPLETED},
    {"skip",
     {.max_failed_rows = -1, .on_duplicate = DUPLICATE_SKIP},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_COMPLETED},
    {"replace",
     {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_COMPLETED},
    {"update companies",
     {.max_failed_rows = -1, .update_companies = true},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_COMPLETED},
    {"all or nothing, all", {.max_failed_rows = 0}, NULL, good_rows, NULL, JOB_COMPLETED},
    {"all or nothing, nothing", {.max_failed_rows = 0}, NULL, good_then_bad, NULL, JOB_FAILED},
    {"all or nothing, the last row",
     {.max_failed_rows = 0},
     NULL,
     bad_at_the_end,
     NULL,
     JOB_FAILED},
    {"one failure allowed",
     {.max_failed_rows = 1},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_FAILED},
    {"nothing good", {.max_failed_rows = -1}, NULL, only_bad, NULL, JOB_FAILED},
    {"no rows", {.max_failed_rows = -1}, NULL, no_rows, NULL, JOB_FAILED},
    {"a blank line alone", {.max_failed_rows = -1}, NULL, header_again, NULL, JOB_FAILED},
    {"a quote never closed", {.max_failed_rows = -1}, NULL, quote_never_closed, NULL, JOB_FAILED},
    {"a quote never closed, undone",
     {.max_failed_rows = -1, .on_error = ON_ERROR_UNDO},
     NULL,
     quote_never_closed,
     NULL,
     JOB_FAILED},
    {"dry run",
     {.max_failed_rows = -1, .dry_run = true},
     earlier_rows,
     every_kind_of_row,
     NULL,
     JOB_COMPLETED},
    {"hidden keys",
     {.max_failed_rows = -1},
     earlier_rows,
     every_kind_of_row,
     delete_the_earlier,
     JOB_COMPLETED},
    {"cancelled", {.max_failed_rows = -1}, NULL, good_rows, ask_to_cancel, JOB_CANCELLED},
    {"several batches", {.max_failed_rows = -1}, NULL, many_rows, NULL, JOB_COMPLETED},
    {"several batches, undone",
     {.max_failed_rows = 7, .on_error = ON_ERROR_UNDO},
     NULL,
     many_rows,
     NULL,
     JOB_FAILED},
    {"several batches, dry run",
     {.max_failed_rows = -1, .dry_run = true},
     NULL,
     many_rows,
     NULL,
     JOB_COMPLETED},
};

/* --- the runs ---------------------------------------------------------------------------------- */

/* One attempt with the nth call failing. True when the call was reached. */
static bool attempt(World *w, const Scenario *scenario, int64_t nth)
{
    Task *task = NULL;
    fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
    Error *error = world_step(w, NULL, -1, &task);
    bool reached = fault_fired(w->fault);
    fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
    if (!reached)
        assert_no_error(error);
    else if (error == NULL)
        fail_msg("%s: call %jd failed and nobody noticed", scenario->name, (intmax_t)nth);
    else
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
    assert_false(db_in_transaction(w->db));
    assert_int_equal(fault_open_cursors(w->fault), 0);
    return reached;
}

static void go_on(World *w, const Scenario *scenario, int64_t nth, const char *should)
{
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    world_work(w);
    world_check(w);
    const char *is = world_state(w->arena, w);
    if (strcmp(is, should) != 0) {
        size_t at = 0;
        while (is[at] == should[at])
            at++;
        while (at > 0 && is[at - 1] != '\n')
            at--;
        fail_msg("%s: after call %jd had failed the state is\n%.600s\ninstead of\n%.600s",
                 scenario->name, (intmax_t)nth, is + at, should + at);
    }
}

/* What an undisturbed run leaves behind. */
static const char *undisturbed(World *w, const Scenario *scenario)
{
    if (scenario->prepare != NULL)
        scenario->prepare(w);
    Uuid job = world_upload(w, w->ada, scenario->rows(w), &scenario->options);
    if (scenario->after != NULL)
        scenario->after(w, job);
    world_save(w);
    world_work(w);
    if (world_job(w, w->ada, job)->status != scenario->end)
        fail_msg("%s ended as %s", scenario->name,
                 JOB_STATUS_WORDS[world_job(w, w->ada, job)->status]);
    world_check(w);
    return world_state(w->arena, w);
}

static void every_call(World *w, const Scenario *scenario)
{
    const char *should = undisturbed(w, scenario);
    bool reached = true;
    /* Of many calls alike not every one. */
    int64_t each = world_rounds(getenv("OBLIGOR_TEST_QUICK") != NULL ? 4 : 7);
    for (int64_t nth = 1; reached; nth += 1 + nth / each) {
        world_restore(w);
        reached = attempt(w, scenario, nth);
        world_check(w);
        if (nth % 2 == 0)
            world_reopen(w); /* as a new process; else the same one goes on */
        go_on(w, scenario, nth, should);
    }
}

static void two_calls(World *w, const Scenario *scenario, uint64_t *seed)
{
    const char *should = undisturbed(w, scenario);
    for (int64_t i = 0; i < world_rounds((int64_t)test_rounds(15)); i++) {
        int64_t first = 1 + (int64_t)test_below(seed, 60),
                second = 1 + (int64_t)test_below(seed, 60);
        world_restore(w);
        attempt(w, scenario, first);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        attempt(w, scenario, second);
        go_on(w, scenario, first * 1000 + second, should);
    }
}

static void each_scenario(void (*act)(const Scenario *scenario, World *w))
{
    for (size_t i = 0; i < ARRAY_COUNT(SCENARIOS); i++) {
        void *state = NULL;
        world_set_up(&state);
        print_message("%s\n", SCENARIOS[i].name);
        act(&SCENARIOS[i], state);
        world_tear_down(&state);
    }
}

static void act_every(const Scenario *scenario, World *w)
{
    every_call(w, scenario);
}

static void act_two(const Scenario *scenario, World *w)
{
    uint64_t seed = str_hash(str_from(scenario->name));
    two_calls(w, scenario, &seed);
}

static void test_every_call(void **state)
{
    (void)state;
    each_scenario(act_every);
}

static void test_two_calls(void **state)
{
    (void)state;
    each_scenario(act_two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_call),
                                       cmocka_unit_test(test_two_calls)};
    return world_run(tests);
}
