/* Migrations are applied in order, each in one write transaction together with its own record, so that a
 * process that dies in between leaves either all of one or nothing. The record holds the text's digest:
 * a migration is never changed once it was published.
 *
 * The described system has tables of the same names. A database that has `bulk_upload_jobs` but no
 * `schema_migrations` is one of those, and is never written to. */
#include "store/migrate.h"

#include "base/check.h"
#include "base/clock.h"
#include "store/statements.h"

static Error *has_table(Arena *arena, Db *db, const char *name, bool *ret_has)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_SCHEMA_HAS_TABLE, PARAMS(value_text(name)), &rows));
    *ret_has = rows_next(rows, &error);
    return error;
}

static Error *check_applied(Arena *arena, Db *db, int *ret_version)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    int version = 0;
    TRY(db_query(db, arena, SQL_SCHEMA_VERSION, NO_PARAMS, &rows));
    while (rows_next(rows, &error)) {
        version = (int)row_int(rows, 0);
        if (version < 1)
            return ERROR(arena, ERROR_CONFLICT, "The history of the database's schema is damaged.");
        if (version > MIGRATION_COUNT)
            return ERROR(
                arena, ERROR_CONFLICT,
                "The database has schema version %d, and this program knows %d. Use a newer "
                "obligor with it.",
                version, MIGRATION_COUNT);
        if (!str_is(row_str(rows, 1), MIGRATIONS[version - 1].sha256))
            return ERROR(arena, ERROR_CONFLICT,
                         "Migration %d of the database is not the one that this program knows.",
                         version);
    }
    *ret_version = version;
    return error;
}

Error *migrate_state(Arena *arena, Db *db, SchemaState *ret_state)
{
    bool ours = false, legacy = false;
    TRY(has_table(arena, db, "schema_migrations", &ours));
    TRY(has_table(arena, db, "bulk_upload_jobs", &legacy));
    if (!ours && legacy)
        return ERROR(
            arena, ERROR_CONFLICT,
            "The database belongs to the system that Obligor replaces (it has its tables). "
            "Nothing was changed. Give Obligor a database of its own.");
    int version = 0;
    if (ours)
        TRY(check_applied(arena, db, &version));
    *ret_state = (SchemaState){version, MIGRATION_COUNT};
    return NULL;
}

static bool is_sqlite(const Db *db)
{
    return strcmp(db_engine(db), "sqlite") == 0;
}

static const char *migration_text(const Db *db, int index)
{
    return is_sqlite(db) ? MIGRATIONS[index].sqlite : MIGRATIONS[index].postgres;
}

static Error *apply_one(Arena *arena, Db *db, int index)
{
    TRY(db_script(db, arena, migration_text(db, index)));
    return db_run(db, arena, SQL_SCHEMA_INSERT,
                  PARAMS(value_int(index + 1), value_text(MIGRATIONS[index].name),
                         value_text(MIGRATIONS[index].sha256), value_int(clock_now())),
                  NULL);
}

/* The history comes before the first migration, so that there is something to lock. Of two processes that
 * make it at once PostgreSQL may refuse one; it is there then. */
static Error *make_history(Arena *arena, Db *db)
{
    static const char *const text =
        "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY, "
        "name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)";
    for (int attempt = 0;; attempt++) {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        Error *error = db_script(db, arena, text);
        if (error == NULL)
            return tx_commit(&tx, arena);
        bool lost_race = error->code == ERROR_CONFLICT || error_is(error, "there_already");
        if (!lost_race || attempt > 0)
            return error;
    }
}

Error *migrate_lock(Arena *arena, Db *db)
{
    if (is_sqlite(db))
        return NULL; /* its write transactions exclude each other */
    return db_script(db, arena, "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE");
}

Error *migrate_up(Arena *arena, Db *db, int *ret_applied)
{
    int applied = 0;
    SchemaState state;
    TRY(migrate_state(arena, db, &state)); /* a database that is not ours is not touched at all */
    if (state.version == 0)
        TRY(make_history(arena, db));
    for (;;) {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        TRY(migrate_lock(arena,
                         db)); /* two processes may start at once: read again under the lock */
        TRY(migrate_state(arena, db, &state));
        if (state.version == state.latest)
            break;
        TRY(apply_one(arena, db, state.version));
        TRY(tx_commit(&tx, arena));
        applied++;
    }
    *ret_applied = applied;
    return NULL;
}

const char *migrate_name(int version)
{
    return version >= 1 && version <= MIGRATION_COUNT ? MIGRATIONS[version - 1].name : NULL;
}
