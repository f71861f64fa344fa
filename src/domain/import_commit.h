/* Committing a batch: companies, predictions, rejected rows, counters and the resume position in one
 * transaction. */
#ifndef OBLIGOR_DOMAIN_IMPORT_COMMIT_H
#define OBLIGOR_DOMAIN_IMPORT_COMMIT_H

#include "domain/import_batch.h"
#include "model/task.h"
#include "store/db.h"

typedef struct ImportCommit ImportCommit;

/* `job` is kept and its counters are brought up to date with every commit. */
ImportCommit *import_commit_new(Arena *arena, Db *db, Task *task, Job *job);

typedef enum CommitEnd {
    COMMIT_DONE,
    COMMIT_CANCELLED, /* cancel was asked for: nothing of this batch was committed */
    COMMIT_TOO_MANY /* max_failed_rows is exceeded; the batch was committed up to the row that did */
} CommitEnd;

/* ERROR_CONFLICT with reason "lease_lost" when another worker has the task. After an error the job's
 * counters are as they were and the batch can be tried again. */
Error *import_commit_batch(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end) MUST_CHECK;

#endif
