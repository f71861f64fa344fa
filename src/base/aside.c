/* A thread may lower its own priority but not raise it again, so the work gets a thread that ends with it: some
 * fifty microseconds beside the tens of milliseconds that it is made for. Who waits here holds no processor, and
 * goes on at its own priority, with whatever locks it takes then. */
#include "base/aside.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

enum { LOWER = 5 }; /* a third of the others' share, where they want all of it */

static atomic_bool enabled_here;

void aside_enable(bool enabled)
{
    atomic_store(&enabled_here, enabled);
}

typedef struct Aside {
    void (*work)(void *argument);
    void *argument;
} Aside;

static void *run(void *argument)
{
    const Aside *aside = argument;
    setpriority(PRIO_PROCESS, (id_t)gettid(), LOWER); /* of this thread alone, on Linux */
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
