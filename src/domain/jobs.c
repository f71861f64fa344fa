/* The life of a job is the table below (jobs-and-deletion.md, "Job life cycle"); nothing else changes a
 * state. */
#include "domain/jobs.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/vec.h"
#include "domain/audit.h"
#include "domain/owners.h"
#include "domain/upload.h"
#include "model/task.h"
#include "store/company_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/problem_store.h"
#include "store/queue_store.h"

#include <stdlib.h>

static const struct {
    JobStatus from;
    JobEvent event;
    JobStatus to;
} TRANSITIONS[] = {
    {JOB_RECEIVING, EVENT_RECEIVED, JOB_PENDING},
    {JOB_PENDING, EVENT_STARTED, JOB_PROCESSING},
    {JOB_PROCESSING, EVENT_STARTED, JOB_PROCESSING}, /* again, after a crash */
    {JOB_PENDING, EVENT_CANCELLED, JOB_CANCELLED},
    {JOB_PENDING, EVENT_FAILED, JOB_FAILED},
    {JOB_PROCESSING, EVENT_COMPLETED, JOB_COMPLETED},
    {JOB_PROCESSING, EVENT_FAILED, JOB_FAILED},
    {JOB_PROCESSING, EVENT_CANCELLED, JOB_CANCELLED},
    {JOB_PROCESSING, EVENT_UNDO, JOB_UNDOING},
    {JOB_PENDING, EVENT_DELETE_RECORD, JOB_DELETED},
    {JOB_COMPLETED, EVENT_DELETE_RECORD, JOB_DELETED},
    {JOB_FAILED, EVENT_DELETE_RECORD, JOB_DELETED},
    {JOB_CANCELLED, EVENT_DELETE_RECORD, JOB_DELETED},
    {JOB_PENDING, EVENT_DELETE_CASCADE, JOB_DELETING},
    {JOB_COMPLETED, EVENT_DELETE_CASCADE, JOB_DELETING},
    {JOB_FAILED, EVENT_DELETE_CASCADE, JOB_DELETING},
    {JOB_CANCELLED, EVENT_DELETE_CASCADE, JOB_DELETING},
    {JOB_DELETED, EVENT_DELETE_CASCADE, JOB_DELETING}, /* after its record alone was deleted */
    {JOB_DELETING, EVENT_REMOVED, JOB_DELETED},
    {JOB_DELETED, EVENT_RESTORE, JOB_RESTORING}, /* and from there to its former state, or back */
};

/* What to do instead, told when a transition is refused. */
static const char *const ADVICE[JOB_STATUS_COUNT] = {
    [JOB_RECEIVING] = "It is still being received.",
    [JOB_PENDING] = "It has not begun.",
    [JOB_PROCESSING] = "Cancel it first, or wait until it is done.",
    [JOB_COMPLETED] = "It is completed.",
    [JOB_FAILED] = "It has failed.",
    [JOB_CANCELLED] = "It is cancelled already.",
    [JOB_UNDOING] = "Its rows are being removed.",
    [JOB_DELETING] = "It is being deleted already.",
    [JOB_DELETED] = "It is deleted already.",
    [JOB_RESTORING] = "It is being restored.",
};

static const char *const REASONS[JOB_STATUS_COUNT] = {
    "job_receiving", "job_pending", "job_processing", "job_completed", "job_failed",
    "job_cancelled", "job_undoing", "job_deleting",   "job_deleted",   "job_restoring",
};

bool jobs_next(JobStatus from, JobEvent event, JobStatus *ret_to)
{
    for (size_t i = 0; i < ARRAY_COUNT(TRANSITIONS); i++)
        if (TRANSITIONS[i].from == from && TRANSITIONS[i].event == event) {
            *ret_to = TRANSITIONS[i].to;
            return true;
        }
    return false;
}

Error *jobs_transition(Arena *arena, const Job *job, JobEvent event, JobStatus *ret_to)
{
    if (jobs_next(job->status, event, ret_to))
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT, "The job is %s. %s",
                                   JOB_STATUS_WORDS[job->status], ADVICE[job->status]),
                             REASONS[job->status]);
}

bool jobs_may_change(const Principal *who, const Job *job)
{
    return principal_may_change(who, job->owner_id, job->user_id);
}

/* --- lists ----------------------------------------------------------------------------------- */

static const unsigned AWAY = 1u << JOB_DELETING | 1u << JOB_DELETED | 1u << JOB_RESTORING;

static unsigned shown(const JobFilter *filter)
{
    unsigned statuses = (1u << JOB_STATUS_COUNT) - 1;
    statuses &= ~(1u << JOB_RECEIVING);
    if (!filter->show_deleted)
        statuses &= ~AWAY;
    return filter->statuses != 0 ? statuses & filter->statuses : statuses;
}

static int newest_first(const void *a, const void *b)
{
    const Job *left = a, *right = b;
    if (left->created_at != right->created_at)
        return left->created_at > right->created_at ? -1 : 1;
    return -uuid_compare(left->id, right->id);
}

Error *jobs_list(Arena *arena, Db *db, const Principal *who, const JobFilter *filter,
                 const Page *page, JobList *ret_list)
{
    JobQuery query = {.before_created_at = page->after.set ? page->after.created_at : INT64_MAX,
                      .before_id = page->after.id,
                      .statuses = shown(filter),
                      .has_kind = filter->has_kind,
                      .kind = filter->kind,
                      .has_user = filter->has_user,
                      .user_id = filter->created_by};
    VEC(Job) all = {0};
    PageEnd end = {.total = page->want_total ? 0 : -1};
    for (size_t i = 0; i < who->owner_count; i++) {
        Job *jobs = NULL;
        size_t count = 0;
        query.owner_id = who->owners[i];
        query.limit = page->limit + page->offset + 1;
        TRY(job_list(arena, db, &query, &jobs, &count));
        for (size_t k = 0; k < count; k++)
            vec_push(arena, &all, jobs[k]);
        if (page->want_total) {
            int64_t total = 0;
            query.limit = PAGE_OFFSET_MAX + 1;
            TRY(job_count(arena, db, &query, &total));
            end.total += total;
        }
    }
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, newest_first);
    end.total_is_at_least = end.total > PAGE_OFFSET_MAX;
    size_t from = owners_page(page, all.count, &end.has_more, &ret_list->count);
    ret_list->items = vec_from(&all, from);
    if (end.has_more) {
        const Job *last = &ret_list->items[ret_list->count - 1];
        end.next = (PageKey){.set = true, .created_at = last->created_at, .id = last->id};
    }
    ret_list->end = end;
    return NULL;
}

/* --- one job --------------------------------------------------------------------------------- */

Error *jobs_gone(Arena *arena, Db *db, const Job *job)
{
    Deletion *deletion = NULL;
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &deletion));
    char when[TIME_TEXT_SIZE];
    time_format(when, job->deleted_at);
    Error *error =
        ERROR(arena, ERROR_GONE, "This job was deleted at %s%s%s.%s", when,
              deletion != NULL && deletion->user_email != NULL ? " by " : "",
              deletion != NULL && deletion->user_email != NULL ? deletion->user_email : "",
              deletion != NULL && deletion->record_only ? " Its predictions stay." : "");
    return deletion == NULL ? error : owners_describe_deletion(arena, error, deletion);
}

Error *jobs_get(Arena *arena, Db *db, const Principal *who, Uuid id, bool show_deleted,
                Job **ret_job)
{
    Job *job = NULL;
    for (size_t i = 0; i < who->owner_count && job == NULL; i++)
        TRY(job_find(arena, db, who->owners[i], id, &job));
    if (job == NULL || job->status == JOB_RECEIVING)
        return ERROR(arena, ERROR_NOT_FOUND, "There is no such job.");
    if (!show_deleted && (job->status == JOB_DELETED || job->status == JOB_DELETING))
        return jobs_gone(arena, db, job);
    *ret_job = job;
    return NULL;
}

Error *jobs_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Job **ret_job)
{
    return job_find(arena, db, owner_id, id, ret_job);
}

bool jobs_at_rest(const Job *job)
{
    static const unsigned resting =
        1u << JOB_COMPLETED | 1u << JOB_FAILED | 1u << JOB_CANCELLED | 1u << JOB_DELETED;
    return (resting >> job->status & 1) != 0 && !job->settling;
}

Error *jobs_get_locked(Arena *arena, Db *db, const Principal *who, Uuid id, bool show_deleted,
                       Job **ret_job)
{
    JobLock lock;
    bool found = false;
    for (size_t i = 0; i < who->owner_count && !found; i++)
        TRY(job_lock(arena, db, who->owners[i], id, &lock, &found));
    return jobs_get(arena, db, who, id, show_deleted,
                    ret_job); /* read after the lock: it stays so */
}

Error *jobs_refuse_others(Arena *arena, const Principal *who, const Job *job)
{
    return jobs_may_change(who, job)
               ? NULL
               : ERROR(arena, ERROR_DENIED, "Only who uploaded this file may change its job.");
}

Error *jobs_cancel(Arena *arena, Db *db, const Principal *who, Uuid id, Job **ret_job)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    Job *job = NULL;
    TRY(jobs_get_locked(arena, db, who, id, false, &job));
    TRY(jobs_refuse_others(arena, who, job));
    JobStatus to;
    TRY(jobs_transition(arena, job, EVENT_CANCELLED, &to));
    int64_t now = clock_now();
    TRY(job_request_cancel(arena, db, job->owner_id, id, now));
    if (job->status == JOB_PENDING) {
        TRY(job_finish(arena, db, job->owner_id, id, JOB_CANCELLED, "Cancelled before it began.",
                       now));
        TRY(task_drop(arena, db, job->owner_id, id, TASK_IMPORT, NULL));
    }
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = job->owner_id,
                                .action = "job.cancel_requested",
                                .object_kind = "job",
                                .object_id = id,
                                .count = -1}));
    TRY(tx_commit(&tx, arena));
    return jobs_get(arena, db, who, id, true, ret_job);
}

Error *jobs_problems(Arena *arena, Db *db, const Job *job, Severity severity, const Page *page,
                     ProblemPage *ret_page)
{
    StoredProblem *found = NULL;
    PageEnd end = {.total = -1};
    ProblemQuery query = {.owner_id = job->owner_id,
                          .job_id = job->id,
                          .severity = severity,
                          .after_row = page->after.set ? page->after.job_row : -1,
                          .after_seq = page->after.set ? page->after.created_at : -1,
                          .limit = page->limit,
                          .offset = page->offset};
    TRY(problem_list(arena, db, &query, &found, &ret_page->count, &end.has_more));
    if (page->want_total)
        TRY(problem_count(arena, db, job->owner_id, job->id, severity, &end.total));
    ret_page->items = ARENA_ARRAY(arena, Problem, ret_page->count + 1);
    for (size_t i = 0; i < ret_page->count; i++)
        ret_page->items[i] = found[i].problem;
    if (end.has_more) {
        const StoredProblem *last = &found[ret_page->count - 1];
        end.next = (PageKey){.set = true, .job_row = last->problem.row, .created_at = last->seq};
    }
    ret_page->end = end;
    return NULL;
}

/* A purge takes the last chunk first. */
Error *jobs_file_kept(Arena *arena, Db *db, const Job *job)
{
    bool there = job->file_size == 0;
    int64_t last = (job->file_size - 1) / UPLOAD_CHUNK_SIZE;
    if (!there)
        TRY(file_has_chunk(arena, db, (JobName){job->owner_id, job->id}, last, &there));
    if (there)
        return NULL;
    return error_with_reason(ERROR(arena, ERROR_GONE,
                                   "The file of this job and what was found wrong with its rows "
                                   "were purged with the archive of its deletion."),
                             "purged");
}

Error *jobs_file_opened(Arena *arena, Db *db, const Principal *who, const Job *job)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = job->owner_id,
                                .action = "job.file_downloaded",
                                .object_kind = "job",
                                .object_id = job->id,
                                .count = -1}));
    return tx_commit(&tx, arena);
}

Error *jobs_file_chunk(Arena *arena, Db *db, const Job *job, int64_t seq, Str *ret_chunk)
{
    return file_chunk(arena, db, (JobName){job->owner_id, job->id}, seq, ret_chunk);
}
