/* Chunks stand in the order in which rows were removed. An id is looked up among the chunks whose range of
 * ids it lies in: ids are made in the order of time, so these are few. */
#include "store/chunk_store.h"

#include "format/archive.h"
#include "store/id_list.h"
#include "store/statements.h"

PackedRows chunk_pack(Arena *arena, const Prediction *rows, size_t count)
{
    PackedRows packed = {.kind = rows[0].kind,
                         .count = (int64_t)count,
                         .lowest = rows[0].id,
                         .highest = rows[0].id,
                         .bytes = archive_pack(arena, rows[0].kind, rows, count)};
    for (size_t i = 1; i < count; i++) {
        if (uuid_compare(rows[i].id, packed.lowest) < 0)
            packed.lowest = rows[i].id;
        if (uuid_compare(rows[i].id, packed.highest) > 0)
            packed.highest = rows[i].id;
    }
    return packed;
}

Error *chunk_insert(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                    const PackedRows *packed)
{
    return db_run(db, arena, SQL_CHUNK_INSERT,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
                         value_small(part), value_small(packed->kind), value_int(packed->count),
                         value_uuid(packed->lowest), value_uuid(packed->highest),
                         value_bytes(packed->bytes)),
                  NULL);
}

Error *chunk_add(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part,
                 const Prediction *rows, size_t count)
{
    if (count == 0)
        return NULL;
    PackedRows packed = chunk_pack(arena, rows, count);
    return chunk_insert(arena, db, deletion, part, &packed);
}

Error *chunk_at(Arena *arena, Db *db, const Deletion *deletion, ChunkPart part, int64_t position,
                Chunk **ret_chunk)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    Chunk *chunk = NULL;
    TRY(db_query(db, arena, SQL_CHUNK_AT,
                 PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_small(part),
                        value_int(position)),
                 &rows));
    if (rows_next(rows, &error)) {
        chunk = ARENA_NEW(arena, Chunk);
        *chunk = (Chunk){.seq = row_int(rows, 0),
                         .part = part,
                         .kind = (Kind)row_int(rows, 1),
                         .row_count = row_int(rows, 2),
                         .rows_before = row_int(rows, 3),
                         .packed = row_bytes(rows, 4)};
    }
    TRY(error);
    *ret_chunk = chunk;
    return NULL;
}

Error *chunk_find_prediction(Arena *arena, Db *db, Uuid owner_id, Kind kind, Uuid id,
                             Uuid *ret_deletion_id, Prediction *ret_row)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    *ret_deletion_id = UUID_NIL;
    TRY(db_query(db, arena, SQL_CHUNK_OF_PREDICTION,
                 PARAMS(value_uuid(owner_id), value_small(kind), value_uuid(id),
                        value_int(CHUNK_LOOKUPS_MAX)),
                 &rows));
    while (uuid_is_nil(*ret_deletion_id) && rows_next(rows, &error)) {
        bool found = false;
        TRY(archive_find(arena, owner_id, row_bytes(rows, 1), id, ret_row, &found));
        if (found)
            *ret_deletion_id = row_uuid(rows, 0);
    }
    return error;
}

Error *chunk_remove(Arena *arena, Db *db, const Deletion *deletion, int64_t limit,
                    int64_t *ret_chunks, int64_t *ret_rows)
{
    int64_t from = 0;
    *ret_chunks = *ret_rows = 0;
    {
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        TRY(db_query(
            db, arena, SQL_CHUNK_LAST,
            PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_int(limit)),
            &rows));
        while (rows_next(rows, &error)) {
            from = row_int(rows, 0);
            *ret_rows += row_int(rows, 1);
            *ret_chunks += 1;
        }
        TRY(error);
    }
    if (*ret_chunks == 0)
        return NULL;
    return db_run(db, arena, SQL_CHUNK_DELETE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_int(from)),
                  NULL);
}

/* --- companies ------------------------------------------------------------------------------- */

typedef struct NamedCompanies {
    const Deletion *deletion;
    const Uuid *companies;
} NamedCompanies;

static void fill_company(const void *self, size_t row, Value *values)
{
    const NamedCompanies *named = self;
    values[0] = value_uuid(named->deletion->owner_id);
    values[1] = value_uuid(named->companies[row]);
    values[2] = value_uuid(named->deletion->id);
}

Error *archived_companies_add(Arena *arena, Db *db, const Deletion *deletion, const Uuid *companies,
                              size_t count)
{
    if (count == 0)
        return NULL;
    if (db_can_load(db))
        return db_run(db, arena, SQL_ARCHIVED_COMPANY_INSERT_MANY,
                      PARAMS(value_uuid(deletion->owner_id), id_list(arena, companies, count),
                             value_uuid(deletion->id)),
                      NULL);
    NamedCompanies named = {deletion, companies};
    return db_run_many(db, arena, SQL_ARCHIVED_COMPANY_INSERT, count, fill_company, &named, NULL);
}

Error *archived_companies_remove(Arena *arena, Db *db, const Deletion *deletion)
{
    return db_run(db, arena, SQL_ARCHIVED_COMPANY_DELETE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id)), NULL);
}
