/* Asking for what a deletion removed, and what that would do. See restoration_run.c for the work itself. */
#include "domain/restoration.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/archive_walk.h"
#include "domain/audit.h"
#include "domain/deletion.h"
#include "domain/holds.h"
#include "domain/jobs.h"
#include "domain/organization_deletion.h"
#include "domain/queue.h"
#include "domain/retries.h"
#include "domain/versions.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/cover_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"

/* --- asking for it --------------------------------------------------------------------------- */

static Error *conflict(Arena *arena, const char *reason, const char *message)
{
    return error_with_reason(ERROR(arena, ERROR_CONFLICT, "%s", message), reason);
}

static Error *refuse_others(Arena *arena, const Principal *who, const Deletion *deletion,
                            const Job *job)
{
    bool may = job != NULL ? jobs_may_change(who, job)
                           : principal_may_change(who, deletion->owner_id, deletion->user_id);
    return may ? NULL
               : ERROR(arena, ERROR_DENIED, "Only who made these predictions may bring them back.");
}

/* Is there something to bring back, still? */
static Error *refuse_gone(Arena *arena, const Principal *who, const Deletion *deletion)
{
    char until[TIME_TEXT_SIZE];
    if (deletion->phase == PHASE_PURGE ||
        (deletion->archived < deletion_rows(&deletion->counts) && !deletion->record_only))
        return error_with_reason(
            ERROR(arena, ERROR_GONE, "What this deletion removed is not kept any more."), "purged");
    if (clock_now() <= deletion->restorable_until || principal_is_admin(who, deletion->owner_id))
        return NULL;
    time_format(until, deletion->restorable_until);
    return error_with_reason(
        ERROR(arena, ERROR_GONE,
              "This deletion could be undone until %s. An administrator still can.", until),
        "window_over");
}

static Error *refuse(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                     const Job *job)
{
    Deletion *latest = NULL;
    JobStatus to;
    TRY(refuse_others(arena, who, deletion, job));
    if (deletion->subject == SUBJECT_UNDO)
        return conflict(
            arena, "undone",
            "The import of this job was undone as it asked for. Upload the file again.");
    if (deletion->phase == PHASE_REMOVAL && deletion->state != DELETION_DONE)
        return conflict(arena, "still_deleting",
                        "Its rows are still being removed. Wait until that is done.");
    TRY(refuse_gone(arena, who, deletion));
    if (job == NULL)
        return NULL;
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &latest));
    if (latest != NULL && !uuid_equal(latest->id, deletion->id))
        return conflict(arena, "not_the_latest",
                        "The job was deleted again since. Restore its latest deletion.");
    return jobs_transition(arena, job, EVENT_RESTORE, &to);
}

static Error *find_both(Arena *arena, Db *db, const Principal *who, Uuid id,
                        Deletion **ret_deletion, Job **ret_job)
{
    *ret_job = NULL;
    TRY(deletion_get(arena, db, who, id, ret_deletion));
    if (uuid_is_nil((*ret_deletion)->job_id))
        return NULL;
    return job_find(arena, db, (*ret_deletion)->owner_id, (*ret_deletion)->job_id, ret_job);
}

static bool is_over_or_on_its_way(const Deletion *deletion)
{
    return deletion->phase == PHASE_RESTORE && deletion->state != DELETION_STALLED;
}

/* A job that had not begun is due again. */
Error *restoration_queue_import(Arena *arena, Db *db, const Job *job)
{
    Task import = {.id = uuid_new(),
                   .kind = TASK_IMPORT,
                   .owner_id = job->owner_id,
                   .object_id = job->id,
                   .size = job->file_size};
    return job->status_before == JOB_PENDING ? queue_add(arena, db, &import) : NULL;
}

/* Its rows never went: the record alone comes back. */
static Error *restore_record(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                             const Job *job)
{
    int64_t now = clock_now();
    TRY(job_restored(arena, db, job->owner_id, job->id, now));
    TRY(deletion_begin_restore(arena, db, deletion, who->user_id, now, DELETION_DONE));
    return restoration_queue_import(arena, db, job);
}

/* Rows that another restoration brought back while the job was deleted are hidden with those that come until it is
 * shown: as long, what lies under them is seen, and then they are looked at. Most jobs have none. */
static Error *uncover_rows_left(Arena *arena, Db *db, const Deletion *deletion, const Job *job)
{
    SettlePass pass = {.last = -1, .looked = SETTLE_AT_ONCE};
    if (job_rows_left(job) == 0)
        return NULL;
    TRY(covering_add_job(arena, db, job->kind, job->owner_id, job->id, deletion->include_inferred));
    while (pass.looked == SETTLE_AT_ONCE) {
        const SwapQuery query = {.kind = job->kind,
                                 .owner_id = job->owner_id,
                                 .job_id = job->id,
                                 .inferred = deletion->include_inferred,
                                 .after = pass.last,
                                 .limit = SETTLE_AT_ONCE};
        TRY(versions_uncover(arena, db, &query, &pass));
    }
    return owner_touch(arena, db, job->owner_id);
}

static Error *begin(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                    const Job *job)
{
    int64_t now = clock_now();
    Task task = {.id = uuid_new(),
                 .kind = TASK_RESTORE,
                 .owner_id = deletion->owner_id,
                 .object_id = deletion->id,
                 .size = deletion->archived * TASK_ROW_BYTES};
    if (deletion->record_only)
        return restore_record(arena, db, who, deletion, job);
    if (deletion->phase == PHASE_RESTORE) { /* stalled: from where it stood */
        TRY(deletion_finish(arena, db, deletion, DELETION_PENDING, 0));
        task.position = deletion->restored_rows;
        return queue_add(arena, db, &task);
    }
    TRY(deletion_begin_restore(arena, db, deletion, who->user_id, now, DELETION_PENDING));
    if (job != NULL) {
        TRY(job_restoring(arena, db, job->owner_id, job->id, deletion->include_inferred, now));
        TRY(uncover_rows_left(arena, db, deletion, job));
    }
    return queue_add(arena, db, &task);
}

static Error *note(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                   const RestorationOptions *options)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    bool job = !uuid_is_nil(deletion->job_id);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_text(&out, "subject", DELETION_SUBJECT_WORDS[deletion->subject]);
    if (options->include_retries && !uuid_is_nil(deletion->with_deletion))
        json_put_uuid(&out, "with_deletion", deletion->with_deletion);
    json_end_object(&out);
    json_out_close(&out);
    return audit_write(
        arena, db, who,
        (AuditNote){.owner_id = deletion->owner_id,
                    .action = job ? "job.restored" : "deletion.restored",
                    .object_kind = job ? "job" : "deletion",
                    .object_id = job ? deletion->job_id : deletion->id,
                    .count = deletion->record_only ? 0 : deletion_rows(&deletion->counts),
                    .reason = options->reason,
                    .details = str_dup(arena, buf_str(&buf))});
}

/* In a write transaction. One that is restored, or on its way back already, stays as it is. */
static Error *restore_one(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                          const RestorationOptions *options)
{
    Deletion *deletion = NULL;
    Job *job = NULL;
    TRY(find_both(arena, db, who, deletion_id, &deletion, &job));
    if (job != NULL)
        TRY(jobs_get_locked(arena, db, who, job->id, true, &job));
    TRY(deletion_lock(arena, db, deletion->owner_id, deletion->id));
    TRY(find_both(arena, db, who, deletion_id, &deletion, &job));
    if (is_over_or_on_its_way(deletion))
        return refuse_others(arena, who, deletion, job);
    if (deletion->phase != PHASE_RESTORE)
        TRY(refuse(arena, db, who, deletion, job));
    else
        TRY(refuse_others(arena, who, deletion, job));
    TRY(begin(arena, db, who, deletion, job));
    return note(arena, db, who, deletion, options);
}

/* --- with those that were deleted together with it ---------------------------------------------- */

static Error *name_retry(Arena *arena, const DeletionJob *retry, Error *why)
{
    return retries_keep_all(arena, retry->job, "restored", "come back", why);
}

Error *restoration_retries(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                           bool allowed, DeletionJob **ret_retries, size_t *ret_count)
{
    Deletion **found = NULL;
    size_t count = 0;
    *ret_count = 0;
    TRY(deletion_together(arena, db, deletion->owner_id, deletion->id, &found, &count));
    *ret_retries = ARENA_ARRAY(arena, DeletionJob, count + 1);
    for (size_t i = 0; i < count; i++) {
        Job *job = NULL;
        if (found[i]->phase != PHASE_REMOVAL)
            continue;
        TRY(job_find(arena, db, deletion->owner_id, found[i]->job_id, &job));
        CHECK(job != NULL); /* it is never removed */
        DeletionJob *retry = &(*ret_retries)[(*ret_count)++];
        *retry = (DeletionJob){job, found[i]->counts, found[i]};
        if (allowed)
            TRY(name_retry(arena, retry, refuse(arena, db, who, found[i], job)));
    }
    return NULL;
}

static Error *lock_both(Arena *arena, Db *db, const Principal *who, const Deletion *deletion)
{
    Job *job = NULL;
    if (!uuid_is_nil(deletion->job_id))
        TRY(jobs_get_locked(arena, db, who, deletion->job_id, true, &job));
    return deletion_lock(arena, db, deletion->owner_id, deletion->id);
}

/* Before the first of them begins, which locks the owner; the oldest first, as everybody does. */
static Error *lock_all(Arena *arena, Db *db, const Principal *who, const RestorationResult *result)
{
    TRY(lock_both(arena, db, who, result->deletion));
    for (size_t i = 0; i < result->retry_count; i++)
        TRY(lock_both(arena, db, who, result->retries[i].deletion));
    return NULL;
}

static Error *restore_all(Arena *arena, Db *db, const Principal *who,
                          const RestorationOptions *options, RestorationResult *result)
{
    const Deletion *deletion = result->deletion;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(restoration_retries(arena, db, who, deletion, false, &result->retries,
                            &result->retry_count));
    if (options->include_retries)
        TRY(lock_all(arena, db, who, result));
    TRY(restore_one(arena, db, who, deletion->id, options));
    TRY(restoration_retries(arena, db, who, deletion, false, &result->retries,
                            &result->retry_count));
    for (size_t i = 0; options->include_retries && i < result->retry_count; i++) {
        const DeletionJob *retry = &result->retries[i];
        TRY(name_retry(arena, retry, restore_one(arena, db, who, retry->deletion->id, options)));
    }
    TRY(deletion_get(arena, db, who, deletion->id, &result->deletion));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return NULL;
}

Error *restoration_request_all(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                               const RestorationOptions *options, RestorationResult *ret_result)
{
    RestorationResult result = {0};
    TRY(deletion_get(arena, db, who, deletion_id, &result.deletion));
    if (result.deletion->subject == SUBJECT_ORGANIZATION)
        TRY(organization_deletion_restore(arena, db, who, result.deletion, options->reason,
                                          &result.deletion));
    else
        TRY(restore_all(arena, db, who, options, &result));
    *ret_result = result;
    return NULL;
}

Error *restoration_request(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                           const char *reason, Deletion **ret_deletion)
{
    const RestorationOptions options = {.reason = reason};
    RestorationResult result = {0};
    TRY(restoration_request_all(arena, db, who, deletion_id, &options, &result));
    *ret_deletion = result.deletion;
    return NULL;
}

Error *restoration_find(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        Uuid *ret_deletion_id)
{
    Job *job = NULL;
    Deletion *deletion = NULL;
    TRY(jobs_get(arena, db, who, job_id, true, &job));
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &deletion));
    if (deletion == NULL)
        return conflict(arena, "not_deleted", "The job is not deleted.");
    *ret_deletion_id = deletion->id;
    return NULL;
}

/* --- looking at what it would do --------------------------------------------------------------- */

static Error *preview_part(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                           const EditKeys *edits, RestorationPreview *preview)
{
    enum { LOOK = 5000 };
    ArchiveWalk *walk = archive_walk_new(arena, db, deletion);
    Prediction *rows = NULL;
    size_t count = 0;
    for (int64_t at = 0;; at += (int64_t)count) {
        ArenaMark mark = arena_mark(arena);
        TRY(archive_walk_rows(arena, walk, part, at, LOOK, &rows, &count));
        if (count == 0)
            return NULL;
        bool *former = ARENA_ARRAY(arena, bool, count);
        TRY(versions_would_put_back(arena, db, rows, count, former));
        preview->rows += (int64_t)count;
        preview->former += edit_keys_count_former(edits, rows, former, count);
        arena_rewind(arena, mark);
    }
}

Error *restoration_preview(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                           RestorationPreview *ret_preview)
{
    Deletion *deletion = NULL;
    Job *job = NULL;
    EditKeys edits;
    RestorationPreview preview = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(find_both(arena, db, who, deletion_id, &deletion, &job));
    preview.deletion = deletion;
    if (deletion->subject == SUBJECT_ORGANIZATION)
        TRY(organization_deletion_refuse_restore(arena, deletion));
    else if (deletion->phase == PHASE_REMOVAL)
        TRY(refuse(arena, db, who, deletion, job));
    else
        TRY(refuse_others(arena, who, deletion, job));
    if (deletion->phase == PHASE_REMOVAL && !deletion->record_only) {
        TRY(edit_keys_find(arena, db, deletion, &edits));
        TRY(preview_part(arena, db, deletion, PART_ROWS, &edits, &preview));
        TRY(preview_part(arena, db, deletion, PART_EDITS, &edits, &preview));
    }
    preview.current = preview.rows - preview.former;
    *ret_preview = preview;
    return tx_commit(&tx, arena);
}
