/* Differences are gathered for a batch in a map and written as one row a key. */
#include "store/count_store.h"

#include "base/crypto.h"
#include "base/map.h"
#include "store/filter.h"
#include "store/statements.h"

#include <math.h>

enum { KEY_MAX = 512 }; /* a sector has at most 100 characters: 400 bytes */

typedef struct TallyEntry {
    CountKey key;
    int64_t delta;
} TallyEntry;

struct Tally {
    Arena *arena;
    Map map;
};

Tally *tally_new(Arena *arena)
{
    Tally *tally = ARENA_NEW(arena, Tally);
    *tally = (Tally){arena, map_new(arena)};
    return tally;
}

/* The key as bytes, for the map: kind, job, year, level, then the sector. */
static Str key_bytes(const CountKey *key, char *room, size_t size)
{
    int year = key->year;
    size_t at = 0;
    room[at++] = (char)key->kind;
    room[at++] = (char)key->risk_level;
    memcpy(room + at, &year, sizeof year);
    at += sizeof year;
    memcpy(room + at, key->job_id.bytes, 16);
    at += 16;
    size_t sector = key->sector.len < size - at ? key->sector.len : size - at;
    if (sector > 0)
        memcpy(room + at, key->sector.ptr, sector);
    return (Str){room, at + sector};
}

void tally_add(Tally *tally, const CountKey *key, int64_t delta)
{
    char room[KEY_MAX];
    Str bytes = key_bytes(key, room, sizeof room);
    TallyEntry *entry = map_find(&tally->map, bytes);
    if (entry == NULL) {
        entry = ARENA_NEW(tally->arena, TallyEntry);
        entry->key = *key;
        entry->key.sector = str_copy(tally->arena, key->sector);
        map_put(&tally->map, str_copy(tally->arena, bytes), entry);
    }
    entry->delta += delta;
}

typedef struct CountRows {
    Uuid owner_id;
    const TallyEntry *entries;
    bool merged; /* one row a key */
} CountRows;

/* Writers that exclude each other add to one row a key, whose id stands for the key. Others would wait for each other there:
 * they append, and somebody folds. */
static Uuid row_id(const CountRows *rows, const CountKey *key)
{
    char room[KEY_MAX];
    Uuid id;
    if (!rows->merged)
        return uuid_new();
    Digest digest = digest_of(key_bytes(key, room, sizeof room));
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    return id;
}

static void fill_count(const void *self, size_t row, Value *values)
{
    const CountRows *rows = self;
    const TallyEntry *entry = &rows->entries[row];
    const Value all[] = {value_uuid(rows->owner_id),   value_uuid(row_id(rows, &entry->key)),
                         value_small(entry->key.kind), value_uuid(entry->key.job_id),
                         value_small(entry->key.year), value_small(entry->key.risk_level),
                         value_str(entry->key.sector), value_int(entry->delta)};
    memcpy(values, all, sizeof all);
}

static Error *insert(Arena *arena, Db *db, Uuid owner_id, const TallyEntry *entries, size_t count)
{
    CountRows rows = {owner_id, entries, !db_can_write_beside(db)};
    return db_insert_many(db, arena, SQL_COUNT_COPY, SQL_COUNT_INSERT, count, fill_count, &rows);
}

Error *tally_store(Arena *arena, Db *db, Uuid owner_id, const Tally *tally)
{
    TallyEntry *entries = ARENA_ARRAY(arena, TallyEntry, tally->map.count);
    size_t count = 0;
    for (size_t i = 0; i < tally->map.count; i++) {
        const TallyEntry *entry = tally->map.entries[i].value;
        if (entry->delta != 0)
            entries[count++] = *entry;
    }
    return insert(arena, db, owner_id, entries, count);
}

CountKey count_key(const Prediction *prediction)
{
    return (CountKey){prediction->kind, prediction->has_job ? prediction->job_id : UUID_NIL,
                      prediction->year, prediction->score.risk_level, prediction->sector};
}

Error *count_add(Arena *arena, Db *db, const Prediction *prediction, int64_t delta)
{
    TallyEntry entry = {count_key(prediction), delta};
    return insert(arena, db, prediction->owner_id, &entry, 1);
}

void tally_take_rows(Tally *tally, const Prediction *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CountKey key = count_key(&rows[i]);
        if (rows[i].is_current)
            tally_add(tally, &key, -1);
    }
}

Error *count_take_rows(Arena *arena, Db *db, Uuid owner_id, const Prediction *rows, size_t count)
{
    Tally *tally = tally_new(arena);
    tally_take_rows(tally, rows, count);
    return tally_store(arena, db, owner_id, tally);
}

bool count_answers(const PredictionFilter *filter)
{
    return filter->symbol_part.len == 0 && !filter->has_company && filter->quarters == 0 &&
           filter->sources == 0 && !filter->has_job && !filter->has_user &&
           filter->created_after == INT64_MIN && filter->created_before == INT64_MAX &&
           isinf(filter->probability_min) && isinf(filter->probability_max) &&
           !filter->include_superseded;
}

Error *count_total(Arena *arena, Db *db, Uuid owner_id, Kind kind, const PredictionFilter *filter,
                   int64_t *ret_total)
{
    return db_number(db, arena, SQL_COUNT_TOTAL,
                     PARAMS(value_uuid(owner_id), value_int(kind), value_int(filter->risk_levels),
                            value_str(filter_years(arena, filter)),
                            value_str(filter_sectors(arena, filter)), value_str(FILTER_SEPARATOR)),
                     ret_total);
}

Error *count_rows(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_rows)
{
    return db_number(db, arena, SQL_COUNT_ROWS_OF_JOB,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id)), ret_rows);
}

Error *count_fold(Arena *arena, Db *db, Uuid owner_id, Uuid job_id)
{
    Tally *tally = tally_new(arena);
    {
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        TRY(db_query(db, arena, SQL_COUNT_TAKE_OF_JOB,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id)), &rows));
        while (rows_next(rows, &error)) {
            CountKey key = {(Kind)row_int(rows, 0), job_id, (int)row_int(rows, 1),
                            (RiskLevel)row_int(rows, 2), row_str(rows, 3)};
            tally_add(tally, &key, row_int(rows, 4));
        }
        TRY(error);
    }
    return tally_store(arena, db, owner_id, tally);
}
