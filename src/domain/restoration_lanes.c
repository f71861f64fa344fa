/* Where writers do not exclude each other the rows of a hidden job come back in two lanes (lanes.h): a batch is stored
 * at once, on trust that its keys are free, and at its turn the counts and the position are written down.
 *
 * Two lanes never wait for each other in the database: they have different rows with different keys, and what both would
 * change (companies, the job, the owner, the task) is changed at a batch's turn.
 *
 * A batch whose keys were not free, and any that the database refused, is done again in this thread, which looks at
 * each key. Where that goes on happening the lanes gain nothing, and the rest is done so. */
#include "domain/restoration_parts.h"

#include "base/check.h"
#include "domain/batches.h"
#include "domain/lanes.h"
#include "domain/queue.h"
#include "domain/versions.h"
#include "store/account_store.h"
#include "store/deletion_store.h"

enum { BATCH_ROWS = 20000, ROWS_MIN = 2000, MISSES_MAX = 3 };

typedef struct Slot {
    Arena *arena; /* of the batch and its chunk */
    ArchiveWalk *walk;
    Prediction *rows;
    size_t count;
    int64_t former;
    Deletion deletion; /* as the batch leaves it */
    Task task;
} Slot;

typedef struct Beside {
    Restoring *r;
    Lanes *lanes;
    Uuid job_id;
    Slot slots[LANES];
    int64_t position; /* behind the batches that were added */
    int misses;
    /* What the last committed batch left behind; whose turn it is may look: */
    Deletion deletion;
    Task task;
} Beside;

/* --- in the lane ----------------------------------------------------------------------------- */

static Error *store(void *self, size_t lane, Db *db, bool *ret_good)
{
    const Beside *beside = self;
    const Slot *slot = &beside->slots[lane];
    return versions_put_free(slot->arena, db, slot->rows, slot->count, beside->job_id, ret_good);
}

static Error *finish(void *self, size_t lane, Db *db, bool *ret_good)
{
    const Beside *beside = self;
    Slot *slot = &((Beside *)self)->slots[lane];
    Arena *arena = slot->arena;
    DeletionStep step = {.restored_rows = (int64_t)slot->count, .restored_former = slot->former};
    (void)ret_good;
    slot->deletion = beside->deletion;
    slot->task = beside->task;
    TRY(versions_revive(arena, db, slot->rows, slot->count));
    TRY(restoration_give_back(arena, db, slot->rows, slot->count));
    TRY(deletion_progress(arena, db, &slot->deletion, &step));
    TRY(owner_touch(arena, db, slot->deletion.owner_id));
    return queue_advance(arena, db, &slot->task, slot->deletion.restored_rows);
}

static void committed(void *self, size_t lane)
{
    Beside *beside = self;
    beside->deletion = beside->slots[lane].deletion;
    beside->task = beside->slots[lane].task;
}

static const LaneSteps STEPS = {store, finish, committed};

/* --- the caller ------------------------------------------------------------------------------ */

/* One batch with a look at each key, then the lanes may go on behind it. */
static Error *catch_up(Beside *beside)
{
    Restoring *r = beside->r;
    bool more = false;
    int attempt = 0;
    Error *error = NULL;
    Arena *arena = beside->slots[0].arena;
    while (lanes_under_way(beside->lanes) > 0)
        lanes_take(beside->lanes);
    arena_rewind(arena, (ArenaMark){0});
    do {
        error = restoration_rows_batch(r, arena, batches_most(BATCH_ROWS), &more);
    } while (queue_try_again(error, &attempt));
    beside->deletion = *r->deletion;
    beside->task = *r->task;
    beside->position = r->task->position;
    beside->misses++;
    lanes_go_on(beside->lanes);
    return error;
}

/* Waits for the oldest batch. */
static Error *reap(Beside *beside)
{
    Error *error = NULL;
    const Slot *slot = &beside->slots[lanes_of(beside->lanes, 0)];
    if (!lanes_wait(beside->lanes, &error))
        return error == NULL || error_is(error, ERROR_RETRY) ? catch_up(beside) : error;
    *beside->r->deletion = slot->deletion;
    *beside->r->task = slot->task;
    lanes_take(beside->lanes);
    restoration_tell(beside->r);
    return NULL;
}

/* Reads what comes next of the archive, and hands it to a lane. *ret_more false: there is nothing. */
static Error *add(Beside *beside, bool *ret_more)
{
    const Restoring *r = beside->r;
    Slot *slot = &beside->slots[lanes_of(beside->lanes, lanes_under_way(beside->lanes))];
    arena_rewind(slot->arena, (ArenaMark){0});
    TRY(archive_walk_rows(slot->arena, slot->walk, PART_ROWS, beside->position,
                          batches_most(BATCH_ROWS), &slot->rows, &slot->count));
    *ret_more = slot->count > 0;
    if (slot->count == 0)
        return NULL;
    bool *former = ARENA_ARRAY(slot->arena, bool, slot->count);
    slot->former = edit_keys_count_former(&r->edits, slot->rows, former, slot->count);
    beside->position += (int64_t)slot->count;
    lanes_add(beside->lanes, slot->arena);
    return NULL;
}

static Error *go_through(Beside *beside)
{
    const TaskWatch *watch = beside->r->watch;
    bool more = true;
    while (more && beside->misses <= MISSES_MAX && !watch->stopping(watch->self)) {
        size_t most = lanes_beside(beside->lanes);
        while (lanes_under_way(beside->lanes) > most)
            TRY(reap(beside));
        TRY(add(beside, &more));
    }
    while (lanes_under_way(beside->lanes) > 0)
        TRY(reap(beside));
    return NULL;
}

static bool possible(const Restoring *r)
{
    int64_t left = archive_rows_of_part(r->deletion, PART_ROWS) - r->task->position;
    return r->job != NULL && !r->shown && db_can_write_beside(r->db) &&
           left > batches_most(ROWS_MIN);
}

Error *restoration_lanes_run(Restoring *r, Arena *arena)
{
    if (!possible(r))
        return NULL;
    Beside beside = {.r = r,
                     .job_id = r->deletion->job_id,
                     .position = r->task->position,
                     .deletion = *r->deletion,
                     .task = *r->task};
    for (size_t i = 0; i < LANES; i++)
        beside.slots[i] = (Slot){.arena = arena_child(arena),
                                 .walk = archive_walk_new(arena, r->db, r->deletion)};
    TRY(lanes_open(arena, r->db, &STEPS, &beside, &beside.lanes));
    Error *error = error_copy(arena, go_through(&beside));
    lanes_close(beside.lanes);
    return error;
}
