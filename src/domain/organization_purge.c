/* A task of the organization's own queue, so that it comes behind everything that was accepted before the organization
 * was deleted. Each batch removes the next rows in a transaction of its own; nothing has to be remembered, since the
 * next one finds what is left. The last one lets the members go and ends the deletion. */
#include "domain/organization_purge.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/accounts.h"
#include "domain/audit.h"
#include "domain/batches.h"
#include "domain/queue.h"
#include "store/deletion_store.h"
#include "store/organization_store.h"
#include "store/purge_store.h"

/* --- asking for it -------------------------------------------------------------------------------- */

static Error *refuse_held(Arena *arena, Db *db, Uuid organization_id)
{
    int64_t newest = 0;
    TRY(job_newest_hold(arena, db, organization_id, &newest));
    if (newest == 0)
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "The organization has uploads that are on legal hold. Bring it "
                                   "back and have the holds lifted first."),
                             "legal_hold");
}

static Error *refuse(Arena *arena, Db *db, const Deletion *deletion)
{
    if (deletion->phase == PHASE_RESTORE)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "The organization was brought back: nothing is deleted."),
            "restored");
    return refuse_held(arena, db, deletion->object_id);
}

Error *organization_purge_queue(Arena *arena, Db *db, const Deletion *deletion)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_PURGE_ORGANIZATION,
                 .owner_id = deletion->object_id,
                 .object_id = deletion->id,
                 .size = deletion->expected * TASK_ROW_BYTES};
    return queue_add(arena, db, &task);
}

static AuditNote of(const Deletion *deletion, const char *action, const char *reason)
{
    return (AuditNote){.owner_id = deletion->object_id,
                       .action = action,
                       .object_kind = "organization",
                       .object_id = deletion->object_id,
                       .count = deletion->expected,
                       .reason = reason};
}

/* In its own trail, and in the system's behind it. */
static Error *note(Arena *arena, Db *db, const Principal *who, AuditNote what)
{
    TRY(audit_write(arena, db, who, what));
    what.owner_id = SYSTEM_OWNER;
    return audit_write(arena, db, who, what);
}

Error *organization_purge_request(Arena *arena, Db *db, const Principal *who, const char *reason,
                                  Deletion **deletion)
{
    bool found = false;
    Uuid id = (*deletion)->id;
    CHECK((*deletion)->subject == SUBJECT_ORGANIZATION && who->role == ROLE_SUPER_ADMIN);
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organization_lock(arena, db, (*deletion)->object_id, &found));
    TRY(deletion_lock(arena, db, SYSTEM_OWNER, id));
    TRY(deletion_find(arena, db, SYSTEM_OWNER, id, deletion)); /* behind the locks: it stays so */
    if ((*deletion)->phase == PHASE_PURGE)
        return NULL; /* somebody else was faster */
    TRY(refuse(arena, db, *deletion));
    TRY(deletion_begin_purge(arena, db, *deletion, who->user_id, reason));
    TRY(organization_purge_queue(arena, db, *deletion));
    TRY(note(arena, db, who, of(*deletion, "organization.purge_requested", reason)));
    TRY(deletion_find(arena, db, SYSTEM_OWNER, id, deletion));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return NULL;
}

/* --- the worker's part ---------------------------------------------------------------------------- */

typedef struct Run {
    Db *db;
    Task *task;
    const Deletion *deletion;
    OrganizationPart part; /* ORGANIZATION_PART_COUNT: all rows are gone */
} Run;

static Error *note_end(Arena *arena, Db *db, const Deletion *deletion, const char *action)
{
    Principal *who = NULL;
    TRY(accounts_worker(arena, db, deletion->purged_by, &who));
    return note(arena, db, who, of(deletion, action, deletion->purge_reason));
}

/* One batch. *ret_done: there was nothing left, and the task is over. */
static Error *remove_some(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    Run *run = self;
    Task after = *run->task; /* it may have to be done again from where it was */
    Uuid id = run->deletion->object_id;
    OrganizationPart part = run->part;
    int64_t removed = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    for (; part < ORGANIZATION_PART_COUNT && removed == 0; part += removed == 0)
        TRY(organization_part_remove(arena, run->db, id, part, limit, &removed));
    if (removed > 0) {
        TRY(queue_advance(arena, run->db, &after, after.position + removed));
    } else {
        TRY(organization_release(arena, run->db, id, clock_now()));
        TRY(deletion_end_purge(arena, run->db, run->deletion, clock_now()));
        TRY(queue_finish(arena, run->db, run->task));
        TRY(note_end(arena, run->db, run->deletion, "organization.purged"));
    }
    TRY(tx_commit(&tx, arena));
    run->part = part;
    *run->task = after;
    *ret_done = removed == 0;
    return NULL;
}

/* *ret_deletion NULL: it is over, or somebody else's. */
static Error *find(Arena *arena, Db *db, const Task *task, Deletion **ret_deletion)
{
    TRY(deletion_find(arena, db, SYSTEM_OWNER, task->object_id, ret_deletion));
    const Deletion *deletion = *ret_deletion;
    if (deletion != NULL && (deletion->phase != PHASE_PURGE || deletion->state == DELETION_DONE ||
                             !uuid_equal(deletion->object_id, task->owner_id)))
        *ret_deletion = NULL;
    return NULL;
}

static Error *stall(Arena *arena, Db *db, const Task *task, const Deletion *deletion)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(deletion_finish(arena, db, deletion, DELETION_STALLED, 0));
    TRY(queue_finish(arena, db, task));
    TRY(note_end(arena, db, deletion, "organization.purge_stalled"));
    return tx_commit(&tx, arena);
}

static Error *begin(Arena *arena, Db *db, const Task *task, const Deletion *deletion)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(queue_hold(arena, db, task));
    TRY(deletion_finish(arena, db, deletion, DELETION_RUNNING, 0));
    return tx_commit(&tx, arena);
}

Error *organization_purge_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch,
                              TaskEnd *ret_end)
{
    Deletion *deletion = NULL;
    bool done = false;
    *ret_end = TASK_ENDED;
    TRY(find(arena, db, task, &deletion));
    if (deletion == NULL)
        return queue_drop(arena, db, task);
    Error *held = refuse_held(arena, db, deletion->object_id);
    if (error_is(held, "legal_hold")) {
        log_event(LOG_WARN, "a legal hold stopped the purge of an organization",
                  LOG_TEXT("deletion", uuid_text(arena, deletion->id)));
        return stall(arena, db, task, deletion);
    }
    TRY(held);
    TRY(begin(arena, db, task, deletion));
    Run run = {.db = db, .task = task, .deletion = deletion};
    TRY(batches_run(arena, db, watch, (BatchSize){500, 50, 10000}, remove_some, &run, &done));
    if (!done)
        *ret_end = TASK_STOPPED;
    return NULL;
}

Error *organization_purge_give_up(Arena *arena, Db *db, Task *task)
{
    Deletion *deletion = NULL;
    TRY(find(arena, db, task, &deletion));
    return deletion == NULL ? queue_drop(arena, db, task) : stall(arena, db, task, deletion);
}
