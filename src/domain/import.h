/* Running an import: read, map, validate, score, commit; batch by batch, resumable at any instruction. */
#ifndef OBLIGOR_DOMAIN_IMPORT_H
#define OBLIGOR_DOMAIN_IMPORT_H

#include "model/job.h"
#include "model/task.h"
#include "store/db.h"

/* Asked before each batch and told after it. */
typedef struct TaskWatch {
    bool (*stopping)(void *self); /* true: commit nothing more, give the task back */
    /* `file_size` 0: rows that go or come back, of which `total` and `processed` alone are told. May be NULL. */
    void (*progress)(void *self, const JobCounters *counters, int64_t file_size);
    void *self;
    int64_t pause; /* µs between batches: lets another process of one embedded database write */
} TaskWatch;

typedef enum TaskEnd {
    TASK_ENDED,  /* over: the queue no longer has it */
    TASK_STOPPED /* stopped by the watch: to be released */
} TaskEnd;

/* The job goes from pending (or, after a crash, processing) to its end. A wrong file is no Error: it ends
 * the job as failed with a message. An Error means that the database or the process is in trouble and the
 * task is to be tried again. */
Error *import_run(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                  TaskEnd *ret_end) MUST_CHECK; /* `reader`: a second session, for the file */

/* The task died TASK_ATTEMPTS_MAX times at one place: the job is failed, saying where. */
Error *import_give_up(Arena *arena, Db *db, Task *task) MUST_CHECK;

#endif
