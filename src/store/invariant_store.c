/* One table says which statements look at an invariant. Most give the ids that contradict it. The others walk
 * over one table and ask of each row for its counterpart in another, because the queue is joined with nothing. */
#include "store/invariant_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/kind.h"
#include "store/statements.h"

enum { NO_STATEMENT = -1 };

/* In the order of invariant_owner_has; the queue is asked by itself. */
typedef enum OwnerRows {
    HAS_NO_OWNER = 0,
    HAS_PREDICTIONS = 1 << 0, /* of the first kind; those of the others follow */
    HAS_COUNTS = 1 << KIND_COUNT,
    HAS_COMPANIES = HAS_COUNTS << 1,
    HAS_JOBS = HAS_COUNTS << 2,
    HAS_ERRORS = HAS_COUNTS << 3,
    HAS_FILES = HAS_COUNTS << 4,
    HAS_DELETIONS = HAS_COUNTS << 5,
    HAS_KEYS = HAS_COUNTS << 6,
    HAS_MARKS = HAS_COUNTS << 7,
    HAS_TASKS = HAS_COUNTS << 8
} OwnerRows;

typedef struct Look {
    Sql sql;
    Sql match;      /* of a walk; NO_STATEMENT: sql gives the violations themselves */
    bool each_kind; /* of predictions */
    unsigned about; /* an owner that has none of these rows contradicts nothing; HAS_NO_OWNER */
} Look;

#define OF(name, rows)                                                                             \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, false, HAS_##rows                                      \
    }
#define OF_KIND(name, rows)                                                                        \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, true, HAS_##rows                                       \
    }
#define NOBODYS(name)                                                                              \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, false, HAS_NO_OWNER                                    \
    }
#define WALK(name, counterpart, rows)                                                              \
    {                                                                                              \
        SQL_INVARIANT_##name##_WALK, SQL_INVARIANT_##counterpart##_MATCH, false, HAS_##rows        \
    }

static const Look LOOKS[INVARIANT_COUNT] = {
    [INVARIANT_PREDICTION_JOB] = OF_KIND(PREDICTION_JOB, PREDICTIONS),
    [INVARIANT_PREDICTION_ROOT] = OF_KIND(PREDICTION_ROOT, PREDICTIONS),
    [INVARIANT_PREDICTION_COMPANY] = OF_KIND(PREDICTION_COMPANY, PREDICTIONS),
    [INVARIANT_PREDICTION_MODEL] = OF_KIND(PREDICTION_MODEL, PREDICTIONS),
    [INVARIANT_PREDICTION_USER] = OF_KIND(PREDICTION_USER, PREDICTIONS),
    [INVARIANT_PREDICTION_DERIVED] = OF_KIND(PREDICTION_DERIVED, PREDICTIONS),
    [INVARIANT_PREDICTION_WORDS] = OF_KIND(PREDICTION_WORDS, PREDICTIONS),
    [INVARIANT_VERSION_TWICE] = OF_KIND(VERSION_TWICE, PREDICTIONS),
    [INVARIANT_VERSION_ORDER] = OF_KIND(VERSION_ORDER, PREDICTIONS),
    [INVARIANT_ROW_ORDER] = OF_KIND(ROW_ORDER, PREDICTIONS),
    [INVARIANT_ROW_SPAN] = OF_KIND(ROW_SPAN, PREDICTIONS),
    [INVARIANT_ROW_NUMBER] = OF_KIND(ROW_NUMBER, PREDICTIONS),
    [INVARIANT_PREDICTION_COUNTS] = OF_KIND(PREDICTION_COUNTS, PREDICTIONS | HAS_COUNTS),
    [INVARIANT_COUNT_WORDS] = OF(COUNT_WORDS, COUNTS),
    [INVARIANT_COMPANY_SYMBOL] = OF(COMPANY_SYMBOL, COMPANIES),
    [INVARIANT_COMPANY_JOB] = OF(COMPANY_JOB, COMPANIES),
    [INVARIANT_COMPANY_USER] = OF(COMPANY_USER, COMPANIES),
    [INVARIANT_COMPANY_DELETED] = OF_KIND(COMPANY_DELETED, COMPANIES),
    [INVARIANT_JOB_USER] = OF(JOB_USER, JOBS),
    [INVARIANT_JOB_MODEL] = OF(JOB_MODEL, JOBS),
    [INVARIANT_JOB_STATES] = OF(JOB_STATES, JOBS),
    [INVARIANT_JOB_COUNTERS] = OF(JOB_COUNTERS, JOBS),
    [INVARIANT_JOB_RETRY] = OF(JOB_RETRY, JOBS),
    [INVARIANT_JOB_ROWS] = OF_KIND(JOB_ROWS, JOBS),
    [INVARIANT_JOB_HIDES] = OF(JOB_HIDES, JOBS),
    [INVARIANT_JOB_ERRORS] = OF(JOB_ERRORS, JOBS),
    [INVARIANT_JOB_WARNINGS] = OF(JOB_WARNINGS, JOBS),
    [INVARIANT_JOB_MARKS] = OF(JOB_MARKS, JOBS),
    [INVARIANT_MARK_JOB] = OF(MARK_JOB, MARKS),
    [INVARIANT_JOB_TASK] = WALK(JOB_TASK, TASK, JOBS),
    [INVARIANT_JOB_DELETION] = OF(JOB_DELETION, JOBS),
    [INVARIANT_ERROR_JOB] = OF(ERROR_JOB, ERRORS),
    [INVARIANT_ERROR_ROW] = OF(ERROR_ROW, JOBS),
    [INVARIANT_FILE_JOB] = OF(FILE_JOB, FILES),
    [INVARIANT_FILE_CHUNKS] = OF(FILE_CHUNKS, JOBS),
    [INVARIANT_FILE_DIGEST] = {NO_STATEMENT, NO_STATEMENT, false, HAS_FILES},
    [INVARIANT_AUDIT_CHAIN] = {NO_STATEMENT, NO_STATEMENT, false, 0},
    [INVARIANT_DELETION_FACTS] = OF(DELETION_FACTS, DELETIONS),
    [INVARIANT_DELETION_ROWS] = OF(DELETION_ROWS, JOBS),
    [INVARIANT_CHUNK_ORDER] = OF(CHUNK_ORDER, DELETIONS),
    [INVARIANT_CHUNK_ROWS] = OF(CHUNK_ROWS, DELETIONS),
    [INVARIANT_CHUNK_WHOLE] = {NO_STATEMENT, NO_STATEMENT, false, HAS_DELETIONS},
    [INVARIANT_ARCHIVE_COMPANY] = OF(ARCHIVE_COMPANY, DELETIONS),
    [INVARIANT_COMPANY_NAME] = OF(COMPANY_NAME, JOBS),
    [INVARIANT_TASK_IMPORT] = WALK(IMPORT_TASK, IMPORT, TASKS),
    [INVARIANT_TASK_DELETION] = WALK(DELETION_TASK, DELETION, TASKS),
    [INVARIANT_TASK_ORGANIZATION] = WALK(ORGANIZATION_TASK, ORGANIZATION, TASKS),
    [INVARIANT_TASK_TWICE] = OF(TASK_TWICE, TASKS),
    [INVARIANT_TASK_WORDS] = OF(TASK_WORDS, TASKS),
    [INVARIANT_IDEMPOTENCY] = OF(IDEMPOTENCY, KEYS),
    [INVARIANT_OWNER_KIND] = NOBODYS(OWNER_KIND),
    [INVARIANT_OWNER_MISSING] = NOBODYS(OWNER_MISSING),
    [INVARIANT_TASK_OWNER] = NOBODYS(TASK_OWNER),
    [INVARIANT_USER_OWNER] = NOBODYS(USER_OWNER),
    [INVARIANT_USER_PLACE] = NOBODYS(USER_PLACE),
    [INVARIANT_TOKEN_USER] = NOBODYS(TOKEN_USER),
    [INVARIANT_ORGANIZATION_FACTS] = NOBODYS(ORGANIZATION_FACTS),
    [INVARIANT_WHITELIST_PLACE] = NOBODYS(WHITELIST_PLACE),
    [INVARIANT_MODEL_FACTS] = NOBODYS(MODEL_FACTS),
    [INVARIANT_MODEL_DIGEST] = {NO_STATEMENT, NO_STATEMENT, false, HAS_NO_OWNER},
};

void violations_add(Violations *found, Uuid id)
{
    found->count++;
    if (found->shown < VIOLATIONS_SHOWN)
        found->first[found->shown++] = id;
}

bool invariant_has_owner(InvariantId id)
{
    return LOOKS[id].about != HAS_NO_OWNER;
}

bool invariant_has_look(InvariantId id)
{
    return LOOKS[id].sql != NO_STATEMENT;
}

/* Each row: an id, and how many there are. */
static Error *look_once(Arena *arena, Db *db, Sql sql, const Uuid *owner_id, Violations *found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    int64_t before = found->count;
    TRY(owner_id == NULL ? db_query(db, arena, sql, NO_PARAMS, &rows)
                         : db_query(db, arena, sql, PARAMS(value_uuid(*owner_id)), &rows));
    while (rows_next(rows, &error)) {
        violations_add(found, row_uuid(rows, 0));
        found->count = before + row_int(rows, 1);
    }
    return error;
}

typedef struct Pair {
    Uuid id;
    Uuid counterpart;
} Pair;

static Error *next_pairs(Arena *arena, Db *db, Sql sql, Uuid owner_id, Uuid after, Pair **ret_pairs,
                         size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Pair) pairs = {0};
    TRY(db_query(db, arena, sql, PARAMS(value_uuid(owner_id), value_uuid(after)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &pairs, ((Pair){row_uuid(rows, 0), row_uuid(rows, 1)}));
    *ret_pairs = pairs.items;
    *ret_count = pairs.count;
    return error;
}

static Error *walk(Arena *arena, Db *db, const Look *look, Uuid owner_id, Violations *found)
{
    Uuid after = UUID_NIL;
    size_t count = 0;
    do {
        ArenaMark mark = arena_mark(arena);
        Pair *pairs = NULL;
        TRY(next_pairs(arena, db, look->sql, owner_id, after, &pairs, &count));
        for (size_t i = 0; i < count; i++) {
            int64_t there = 0;
            TRY(db_number(db, arena, look->match,
                          PARAMS(value_uuid(owner_id), value_uuid(pairs[i].counterpart)), &there));
            if (there == 0)
                violations_add(found, pairs[i].id);
            after = pairs[i].id;
        }
        arena_rewind(arena, mark);
    } while (count > 0);
    return NULL;
}

/* Of each kind the rows of that kind count. */
static unsigned about(const Look *look, Kind kind)
{
    bool predictions = (look->about & HAS_PREDICTIONS) != 0;
    unsigned others = look->about & ~(unsigned)HAS_PREDICTIONS;
    return predictions ? others | (unsigned)HAS_PREDICTIONS << kind : others;
}

Error *invariant_look(Arena *arena, Db *db, InvariantId id, const CheckedOwner *owner,
                      Violations *found)
{
    const Look *look = &LOOKS[id];
    CHECK(look->sql != NO_STATEMENT && (owner == NULL) == (look->about == HAS_NO_OWNER));
    if (owner == NULL)
        return look_once(arena, db, look->sql, NULL, found);
    if (look->match != NO_STATEMENT)
        return (look->about & owner->has) != 0 ? walk(arena, db, look, owner->id, found) : NULL;
    for (Kind kind = 0; kind < (look->each_kind ? KIND_COUNT : 1); kind++)
        if ((about(look, kind) & owner->has) != 0)
            TRY(look_once(arena, db, look->sql + (int)kind, &owner->id, found));
    return NULL;
}

/* The purge of an organization takes its rows table by table: until it is over they do not fit each other. */
static Error *is_ending(Arena *arena, Db *db, Uuid id, bool *ret_ending)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_INVARIANT_OWNER_ENDS, PARAMS(value_uuid(id), value_uuid(UUID_NIL)),
                 &rows));
    *ret_ending = rows_next(rows, &error) && row_bool(rows, 0);
    return error;
}

Error *invariant_owner(Arena *arena, Db *db, Uuid id, CheckedOwner *ret_owner)
{
    bool ending = false;
    CheckedOwner owner = {.id = id};
    {
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        TRY(db_query(db, arena, SQL_INVARIANT_OWNER_HAS, PARAMS(value_uuid(id)), &rows));
        if (rows_next(rows, &error))
            for (size_t i = 0; i < rows_columns(rows); i++)
                owner.has |= row_bool(rows, (int)i) ? 1U << i : 0;
        TRY(error);
    }
    TRY(is_ending(arena, db, id, &ending));
    if (ending)
        owner.has = 0;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_INVARIANT_OWNER_HAS_TASK, PARAMS(value_uuid(id)), &rows));
    if (rows_next(rows, &error) && row_bool(rows, 0))
        owner.has |= HAS_TASKS;
    *ret_owner = owner;
    return error;
}

Error *invariant_owners(Arena *arena, Db *db, Uuid from, size_t limit, Uuid **ret_owners,
                        size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Uuid) owners = {0};
    TRY(db_query(db, arena, SQL_INVARIANT_OWNER_WALK,
                 PARAMS(value_uuid(from), value_int((int64_t)limit)), &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &owners, row_uuid(rows, 0));
    *ret_owners = owners.items;
    *ret_count = owners.count;
    return error;
}

/* Zeros where it has not the length of one: no file has that digest. */
static Digest row_digest(const Rows *rows, int column)
{
    Digest digest = {{0}};
    Str bytes = row_bytes(rows, column);
    if (bytes.len == sizeof digest.bytes)
        memcpy(digest.bytes, bytes.ptr, bytes.len);
    return digest;
}

Error *invariant_next_file(Arena *arena, Db *db, Uuid owner_id, Uuid after, Uuid *ret_job,
                           Digest *ret_sha256, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_INVARIANT_FILE_WALK,
                 PARAMS(value_uuid(owner_id), value_uuid(after)), &rows));
    *ret_found = rows_next(rows, &error);
    TRY(error);
    if (!*ret_found)
        return NULL;
    *ret_job = row_uuid(rows, 0);
    *ret_sha256 = row_digest(rows, 1);
    return NULL;
}

Error *invariant_next_chunk(Arena *arena, Db *db, Uuid owner_id, CheckedChunk *chunk,
                            bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(
        db, arena, SQL_INVARIANT_CHUNK_WALK,
        PARAMS(value_uuid(owner_id), value_uuid(chunk->deletion_id), value_int(chunk->seq)),
        &rows));
    *ret_found = rows_next(rows, &error);
    TRY(error);
    if (*ret_found)
        *chunk = (CheckedChunk){.deletion_id = row_uuid(rows, 0),
                                .seq = row_int(rows, 1),
                                .kind = (int)row_int(rows, 2),
                                .row_count = row_int(rows, 3),
                                .lowest_id = row_uuid(rows, 4),
                                .highest_id = row_uuid(rows, 5),
                                .packed = row_bytes(rows, 6)};
    return NULL;
}

Error *invariant_next_model(Arena *arena, Db *db, Uuid *model, bool *ret_whole, bool *ret_found)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_INVARIANT_MODEL_WALK, PARAMS(value_uuid(*model)), &rows));
    *ret_found = rows_next(rows, &error);
    TRY(error);
    if (!*ret_found)
        return NULL;
    Digest should = row_digest(rows, 1), is = digest_of(row_bytes(rows, 2));
    *model = row_uuid(rows, 0);
    *ret_whole = memcmp(&is, &should, sizeof is) == 0;
    return NULL;
}
