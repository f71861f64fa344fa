/* Work aside: done when the call is over, on a thread that yields to others, and not on the caller's. */
#include "base/aside.h"

#include "test.h"

#include <errno.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(yields_to_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
