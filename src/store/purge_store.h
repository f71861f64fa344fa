/* What ends an archive, and with it what only the archive kept: the file and the errors of a deleted job, and
 * companies that nothing names any more. */
#ifndef OBLIGOR_STORE_PURGE_STORE_H
#define OBLIGOR_STORE_PURGE_STORE_H

#include "model/deletion.h"
#include "store/db.h"

/* --- the deletion's own state ---------------------------------------------------------------- */

Error *deletion_begin_purge(Arena *arena, Db *db, const Deletion *deletion, Uuid by,
                            const char *reason) MUST_CHECK;
Error *deletion_purged(Arena *arena, Db *db, const Deletion *deletion, int64_t rows) MUST_CHECK;
Error *deletion_end_purge(Arena *arena, Db *db, const Deletion *deletion, int64_t now) MUST_CHECK;

/* A stalled phase is pending again. */
Error *deletion_resume(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

/* An archive that is kept longer than somebody wants. */
typedef struct OldArchive {
    Uuid owner_id;
    Uuid deletion_id;
    int64_t completed_at;
} OldArchive;

typedef struct OldQuery {
    int64_t completed_by; /* completed then or before */
    int64_t now;          /* their restore window is over */
    int64_t after_completed_at;
    Uuid after_id;
    int64_t limit;
} OldQuery;

/* Of all owners, oldest first; none of a job on hold. */
Error *deletion_old_archives(Arena *arena, Db *db, const OldQuery *query, OldArchive **ret_archives,
                             size_t *ret_count) MUST_CHECK;

/* --- the job --------------------------------------------------------------------------------- */

/* When the newest of the owner's holds was set; 0: no job is on hold. */
Error *job_newest_hold(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_at) MUST_CHECK;

/* Does a prediction, or the archive of another deletion of the job, still refer to it? */
Error *job_is_referred(Arena *arena, Db *db, const Deletion *deletion, bool *ret_referred)
    MUST_CHECK;

/* What is kept of a job beside its record. */
typedef enum JobPart {
    JOB_PART_FILE,
    JOB_PART_ERRORS,
    JOB_PART_MARKS,
    JOB_PART_COVERING,
    JOB_PART_COMPANY_CHANGES,
    JOB_PART_COUNT
} JobPart;

/* Removes at most `limit` rows of it; *ret_removed went, 0: there are none. */
Error *job_part_purge(Arena *arena, Db *db, const Deletion *deletion, JobPart part, int64_t limit,
                      int64_t *ret_removed) MUST_CHECK;

/* --- companies ------------------------------------------------------------------------------- */

/* Up to `limit` companies that the archive names; and one that it names no more. */
Error *archived_companies_some(Arena *arena, Db *db, const Deletion *deletion, int64_t limit,
                               Uuid **ret_companies, size_t *ret_count) MUST_CHECK;
Error *archived_company_remove(Arena *arena, Db *db, const Deletion *deletion, Uuid company_id)
    MUST_CHECK;

/* Ends a company that is marked deleted and that no row and no archive names; *ret_removed. */
Error *company_sweep(Arena *arena, Db *db, Uuid owner_id, Uuid company_id, bool *ret_removed)
    MUST_CHECK;

/* A place in the order of all companies. */
typedef struct CompanyPlace {
    Uuid owner_id;
    Uuid id;
} CompanyPlace;

/* Those of the next `slice` companies behind *place that are marked deleted, of all owners; *place moves behind
 * them, and back to the beginning (nil) with the last. */
Error *company_walk(Arena *arena, Db *db, int64_t slice, CompanyPlace *place,
                    CompanyPlace **ret_found, size_t *ret_count) MUST_CHECK;

#endif
