/* Deleting a job.
 *
 * Its whole effect is one short transaction: a mark on the job from which every read decides whether a
 * row is hidden. So a million rows are gone as fast as one. What follows, removing the rows in batches, is
 * a task in the owner's queue; it changes nothing that anybody sees. An upload that is accepted after the
 * deletion is worked after it and finds its keys free. */
#include "domain/deletion.h"

#include "base/clock.h"
#include "domain/audit.h"
#include "domain/jobs.h"
#include "domain/queue.h"
#include "domain/removal.h"
#include "format/json_out.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/queue_store.h"

/* A row in the unit of task sizes, which is bytes of a file: 50,000 rows are about 4 MiB. */
enum { ROW_BYTES = 84, RECLAIM_ROWS = 100000 };

/* The digest of what decides the effect: the job, its revision, the options. */
static char *make_etag(Arena *arena, const Job *job, const DeletionOptions *options)
{
    Str text = str_printf(arena, "%s %lld %d%d%d", uuid_text(arena, job->id),
                          (long long)job->revision, options->with_predictions,
                          options->include_inferred, options->orphaned_companies);
    Digest digest = digest_of(text);
    char hex[33];
    hex_format(hex, digest.bytes, 16);
    return arena_printf(arena, "\"%s\"", hex);
}

/* A job whose record alone was deleted may still be deleted with its predictions. */
static Error *refuse_deleted(Arena *arena, Db *db, const Job *job, bool with_predictions)
{
    Deletion *deletion = NULL;
    if (job->status != JOB_DELETED && job->status != JOB_DELETING)
        return NULL;
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &deletion));
    bool record_only = deletion != NULL && deletion->record_only;
    return record_only && with_predictions ? NULL : jobs_gone(arena, db, job);
}

/* The job knows how many of its rows are left, so this costs the same at any size. */
static Error *count_effect(Arena *arena, Db *db, const Job *job, DeletionCounts *ret_counts)
{
    DeletionCounts counts = {0};
    TRY(prediction_edits_of_job(arena, db, job->kind, job->owner_id, job->id, &counts.edits_kept));
    counts.predictions[job->kind] = job_rows_left(job);
    if (!job->options.dry_run)
        counts.already_deleted = job->counters.successful - job_rows_left(job);
    *ret_counts = counts;
    return NULL;
}

/* Only asked for a preview that would delete them: it reads all rows of the job. */
static Error *count_companies(Arena *arena, Db *db, const Job *job, const DeletionOptions *options,
                              DeletionCounts *counts)
{
    if (!options->orphaned_companies)
        return NULL;
    TRY(prediction_lone_companies(arena, db, job->kind, job->owner_id, job->id,
                                  &counts->companies_empty));
    counts->companies_deleted = counts->companies_empty;
    return NULL;
}

static Error *allowed(Arena *arena, Db *db, const Principal *who, const Job *job,
                      const DeletionOptions *options, JobStatus *ret_to)
{
    TRY(refuse_deleted(arena, db, job, options->with_predictions));
    TRY(jobs_refuse_others(arena, who, job));
    return jobs_transition(
        arena, job, options->with_predictions ? EVENT_DELETE_CASCADE : EVENT_DELETE_RECORD, ret_to);
}

Error *deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionPreview *ret_preview)
{
    Job *job = NULL;
    JobStatus to;
    DeletionPreview preview = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(jobs_get(arena, db, who, job_id, true, &job));
    TRY(allowed(arena, db, who, job, options, &to));
    TRY(count_effect(arena, db, job, &preview.counts));
    if (options->with_predictions) {
        TRY(prediction_of_job(arena, db, job->kind, job->owner_id, job->id, -1, DELETION_SAMPLE_MAX,
                              &preview.sample, &preview.sample_count));
        TRY(count_companies(arena, db, job, options, &preview.counts));
    } else {
        preview.predictions_kept = preview.counts.predictions[job->kind];
        preview.counts = (DeletionCounts){0};
    }
    TRY(tx_commit(&tx, arena));
    preview.job = job;
    preview.etag = make_etag(arena, job, options);
    *ret_preview = preview;
    return NULL;
}

static Error *note(Arena *arena, Db *db, const Principal *who, const Deletion *deletion)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_bool(&out, "with_predictions", !deletion->record_only);
    json_put_bool(&out, "include_inferred", deletion->include_inferred);
    json_put_bool(&out, "delete_orphaned_companies", deletion->orphaned_companies);
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

/* The transaction that is the deletion. */
static Error *take_effect(Arena *arena, Db *db, const Job *job, const Deletion *deletion)
{
    if (job->status == JOB_PENDING) /* it never runs */
        TRY(task_drop(arena, db, job->owner_id, job->id, TASK_IMPORT, NULL));
    TRY(deletion_insert(arena, db, deletion));
    if (deletion->record_only)
        return job_delete_record(arena, db, job->owner_id, job->id, deletion->created_at);
    Task task = {.id = uuid_new(),
                 .kind = TASK_DELETION,
                 .owner_id = job->owner_id,
                 .object_id = deletion->id,
                 .size = deletion->expected * ROW_BYTES};
    TRY(job_hide(arena, db, job->owner_id, job->id, deletion->include_inferred,
                 deletion->created_at));
    return queue_add(arena, db, &task);
}

/* Deletions of one job are ordered by their times, whatever the clock does. */
static int64_t later(int64_t now, int64_t before)
{
    return now > before ? now : before + 1;
}

static Deletion *new_deletion(Arena *arena, const Principal *who, const Job *job,
                              const DeletionOptions *options, const DeletionCounts *counts)
{
    Deletion *deletion = ARENA_NEW(arena, Deletion);
    *deletion = (Deletion){.id = uuid_new(),
                           .owner_id = job->owner_id,
                           .job_id = job->id,
                           .kind = job->kind,
                           .user_id = who->user_id,
                           .user_email = who->email,
                           .reason = options->reason,
                           .record_only = !options->with_predictions,
                           .include_inferred = options->include_inferred,
                           .orphaned_companies = options->orphaned_companies,
                           .created_at = later(clock_now(), job->deleted_at)};
    if (deletion->record_only) {
        deletion->state = DELETION_DONE;
        deletion->completed_at = deletion->created_at;
        return deletion;
    }
    deletion->expected = counts->predictions[job->kind];
    deletion->counts.edits_kept = counts->edits_kept;
    deletion->counts.inferred_kept = counts->inferred_kept;
    deletion->counts.already_deleted = counts->already_deleted;
    return deletion;
}

/* Rows of a job that is at rest can only become fewer, and each time its revision is raised: so they are
 * counted before the write lock is taken, and counted again if the revision moved meanwhile. */
Error *deletion_request(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                        const DeletionOptions *options, DeletionResult *ret_result)
{
    Job *job = NULL;
    JobStatus to;
    DeletionCounts counts;
    TRY(jobs_get(arena, db, who, job_id, true, &job));
    int64_t revision = job->revision;
    TRY(allowed(arena, db, who, job, options, &to));
    TRY(count_effect(arena, db, job, &counts));

    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(jobs_get_locked(arena, db, who, job_id, true, &job));
    TRY(allowed(arena, db, who, job, options, &to));
    if (options->if_match != NULL && strcmp(options->if_match, "*") != 0 &&
        strcmp(options->if_match, make_etag(arena, job, options)) != 0)
        return ERROR(arena, ERROR_CHANGED,
                     "What this would delete has changed since the preview. Look at it again.");
    if (job->revision != revision)
        TRY(count_effect(arena, db, job, &counts));
    Deletion *deletion = new_deletion(arena, who, job, options, &counts);
    TRY(take_effect(arena, db, job, deletion));
    TRY(note(arena, db, who, deletion));
    TRY(tx_commit(&tx, arena));
    if (!deletion->record_only)
        queue_wake();
    *ret_result = (DeletionResult){.job = job,
                                   .deletion = deletion,
                                   .done = deletion->record_only,
                                   .predictions_kept =
                                       deletion->record_only ? counts.predictions[job->kind] : 0};
    return NULL;
}

Error *deletion_get(Arena *arena, Db *db, const Principal *who, Uuid id, Deletion **ret_deletion)
{
    *ret_deletion = NULL;
    for (size_t i = 0; i < who->owner_count && *ret_deletion == NULL; i++)
        TRY(deletion_find(arena, db, who->owners[i], id, ret_deletion));
    return *ret_deletion != NULL ? NULL
                                 : ERROR(arena, ERROR_NOT_FOUND, "There is no such deletion.");
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

static Error *find_running(Arena *arena, Db *db, const Task *task, Deletion **ret_deletion)
{
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, ret_deletion));
    if (*ret_deletion != NULL && (*ret_deletion)->state == DELETION_DONE)
        *ret_deletion = NULL;
    return NULL;
}

static Error *finish(Arena *arena, Db *db, const Task *task, const Deletion *deletion)
{
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (deletion != NULL) {
        TRY(deletion_finish(arena, db, deletion, DELETION_DONE, now));
        TRY(job_removed(arena, db, deletion->owner_id, deletion->job_id, JOB_DELETED, now));
        TRY(count_fold(arena, db, deletion->owner_id, deletion->job_id));
    }
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}

Error *deletion_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
{
    Deletion *deletion = NULL;
    *ret_end = TASK_ENDED;
    TRY(find_running(arena, db, task, &deletion));
    if (deletion == NULL)
        return finish(arena, db, task, NULL);
    Removal removal = {deletion->kind, deletion->owner_id, deletion->job_id,
                       deletion->include_inferred, deletion};
    bool done = false;
    TRY(removal_run(arena, db, task, &removal, watch, &done));
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
    TRY(find_running(arena, db, task, &deletion));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    if (deletion != NULL)
        TRY(deletion_finish(arena, db, deletion, DELETION_STALLED, 0));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}
