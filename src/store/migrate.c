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
        if (version > MIGRATION_COUNT)
            return ERROR(arena, ERROR_CONFLICT,
                         "The database has schema version %d, and this program knows %d. Use a newer "
                         "obligor with it.", version, MIGRATION_COUNT);
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
        return ERROR(arena, ERROR_CONFLICT,
                     "The database belongs to the system that Obligor replaces (it has its tables). "
                     "Nothing was changed. Give Obligor a database of its own.");
    int version = 0;
    if (ours)
        TRY(check_applied(arena, db, &version));
    *ret_state = (SchemaState){version, MIGRATION_COUNT};
    return NULL;
}

static const char *migration_text(const Db *db, int index)
{
    return str_is(str_from(db_engine(db)), "sqlite") ? MIGRATIONS[index].sqlite
                                                      : MIGRATIONS[index].postgres;
}

static Error *apply_one(Arena *arena, Db *db, int index)
{
    TRY(db_script(db, arena, migration_text(db, index)));
    return db_run(db, arena, SQL_SCHEMA_INSERT,
                  PARAMS(value_int(index + 1), value_text(MIGRATIONS[index].name),
                         value_text(MIGRATIONS[index].sha256), value_int(clock_now())),
                  NULL);
}

Error *migrate_up(Arena *arena, Db *db, int *ret_applied)
{
    int applied = 0;
    for (;;) {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_WRITE, &tx));
        SchemaState state; /* read under the lock: two processes may start at once */
        TRY(migrate_state(arena, db, &state));
        if (state.version == state.latest)
            break;
        if (state.version == 0)
            TRY(db_script(db, arena,
                          "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY, "
                          "name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)"));
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
