/* What a deletion removed, as its restoration and the preview of that read it: chunk after chunk, a position
 * counting the rows of a part. */
#include "domain/archive_walk.h"

#include "format/archive.h"

#include <stdlib.h>

struct ArchiveWalk {
    Db *db;
    const Deletion *deletion;
    Arena *arena; /* of the chunk */
    const Chunk *chunk;
    Prediction *rows;
};

ArchiveWalk *archive_walk_new(Arena *arena, Db *db, const Deletion *deletion)
{
    ArchiveWalk *walk = ARENA_NEW(arena, ArchiveWalk);
    *walk = (ArchiveWalk){.db = db, .deletion = deletion, .arena = arena_child(arena)};
    return walk;
}

static int newest_first(const void *a, const void *b)
{
    const Prediction *left = a, *right = b;
    if (left->created_at != right->created_at)
        return left->created_at > right->created_at ? -1 : 1;
    return -uuid_compare(left->id, right->id);
}

int64_t archive_rows_of_part(const Deletion *deletion, ChunkPart part)
{
    int64_t edits = deletion->counts.edits_deleted;
    return part == PART_EDITS ? edits : deletion_rows(&deletion->counts) - edits;
}

static Error *open_chunk(ArchiveWalk *walk, ChunkPart part, int64_t position)
{
    Chunk *chunk = NULL;
    Kind kind;
    size_t count = 0;
    walk->chunk = NULL;
    arena_rewind(walk->arena, (ArenaMark){0});
    TRY(chunk_at(walk->arena, walk->db, walk->deletion, part, position, &chunk));
    if (chunk == NULL)
        return NULL;
    TRY(archive_unpack(walk->arena, walk->deletion->owner_id, chunk->packed, &kind, &walk->rows,
                       &count));
    if ((int64_t)count != chunk->row_count || kind != chunk->kind)
        return error_with_reason(ERROR(walk->arena, ERROR_INTERNAL,
                                       "A part of the archive is not what it was noted as."),
                                 ARCHIVE_DAMAGED);
    if (walk->deletion->subject != SUBJECT_JOB && count > 1)
        qsort(walk->rows, count, sizeof *walk->rows, newest_first);
    walk->chunk = chunk;
    return NULL;
}

/* Up to `limit` rows from `position` on, within one chunk; they live until the next call. *ret_count 0: the
 * part ends there, as it should, or the archive is not whole. */
Error *archive_walk_rows(Arena *arena, ArchiveWalk *walk, ChunkPart part, int64_t position,
                         int64_t limit, Prediction **ret_rows, size_t *ret_count)
{
    const Chunk *chunk = walk->chunk;
    *ret_count = 0;
    if (position >= archive_rows_of_part(walk->deletion, part))
        return NULL;
    if (chunk == NULL || chunk->part != part || position < chunk->rows_before ||
        position >= chunk->rows_before + chunk->row_count) {
        Error *error = open_chunk(walk, part, position);
        if (error != NULL)
            return error_copy(arena, error);
        chunk = walk->chunk;
    }
    if (chunk == NULL)
        return error_with_reason(
            ERROR(arena, ERROR_INTERNAL, "A part of the archive is not there."), ARCHIVE_DAMAGED);
    int64_t from = position - chunk->rows_before, left = chunk->row_count - from;
    *ret_rows = walk->rows + from;
    *ret_count = (size_t)(left < limit ? left : limit);
    return NULL;
}

/* --- edits that come back with their job ------------------------------------------------------ */

static Str key_bytes(const Prediction *row, char room[24])
{
    int32_t period = row->year * 4 + row->quarter;
    memcpy(room, row->company_id.bytes, 16);
    memcpy(room + 16, &period, sizeof period);
    return (Str){room, 20};
}

Error *edit_keys_find(Arena *arena, Db *db, const Deletion *deletion, EditKeys *ret_keys)
{
    ArchiveWalk *walk = archive_walk_new(arena, db, deletion);
    EditKeys keys = {arena, map_new(arena)};
    Prediction *rows = NULL;
    size_t count = 0;
    char room[24];
    for (int64_t at = 0;; at += (int64_t)count) {
        TRY(archive_walk_rows(arena, walk, PART_EDITS, at, INT64_MAX, &rows, &count));
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            int64_t *newest = map_find(&keys.newest, key_bytes(&rows[i], room));
            if (newest == NULL) {
                newest = ARENA_NEW(arena, int64_t);
                map_put(&keys.newest, str_copy(arena, key_bytes(&rows[i], room)), newest);
            }
            *newest = rows[i].created_at > *newest ? rows[i].created_at : *newest;
        }
    }
    *ret_keys = keys;
    return NULL;
}

int64_t edit_keys_count_former(const EditKeys *edits, const Prediction *rows, const bool *former,
                               size_t count)
{
    int64_t all = 0;
    char room[24];
    for (size_t i = 0; i < count; i++) {
        const int64_t *edit = map_find(&edits->newest, key_bytes(&rows[i], room));
        all += former[i] || (edit != NULL && *edit > rows[i].created_at);
    }
    return all;
}
