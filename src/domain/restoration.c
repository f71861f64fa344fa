/* What a deletion removed comes back in the order in which it was archived, batch by batch; the position of the
 * task counts the rows that are back.
 *
 *   of a job:  its rows, hidden → the job is shown → edits that went with it → displaced versions step back
 *   of keys:   their versions, newest first, so that each lands behind what is newer
 *
 * Up to SETTLE_AT_ONCE edits and displaced versions are dealt with in the transaction that shows the job; where
 * there are more, the job is settling until the passes behind it are through. */
#include "domain/restoration.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "domain/audit.h"
#include "domain/batches.h"
#include "domain/company_names.h"
#include "domain/deletion.h"
#include "domain/holds.h"
#include "domain/jobs.h"
#include "domain/queue.h"
#include "domain/versions.h"
#include "format/archive.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/chunk_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/deletion_store.h"
#include "store/job_store.h"
#include "store/queue_store.h"

#include <stdlib.h>

enum { ROW_BYTES = 84, ANALYZE_ROWS = 20000 };

/* --- asking for it --------------------------------------------------------------------------- */

static Error *conflict(Arena *arena, const char *reason, const char *message)
{
    return error_with_reason(ERROR(arena, ERROR_CONFLICT, "%s", message), reason);
}

static Error *refuse_others(Arena *arena, const Principal *who, const Deletion *deletion,
                            const Job *job)
{
    bool may = job != NULL
                   ? jobs_may_change(who, job)
                   : uuid_equal(deletion->user_id, who->user_id) || who->role == ROLE_SUPER_ADMIN;
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
    if (clock_now() <= deletion->restorable_until || who->role == ROLE_SUPER_ADMIN)
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
static Error *queue_import(Arena *arena, Db *db, const Job *job)
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
    return queue_import(arena, db, job);
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
                 .size = deletion->archived * ROW_BYTES};
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
                   const char *reason)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    bool job = !uuid_is_nil(deletion->job_id);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_text(&out, "subject", DELETION_SUBJECT_WORDS[deletion->subject]);
    json_end_object(&out);
    json_out_close(&out);
    return audit_write(
        arena, db, who,
        (AuditNote){.owner_id = deletion->owner_id,
                    .action = job ? "job.restored" : "deletion.restored",
                    .object_kind = job ? "job" : "deletion",
                    .object_id = job ? deletion->job_id : deletion->id,
                    .count = deletion->record_only ? 0 : deletion_rows(&deletion->counts),
                    .reason = reason,
                    .details = str_dup(arena, buf_str(&buf))});
}

Error *restoration_request(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                           const char *reason, Deletion **ret_deletion)
{
    Deletion *deletion = NULL;
    Job *job = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(find_both(arena, db, who, deletion_id, &deletion, &job));
    if (job != NULL)
        TRY(jobs_get_locked(arena, db, who, job->id, true, &job));
    TRY(deletion_lock(arena, db, deletion->owner_id, deletion->id));
    TRY(find_both(arena, db, who, deletion_id, &deletion, &job));
    if (is_over_or_on_its_way(deletion)) {
        TRY(refuse_others(arena, who, deletion, job));
        *ret_deletion = deletion;
        return NULL;
    }
    if (deletion->phase != PHASE_RESTORE)
        TRY(refuse(arena, db, who, deletion, job));
    else
        TRY(refuse_others(arena, who, deletion, job));
    TRY(begin(arena, db, who, deletion, job));
    TRY(note(arena, db, who, deletion, reason));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    return deletion_get(arena, db, who, deletion_id, ret_deletion);
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

/* --- the archive, row by row ----------------------------------------------------------------- */

/* Rows of the archive from a position on. One chunk is unpacked at a time. */
typedef struct ArchiveWalk {
    Db *db;
    const Deletion *deletion;
    Arena *arena; /* of the chunk */
    const Chunk *chunk;
    Prediction *rows;
} ArchiveWalk;

static void close_walk(void *walk)
{
    arena_free(((ArchiveWalk *)walk)->arena);
}

static ArchiveWalk *walk_new(Arena *arena, Db *db, const Deletion *deletion)
{
    ArchiveWalk *walk = ARENA_NEW(arena, ArchiveWalk);
    *walk = (ArchiveWalk){.db = db, .deletion = deletion, .arena = arena_new(0)};
    arena_defer(arena, close_walk, walk);
    return walk;
}

static int newest_first(const void *a, const void *b)
{
    const Prediction *left = a, *right = b;
    if (left->created_at != right->created_at)
        return left->created_at > right->created_at ? -1 : 1;
    return -uuid_compare(left->id, right->id);
}

static int64_t rows_of_part(const Deletion *deletion, ChunkPart part)
{
    int64_t edits = deletion->counts.edits_deleted;
    return part == PART_EDITS ? edits : deletion_rows(&deletion->counts) - edits;
}

static Error *open_chunk(ArchiveWalk *walk, ChunkPart part, int64_t position)
{
    Chunk *chunk = NULL;
    Kind kind;
    size_t count = 0;
    walk->chunk = NULL;
    arena_rewind(walk->arena, (ArenaMark){0});
    TRY(chunk_at(walk->arena, walk->db, walk->deletion, part, position, &chunk));
    if (chunk == NULL)
        return NULL;
    TRY(archive_unpack(walk->arena, walk->deletion->owner_id, chunk->packed, &kind, &walk->rows,
                       &count));
    if ((int64_t)count != chunk->row_count || kind != chunk->kind)
        return error_with_reason(ERROR(walk->arena, ERROR_INTERNAL,
                                       "A part of the archive is not what it was noted as."),
                                 ARCHIVE_DAMAGED);
    if (walk->deletion->subject != SUBJECT_JOB && count > 1)
        qsort(walk->rows, count, sizeof *walk->rows, newest_first);
    walk->chunk = chunk;
    return NULL;
}

/* Up to `limit` rows from `position` on, within one chunk; they live until the next call. *ret_count 0: the
 * part ends there, as it should, or the archive is not whole. */
static Error *walk_rows(Arena *arena, ArchiveWalk *walk, ChunkPart part, int64_t position,
                        int64_t limit, Prediction **ret_rows, size_t *ret_count)
{
    const Chunk *chunk = walk->chunk;
    *ret_count = 0;
    if (position >= rows_of_part(walk->deletion, part))
        return NULL;
    if (chunk == NULL || chunk->part != part || position < chunk->rows_before ||
        position >= chunk->rows_before + chunk->row_count) {
        Error *error = open_chunk(walk, part, position);
        if (error != NULL)
            return error_copy(arena, error);
        chunk = walk->chunk;
    }
    if (chunk == NULL)
        return error_with_reason(
            ERROR(arena, ERROR_INTERNAL, "A part of the archive is not there."), ARCHIVE_DAMAGED);
    int64_t from = position - chunk->rows_before, left = chunk->row_count - from;
    *ret_rows = walk->rows + from;
    *ret_count = (size_t)(left < limit ? left : limit);
    return NULL;
}

/* --- edits that come back with their job ------------------------------------------------------ */

/* The newest archived edit of each key: a row of the job under it ends up behind it. */
typedef struct EditKeys {
    Arena *arena;
    Map newest; /* key -> int64_t, its created_at */
} EditKeys;

static Str key_bytes(const Prediction *row, char room[24])
{
    int32_t period = row->year * 4 + row->quarter;
    memcpy(room, row->company_id.bytes, 16);
    memcpy(room + 16, &period, sizeof period);
    return (Str){room, 20};
}

static Error *find_edits(Arena *arena, Db *db, const Deletion *deletion, EditKeys *ret_keys)
{
    ArchiveWalk *walk = walk_new(arena, db, deletion);
    EditKeys keys = {arena, map_new(arena)};
    Prediction *rows = NULL;
    size_t count = 0;
    char room[24];
    for (int64_t at = 0;; at += (int64_t)count) {
        TRY(walk_rows(arena, walk, PART_EDITS, at, INT64_MAX, &rows, &count));
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            int64_t *newest = map_find(&keys.newest, key_bytes(&rows[i], room));
            if (newest == NULL) {
                newest = ARENA_NEW(arena, int64_t);
                map_put(&keys.newest, str_copy(arena, key_bytes(&rows[i], room)), newest);
            }
            *newest = rows[i].created_at > *newest ? rows[i].created_at : *newest;
        }
    }
    *ret_keys = keys;
    return NULL;
}

static int64_t count_former(const EditKeys *edits, const Prediction *rows, const bool *former,
                            size_t count)
{
    int64_t all = 0;
    char room[24];
    for (size_t i = 0; i < count; i++) {
        const int64_t *edit = map_find(&edits->newest, key_bytes(&rows[i], room));
        all += former[i] || (edit != NULL && *edit > rows[i].created_at);
    }
    return all;
}

/* --- looking at what it would do --------------------------------------------------------------- */

static Error *preview_part(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                           const EditKeys *edits, RestorationPreview *preview)
{
    enum { LOOK = 5000 };
    ArchiveWalk *walk = walk_new(arena, db, deletion);
    Prediction *rows = NULL;
    size_t count = 0;
    for (int64_t at = 0;; at += (int64_t)count) {
        ArenaMark mark = arena_mark(arena);
        TRY(walk_rows(arena, walk, part, at, LOOK, &rows, &count));
        if (count == 0)
            return NULL;
        bool *former = ARENA_ARRAY(arena, bool, count);
        TRY(versions_would_put_back(arena, db, rows, count, former));
        preview->rows += (int64_t)count;
        preview->former += count_former(edits, rows, former, count);
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
    if (deletion->phase == PHASE_REMOVAL)
        TRY(refuse(arena, db, who, deletion, job));
    else
        TRY(refuse_others(arena, who, deletion, job));
    if (deletion->phase == PHASE_REMOVAL && !deletion->record_only) {
        TRY(find_edits(arena, db, deletion, &edits));
        TRY(preview_part(arena, db, deletion, PART_ROWS, &edits, &preview));
        TRY(preview_part(arena, db, deletion, PART_EDITS, &edits, &preview));
    }
    preview.current = preview.rows - preview.former;
    *ret_preview = preview;
    return tx_commit(&tx, arena);
}

/* --- the worker's part ----------------------------------------------------------------------- */

typedef struct Restoring {
    Db *db;
    Task *task;
    Deletion *deletion;
    const Job *job; /* as it was found; NULL: of keys */
    bool shown;     /* the job is: what is left is to settle */
    ArchiveWalk *walk;
    EditKeys edits;
    const TaskWatch *watch;
} Restoring;

static SwapQuery swap_query(const Deletion *deletion, int64_t limit)
{
    return (SwapQuery){.kind = deletion->kind,
                       .owner_id = deletion->owner_id,
                       .job_id = deletion->job_id,
                       .inferred = deletion->include_inferred,
                       .after = deletion->settled_row - 1,
                       .limit = limit};
}

/* Puts rows of a part into place; *ret_count 0: there are no more. */
static Error *put_rows(Restoring *r, Arena *arena, ChunkPart part, int64_t at, int64_t limit,
                       DeletionStep *step, size_t *ret_count)
{
    Prediction *rows = NULL;
    const Deletion *deletion = r->deletion;
    const Uuid *hidden = part == PART_ROWS && r->job != NULL ? &deletion->job_id : NULL;
    TRY(walk_rows(arena, r->walk, part, at, limit, &rows, ret_count));
    bool *former = ARENA_ARRAY(arena, bool, *ret_count + 1);
    TRY(versions_put_back(arena, r->db, rows, *ret_count, hidden, former));
    step->restored_rows += (int64_t)*ret_count;
    step->restored_former += count_former(&r->edits, rows, former, *ret_count);
    return NULL;
}

/* The places, and the end of the transaction. */
static Error *end_batch(Restoring *r, Arena *arena, Deletion *after, const DeletionStep *step,
                        bool over, Tx *tx)
{
    Task task = *r->task;
    TRY(deletion_progress(arena, r->db, after, step));
    TRY(owner_touch(arena, r->db, after->owner_id));
    if (over) {
        if (r->job != NULL)
            TRY(count_fold(arena, r->db, after->owner_id, after->job_id));
        TRY(deletion_finish(arena, r->db, after, DELETION_DONE, 0));
        TRY(queue_finish(arena, r->db, &task));
    } else {
        TRY(queue_advance(arena, r->db, &task, after->restored_rows));
    }
    TRY(tx_commit(tx, arena));
    *r->deletion = *after;
    *r->task = task;
    return NULL;
}

/* Rows that jobs had lost are theirs again: how many are left is known without counting them. */
static Error *give_back(Arena *arena, Db *db, const Prediction *rows, size_t count)
{
    Map jobs = map_new(arena);
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].has_job)
            continue;
        Str id = {(const char *)rows[i].job_id.bytes, 16};
        int64_t *number = map_find(&jobs, id);
        if (number == NULL) {
            number = ARENA_NEW(arena, int64_t);
            map_put(&jobs, id, number);
        }
        ++*number;
    }
    for (size_t i = 0; i < jobs.count; i++) {
        Uuid id;
        memcpy(id.bytes, jobs.entries[i].key.ptr, 16);
        int64_t back = *(const int64_t *)jobs.entries[i].value;
        TRY(job_rows_removed(arena, db, rows[0].owner_id, id, -back));
        TRY(deletion_expect_more(arena, db, rows[0].owner_id, id, back));
    }
    return NULL;
}

static Error *rows_batch(Restoring *r, Arena *arena, int64_t limit, bool *ret_more)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    size_t count = 0;
    Prediction *rows = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(put_rows(r, arena, PART_ROWS, r->task->position, limit, &step, &count));
    *ret_more = count > 0;
    if (count == 0)
        return NULL;
    TRY(walk_rows(arena, r->walk, PART_ROWS, r->task->position, limit, &rows, &count));
    TRY(give_back(arena, r->db, rows, count));
    return end_batch(r, arena, &after, &step, false, &tx);
}

/* One step of settling: edits, then versions that step back. *ret_more: not through yet. */
static Error *settle(Restoring *r, Arena *arena, Deletion *after, int64_t limit, DeletionStep *step,
                     bool *ret_more)
{
    size_t edits = 0;
    SettlePass pass = {0};
    int64_t at = after->restored_rows + step->restored_rows - rows_of_part(after, PART_ROWS);
    TRY(put_rows(r, arena, PART_EDITS, at, limit, step, &edits));
    *ret_more = true;
    if ((int64_t)edits == limit ||
        at + (int64_t)edits < rows_of_part(after, PART_EDITS)) /* another chunk */
        return NULL;
    SwapQuery query = swap_query(after, limit);
    TRY(versions_cover(arena, r->db, &query, &pass));
    if (pass.looked > 0)
        after->settled_row = pass.last + 1;
    *ret_more = pass.looked == limit;
    return NULL;
}

/* From this commit on the job's rows are seen. */
static Error *show_job(Restoring *r, Arena *arena, bool *ret_done)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobLock lock;
    int64_t covering = 0, most = batches_most(SETTLE_AT_ONCE);
    bool found = false, more = true;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, r->db, after.owner_id, after.job_id, &lock, &found));
    TRY(job_restored(arena, r->db, after.owner_id, after.job_id, clock_now()));
    TRY(company_names_redo(arena, r->db, after.owner_id, after.job_id));
    TRY(covering_count(arena, r->db, after.owner_id, after.job_id, most + 1, &covering));
    bool at_once = covering <= most && rows_of_part(&after, PART_EDITS) <= most;
    while (at_once && more)
        TRY(settle(r, arena, &after, most + 1, &step, &more));
    if (!at_once)
        TRY(job_set_settling(arena, r->db, after.owner_id, after.job_id, true));
    TRY(queue_import(arena, r->db, r->job));
    TRY(end_batch(r, arena, &after, &step, at_once, &tx));
    r->shown = true;
    *ret_done = at_once;
    return NULL;
}

static Error *settle_batch(Restoring *r, Arena *arena, bool *ret_done)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobLock lock;
    bool more = false, found = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, r->db, after.owner_id, after.job_id, &lock, &found));
    TRY(settle(r, arena, &after, batches_most(SETTLE_PASS), &step, &more));
    if (!more)
        TRY(job_set_settling(arena, r->db, after.owner_id, after.job_id, false));
    TRY(end_batch(r, arena, &after, &step, !more, &tx));
    *ret_done = !more;
    return NULL;
}

/* A version that was deleted alone is there again: what it had left behind may come back some day. */
static Error *end_keys(Restoring *r, Arena *arena)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(versions_unretire(arena, r->db, &after));
    if (after.subject == SUBJECT_COMPANY)
        TRY(company_restore_many(arena, r->db, after.owner_id, &after.object_id, 1));
    return end_batch(r, arena, &after, &step, true, &tx);
}

static void tell(const Restoring *r)
{
    const JobCounters counters = {.total = r->deletion->archived,
                                  .processed = r->deletion->restored_rows};
    if (r->watch->progress != NULL)
        r->watch->progress(r->watch->self, &counters, 0);
}

static Error *restore_batch(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    Restoring *r = self;
    bool more = false;
    tell(r);
    if (r->shown)
        return settle_batch(r, arena, ret_done);
    TRY(rows_batch(r, arena, limit, &more));
    if (more)
        return NULL;
    if (r->job != NULL)
        return show_job(r, arena, ret_done);
    TRY(end_keys(r, arena));
    *ret_done = true;
    return NULL;
}

static Error *drop_task(Arena *arena, Db *db, const Task *task)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(queue_finish(arena, db, task));
    return tx_commit(&tx, arena);
}

Error *restoration_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch, TaskEnd *ret_end)
{
    Deletion *deletion = NULL;
    Job *job = NULL;
    bool done = false;
    *ret_end = TASK_ENDED;
    TRY(deletion_find(arena, db, task->owner_id, task->object_id, &deletion));
    if (deletion == NULL || deletion->phase != PHASE_RESTORE || deletion->state == DELETION_DONE)
        return drop_task(arena, db, task);
    if (deletion->subject == SUBJECT_JOB)
        TRY(job_find(arena, db, deletion->owner_id, deletion->job_id, &job));
    Restoring restoring = {.db = db,
                           .task = task,
                           .deletion = deletion,
                           .job = job,
                           .shown = job != NULL && job->status != JOB_RESTORING,
                           .walk = walk_new(arena, db, deletion),
                           .watch = watch};
    task->position = deletion->restored_rows; /* they move together; one began anew after a stall */
    TRY(find_edits(arena, db, deletion, &restoring.edits));
    TRY(batches_run(arena, db, watch, (BatchSize){500, 100, 20000}, restore_batch, &restoring,
                    &done));
    *ret_end = done ? TASK_ENDED : TASK_STOPPED;
    return done && deletion->restored_rows >= ANALYZE_ROWS
               ? db_analyze(db, arena, deletion->restored_rows)
               : NULL;
}
