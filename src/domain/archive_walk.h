/* Reading an archive row by row, in the order in which it comes back. */
#ifndef OBLIGOR_DOMAIN_ARCHIVE_WALK_H
#define OBLIGOR_DOMAIN_ARCHIVE_WALK_H

#include "base/map.h"
#include "store/chunk_store.h"

/* Rows from a position on. One chunk is unpacked at a time. */
typedef struct ArchiveWalk ArchiveWalk;
ArchiveWalk *archive_walk_new(Arena *arena, Db *db, const Deletion *deletion);

/* How many rows a part has. */
int64_t archive_rows_of_part(const Deletion *deletion, ChunkPart part);

/* Up to `limit` rows from `position` on, within one chunk; they live until the next call. Of keys newest first
 * within the chunk. *ret_count 0: the part ends there. ERROR_INTERNAL, reason ARCHIVE_DAMAGED: the archive is not
 * whole. */
Error *archive_walk_rows(Arena *arena, ArchiveWalk *walk, ChunkPart part, int64_t position,
                         int64_t limit, Prediction **ret_rows, size_t *ret_count) MUST_CHECK;

/* The newest archived edit of each key: a row of the job under it ends up behind it. */
typedef struct EditKeys {
    Arena *arena;
    Map newest; /* key -> int64_t, its created_at */
} EditKeys;

Error *edit_keys_find(Arena *arena, Db *db, const Deletion *deletion, EditKeys *ret_keys)
    MUST_CHECK;

/* How many of the rows end up in the history: those marked former, and those under an edit. */
int64_t edit_keys_count_former(const EditKeys *edits, const Prediction *rows, const bool *former,
                               size_t count);

#endif
