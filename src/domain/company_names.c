/* The changes that jobs made to one company stand in a line, oldest first; each says what the company was before
 * and after. The company is what the last one in force made of it, and each begins where the one in force
 * beneath it ended. Both stay so in three steps, which deal with all companies of a job at once:
 *
 *   1. A change whose end is not where the next one begins (or, for the last one, not what the company is now)
 *      was changed by hand. With or without the job the company stays as that person left it, so the change
 *      is forgotten.
 *   2. The last one in force: the company itself is turned back.
 *   3. Any other: the next one in force begins where this one began. So do those between the two, whose jobs
 *      are removed and may come back.
 *
 * To bring a job back is the same with begin and end exchanged. So any number of jobs may be removed and
 * restored in any order: the company is always what the last of those that are there made of it. */
#include "domain/company_names.h"

#include "base/clock.h"
#include "store/company_store.h"

static Error *turn(Arena *arena, Db *db, const NameChanges *changes)
{
    TRY(name_changes_drop(arena, db, changes));
    TRY(name_changes_turn(arena, db, changes, clock_now()));
    TRY(name_changes_pass_on(arena, db, changes));
    return name_changes_mark(arena, db, changes);
}

Error *company_names_undo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_restored,
                          int64_t *ret_kept)
{
    const NameChanges changes = {owner_id, job_id, true};
    TRY(company_names_count(arena, db, owner_id, job_id, ret_restored, ret_kept));
    return turn(arena, db, &changes);
}

Error *company_names_redo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id)
{
    const NameChanges changes = {owner_id, job_id, false};
    return turn(arena, db, &changes);
}

Error *company_names_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_restored,
                           int64_t *ret_kept)
{
    const NameChanges changes = {owner_id, job_id, true};
    int64_t all = 0;
    TRY(name_changes_count(arena, db, &changes, &all, ret_restored));
    *ret_kept = all - *ret_restored;
    return NULL;
}
