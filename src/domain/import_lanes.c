/* The caller, who goes through the file in order, prepares a batch (companies, plan) and hands it to the lane whose
 * turn it is; the lane stores the predictions at once, and at the batch's turn writes down how far the import is.
 *
 * No two lanes ever wait for each other in the database: companies are there before a batch begins; a row
 * whose key is in a batch that is still under way is left until that one is committed; the job's row is
 * locked only at a batch's turn, by a lock that lets others refer to it. Should the database report a deadlock
 * all the same (with somebody who works by hand), or a lock not be had for a while, then the batch and all
 * behind it are rolled back and committed one after the other.
 *
 * The end of the job is durable, and with it all that was committed before. A crash of the database may cost the last
 * batches, which are then imported again from the position that was committed with them. */
#include "domain/import_lanes.h"

typedef struct Slot {
    KeyTrust trust; /* of the lane's session */
    ImportBatch *batch;
    Work work;
    ImportPlace after; /* what the batch leaves behind */
    CommitEnd end;
    bool rest_stored;
} Slot;

struct ImportLanes {
    ImportCommit *commit;
    Db *db; /* of `commit` */
    Lanes *lanes;
    Slot slots[LANES];
    uint64_t recoveries;
    ImportPlace place; /* what the last committed batch left behind: whose turn it is may look */
};

/* --- in the lane ----------------------------------------------------------------------------- */

static Error *store(void *self, size_t lane, Db *db, bool *ret_good)
{
    Slot *slot = &((ImportLanes *)self)->slots[lane];
    Work *work = &slot->work;
    (void)ret_good;
    TRY(work_store(work, db, &slot->trust));
    slot->rest_stored = work->late_count == 0;
    if (!slot->rest_stored)
        return NULL;
    /* nothing waits for the batches before: less is left for the turn */
    TRY(work_settle(work, db));
    return work_store_rest(work, db);
}

static Error *finish(void *self, size_t lane, Db *db, bool *ret_good)
{
    ImportLanes *lanes = self;
    Slot *slot = &lanes->slots[lane];
    slot->after = lanes->place;
    TRY(import_commit_finish(&slot->work, db, slot->rest_stored, &slot->after, &slot->end));
    *ret_good = slot->end == COMMIT_DONE;
    return NULL;
}

static void committed(void *self, size_t lane)
{
    ImportLanes *lanes = self;
    lanes->place = lanes->slots[lane].after;
}

static const LaneSteps STEPS = {store, finish, committed};

/* --- opening and closing --------------------------------------------------------------------- */

bool import_lanes_possible(const ImportCommit *commit, const Db *db)
{
    return import_commit_may_part(commit) && db_can_write_beside(db);
}

Error *import_lanes_open(Arena *arena, ImportCommit *commit, Db *db, ImportLanes **ret_lanes)
{
    ImportLanes *lanes = ARENA_NEW(arena, ImportLanes);
    *lanes = (ImportLanes){.commit = commit, .db = db, .place = import_commit_place(commit)};
    TRY(lanes_open(arena, db, &STEPS, lanes, &lanes->lanes));
    *ret_lanes = lanes;
    return NULL;
}

void import_lanes_close(ImportLanes *lanes)
{
    if (lanes != NULL)
        lanes_close(lanes->lanes);
}

/* --- the caller ------------------------------------------------------------------------------ */

static Slot *slot_of(ImportLanes *lanes, size_t number)
{
    return &lanes->slots[lanes_of(lanes->lanes, number)];
}

static void give_back(ImportLanes *lanes, Pipe *pipe)
{
    Slot *slot = slot_of(lanes, 0);
    pipe_give_back(pipe, slot->batch);
    slot->batch = NULL;
    lanes_take(lanes->lanes);
}

/* What was rolled back is committed by the caller, batch after batch. */
static Error *catch_up(ImportLanes *lanes, Pipe *pipe, CommitEnd *ret_end)
{
    while (lanes_under_way(lanes->lanes) > 0) {
        TRY(import_commit_batch(lanes->commit, slot_of(lanes, 0)->batch, ret_end));
        if (*ret_end != COMMIT_DONE)
            return NULL;
        give_back(lanes, pipe);
    }
    lanes->place = import_commit_place(lanes->commit);
    lanes->recoveries++;
    lanes_go_on(lanes->lanes);
    return NULL;
}

/* Waits for the oldest batch that is under way, and gives it back. Where it was not committed none behind it was. */
static Error *reap(ImportLanes *lanes, Pipe *pipe, CommitEnd *ret_end)
{
    Error *error = NULL;
    const Slot *slot = slot_of(lanes, 0);
    *ret_end = COMMIT_DONE;
    if (lanes_wait(lanes->lanes, &error)) {
        import_commit_move(lanes->commit, &slot->after);
        give_back(lanes, pipe);
        return NULL;
    }
    *ret_end = slot->end;
    if (slot->end != COMMIT_DONE)
        return NULL;
    if (error != NULL && !error_is(error, ERROR_RETRY))
        return error;
    return catch_up(lanes, pipe, ret_end);
}

Error *import_lanes_add(ImportLanes *lanes, Pipe *pipe, ImportBatch *batch, CommitEnd *ret_end)
{
    Work work;
    *ret_end = COMMIT_DONE;
    TRY(import_commit_prepare(lanes->commit, batch, &work)); /* while the lanes are at work */
    uint64_t recoveries = lanes->recoveries;
    size_t beside = lanes_beside(lanes->lanes);
    while (lanes_under_way(lanes->lanes) > beside && *ret_end == COMMIT_DONE)
        TRY(reap(lanes, pipe, ret_end));
    if (*ret_end != COMMIT_DONE)
        return NULL;
    if (lanes->recoveries != recoveries) /* what was redone has later times than were given here */
        TRY(import_commit_prepare(lanes->commit, batch, &work));
    size_t count = lanes_under_way(lanes->lanes);
    for (size_t i = 0; i < count; i++)
        work_avoid(&work, &slot_of(lanes, i)->work);
    Slot *slot = slot_of(lanes, count);
    *slot = (Slot){.trust = slot->trust, .batch = batch, .work = work, .end = COMMIT_DONE};
    lanes_add(lanes->lanes, work.arena);
    return NULL;
}

Error *import_lanes_drain(ImportLanes *lanes, Pipe *pipe, CommitEnd *ret_end)
{
    *ret_end = COMMIT_DONE;
    while (lanes_under_way(lanes->lanes) > 0 && *ret_end == COMMIT_DONE)
        TRY(reap(lanes, pipe, ret_end));
    return NULL;
}
