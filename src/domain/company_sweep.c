/* The companies that are marked deleted are few among many, and nothing lists them: a walk over all companies in
 * slices finds them. A statement removes each and looks itself whether anything names it; transactions are short,
 * and wait for nobody long. */
#include "base/clock.h"
#include "domain/archive_purge.h"
#include "store/queue_store.h"

enum { SLICE = 5000 };
#define BATCH_TIME 40000 /* µs for which the write lock may be held */

/* Companies of a slice that are marked deleted, and how far they are dealt with. */
typedef struct Slice {
    const CompanyPlace *found;
    size_t count;
    size_t done;
    int64_t removed;
} Slice;

/* Work under way may have seen a company, and need it in a moment. */
static Error *has_work(Arena *arena, Db *db, Uuid owner_id, bool *ret_work)
{
    int64_t newest = 0;
    TRY(task_newest(arena, db, owner_id, &newest));
    *ret_work = newest != 0;
    return NULL;
}

/* Those that follow each other and have one owner, for as long as a batch may take. */
static Error *sweep_batch(Arena *arena, Db *db, Slice *slice)
{
    Slice after = *slice;
    Uuid owner_id = slice->found[slice->done].owner_id;
    int64_t until = clock_monotonic() + BATCH_TIME;
    bool working = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(has_work(arena, db, owner_id, &working));
    do {
        const CompanyPlace *company = &after.found[after.done++];
        bool gone = false;
        if (!working)
            TRY(company_sweep(arena, db, owner_id, company->id, &gone));
        after.removed += gone;
    } while (after.done < after.count && clock_monotonic() < until &&
             uuid_equal(after.found[after.done].owner_id, owner_id));
    TRY(tx_commit(&tx, arena));
    *slice = after;
    return NULL;
}

/* *place: behind the last one that was dealt with. */
static Error *sweep_slice(Arena *arena, Db *db, CompanyPlace *place, int64_t until,
                          int64_t *removed)
{
    CompanyPlace next = *place, *found = NULL;
    size_t count = 0;
    TRY(company_walk(arena, db, SLICE, &next, &found, &count));
    Slice slice = {.found = found, .count = count};
    while (slice.done < count && clock_monotonic() < until)
        TRY(sweep_batch(arena, db, &slice));
    *removed += slice.removed;
    if (slice.done == count)
        *place = next;
    else if (slice.done > 0)
        *place = found[slice.done - 1];
    return NULL;
}

Error *archive_purge_companies(Arena *arena, Db *db, CompanyPlace *place, int64_t most,
                               int64_t *ret_removed)
{
    int64_t until = clock_monotonic() + most;
    do {
        ArenaMark mark = arena_mark(arena);
        TRY(sweep_slice(arena, db, place, until, ret_removed));
        arena_rewind(arena, mark);
    } while (!uuid_is_nil(place->id) && clock_monotonic() < until);
    return NULL;
}
