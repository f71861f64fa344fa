/* Deleting a job: its record alone, or with exactly the predictions that it made. The rows are gone from
 * every read the moment `deletion_request` returns; a worker archives and removes them afterwards in batches. */
#ifndef OBLIGOR_DOMAIN_DELETION_H
#define OBLIGOR_DOMAIN_DELETION_H

#include "domain/import.h"
#include "model/deletion.h"
#include "model/job.h"
#include "model/prediction.h"
#include "model/user.h"
#include "store/db.h"

enum { DELETION_SAMPLE_MAX = 20 };

/* How long a deletion may be restored, where nothing else is said. */
#define RESTORE_WINDOW DAYS(30)

typedef struct DeletionOptions {
    bool with_predictions;
    bool include_inferred;
    bool include_edited;     /* versions edited by hand from its rows too */
    bool orphaned_companies; /* mark companies that are left without a prediction as deleted */
    bool include_retries;    /* the jobs that mend it, and those that mend them, too (retries.h) */
    const char *reason;      /* NULL: none */
    const char *if_match; /* NULL, or the ETag of a preview: ERROR_CHANGED when it no longer fits */
    int64_t window;       /* µs for which it may be restored; 0: RESTORE_WINDOW */
} DeletionOptions;

/* A job that goes, or could: what is removed of it, and its deletion once there is one. */
typedef struct DeletionJob {
    const Job *job;
    DeletionCounts counts;
    Deletion *deletion; /* NULL: none */
} DeletionJob;

typedef struct DeletionPreview {
    const Job *job;
    DeletionCounts counts;
    int64_t predictions_kept; /* record only: how many stay */
    Prediction *sample;       /* at most DELETION_SAMPLE_MAX, in file order */
    size_t sample_count;
    const DeletionJob
        *retries; /* that are not deleted yet, newest first: they go if that was asked for */
    size_t retry_count;
    bool more_retries; /* than are listed */
    const char
        *etag; /* with its quotes: the jobs that go, their revisions, the options, the counts */
} DeletionPreview;

/* What the deletion would do. Reads only. The counts are those that the deletion ends with, unless something
 * changes in between. */
Error *deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionPreview *ret_preview) MUST_CHECK;

typedef struct DeletionResult {
    const Job *job; /* as it was found */
    const Deletion *deletion;
    bool done;                  /* record only: at once */
    int64_t predictions_kept;   /* record only */
    const DeletionJob *retries; /* deleted with it, as they were found; newest first */
    size_t retry_count;
    int64_t retries_kept; /* retries that stay */
} DeletionResult;

/* ERROR_CONFLICT: processing ("cancel it first"), already deleting, or on legal hold. A job whose record was
 * deleted may still be deleted with its predictions; one that was deleted with them is ERROR_GONE. With
 * include_retries all go or none: where one may not, ERROR_CONFLICT names it. */
Error *deletion_request(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionResult *ret_result) MUST_CHECK;

/* Hides the rows of an import that ended badly, in the transaction that says so, and begins the deletion that
 * removes them. The caller's task removes them with deletion_undo_run. */
Error *deletion_begin_undo(Arena *arena, Db *db, const Principal *who, const Job *job,
                           const char *reason) MUST_CHECK;
Error *deletion_undo_run(Arena *arena, Db *db, Task *task, const Job *job, const TaskWatch *watch,
                         bool *ret_done) MUST_CHECK;
/* The undo died too often at one place: it waits for somebody to look, and its rows stay hidden. */
Error *deletion_stall_undo(Arena *arena, Db *db, const Task *task, const Job *job) MUST_CHECK;
Error *deletion_end_undo(Arena *arena, Db *db, const Job *job)
    MUST_CHECK; /* with the end of the job */

Error *deletion_get(Arena *arena, Db *db, const Principal *who, Uuid id, Deletion **ret_deletion)
    MUST_CHECK;

/* Waits until the present phase of the deletion is over or `wait` µs have gone; *ret_deletion is its last
 * state. */
Error *deletion_wait(Arena *arena, Db *db, const Principal *who, Uuid id, int64_t wait,
                     Deletion **ret_deletion) MUST_CHECK;

/* Removes a deletion's rows, batch by batch, and ends it. */
Error *deletion_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
    MUST_CHECK;

/* The task died TASK_ATTEMPTS_MAX times at one place: the phase is stalled. The rows stay as they are. */
Error *deletion_give_up(Arena *arena, Db *db, Task *task) MUST_CHECK;

#endif
