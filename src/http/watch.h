/* A thread that looks at a database every second and notes what it saw, so that nobody who only wants to
 * know whether it is there has to wait for it. */
#ifndef OBLIGOR_HTTP_WATCH_H
#define OBLIGOR_HTTP_WATCH_H

#include "base/error.h"

typedef struct Watch Watch;

typedef enum Watched {
    WATCH_DATABASE,
    WATCH_REPLICATED, /* a database with a replica */
    WATCH_REPLICA
} Watched;

/* Looks for the first time before it returns: *ret_error says what was wrong (NULL: nothing), and the
 * watch goes on all the same. `url` is copied. */
Watch *watch_start(Arena *arena, const char *url, Watched what, Error **ret_error);

/* It does not answer: the last look found nobody, or has been waiting for seconds. */
bool watch_is_away(const Watch *watch);

/* It answers and its schema is the one that this program knows; a replica also follows its database. */
bool watch_is_ready(const Watch *watch);

/* The queue of background work as the last look found it; false when it is not known. */
bool watch_tasks(const Watch *watch, int64_t *ret_waiting, int64_t *ret_oldest);

/* Of a database with a replica: a time such that whoever has replayed the log up to `replayed` shows
 * everything that was committed before it. 0: longer ago than is remembered. */
int64_t watch_shown_at(Watch *watch, int64_t replayed);

/* Waits for a look that is under way, some seconds at most. NULL is fine. */
void watch_stop(Watch *watch);

#endif
