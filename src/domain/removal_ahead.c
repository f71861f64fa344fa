/* Where one session writes at a time and others read beside it, most of a removal is done beside it: a thread reads the
 * next rows and packs them for the archive, and the transaction that removes them does not look at them any more.
 *
 * Nobody changes rows of a hidden job but who needs one of their keys, and that raises the owner's revision. The thread
 * notes it with what it reads; where, besides this removal's own commits, anything has raised it since, the transaction
 * takes the rows as it finds them.
 *
 * A transaction takes one batch after the other until somebody waits for it, for the longer it is, the fewer pages of
 * the indexes are written more than once (docs/decisions/0026). */
#include "domain/removal_parts.h"

#include "base/clock.h"
#include "domain/batches.h"
#include "domain/queue.h"
#include "store/account_store.h"
#include "store/chunk_store.h"
#include "store/count_store.h"
#include "store/key_store.h"

#define PATIENCE SECONDS(5) /* then the lease is renewed */

enum { SLOTS = 4, ROWS_FIRST = 1000, ROWS_MIN = 500 };

/* Rows that were read and packed. No rows: there are no more. */
typedef struct Ready {
    JobSlice slice;
    int64_t revision; /* the owner's when they were read */
    Prediction *rows;
    size_t count;
    PackedRows packed;
    const Uuid *companies;
    size_t companies_count;
    Error *error;
} Ready;

/* The thread's. */
typedef struct Reader {
    Db *db;
    JobSlice next;
} Reader;

typedef struct Ahead {
    Removing *r;
    Db *reader_db;
    Arena *reader_arena;
    Reader reader;
    Pipe *pipe;
    size_t rows;          /* of the next batch */
    int64_t own_revision; /* behind the last commit of this removal */
    int64_t quiet_since;  /* what was read at this revision or later was changed by nobody else */
    bool more;
} Ahead;

/* --- the thread ------------------------------------------------------------------------------ */

static Error *read_ready(Reader *reader, Arena *arena, size_t rows, Ready *ready)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(reader->db, arena, TX_READ, &tx));
    TRY(owner_revision(arena, reader->db, ready->slice.owner_id, &ready->revision));
    TRY(slice_read(arena, reader->db, &ready->slice, (int64_t)rows, &ready->rows, &ready->count));
    return tx_commit(&tx, arena);
}

static bool fill(void *self, void *batch, Arena *arena, size_t rows)
{
    Reader *reader = self;
    Ready *ready = batch;
    *ready = (Ready){.slice = reader->next};
    ready->error = read_ready(reader, arena, rows, ready);
    if (ready->error != NULL || ready->count == 0)
        return true;
    ready->packed = chunk_pack(arena, ready->rows, ready->count);
    ready->companies = removal_companies(arena, ready->rows, ready->count, &ready->companies_count);
    reader->next.after = reader->next.to = ready->slice.to;
    return false;
}

/* From the task's position on. */
static void begin_reading(Ahead *ahead)
{
    const Deletion *deletion = ahead->r->deletion;
    int64_t position = ahead->r->task->position;
    ahead->reader = (Reader){ahead->reader_db,
                             {deletion->kind, deletion->owner_id, deletion->job_id, position,
                              position, deletion->include_inferred}};
    ahead->pipe = pipe_open(fill, &ahead->reader, SLOTS, sizeof(Ready), ahead->rows);
    ahead->more = true;
}

/* --- the caller ------------------------------------------------------------------------------ */

/* Waits for the thread, keeping the lease meanwhile. */
static Error *wait_ready(Ahead *ahead, Arena *arena, Ready **ret_ready)
{
    const Removing *r = ahead->r;
    for (;;) {
        bool held = false; /* if not, the commit says so */
        *ret_ready = pipe_next(ahead->pipe, ahead->rows, PATIENCE);
        if (*ret_ready != NULL)
            return NULL;
        TRY(queue_renew(arena, r->db, r->task, &held));
    }
}

static Error *remove_ready(const Ahead *ahead, Arena *arena, const Ready *ready, Tally *tally,
                           DeletionStep *step)
{
    Removing *r = ahead->r;
    int64_t gone = 0, count = (int64_t)ready->count;
    if (ready->revision < ahead->quiet_since)
        return removal_take_slice(arena, r, &ready->slice, step);
    TRY(slice_drop(arena, r->db, &ready->slice, &gone));
    if (gone != count)
        return ERROR(arena, ERROR_INTERNAL, "The rows of a deleted job changed unseen.");
    TRY(chunk_insert(arena, r->db, r->deletion, PART_ROWS, &ready->packed));
    tally_take_rows(tally, ready->rows, ready->count);
    step->archived += count;
    step->counts.predictions[r->deletion->kind] += count;
    return removal_note_companies(arena, r, ready->companies, ready->companies_count, step);
}

/* `ready`, and what else is there. *ret_next: what comes behind, if it was taken from the pipe already. */
static Error *remove_some(Ahead *ahead, Arena *arena, Ready *ready, Ready **ret_next)
{
    Removing *r = ahead->r;
    Deletion after = *r->deletion;
    DeletionStep step = {0};
    int64_t start = clock_monotonic(), position = 0, revision = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(r->db, arena, TX_WRITE, &tx));
    Tally *tally = tally_new(arena);
    TRY(owner_revision(arena, r->db, after.owner_id, &revision));
    if (revision != ahead->own_revision)
        ahead->quiet_since = revision;
    while (ready != NULL && ready->count > 0 && ready->error == NULL) {
        int64_t before = clock_monotonic();
        TRY(remove_ready(ahead, arena, ready, tally, &step));
        position = ready->slice.to;
        ahead->rows = (size_t)batches_part((int64_t)ready->count, clock_monotonic() - before);
        pipe_give_back(ahead->pipe, ready);
        ready = batches_may_go_on(r->db, r->watch, start) ? pipe_next(ahead->pipe, ahead->rows, 0)
                                                          : NULL;
    }
    TRY(tally_store(arena, r->db, after.owner_id, tally));
    TRY(removal_end_batch(arena, r, &after, &step, position, &tx));
    ahead->own_revision = revision + 1;
    *ret_next = ready;
    return NULL;
}

/* One transaction's worth. */
static Error *go_on(Ahead *ahead, Arena *arena)
{
    Ready *ready = NULL;
    TRY(wait_ready(ahead, arena, &ready));
    if (ready->count > 0 && ready->error == NULL) {
        removal_tell(ahead->r);
        TRY(remove_some(ahead, arena, ready, &ready));
    }
    if (ready == NULL)
        return NULL;
    ahead->more = false; /* the thread has ended */
    return error_copy(arena, ready->error);
}

static void begin_again(Ahead *ahead)
{
    removal_forget_companies(ahead->r);
    pipe_close(ahead->pipe);
    begin_reading(ahead);
}

static Error *go_through(Ahead *ahead, Arena *arena)
{
    const TaskWatch *watch = ahead->r->watch;
    int attempt = 0;
    while (ahead->more && !watch->stopping(watch->self)) {
        ArenaMark mark = arena_mark(arena);
        int64_t start = clock_monotonic();
        Error *error = go_on(ahead, arena);
        if (queue_try_again(error, &attempt))
            begin_again(ahead);
        else if (error != NULL)
            return error;
        else
            attempt = 0;
        arena_rewind(arena, mark);
        batches_rest(watch, start);
    }
    return NULL;
}

/* Nothing refers to a prediction, and the deletion and the job that are named in what is written change in the same
 * transaction: there is nothing for the engine to look for. It removes a row in one pass then, not in two. */
static Error *read_and_remove(Ahead *ahead, Arena *arena)
{
    Db *db = ahead->r->db;
    TRY(db_check_keys(db, arena, false));
    begin_reading(ahead);
    Error *error = go_through(ahead, arena);
    pipe_close(ahead->pipe);
    Error *checked = db_check_keys(db, arena, true);
    return error != NULL ? error : checked;
}

Error *removal_ahead_run(Removing *r, Arena *arena)
{
    Ahead ahead = {.r = r, .rows = (size_t)batches_most(ROWS_FIRST), .own_revision = -1};
    if (r->deletion->expected < batches_most(ROWS_MIN))
        return NULL;
    ahead.reader_arena = arena_new(0);
    Error *error = error_copy(arena, db_open_reader(ahead.reader_arena, r->db,
                                                    (DbOptions){.bulk = true}, &ahead.reader_db));
    if (error == NULL && ahead.reader_db != NULL) {
        error = read_and_remove(&ahead, arena);
        db_close(ahead.reader_db);
    }
    arena_free(ahead.reader_arena);
    return error;
}
