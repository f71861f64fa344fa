/* The companies that are marked deleted are few among many, and nothing lists them: a walk over all companies in
 * slices finds them. Each is removed in a transaction of its own, by a statement that looks itself whether
 * anything names it; nobody waits long for that. */
#include "base/clock.h"
#include "domain/archive_purge.h"
#include "store/queue_store.h"

enum { SLICE = 5000 };

/* Work under way may have seen the company, and need it in a moment. */
static Error *has_work(Arena *arena, Db *db, Uuid owner_id, bool *ret_work)
{
    int64_t newest = 0;
    TRY(task_newest(arena, db, owner_id, &newest));
    *ret_work = newest != 0;
    return NULL;
}

static Error *sweep_one(Arena *arena, Db *db, const CompanyPlace *company, int64_t *removed)
{
    bool working = false, gone = false;
    TRY(has_work(arena, db, company->owner_id, &working));
    if (working)
        return NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(company_sweep(arena, db, company->owner_id, company->id, &gone));
    TRY(tx_commit(&tx, arena));
    *removed += gone;
    return NULL;
}

Error *archive_purge_companies(Arena *arena, Db *db, CompanyPlace *place, int64_t most,
                               int64_t *ret_removed)
{
    int64_t until = clock_monotonic() + most;
    do {
        ArenaMark mark = arena_mark(arena);
        CompanyPlace next = *place, *found = NULL;
        size_t count = 0, done = 0;
        TRY(company_walk(arena, db, SLICE, &next, &found, &count));
        for (; done < count && clock_monotonic() < until; done++)
            TRY(sweep_one(arena, db, &found[done], ret_removed));
        if (done == count)
            *place = next;
        else if (done > 0)
            *place = found[done - 1];
        arena_rewind(arena, mark);
    } while (!uuid_is_nil(place->id) && clock_monotonic() < until);
    return NULL;
}
