/* What SQLite itself costs: a bare loop of prepared inserts of finished rows.
 *
 *     sqlite_reference SOURCE TARGET KIND [--transaction imported|all|ROWS] [--cache-mib N] …
 *
 * SOURCE is a database into which a file was imported, TARGET a fresh one with the same schema. All that
 * the rows refer to is copied first, and the rows are read into memory; then only binding, stepping and
 * the commits are timed. Keys, indexes and foreign keys are those of the schema; the pragmas are those of
 * src/store/db_sqlite.c and of a worker's session during an import. `imported` commits where the import
 * committed: all rows of one of its batches have the same created_at. Prints one line of JSON. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { COLUMNS_MAX = 32, TRANSACTION_ALL = 0, TRANSACTION_IMPORTED = -1 };

typedef struct Options {
    const char *source;
    const char *target;
    const char *table;
    int64_t transaction;
    int cache_mib;
    int mmap_mib;
    int checkpoint_pages;
    int page_size;
    const char *synchronous;
    const char *before; /* SQL to be run on the target, to try things out */
} Options;

/* The rows one behind the other: for each value its type, then 8 bytes, or a length and the bytes. */
typedef struct Rows {
    char *bytes;
    size_t size;
    size_t room;
    int64_t count;
    int columns;
    int created_at; /* the column */
} Rows;

static _Noreturn void fail(const char *doing, sqlite3 *db)
{
    fprintf(stderr, "sqlite_reference: %s: %s\n", doing, db != NULL ? sqlite3_errmsg(db) : "");
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sql, db);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fail(sql, db);
    return statement;
}

static void run_text(sqlite3 *db, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *sql = sqlite3_vmprintf(format, values);
    va_end(values);
    run(db, sql);
    sqlite3_free(sql);
}

static sqlite3 *open_target(const Options *options)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(options->target, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        fail(options->target, db);
    if (options->page_size > 0)
        run_text(db, "PRAGMA journal_mode=DELETE; PRAGMA page_size=%d; VACUUM", options->page_size);
    run_text(db,
             "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
             "PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=%d; "
             "PRAGMA journal_size_limit=%d; PRAGMA synchronous=%s; PRAGMA mmap_size=%lld",
             options->cache_mib * 1024, options->checkpoint_pages, options->checkpoint_pages * 4096,
             options->synchronous, (long long)options->mmap_mib << 20);
    return db;
}

/* The parents of the rows, in the order of their references. */
static void copy_parents(sqlite3 *db, const Options *options)
{
    static const char *const tables[] = {"owners", "users", "models", "bulk_upload_jobs",
                                         "companies"};
    run_text(db, "ATTACH %Q AS source; BEGIN", options->source);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        run_text(db, "INSERT OR IGNORE INTO main.%s SELECT * FROM source.%s ORDER BY rowid",
                 tables[i], tables[i]);
    run(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

static void put(Rows *rows, const void *bytes, size_t size)
{
    if (rows->size + size > rows->room) {
        rows->room = (rows->size + size) * 2;
        rows->bytes = realloc(rows->bytes, rows->room);
        if (rows->bytes == NULL)
            fail("out of memory", NULL);
    }
    memcpy(rows->bytes + rows->size, bytes, size);
    rows->size += size;
}

static void put_value(Rows *rows, sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    char tag = (char)type;
    put(rows, &tag, 1);
    if (type == SQLITE_INTEGER) {
        int64_t value = sqlite3_column_int64(statement, column);
        put(rows, &value, sizeof value);
    } else if (type == SQLITE_FLOAT) {
        double value = sqlite3_column_double(statement, column);
        put(rows, &value, sizeof value);
    } else if (type != SQLITE_NULL) {
        const void *bytes = sqlite3_column_blob(statement, column);
        int32_t size = sqlite3_column_bytes(statement, column);
        put(rows, &size, sizeof size);
        put(rows, bytes, (size_t)size);
    }
}

static Rows read_rows(sqlite3 *db, const Options *options)
{
    Rows rows = {.created_at = -1};
    char *sql = sqlite3_mprintf("SELECT * FROM source.%s ORDER BY rowid", options->table);
    sqlite3_stmt *statement = prepare(db, sql);
    rows.columns = sqlite3_column_count(statement);
    for (int i = 0; i < rows.columns; i++)
        if (strcmp(sqlite3_column_name(statement, i), "created_at") == 0)
            rows.created_at = i;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        rows.count++;
        for (int i = 0; i < rows.columns; i++)
            put_value(&rows, statement, i);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return rows;
}

/* Binds one row; the place behind it. */
static const char *bind_row(sqlite3_stmt *statement, const Rows *rows, const char *at,
                            int64_t *ret_created_at)
{
    for (int i = 0; i < rows->columns; i++) {
        int type = *at++;
        if (type == SQLITE_NULL) {
            sqlite3_bind_null(statement, i + 1);
            continue;
        }
        if (type == SQLITE_INTEGER) {
            int64_t value;
            memcpy(&value, at, sizeof value);
            at += sizeof value;
            sqlite3_bind_int64(statement, i + 1, value);
            if (i == rows->created_at)
                *ret_created_at = value;
        } else if (type == SQLITE_FLOAT) {
            double value;
            memcpy(&value, at, sizeof value);
            at += sizeof value;
            sqlite3_bind_double(statement, i + 1, value);
        } else {
            int32_t size;
            memcpy(&size, at, sizeof size);
            at += sizeof size;
            if (type == SQLITE_TEXT)
                sqlite3_bind_text(statement, i + 1, at, size, SQLITE_STATIC);
            else
                sqlite3_bind_blob(statement, i + 1, at, size, SQLITE_STATIC);
            at += size;
        }
    }
    return at;
}

static sqlite3_stmt *prepare_insert(sqlite3 *db, const Options *options, int columns)
{
    char marks[COLUMNS_MAX * 2 + 1] = "";
    if (columns > COLUMNS_MAX)
        fail("too many columns", NULL);
    for (int i = 0; i < columns; i++) {
        marks[2 * i] = '?';
        marks[2 * i + 1] = i + 1 < columns ? ',' : '\0';
    }
    char *sql = sqlite3_mprintf("INSERT INTO main.%s VALUES (%s)", options->table, marks);
    sqlite3_stmt *insert = prepare(db, sql);
    sqlite3_free(sql);
    return insert;
}

static bool batch_ends(const Options *options, int64_t in_batch, int64_t created_at,
                       int64_t batch_at)
{
    if (options->transaction == TRANSACTION_ALL)
        return false;
    if (options->transaction == TRANSACTION_IMPORTED)
        return created_at != batch_at;
    return in_batch == options->transaction;
}

/* The loop. Returns the number of transactions. */
static int64_t insert_rows(sqlite3 *db, const Options *options, const Rows *rows)
{
    sqlite3_stmt *insert = prepare_insert(db, options, rows->columns);
    const char *at = rows->bytes;
    int64_t transactions = 1, in_batch = 0, batch_at = 0;
    run(db, "BEGIN IMMEDIATE");
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t created_at = 0;
        at = bind_row(insert, rows, at, &created_at);
        if (i > 0 && batch_ends(options, in_batch, created_at, batch_at)) {
            run(db, "COMMIT");
            run(db, "BEGIN IMMEDIATE");
            transactions++;
            in_batch = 0;
        }
        batch_at = created_at;
        in_batch++;
        if (sqlite3_step(insert) != SQLITE_DONE)
            fail("insert", db);
        sqlite3_reset(insert);
    }
    run(db, "COMMIT");
    sqlite3_finalize(insert);
    return transactions;
}

static int64_t parse_transaction(const char *word)
{
    if (strcmp(word, "all") == 0)
        return TRANSACTION_ALL;
    return strcmp(word, "imported") == 0 ? TRANSACTION_IMPORTED : strtoll(word, NULL, 10);
}

static int number(const char *word)
{
    return (int)strtol(word, NULL, 10);
}

static bool parse(int count, char **words, Options *options)
{
    if (count < 4 || count % 2 != 0)
        return false;
    options->source = words[1];
    options->target = words[2];
    options->table =
        strcmp(words[3], "annual") == 0 ? "annual_predictions" : "quarterly_predictions";
    for (int i = 4; i < count; i += 2) {
        const char *value = words[i + 1];
        if (strcmp(words[i], "--transaction") == 0)
            options->transaction = parse_transaction(value);
        else if (strcmp(words[i], "--cache-mib") == 0)
            options->cache_mib = number(value);
        else if (strcmp(words[i], "--mmap-mib") == 0)
            options->mmap_mib = number(value);
        else if (strcmp(words[i], "--checkpoint-pages") == 0)
            options->checkpoint_pages = number(value);
        else if (strcmp(words[i], "--page-size") == 0)
            options->page_size = number(value);
        else if (strcmp(words[i], "--synchronous") == 0)
            options->synchronous = value;
        else if (strcmp(words[i], "--before") == 0)
            options->before = value;
        else
            return false;
    }
    return true;
}

int main(int count, char **words)
{
    Options options = {.transaction = TRANSACTION_IMPORTED,
                       .cache_mib = 32,
                       .checkpoint_pages = 8192,
                       .synchronous = "NORMAL"};
    if (!parse(count, words, &options)) {
        fprintf(stderr,
                "sqlite_reference SOURCE TARGET annual|quarterly "
                "[--transaction imported|all|ROWS] [--cache-mib N] [--mmap-mib N] "
                "[--checkpoint-pages N] [--page-size N] [--synchronous WORD] [--before SQL]\n");
        return 2;
    }
    sqlite3 *db = open_target(&options);
    copy_parents(db, &options);
    Rows rows = read_rows(db, &options);
    run(db, "DETACH source");
    if (options.before != NULL)
        run(db, options.before);
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    int64_t transactions = insert_rows(db, &options, &rows);
    printf("{\"seconds\": %.4f, \"cpu_seconds\": %.4f, \"rows\": %lld, \"transactions\": %lld, "
           "\"sqlite\": \"%s\"}\n",
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           (long long)rows.count, (long long)transactions, sqlite3_libversion());
    free(rows.bytes);
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
