/* SQLite for the tests: a file in the directory of the test. */
#include "engine_texts.h"

#include "test.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

static Str sqlite_make(Arena *arena, const char *directory)
{
    return str_printf(arena, "sqlite:%s/test.db", directory);
}

static Str sqlite_make_migrated(Arena *arena, const char *directory)
{
    Str url = sqlite_make(arena, directory);
    engine_migrate(arena, url);
    return url;
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

/* The session of sqlite_each_row stays from call to call, as long as they are about the same file. */
static struct {
    sqlite3 *db;
    struct stat file;
} kept;

static void sqlite_let_go(void)
{
    CHECK(sqlite3_close_v2(kept.db) == SQLITE_OK); /* a script that failed left its statement */
    kept.db = NULL;
}

static sqlite3 *sqlite_keep(const char *path)
{
    struct stat file = {0};
    bool there = stat(path, &file) == 0;
    if (there && kept.db != NULL && file.st_ino == kept.file.st_ino &&
        file.st_dev == kept.file.st_dev)
        return kept.db;
    sqlite_let_go();
    kept.db = sqlite_open(path);
    sqlite3_exec(kept.db, "PRAGMA schema_version", NULL, NULL, NULL); /* now it is made */
    CHECK(stat(path, &kept.file) == 0);
    return kept.db;
}

static void sqlite_drop(Arena *arena, Str url)
{
    (void)arena, (void)url; /* gone with the directory */
    sqlite_let_go();
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
    sqlite_let_go();
    sqlite_copy(sqlite_path(url), arena_printf(arena, "%s.saved", sqlite_path(url)));
}

static void sqlite_restore(Arena *arena, Str url)
{
    sqlite_let_go();
    sqlite_copy(arena_printf(arena, "%s.saved", sqlite_path(url)), sqlite_path(url));
}

static const char *sqlite_column(Arena *arena, sqlite3_stmt *statement, int column)
{
    const void *bytes = NULL;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return "NULL";
    case SQLITE_FLOAT:
        return engine_real(arena, sqlite3_column_double(statement, column));
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(statement, column);
        return engine_hex(arena, bytes, (size_t)sqlite3_column_bytes(statement, column));
    default:
        return (const char *)sqlite3_column_text(statement, column);
    }
}

static void sqlite_row(sqlite3_stmt *statement, EngineRow row, void *context)
{
    Arena *arena = arena_new(0);
    const char *columns[ENGINE_COLUMNS_MAX];
    int count = sqlite3_column_count(statement);
    CHECK(count <= ENGINE_COLUMNS_MAX);
    for (int i = 0; i < count; i++)
        columns[i] = sqlite_column(arena, statement, i);
    row(context, count, columns);
    arena_free(arena);
}

static void sqlite_each_row(Str url, const char *script, EngineRow row, void *context)
{
    sqlite3 *db = sqlite_keep(sqlite_path(url));
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
}

const Engine ENGINE_SQLITE = {
    .name = "sqlite",
    .schema = "SELECT name, sql FROM sqlite_schema ORDER BY name",
    /* quote() keeps every bit and every type. */
    .contents = "SELECT 'SELECT ''' || s.name || ''' || ''|'' || ' ||"
                "       group_concat('quote(' || i.name || ')', ' || ''|'' || ') ||"
                "       ' FROM ' || s.name || ' ORDER BY rowid;'"
                "  FROM sqlite_schema s, pragma_table_info(s.name) i"
                "  WHERE s.type = 'table' GROUP BY s.name ORDER BY s.name",
    .make = sqlite_make,
    .make_migrated = sqlite_make_migrated,
    .drop = sqlite_drop,
    .save = sqlite_save,
    .restore = sqlite_restore,
    .each_row = sqlite_each_row};
