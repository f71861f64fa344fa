/* Jobs as rows: one list of columns for the detail and the list, read in one place. The file lies beside
 * the job in chunks of 1 MiB, each a zstd frame of its own, so that it can be read from any chunk on. */
#include "store/job_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "format/options_json.h"
#include "format/zstd.h"
#include "model/words.h"
#include "store/id_list.h"
#include "store/statements.h"

enum {
    FILE_CHUNK_MAX = 4 << 20,
    FILE_ZSTD_LEVEL = 1 /* on tables of numbers as small as 3, in half the time */
};

static Value digest_value(const Digest *digest)
{
    return value_bytes((Str){(const char *)digest->bytes, DIGEST_SIZE});
}

Error *job_insert(Arena *arena, Db *db, const Job *job)
{
    return db_run(
        db, arena, SQL_JOB_INSERT,
        PARAMS(value_uuid(job->owner_id), value_uuid(job->id), value_uuid(job->user_id),
               value_text(kind_spec(job->kind)->word), value_text(JOB_STATUS_WORDS[JOB_RECEIVING]),
               value_str(options_format(arena, &job->options)), value_text(job->original_filename),
               value_int(job->file_size), digest_value(&job->file_sha256),
               value_uuid(job->model_id), value_time(job->created_at),
               value_bool(job->options.dry_run), value_uuid_or_null(job->retry_of)),
        NULL);
}

static JobStatus read_status(const Rows *rows, int column)
{
    int status = words_find(JOB_STATUS_WORDS, JOB_STATUS_COUNT, row_str(rows, column));
    CHECK(status >= 0);
    return (JobStatus)status;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a != NULL ? a : b != NULL ? b : c;
}

static Error *read_job(Arena *arena, const Rows *rows, Job *job)
{
    *job = (Job){.owner_id = row_uuid(rows, 0),
                 .id = row_uuid(rows, 1),
                 .user_id = row_uuid(rows, 2),
                 .status = read_status(rows, 4),
                 .hides_rows = row_bool(rows, 6),
                 .hides_inferred = row_bool(rows, 7),
                 .cancel_requested = row_bool(rows, 8),
                 .revision = row_int(rows, 9),
                 .original_filename = row_text(rows, 11),
                 .file_size = row_int(rows, 12),
                 .model_id = row_uuid(rows, 14),
                 .counters = {.total = row_is_null(rows, 15) ? -1 : row_int(rows, 15),
                              .processed = row_int(rows, 16),
                              .successful = row_int(rows, 17),
                              .failed = row_int(rows, 18),
                              .skipped = row_int(rows, 19),
                              .unchanged = row_int(rows, 20),
                              .warnings = row_int(rows, 21),
                              .companies = row_int(rows, 22),
                              .resume_row = row_int(rows, 23),
                              .bytes_done = row_int(rows, 24),
                              .replaced = row_int(rows, 39),
                              .removed = row_int(rows, 36)},
                 .error_message = row_text(rows, 25),
                 .created_at = row_time(rows, 26),
                 .started_at = row_time(rows, 27),
                 .completed_at = row_time(rows, 28),
                 .updated_at = row_time(rows, 29),
                 .deleted_at = row_time(rows, 30),
                 .last_row_at = row_time(rows, 37),
                 .inferred_rows = row_int(rows, 45),
                 .retry_of = row_uuid(rows, 46),
                 .settling = row_bool(rows, 38),
                 .note = row_text(rows, 40),
                 .legal_hold = row_text(rows, 41),
                 .legal_hold_by = row_uuid(rows, 42),
                 .legal_hold_at = row_time(rows, 43),
                 .legal_hold_email = row_text(rows, 44),
                 .user_email = row_text(rows, 31),
                 .user_name = first_of(row_text(rows, 32), row_text(rows, 33), row_text(rows, 31)),
                 .model_name = row_text(rows, 34),
                 .model_version = row_text(rows, 35)};
    CHECK(kind_parse(row_str(rows, 3), &job->kind));
    job->status_before = row_is_null(rows, 5) ? job->status : read_status(rows, 5);
    Str digest = row_bytes(rows, 13);
    CHECK(digest.len == DIGEST_SIZE);
    memcpy(job->file_sha256.bytes, digest.ptr, DIGEST_SIZE);
    return options_parse(arena, row_str(rows, 10), &job->options);
}

Error *job_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Job **ret_job)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Job *job = NULL;
    TRY(db_query(db, arena, SQL_JOB_SELECT, PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    if (rows_next(rows, &error)) {
        job = ARENA_NEW(arena, Job);
        TRY(read_job(arena, rows, job));
    }
    TRY(error);
    *ret_job = job;
    return NULL;
}

Error *job_retries(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t limit, Uuid **ret_ids,
                   size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Uuid) ids = {0};
    TRY(db_query(db, arena, SQL_JOB_RETRIES,
                 PARAMS(value_uuid(owner_id), value_uuid(id), value_int(limit)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &ids, row_uuid(rows, 0));
    *ret_ids = ids.items;
    *ret_count = ids.count;
    return error;
}

Error *job_set_retry_of(Arena *arena, Db *db, Uuid owner_id, Uuid id, Uuid retry_of)
{
    return db_run(db, arena, SQL_JOB_SET_RETRY_OF,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_uuid(retry_of)), NULL);
}

static Value status_list(Arena *arena, unsigned statuses)
{
    Buf text = buf_new(arena, 1024);
    buf_add_char(&text, ',');
    for (unsigned status = 0; status < JOB_STATUS_COUNT; status++)
        if (statuses >> status & 1)
            buf_printf(&text, "%s,", JOB_STATUS_WORDS[status]);
    return value_str(buf_str(&text));
}

static Value kind_value(const JobQuery *query)
{
    return value_text(query->has_kind ? kind_spec(query->kind)->word : "");
}

static Value user_value(const JobQuery *query)
{
    return query->has_user ? value_uuid(query->user_id) : value_null(VALUE_UUID);
}

Error *job_list(Arena *arena, Db *db, const JobQuery *query, Job **ret_jobs, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Job) jobs = {0};
    TRY(db_query(db, arena, SQL_JOB_LIST,
                 PARAMS(value_uuid(query->owner_id), value_time(query->before_created_at),
                        value_uuid(query->before_id), status_list(arena, query->statuses),
                        kind_value(query), user_value(query), value_int(query->limit)),
                 &rows));
    while (rows_next(rows, &error)) {
        Job job;
        TRY(read_job(arena, rows, &job));
        TRY(arena_room(arena));
        vec_push(arena, &jobs, job);
    }
    TRY(error);
    *ret_jobs = jobs.items;
    *ret_count = jobs.count;
    return NULL;
}

Error *job_count(Arena *arena, Db *db, const JobQuery *query, int64_t *ret_count)
{
    return db_number(db, arena, SQL_JOB_COUNT,
                     PARAMS(value_uuid(query->owner_id), status_list(arena, query->statuses),
                            kind_value(query), user_value(query), value_int(query->limit)),
                     ret_count);
}

Error *job_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobLock *ret_lock, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_JOB_LOCK, PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    *ret_found = rows_next(rows, &error);
    if (*ret_found) {
        *ret_lock = (JobLock){.status = read_status(rows, 0),
                              .hides_rows = row_bool(rows, 1),
                              .cancel_requested = row_bool(rows, 2),
                              .revision = row_int(rows, 3),
                              .user_id = row_uuid(rows, 4),
                              .settling = row_bool(rows, 6),
                              .held = row_bool(rows, 7)};
        CHECK(kind_parse(row_str(rows, 5), &ret_lock->kind));
    }
    return error;
}

static Error *lock_one(Arena *arena, Db *db, Uuid owner_id, JobHides *job)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_JOB_HIDES, PARAMS(value_uuid(owner_id), value_uuid(job->id)),
                 &rows));
    if (rows_next(rows, &error))
        *job = (JobHides){job->id, row_bool(rows, 1), row_bool(rows, 2)};
    return error;
}

Error *job_lock_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count,
                     JobHides *ret_jobs)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    for (size_t i = 0; i < count; i++) {
        ret_jobs[i] = (JobHides){.id = ids[i]};
        if (!db_can_load(db)) /* an embedded engine: a call is no journey */
            TRY(lock_one(arena, db, owner_id, &ret_jobs[i]));
    }
    if (count == 0 || !db_can_load(db))
        return NULL;
    TRY(db_query(db, arena, SQL_JOB_HIDES_MANY,
                 PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), &rows));
    for (size_t i = 0; rows_next(rows, &error); i++) {
        Uuid id = row_uuid(rows, 0);
        while (i < count && !uuid_equal(ret_jobs[i].id, id))
            i++;
        CHECK(i < count);
        ret_jobs[i] = (JobHides){id, row_bool(rows, 1), row_bool(rows, 2)};
    }
    return error;
}

typedef struct JobIds {
    Uuid owner_id;
    const Uuid *ids;
} JobIds;

static void fill_id(const void *self, size_t row, Value *values)
{
    const JobIds *jobs = self;
    values[0] = value_uuid(jobs->owner_id);
    values[1] = value_uuid(jobs->ids[row]);
}

Error *job_raise_revision_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count)
{
    if (count == 0)
        return NULL;
    if (db_can_load(db))
        return db_run(db, arena, SQL_JOB_RAISE_REVISION_MANY,
                      PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), NULL);
    JobIds jobs = {owner_id, ids};
    return db_run_many(db, arena, SQL_JOB_RAISE_REVISION, count, fill_id, &jobs, NULL);
}

Error *job_by_digest(Arena *arena, Db *db, Uuid owner_id, Digest digest, Kind kind, Uuid but_not,
                     Uuid *ret_id)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_JOB_BY_DIGEST,
                 PARAMS(value_uuid(owner_id), digest_value(&digest),
                        value_text(kind_spec(kind)->word), value_uuid(but_not)),
                 &rows));
    *ret_id = rows_next(rows, &error) ? row_uuid(rows, 0) : UUID_NIL;
    return error;
}

Error *job_set_status(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status, int64_t now)
{
    return db_run(db, arena, SQL_JOB_SET_STATUS,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_text(JOB_STATUS_WORDS[status]),
                         value_time(now)),
                  NULL);
}

Error *job_touch(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_JOB_TOUCH,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), NULL);
}

Error *job_begin_anew(Arena *arena, Db *db, Uuid owner_id, Uuid id)
{
    TRY(db_run(db, arena, SQL_JOB_BEGIN_ANEW, PARAMS(value_uuid(owner_id), value_uuid(id)), NULL));
    TRY(db_run(db, arena, SQL_PROBLEM_DELETE_OF_JOB, PARAMS(value_uuid(owner_id), value_uuid(id)),
               NULL));
    return db_run(db, arena, SQL_MARK_DELETE_OF_JOB, PARAMS(value_uuid(owner_id), value_uuid(id)),
                  NULL);
}

Error *job_start(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_JOB_START,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), NULL);
}

Error *job_batch(Arena *arena, Db *db, const Job *job, const RowSpan *span, int64_t now)
{
    const JobCounters *c = &job->counters;
    Value none_time = value_null(VALUE_TIME), none_id = value_null(VALUE_UUID);
    return db_run(db, arena, SQL_JOB_BATCH,
                  PARAMS(value_uuid(job->owner_id), value_uuid(job->id), value_int(c->processed),
                         value_int(c->successful), value_int(c->failed), value_int(c->skipped),
                         value_int(c->unchanged), value_int(c->warnings), value_int(c->companies),
                         value_int(c->resume_row), value_int(c->bytes_done),
                         c->total < 0 ? value_null(VALUE_INT) : value_int(c->total),
                         span->any ? value_time(span->first_created_at) : none_time,
                         span->any ? value_uuid(span->first_id) : none_id,
                         span->any ? value_time(span->last_created_at) : none_time,
                         span->any ? value_uuid(span->last_id) : none_id, value_time(now),
                         value_int(c->replaced)),
                  NULL);
}

Error *job_finish(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status,
                  const char *message, int64_t now)
{
    return db_run(db, arena, SQL_JOB_FINISH,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_text(JOB_STATUS_WORDS[status]),
                         value_text(message), value_time(now)),
                  NULL);
}

Error *job_request_cancel(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_JOB_REQUEST_CANCEL,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), NULL);
}

Error *job_raise_revision(Arena *arena, Db *db, Uuid owner_id, Uuid id)
{
    return db_run(db, arena, SQL_JOB_RAISE_REVISION, PARAMS(value_uuid(owner_id), value_uuid(id)),
                  NULL);
}

Error *job_rows_removed(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t rows)
{
    return db_run(db, arena, SQL_JOB_ROWS_REMOVED,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_int(rows)), NULL);
}

Error *job_delete_record(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_JOB_DELETE_RECORD,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), NULL);
}

Error *job_hide(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool inferred, int64_t now)
{
    return db_run(
        db, arena, SQL_JOB_HIDE,
        PARAMS(value_uuid(owner_id), value_uuid(id), value_bool(inferred), value_time(now)), NULL);
}

Error *job_undo(Arena *arena, Db *db, Uuid owner_id, Uuid id, const char *message, int64_t now)
{
    return db_run(
        db, arena, SQL_JOB_UNDO,
        PARAMS(value_uuid(owner_id), value_uuid(id), value_text(message), value_time(now)), NULL);
}

Error *job_removed(Arena *arena, Db *db, Uuid owner_id, Uuid id, JobStatus status, int64_t now)
{
    return db_run(db, arena, SQL_JOB_REMOVED,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_text(JOB_STATUS_WORDS[status]),
                         value_time(now)),
                  NULL);
}

Error *job_set_settling(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool settling)
{
    return db_run(db, arena, SQL_JOB_SET_SETTLING,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_bool(settling)), NULL);
}

Error *job_is_settling(Arena *arena, Db *db, Uuid owner_id, bool *ret_settling)
{
    int64_t found = 0;
    TRY(db_number(db, arena, SQL_JOB_IS_SETTLING, PARAMS(value_uuid(owner_id)), &found));
    *ret_settling = found > 0;
    return NULL;
}

Error *job_restoring(Arena *arena, Db *db, Uuid owner_id, Uuid id, bool inferred, int64_t now)
{
    return db_run(
        db, arena, SQL_JOB_RESTORING,
        PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now), value_bool(inferred)), NULL);
}

Error *job_restored(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    return db_run(db, arena, SQL_JOB_RESTORED,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), NULL);
}

Error *job_hiding(Arena *arena, Db *db, Uuid owner_id, Kind kind, HidingJob **ret_jobs,
                  size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(HidingJob) jobs = {0};
    TRY(db_query(db, arena, SQL_JOB_HIDING,
                 PARAMS(value_uuid(owner_id), value_text(kind_spec(kind)->word)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &jobs,
                 ((HidingJob){row_uuid(rows, 0),
                              {true, row_time(rows, 1), row_uuid(rows, 2), row_time(rows, 3),
                               row_uuid(rows, 4)},
                              row_bool(rows, 5)}));
    TRY(error);
    *ret_jobs = jobs.items;
    *ret_count = jobs.count;
    return NULL;
}

Error *job_stale_receiving(Arena *arena, Db *db, int64_t before, JobName **ret_jobs,
                           size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(JobName) jobs = {0};
    TRY(db_query(db, arena, SQL_JOB_STALE_RECEIVING, PARAMS(value_time(before)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &jobs, ((JobName){row_uuid(rows, 0), row_uuid(rows, 1)}));
    TRY(error);
    *ret_jobs = jobs.items;
    *ret_count = jobs.count;
    return NULL;
}

Error *job_delete_received(Arena *arena, Db *db, JobName job)
{
    TRY(db_run(db, arena, SQL_FILE_DELETE, PARAMS(value_uuid(job.owner_id), value_uuid(job.id)),
               NULL));
    return db_run(db, arena, SQL_JOB_DELETE, PARAMS(value_uuid(job.owner_id), value_uuid(job.id)),
                  NULL);
}

Str file_pack(Arena *arena, Str bytes)
{
    return zstd_pack(arena, bytes, FILE_ZSTD_LEVEL);
}

Error *file_insert(Arena *arena, Db *db, JobName job, const FileChunk *chunk)
{
    return db_run(db, arena, SQL_FILE_INSERT,
                  PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_int(chunk->seq),
                         value_int(chunk->offset), value_int(chunk->size),
                         value_bytes(chunk->packed)),
                  NULL);
}

Error *file_has_chunk(Arena *arena, Db *db, JobName job, int64_t seq, bool *ret_there)
{
    int64_t count = 0;
    TRY(db_number(db, arena, SQL_FILE_HAS_CHUNK,
                  PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_int(seq)), &count));
    *ret_there = count > 0;
    return NULL;
}

Error *file_chunk(Arena *arena, Db *db, JobName job, int64_t seq, Str *ret_bytes)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    *ret_bytes = (Str){NULL, 0};
    TRY(db_query(db, arena, SQL_FILE_CHUNK,
                 PARAMS(value_uuid(job.owner_id), value_uuid(job.id), value_int(seq)), &rows));
    if (!rows_next(rows, &error))
        return error;
    Error *damage = zstd_unpack(arena, row_bytes(rows, 1), FILE_CHUNK_MAX, ret_bytes);
    if (damage == NULL)
        return NULL;
    return error_because(/* no fault of the file that came in */
                         ERROR(arena, ERROR_INTERNAL, "The stored file of this upload is damaged."),
                         damage);
}
