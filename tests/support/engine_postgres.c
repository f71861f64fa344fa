/* PostgreSQL for the tests: a database of its own for each, in the cluster that OBLIGOR_TEST_POSTGRES names
 * (tests/support/postgres.py): a pattern with {database} in it. */
#include "engine_texts.h"

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

const Engine ENGINE_POSTGRES = {
    .name = "postgres",
    .schema = "SELECT table_name, column_name || ' ' || data_type FROM information_schema.columns "
              "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    .contents = "SELECT 'SELECT r::text FROM ' || table_name || ' r ORDER BY r::text;' "
                "FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
    .make = postgres_make,
    .drop = postgres_drop,
    .save = postgres_save,
    .restore = postgres_restore,
    .each_row = postgres_each_row};
