/* For restoration_run.c and restoration_lanes.c alone: what a run of a restoration holds in its hands. */
#ifndef OBLIGOR_DOMAIN_RESTORATION_PARTS_H
#define OBLIGOR_DOMAIN_RESTORATION_PARTS_H

#include "domain/archive_walk.h"
#include "domain/restoration.h"

typedef struct Restoring {
    Db *db;
    Task *task;
    Deletion *deletion;
    const Job *job; /* as it was found; NULL: of keys */
    bool shown;     /* the job is: what is left is to settle */
    bool relaxed;   /* commits of the session are not yet durable */
    ArchiveWalk *walk;
    EditKeys edits;
    const TaskWatch *watch;
} Restoring;

/* One batch in a transaction of its own, in this thread, from the position of the task on. *ret_more false: all rows
 * are back. */
Error *restoration_rows_batch(Restoring *r, Arena *arena, int64_t limit, bool *ret_more) MUST_CHECK;

/* Their jobs have them again. In the transaction of the rows. */
Error *restoration_give_back(Arena *arena, Db *db, const Prediction *rows, size_t count) MUST_CHECK;

void restoration_tell(const Restoring *r);

/* Rows of a job side by side, as many as can be; what is left goes one batch after the other. */
Error *restoration_lanes_run(Restoring *r, Arena *arena) MUST_CHECK;

#endif
