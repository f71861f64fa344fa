/* Each member of the driver counts, fails if its turn has come, and else asks the driver behind it. The
 * members that cannot fail (rollback, finish, close) always go through: a test of error paths is about
 * what the code above does with an error, not about an engine that forgets its own state.
 *
 * A driver is a table of functions without a place for data of its own, so each wrapped session carries
 * its own table: with the engine's name of the driver behind it, and with what that driver can do. Sessions
 * opened beside it share its counts, from threads of their own. */
#include "db_fault.h"

#include "store/db_driver.h"

#include <stdatomic.h>

typedef struct Counts {
    atomic_int_fast64_t calls[FAULT_POINT_COUNT];
    atomic_int_fast64_t countdown; /* 0 and below: not armed, or over */
    ErrorCode code;
    atomic_bool fired;
    atomic_int_fast64_t open_cursors;
} Counts;

struct Fault {
    DbDriver driver; /* the table that the wrapped session is called through */
    const DbDriver *inner;
    void *session;
    Counts *counts;
    Counts own; /* of the session that was wrapped first */
};

typedef struct FaultCursor {
    Fault *fault;
    void *cursor;
} FaultCursor;

static Error *turn(Fault *fault, Arena *arena, FaultPoint point)
{
    Counts *counts = fault->counts;
    atomic_fetch_add(&counts->calls[point], 1);
    if (atomic_fetch_sub(&counts->countdown, 1) != 1)
        return NULL;
    atomic_store(&counts->fired, true);
    return ERROR(arena, counts->code, FAULT_MESSAGE);
}

static void fault_close(void *session)
{
    Fault *fault = session;
    fault->inner->close(fault->session);
    free(fault);
}

static Error *fault_begin(void *session, Arena *arena, TxMode mode)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_BEGIN));
    return fault->inner->begin(fault->session, arena, mode);
}

static Error *fault_commit(void *session, Arena *arena)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_COMMIT));
    return fault->inner->commit(fault->session, arena);
}

static void fault_rollback(void *session)
{
    Fault *fault = session;
    fault->inner->rollback(fault->session);
}

static Error *fault_run(void *session, Arena *arena, Sql sql, const Value *params, size_t count,
                        int64_t *ret_changed)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_RUN));
    return fault->inner->run(fault->session, arena, sql, params, count, ret_changed);
}

/* A call for many rows counts as one. */
static Error *fault_run_many(void *session, Arena *arena, Sql sql, size_t rows, size_t count,
                             FillRow *fill, const void *self, uint8_t *ret_changed)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_RUN));
    return fault->inner->run_many(fault->session, arena, sql, rows, count, fill, self, ret_changed);
}

static Error *fault_load(void *session, Arena *arena, Sql sql, size_t rows, size_t columns,
                         FillRow *fill, const void *self, bool *ret_loaded)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_RUN));
    return fault->inner->load(fault->session, arena, sql, rows, columns, fill, self, ret_loaded);
}

static Error *fault_query(void *session, Arena *arena, Sql sql, const Value *params, size_t count,
                          void **ret_cursor)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_QUERY));
    FaultCursor *cursor = ARENA_NEW(arena, FaultCursor);
    cursor->fault = fault;
    TRY(fault->inner->query(fault->session, arena, sql, params, count, &cursor->cursor));
    atomic_fetch_add(&fault->counts->open_cursors, 1);
    *ret_cursor = cursor;
    return NULL;
}

static Error *fault_next(void *self, Arena *arena, bool *ret_more)
{
    FaultCursor *cursor = self;
    TRY(turn(cursor->fault, arena, FAULT_NEXT));
    return cursor->fault->inner->next(cursor->cursor, arena, ret_more);
}

static void fault_finish(void *self)
{
    FaultCursor *cursor = self;
    atomic_fetch_sub(&cursor->fault->counts->open_cursors, 1);
    cursor->fault->inner->finish(cursor->cursor);
}

static size_t fault_columns(const void *self)
{
    const FaultCursor *cursor = self;
    return cursor->fault->inner->columns(cursor->cursor);
}

static Value fault_column(const void *self, int column, ValueType type)
{
    const FaultCursor *cursor = self;
    return cursor->fault->inner->column(cursor->cursor, column, type);
}

static Error *fault_script(void *session, Arena *arena, const char *text)
{
    Fault *fault = session;
    TRY(turn(fault, arena, FAULT_SCRIPT));
    return fault->inner->script(fault->session, arena, text);
}

static Error *fault_relax(void *session, Arena *arena, bool relaxed)
{
    Fault *fault = session;
    return fault->inner->relax(fault->session, arena, relaxed);
}

static Error *fault_check_keys(void *session, Arena *arena, bool checked)
{
    Fault *fault = session;
    return fault->inner->check_keys == NULL
               ? NULL
               : fault->inner->check_keys(fault->session, arena, checked);
}

static Error *fault_use_cache(void *session, Arena *arena, int64_t bytes)
{
    Fault *fault = session;
    return fault->inner->use_cache == NULL ? NULL
                                           : fault->inner->use_cache(fault->session, arena, bytes);
}

static Error *fault_analyze(void *session, Arena *arena, int64_t rows)
{
    Fault *fault = session;
    return fault->inner->analyze(fault->session, arena, rows);
}

static void fault_interrupt(void *session)
{
    Fault *fault = session;
    fault->inner->interrupt(fault->session);
}

static Error *fault_open_beside(const void *session, Arena *arena, DbOptions options,
                                void **ret_session);

static Error *fault_open_reader(const void *session, Arena *arena, DbOptions options,
                                void **ret_session);

static Fault *stand_before(const DbDriver *inner, void *session)
{
    Fault *fault = check_malloc(sizeof *fault);
    *fault = (Fault){.driver = {.close = fault_close,
                                .begin = fault_begin,
                                .commit = fault_commit,
                                .rollback = fault_rollback,
                                .run = fault_run,
                                .query = fault_query,
                                .next = fault_next,
                                .finish = fault_finish,
                                .columns = fault_columns,
                                .column = fault_column,
                                .script = fault_script,
                                .relax = fault_relax,
                                .check_keys = fault_check_keys,
                                .use_cache = fault_use_cache,
                                .analyze = fault_analyze,
                                .interrupt = fault_interrupt},
                     .inner = inner,
                     .session = session};
    fault->counts = &fault->own;
    fault->driver.engine = inner->engine;
    fault->driver.run_many = inner->run_many != NULL ? fault_run_many : NULL;
    fault->driver.load = inner->load != NULL ? fault_load : NULL;
    fault->driver.open_beside = inner->open_beside != NULL ? fault_open_beside : NULL;
    fault->driver.open_reader = inner->open_reader != NULL ? fault_open_reader : NULL;
    return fault;
}

static Fault *stand_beside(const Fault *fault, void *inner)
{
    Fault *beside = stand_before(fault->inner, inner);
    beside->counts = fault->counts;
    return beside;
}

static Error *fault_open_beside(const void *session, Arena *arena, DbOptions options,
                                void **ret_session)
{
    const Fault *fault = session;
    void *inner = NULL;
    TRY(fault->inner->open_beside(fault->session, arena, options, &inner));
    *ret_session = stand_beside(fault, inner);
    return NULL;
}

static Error *fault_open_reader(const void *session, Arena *arena, DbOptions options,
                                void **ret_session)
{
    const Fault *fault = session;
    void *inner = NULL;
    TRY(fault->inner->open_reader(fault->session, arena, options, &inner));
    *ret_session = inner == NULL ? NULL : stand_beside(fault, inner);
    return NULL;
}

Db *fault_wrap(Db *db, Fault **ret_fault)
{
    const DbDriver *inner = NULL;
    void *session = db_unwrap(db, &inner);
    *ret_fault = stand_before(inner, session);
    return db_wrap(&(*ret_fault)->driver, *ret_fault);
}

void fault_arm(Fault *fault, int64_t nth, ErrorCode code)
{
    for (size_t i = 0; i < FAULT_POINT_COUNT; i++)
        atomic_store(&fault->counts->calls[i], 0);
    atomic_store(&fault->counts->countdown, nth);
    fault->counts->code = code;
    atomic_store(&fault->counts->fired, false);
}

bool fault_fired(const Fault *fault)
{
    return atomic_load(&fault->counts->fired);
}

int64_t fault_calls(const Fault *fault, FaultPoint point)
{
    return atomic_load(&fault->counts->calls[point]);
}

int64_t fault_open_cursors(const Fault *fault)
{
    return atomic_load(&fault->counts->open_cursors);
}

/* True when the operation passed. */
static bool fault_once(const Fixture *f, Db *db, Fault *fault, int64_t nth,
                       FaultOperation operation, void *context, const char *before)
{
    Arena *arena = arena_new(0);
    fault_arm(fault, nth, ERROR_UNAVAILABLE);
    Error *error = operation(arena, db, context);
    bool passed = !fault_fired(fault);
    if (passed) {
        assert_no_error(error);
    } else if (error == NULL) {
        fail_msg("call %jd failed and nobody noticed", (intmax_t)nth);
    } else {
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        if (strcmp(before, fixture_dump(arena, f)) != 0)
            fail_msg("after the failure of call %jd something is half done", (intmax_t)nth);
    }
    assert_false(db_in_transaction(db));
    assert_int_equal(fault_open_cursors(fault), 0);
    arena_free(arena);
    return passed;
}

int64_t fault_every(const Fixture *f, FaultOperation operation, void *context)
{
    Fault *fault = NULL;
    Db *db = fault_wrap(fixture_session(f), &fault);
    const char *before = fixture_dump(f->arena, f);
    int64_t nth = 1, calls = 0;
    while (!fault_once(f, db, fault, nth, operation, context, before))
        nth++;
    for (int point = 0; point < FAULT_POINT_COUNT; point++)
        calls += fault_calls(fault, (FaultPoint)point);
    assert_int_equal(calls, nth - 1);
    db_close(db);
    return calls;
}
