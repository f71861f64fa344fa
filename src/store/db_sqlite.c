/* The embedded engine: with db_sqlite_log.c the only file that includes SQLite.
 *
 * Every session is in WAL mode, so readers never wait. SQLite has one writer: inside this process the
 * sessions of one file stand in line for it; against other processes its busy handler waits. Both together
 * wait no longer than BUSY_TIMEOUT_MS. Commits are durable (synchronous=FULL) unless a session relaxes that for work it can redo.
 *
 * Statements are prepared at first use and kept; SQLite numbers $n by first appearance, so each keeps a
 * map from our number to SQLite's. Values: UUID as a blob of 16, time as integer µs, bool as 0/1. */
#include "store/db_driver.h"

#include "base/check.h"
#include "base/clock.h"
#include "store/db_sqlite_log.h"
#include "store/statements.h"
#include "store/writer_line.h"

#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

enum {
    PARAMETER_MAX = 40,
    BUSY_TIMEOUT_MS = 15000,
    DEFAULT_CACHE = 8 << 20,
    TRIM_FROM = 4 << 20,
    LOG_KEPT = 64 << 20 /* bytes of the log file that stay on disk */
};

/* A reading session maps the file instead of copying pages: a point read is a fifth cheaper. */
#define READER_PRAGMAS "PRAGMA query_only=ON; PRAGMA mmap_size=1073741824;"

/* What the sessions of one database file share in this process. Never freed: there are a handful. */
typedef struct File {
    char *path;
    WriterLine *line;
    LogCare *log; /* while any session may write */
    int writers;
    struct File *next;
} File;

typedef struct Prepared {
    sqlite3_stmt *statement;
    uint8_t map[PARAMETER_MAX]; /* our number - 1 -> SQLite's */
    bool writes;
    bool busy;
} Prepared;

typedef struct Session {
    sqlite3 *db;
    File *file;    /* NULL: a database of this session alone */
    bool writer;   /* counts among the file's */
    bool writing;  /* has the turn */
    bool bulk;     /* does long work */
    int64_t cache; /* bytes that it was opened with */
    int log_pages; /* in the log after this session's last commit */
    Prepared prepared[SQL_COUNT];
    sqlite3_stmt *begin_read;
    sqlite3_stmt *begin_write;
    sqlite3_stmt *commit;
    sqlite3_stmt *rollback;
} Session;

typedef struct Cursor {
    Session *session;
    Prepared *prepared;
} Cursor;

static pthread_mutex_t files_mutex = PTHREAD_MUTEX_INITIALIZER;
static File *files;

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/* Without its memory statistics SQLite takes no process-wide lock at each allocation. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static File *file_of(const char *path, bool writer)
{
    pthread_mutex_lock(&files_mutex);
    File *file = files;
    while (file != NULL && strcmp(file->path, path) != 0)
        file = file->next;
    if (file == NULL) {
        file = check_malloc(sizeof *file);
        *file = (File){.path = strdup(path), .line = writer_line_new(), .next = files};
        CHECK(file->path != NULL);
        files = file;
    }
    if (writer && file->writers++ == 0)
        file->log = log_care_new(path, file->line);
    pthread_mutex_unlock(&files_mutex);
    return file;
}

static void leave_file(File *file)
{
    LogCare *unused = NULL;
    pthread_mutex_lock(&files_mutex);
    if (--file->writers == 0) {
        unused = file->log;
        file->log = NULL;
    }
    pthread_mutex_unlock(&files_mutex);
    if (unused != NULL)
        log_care_free(unused);
}

/* The time that is left for other processes to let go of the file is what the line has not used up. */
static bool begin_turn(Session *session)
{
    struct timespec until;
    int64_t start = clock_monotonic();
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += BUSY_TIMEOUT_MS / 1000;
    session->writing =
        session->file == NULL || writer_line_enter(session->file->line, &until, false);
    int64_t left = BUSY_TIMEOUT_MS - (clock_monotonic() - start) / 1000;
    sqlite3_busy_timeout(session->db, left > 100 ? (int)left : 100);
    return session->writing;
}

static void end_turn(Session *session)
{
    if (session->writing && session->file != NULL)
        writer_line_leave(session->file->line);
    session->writing = false;
}

/* SQLite's codes in our words. The engine's own text goes into the cause. */
static Error *translate(Session *session, Arena *arena, int code, const char *doing)
{
    static const struct {
        int code;
        ErrorCode ours;
        const char *message;
    } table[] = {
        {SQLITE_BUSY, ERROR_BUSY, "The database is busy. Try again in a moment."},
        {SQLITE_LOCKED, ERROR_BUSY, "The database is busy. Try again in a moment."},
        {SQLITE_INTERRUPT, ERROR_BUSY, "The work was interrupted. Try again."},
        {SQLITE_FULL, ERROR_UNAVAILABLE, "The database has no room left on its disk."},
        {SQLITE_IOERR, ERROR_UNAVAILABLE, "The database cannot be read or written."},
        {SQLITE_READONLY, ERROR_UNAVAILABLE, "The database is read-only."},
        {SQLITE_CANTOPEN, ERROR_UNAVAILABLE, "The database cannot be opened."},
        {SQLITE_PERM, ERROR_UNAVAILABLE, "The database cannot be opened."},
        {SQLITE_NOTADB, ERROR_UNAVAILABLE, "The file is not a database of Obligor."},
        {SQLITE_CORRUPT, ERROR_UNAVAILABLE, "The database is damaged."},
        {SQLITE_CONSTRAINT, ERROR_CONFLICT, "The data is in conflict with data that is there."},
        {SQLITE_TOOBIG, ERROR_TOO_LARGE, "A value is too large for the database."},
    };
    int extended = session->db != NULL ? sqlite3_extended_errcode(session->db) : code;
    ErrorCode ours = ERROR_INTERNAL;
    const char *message = "The database refused a statement.";
    for (size_t i = 0; i < ARRAY_COUNT(table); i++)
        if (table[i].code == (code & 0xFF)) {
            ours = table[i].ours;
            message = table[i].message;
        }
    if (extended == SQLITE_CONSTRAINT_FOREIGNKEY || extended == SQLITE_CONSTRAINT_NOTNULL ||
        extended == SQLITE_CONSTRAINT_CHECK || extended == SQLITE_CONSTRAINT_DATATYPE) {
        ours = ERROR_INTERNAL; /* only a defect of ours can break these */
        message = "The database refused a statement.";
    }
    Error *cause = ERROR(arena, ours, "sqlite %d in %s: %s", extended, doing,
                         session->db != NULL ? sqlite3_errmsg(session->db) : sqlite3_errstr(code));
    return error_because(ERROR(arena, ours, "%s", message), cause);
}

/* strpos(text, part): as PostgreSQL has it, in bytes; the statements only ask whether it is 0. */
static void sql_strpos(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const void *text = sqlite3_value_text(values[0]);
    const void *part = sqlite3_value_text(values[1]);
    if (text == NULL || part == NULL) {
        sqlite3_result_null(context);
        return;
    }
    const char *found = memmem(text, (size_t)sqlite3_value_bytes(values[0]), part,
                               (size_t)sqlite3_value_bytes(values[1]));
    sqlite3_result_int64(context, found == NULL ? 0 : found - (const char *)text + 1);
}

static Error *script(void *self, Arena *arena, const char *text)
{
    Session *session = self;
    int code = sqlite3_exec(session->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? NULL : translate(session, arena, code, "script");
}

static void close_session(void *self)
{
    Session *session = self;
    for (size_t i = 0; i < ARRAY_COUNT(session->prepared); i++)
        sqlite3_finalize(session->prepared[i].statement);
    sqlite3_finalize(session->begin_read);
    sqlite3_finalize(session->begin_write);
    sqlite3_finalize(session->commit);
    sqlite3_finalize(session->rollback);
    CHECK(sqlite3_close(session->db) == SQLITE_OK);
    if (session->writer)
        leave_file(session->file);
    free(session);
}

static Error *prepare_text(Session *session, Arena *arena, const char *text, sqlite3_stmt **ret)
{
    int code = sqlite3_prepare_v3(session->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return code == SQLITE_OK ? NULL : translate(session, arena, code, text);
}

static int note_log(void *self, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((Session *)self)->log_pages = pages;
    return SQLITE_OK;
}

/* Several that open a new database at once get in each other's way when it is switched to WAL, and SQLite
 * does not wait there by itself. */
static Error *script_patiently(Session *session, Arena *arena, const char *text)
{
    int64_t until = clock_monotonic() + BUSY_TIMEOUT_MS * INT64_C(1000);
    for (;;) {
        Error *error = script(session, arena, text);
        if (error == NULL || error->code != ERROR_BUSY || clock_monotonic() > until)
            return error;
        clock_sleep(2000);
    }
}

static Error *set_up(Session *session, Arena *arena, DbOptions options)
{
    sqlite3_extended_result_codes(session->db, 1);
    sqlite3_busy_timeout(session->db, BUSY_TIMEOUT_MS);
    int code = sqlite3_create_function_v2(session->db, "strpos", 2,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                          NULL, sql_strpos, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return translate(session, arena, code, "create function");
    session->cache = options.cache_bytes > 0 ? options.cache_bytes : DEFAULT_CACHE;
    const char *pragmas = arena_printf(
        arena,
        "%s PRAGMA foreign_keys=%s; PRAGMA trusted_schema=OFF; "
        "PRAGMA cache_size=-%lld; PRAGMA temp_store=%s; "
        "PRAGMA journal_size_limit=%d; PRAGMA secure_delete=OFF; "
        "PRAGMA synchronous=FULL; %s",
        options.read_only ? "" : "PRAGMA journal_mode=WAL;", options.keys_unchecked ? "OFF" : "ON",
        (long long)(session->cache / 1024), options.sorts_on_disk ? "FILE" : "MEMORY", LOG_KEPT,
        options.read_only ? READER_PRAGMAS : "");
    TRY(script_patiently(session, arena, pragmas));
    sqlite3_wal_hook(session->db, note_log, session); /* instead of a checkpoint in the commit */
    TRY(prepare_text(session, arena, "BEGIN", &session->begin_read));
    TRY(prepare_text(session, arena, "BEGIN IMMEDIATE", &session->begin_write));
    TRY(prepare_text(session, arena, "COMMIT", &session->commit));
    return prepare_text(session, arena, "ROLLBACK", &session->rollback);
}

static Error *open_session(Arena *arena, Str address, DbOptions options, void **ret_session)
{
    pthread_once(&configured, configure);
    const char *path = str_dup(arena, address);
    bool memory = str_is(address, ":memory:");
    if (address.len == 0)
        return ERROR(arena, ERROR_INVALID, "The database URL names no file.");
    Session *session = check_malloc(sizeof *session);
    memset(session, 0, sizeof *session);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (!options.must_exist && !options.read_only)
        flags |= SQLITE_OPEN_CREATE;
    mode_t before = umask(077); /* what is in it concerns nobody else on this machine */
    int code = sqlite3_open_v2(path, &session->db, flags, NULL);
    Error *error =
        code == SQLITE_OK ? set_up(session, arena, options) : translate(session, arena, code, path);
    umask(before);
    if (error != NULL) {
        close_session(session);
        return error;
    }
    char *full = memory ? NULL : realpath(path, NULL);
    session->writer = full != NULL && !options.read_only;
    session->bulk = options.bulk;
    session->file = full != NULL ? file_of(full, session->writer) : NULL;
    free(full);
    *ret_session = session;
    return NULL;
}

static Error *open_reader(const void *self, Arena *arena, DbOptions options, void **ret_session)
{
    const Session *session = self;
    const char *path = sqlite3_db_filename(session->db, "main");
    options.must_exist = true;
    if (path == NULL || path[0] == '\0') /* in memory */
        return NULL;
    return open_session(arena, str_from(path), options, ret_session);
}

static Error *step_alone(Session *session, Arena *arena, sqlite3_stmt *statement, const char *doing)
{
    int code = sqlite3_step(statement);
    Error *error = code == SQLITE_DONE ? NULL : translate(session, arena, code, doing);
    sqlite3_reset(statement);
    return error;
}

static Error *begin(void *self, Arena *arena, TxMode mode)
{
    Session *session = self;
    if (session->bulk && session->file != NULL)
        log_care_stand_back(session->file->log);
    if (mode == TX_READ)
        return step_alone(session, arena, session->begin_read, "begin");
    if (!begin_turn(session))
        return ERROR(arena, ERROR_BUSY, "The database is busy. Try again in a moment.");
    Error *error = step_alone(session, arena, session->begin_write, "begin");
    if (error != NULL)
        end_turn(session);
    return error;
}

static Error *commit(void *self, Arena *arena)
{
    Session *session = self;
    session->log_pages = 0;
    TRY(step_alone(session, arena, session->commit, "commit"));
    if (session->file != NULL && session->log_pages > 0)
        log_care_note(session->file->log, session->log_pages);
    end_turn(session);
    return NULL;
}

static void rollback(void *self)
{
    Session *session = self;
    for (size_t i = 0; i < ARRAY_COUNT(session->prepared); i++)
        if (session->prepared[i].busy)
            sqlite3_reset(session->prepared[i].statement);
    if (sqlite3_get_autocommit(session->db) == 0) { /* some failures roll back by themselves */
        sqlite3_step(session->rollback);
        sqlite3_reset(session->rollback);
    }
    end_turn(session);
}

static Error *prepare(Session *session, Arena *arena, Sql sql, Prepared **ret_prepared)
{
    Prepared *prepared = &session->prepared[sql];
    *ret_prepared = prepared;
    if (prepared->statement != NULL)
        return NULL;
    TRY(prepare_text(session, arena, STATEMENTS[sql].sqlite, &prepared->statement));
    CHECK(STATEMENTS[sql].parameters <= PARAMETER_MAX);
    for (int i = 0; i < STATEMENTS[sql].parameters; i++) {
        char name[8];
        snprintf(name, sizeof name, "$%d", i + 1);
        int index = sqlite3_bind_parameter_index(prepared->statement, name);
        CHECK(index > 0);
        prepared->map[i] = (uint8_t)index;
    }
    prepared->writes = sqlite3_stmt_readonly(prepared->statement) == 0;
    return NULL;
}

/* Nothing at all is an empty text to us and NULL to SQLite. */
static const char *memory_of(const Value *value)
{
    return value->bytes.len == 0 ? "" : value->bytes.ptr;
}

static int bind_one(sqlite3_stmt *statement, int index, const Value *value)
{
    if (value->is_null)
        return sqlite3_bind_null(statement, index);
    switch (value->type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_SMALL:
    case VALUE_TIME:
        return sqlite3_bind_int64(statement, index, value->integer);
    case VALUE_REAL:
        return sqlite3_bind_double(statement, index, value->real);
    case VALUE_TEXT:
        return sqlite3_bind_text64(statement, index, memory_of(value), value->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case VALUE_BYTES:
        return sqlite3_bind_blob64(statement, index, memory_of(value), value->bytes.len,
                                   SQLITE_STATIC);
    case VALUE_UUID:
        return sqlite3_bind_blob(statement, index, value->uuid.bytes, sizeof value->uuid.bytes,
                                 SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, index);
    }
}

static Error *bind(Session *session, Arena *arena, Sql sql, const Value *params, size_t count,
                   Prepared **ret_prepared)
{
    Prepared *prepared = NULL;
    TRY(prepare(session, arena, sql, &prepared));
    CHECK(!prepared->busy); /* one cursor at a time on one statement of a session */
    for (size_t i = 0; i < count; i++) {
        int code = bind_one(prepared->statement, prepared->map[i], &params[i]);
        if (code != SQLITE_OK)
            return translate(session, arena, code, STATEMENTS[sql].name);
    }
    *ret_prepared = prepared;
    return NULL;
}

static Error *run(void *self, Arena *arena, Sql sql, const Value *params, size_t count,
                  int64_t *ret_changed)
{
    Session *session = self;
    Prepared *prepared = NULL;
    TRY(bind(session, arena, sql, params, count, &prepared));
    CHECK(!prepared->writes || session->writing);
    Error *error = step_alone(session, arena, prepared->statement, STATEMENTS[sql].name);
    if (error == NULL && ret_changed != NULL)
        *ret_changed = sqlite3_changes64(session->db);
    return error;
}

static Error *query(void *self, Arena *arena, Sql sql, const Value *params, size_t count,
                    void **ret_cursor)
{
    Session *session = self;
    Prepared *prepared = NULL;
    TRY(bind(session, arena, sql, params, count, &prepared));
    /* Bound text is borrowed until this call returns but the cursor lives longer: it gets copies in the
     * arena that it lives in. */
    for (size_t i = 0; i < count; i++) {
        Value copy = params[i];
        if (copy.is_null)
            continue;
        if (copy.type == VALUE_TEXT || copy.type == VALUE_BYTES)
            copy.bytes = str_copy(arena, copy.bytes);
        else if (copy.type == VALUE_UUID)
            copy = value_bytes((Str){arena_copy(arena, copy.uuid.bytes, 16), 16});
        else
            continue;
        CHECK(bind_one(prepared->statement, prepared->map[i], &copy) == SQLITE_OK);
    }
    prepared->busy = true;
    Cursor *cursor = ARENA_NEW(arena, Cursor);
    *cursor = (Cursor){session, prepared};
    *ret_cursor = cursor;
    return NULL;
}

static Error *next(void *self, Arena *arena, bool *ret_more)
{
    Cursor *cursor = self;
    int code = sqlite3_step(cursor->prepared->statement);
    *ret_more = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return NULL;
    return translate(cursor->session, arena, code, sqlite3_sql(cursor->prepared->statement));
}

static void finish(void *self)
{
    Cursor *cursor = self;
    sqlite3_reset(cursor->prepared->statement);
    cursor->prepared->busy = false;
}

static size_t columns(const void *self)
{
    const Cursor *cursor = self;
    return (size_t)sqlite3_column_count(cursor->prepared->statement);
}

static Value column(const void *self, int index, ValueType type)
{
    const Cursor *cursor = self;
    sqlite3_stmt *statement = cursor->prepared->statement;
    CHECK(index >= 0 && index < sqlite3_column_count(statement));
    int stored = sqlite3_column_type(statement, index);
    if (stored == SQLITE_NULL || type == VALUE_NULL)
        return (Value){.type = type, .is_null = stored == SQLITE_NULL};
    switch (type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_SMALL:
    case VALUE_TIME:
        CHECK(stored == SQLITE_INTEGER);
        return (Value){.type = type, .integer = sqlite3_column_int64(statement, index)};
    case VALUE_REAL:
        CHECK(stored == SQLITE_FLOAT || stored == SQLITE_INTEGER);
        return value_real(sqlite3_column_double(statement, index));
    case VALUE_TEXT: {
        CHECK(stored == SQLITE_TEXT);
        const char *text = (const char *)sqlite3_column_text(statement, index);
        return value_str((Str){text, (size_t)sqlite3_column_bytes(statement, index)});
    }
    case VALUE_UUID: {
        CHECK(stored == SQLITE_BLOB && sqlite3_column_bytes(statement, index) == 16);
        Value value = {.type = VALUE_UUID};
        memcpy(value.uuid.bytes, sqlite3_column_blob(statement, index), 16);
        return value;
    }
    default: {
        CHECK(stored == SQLITE_BLOB);
        const char *bytes = sqlite3_column_blob(statement, index);
        int size = sqlite3_column_bytes(statement, index);
        return value_bytes((Str){size == 0 ? "" : bytes, (size_t)size});
    }
    }
}

static bool was_waited_for(void *self)
{
    const File *file = ((Session *)self)->file;
    return file != NULL && writer_line_was_waited_for(file->line);
}

static bool is_waited_for(void *self)
{
    const File *file = ((Session *)self)->file;
    return file != NULL && writer_line_is_waited_for(file->line);
}

static Error *relax(void *self, Arena *arena, bool relaxed)
{
    return script(self, arena, relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
}

static Error *check_keys(void *self, Arena *arena, bool checked)
{
    return script(self, arena, checked ? "PRAGMA foreign_keys=ON" : "PRAGMA foreign_keys=OFF");
}

static Error *use_cache(void *self, Arena *arena, int64_t bytes)
{
    const Session *session = self;
    int64_t size = bytes > 0 ? bytes : session->cache;
    int used = 0, most = 0;
    sqlite3_db_status(session->db, SQLITE_DBSTATUS_CACHE_USED, &used, &most, 0);
    TRY(script(self, arena,
               arena_printf(arena, "PRAGMA cache_size=-%lld", (long long)(size / 1024))));
    if (used - size > TRIM_FROM)
        malloc_trim(0); /* pages are freed one by one: the C library would keep them */
    return NULL;
}

static Error *analyze(void *self, Arena *arena, int64_t rows)
{
    (void)rows; /* a sample of a thousand costs nothing */
    Session *session = self;
    if (!begin_turn(session))
        return NULL; /* statistics can wait for the next load */
    Error *error = script(session, arena,
                          "PRAGMA analysis_limit=1000; ANALYZE annual_predictions; "
                          "ANALYZE quarterly_predictions; ANALYZE companies");
    end_turn(session);
    return error;
}

static void interrupt(void *self)
{
    Session *session = self;
    sqlite3_interrupt(session->db);
}

const DbDriver DB_SQLITE = {
    .engine = "sqlite",
    .open = open_session,
    .close = close_session,
    .open_reader = open_reader,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .query = query,
    .next = next,
    .finish = finish,
    .columns = columns,
    .column = column,
    .script = script,
    .relax = relax,
    .check_keys = check_keys,
    .use_cache = use_cache,
    .analyze = analyze,
    .interrupt = interrupt,
    .was_waited_for = was_waited_for,
    .is_waited_for = is_waited_for,
};
