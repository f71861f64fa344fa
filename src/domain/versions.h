/* Which version of a key is the current one: the newest that can be seen, by (created_at, id), unless it is
 * retired (model: `versions=this` deleted the current one alone). Whoever hides, removes or brings back rows
 * of a job passes over its covering rows: that costs nothing where it displaced nothing. */
#ifndef OBLIGOR_DOMAIN_VERSIONS_H
#define OBLIGOR_DOMAIN_VERSIONS_H

#include "model/deletion.h"
#include "model/prediction.h"
#include "store/cover_store.h"
#include "store/db.h"

/* So many are settled in the transaction of the deletion or restoration; more in passes behind it. */
enum { SETTLE_AT_ONCE = 10000, SETTLE_PASS = 2000 };

/* One pass over covering rows of a job behind query->after, in a write transaction in which the job is hidden
 * (uncover) or no longer hidden (cover): flags and counts. *ret_last: where the next begins; *ret_looked below
 * query->limit: that was the last. *ret_swaps versions changed places. */
typedef struct SettlePass {
    int64_t last;
    int64_t looked;
    int64_t swaps;
} SettlePass;
Error *versions_uncover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
    MUST_CHECK;
Error *versions_cover(Arena *arena, Db *db, const SwapQuery *query, SettlePass *ret_pass)
    MUST_CHECK;

/* How many an uncovering would bring back. Reads only; *query is not hidden yet, so its own rows are left out
 * by their job. */
Error *versions_count_uncovered(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id,
                                int64_t *ret_count) MUST_CHECK;

/* Frees a key that a hidden row holds, for a writer that needs it. Where the hidden row lies upon a version
 * that is on its way back but not there yet (its job is settling), that version comes back now and holds the
 * key: *ret_holder, else NULL. In a write transaction. */
Error *versions_free_key(Arena *arena, Db *db, const Prediction *hidden, Prediction **ret_holder)
    MUST_CHECK;

/* Puts rows that come out of an archive into place, within a write transaction: each becomes current where
 * nothing visible is newer, and former otherwise; what holds its key and is older steps back. `job` hidden
 * (NULL: none): rows of that job may hold a key without showing; where a visible older version holds it, the
 * row is stored as former and noted as covering, for versions_cover. Rows that are there already (by id) are
 * ERROR_INTERNAL. *ret_former: how many went into the history behind a newer version. */
Error *versions_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                         const Uuid *job, int64_t *ret_former) MUST_CHECK;

#endif
