/* Live progress of jobs as server-sent events, without a thread for each listener: one thread reads each job
 * that somebody listens to, twice a second, once for all of its listeners, and wakes those to whom it has something
 * to say.
 *
 * What is sent is the present state, as `…/status` gives it, with the job's revision as the event's id: who was
 * away needs the newest event and no other. A stream ends behind the event of a job that has come to rest. A comment
 * goes out every 15 seconds; then the listener's session and access are looked at again. */
#ifndef OBLIGOR_HTTP_EVENTS_H
#define OBLIGOR_HTTP_EVENTS_H

#include "http/request.h"
#include "http/stream.h"
#include "model/job.h"

enum { LISTENERS_MAX = 500, LISTENERS_OF_USER_MAX = 10 };

typedef struct Events Events;

/* Starts the thread; the database is opened when there is somebody to listen. `url` is copied. */
Events *events_start(const char *url);

/* The stream of a job for this request, from the event behind `last_seen` on (-1: from the present state on). It
 * is closed with the request's arena. ERROR_TOO_MANY: this user has LISTENERS_OF_USER_MAX; ERROR_BUSY: the server
 * has as many as it can. */
Error *events_listen(Events *events, const Request *request, const Job *job, int64_t last_seen,
                     const Stream **ret_stream) MUST_CHECK;

int64_t events_listeners(Events *events);

/* Ends every stream and the thread; from now on events_listen gives ERROR_BUSY. NULL is fine, and so is one that was
 * stopped. */
void events_stop(Events *events);

/* After events_stop, when no request is under way. NULL is fine. */
void events_free(Events *events);

#endif
