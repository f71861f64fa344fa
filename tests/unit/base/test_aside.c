/* Work aside: done when the call is over, on a thread that yields to others, and not on the caller's. */
#include "base/aside.h"

#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>

typedef struct Seen {
    int priority;
    pid_t thread;
} Seen;

static void look(void *argument)
{
    Seen *seen = argument;
    seen->thread = gettid();
    seen->priority = getpriority(PRIO_PROCESS, (id_t)seen->thread);
}

static void *look_on(void *argument)
{
    look(argument);
    return NULL;
}

static void yields_to_others(void **state)
{
    Seen seen = {0};
    (void)state;
    int before = getpriority(PRIO_PROCESS, (id_t)gettid());
    aside_run(look, &seen);
    assert_int_equal(seen.thread, gettid()); /* nobody said that there are others */
    aside_enable(true);
    aside_run(look, &seen);
    aside_enable(false);
    assert_int_not_equal(seen.thread, gettid());
    assert_int_equal(seen.priority, before > 5 ? before : 5);
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)gettid()), before);
}

/* For good, and for what it starts: on a thread of its own, and one within. */
static void *step_aside(void *argument)
{
    Seen *seen = argument;
    pthread_t child;
    aside_this_thread();
    look(&seen[0]);
    assert_int_equal(pthread_create(&child, NULL, look_on, &seen[1]), 0);
    pthread_join(child, NULL);
    return NULL;
}

static void stays_aside(void **state)
{
    Seen seen[2] = {{0}};
    pthread_t thread;
    (void)state;
    int before = getpriority(PRIO_PROCESS, (id_t)gettid());
    for (int enabled = 0; enabled <= 1; enabled++) {
        aside_enable(enabled == 1);
        assert_int_equal(pthread_create(&thread, NULL, step_aside, seen), 0);
        pthread_join(thread, NULL);
        int expected = enabled == 1 && before < 10 ? 10 : before;
        for (int i = 0; i < 2; i++)
            assert_int_equal(seen[i].priority, expected);
    }
    aside_enable(false);
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)gettid()), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(yields_to_others), TEST(stays_aside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
