/* PostgreSQL for the tests: a database of its own for each, in the cluster that OBLIGOR_TEST_POSTGRES names
 * (tests/support/postgres.py): a pattern with {database} in it. */
#include "engine_texts.h"

#include "store/statements.h"
#include "test.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A connection costs more than what most tests ask: one to the cluster and one to the database of the test
 * stay, the latter until the database is dropped. */
static struct Kept {
    PGconn *connection;
    char *url;
} cluster, current;

static void postgres_forget(struct Kept *kept)
{
    PQfinish(kept->connection);
    free(kept->url);
    *kept = (struct Kept){0};
}

static PGconn *postgres_connect(struct Kept *kept, Str url)
{
    if (kept->url != NULL && str_is(url, kept->url) && PQstatus(kept->connection) == CONNECTION_OK)
        return kept->connection;
    postgres_forget(kept);
    kept->url = strndup(url.ptr, url.len);
    kept->connection = PQconnectdb(kept->url);
    if (PQstatus(kept->connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(kept->connection));
    PQsetNoticeProcessor(kept->connection, postgres_no_notices, NULL);
    return kept->connection;
}

/* True, or the test fails; false where the database that it is about, a template, is not there. */
static bool postgres_run(PGconn *connection, const char *script)
{
    PGresult *result = PQexec(connection, script);
    ExecStatusType status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool missing = state != NULL && strcmp(state, "3D000") == 0;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !missing)
        fail_msg("%s: %s", script, PQerrorMessage(connection));
    PQclear(result);
    return !missing;
}

static PGconn *postgres_cluster(Arena *arena)
{
    return postgres_connect(&cluster, postgres_url(arena, "postgres"));
}

static const char *postgres_name(Arena *arena)
{
    static int number;
    return arena_printf(arena, "t%d_%d", (int)getpid(), ++number);
}

static Str postgres_make(Arena *arena, const char *directory)
{
    (void)directory;
    const char *name = postgres_name(arena);
    postgres_run(postgres_cluster(arena), arena_printf(arena, "CREATE DATABASE %s", name));
    return postgres_url(arena, name);
}

/* By the first process of all that need it: under its name it is complete. */
static void postgres_make_template(Arena *arena, const char *name)
{
    const char *half = arena_printf(arena, "%s_half", name);
    PGconn *connection = postgres_cluster(arena);
    postgres_run(connection, "SELECT pg_advisory_lock(20260101)");
    PGresult *there = PQexec(
        connection, arena_printf(arena, "SELECT 1 FROM pg_database WHERE datname = '%s'", name));
    if (PQntuples(there) == 0) {
        postgres_run(connection, arena_printf(arena, "DROP DATABASE IF EXISTS %s", half));
        postgres_run(connection, arena_printf(arena, "CREATE DATABASE %s", half));
        engine_migrate(arena, postgres_url(arena, half));
        postgres_run(connection, arena_printf(arena, "ALTER DATABASE %s RENAME TO %s", half, name));
    }
    PQclear(there);
    postgres_run(connection, "SELECT pg_advisory_unlock(20260101)");
}

/* To copy files costs a fifth of what a new database and its migrations do. */
static Str postgres_make_migrated(Arena *arena, const char *directory)
{
    (void)directory;
    const char *template =
        arena_printf(arena, "schema_%.16s", MIGRATIONS[MIGRATION_COUNT - 1].sha256);
    const char *name = postgres_name(arena);
    PGconn *connection = postgres_cluster(arena);
    bool copies_files = PQserverVersion(connection) >= 150000; /* older ones do nothing else */
    const char *make = arena_printf(arena, "CREATE DATABASE %s TEMPLATE %s%s", name, template,
                                    copies_files ? " STRATEGY file_copy" : "");
    if (!postgres_run(connection, make)) {
        postgres_make_template(arena, template);
        assert_true(postgres_run(connection, make));
    }
    return postgres_url(arena, name);
}

/* It waits a moment for sessions that were just closed. One that was left open is a fault, and said. */
static void postgres_drop(Arena *arena, Str url)
{
    postgres_forget(&current);
    postgres_run(postgres_cluster(arena),
                 arena_printf(arena, "DROP DATABASE %s", postgres_database(arena, url)));
}

/* Copies within the database cost a tenth of what a copy of the database does. */
static void postgres_save(Arena *arena, Str url)
{
    (void)arena;
    postgres_run(postgres_connect(&current, url),
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
    postgres_run(postgres_connect(&current, url),
                 "SET session_replication_role = replica; "
                 "DO $$ DECLARE t text; BEGIN "
                 "  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'saved' LOOP "
                 "    EXECUTE format('DELETE FROM public.%I', t); "
                 "    EXECUTE format('INSERT INTO public.%1$I TABLE saved.%1$I', t); "
                 "  END LOOP; "
                 "END $$; "
                 "RESET session_replication_role");
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
        return engine_real(arena, strtod(text, NULL));
    case TIMESTAMPTZ:
        return postgres_time(arena, text);
    case UUID:
        return engine_without_dashes(arena, text);
    default:
        return text;
    }
}

static void postgres_rows(const PGresult *result, EngineRow row, void *context)
{
    const char *columns[ENGINE_COLUMNS_MAX];
    int count = PQnfields(result);
    CHECK(count <= ENGINE_COLUMNS_MAX);
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
    PGconn *connection = postgres_connect(&current, url);
    CHECK(PQsendQuery(connection, script) == 1);
    for (PGresult *result; (result = PQgetResult(connection)) != NULL; PQclear(result)) {
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
            fail_msg("%s: %s", script, PQerrorMessage(connection));
        if (row != NULL)
            postgres_rows(result, row, context);
    }
}

const Engine ENGINE_POSTGRES = {
    .name = "postgres",
    .schema = "SELECT table_name, column_name || ' ' || data_type FROM information_schema.columns "
              "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    .contents = "SELECT 'SELECT r::text FROM ' || table_name || ' r ORDER BY r::text;' "
                "FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
    .make = postgres_make,
    .make_migrated = postgres_make_migrated,
    .drop = postgres_drop,
    .save = postgres_save,
    .restore = postgres_restore,
    .each_row = postgres_each_row};
