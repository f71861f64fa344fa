/* A thread may lower its own priority but not raise it again, so the work gets a thread that ends with it: some
 * fifty microseconds beside the tens of milliseconds that it is made for. Who waits here holds no processor, and
 * goes on at its own priority, with whatever locks it takes then. */
#include "base/aside.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    LOWER = 5,   /* a third of the others' share, where they want all of it */
    LOWEST = 10, /* a tenth */
    SLICE_MS =
        6, /* longer than the usual slice, so that whoever wakes up with that one comes first */
};

static atomic_bool enabled_here;

void aside_enable(bool enabled)
{
    atomic_store(&enabled_here, enabled);
}

/* Of the calling thread alone, on Linux: `nice`, or what it is at if that is lower. */
static int at_least(int nice)
{
    int now = getpriority(PRIO_PROCESS, (id_t)gettid());
    return now > nice ? now : nice;
}

/* sched_setattr(2), which the C library does not have, as its first version has it. */
typedef struct Schedule {
    uint32_t size;
    uint32_t policy; /* 0: the usual one */
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime; /* with the usual policy: the slice, in ns; older kernels leave it alone */
    uint64_t deadline;
    uint64_t period;
} Schedule;

void aside_this_thread(void)
{
    if (!atomic_load(&enabled_here))
        return;
    Schedule schedule = {
        .size = sizeof schedule, .nice = at_least(LOWEST), .runtime = SLICE_MS * UINT64_C(1000000)};
    if (syscall(SYS_sched_setattr, 0, &schedule, 0) != 0)
        setpriority(PRIO_PROCESS, (id_t)gettid(), at_least(LOWEST));
}

typedef struct Aside {
    void (*work)(void *argument);
    void *argument;
} Aside;

static void *run(void *argument)
{
    const Aside *aside = argument;
    setpriority(PRIO_PROCESS, (id_t)gettid(), at_least(LOWER));
    aside->work(aside->argument);
    return NULL;
}

void aside_run(void (*work)(void *argument), void *argument)
{
    Aside aside = {work, argument};
    pthread_t thread;
    if (atomic_load(&enabled_here) && pthread_create(&thread, NULL, run, &aside) == 0)
        pthread_join(thread, NULL);
    else
        work(argument);
}
