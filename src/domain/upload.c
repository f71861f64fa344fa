/* The file goes in chunk by chunk, each in a transaction of its own, so that no other writer waits for a
 * whole upload. Until the last transaction the job is `receiving`, seen by nobody; if the process dies in
 * between, the sweeper removes it. The idempotency key is looked up first, to save the work, and again in
 * the last transaction, where it counts. */
#include "domain/upload.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "domain/accounts.h"
#include "domain/audit.h"
#include "domain/models.h"
#include "domain/queue.h"
#include "domain/retries.h"
#include "format/options_json.h"
#include "store/job_store.h"
#include "store/queue_store.h"

#include <errno.h>
#include <unistd.h>

enum { FILENAME_MAX_BYTES = 255 };

/* The last part of a path, without control characters, cut to what can be kept. */
static const char *clean_filename(Arena *arena, Str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            name = str_slice(name, i, name.len);
            break;
        }
    size_t bad;
    name = str_trim(name);
    if (!utf8_check(name, &bad))
        name = str_slice(name, 0, bad);
    Buf clean = buf_new(arena, FILENAME_MAX_BYTES * 4);
    name = utf8_cut(name, FILENAME_MAX_BYTES);
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] >= ' ' && name.ptr[i] != 0x7F)
            buf_add_char(&clean, name.ptr[i]);
    return clean.len == 0 ? "upload.csv" : str_dup(arena, buf_str(&clean));
}

static Error *read_chunk(Arena *arena, int fd, int64_t offset, char *bytes, size_t *ret_size)
{
    size_t size = 0;
    while (size < UPLOAD_CHUNK_SIZE) {
        ssize_t got = pread(fd, bytes + size, UPLOAD_CHUNK_SIZE - size, offset + (int64_t)size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_because(
                ERROR(arena, ERROR_UNAVAILABLE, "The upload cannot be read back. Send it again."),
                ERROR(arena, ERROR_UNAVAILABLE, "pread of the spool: errno %d", errno));
        if (got == 0)
            break;
        size += (size_t)got;
    }
    *ret_size = size;
    return NULL;
}

static Error *store_chunks(Arena *arena, Db *db, const UploadRequest *request, JobName job)
{
    char *bytes = arena_alloc_raw(arena, UPLOAD_CHUNK_SIZE);
    int64_t offset = 0;
    for (int64_t seq = 0; offset < request->size; seq++) {
        ArenaMark mark = arena_mark(arena);
        size_t size = 0;
        TRY(read_chunk(arena, request->spool, offset, bytes, &size));
        if (size == 0)
            return ERROR(arena, ERROR_INTERNAL, "The upload came out shorter than it went in.");
        FileChunk chunk = {seq, offset, (int64_t)size, file_pack(arena, (Str){bytes, size})};
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        TRY(file_insert(arena, db, job, &chunk));
        TRY(job_touch(arena, db, job.owner_id, job.id, clock_now()));
        TRY(tx_commit(&tx, arena));
        offset += (int64_t)size;
        arena_rewind(arena, mark);
    }
    return NULL;
}

static Error *receive(Arena *arena, Db *db, const Job *job)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(job_insert(arena, db, job));
    return tx_commit(&tx, arena);
}

/* The last transaction: from here on the upload counts. */
static Error *accept(Arena *arena, Db *db, const Principal *who, const UploadRequest *request,
                     const Job *job, UploadAnswer *ret_answer)
{
    UploadAnswer answer = {.job_id = job->id};
    IdempotentAnswer kept;
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(accounts_recheck(arena, db, who, job->owner_id)); /* the body may have taken an hour */
    TRY(idempotency_find(arena, db, who, &request->idempotency, &kept));
    if (kept.found) { /* the same request came in twice at once: the other one counts */
        TRY(job_delete_received(arena, db, (JobName){job->owner_id, job->id}));
        *ret_answer = (UploadAnswer){.job_id = kept.object_id, .replayed = true};
        return tx_commit(&tx, arena);
    }
    TRY(job_by_digest(arena, db, job->owner_id, job->file_sha256, job->kind, job->id,
                      &answer.earlier_job_id));
    answer.already_imported = !uuid_is_nil(answer.earlier_job_id);
    Task task = {.id = uuid_new(),
                 .kind = TASK_IMPORT,
                 .owner_id = job->owner_id,
                 .object_id = job->id,
                 .size = job->file_size};
    TRY(job_set_status(arena, db, job->owner_id, job->id, JOB_PENDING, now));
    TRY(queue_add(arena, db, &task));
    TRY(idempotency_keep(arena, db, who, &request->idempotency, job->id));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = job->owner_id,
                                .action = "job.accepted",
                                .object_kind = "job",
                                .object_id = job->id,
                                .count = -1,
                                .details = str_dup(arena, options_format(arena, &job->options))}));
    TRY(tx_commit(&tx, arena));
    *ret_answer = answer;
    return NULL;
}

/* Best effort: what cannot be removed now is swept later. */
static void discard(Db *db, JobName job)
{
    Arena *arena = arena_new(0);
    Tx TX_AUTO tx = {0};
    if (tx_begin(db, arena, TX_WRITE, &tx) == NULL && job_delete_received(arena, db, job) == NULL &&
        tx_commit(&tx, arena) == NULL)
        tx.db = NULL;
    tx_rollback(&tx);
    arena_free(arena);
}

Error *upload_accept(Arena *arena, Db *db, const Principal *who, const UploadRequest *request,
                     UploadAnswer *ret_answer)
{
    if (request->size == 0) {
        ErrorField *fields = NULL;
        error_field_add(arena, &fields, "file", "empty_file", "The file is empty.");
        return error_from_fields(arena, fields);
    }
    IdempotentAnswer kept = {0};
    const LoadedModel *model = NULL;
    if (request->idempotency.key.len > 0) {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        TRY(idempotency_find(arena, db, who, &request->idempotency, &kept));
        TRY(tx_commit(&tx, arena));
    }
    if (kept.found) {
        *ret_answer = (UploadAnswer){.job_id = kept.object_id, .replayed = true};
        return NULL;
    }
    TRY(models_active(arena, db, request->kind, &model));
    Job job = {.id = uuid_new(),
               .owner_id = principal_writes_to(who, request->personal),
               .user_id = who->user_id,
               .kind = request->kind,
               .options = request->options,
               .original_filename = clean_filename(arena, request->filename),
               .file_size = request->size,
               .file_sha256 = request->sha256,
               .model_id = model->row.id,
               .retry_of = request->retry_of,
               .created_at = clock_now()};
    TRY(retries_name(arena, db, who, &job));
    TRY(receive(arena, db, &job));
    JobName name = {job.owner_id, job.id};
    Error *error = store_chunks(arena, db, request, name);
    if (error == NULL)
        error = accept(arena, db, who, request, &job, ret_answer);
    if (error != NULL) {
        discard(db, name);
        return error;
    }
    queue_wake();
    return NULL;
}

Error *upload_sweep(Arena *arena, Db *db, int64_t before, int64_t *ret_removed)
{
    JobName *jobs = NULL;
    size_t count = 0;
    TRY(job_stale_receiving(arena, db, before, &jobs, &count));
    for (size_t i = 0; i < count; i++) {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        TRY(job_delete_received(arena, db, jobs[i]));
        TRY(tx_commit(&tx, arena));
    }
    *ret_removed = (int64_t)count;
    return NULL;
}
