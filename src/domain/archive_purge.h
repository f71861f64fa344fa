/* Ending an archive: what it holds can never be restored after that. Nobody does it but a super_admin with a
 * reason, or a policy that keeps archives for so long and no longer; not while a legal hold is on what it
 * holds. With the archive of a job that stays deleted go the job's file and errors. */
#ifndef OBLIGOR_DOMAIN_ARCHIVE_PURGE_H
#define OBLIGOR_DOMAIN_ARCHIVE_PURGE_H

#include "domain/import.h"
#include "model/deletion.h"
#include "model/user.h"
#include "store/db.h"
#include "store/purge_store.h"

/* Queues the purge. One that is purged or being purged already is given as it is. ERROR_DENIED: not a
 * super_admin. ERROR_CONFLICT: its rows are on their way (reason "deletion_running"), that is stalled
 * ("deletion_stalled"), or a hold forbids it ("legal_hold"). `reason` is never NULL. */
Error *archive_purge_request(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                             const char *reason, Deletion **ret_deletion) MUST_CHECK;

/* ERROR_CONFLICT, reason "legal_hold", where rows of a job on hold are in the archive. Reads all of it only where
 * the deletion is not a job's and the owner has a job on hold. */
Error *archive_purge_refuse_held(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

/* Queues purges of archives that are kept longer than `keep` µs and whose restore window is over, of all owners;
 * *ret_queued of them. Those on hold stay. */
Error *archive_purge_sweep(Arena *arena, Db *db, int64_t keep, int64_t *ret_queued) MUST_CHECK;

/* Removes the archive batch by batch, then what only it kept. A hold that is set meanwhile stalls it. */
Error *archive_purge_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
    MUST_CHECK;
Error *archive_purge_give_up(Arena *arena, Db *db, Task *task) MUST_CHECK;

/* Ends companies that are marked deleted and that nothing names any more, of owners without open work: goes on
 * behind *place, for at most `most` µs. `db` may be a session that checks no keys (DbOptions.keys_unchecked). */
Error *archive_purge_companies(Arena *arena, Db *db, CompanyPlace *place, int64_t most,
                               int64_t *ret_removed) MUST_CHECK;

#endif
