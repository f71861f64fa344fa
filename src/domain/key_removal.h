/* What every deletion by keys does within its write transaction: reads the versions of keys so that they stay
 * as they are, and moves rows from the table into the archive. */
#ifndef OBLIGOR_DOMAIN_KEY_REMOVAL_H
#define OBLIGOR_DOMAIN_KEY_REMOVAL_H

#include "store/deletion_store.h"
#include "store/key_store.h"

/* Keys of one kind and owner. */
typedef struct KeySet {
    const PredictionKey *keys;
    const Uuid
        *current; /* what must be the current version still, one for each; NULL: whatever is */
    size_t count;
    int64_t before; /* only keys all of whose versions are older */
} KeySet;

/* The versions of keys that can be seen, those of a key side by side. */
typedef struct KeyRows {
    KeyVersion *versions;
    bool *held; /* by a legal hold on its job, or on the upload that it comes from; one for each */
    size_t count;
    Uuid held_job; /* one of the jobs that are on hold; nil: none is */
} KeyRows;

/* In a write transaction: the current versions are locked, then the jobs of all of them in the order of their
 * ids, so that nothing of this changes until the commit. */
Error *key_rows_lock(Arena *arena, Db *db, const KeySet *set, KeyRows *ret_rows) MUST_CHECK;

/* The same without a lock, for a look. */
Error *key_rows_read(Arena *arena, Db *db, const KeySet *set, KeyRows *ret_rows) MUST_CHECK;

/* Which rows go: all versions of the keys that are as the set wants them. Keys with a row that is held stay
 * whole: *ret_held rows. */
void key_rows_choose(Arena *arena, const KeySet *set, const KeyRows *rows, Uuid **ret_ids,
                     size_t *ret_count, int64_t *ret_held);

/* Moves rows of one kind, locked as above, into the deletion's archive: they go off the counts and off their
 * jobs, and what was done is added to *step. */
Error *key_rows_remove(Arena *arena, Db *db, const Deletion *deletion, Kind kind, const Uuid *ids,
                       size_t count, DeletionStep *step) MUST_CHECK;

/* ERROR_CONFLICT, reason "legal_hold": so many rows are held, and by whom; NULL when none is. */
Error *key_rows_refuse_held(Arena *arena, Db *db, Uuid owner_id, const KeyRows *rows, int64_t held)
    MUST_CHECK;

#endif
