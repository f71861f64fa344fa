/* Who may end an archive, and when. The work itself is in archive_purge_run.c. */
#include "domain/archive_purge.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "domain/accounts.h"
#include "domain/audit.h"
#include "domain/deletion.h"
#include "domain/holds.h"
#include "domain/organization_purge.h"
#include "domain/queue.h"
#include "format/archive.h"
#include "store/chunk_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"
#include "store/queue_store.h"

enum { SWEEP_MOST = 100 };

/* --- holds ----------------------------------------------------------------------------------- */

/* Which of the jobs that rows of an archive name are on hold: each is looked up once. */
typedef struct HeldRows {
    Arena *arena; /* of the answer */
    Db *db;
    Uuid owner_id;
    Map jobs; /* id -> Job */
    const Job *held;
    int64_t rows; /* of jobs on hold */
} HeldRows;

static Error *look_at(HeldRows *held, const Prediction *row)
{
    Str id = {(const char *)row->job_id.bytes, sizeof row->job_id.bytes};
    Job *job = map_find(&held->jobs, id);
    if (job == NULL) {
        TRY(job_find(held->arena, held->db, held->owner_id, row->job_id, &job));
        if (job == NULL)
            return NULL;
        map_put(&held->jobs, str_copy(held->arena, id), job);
    }
    if (job->legal_hold == NULL)
        return NULL;
    held->held = job;
    held->rows++;
    return NULL;
}

static Error *look_at_chunk(HeldRows *held, Arena *arena, const Chunk *chunk)
{
    Kind kind;
    Prediction *rows = NULL;
    size_t count = 0;
    TRY(archive_unpack(arena, held->owner_id, chunk->packed, &kind, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (rows[i].has_job)
            TRY(look_at(held, &rows[i]));
    return NULL;
}

static Error *look_at_archive(HeldRows *held, const Deletion *deletion)
{
    Chunk *chunk = NULL;
    int64_t position = 0;
    do {
        Arena *arena = arena_new(0);
        Error *error = chunk_at(arena, held->db, deletion, PART_ROWS, position, &chunk);
        if (error == NULL && chunk != NULL)
            error = look_at_chunk(held, arena, chunk);
        position += chunk == NULL ? 0 : chunk->row_count;
        error = error_copy(held->arena, error);
        arena_free(arena);
        TRY(error);
    } while (chunk != NULL);
    return NULL;
}

Error *archive_purge_refuse_held(Arena *arena, Db *db, const Deletion *deletion)
{
    Job *job = NULL;
    int64_t newest = 0;
    if (!uuid_is_nil(deletion->job_id)) {
        TRY(job_find(arena, db, deletion->owner_id, deletion->job_id, &job));
        return job == NULL ? NULL : holds_refuse_archive(arena, job, deletion->archived);
    }
    TRY(job_newest_hold(arena, db, deletion->owner_id, &newest));
    if (newest == 0)
        return NULL;
    HeldRows held = {arena, db, deletion->owner_id, .jobs = map_new(arena)};
    TRY(look_at_archive(&held, deletion));
    return held.held == NULL ? NULL : holds_refuse_archive(arena, held.held, held.rows);
}

/* --- asking ---------------------------------------------------------------------------------- */

static Error *refuse_unfinished(Arena *arena, const Deletion *deletion)
{
    if (deletion->state == DELETION_DONE)
        return NULL;
    if (deletion->state == DELETION_STALLED)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "This deletion is stalled. Let it go on first; when it is "
                                       "over, its archive may be purged."),
                                 "deletion_stalled");
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "Rows of this deletion are on their way. Wait until that is "
                                   "over, then purge its archive."),
                             "deletion_running");
}

static Error *lock(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion **deletion)
{
    JobLock job;
    bool found = false;
    if (!uuid_is_nil((*deletion)->job_id))
        TRY(job_lock(arena, db, owner_id, (*deletion)->job_id, &job, &found));
    TRY(deletion_lock(arena, db, owner_id, id));
    TRY(deletion_find(arena, db, owner_id, id, deletion)); /* read after the locks: it stays so */
    CHECK(*deletion != NULL);                              /* deletions are never removed */
    return NULL;
}

static Error *queue_purge(Arena *arena, Db *db, const Deletion *deletion)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_PURGE,
                 .owner_id = deletion->owner_id,
                 .object_id = deletion->id,
                 .size = deletion->archived * TASK_ROW_BYTES};
    return queue_add(arena, db, &task);
}

/* Holds of a deletion by keys were looked for before: that may read much, and the worker looks again. */
static Error *begin(Arena *arena, Db *db, const Principal *who, const char *reason,
                    Deletion **deletion)
{
    Uuid owner_id = (*deletion)->owner_id, id = (*deletion)->id;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(lock(arena, db, owner_id, id, deletion));
    if ((*deletion)->phase == PHASE_PURGE)
        return NULL; /* somebody else was faster */
    TRY(refuse_unfinished(arena, *deletion));
    if (!uuid_is_nil((*deletion)->job_id))
        TRY(archive_purge_refuse_held(arena, db, *deletion));
    TRY(deletion_begin_purge(arena, db, *deletion, who->user_id, reason));
    TRY(queue_purge(arena, db, *deletion));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = owner_id,
                                .action = "deletion.purge_requested",
                                .object_kind = "deletion",
                                .object_id = id,
                                .count = (*deletion)->archived,
                                .reason = reason}));
    TRY(deletion_find(arena, db, owner_id, id, deletion));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return NULL;
}

static Error *request(Arena *arena, Db *db, const Principal *who, const char *reason,
                      Deletion **deletion)
{
    if ((*deletion)->phase == PHASE_PURGE)
        return NULL;
    TRY(refuse_unfinished(arena, *deletion));
    TRY(archive_purge_refuse_held(arena, db, *deletion));
    return begin(arena, db, who, reason, deletion);
}

Error *archive_purge_request(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                             const char *reason, Deletion **ret_deletion)
{
    CHECK(reason != NULL);
    TRY(deletion_get(arena, db, who, deletion_id, ret_deletion));
    if (!principal_is_admin(who, (*ret_deletion)->owner_id))
        return ERROR(arena, ERROR_DENIED, "Only an administrator may purge an archive.");
    if ((*ret_deletion)->subject == SUBJECT_ORGANIZATION)
        return organization_purge_request(arena, db, who, reason, ret_deletion);
    return request(arena, db, who, reason, ret_deletion);
}

/* --- the policy ------------------------------------------------------------------------------ */

static Error *purge_old(Arena *arena, Db *db, const OldArchive *old, int64_t *queued)
{
    Peer peer = {.via = "worker"};
    Deletion *deletion = NULL;
    TRY(deletion_find(arena, db, old->owner_id, old->deletion_id, &deletion));
    CHECK(deletion != NULL);
    Error *error =
        request(arena, db, accounts_operator(arena, &peer),
                "The archive was kept for as long as the retention policy says.", &deletion);
    if (error != NULL && error->code == ERROR_CONFLICT)
        return NULL; /* on hold, or busy: another time */
    *queued += error == NULL;
    return error;
}

Error *archive_purge_sweep(Arena *arena, Db *db, int64_t keep, int64_t *ret_queued)
{
    int64_t now = clock_now();
    OldQuery query = {.completed_by = now - keep, .now = now, .limit = SWEEP_MOST};
    size_t count;
    do {
        OldArchive *old = NULL;
        TRY(deletion_old_archives(arena, db, &query, &old, &count));
        for (size_t i = 0; i < count; i++) {
            TRY(purge_old(arena, db, &old[i], ret_queued));
            query.after_completed_at = old[i].completed_at;
            query.after_id = old[i].deletion_id;
        }
    } while (count == SWEEP_MOST);
    return NULL;
}
