/* Bringing back what a deletion removed: the same ids, values, times, lineage and versions. Of a job the rows
 * appear all at once; of keys batch by batch. */
#ifndef OBLIGOR_DOMAIN_RESTORATION_H
#define OBLIGOR_DOMAIN_RESTORATION_H

#include "domain/deletion.h"
#include "domain/import.h"
#include "model/deletion.h"
#include "model/job.h"
#include "model/user.h"
#include "store/db.h"

typedef struct RestorationPreview {
    const Deletion *deletion;
    int64_t rows;    /* that would come back */
    int64_t current; /* of those, as the current version of their key */
    int64_t former;  /* of those, into the history behind a newer version */
} RestorationPreview;

/* What restoring would do. Reads only, all of the archive. */
Error *restoration_preview(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                           RestorationPreview *ret_preview) MUST_CHECK;

/* Queues the restoration; of a record alone it is done at once (state done). One that is restored, or on its
 * way back already, is given as it is. ERROR_CONFLICT: its rows are still being removed, or it is the undo of
 * an import, or a later deletion of the same job comes first. ERROR_GONE (reason "window_over" or "purged"):
 * after restorable_until, but for a super_admin; or nothing is archived. ERROR_DENIED: not the one who may
 * delete it. A stalled restoration is begun again from where it stood. */
Error *restoration_request(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                           const char *reason, Deletion **ret_deletion) MUST_CHECK;

/* The deletions of retries that were asked for together with this one and are not undone yet, the oldest job first.
 * `allowed`: ERROR_CONFLICT names the first that may not be undone. */
Error *restoration_retries(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                           bool allowed, DeletionJob **ret_retries, size_t *ret_count) MUST_CHECK;

/* Queues it and, with include_retries, those behind it in one transaction: all of them or none. They come back in this
 * order, so that the last one ends last. */
typedef struct RestorationOptions {
    bool include_retries;
    const char *reason; /* NULL: none */
} RestorationOptions;
typedef struct RestorationResult {
    Deletion *deletion;
    DeletionJob
        *retries; /* deleted together with it: restored with it, or (not asked for) still deleted */
    size_t retry_count;
} RestorationResult;
Error *restoration_request_all(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                               const RestorationOptions *options, RestorationResult *ret_result)
    MUST_CHECK;

/* The latest deletion of a job. ERROR_CONFLICT: it is not deleted. */
Error *restoration_find(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        Uuid *ret_deletion_id) MUST_CHECK;

/* A job that comes back before it had begun is due again. In the transaction that brings it back. */
Error *restoration_queue_import(Arena *arena, Db *db, const Job *job) MUST_CHECK;

Error *restoration_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
    MUST_CHECK;

#endif
