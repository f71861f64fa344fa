/* Jobs and their files in the database. */
#ifndef OBLIGOR_STORE_JOB_STORE_H
#define OBLIGOR_STORE_JOB_STORE_H

#include "model/job.h"
#include "store/db.h"

/* In state `receiving`. */
Error *job_insert(Arena *arena, Db *db, const Job *job) MUST_CHECK;
Error *job_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Job **ret_job)
    MUST_CHECK; /* may be NULL */

/* Up to `limit` jobs that name this one in retry_of, oldest first; one that is still being received is none. */
Error *job_retries(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t limit, Uuid **ret_ids,
                   size_t *ret_count) MUST_CHECK;
/* Without effect where it names one already. */
Error *job_set_retry_of(Arena *arena, Db *db, Uuid owner_id, Uuid id, Uuid retry_of) MUST_CHECK;

typedef struct JobQuery {
    Uuid owner_id;
    int64_t before_created_at; /* newest first: strictly before this key */
    Uuid before_id;
    unsigned statuses; /* bit n: JobStatus n */
    bool has_kind;
    Kind kind;
    bool has_user;
    Uuid user_id;
    int64_t limit;
} JobQuery;

Error *job_list(Arena *arena, Db *db, const JobQuery *query, Job **ret_jobs, size_t *ret_count)
    MUST_CHECK;
Error *job_count(Arena *arena, Db *db, const JobQuery *query, int64_t *ret_count) MUST_CHECK;

/* What decides whether something may be done, locked until the commit. *ret_found false: not there. */
typedef struct JobLock {
    JobStatus status;
    bool hides_rows;
    bool cancel_requested;
    int64_t revision;
    Uuid user_id;
    Kind kind;
    bool settling;
    bool held; /* on legal hold */
} JobLock;
Error *job_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobLock *ret_lock, bool *ret_found)
    MUST_CHECK;

/* The same for many, whose ids are sorted and each there once: locked in that order. A job that is not there hides
 * nothing. */
typedef struct JobHides {
    Uuid id;
    bool hides_rows;
    bool hides_inferred;
} JobHides;
Error *job_lock_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count,
                     JobHides *ret_jobs) MUST_CHECK;
Error *job_raise_revision_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count)
    MUST_CHECK;

/* An earlier job of the same bytes and kind whose predictions are still there; nil: none. */
Error *job_by_digest(Arena *arena, Db *db, Uuid owner_id, Digest digest, Kind kind, Uuid but_not,
                     Uuid *ret_id) MUST_CHECK;

Error *job_set_status(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status, int64_t now)
    MUST_CHECK;
Error *job_touch(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;
/* Counters and resume position back to nothing, rejected and marked rows forgotten. */
Error *job_begin_anew(Arena *arena, Db *db, Uuid owner_id, Uuid id) MUST_CHECK;
Error *job_start(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;

/* The span of the rows that a batch made; `any` false: it made none. */
typedef struct RowSpan {
    bool any;
    int64_t first_created_at;
    Uuid first_id;
    int64_t last_created_at;
    Uuid last_id;
} RowSpan;

Error *job_batch(Arena *arena, Db *db, const Job *job, const RowSpan *span, int64_t now) MUST_CHECK;
Error *job_finish(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status,
                  const char *message, int64_t now) MUST_CHECK;
Error *job_request_cancel(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;
Error *job_raise_revision(Arena *arena, Db *db, Uuid owner_id, Uuid id) MUST_CHECK;

/* Rows that it made are gone; raises the revision too. */
Error *job_rows_removed(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t rows) MUST_CHECK;
Error *job_delete_record(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;
Error *job_hide(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool inferred, int64_t now)
    MUST_CHECK;
/* Undoing: its rows are hidden, the message says why. */
Error *job_undo(Arena *arena, Db *db, Uuid owner_id, Uuid id, const char *message, int64_t now)
    MUST_CHECK;
Error *job_removed(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status, int64_t now)
    MUST_CHECK;

/* Versions that its rows displaced are on their way back, or away again. */
Error *job_set_settling(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool settling) MUST_CHECK;
Error *job_is_settling(Arena *arena, Db *db, Uuid owner_id, bool *ret_settling)
    MUST_CHECK; /* any job of the owner */

/* Of a deleted job: its rows come back, hidden until they all have; then they are seen, in its former state; or
 * they do not. */
Error *job_restoring(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool inferred, int64_t now)
    MUST_CHECK;
Error *job_restored(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;

/* Jobs of an owner and kind that hide rows, newest rows first, with the span of their rows. */
typedef struct HidingJob {
    Uuid id;
    RowSpan span;
    bool shared; /* rows of another job that can be seen lie within the span */
} HidingJob;
Error *job_hiding(Arena *arena, Db *db, Uuid owner_id, Kind kind, HidingJob **ret_jobs,
                  size_t *ret_count) MUST_CHECK;

/* Up to 100 jobs that began to be received before `before` and never were. */
typedef struct JobName {
    Uuid owner_id;
    Uuid id;
} JobName;
Error *job_stale_receiving(Arena *arena, Db *db, int64_t before, JobName **ret_jobs,
                           size_t *ret_count) MUST_CHECK;
Error *job_delete_received(Arena *arena, Db *db, JobName job) MUST_CHECK; /* with its chunks */

/* A chunk of the file; packed before the transaction that stores it, unpacked when it is read. */
typedef struct FileChunk {
    int64_t seq;
    int64_t offset;
    int64_t size; /* unpacked */
    Str packed;
} FileChunk;
Str file_pack(Arena *arena, Str bytes);
Error *file_insert(Arena *arena, Db *db, JobName job, const FileChunk *chunk) MUST_CHECK;
Error *file_chunk(Arena *arena, Db *db, JobName job, int64_t seq, Str *ret_bytes)
    MUST_CHECK; /* ptr NULL: no such */
Error *file_has_chunk(Arena *arena, Db *db, JobName job, int64_t seq, bool *ret_there) MUST_CHECK;

#endif
