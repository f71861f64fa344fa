/* The engine-neutral half: which driver a URL names, the rows and transactions that callers hold, and
 * the rule that every column is read as the type it has. */
#include "store/db.h"

#include "base/check.h"
#include "store/db_driver.h"
#include "store/statements.h"

enum { MANY_PARAMETERS = 40, LOAD_ROWS_MIN = 16 };

struct Db {
    const DbDriver *driver;
    void *session;
    bool in_transaction;
    bool writing; /* it is a write transaction */
    uint64_t commits;
};

struct Rows {
    Db *db;
    Arena *arena;
    void *cursor; /* NULL once closed */
};

static const struct {
    const char *scheme;
    const DbDriver *driver;
} DRIVERS[] = {
    {"sqlite:", &DB_SQLITE},
    {"postgresql:", &DB_POSTGRES},
    {"postgres:", &DB_POSTGRES},
};

Error *db_open(Arena *arena, Str url, DbOptions options, Db **ret_db)
{
    for (size_t i = 0; i < ARRAY_COUNT(DRIVERS); i++) {
        Str scheme = str_from(DRIVERS[i].scheme);
        if (!str_starts_with(url, scheme))
            continue;
        void *session = NULL;
        Str address = str_slice(url, scheme.len, url.len);
        TRY(DRIVERS[i].driver->open(arena, address, options, &session));
        *ret_db = db_wrap(DRIVERS[i].driver, session);
        return NULL;
    }
    return ERROR(arena, ERROR_INVALID,
                 "The database URL is not understood. Write it as sqlite:PATH or "
                 "postgresql://HOST/DATABASE.");
}

Db *db_wrap(const DbDriver *driver, void *session)
{
    Db *db = check_malloc(sizeof *db);
    *db = (Db){.driver = driver, .session = session};
    return db;
}

void *db_unwrap(Db *db, const DbDriver **ret_driver)
{
    void *session = db->session;
    *ret_driver = db->driver;
    free(db);
    return session;
}

void db_close(Db *db)
{
    if (db == NULL)
        return;
    if (db->in_transaction)
        db->driver->rollback(db->session);
    db->driver->close(db->session);
    free(db);
}

bool db_can_write_beside(const Db *db)
{
    return db->driver->open_beside != NULL;
}

Error *db_open_beside(Arena *arena, const Db *db, DbOptions options, Db **ret_db)
{
    void *session = NULL;
    CHECK(db_can_write_beside(db));
    TRY(db->driver->open_beside(db->session, arena, options, &session));
    *ret_db = db_wrap(db->driver, session);
    return NULL;
}

Error *db_open_reader(Arena *arena, const Db *db, DbOptions options, Db **ret_db)
{
    void *session = NULL;
    *ret_db = NULL;
    options.read_only = true;
    if (db->driver->open_reader != NULL)
        TRY(db->driver->open_reader(db->session, arena, options, &session));
    if (session != NULL)
        *ret_db = db_wrap(db->driver, session);
    return NULL;
}

const char *db_engine(const Db *db)
{
    return db->driver->engine;
}

Error *db_run(Db *db, Arena *arena, Sql sql, const Value *params, size_t count,
              int64_t *ret_changed)
{
    CHECK(sql >= 0 && sql < SQL_COUNT && (size_t)STATEMENTS[sql].parameters == count);
    CHECK(db->in_transaction && db->writing);
    return db->driver->run(db->session, arena, sql, params, count, ret_changed);
}

static Error *run_one_by_one(Db *db, Arena *arena, Sql sql, size_t rows, FillRow *fill,
                             const void *self, uint8_t *ret_changed)
{
    Value values[MANY_PARAMETERS];
    for (size_t row = 0; row < rows; row++) {
        int64_t changed = 0;
        fill(self, row, values);
        TRY(db->driver->run(db->session, arena, sql, values, (size_t)STATEMENTS[sql].parameters,
                            &changed));
        if (ret_changed != NULL)
            ret_changed[row] = changed > 0;
    }
    return NULL;
}

Error *db_run_many(Db *db, Arena *arena, Sql sql, size_t rows, FillRow *fill, const void *self,
                   uint8_t *ret_changed)
{
    CHECK(sql >= 0 && sql < SQL_COUNT && STATEMENTS[sql].parameters <= MANY_PARAMETERS);
    CHECK(db->in_transaction && db->writing);
    if (rows == 0)
        return NULL;
    if (db->driver->run_many == NULL || rows == 1)
        return run_one_by_one(db, arena, sql, rows, fill, self, ret_changed);
    return db->driver->run_many(db->session, arena, sql, rows, (size_t)STATEMENTS[sql].parameters,
                                fill, self, ret_changed);
}

bool db_can_load(const Db *db)
{
    return db->driver->load != NULL;
}

Error *db_load(Db *db, Arena *arena, Sql sql, size_t rows, size_t columns, FillRow *fill,
               const void *self, bool *ret_loaded)
{
    CHECK(db->driver->load != NULL && db->in_transaction && columns <= MANY_PARAMETERS);
    return db->driver->load(db->session, arena, sql, rows, columns, fill, self, ret_loaded);
}

Error *db_insert_many(Db *db, Arena *arena, Sql copy, Sql insert, size_t rows, FillRow *fill,
                      const void *self)
{
    bool loaded = false;
    if (rows >= LOAD_ROWS_MIN && db_can_load(db))
        TRY(db_load(db, arena, copy, rows, (size_t)STATEMENTS[insert].parameters, fill, self,
                    &loaded));
    return loaded ? NULL : db_run_many(db, arena, insert, rows, fill, self, NULL);
}

Error *db_query(Db *db, Arena *arena, Sql sql, const Value *params, size_t count, Rows **ret_rows)
{
    CHECK(sql >= 0 && sql < SQL_COUNT && (size_t)STATEMENTS[sql].parameters == count);
    void *cursor = NULL;
    TRY(db->driver->query(db->session, arena, sql, params, count, &cursor));
    Rows *rows = ARENA_NEW(arena, Rows);
    *rows = (Rows){db, arena, cursor};
    *ret_rows = rows;
    return NULL;
}

Error *db_number(Db *db, Arena *arena, Sql sql, const Value *params, size_t count,
                 int64_t *ret_number)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, params, count, &rows));
    *ret_number = rows_next(rows, &error) ? row_int(rows, 0) : 0;
    return error;
}

bool rows_next(Rows *rows, Error **ret_error)
{
    bool more = false;
    *ret_error = rows->db->driver->next(rows->cursor, rows->arena, &more);
    return *ret_error == NULL && more;
}

void rows_close(Rows *rows)
{
    if (rows == NULL || rows->cursor == NULL)
        return;
    rows->db->driver->finish(rows->cursor);
    rows->cursor = NULL;
}

size_t rows_columns(const Rows *rows)
{
    return rows->db->driver->columns(rows->cursor);
}

static Value column(const Rows *rows, int index, ValueType type)
{
    return rows->db->driver->column(rows->cursor, index, type);
}

bool row_is_null(const Rows *rows, int index)
{
    return column(rows, index, VALUE_NULL).is_null;
}

bool row_bool(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_BOOL);
    return !value.is_null && value.integer != 0;
}

int64_t row_int(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_INT);
    return value.is_null ? 0 : value.integer;
}

int64_t row_time(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_TIME);
    return value.is_null ? 0 : value.integer;
}

double row_real(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_REAL);
    return value.is_null ? 0 : value.real;
}

Uuid row_uuid(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_UUID);
    return value.is_null ? UUID_NIL : value.uuid;
}

Str row_str(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_TEXT);
    return value.is_null ? (Str){"", 0} : str_copy(rows->arena, value.bytes);
}

const char *row_text(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_TEXT);
    return value.is_null ? NULL : str_dup(rows->arena, value.bytes);
}

Str row_bytes(const Rows *rows, int index)
{
    Value value = column(rows, index, VALUE_BYTES);
    return value.is_null ? (Str){"", 0} : str_copy(rows->arena, value.bytes);
}

Error *tx_begin(Db *db, Arena *arena, TxMode mode, Tx *ret_tx)
{
    CHECK(!db->in_transaction);
    TRY(db->driver->begin(db->session, arena, mode));
    db->in_transaction = true;
    db->writing = mode == TX_WRITE;
    ret_tx->db = db;
    return NULL;
}

Error *tx_commit(Tx *tx, Arena *arena)
{
    CHECK(tx->db != NULL);
    Error *error = tx->db->driver->commit(tx->db->session, arena);
    if (error != NULL)
        return error; /* still open: leaving the scope rolls back */
    tx->db->in_transaction = false;
    tx->db->commits += tx->db->writing;
    tx->db = NULL;
    return NULL;
}

void tx_rollback(Tx *tx)
{
    if (tx->db == NULL)
        return;
    tx->db->driver->rollback(tx->db->session);
    tx->db->in_transaction = false;
    tx->db = NULL;
}

bool db_in_transaction(const Db *db)
{
    return db->in_transaction;
}

uint64_t db_commits(const Db *db)
{
    return db->commits;
}

Error *db_notify(Db *db, Arena *arena)
{
    CHECK(db->in_transaction && db->writing);
    return db->driver->notify != NULL ? db->driver->notify(db->session, arena) : NULL;
}

bool db_can_wait(const Db *db)
{
    return db->driver->wait != NULL;
}

Error *db_wait(Db *db, Arena *arena, int64_t timeout, bool *ret_woken)
{
    CHECK(!db->in_transaction && db_can_wait(db));
    return db->driver->wait(db->session, arena, timeout, ret_woken);
}

Error *db_relax_durability(Db *db, Arena *arena, bool relaxed)
{
    return db->driver->relax(db->session, arena, relaxed);
}

Error *db_use_cache(Db *db, Arena *arena, int64_t bytes)
{
    CHECK(!db->in_transaction);
    return db->driver->use_cache == NULL ? NULL : db->driver->use_cache(db->session, arena, bytes);
}

Error *db_check_keys(Db *db, Arena *arena, bool checked)
{
    CHECK(!db->in_transaction);
    return db->driver->check_keys == NULL ? NULL
                                          : db->driver->check_keys(db->session, arena, checked);
}

bool db_was_waited_for(Db *db)
{
    return db->driver->was_waited_for != NULL && db->driver->was_waited_for(db->session);
}

bool db_is_waited_for(const Db *db)
{
    return db->driver->is_waited_for != NULL && db->driver->is_waited_for(db->session);
}

Error *db_analyze(Db *db, Arena *arena, int64_t rows)
{
    CHECK(!db->in_transaction);
    return db->driver->analyze(db->session, arena, rows);
}

Error *db_reclaim(Db *db, Arena *arena)
{
    CHECK(!db->in_transaction);
    return db->driver->reclaim != NULL ? db->driver->reclaim(db->session, arena) : NULL;
}

Error *db_script(Db *db, Arena *arena, const char *text)
{
    return db->driver->script(db->session, arena, text);
}

void db_interrupt(Db *db)
{
    db->driver->interrupt(db->session);
}
