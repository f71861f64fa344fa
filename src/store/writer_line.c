#include "store/writer_line.h"

#include "base/check.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

/* It lies on the stack of who waits. */
typedef struct Waiter {
    bool turn;
    struct Waiter *next;
} Waiter;

struct WriterLine {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool taken;
    Waiter *first;
    bool waited; /* a writer had to */
};

WriterLine *writer_line_new(void)
{
    WriterLine *line = check_malloc(sizeof *line);
    *line = (WriterLine){0};
    pthread_mutex_init(&line->mutex, NULL);
    pthread_cond_init(&line->moved, NULL);
    return line;
}

static void step_out(WriterLine *line, const Waiter *waiter)
{
    Waiter **place = &line->first;
    while (*place != waiter)
        place = &(*place)->next;
    *place = waiter->next;
}

static bool wait_for_turn(WriterLine *line, const struct timespec *until)
{
    Waiter waiter = {0}, **end = &line->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = &waiter;
    while (!waiter.turn && pthread_cond_timedwait(&line->moved, &line->mutex, until) != ETIMEDOUT)
        continue;
    if (!waiter.turn)
        step_out(line, &waiter);
    return waiter.turn;
}

bool writer_line_enter(WriterLine *line, const struct timespec *until, bool upkeep)
{
    pthread_mutex_lock(&line->mutex);
    line->waited |= line->taken && !upkeep;
    bool entered = !line->taken || wait_for_turn(line, until);
    line->taken |= entered;
    pthread_mutex_unlock(&line->mutex);
    return entered;
}

void writer_line_leave(WriterLine *line)
{
    pthread_mutex_lock(&line->mutex);
    Waiter *first = line->first;
    line->taken = first != NULL;
    if (first != NULL) {
        line->first = first->next;
        first->turn = true;
    }
    pthread_cond_broadcast(&line->moved);
    pthread_mutex_unlock(&line->mutex);
}

bool writer_line_was_waited_for(WriterLine *line)
{
    pthread_mutex_lock(&line->mutex);
    bool waited = line->waited;
    line->waited = false;
    pthread_mutex_unlock(&line->mutex);
    return waited;
}

bool writer_line_is_waited_for(WriterLine *line)
{
    pthread_mutex_lock(&line->mutex);
    bool waiting = line->first != NULL;
    pthread_mutex_unlock(&line->mutex);
    return waiting;
}
