/* One table says which statements look at an invariant. Most give the ids that contradict it. The others walk
 * over one table and ask of each row for its counterpart in another, because the queue is joined with nothing. */
#include "store/invariant_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/kind.h"
#include "store/statements.h"

enum { NO_STATEMENT = -1 };

typedef struct Look {
    Sql sql;
    Sql match;      /* of a walk; NO_STATEMENT: sql gives the violations themselves */
    bool each_kind; /* of predictions */
    bool no_owner;
} Look;

#define OWNERS(name)                                                                               \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, false, false                                           \
    }
#define KINDS(name)                                                                                \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, true, false                                            \
    }
#define NOBODYS(name)                                                                              \
    {                                                                                              \
        SQL_INVARIANT_##name, NO_STATEMENT, false, true                                            \
    }
#define WALK(name, counterpart)                                                                    \
    {                                                                                              \
        SQL_INVARIANT_##name##_WALK, SQL_INVARIANT_##counterpart##_MATCH, false, false             \
    }
#define NOTHING(no_owner)                                                                          \
    {                                                                                              \
        NO_STATEMENT, NO_STATEMENT, false, no_owner                                                \
    }

static const Look LOOKS[INVARIANT_COUNT] = {
    [INVARIANT_PREDICTION_JOB] = KINDS(PREDICTION_JOB),
    [INVARIANT_PREDICTION_ROOT] = KINDS(PREDICTION_ROOT),
    [INVARIANT_PREDICTION_COMPANY] = KINDS(PREDICTION_COMPANY),
    [INVARIANT_PREDICTION_MODEL] = KINDS(PREDICTION_MODEL),
    [INVARIANT_PREDICTION_USER] = KINDS(PREDICTION_USER),
    [INVARIANT_PREDICTION_DERIVED] = KINDS(PREDICTION_DERIVED),
    [INVARIANT_PREDICTION_WORDS] = KINDS(PREDICTION_WORDS),
    [INVARIANT_VERSION_TWICE] = KINDS(VERSION_TWICE),
    [INVARIANT_VERSION_ORDER] = KINDS(VERSION_ORDER),
    [INVARIANT_ROW_ORDER] = KINDS(ROW_ORDER),
    [INVARIANT_ROW_SPAN] = KINDS(ROW_SPAN),
    [INVARIANT_ROW_NUMBER] = KINDS(ROW_NUMBER),
    [INVARIANT_PREDICTION_COUNTS] = KINDS(PREDICTION_COUNTS),
    [INVARIANT_COUNT_WORDS] = OWNERS(COUNT_WORDS),
    [INVARIANT_COMPANY_SYMBOL] = OWNERS(COMPANY_SYMBOL),
    [INVARIANT_COMPANY_JOB] = OWNERS(COMPANY_JOB),
    [INVARIANT_COMPANY_USER] = OWNERS(COMPANY_USER),
    [INVARIANT_COMPANY_DELETED] = KINDS(COMPANY_DELETED),
    [INVARIANT_JOB_USER] = OWNERS(JOB_USER),
    [INVARIANT_JOB_MODEL] = OWNERS(JOB_MODEL),
    [INVARIANT_JOB_STATES] = OWNERS(JOB_STATES),
    [INVARIANT_JOB_COUNTERS] = OWNERS(JOB_COUNTERS),
    [INVARIANT_JOB_ROWS] = KINDS(JOB_ROWS),
    [INVARIANT_JOB_HIDES] = OWNERS(JOB_HIDES),
    [INVARIANT_JOB_ERRORS] = OWNERS(JOB_ERRORS),
    [INVARIANT_JOB_WARNINGS] = OWNERS(JOB_WARNINGS),
    [INVARIANT_JOB_TASK] = WALK(JOB_TASK, TASK),
    [INVARIANT_JOB_DELETION] = OWNERS(JOB_DELETION),
    [INVARIANT_ERROR_JOB] = OWNERS(ERROR_JOB),
    [INVARIANT_ERROR_ROW] = OWNERS(ERROR_ROW),
    [INVARIANT_FILE_JOB] = OWNERS(FILE_JOB),
    [INVARIANT_FILE_CHUNKS] = OWNERS(FILE_CHUNKS),
    [INVARIANT_FILE_DIGEST] = NOTHING(false),
    [INVARIANT_DELETION_FACTS] = OWNERS(DELETION_FACTS),
    [INVARIANT_DELETION_ROWS] = OWNERS(DELETION_ROWS),
    [INVARIANT_TASK_IMPORT] = WALK(IMPORT_TASK, IMPORT),
    [INVARIANT_TASK_DELETION] = WALK(DELETION_TASK, DELETION),
    [INVARIANT_TASK_TWICE] = OWNERS(TASK_TWICE),
    [INVARIANT_TASK_WORDS] = OWNERS(TASK_WORDS),
    [INVARIANT_IDEMPOTENCY] = OWNERS(IDEMPOTENCY),
    [INVARIANT_OWNER_KIND] = NOBODYS(OWNER_KIND),
    [INVARIANT_OWNER_MISSING] = NOBODYS(OWNER_MISSING),
    [INVARIANT_TASK_OWNER] = NOBODYS(TASK_OWNER),
    [INVARIANT_USER_OWNER] = NOBODYS(USER_OWNER),
    [INVARIANT_TOKEN_USER] = NOBODYS(TOKEN_USER),
    [INVARIANT_MODEL_FACTS] = NOBODYS(MODEL_FACTS),
    [INVARIANT_MODEL_DIGEST] = NOTHING(true),
};

void violations_add(Violations *found, Uuid id)
{
    found->count++;
    if (found->shown < VIOLATIONS_SHOWN)
        found->first[found->shown++] = id;
}

bool invariant_has_owner(InvariantId id)
{
    return !LOOKS[id].no_owner;
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

Error *invariant_look(Arena *arena, Db *db, InvariantId id, Uuid owner_id, Violations *found)
{
    const Look *look = &LOOKS[id];
    CHECK(look->sql != NO_STATEMENT);
    if (look->match != NO_STATEMENT)
        return walk(arena, db, look, owner_id, found);
    for (Kind kind = 0; kind < (look->each_kind ? KIND_COUNT : 1); kind++)
        TRY(look_once(arena, db, look->sql + (int)kind, look->no_owner ? NULL : &owner_id, found));
    return NULL;
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
    Str sha256 = row_bytes(rows, 1);
    *ret_job = row_uuid(rows, 0);
    *ret_sha256 = (Digest){{0}};
    if (sha256.len == sizeof ret_sha256->bytes)
        memcpy(ret_sha256->bytes, sha256.ptr, sha256.len);
    return NULL;
}
