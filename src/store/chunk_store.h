/* The archive of a deletion: the rows that it removed, in packed chunks (format/archive.h), and the companies
 * that they name. */
#ifndef OBLIGOR_STORE_CHUNK_STORE_H
#define OBLIGOR_STORE_CHUNK_STORE_H

#include "model/deletion.h"
#include "model/prediction.h"
#include "store/db.h"

typedef enum ChunkPart { PART_ROWS, PART_EDITS, PART_COUNT } ChunkPart;

typedef struct Chunk {
    int64_t seq;
    ChunkPart part;
    Kind kind;
    int64_t row_count;
    int64_t rows_before; /* in chunks of the same part before this one */
    Str packed;
} Chunk;

/* Rows of one kind on their way into an archive. */
typedef struct PackedRows {
    Kind kind;
    int64_t count;
    Uuid lowest; /* of their ids */
    Uuid highest;
    Str bytes;
} PackedRows;

/* At least one row. Needs no session: a thread beside may do it. */
PackedRows chunk_pack(Arena *arena, const Prediction *rows, size_t count);

/* Adds them behind the deletion's other chunks, in the transaction that removes the rows. */
Error *chunk_insert(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                    const PackedRows *packed) MUST_CHECK;

/* Packs rows of one kind and adds them behind the deletion's other chunks. In the transaction that removes
 * them. No rows, no chunk. */
Error *chunk_add(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                 const Prediction *rows, size_t count) MUST_CHECK;

/* The chunk of a part in which row number `position`, counted from 0, lies; *ret_chunk NULL: behind the
 * last. */
Error *chunk_at(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part, int64_t position,
                Chunk **ret_chunk) MUST_CHECK;

/* The deletion whose archive holds this prediction, and the prediction as it was; the latest that is not
 * restored, *ret_deletion NULL: none. Looks at no more than CHUNK_LOOKUPS_MAX chunks. */
enum { CHUNK_LOOKUPS_MAX = 32 };
Error *chunk_find_prediction(Arena *arena, Db *db, Uuid owner_id, Kind kind, Uuid id,
                             Uuid *ret_deletion_id, Prediction *ret_row) MUST_CHECK;

/* Removes up to `limit` chunks, the last ones first; *ret_chunks and *ret_rows that went. */
Error *chunk_remove(Arena *arena, Db *db, const Deletion *deletion, int64_t limit,
                    int64_t *ret_chunks, int64_t *ret_rows) MUST_CHECK;

/* The companies that an archive names; those that are noted already do no harm. */
Error *archived_companies_add(Arena *arena, Db *db, const Deletion *deletion, const Uuid *companies,
                              size_t count) MUST_CHECK;
Error *archived_companies_remove(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

#endif
