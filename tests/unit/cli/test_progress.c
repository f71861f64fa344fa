/* What the progress of an import says. */
#include "cli/progress.h"

#include "base/clock.h"
#include "test.h"

static void test_share_by_bytes_then_by_rows(void **state)
{
    (void)state;
    Progress progress = {.started_at = SECONDS(10)};
    JobCounters counters = {.total = -1, .processed = 200, .bytes_done = 250};
    ProgressView view = progress_view(&progress, &counters, 1000, SECONDS(12));
    assert_true(view.share == 0.25);
    assert_int_equal(view.rows, 200);
    assert_int_equal(view.total, -1);
    assert_true(view.rows_per_second == 100);
    assert_true(view.seconds_left == 6);
    counters = (JobCounters){.total = 400, .processed = 200, .bytes_done = 1000, .failed = 3};
    view = progress_view(&progress, &counters, 1000, SECONDS(12));
    assert_true(view.share == 0.5);
    assert_true(view.seconds_left == 2);
    assert_int_equal(view.failed, 3);
}

static void test_resumed_in_the_middle(void **state)
{
    (void)state;
    Progress progress = {.started_at = SECONDS(10), .first_row = 500, .first_share = 0.5};
    JobCounters counters = {.total = -1, .processed = 600, .bytes_done = 600};
    ProgressView view = progress_view(&progress, &counters, 1000, SECONDS(11));
    assert_true(view.rows_per_second == 100);
    assert_true(view.seconds_left > 3.999 && view.seconds_left < 4.001);
}

static void test_odd_moments(void **state)
{
    (void)state;
    Progress progress = {.started_at = SECONDS(10)};
    JobCounters counters = {.total = -1};
    ProgressView view = progress_view(&progress, &counters, 1000, SECONDS(10));
    assert_true(view.share == 0 && view.rows_per_second == 0 && view.seconds_left < 0);
    view = progress_view(&progress, &counters, 0, SECONDS(11));
    assert_true(view.share == 0 && view.seconds_left < 0);
    counters = (JobCounters){.total = 0};
    assert_true(progress_view(&progress, &counters, 9, SECONDS(11)).share == 0);
    counters = (JobCounters){.total = -1, .bytes_done = 2000};
    assert_true(progress_view(&progress, &counters, 1000, SECONDS(11)).share == 1);
}

static void test_duration(void **state)
{
    Arena *arena = *state;
    assert_str(progress_duration(arena, 0), "0 s");
    assert_str(progress_duration(arena, 59.4), "59 s");
    assert_str(progress_duration(arena, 59.6), "1 min 0 s");
    assert_str(progress_duration(arena, 125), "2 min 5 s");
    assert_str(progress_duration(arena, 12000), "3 h 20 min");
    assert_str(progress_duration(arena, 1e300), "277777777 h 46 min");
}

static const ProgressView MIDDLE = {.share = 0.25,
                                    .rows = 1200,
                                    .total = -1,
                                    .failed = 3,
                                    .rows_per_second = 812.6,
                                    .seconds_left = 4};

static void test_line(void **state)
{
    Arena *arena = *state;
    ProgressView start = {.total = -1, .seconds_left = -1};
    assert_str(progress_line(arena, &start), "0 %: 0 rows");
    assert_str(progress_line(arena, &MIDDLE), "25 %: 1200 rows, 3 rejected, 813 rows/s, 4 s left");
    ProgressView end = {.share = 1, .rows = 5, .total = 5, .seconds_left = 0};
    assert_str(progress_line(arena, &end), "100 %: 5 of 5 rows, 0 s left");
    ProgressView almost = {.share = 0.99999, .rows = 4, .total = -1, .seconds_left = -1};
    assert_str(progress_line(arena, &almost), "99 %: 4 rows");
}

static void test_bar(void **state)
{
    Arena *arena = *state;
    assert_str(progress_bar(arena, &MIDDLE, 200),
               "[##########..............................]  25 %  1200 rows, 3 rejected, "
               "813 rows/s, 4 s left");
    assert_str(progress_bar(arena, &MIDDLE, 68),
               "[###............]  25 %  1200 rows, 3 rejected, 813 rows/s, 4 s left");
    assert_str(progress_bar(arena, &MIDDLE, 60),
               " 25 %  1200 rows, 3 rejected, 813 rows/s, 4 s left");
    for (size_t width = 0; width < 120; width++)
        assert_true(progress_bar(arena, &MIDDLE, width).len <= width);
}

static void test_shown_elsewhere(void **state)
{
    Arena *arena = *state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    Progress progress = {.file = file};
    JobCounters counters = {.total = -1, .processed = 10, .bytes_done = 10};
    progress_show(&progress, &counters, 100); /* the first one only starts the clock */
    progress_show(&progress, &counters, 100); /* too early */
    fflush(file);
    assert_int_equal(size, 0);
    progress.started_at -= SECONDS(10);
    progress.shown_at -= SECONDS(10);
    counters.processed = 110;
    progress_show(&progress, &counters, 100);
    progress_end(&progress);
    fclose(file);
    Str shown = str_copy(arena, (Str){text, size});
    free(text);
    assert_true(str_starts_with(shown, STR("10 %: 110 rows, 10 rows/s")));
    assert_true(str_ends_with(shown, STR("\n")));
}

static void test_shown_on_a_terminal(void **state)
{
    Arena *arena = *state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    Progress progress = {.file = file, .terminal = true, .width = 80};
    JobCounters counters = {.total = -1};
    progress_show(&progress, &counters, 100);
    assert_true(progress.line_open);
    progress_end(&progress);
    progress_end(&progress);
    fclose(file);
    Str shown = str_copy(arena, (Str){text, size});
    free(text);
    assert_str(shown, "\r\033[K[........................................]   0 %  0 rows\r\033[K");
}

/* The owner's earlier tasks are worked too; each is measured by itself. */
static void test_another_task(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    Progress progress = {.file = file};
    JobCounters counters = {.total = -1, .processed = 500, .bytes_done = 50};
    progress_show(&progress, &counters, 100);
    assert_int_equal(progress.first_row, 500);
    counters.processed = 900;
    progress_show(&progress, &counters, 100);
    assert_int_equal(progress.first_row, 500);
    counters = (JobCounters){.total = -1, .processed = 10, .bytes_done = 1};
    progress_show(&progress, &counters, 100);
    assert_int_equal(progress.first_row, 10);
    assert_true(progress.first_share == 0.01);
    fclose(file);
}

static void test_new(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_false(progress_new(file).terminal);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_share_by_bytes_then_by_rows),
        TEST(test_resumed_in_the_middle),
        TEST(test_odd_moments),
        TEST(test_duration),
        TEST(test_line),
        TEST(test_bar),
        TEST(test_shown_elsewhere),
        TEST(test_shown_on_a_terminal),
        TEST(test_another_task),
        TEST(test_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
