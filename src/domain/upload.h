/* Accepting an upload: from a spooled file to a pending job, in short transactions. */
#ifndef OBLIGOR_DOMAIN_UPLOAD_H
#define OBLIGOR_DOMAIN_UPLOAD_H

#include "domain/idempotency.h"
#include "model/job.h"
#include "model/user.h"
#include "store/db.h"

enum { UPLOAD_CHUNK_SIZE = 1 << 20 };

typedef struct UploadRequest {
    Kind kind;
    Str filename;  /* as the client named it; cleaned and cut here */
    int spool;     /* a readable file descriptor; read from offset 0; stays the caller's */
    int64_t size;  /* bytes in it */
    Digest sha256; /* of them */
    ImportOptions options;
    bool personal;
    Uuid retry_of;              /* the job whose rows the file mends; nil: not said */
    IdempotencyKey idempotency; /* .key empty: none */
} UploadRequest;

typedef struct UploadAnswer {
    Uuid job_id;
    bool already_imported; /* this owner has imported the same bytes and not deleted them */
    Uuid earlier_job_id;
    bool replayed; /* an answer kept for the idempotency key */
} UploadAnswer;

/* The job is born `receiving`, its chunks go in one transaction each, the last transaction makes it
 * `pending`, queues the task, writes the audit event and keeps the answer for the idempotency key. An
 * empty file is ERROR_INVALID before anything is written; so is a kind without an active model, and a job to be mended
 * that does not fit (retries.h). */
Error *upload_accept(Arena *arena, Db *db, const Principal *who, const UploadRequest *request,
                     UploadAnswer *ret_answer) MUST_CHECK;

/* Removes jobs that began to be received before `before` and never were; returns how many. */
Error *upload_sweep(Arena *arena, Db *db, int64_t before, int64_t *ret_removed) MUST_CHECK;

#endif
