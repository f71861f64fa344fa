/* SQLite is a file in the directory of the test. PostgreSQL is a database of its own in the cluster that
 * OBLIGOR_TEST_POSTGRES names (tests/support/postgres.py): a pattern with {database} in it. */
#include "engines.h"

#include "test.h"

#include "base/number.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 32 };

/* --- texts that are the same everywhere --------------------------------------------------------- */

static const char *hex_text(Arena *arena, const unsigned char *bytes, size_t count)
{
    char *text = arena_alloc(arena, 2 * count + 1);
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    text[2 * count] = '\0';
    return text;
}

static const char *real_text(Arena *arena, double real)
{
    const char *text = arena_printf(arena, "%.17g", real);
    return strpbrk(text, ".en") != NULL ? text : arena_printf(arena, "%s.0", text);
}

/* --- SQLite ------------------------------------------------------------------------------------- */

static Str sqlite_make(Arena *arena, const char *directory)
{
    return str_printf(arena, "sqlite:%s/test.db", directory);
}

static void sqlite_drop(Arena *arena, Str url)
{
    (void)arena, (void)url; /* gone with the directory */
}

static sqlite3 *sqlite_open(const char *path)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static const char *sqlite_path(Str url)
{
    return url.ptr + strlen("sqlite:");
}

static void sqlite_copy(const char *from, const char *to)
{
    sqlite3 *source = sqlite_open(from), *target = sqlite_open(to);
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
    CHECK(backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
    CHECK(sqlite3_close(source) == SQLITE_OK && sqlite3_close(target) == SQLITE_OK);
}

static void sqlite_save(Arena *arena, Str url)
{
    sqlite_copy(sqlite_path(url), arena_printf(arena, "%s.saved", sqlite_path(url)));
}

static void sqlite_restore(Arena *arena, Str url)
{
    sqlite_copy(arena_printf(arena, "%s.saved", sqlite_path(url)), sqlite_path(url));
}

static const char *sqlite_column(Arena *arena, sqlite3_stmt *statement, int column)
{
    const void *bytes = NULL;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return "NULL";
    case SQLITE_FLOAT:
        return real_text(arena, sqlite3_column_double(statement, column));
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(statement, column);
        return hex_text(arena, bytes, (size_t)sqlite3_column_bytes(statement, column));
    default:
        return (const char *)sqlite3_column_text(statement, column);
    }
}

static void sqlite_row(sqlite3_stmt *statement, EngineRow row, void *context)
{
    Arena *arena = arena_new(0);
    const char *columns[COLUMNS_MAX];
    int count = sqlite3_column_count(statement);
    CHECK(count <= COLUMNS_MAX);
    for (int i = 0; i < count; i++)
        columns[i] = sqlite_column(arena, statement, i);
    row(context, count, columns);
    arena_free(arena);
}

static void sqlite_each_row(Str url, const char *script, EngineRow row, void *context)
{
    sqlite3 *db = sqlite_open(sqlite_path(url));
    for (const char *rest = script; *rest != '\0';) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, rest, -1, &statement, &rest) != SQLITE_OK)
            fail_msg("%s: %s", script, sqlite3_errmsg(db));
        int code = SQLITE_DONE;
        while (statement != NULL && (code = sqlite3_step(statement)) == SQLITE_ROW)
            if (row != NULL)
                sqlite_row(statement, row, context);
        if (code != SQLITE_DONE)
            fail_msg("%s: %s", script, sqlite3_errmsg(db));
        sqlite3_finalize(statement);
    }
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

/* --- PostgreSQL --------------------------------------------------------------------------------- */

static Str postgres_url(Arena *arena, const char *database)
{
    const char *pattern = getenv("OBLIGOR_TEST_POSTGRES");
    const char *hole = pattern != NULL ? strstr(pattern, "{database}") : NULL;
    CHECK(hole != NULL);
    return str_printf(arena, "%.*s%s%s", (int)(hole - pattern), pattern, database,
                      hole + strlen("{database}"));
}

static const char *postgres_database(Arena *arena, Str url)
{
    const char *pattern = getenv("OBLIGOR_TEST_POSTGRES");
    size_t before = (size_t)(strstr(pattern, "{database}") - pattern);
    size_t behind = strlen(pattern) - before - strlen("{database}");
    return str_dup(arena, (Str){url.ptr + before, url.len - before - behind});
}

static void postgres_no_notices(void *context, const char *message)
{
    (void)context, (void)message;
}

static PGconn *postgres_connect(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PQsetNoticeProcessor(connection, postgres_no_notices, NULL);
    return connection;
}

static void postgres_run(const char *url, const char *script)
{
    PGconn *connection = postgres_connect(url);
    PGresult *result = PQexec(connection, script);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", script, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

static Str postgres_make(Arena *arena, const char *directory)
{
    static int number;
    (void)directory;
    const char *name = arena_printf(arena, "t%d_%d", (int)getpid(), ++number);
    postgres_run(postgres_url(arena, "postgres").ptr,
                 arena_printf(arena, "CREATE DATABASE %s", name));
    return postgres_url(arena, name);
}

/* It waits a moment for sessions that were just closed. One that was left open is a fault, and said. */
static void postgres_drop(Arena *arena, Str url)
{
    postgres_run(postgres_url(arena, "postgres").ptr,
                 arena_printf(arena, "DROP DATABASE %s", postgres_database(arena, url)));
}

/* Copies within the database cost a tenth of what a copy of the database does. */
static void postgres_save(Arena *arena, Str url)
{
    (void)arena;
    postgres_run(url.ptr,
                 "DROP SCHEMA IF EXISTS saved CASCADE; CREATE SCHEMA saved; "
                 "DO $$ DECLARE t text; BEGIN "
                 "  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP "
                 "    EXECUTE format('CREATE TABLE saved.%1$I AS TABLE public.%1$I', t); "
                 "  END LOOP; "
                 "END $$");
}

/* As a replica applies its rows: without asking the foreign keys, so that the order of the tables is no matter.
 * To delete a few rows costs much less than to truncate, which makes new files. */
static void postgres_restore(Arena *arena, Str url)
{
    (void)arena;
    postgres_run(url.ptr,
                 "SET session_replication_role = replica; "
                 "DO $$ DECLARE t text; BEGIN "
                 "  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'saved' LOOP "
                 "    EXECUTE format('DELETE FROM public.%I', t); "
                 "    EXECUTE format('INSERT INTO public.%1$I TABLE saved.%1$I', t); "
                 "  END LOOP; "
                 "END $$");
}

/* µs since 1970 of a time as PostgreSQL writes it: in UTC, which the cluster of the tests keeps. */
static const char *postgres_time(Arena *arena, const char *text)
{
    int year, month, day, hour, minute, second, length = 0;
    CHECK(sscanf(text, "%d-%d-%d %d:%d:%d%n", &year, &month, &day, &hour, &minute, &second,
                 &length) == 6);
    int64_t fraction = 0, unit = 1000000;
    for (const char *at = text + length + 1; text[length] == '.' && *at >= '0' && *at <= '9'; at++)
        fraction += (unit /= 10) * (*at - '0');
    CHECK(strstr(text + length, "+00") != NULL);
    struct tm parts = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = day,
                       .tm_hour = hour,
                       .tm_min = minute,
                       .tm_sec = second};
    return arena_printf(arena, "%jd", (intmax_t)timegm(&parts) * 1000000 + (intmax_t)fraction);
}

static const char *without_dashes(Arena *arena, const char *text)
{
    char *bare = arena_alloc(arena, strlen(text) + 1), *to = bare;
    for (; *text != '\0'; text++)
        if (*text != '-')
            *to++ = *text;
    *to = '\0';
    return bare;
}

static const char *postgres_column(Arena *arena, const PGresult *result, int row, int column)
{
    enum { BOOL = 16, BYTEA = 17, FLOAT8 = 701, TIMESTAMPTZ = 1184, UUID = 2950 };
    if (PQgetisnull(result, row, column))
        return "NULL";
    const char *text = PQgetvalue(result, row, column);
    switch (PQftype(result, column)) {
    case BOOL:
        return *text == 't' ? "1" : "0";
    case BYTEA:
        return text + strlen("\\x");
    case FLOAT8:
        return real_text(arena, strtod(text, NULL));
    case TIMESTAMPTZ:
        return postgres_time(arena, text);
    case UUID:
        return without_dashes(arena, text);
    default:
        return text;
    }
}

static void postgres_rows(const PGresult *result, EngineRow row, void *context)
{
    const char *columns[COLUMNS_MAX];
    int count = PQnfields(result);
    CHECK(count <= COLUMNS_MAX);
    for (int r = 0; r < PQntuples(result); r++) {
        Arena *arena = arena_new(0);
        for (int i = 0; i < count; i++)
            columns[i] = postgres_column(arena, result, r, i);
        row(context, count, columns);
        arena_free(arena);
    }
}

static void postgres_each_row(Str url, const char *script, EngineRow row, void *context)
{
    PGconn *connection = postgres_connect(url.ptr);
    CHECK(PQsendQuery(connection, script) == 1);
    for (PGresult *result; (result = PQgetResult(connection)) != NULL; PQclear(result)) {
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
            fail_msg("%s: %s", script, PQerrorMessage(connection));
        if (row != NULL)
            postgres_rows(result, row, context);
    }
    PQfinish(connection);
}

/* --- the table ---------------------------------------------------------------------------------- */

static const Engine ENGINES[] = {
    {.name = "sqlite",
     .schema = "SELECT name, sql FROM sqlite_schema ORDER BY name",
     /* quote() keeps every bit and every type. */
     .contents = "SELECT 'SELECT ''' || s.name || ''' || ''|'' || ' ||"
                 "       group_concat('quote(' || i.name || ')', ' || ''|'' || ') ||"
                 "       ' FROM ' || s.name || ' ORDER BY rowid;'"
                 "  FROM sqlite_schema s, pragma_table_info(s.name) i"
                 "  WHERE s.type = 'table' GROUP BY s.name ORDER BY s.name",
     .make = sqlite_make,
     .drop = sqlite_drop,
     .save = sqlite_save,
     .restore = sqlite_restore,
     .each_row = sqlite_each_row},
    {.name = "postgres",
     .schema = "SELECT table_name, column_name || ' ' || data_type FROM information_schema.columns "
               "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
     .contents = "SELECT 'SELECT r::text FROM ' || table_name || ' r ORDER BY r::text;' "
                 "FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
     .make = postgres_make,
     .drop = postgres_drop,
     .save = postgres_save,
     .restore = postgres_restore,
     .each_row = postgres_each_row},
};

bool engine_is_sqlite(const Engine *engine)
{
    return engine == &ENGINES[0];
}

int engines_each(const char *name, int (*act)(const Engine *engine, void *context), void *context)
{
    int sum = 0;
    for (size_t i = 0; i < ARRAY_COUNT(ENGINES); i++) {
        const Engine *engine = &ENGINES[i];
        if (name != NULL && strcmp(name, engine->name) != 0)
            continue;
        if (!engine_is_sqlite(engine) && getenv("OBLIGOR_TEST_POSTGRES") == NULL) {
            printf("SKIP: no PostgreSQL here (OBLIGOR_TEST_POSTGRES is not set)\n");
            continue;
        }
        sum += act(engine, context);
    }
    return sum;
}

/* --- words -------------------------------------------------------------------------------------- */

/* %s is the word's argument. */
static const struct {
    const char *word, *sqlite, *postgres;
} WORDS[] = {
    {"{true", "1", "true"},
    {"{false", "0", "false"},
    {"{nil", "zeroblob(16)", "uuid '00000000-0000-0000-0000-000000000000'"},
    {"{micros ", "%s", "(timestamptz 'epoch' + %s * interval '1 microsecond')"},
    {"{bytes ", "x'%s'", "'\\x%s'::bytea"},
    {"{id ", "x'%s'", "'%s'::uuid"},
};

/* The word at `at`: what stands for it is added, and its length given; 0: none is there. */
static size_t add_word(Buf *text, Arena *arena, const Engine *engine, const char *at)
{
    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++) {
        size_t length = strlen(WORDS[i].word);
        const char *end = strchr(at, '}');
        if (strncmp(at, WORDS[i].word, length) != 0 || end == NULL)
            continue;
        const char *argument =
            without_dashes(arena, str_dup(arena, (Str){at + length, (size_t)(end - at) - length}));
        const char *pattern = engine_is_sqlite(engine) ? WORDS[i].sqlite : WORDS[i].postgres;
        const char *hole = strstr(pattern, "%s");
        if (hole == NULL)
            buf_printf(text, "%s", pattern);
        else
            buf_printf(text, "%.*s%s%s", (int)(hole - pattern), pattern, argument, hole + 2);
        return (size_t)(end - at) + 1;
    }
    return 0;
}

const char *engine_script(Arena *arena, const Engine *engine, const char *script)
{
    Buf text = buf_new(arena, 1 << 20);
    for (const char *at = script; *at != '\0';) {
        size_t length = *at == '{' ? add_word(&text, arena, engine, at) : 0;
        if (length == 0)
            buf_add_char(&text, *at++);
        at += length;
    }
    assert_false(text.over);
    return buf_str(&text).ptr;
}
