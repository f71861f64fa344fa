/* Bringing back what a deletion removed: the same ids, values, times, lineage and versions. Of a job the rows
 * appear all at once; of keys batch by batch. */
#ifndef OBLIGOR_DOMAIN_RESTORATION_H
#define OBLIGOR_DOMAIN_RESTORATION_H

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

/* The latest deletion of a job. ERROR_CONFLICT: it is not deleted. */
Error *restoration_find(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        Uuid *ret_deletion_id) MUST_CHECK;

/* A job that comes back before it had begun is due again. In the transaction that brings it back. */
Error *restoration_queue_import(Arena *arena, Db *db, const Job *job) MUST_CHECK;

Error *restoration_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
    MUST_CHECK;

#endif
