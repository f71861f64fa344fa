/* Database sessions, statements, rows and transactions: the same on every engine.
 *
 * Statements are named in sql/queries/ and numbered in the generated store/statements.h; only the store
 * floor names them. A session is used by one thread at a time. Errors are ours: a driver translates its
 * engine's codes, keeps the engine's words in `cause`, and never lets them reach a message.
 *
 * Reads outside a transaction see the last commit, each by itself. */
#ifndef OBLIGOR_STORE_DB_H
#define OBLIGOR_STORE_DB_H

#include "base/error.h"
#include "base/uuid.h"

typedef struct Db Db;
typedef struct Rows Rows;
typedef int Sql; /* a number from store/statements.h */

typedef struct DbOptions {
    bool read_only;      /* every write fails */
    bool must_exist;     /* an embedded database is not made when it is not there */
    int64_t cache_bytes; /* page cache of the session; 0: the driver's default */
    bool bulk; /* for long work: it stands back from others, and for the engine's upkeep */
    /* Deletes without a search for what still refers to it, where the engine can be told so: for statements that
     * look themselves, through an index that the engine would not take. */
    bool keys_unchecked;
    bool
        sorts_on_disk; /* for whole scans: what is sorted beyond the cache goes to a temporary file */
    /* In µs, 0: none. Beyond, a statement ends with ERROR_BUSY. An embedded engine has its own way of
     * waiting and looks at neither. */
    int64_t statement_timeout;
    int64_t lock_timeout; /* for one lock; what is waited for too long may be tried again */
} DbOptions;

/* Reason of the cause where the server is there and has no database of that name. */
#define DB_MISSING "database_missing"

/* `url`: "sqlite:PATH" (or ":memory:" behind it for one session alone) or "postgresql://…" as libpq
 * understands it, with service files and PG* variables. Opening checks nothing of the
 * schema; see migrate.h. ERROR_UNAVAILABLE when it cannot be opened. */
Error *db_open(Arena *arena, Str url, DbOptions options, Db **ret_db) MUST_CHECK;
void db_close(Db *db); /* NULL is fine; an open transaction rolls back */

/* Can several sessions write at once? */
bool db_can_write_beside(const Db *db);

/* Opens another session on the same database, for a thread that writes beside this one: where that can be. */
Error *db_open_beside(Arena *arena, const Db *db, DbOptions options, Db **ret_db) MUST_CHECK;

/* Opens a session on the same database that only reads, for a thread that prepares what this one writes. *ret_db NULL: on this
 * engine there is nothing to be gained by it, or the database is this session's alone. */
Error *db_open_reader(Arena *arena, const Db *db, DbOptions options, Db **ret_db) MUST_CHECK;

/* A word for messages and metrics: "sqlite". */
const char *db_engine(const Db *db);

/* --- values ---------------------------------------------------------------------------------- */

typedef enum ValueType {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_SMALL, /* a column of 16 bits */
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_BYTES,
    VALUE_UUID,
    VALUE_TIME /* µs UTC */
} ValueType;

typedef struct Value {
    ValueType type;
    bool is_null; /* a NULL that still knows its type */
    union {
        int64_t integer;
        double real;
        Str bytes; /* borrowed until the call returns */
        Uuid uuid;
    };
} Value;

static inline Value value_int(int64_t v)
{
    return (Value){.type = VALUE_INT, .integer = v};
}
static inline Value value_small(int64_t v)
{
    return (Value){.type = VALUE_SMALL, .integer = v};
}
static inline Value value_bool(bool v)
{
    return (Value){.type = VALUE_BOOL, .integer = v};
}
static inline Value value_time(int64_t v)
{
    return (Value){.type = VALUE_TIME, .integer = v};
}
static inline Value value_real(double v)
{
    return (Value){.type = VALUE_REAL, .real = v};
}
static inline Value value_str(Str v)
{
    return (Value){.type = VALUE_TEXT, .bytes = v};
}
static inline Value value_bytes(Str v)
{
    return (Value){.type = VALUE_BYTES, .bytes = v};
}
static inline Value value_uuid(Uuid v)
{
    return (Value){.type = VALUE_UUID, .uuid = v};
}
static inline Value value_null(ValueType type)
{
    return (Value){.type = type, .is_null = true};
}
static inline Value value_text(const char *v) /* NULL gives NULL */
{
    return v == NULL ? value_null(VALUE_TEXT) : value_str(str_from(v));
}
static inline Value value_time_or_null(int64_t v) /* 0 gives NULL */
{
    return v == 0 ? value_null(VALUE_TIME) : value_time(v);
}
static inline Value value_uuid_or_null(Uuid v) /* the nil UUID gives NULL */
{
    return uuid_is_nil(v) ? value_null(VALUE_UUID) : value_uuid(v);
}
static inline Value value_real_if(bool present, double v)
{
    return present ? value_real(v) : value_null(VALUE_REAL);
}

/* db_run(db, arena, SQL_X, PARAMS(value_int(1), value_text("a")), &changed) */
#define PARAMS(...)                                                                                \
    (const Value[]){__VA_ARGS__}, sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value)
#define NO_PARAMS NULL, 0

/* --- statements ------------------------------------------------------------------------------ */

/* Runs a statement that gives no rows. `ret_changed` (may be NULL): how many rows it touched. A write
 * needs an open write transaction: every write is in one. */
Error *db_run(Db *db, Arena *arena, Sql sql, const Value *params, size_t count,
              int64_t *ret_changed) MUST_CHECK;

/* Fills the parameters of one of many rows, counted from 0. */
typedef void FillRow(const void *self, size_t row, Value *values);

/* Runs a statement once for each row, sent together where the engine gains by it. ret_changed (may be
 * NULL, else [rows]): 1 where a row was touched. */
Error *db_run_many(Db *db, Arena *arena, Sql sql, size_t rows, FillRow *fill, const void *self,
                   uint8_t *ret_changed) MUST_CHECK;

/* Does the engine have a faster way than single insertions? */
bool db_can_load(const Db *db);

/* Puts rows into a table by that way (`sql` is a COPY statement), all or none. *ret_loaded false: a unique
 * key of at least one of them is taken, and nothing has happened. Every value has its column's type. */
Error *db_load(Db *db, Arena *arena, Sql sql, size_t rows, size_t columns, FillRow *fill,
               const void *self, bool *ret_loaded) MUST_CHECK;

/* Inserts many rows of which none is expected to clash: by the faster way (`copy`) where the engine has one,
 * else by `insert`. Both name the same columns in the same order. */
Error *db_insert_many(Db *db, Arena *arena, Sql copy, Sql insert, size_t rows, FillRow *fill,
                      const void *self) MUST_CHECK;

/* Runs a statement that gives rows. Close them, or declare them with ROWS_AUTO. */
Error *db_query(Db *db, Arena *arena, Sql sql, const Value *params, size_t count, Rows **ret_rows)
    MUST_CHECK;

/* The first column of the first row as a whole number; 0 when there is no row or it is NULL. */
Error *db_number(Db *db, Arena *arena, Sql sql, const Value *params, size_t count,
                 int64_t *ret_number) MUST_CHECK;

/* True while there is a row; at the end false with *ret_error NULL, on failure false with it set:
 *     while (rows_next(rows, &error)) { … }
 *     TRY(error);                                                                              */
bool rows_next(Rows *rows, Error **ret_error);
void rows_close(Rows *rows); /* NULL is fine */
size_t rows_columns(const Rows *rows);

#define ROWS_AUTO __attribute__((cleanup(rows_close_at)))
static inline void rows_close_at(Rows **rows)
{
    rows_close(*rows);
}

/* Columns of the present row, counted from 0. NULL reads as zero, "", the nil UUID or false. Text and
 * bytes are copied into the arena given to db_query. Asking for the wrong type is a programming error. */
bool row_is_null(const Rows *rows, int column);
bool row_bool(const Rows *rows, int column);
int64_t row_int(const Rows *rows, int column);
int64_t row_time(const Rows *rows, int column);
double row_real(const Rows *rows, int column);
Uuid row_uuid(const Rows *rows, int column);
Str row_str(const Rows *rows, int column);
const char *row_text(const Rows *rows, int column); /* NULL reads as NULL */
Str row_bytes(const Rows *rows, int column);

/* --- transactions ---------------------------------------------------------------------------- */

typedef enum TxMode {
    TX_READ, /* one snapshot for several reads */
    TX_WRITE /* takes the write lock at once where the engine has one; writers queue in order */
} TxMode;

typedef struct Tx {
    Db *db; /* NULL: not open */
} Tx;

/* Tx TX_AUTO tx = {0};  TRY(tx_begin(db, arena, TX_WRITE, &tx));  …  TRY(tx_commit(&tx, arena));
 * Leaving the scope without commit rolls back. Transactions do not nest. */
#define TX_AUTO __attribute__((cleanup(tx_rollback)))
Error *tx_begin(Db *db, Arena *arena, TxMode mode, Tx *ret_tx) MUST_CHECK;
Error *tx_commit(Tx *tx, Arena *arena) MUST_CHECK;
void tx_rollback(Tx *tx);
bool db_in_transaction(const Db *db);

/* How many write transactions this session has committed: whoever wants to run something again asks
 * whether a part of it is there already. */
uint64_t db_commits(const Db *db);

/* --- hints between processes ----------------------------------------------------------------- */

/* In a write transaction: its commit wakes who waits in db_wait in other processes. A hint alone, which may
 * be lost: whoever waits looks by himself from time to time. Engines of one machine give none. */
Error *db_notify(Db *db, Arena *arena) MUST_CHECK;

/* Does db_wait ever come back before its time? */
bool db_can_wait(const Db *db);

/* Outside a transaction: returns when another session gave the hint since the last call, or after `timeout`
 * µs. *ret_woken says which. */
Error *db_wait(Db *db, Arena *arena, int64_t timeout, bool *ret_woken) MUST_CHECK;

/* --- what only some callers need ------------------------------------------------------------- */

/* With `relaxed`, a commit may be lost by a power failure (never by a dying process), and never without
 * all that came after it: for work that is redone from its last committed position. */
Error *db_relax_durability(Db *db, Arena *arena, bool relaxed) MUST_CHECK;

/* The session's page cache, where it has one: `bytes`, or as it was opened with (0). Outside a transaction. */
Error *db_use_cache(Db *db, Arena *arena, int64_t bytes) MUST_CHECK;

/* As keys_unchecked of DbOptions, for some transactions. Outside one. */
Error *db_check_keys(Db *db, Arena *arena, bool checked) MUST_CHECK;

/* Did other sessions of this process have to wait for this one since it was last asked, or, where writers do
 * not exclude each other, have work of their own? Long work then takes smaller steps and leaves room. */
bool db_was_waited_for(Db *db);

/* In a write transaction: does another session of this process wait for its end now? False on engines whose writers do
 * not exclude each other. */
bool db_is_waited_for(const Db *db);

/* Refreshes the statistics of the planner after a load of so many rows, unless they count for little beside
 * what is there. Outside a transaction. */
Error *db_analyze(Db *db, Arena *arena, int64_t rows) MUST_CHECK;

/* After many rows were removed: gives their room back and takes them out of every index's way, where the
 * engine does not by itself. Outside a transaction. */
Error *db_reclaim(Db *db, Arena *arena) MUST_CHECK;

/* Runs a text of several statements: for migrations and tests alone. */
Error *db_script(Db *db, Arena *arena, const char *text) MUST_CHECK;

/* Asks a running statement of this session to stop soon; safe from another thread. */
void db_interrupt(Db *db);

#endif
