/* Batch by batch, each in one short transaction: rows go out of the table and into the archive, with their
 * counts and the position. How long a batch may hold the write lock decides its size, from how long the one
 * before took. The position of the task is the job_row of the last row that is gone, and the deletion knows how
 * far displaced versions are dealt with: so a crash loses nothing and does nothing twice.
 *
 *   settle (only while the job is settling) → rows with a job_row → rows without (adopted ones) */
#include "domain/removal.h"

#include "base/clock.h"
#include "base/vec.h"
#include "domain/batches.h"
#include "domain/company_names.h"
#include "domain/queue.h"
#include "domain/removal_parts.h"
#include "domain/versions.h"
#include "store/account_store.h"
#include "store/chunk_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

enum { NAMED_MAX = 200000 };

/* --- one batch's worth ----------------------------------------------------------------------- */

const Uuid *removal_companies(Arena *arena, const Prediction *rows, size_t count, size_t *ret_count)
{
    Map seen = map_new(arena);
    Uuid *companies = ARENA_ARRAY(arena, Uuid, count + 1);
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        Str id = {(const char *)rows[i].company_id.bytes, 16};
        if (map_find(&seen, id) != NULL)
            continue;
        map_put(&seen, id, companies);
        companies[(*ret_count)++] = rows[i].company_id;
    }
    return companies;
}

/* Those that the rows were the last of: counted, and marked where that was asked for. */
static Error *bereave_companies(Arena *arena, Db *db, const Deletion *deletion,
                                const Uuid *companies, size_t count, DeletionStep *step)
{
    int64_t now = clock_now(), empty = 0;
    if (!deletion_counts_companies(deletion->subject, deletion->expected,
                                   deletion->orphaned_companies))
        return NULL;
    if (!deletion->orphaned_companies) {
        JobSlice job = {
            .kind = deletion->kind, .owner_id = deletion->owner_id, .job_id = deletion->job_id};
        TRY(company_count_bereft(arena, db, &job, companies, count, &empty));
        step->counts.companies_empty += empty;
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        bool marked = false;
        TRY(company_mark_deleted(arena, db, deletion->owner_id, companies[i], now, &marked));
        step->counts.companies_deleted += marked;
        step->counts.companies_empty += marked;
    }
    return NULL;
}

/* Notes those that this run has not noted yet. */
static Error *name_companies(Arena *arena, Removing *r, const Uuid *companies, size_t count)
{
    VEC(Uuid) fresh = {0};
    for (size_t i = 0; i < count; i++)
        if (map_find(&r->named, (Str){(const char *)companies[i].bytes, 16}) == NULL)
            vec_push(arena, &fresh, companies[i]);
    return archived_companies_add(arena, r->db, r->deletion, fresh.items, fresh.count);
}

static void remember_named(Removing *r, const Uuid *companies, size_t count)
{
    if (r->named.count > NAMED_MAX)
        removal_forget_companies(r);
    for (size_t i = 0; i < count; i++) {
        Str id = {(const char *)companies[i].bytes, 16};
        if (map_find(&r->named, id) == NULL)
            map_put(&r->named, str_copy(r->named_arena, id), r);
    }
}

void removal_forget_companies(Removing *r)
{
    arena_rewind(r->named_arena, (ArenaMark){0});
    r->named = map_new(r->named_arena);
}

Error *removal_note_companies(Arena *arena, Removing *r, const Uuid *companies, size_t count,
                              DeletionStep *step)
{
    TRY(name_companies(arena, r, companies, count));
    TRY(bereave_companies(arena, r->db, r->deletion, companies, count, step));
    remember_named(r, companies, count);
    return NULL;
}

/* Rows that are out of the table: into the archive, and off the counts. */
static Error *archive_rows(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                           const Prediction *rows, size_t count, DeletionStep *step)
{
    TRY(chunk_add(arena, db, deletion, part, rows, count));
    TRY(count_take_rows(arena, db, deletion->owner_id, rows, count));
    step->archived += (int64_t)count;
    step->counts.predictions[deletion->kind] += (int64_t)count;
    if (part == PART_EDITS)
        step->counts.edits_deleted += (int64_t)count;
    return NULL;
}

/* --- what is settled ------------------------------------------------------------------------- */

static Error *remove_edits(Arena *arena, Db *db, const Deletion *deletion, int64_t limit,
                           DeletionStep *step, bool *ret_more)
{
    SwapQuery query = versions_next_pass(deletion, limit);
    Uuid *ids = NULL;
    Prediction *rows = NULL;
    size_t count = 0, companies_count = 0;
    int64_t swaps = 0;
    *ret_more = false;
    if (!deletion->include_edited)
        return NULL;
    TRY(versions_uncover_edits(arena, db, &query, &swaps));
    TRY(edits_of_job(arena, db, &query, &ids,
                     &count)); /* those that are held now, and the others */
    if (count == 0)
        return NULL;
    *ret_more = (int64_t)count == limit;
    TRY(predictions_remove(arena, db, deletion->kind, deletion->owner_id, ids, count, &rows,
                           &count));
    TRY(archive_rows(arena, db, deletion, PART_EDITS, rows, count, step));
    const Uuid *companies = removal_companies(arena, rows, count, &companies_count);
    TRY(archived_companies_add(arena, db, deletion, companies, companies_count));
    TRY(bereave_companies(arena, db, deletion, companies, companies_count, step));
    step->counts.versions_restored += swaps;
    return NULL;
}

/* Edits first: what lies under them comes back with them. */
static Error *settle(Arena *arena, Db *db, Deletion *deletion, int64_t limit, DeletionStep *step,
                     bool *ret_more)
{
    SettlePass pass = {0};
    TRY(remove_edits(arena, db, deletion, limit, step, ret_more));
    if (*ret_more)
        return NULL;
    SwapQuery query = versions_next_pass(deletion, limit);
    TRY(versions_uncover(arena, db, &query, &pass));
    step->counts.versions_restored += pass.swaps;
    if (pass.looked > 0)
        deletion->settled_row = pass.last + 1;
    *ret_more = pass.looked == limit;
    return NULL;
}

Error *removal_begin(Arena *arena, Db *db, Deletion *deletion, int64_t *at_once)
{
    DeletionStep step = {0};
    int64_t most = batches_most(*at_once);
    int64_t covering = 0;
    int64_t edits = 0;
    bool more = false;
    TRY(company_names_undo(arena, db, deletion->owner_id, deletion->job_id,
                           &step.counts.names_restored, &step.counts.names_kept));
    TRY(covering_count(arena, db, deletion->owner_id, deletion->job_id, most + 1, &covering));
    SwapQuery query = versions_next_pass(deletion, most + 1);
    if (deletion->include_edited)
        TRY(edits_count_of_job(arena, db, &query, &edits));
    if (covering > most || edits > most) {
        TRY(job_set_settling(arena, db, deletion->owner_id, deletion->job_id, true));
    } else if (covering > 0 || edits > 0) {
        TRY(settle(arena, db, deletion, most + 1, &step, &more));
        *at_once -= covering > edits ? covering : edits;
    }
    DeletionState state = deletion->state;
    TRY(deletion_progress(arena, db, deletion, &step));
    deletion->state = state;
    return deletion_finish(arena, db, deletion, state, 0);
}

/* --- batches --------------------------------------------------------------------------------- */

Error *removal_end_batch(Arena *arena, Removing *r, Deletion *after, const DeletionStep *step,
                         int64_t position, Tx *tx)
{
    Task task = *r->task;
    Deletion *deletion = after;
    int64_t rows = deletion_rows(&step->counts) - step->counts.edits_deleted;
    if (deletion->subject == SUBJECT_JOB && rows > 0)
        TRY(job_rows_removed(arena, r->db, deletion->owner_id, deletion->job_id, rows));
    TRY(deletion_progress(arena, r->db, deletion, step));
    TRY(owner_touch(arena, r->db, deletion->owner_id));
    TRY(queue_advance(arena, r->db, &task, position));
    TRY(tx_commit(tx, arena));
    *r->deletion = *after;
    *r->task = task;
    return NULL;
}

static Error *settle_batch(Removing *r, Arena *arena)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobLock lock;
    bool more = false, found = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, r->db, after.owner_id, after.job_id, &lock, &found));
    TRY(settle(arena, r->db, &after, batches_most(SETTLE_PASS), &step, &more));
    if (!more)
        TRY(job_set_settling(arena, r->db, after.owner_id, after.job_id, false));
    TRY(removal_end_batch(arena, r, &after, &step, r->task->position, &tx));
    r->settling = more;
    return NULL;
}

static Error *take_numbered(Removing *r, Arena *arena, int64_t limit, JobSlice *slice,
                            Prediction **ret_rows, size_t *ret_count)
{
    int64_t rows = 0;
    TRY(slice_end(arena, r->db, slice, limit, &rows));
    r->numbered_gone = rows == 0;
    return rows == 0 ? NULL : slice_delete(arena, r->db, slice, ret_rows, ret_count);
}

void removal_tell(const Removing *r)
{
    const DeletionCounts *counts = &r->deletion->counts;
    batches_tell(r->watch, deletion_rows(counts) - counts->edits_deleted, r->deletion->expected);
}

static Error *archive_batch(Arena *arena, Removing *r, const Prediction *rows, size_t count,
                            DeletionStep *step)
{
    size_t named = 0;
    TRY(archive_rows(arena, r->db, r->deletion, PART_ROWS, rows, count, step));
    const Uuid *companies = removal_companies(arena, rows, count, &named);
    return removal_note_companies(arena, r, companies, named, step);
}

Error *removal_take_slice(Arena *arena, Removing *r, const JobSlice *slice, DeletionStep *step)
{
    Prediction *rows = NULL;
    size_t count = 0;
    TRY(slice_delete(arena, r->db, slice, &rows, &count));
    return archive_batch(arena, r, rows, count, step);
}

static Error *settle_step(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    Removing *r = self;
    (void)limit;
    removal_tell(r);
    TRY(settle_batch(r, arena));
    *ret_done = !r->settling;
    return NULL;
}

static Error *remove_rows(Removing *r, Arena *arena, int64_t limit, bool *ret_done)
{
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    JobSlice slice = {after.kind,        after.owner_id,    after.job_id,
                      r->task->position, r->task->position, after.include_inferred};
    Prediction *rows = NULL;
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    if (!r->numbered_gone)
        TRY(take_numbered(r, arena, limit, &slice, &rows, &count));
    if (r->numbered_gone && slice.inferred)
        TRY(slice_delete_unnumbered(arena, r->db, &slice, limit, &rows, &count));
    if (r->numbered_gone && count == 0) {
        *ret_done = true;
        return NULL;
    }
    TRY(archive_batch(arena, r, rows, count, &step));
    return removal_end_batch(arena, r, &after, &step, slice.to, &tx);
}

static Error *remove_batch(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    Removing *r = self;
    removal_tell(r);
    Error *error = remove_rows(r, arena, limit, ret_done);
    if (error != NULL)
        removal_forget_companies(r);
    return error;
}

static Error *run(Removing *r, Arena *arena, bool *ret_done)
{
    const BatchSize size = {500, 100, 20000};
    bool settled = true;
    if (r->settling)
        TRY(batches_run(arena, r->db, r->watch, size, settle_step, r, &settled));
    if (!settled)
        return NULL;
    TRY(removal_ahead_run(r, arena));
    return batches_run(arena, r->db, r->watch, size, remove_batch, r, ret_done);
}

Error *removal_run(Arena *arena, Db *db, Task *task, Deletion *deletion, const TaskWatch *watch,
                   bool *ret_done)
{
    Job *job = NULL;
    Arena *named = arena_child(arena);
    TRY(job_find(arena, db, deletion->owner_id, deletion->job_id, &job));
    Removing removing = {.db = db,
                         .task = task,
                         .deletion = deletion,
                         .settling = job != NULL && job->settling,
                         .watch = watch,
                         .named_arena = named,
                         .named = map_new(named)};
    /* Rows, archive and position are in one transaction: a batch that a crash of the database takes back is done
     * again. The end of the task is durable, and with it all of them. */
    TRY(db_relax_durability(db, arena, true));
    Error *error = run(&removing, arena, ret_done);
    Error *restored = db_relax_durability(db, arena, false);
    return error != NULL ? error : restored;
}
