/* Each member of the driver counts, fails if its turn has come, and else asks the driver behind it. The
 * members that cannot fail (rollback, finish, close) always go through: a test of error paths is about
 * what the code above does with an error, not about an engine that forgets its own state.
 *
 * A driver is a table of functions without a place for data of its own, so each wrapped session carries
 * its own table: with the engine's name of the driver behind it, and with what that driver can do. */
#include "db_fault.h"

#include "store/db_driver.h"

struct Fault {
    DbDriver driver; /* the table that the wrapped session is called through */
    const DbDriver *inner;
    void *session;
    int64_t calls[FAULT_POINT_COUNT];
    int64_t countdown; /* 0: not armed */
    ErrorCode code;
    bool fired;
    int64_t open_cursors;
};

typedef struct FaultCursor {
    Fault *fault;
    void *cursor;
} FaultCursor;

static Error *turn(Fault *fault, Arena *arena, FaultPoint point)
{
    fault->calls[point]++;
    if (fault->countdown == 0 || --fault->countdown > 0)
        return NULL;
    fault->fired = true;
    return ERROR(arena, fault->code, FAULT_MESSAGE);
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
    fault->open_cursors++;
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
    cursor->fault->open_cursors--;
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

Db *fault_wrap(Db *db, Fault **ret_fault)
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
                                .analyze = fault_analyze,
                                .interrupt = fault_interrupt}};
    fault->session = db_unwrap(db, &fault->inner);
    fault->driver.engine = fault->inner->engine;
    fault->driver.run_many = fault->inner->run_many != NULL ? fault_run_many : NULL;
    fault->driver.load = fault->inner->load != NULL ? fault_load : NULL;
    *ret_fault = fault;
    return db_wrap(&fault->driver, fault);
}

void fault_arm(Fault *fault, int64_t nth, ErrorCode code)
{
    memset(fault->calls, 0, sizeof fault->calls);
    fault->countdown = nth;
    fault->code = code;
    fault->fired = false;
}

bool fault_fired(const Fault *fault)
{
    return fault->fired;
}

int64_t fault_calls(const Fault *fault, FaultPoint point)
{
    return fault->calls[point];
}

int64_t fault_open_cursors(const Fault *fault)
{
    return fault->open_cursors;
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
