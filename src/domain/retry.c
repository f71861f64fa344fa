/* The task of a phase that stalled is gone from the queue; it comes back behind the owner's other tasks. */
#include "domain/retry.h"

#include "domain/archive_purge.h"
#include "domain/audit.h"
#include "domain/deletion.h"
#include "domain/organization_purge.h"
#include "domain/queue.h"
#include "domain/restoration.h"
#include "store/deletion_store.h"
#include "store/job_store.h"

static Error *refuse(Arena *arena, const Deletion *deletion)
{
    if (deletion->state == DELETION_STALLED)
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "This deletion is not stalled: there is nothing to let go on."),
                             "not_stalled");
}

static bool goes_on(const Deletion *deletion)
{
    return deletion->state == DELETION_PENDING || deletion->state == DELETION_RUNNING;
}

static Error *queue_again(Arena *arena, Db *db, const Deletion *deletion)
{
    bool purge = deletion->phase == PHASE_PURGE;
    Task task = {.id = uuid_new(),
                 .kind = purge ? TASK_PURGE : TASK_DELETION,
                 .owner_id = deletion->owner_id,
                 .object_id = deletion->id,
                 .size = (purge ? deletion->archived : deletion->expected) * TASK_ROW_BYTES};
    if (deletion->subject == SUBJECT_UNDO) { /* the import's task takes back what it did */
        task.kind = TASK_IMPORT;
        task.object_id = deletion->job_id;
    }
    TRY(deletion_resume(arena, db, deletion));
    if (deletion->subject == SUBJECT_ORGANIZATION)
        return organization_purge_queue(arena, db, deletion);
    return queue_add(arena, db, &task);
}

static Error *resume(Arena *arena, Db *db, const Principal *who, Deletion **deletion)
{
    Uuid owner_id = (*deletion)->owner_id, id = (*deletion)->id;
    JobLock job;
    bool found = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (!uuid_is_nil((*deletion)->job_id))
        TRY(job_lock(arena, db, owner_id, (*deletion)->job_id, &job, &found));
    TRY(deletion_lock(arena, db, owner_id, id));
    TRY(deletion_get(arena, db, who, id, deletion)); /* read after the locks: it stays so */
    if (goes_on(*deletion))
        return NULL;
    TRY(refuse(arena, *deletion));
    TRY(queue_again(arena, db, *deletion));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = owner_id,
                                .action = "deletion.retried",
                                .object_kind = "deletion",
                                .object_id = id,
                                .count = -1}));
    TRY(deletion_get(arena, db, who, id, deletion));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return NULL;
}

Error *retry_deletion(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                      Deletion **ret_deletion)
{
    TRY(deletion_get(arena, db, who, deletion_id, ret_deletion));
    if (!principal_is_admin(who, (*ret_deletion)->owner_id))
        return ERROR(arena, ERROR_DENIED, "Only an administrator may let a deletion go on.");
    if (goes_on(*ret_deletion))
        return NULL;
    TRY(refuse(arena, *ret_deletion));
    if ((*ret_deletion)->phase == PHASE_RESTORE)
        return restoration_request(arena, db, who, deletion_id, NULL, ret_deletion);
    if ((*ret_deletion)->phase == PHASE_PURGE)
        TRY(archive_purge_refuse_held(arena, db, *ret_deletion));
    return resume(arena, db, who, ret_deletion);
}
