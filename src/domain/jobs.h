/* Jobs as their people see them: lists, detail, errors, cancel. The states and what leads from one to
 * another are one table here; anything else is ERROR_CONFLICT naming the state. */
#ifndef OBLIGOR_DOMAIN_JOBS_H
#define OBLIGOR_DOMAIN_JOBS_H

#include "model/job.h"
#include "model/page.h"
#include "model/problem.h"
#include "model/user.h"
#include "store/db.h"

typedef enum JobEvent {
    EVENT_RECEIVED, /* the last chunk is in */
    EVENT_STARTED,
    EVENT_COMPLETED,
    EVENT_FAILED,
    EVENT_CANCELLED,
    EVENT_UNDO, /* on_error=undo: hide and remove what was made */
    EVENT_DELETE_RECORD,
    EVENT_DELETE_CASCADE,
    EVENT_REMOVED, /* the last of its rows is gone */
    EVENT_RESTORE, /* its rows are on their way back */
    EVENT_COUNT
} JobEvent;

/* True and the next state when the table has this transition. */
bool jobs_next(JobStatus from, JobEvent event, JobStatus *ret_to);

/* ERROR_CONFLICT with reason "job_<state>" and what to do, when the table has it not. */
Error *jobs_transition(Arena *arena, const Job *job, JobEvent event, JobStatus *ret_to) MUST_CHECK;

typedef struct JobFilter {
    unsigned statuses; /* bit n: JobStatus n; 0: any that is shown */
    bool has_kind;
    Kind kind;
    bool has_user;
    Uuid created_by;
    bool show_deleted; /* also deleting, deleted and restoring ones */
} JobFilter;

typedef struct JobList {
    Job *items;
    size_t count;
    PageEnd end;
} JobList;

/* Newest first. */
Error *jobs_list(Arena *arena, Db *db, const Principal *who, const JobFilter *filter,
                 const Page *page, JobList *ret_list) MUST_CHECK;

/* ERROR_NOT_FOUND: not there, not yours, or still receiving. A deleted job is ERROR_GONE, with when, by
 * whom, why and the deletion's id, unless show_deleted. */
Error *jobs_get(Arena *arena, Db *db, const Principal *who, Uuid id, bool show_deleted,
                Job **ret_job) MUST_CHECK;

/* For who was let see it before: a job of an owner as it is now; NULL: not there. */
Error *jobs_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Job **ret_job) MUST_CHECK;

/* Nothing works on it any more, unless somebody asks for something. */
bool jobs_at_rest(const Job *job);

/* What jobs_get does, inside a write transaction, with the job's state locked until the commit. */
Error *jobs_get_locked(Arena *arena, Db *db, const Principal *who, Uuid id, bool show_deleted,
                       Job **ret_job) MUST_CHECK;

/* May this principal cancel and delete it? */
bool jobs_may_change(const Principal *who, const Job *job);
Error *jobs_refuse_others(Arena *arena, const Principal *who, const Job *job)
    MUST_CHECK; /* DENIED */

/* ERROR_GONE with when, by whom and why. */
Error *jobs_gone(Arena *arena, Db *db, const Job *job) MUST_CHECK;

/* A pending job is cancelled at once; a running one is asked to and stops within a batch. Asking twice
 * is fine. ERROR_CONFLICT when it is over. */
Error *jobs_cancel(Arena *arena, Db *db, const Principal *who, Uuid id, Job **ret_job) MUST_CHECK;

typedef struct ProblemPage {
    Problem *items;
    size_t count;
    PageEnd end; /* next.job_row and next.created_at (the seq): where to go on */
} ProblemPage;

/* Rejected fields (SEVERITY_ERROR) or warnings, in file order. */
Error *jobs_problems(Arena *arena, Db *db, const Job *job, Severity severity, const Page *page,
                     ProblemPage *ret_page) MUST_CHECK;

/* ERROR_GONE with the reason "purged" when the file went with the archive of its deletion, or is about to. */
Error *jobs_file_kept(Arena *arena, Db *db, const Job *job) MUST_CHECK;

/* The uploaded file as it came in, chunk by chunk: 0-based `seq`; *ret_chunk has ptr NULL after the
 * last. Recorded in the audit trail with the first chunk. */
Error *jobs_file_chunk(Arena *arena, Db *db, const Job *job, int64_t seq, Str *ret_chunk)
    MUST_CHECK;
Error *jobs_file_opened(Arena *arena, Db *db, const Principal *who, const Job *job) MUST_CHECK;

#endif
