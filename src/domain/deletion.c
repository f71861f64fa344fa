/* Deleting a job.
 *
 * Its whole effect is one short transaction: a mark on the job from which every read decides whether a
 * row is hidden, and the return of the versions that its rows displaced. So a million rows are gone as fast as
 * one. What follows, archiving and removing the rows in batches, is a task in the owner's queue; it changes
 * nothing that anybody sees, unless so many versions were displaced that their return is part of it. An upload
 * that is accepted after the deletion is worked after it and finds its keys free. */
#include "domain/deletion.h"

#include "base/clock.h"
#include "domain/audit.h"
#include "domain/deletion_plan.h"
#include "domain/jobs.h"
#include "domain/key_deletion.h"
#include "domain/organization_deletion.h"
#include "domain/queue.h"
#include "domain/removal.h"
#include "domain/versions.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/queue_store.h"

enum { RECLAIM_ROWS = 100000 };

/* --- looking at what it would do ------------------------------------------------------------- */

/* Of a record alone nothing goes. */
static void forget_rows(DeletionPlan *plan)
{
    for (size_t i = 1; !plan->options->with_predictions && i < plan->count; i++)
        plan->items[i].counts = (DeletionCounts){0};
}

static Error *preview_all(Arena *arena, Db *db, DeletionPlan *plan, DeletionPreview *preview)
{
    const Job *job = plan->items[0].job;
    TRY(deletion_plan_count(arena, db, plan, COUNT_ALL));
    TRY(deletion_plan_count_staying(arena, db, plan));
    preview->etag = deletion_plan_etag(arena, plan);
    if (plan->options->with_predictions) {
        TRY(prediction_of_job(arena, db, job->kind, job->owner_id, job->id, -1, DELETION_SAMPLE_MAX,
                              &preview->sample, &preview->sample_count));
        TRY(deletion_plan_count_companies(arena, db, plan));
        preview->counts = plan->items[0].counts;
    } else {
        preview->predictions_kept = plan->items[0].counts.predictions[job->kind];
    }
    preview->counts.retries_kept = (int64_t)(plan->count - plan->going);
    forget_rows(plan);
    preview->retries = &plan->items[1];
    preview->retry_count = plan->count - 1;
    preview->more_retries = plan->more;
    return NULL;
}

Error *deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionPreview *ret_preview)
{
    Job *job = NULL;
    DeletionPlan plan;
    DeletionPreview preview = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(jobs_get(arena, db, who, job_id, true, &job));
    TRY(deletion_plan_find(arena, db, who, job, options, &plan));
    TRY(deletion_plan_allowed(arena, db, who, &plan));
    TRY(preview_all(arena, db, &plan, &preview));
    TRY(tx_commit(&tx, arena));
    preview.job = job;
    *ret_preview = preview;
    return NULL;
}

/* --- the deletion ---------------------------------------------------------------------------- */

/* `retries`: how many go with it. */
static Error *note(Arena *arena, Db *db, const Principal *who, const Deletion *deletion,
                   size_t retries)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_bool(&out, "with_predictions", !deletion->record_only);
    json_put_bool(&out, "include_inferred", deletion->include_inferred);
    json_put_bool(&out, "include_edited", deletion->include_edited);
    json_put_bool(&out, "delete_orphaned_companies", deletion->orphaned_companies);
    if (retries > 0)
        json_put_int(&out, "retries_deleted", (int64_t)retries);
    if (!uuid_is_nil(deletion->with_deletion))
        json_put_uuid(&out, "with_deletion", deletion->with_deletion);
    json_end_object(&out);
    json_out_close(&out);
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = deletion->owner_id,
                                   .action = "job.deleted",
                                   .object_kind = "job",
                                   .object_id = deletion->job_id,
                                   .count = deletion->record_only ? 0 : deletion->expected,
                                   .reason = deletion->reason,
                                   .details = str_dup(arena, buf_str(&buf))});
}

/* The transaction that is the deletion: first every job that goes is out of sight, ... */
static Error *hide(Arena *arena, Db *db, const Job *job, const Deletion *deletion)
{
    if (job->status == JOB_PENDING) /* it never runs */
        TRY(task_drop(arena, db, job->owner_id, job->id, TASK_IMPORT, NULL));
    TRY(deletion_insert(arena, db, deletion));
    if (deletion->record_only)
        return job_delete_record(arena, db, job->owner_id, job->id, deletion->created_at);
    return job_hide(arena, db, job->owner_id, job->id, deletion->include_inferred,
                    deletion->created_at);
}

/* ... then what their rows displaced comes back, and is never a row of another that goes. */
static Error *queue_removal(Arena *arena, Db *db, const Deletion *deletion)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_DELETION,
                 .owner_id = deletion->owner_id,
                 .object_id = deletion->id,
                 .size = deletion->expected * TASK_ROW_BYTES};
    if (deletion->record_only)
        return NULL;
    TRY(owner_touch(arena, db, deletion->owner_id));
    return queue_add(arena, db, &task);
}

/* All rows and jobs are locked before the owner, as everybody does. */
static Error *begin_removals(Arena *arena, Db *db, DeletionPlan *plan)
{
    int64_t at_once = SETTLE_AT_ONCE;
    for (size_t i = 1; i <= plan->going; i++) {
        Deletion *deletion = plan->items[i % plan->going].deletion;
        if (!deletion->record_only)
            TRY(removal_begin(arena, db, deletion, &at_once));
    }
    for (size_t i = 1; i <= plan->going; i++)
        TRY(queue_removal(arena, db, plan->items[i % plan->going].deletion));
    return NULL;
}

/* Deletions of one job are ordered by their times, whatever the clock does. */
static int64_t later(int64_t now, int64_t before)
{
    return now > before ? now : before + 1;
}

static Error *new_deletion(Arena *arena, Db *db, const Principal *who, const Job *job,
                           Deletion **ret_deletion)
{
    Deletion *before = NULL;
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &before));
    Deletion *deletion = ARENA_NEW(arena, Deletion);
    *deletion =
        (Deletion){.id = uuid_new(),
                   .owner_id = job->owner_id,
                   .job_id = job->id,
                   .has_kind = true,
                   .kind = job->kind,
                   .user_id = who->user_id,
                   .user_email = who->email,
                   .created_at = later(clock_now(), before == NULL ? 0 : before->created_at)};
    *ret_deletion = deletion;
    return NULL;
}

static void fill_in(const DeletionPlan *plan, size_t index, Deletion *deletion)
{
    const DeletionOptions *options = plan->options;
    const DeletionCounts *counts = &plan->items[index].counts;
    deletion->restorable_until =
        deletion->created_at + (options->window > 0 ? options->window : RESTORE_WINDOW);
    deletion->reason = options->reason;
    deletion->record_only = !options->with_predictions;
    deletion->include_inferred = options->include_inferred;
    deletion->include_edited = options->include_edited;
    deletion->orphaned_companies = options->orphaned_companies;
    if (index > 0)
        deletion->with_deletion = plan->items[0].deletion->id;
    if (deletion->record_only) {
        deletion->state = DELETION_DONE;
        deletion->completed_at = deletion->created_at;
        return;
    }
    deletion->own_edits = options->include_edited && !uuid_is_nil(plan->edits_by[index]);
    deletion->expected = counts->predictions[deletion->kind];
    deletion->counts.edits_kept = counts->edits_kept;
    deletion->counts.others_kept = counts->others_kept;
    deletion->counts.inferred_kept = counts->inferred_kept;
    deletion->counts.already_deleted = counts->already_deleted;
}

/* The retries are removed first, newest first, and the job that was asked for last: when that is over, all is. */
static Error *take_effect(Arena *arena, Db *db, const Principal *who, DeletionPlan *plan)
{
    for (size_t i = 0; i < plan->going; i++) {
        Deletion *deletion = NULL;
        TRY(new_deletion(arena, db, who, plan->items[i].job, &deletion));
        plan->items[i].deletion = deletion;
        fill_in(plan, i, deletion);
        TRY(hide(arena, db, plan->items[i].job, deletion));
    }
    TRY(begin_removals(arena, db, plan));
    for (size_t i = 0; i < plan->going; i++)
        TRY(note(arena, db, who, plan->items[i].deletion, i == 0 ? plan->going - 1 : 0));
    return NULL;
}

/* Rows of a job that is at rest can only become fewer, and each time its revision is raised: so they are
 * counted before the write lock is taken, and counted again if the revision moved meanwhile. */
Error *deletion_request(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionResult *ret_result)
{
    Job *job = NULL;
    DeletionPlan before, plan;
    CountHow how = options->if_match != NULL ? COUNT_ALL : COUNT_ROWS;
    TRY(jobs_get(arena, db, who, job_id, true, &job));
    TRY(deletion_plan_find(arena, db, who, job, options, &before));
    TRY(deletion_plan_allowed(arena, db, who, &before));
    TRY(deletion_plan_count(arena, db, &before, how));

    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(jobs_get_locked(arena, db, who, job_id, true, &job));
    TRY(deletion_plan_find(arena, db, who, job, options, &plan));
    TRY(deletion_plan_lock(arena, db, who, &plan));
    TRY(deletion_plan_allowed(arena, db, who, &plan));
    if (!deletion_plan_take_counts(&plan, &before))
        TRY(deletion_plan_count(arena, db, &plan, how));
    TRY(deletion_plan_refuse_changed(arena, &plan));
    TRY(take_effect(arena, db, who, &plan));
    TRY(tx_commit(&tx, arena));
    const DeletionJob *first = &plan.items[0];
    bool record_only = first->deletion->record_only;
    forget_rows(&plan);
    if (!record_only)
        queue_wake();
    *ret_result =
        (DeletionResult){.job = job,
                         .deletion = first->deletion,
                         .done = record_only,
                         .predictions_kept = record_only ? first->counts.predictions[job->kind] : 0,
                         .retries = &plan.items[1],
                         .retry_count = plan.going - 1,
                         .retries_kept = (int64_t)(plan.count - plan.going)};
    return NULL;
}

/* --- the undo of an import ------------------------------------------------------------------- */

Error *deletion_begin_undo(Arena *arena, Db *db, const Principal *who, const Job *job,
                           const char *reason)
{
    Deletion *deletion = NULL;
    TRY(new_deletion(arena, db, who, job, &deletion));
    deletion->subject = SUBJECT_UNDO;
    deletion->reason = reason;
    deletion->expected = job->counters.successful;
    int64_t at_once = SETTLE_AT_ONCE;
    const SwapQuery query = {.kind = job->kind, .owner_id = job->owner_id, .job_id = job->id};
    TRY(edits_count_of_job(arena, db, &query, &deletion->counts.edits_kept));
    TRY(job_undo(arena, db, job->owner_id, job->id, reason, deletion->created_at));
    TRY(deletion_insert(arena, db, deletion));
    TRY(removal_begin(arena, db, deletion, &at_once));
    return owner_touch(arena, db, job->owner_id);
}

Error *deletion_undo_run(Arena *arena, Db *db, Task *task, const Job *job, const TaskWatch *watch,
                         bool *ret_done)
{
    Deletion *deletion = NULL;
    TRY(deletion_find_undo(arena, db, job->owner_id, job->id, &deletion));
    if (deletion == NULL)
        return ERROR(arena, ERROR_INTERNAL, "The undo of an import was not noted.");
    return removal_run(arena, db, task, deletion, watch, ret_done);
}

Error *deletion_stall_undo(Arena *arena, Db *db, const Task *task, const Job *job)
{
    Deletion *deletion = NULL;
    TRY(deletion_find_undo(arena, db, job->owner_id, job->id, &deletion));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (deletion != NULL)
        TRY(deletion_finish(arena, db, deletion, DELETION_STALLED, 0));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}

Error *deletion_end_undo(Arena *arena, Db *db, const Job *job)
{
    Deletion *deletion = NULL;
    TRY(deletion_find_undo(arena, db, job->owner_id, job->id, &deletion));
    return deletion == NULL ? NULL
                            : deletion_finish(arena, db, deletion, DELETION_DONE, clock_now());
}

/* --- looking --------------------------------------------------------------------------------- */

Error *deletion_get(Arena *arena, Db *db, const Principal *who, Uuid id, Deletion **ret_deletion)
{
    *ret_deletion = NULL;
    for (size_t i = 0; i < who->owner_count && *ret_deletion == NULL; i++)
        TRY(deletion_find(arena, db, who->owners[i], id, ret_deletion));
    if (*ret_deletion != NULL && organization_deletion_is_seen(who, *ret_deletion))
        return NULL;
    return ERROR(arena, ERROR_NOT_FOUND, "There is no such deletion.");
}

Error *deletion_wait(Arena *arena, Db *db, const Principal *who, Uuid id, int64_t wait,
                     Deletion **ret_deletion)
{
    int64_t until = clock_monotonic() + wait, pause = 2000;
    for (;;) {
        TRY(deletion_get(arena, db, who, id, ret_deletion));
        int64_t left = until - clock_monotonic();
        if ((*ret_deletion)->state == DELETION_DONE || (*ret_deletion)->state == DELETION_STALLED ||
            left <= 0)
            return NULL;
        clock_sleep(pause < left ? pause : left);
        pause = pause < 50000 ? pause * 2 : pause;
    }
}

/* --- the worker's part ----------------------------------------------------------------------- */

static Error *find_running(Arena *arena, Db *db, const Task *task, DeletionPhase phase,
                           Deletion **ret_deletion)
{
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, ret_deletion));
    const Deletion *deletion = *ret_deletion;
    if (deletion != NULL && (deletion->phase != phase || deletion->state == DELETION_DONE))
        *ret_deletion = NULL;
    return NULL;
}

static Error *finish(Arena *arena, Db *db, const Task *task, const Deletion *deletion)
{
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (deletion != NULL && deletion->subject == SUBJECT_JOB) {
        TRY(job_removed(arena, db, deletion->owner_id, deletion->job_id, JOB_DELETED, now));
        TRY(count_fold(arena, db, deletion->owner_id, deletion->job_id));
    }
    if (deletion != NULL)
        TRY(deletion_finish(arena, db, deletion, DELETION_DONE, now));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}

Error *deletion_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
{
    Deletion *deletion = NULL;
    *ret_end = TASK_ENDED;
    TRY(find_running(arena, db, task, PHASE_REMOVAL, &deletion));
    if (deletion == NULL)
        return finish(arena, db, task, NULL);
    bool done = false;
    if (deletion->subject == SUBJECT_JOB)
        TRY(removal_run(arena, db, task, deletion, watch, &done));
    else
        TRY(key_deletion_run(arena, db, task, deletion, watch, &done));
    if (!done) {
        *ret_end = TASK_STOPPED;
        return NULL;
    }
    TRY(finish(arena, db, task, deletion));
    return deletion->expected >= RECLAIM_ROWS ? db_reclaim(db, arena) : NULL;
}

Error *deletion_give_up(Arena *arena, Db *db, Task *task)
{
    Deletion *deletion = NULL;
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, &deletion));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (deletion != NULL && deletion->state != DELETION_DONE)
        TRY(deletion_finish(arena, db, deletion, DELETION_STALLED, 0));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}
