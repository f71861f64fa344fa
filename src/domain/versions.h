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

/* The pass that comes next of a deletion's job. */
SwapQuery versions_next_pass(const Deletion *deletion, int64_t limit);

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

/* Versions edited by hand from a job's rows, before they are removed: what lies under them comes back. */
Error *versions_uncover_edits(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_swaps)
    MUST_CHECK;

/* How many an uncovering would bring back; `edits`: when the edits of its rows go too. Reads only. Of *job
 * the kind, owner, id and `inferred` count. */
Error *versions_count_uncovered(Arena *arena, Db *db, const SwapQuery *job, bool edits,
                                int64_t *ret_count) MUST_CHECK;

/* Frees a key that a hidden row holds, for a writer that needs it. Where the hidden row lies upon a version
 * that is on its way back but not there yet (its job is settling), that version comes back now and holds the
 * key: *ret_holder, else NULL. In a write transaction. */
Error *versions_free_key(Arena *arena, Db *db, const Prediction *hidden, Prediction **ret_holder)
    MUST_CHECK;

/* Puts rows of one owner and kind that come out of an archive into place, within a write transaction: each
 * becomes current where nothing that can be seen is newer, and former otherwise; what holds its key and is
 * older steps back. `job` (NULL: none): the rows are of a job that is hidden; where a visible older version
 * holds the key, the row is stored as former and noted as covering, for versions_cover. ret_former[i]: row i went
 * into the history for good. ERROR_RETRY where somebody else was quicker. */
Error *versions_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                         const Uuid *job, bool *ret_former) MUST_CHECK;

/* Most rows of a job find their keys free: those of a hidden job are stored as current without a look, all or none, and
 * the unique key says whether that was right. Where the engine has a faster way alone (db_can_load). *ret_stored false:
 * nothing was done. Before the same transaction ends, versions_revive is called with them. */
Error *versions_put_free(Arena *arena, Db *db, const Prediction *rows, size_t count, Uuid job,
                         bool *ret_stored) MUST_CHECK;

/* The companies of rows that are back are there again. */
Error *versions_revive(Arena *arena, Db *db, const Prediction *rows, size_t count) MUST_CHECK;

/* Which of them would. Reads only. */
Error *versions_would_put_back(Arena *arena, Db *db, const Prediction *rows, size_t count,
                               bool *ret_former) MUST_CHECK;

/* The version that a deletion removed alone is back: what that had left behind may be current again some day, and is
 * so at once where the version is hidden by its job meanwhile. In a write transaction. */
Error *versions_unretire(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

#endif
