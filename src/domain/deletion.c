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
#include "domain/company_names.h"
#include "domain/holds.h"
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

/* The digest of what decides the effect (the job, its revision, the options) and of the effect: versions that
 * come back change with other jobs, too. */
static char *make_etag(Arena *arena, const Job *job, const DeletionOptions *options,
                       const DeletionCounts *c)
{
    Str text = str_printf(
        arena, "%s %lld %d%d%d%d %lld %lld %lld %lld %lld %lld %lld %lld",
        uuid_text(arena, job->id), (long long)job->revision, options->with_predictions,
        options->include_inferred, options->include_edited, options->orphaned_companies,
        (long long)deletion_rows(c), (long long)c->edits_deleted, (long long)c->edits_kept,
        (long long)c->others_kept, (long long)c->inferred_kept, (long long)c->versions_restored,
        (long long)c->names_restored, (long long)c->names_kept);
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

/* What is asked to be deleted, and whose edits go with it. */
typedef struct Asked {
    const Job *job;
    const DeletionOptions *options;
    Uuid edits_by; /* nil: everybody's */
} Asked;

/* Versions that come back are counted for who looks at them, and for who says what he saw. */
typedef enum CountHow { COUNT_ROWS, COUNT_ALL } CountHow;

/* What somebody else edited goes with the job only where whoever deletes it may change that, too. */
static Asked asked_by(const Principal *who, const Job *job, const DeletionOptions *options)
{
    bool all = principal_administers(who, job->owner_id);
    return (Asked){job, options, all ? UUID_NIL : who->user_id};
}

/* Edits of its rows: those that go, and those that stay. */
static Error *count_edits(Arena *arena, Db *db, const SwapQuery *query, bool deleted,
                          DeletionCounts *counts)
{
    SwapQuery everybodys = *query;
    int64_t all = 0, theirs = 0;
    everybodys.edits_by = UUID_NIL;
    TRY(edits_count_of_job(arena, db, &everybodys, &all));
    if (!deleted) {
        counts->edits_kept = all;
        return NULL;
    }
    TRY(edits_count_of_job(arena, db, query, &theirs));
    counts->others_kept = all - theirs;
    counts->edits_deleted = theirs;
    counts->predictions[query->kind] += theirs;
    return NULL;
}

/* The job knows how many of its rows are left, and only rows that displaced something are looked at: so this
 * costs the same at any size. */
static Error *count_effect(Arena *arena, Db *db, const Asked *asked, CountHow how,
                           DeletionCounts *ret_counts)
{
    const Job *job = asked->job;
    const DeletionOptions *options = asked->options;
    DeletionCounts counts = {0};
    int64_t inferred = 0;
    SwapQuery query = {.kind = job->kind,
                       .owner_id = job->owner_id,
                       .job_id = job->id,
                       .inferred = options->include_inferred,
                       .edits_by = asked->edits_by};
    counts.predictions[job->kind] = job_rows_left(job);
    *ret_counts = counts;
    if (!options->with_predictions)
        return NULL;
    if (job->inferred_rows > 0)
        TRY(prediction_inferred_of_job(arena, db, job->kind, job->owner_id, job->id, &inferred));
    if (!options->include_inferred)
        counts.inferred_kept = inferred;
    counts.predictions[job->kind] -= counts.inferred_kept;
    TRY(count_edits(arena, db, &query, options->include_edited, &counts));
    if (how == COUNT_ALL)
        TRY(versions_count_uncovered(arena, db, &query, options->include_edited,
                                     &counts.versions_restored));
    TRY(company_names_count(arena, db, job->owner_id, job->id, &counts.names_restored,
                            &counts.names_kept));
    if (!job->options.dry_run)
        counts.already_deleted = job->counters.successful - job_rows_left(job);
    *ret_counts = counts;
    return NULL;
}

/* Of a large job only where they are to be deleted: it reads all rows of the job. */
static Error *count_companies(Arena *arena, Db *db, const Asked *asked, DeletionCounts *counts)
{
    const Job *job = asked->job;
    const DeletionOptions *options = asked->options;
    counts->companies_empty = -1;
    if (!deletion_counts_companies(SUBJECT_JOB, counts->predictions[job->kind],
                                   options->orphaned_companies))
        return NULL;
    TRY(prediction_lone_companies(arena, db, job->kind, job->owner_id, job->id,
                                  options->include_edited, asked->edits_by,
                                  &counts->companies_empty));
    if (options->orphaned_companies)
        counts->companies_deleted = counts->companies_empty;
    return NULL;
}

/* A restoration that is still settling would take back what this does. */
static Error *refuse_settling(Arena *arena, const Job *job)
{
    if (!job->settling)
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "The predictions of this job are just being restored. Wait until that is done."),
        "settling");
}

static Error *allowed(Arena *arena, Db *db, const Principal *who, const Job *job,
                      const DeletionOptions *options, JobStatus *ret_to)
{
    TRY(refuse_deleted(arena, db, job, options->with_predictions));
    TRY(jobs_refuse_others(arena, who, job));
    TRY(holds_refuse(arena, job));
    TRY(refuse_settling(arena, job));
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
    Asked asked = asked_by(who, job, options);
    TRY(count_effect(arena, db, &asked, COUNT_ALL, &preview.counts));
    preview.etag = make_etag(arena, job, options, &preview.counts);
    if (options->with_predictions) {
        TRY(prediction_of_job(arena, db, job->kind, job->owner_id, job->id, -1, DELETION_SAMPLE_MAX,
                              &preview.sample, &preview.sample_count));
        TRY(count_companies(arena, db, &asked, &preview.counts));
    } else {
        preview.predictions_kept = preview.counts.predictions[job->kind];
        preview.counts = (DeletionCounts){0};
    }
    TRY(tx_commit(&tx, arena));
    preview.job = job;
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
    json_put_bool(&out, "include_edited", deletion->include_edited);
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
static Error *take_effect(Arena *arena, Db *db, const Job *job, Deletion *deletion)
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
                 .size = deletion->expected * TASK_ROW_BYTES};
    TRY(job_hide(arena, db, job->owner_id, job->id, deletion->include_inferred,
                 deletion->created_at));
    TRY(removal_begin(arena, db, deletion));
    TRY(owner_touch(arena, db, job->owner_id));
    return queue_add(arena, db, &task);
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

static void fill_in(Deletion *deletion, const Asked *asked, const DeletionCounts *counts)
{
    const DeletionOptions *options = asked->options;
    deletion->restorable_until =
        deletion->created_at + (options->window > 0 ? options->window : RESTORE_WINDOW);
    deletion->reason = options->reason;
    deletion->record_only = !options->with_predictions;
    deletion->include_inferred = options->include_inferred;
    deletion->include_edited = options->include_edited;
    deletion->orphaned_companies = options->orphaned_companies;
    if (deletion->record_only) {
        deletion->state = DELETION_DONE;
        deletion->completed_at = deletion->created_at;
        return;
    }
    deletion->own_edits = options->include_edited && !uuid_is_nil(asked->edits_by);
    deletion->expected = counts->predictions[asked->job->kind];
    deletion->counts.edits_kept = counts->edits_kept;
    deletion->counts.others_kept = counts->others_kept;
    deletion->counts.inferred_kept = counts->inferred_kept;
    deletion->counts.already_deleted = counts->already_deleted;
}

static Error *refuse_changed(Arena *arena, const Job *job, const DeletionOptions *options,
                             const DeletionCounts *counts)
{
    if (options->if_match == NULL || strcmp(options->if_match, "*") == 0 ||
        strcmp(options->if_match, make_etag(arena, job, options, counts)) == 0)
        return NULL;
    return ERROR(arena, ERROR_CHANGED,
                 "What this would delete has changed since the preview. Look at it again.");
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
    CountHow how = options->if_match != NULL ? COUNT_ALL : COUNT_ROWS;
    TRY(allowed(arena, db, who, job, options, &to));
    Asked asked = asked_by(who, job, options);
    TRY(count_effect(arena, db, &asked, how, &counts));

    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(jobs_get_locked(arena, db, who, job_id, true, &job));
    TRY(allowed(arena, db, who, job, options, &to));
    asked = asked_by(who, job, options);
    if (job->revision != revision)
        TRY(count_effect(arena, db, &asked, how, &counts));
    TRY(refuse_changed(arena, job, options, &counts));
    Deletion *deletion = NULL;
    TRY(new_deletion(arena, db, who, job, &deletion));
    fill_in(deletion, &asked, &counts);
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

/* --- the undo of an import ------------------------------------------------------------------- */

Error *deletion_begin_undo(Arena *arena, Db *db, const Principal *who, const Job *job,
                           const char *reason)
{
    Deletion *deletion = NULL;
    TRY(new_deletion(arena, db, who, job, &deletion));
    deletion->subject = SUBJECT_UNDO;
    deletion->reason = reason;
    deletion->expected = job->counters.successful;
    const SwapQuery query = {.kind = job->kind, .owner_id = job->owner_id, .job_id = job->id};
    TRY(edits_count_of_job(arena, db, &query, &deletion->counts.edits_kept));
    TRY(job_undo(arena, db, job->owner_id, job->id, reason, deletion->created_at));
    TRY(deletion_insert(arena, db, deletion));
    TRY(removal_begin(arena, db, deletion));
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
