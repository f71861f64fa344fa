/* The background worker: claims tasks, runs them, keeps their leases. Each lane is a thread with a
 * database session of its own; the second lane of a worker takes only small tasks, so that ten rows never
 * wait behind a million. One more thread does the housekeeping (expired tokens, leftovers of uploads, archives that
 * are kept no longer, companies that nothing names), and
 * one sends mail where that is configured. */
#ifndef OBLIGOR_WORKER_WORKER_H
#define OBLIGOR_WORKER_WORKER_H

#include "base/error.h"
#include "base/uuid.h"
#include "domain/import.h"
#include "worker/mailer.h"

typedef struct Worker Worker;

typedef struct WorkerConfig {
    const char *db_url;
    const char *name;         /* for the log and the queue; NULL: made of host and process id */
    int64_t keep_archives;    /* µs; older ones are purged; 0: archives are kept */
    const MailerConfig *mail; /* NULL: this one sends none */
} WorkerConfig;

/* Starts the threads; ERROR_UNAVAILABLE when the database cannot be opened. */
Error *worker_start(Arena *arena, const WorkerConfig *config, Worker **ret_worker) MUST_CHECK;

/* Lets the running batch commit, gives the tasks back and ends the threads. NULL is fine. */
void worker_stop(Worker *worker);

/* Works the owner's tasks in this thread, in order, until `job_id` is over: for the command line.
 * `progress` as in domain/import.h's TaskWatch; NULL members are fine. */
Error *worker_run_until(Arena *arena, const char *db_url, const TaskWatch *watch, Uuid owner_id,
                        Uuid job_id) MUST_CHECK;

#endif
