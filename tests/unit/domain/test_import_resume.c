/* Stopped and gone on with: at every batch boundary, again and again, and within a file so large that the
 * reader hands out batches without a row while it passes over what is in already. The end is always that of a run
 * that was never stopped, and the resume position never goes back. */
#include "world.h"

#include "base/clock.h"
#include "format/zstd.h"

static const char *many_rows(World *w, int rows, int padding)
{
    Buf text = buf_new(w->arena, 64 << 20);
    for (int i = 0; i < rows; i++) {
        buf_printf(&text, "S%d,Name %d,1,Energy%*s,%d,,%s,,,,%d\n", i % 190, i % 7, padding, "",
                   2000 + i % 20, i % 37 == 0 ? "12%" : "", i);
        if (i % 50 == 0)
            buf_add(&text, STR("\n")); /* has a number and is no row */
    }
    return buf_str(&text).ptr;
}

static int64_t resume_row(World *w)
{
    return world_number(w,
                        "SELECT resume_row FROM bulk_upload_jobs ORDER BY created_at DESC LIMIT 1");
}

/* Runs the first task until so many batches are done, and hands it back as a worker that is told to stop. */
static bool run_a_little(World *w, int batches)
{
    Task *task = NULL;
    world_advance(1000);
    assert_no_error(world_step(w, NULL, batches, &task));
    if (task == NULL)
        return false;
    if (w->last_end == TASK_STOPPED)
        assert_no_error(queue_release(w->arena, w->db, task, 0, false));
    return w->last_end == TASK_STOPPED;
}

static const char *undisturbed(World *w, const char *rows, const ImportOptions *options)
{
    world_upload(w, w->ada, rows, options);
    world_save(w);
    world_work(w);
    world_check(w);
    return world_state(w->arena, w);
}

static void same(World *w, const char *should)
{
    world_check(w);
    const char *is = world_state(w->arena, w);
    size_t at = 0;
    while (is[at] != '\0' && is[at] == should[at])
        at++;
    if (is[at] == should[at])
        return;
    while (at > 0 && is[at - 1] != '\n')
        at--;
    fail_msg("the state is\n%.500s\ninstead of\n%.500s", is + at, should + at);
}

static void test_stopped_at_every_batch(void **state)
{
    World *w = *state;
    const char *should = undisturbed(w, many_rows(w, 2000, 0), NULL);
    for (int batches = 0; batches < 12; batches++) {
        world_restore(w);
        run_a_little(w, batches);
        int64_t stopped_at = resume_row(w);
        world_reopen(w);
        while (run_a_little(w, -1)) {}
        assert_true(resume_row(w) >= stopped_at);
        world_work(w);
        same(w, should);
    }
}

static void test_stopped_again_and_again(void **state)
{
    World *w = *state;
    const char *should = undisturbed(w, many_rows(w, 6000, 0), NULL);
    world_restore(w);
    int64_t last = 0;
    int stops = 0;
    while (run_a_little(w, 2)) {
        int64_t now = resume_row(w);
        assert_true(now >= last);
        last = now;
        world_reopen(w);
        assert_true(++stops < 100);
    }
    assert_true(stops > 3);
    same(w, should);
}

/* The reader gives a batch after every 8 MiB, also while it passes over rows that are in. */
static void test_stopped_beyond_eight_mebibytes(void **state)
{
    World *w = *state;
    const char *should = undisturbed(w, many_rows(w, 3000, 8000), NULL);
    world_restore(w);
    int64_t last = 0;
    int stops = 0;
    while (run_a_little(w, stops % 2 == 0 ? 4 : 1)) { /* in turn far, and not beyond what is in */
        int64_t now = resume_row(w);
        if (now < last)
            fail_msg("the resume position went back from row %jd to row %jd", (intmax_t)last,
                     (intmax_t)now);
        last = now;
        assert_true(++stops < 100);
    }
    same(w, should);
}

static int64_t bytes_done(World *w)
{
    return world_number(w, "SELECT bytes_done FROM bulk_upload_jobs");
}

/* Unpacked again from its beginning; the progress counts the bytes of the file as it is stored. */
static void test_stopped_in_a_packed_file(void **state)
{
    World *w = *state;
    UploadAnswer answer;
    Str text = str_printf(w->arena, "%s%s", WORLD_ANNUAL, many_rows(w, 6000, 0));
    Str file = zstd_pack(w->arena, text, 1);
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, KIND_ANNUAL, file, NULL, &answer));
    world_save(w);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT processed_rows FROM bulk_upload_jobs"), 6000);
    assert_int_equal(bytes_done(w), file.len);
    const char *should = world_state(w->arena, w);
    world_restore(w);
    for (int stops = 0; run_a_little(w, 3); stops++) {
        assert_in_range(bytes_done(w), 1, file.len);
        assert_true(stops < 100);
    }
    same(w, should);
}

static void test_a_dry_run_begins_anew(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.dry_run = true;
    const char *should = undisturbed(w, many_rows(w, 1000, 0), &options);
    for (int batches = 1; batches < 6; batches++) {
        world_restore(w);
        run_a_little(w, batches);
        world_work(w);
        same(w, should);
    }
}

/* The clock was set back while the process was away: the rows of the second part would be older than those of
 * the first, and the span that the job keeps would not hold them. */
static void test_the_clock_was_set_back_meanwhile(void **state)
{
    World *w = *state;
    world_upload(w, w->ada, many_rows(w, 1000, 0), NULL);
    assert_true(run_a_little(w, 2));
    assert_true(resume_row(w) > 0);
    world_script(w, "UPDATE work_queue SET not_before = {micros 0}");
    world_advance(-HOURS(1));
    world_work(w);
    world_check(w);
    assert_int_equal(
        world_number(w,
                     "SELECT count(*) FROM (SELECT created_at, id, lag(created_at) OVER (ORDER BY "
                     "job_row) AS t FROM annual_predictions) x WHERE created_at < t"),
        0);
}

/* Whoever stopped was not to blame: however often, the job is not given up. */
static void test_stops_use_up_no_attempts(void **state)
{
    World *w = *state;
    world_upload(w, w->ada, many_rows(w, 300, 0), NULL);
    for (int i = 0; i < 10; i++)
        assert_true(run_a_little(w, 0));
    assert_int_equal(world_number(w, "SELECT attempts FROM work_queue"), 0);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT processed_rows FROM bulk_upload_jobs"), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_stopped_at_every_batch),
        WORLD_TEST(test_stopped_again_and_again),
        WORLD_TEST(test_stopped_beyond_eight_mebibytes),
        WORLD_TEST(test_stopped_in_a_packed_file),
        WORLD_TEST(test_a_dry_run_begins_anew),
        WORLD_TEST(test_the_clock_was_set_back_meanwhile),
        WORLD_TEST(test_stops_use_up_no_attempts),
    };
    return world_run(tests);
}
