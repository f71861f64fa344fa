/* Being asked to stop. */
#include "cli/signals.h"

#include "test.h"

#include <fcntl.h>

/* What a child does, told by how it ends. */
static int status_of(void (*act)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        act();
        _exit(9);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void write_to_nobody(void)
{
    int ends[2];
    signals_set_up();
    if (pipe(ends) != 0)
        _exit(8);
    close(ends[0]);
    _exit(write(ends[1], "x", 1) < 0 ? 3 : 4);
}

static void test_closed_pipe(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(status_of(write_to_nobody)), 3);
}

static void write_too_much(void)
{
    signals_set_up();
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1, 1});
    int file = memfd_create("limited", MFD_CLOEXEC);
    ssize_t first = write(file, "x", 1);
    _exit(first == 1 && write(file, "x", 1) < 0 ? 3 : 4);
}

static void test_file_size_limit(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(status_of(write_too_much)), 3);
}

static void hold_and_wait(void)
{
    signals_hold();
    kill(getpid(), SIGTERM);
    _exit(signals_wait() == SIGTERM ? 3 : 4);
}

static void test_wait(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(status_of(hold_and_wait)), 3);
}

static void ask_again_while_stopping(void)
{
    signals_hold();
    kill(getpid(), SIGTERM);
    signals_wait();
    kill(getpid(), SIGINT);
}

static void test_second_signal_ends_a_server(void **state)
{
    (void)state;
    assert_int_equal(WTERMSIG(status_of(ask_again_while_stopping)), SIGINT);
}

static void watch(void)
{
    signals_watch();
    bool before = signals_asked();
    kill(getpid(), SIGINT);
    _exit(!before && signals_asked() ? 3 : 4);
}

static void watch_and_be_asked_twice(void)
{
    signals_watch();
    kill(getpid(), SIGINT);
    kill(getpid(), SIGINT);
}

static void test_watch(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(status_of(watch)), 3);
    assert_int_equal(WTERMSIG(status_of(watch_and_be_asked_twice)), SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_closed_pipe), TEST(test_file_size_limit),
                                       TEST(test_wait), TEST(test_second_signal_ends_a_server),
                                       TEST(test_watch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
