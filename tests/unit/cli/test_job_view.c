/* Jobs as commands show them. */
#include "cli/job_view.h"

#include "base/clock.h"
#include "test.h"

static void test_seconds(void **state)
{
    (void)state;
    Job job = {0};
    assert_true(job_view_seconds(&job, SECONDS(50)) == 0);
    job.started_at = SECONDS(10);
    assert_true(job_view_seconds(&job, SECONDS(12)) == 2);
    assert_true(job_view_seconds(&job, SECONDS(9)) == 0); /* the clock was set back */
    job.completed_at = SECONDS(10) + 500000;
    assert_true(job_view_seconds(&job, SECONDS(50)) == 0.5);
}

static void test_list(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, (OutputOptions){.terminal = true});
    Cli cli = {.arena = arena, .out = &out};
    const Job job = {
        .id = {{0x11}},
        .kind = KIND_QUARTERLY,
        .status = JOB_COMPLETED,
        .original_filename = "q1\033.csv",
        .counters = {.total = 12, .processed = 12, .successful = 10, .failed = 2},
        .user_email = "a@example.com",
        .created_at = SECONDS(1),
    };
    job_view_list(&cli, &job, 1);
    assert_str(buf_str(&out.text),
               "ID                                    STATUS     TYPE       FILE     ROWS  GOOD  "
               "REJECTED  BY             CREATED\n"
               "11000000-0000-0000-0000-000000000000  completed  quarterly  q1?.csv    12    10  "
               "       2  a@example.com  1970-01-01T00:00:01Z\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_seconds), TEST(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
