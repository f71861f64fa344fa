/* What unit tests share. A test is `static void name(void **state)` with `Arena *arena = *state`, an
 * arena of its own that is freed behind it; a file ends with
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {TEST(first), TEST(second)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * Randomness comes from test_random with a fixed seed, so that a failure repeats. */
#ifndef OBLIGOR_UNIT_TEST_H
#define OBLIGOR_UNIT_TEST_H

#include "base/check.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST(function) cmocka_unit_test_setup_teardown(function, test_set_up, test_tear_down)

static inline int test_set_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static inline int test_tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

/* `rounds`, or a fiftieth where the tests run slowed down (./dev test sets OBLIGOR_TEST_QUICK). */
static inline size_t test_rounds(size_t rounds)
{
    return getenv("OBLIGOR_TEST_QUICK") != NULL ? rounds / 50 + 1 : rounds;
}

/* splitmix64; *seed is its whole state. */
static inline uint64_t test_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A number below `limit`. */
static inline size_t test_below(uint64_t *seed, size_t limit)
{
    return (size_t)(test_random(seed) % limit);
}

#define assert_str(actual, expected)                                                               \
    test_assert_str((actual), (expected), #actual, __FILE__, __LINE__)

static inline void test_assert_str(Str actual, const char *expected, const char *what,
                                   const char *file, int line)
{
    if (str_is(actual, expected))
        return;
    print_error("%s is \"" STR_FMT "\" (%zu bytes), not \"%s\"\n", what, STR_ARG(actual),
                actual.len, expected);
    _fail(file, line);
}

#define assert_no_error(error) test_assert_no_error((error), __FILE__, __LINE__)

static inline void test_assert_no_error(const Error *error, const char *file, int line)
{
    if (error == NULL)
        return;
    print_error("unexpected error %s: %s\n", error_word(error->code), error->message);
    _fail(file, line);
}

/* The code and the exact message. */
#define assert_error(error, code, message)                                                         \
    test_assert_error((error), (code), (message), __FILE__, __LINE__)

static inline void test_assert_error(const Error *error, ErrorCode code, const char *message,
                                     const char *file, int line)
{
    if (error != NULL && error->code == code && strcmp(error->message, message) == 0)
        return;
    print_error("error is %s \"%s\", not %s \"%s\"\n",
                error == NULL ? "none" : error_word(error->code),
                error == NULL ? "" : error->message, error_word(code), message);
    _fail(file, line);
}

typedef struct Capture {
    int saved; /* what standard error was */
    int file;
} Capture;

/* Between the two, standard error goes to a file in memory. No assertion stands between them: its
 * message would be captured too. */
static inline Capture capture_start(void)
{
    fflush(stderr);
    Capture capture = {dup(STDERR_FILENO), memfd_create("stderr", MFD_CLOEXEC)};
    CHECK(capture.saved >= 0 && capture.file >= 0);
    CHECK(fcntl(capture.file, F_SETFL, O_APPEND) == 0); /* threads may write at the same time */
    CHECK(dup2(capture.file, STDERR_FILENO) >= 0);
    return capture;
}

static inline Str capture_end(Arena *arena, Capture capture)
{
    fflush(stderr);
    CHECK(dup2(capture.saved, STDERR_FILENO) >= 0);
    close(capture.saved);
    off_t size = lseek(capture.file, 0, SEEK_END);
    CHECK(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    CHECK(pread(capture.file, text, (size_t)size, 0) == size);
    close(capture.file);
    return (Str){text, (size_t)size};
}

/* Calls `act` in a child process, which must die of it and say `expected` on standard error. */
#define assert_dies(arena, act, expected)                                                          \
    test_assert_dies((arena), (act), (expected), #act, __FILE__, __LINE__)

static inline void test_assert_dies(Arena *arena, void (*act)(void), const char *expected,
                                    const char *what, const char *file, int line)
{
    Capture capture = capture_start();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would jump back into the parent's test */
        act();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    Str said = capture_end(arena, capture);
    if (status != 0 && memmem(said.ptr, said.len, expected, strlen(expected)) != NULL)
        return;
    print_error("%s ended with status %d and said \"" STR_FMT "\", not \"%s\"\n", what, status,
                STR_ARG(said), expected);
    _fail(file, line);
}

#endif
