/* Committing batches: companies, predictions, rejected rows, counters and the resume position in one
 * transaction. */
#ifndef OBLIGOR_DOMAIN_IMPORT_COMMIT_H
#define OBLIGOR_DOMAIN_IMPORT_COMMIT_H

#include "domain/import_work.h"
#include "store/db.h"

typedef struct ImportCommit ImportCommit;

/* `job` and `task` are kept, and brought up to date with every commit. */
ImportCommit *import_commit_new(Arena *arena, Db *db, Task *task, Job *job);

typedef enum CommitEnd {
    COMMIT_DONE,
    COMMIT_CANCELLED, /* cancel was asked for: nothing of this batch was committed */
    COMMIT_TOO_MANY /* max_failed_rows is exceeded; the batch was committed up to the row that did */
} CommitEnd;

/* Commits a batch in this thread, once more where the database says that trying again may help.
 * ERROR_CONFLICT with reason "lease_lost" when another worker has the task. After an error the job's
 * counters are as they were and the batch can be tried again. */
Error *import_commit_batch(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end) MUST_CHECK;

/* --- for batches side by side (import_lanes.c) -------------------------------------------------- */

/* Does this job allow it? What must be rolled back with its batch to the last company does not. */
bool import_commit_may_part(const ImportCommit *commit);

/* Commits the companies of a batch ahead of it (one without predictions is harmless) and plans the rest. */
Error *import_commit_prepare(ImportCommit *commit, ImportBatch *batch, Work *ret_work) MUST_CHECK;

/* How far an import is: what the last committed batch left behind. */
typedef struct ImportPlace {
    JobCounters counters;
    Task task;
} ImportPlace;

ImportPlace import_commit_place(const ImportCommit *commit);
void import_commit_move(ImportCommit *commit, const ImportPlace *place);

/* At the batch's turn, in the transaction of its predictions: settles what is late and writes down the
 * rest. `rest_stored`: problems and counts are already. *place is brought up to date; it counts once the
 * transaction is committed. */
Error *import_commit_finish(Work *work, Db *db, bool rest_stored, ImportPlace *place,
                            CommitEnd *ret_end) MUST_CHECK;

#endif
