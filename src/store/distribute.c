/* The table of tables, and the calls that Citus wants for each.
 *
 * A distributed table may refer to a reference table, or to another that is distributed in the same group
 * with the same column in the key; what it refers to is placed before it. `owners` is distributed too, by
 * its id: every batch of an import raises data_revision there, and writes to a reference table would make
 * all owners wait for one another. For the same reason `tokens`, which refers to nothing, stays on the
 * coordinator.
 *
 * Two settings last as long as the transaction. Without the first, Citus turns the tables that refer to a
 * new reference table into local ones by the way. Without the second, it sends work for a table over many
 * connections, and refuses to touch in the same transaction a table that refers to a reference table.
 * Citus 11 is the first that moves rows in that mode. */
#include "store/distribute.h"

#include "base/check.h"
#include "store/migrate.h"
#include "store/statements.h"

enum { CITUS_VERSION_MIN = 11 };

/* The table that founds the group, and that all others follow. */
static const char FOUNDER[] = "owners";

const TablePlace TABLE_PLACES[TABLE_PLACE_COUNT] = {
    {"users", PLACEMENT_REFERENCE, NULL},
    {"organizations", PLACEMENT_REFERENCE, NULL},
    {"models", PLACEMENT_REFERENCE, NULL},
    {"owners", PLACEMENT_BY_OWNER, "id"},
    {"bulk_upload_jobs", PLACEMENT_BY_OWNER, "owner_id"},
    {"companies", PLACEMENT_BY_OWNER, "owner_id"},
    {"annual_predictions", PLACEMENT_BY_OWNER, "owner_id"},
    {"quarterly_predictions", PLACEMENT_BY_OWNER, "owner_id"},
    {"prediction_counts", PLACEMENT_BY_OWNER, "owner_id"},
    {"bulk_upload_files", PLACEMENT_BY_OWNER, "owner_id"},
    {"bulk_upload_errors", PLACEMENT_BY_OWNER, "owner_id"},
    {"job_row_marks", PLACEMENT_BY_OWNER, "owner_id"},
    {"deletions", PLACEMENT_BY_OWNER, "owner_id"},
    {"deletion_chunks", PLACEMENT_BY_OWNER, "owner_id"},
    {"covering_rows", PLACEMENT_BY_OWNER, "owner_id"},
    {"retired_versions", PLACEMENT_BY_OWNER, "owner_id"},
    {"archived_companies", PLACEMENT_BY_OWNER, "owner_id"},
    {"company_changes", PLACEMENT_BY_OWNER, "owner_id"},
    {"idempotency_keys", PLACEMENT_BY_OWNER, "owner_id"},
    {"audit_heads", PLACEMENT_BY_OWNER, "owner_id"},
    {"audit_events", PLACEMENT_BY_OWNER, "owner_id"},
    {"work_queue", PLACEMENT_LOCAL, NULL},
    {"tokens", PLACEMENT_LOCAL, NULL},
    {"organization_whitelist", PLACEMENT_LOCAL, NULL},
    {"mail_outbox", PLACEMENT_LOCAL, NULL},
    {"schema_migrations", PLACEMENT_NONE, NULL},
};

PlaceState place_state(const TablePlace *wanted, const TableStanding *found, int64_t group)
{
    if (!found->known)
        return wanted->placement == PLACEMENT_NONE ? PLACE_DONE : PLACE_MISSING;
    if (found->placement == PLACEMENT_LOCAL && wanted->placement != PLACEMENT_LOCAL)
        /* Citus made it known by the way, and places it from there just as well. */
        return wanted->placement == PLACEMENT_NONE ? PLACE_WRONG : PLACE_MISSING;
    if (found->placement != wanted->placement)
        return PLACE_WRONG;
    if (wanted->placement != PLACEMENT_BY_OWNER)
        return PLACE_DONE;
    bool together = group != 0 && found->group == group;
    return together && strcmp(found->column, wanted->column) == 0 ? PLACE_DONE : PLACE_WRONG;
}

/* --- what is there ------------------------------------------------------------------------------ */

Error *distribute_check(Arena *arena, Db *db)
{
    if (strcmp(db_engine(db), "postgres") != 0)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT,
                  "The database is a file of this machine and cannot be distributed: that takes "
                  "PostgreSQL with the extension citus. Nothing was changed."),
            "not_postgres");
    int64_t version;
    TRY(db_number(db, arena, SQL_DISTRIBUTION_VERSION, NO_PARAMS, &version));
    if (version == 0)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT,
                  "The database has not got the extension citus, without which its tables cannot "
                  "be distributed. Nothing was changed."),
            "no_citus");
    if (version < CITUS_VERSION_MIN)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT,
                  "The database has version %lld of the extension citus, and this takes version %d "
                  "or newer. Nothing was changed.",
                  (long long)version, CITUS_VERSION_MIN),
            "old_citus");
    return NULL;
}

static Placement read_placement(Str method, Str model, int64_t group)
{
    if (str_is(method, "h"))
        return PLACEMENT_BY_OWNER;
    if (str_is(method, "n") && str_is(model, "t"))
        return PLACEMENT_REFERENCE;
    if (str_is(method, "n") && str_is(model, "s") && group == 0)
        return PLACEMENT_LOCAL;
    return PLACEMENT_COUNT;
}

static Error *read_standings(Arena *arena, Db *db, TableStanding found[TABLE_PLACE_COUNT])
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_DISTRIBUTION_LIST, NO_PARAMS, &rows));
    while (rows_next(rows, &error))
        for (size_t i = 0; i < TABLE_PLACE_COUNT; i++)
            if (str_is(row_str(rows, 0), TABLE_PLACES[i].table))
                found[i] = (TableStanding){
                    .known = true,
                    .placement =
                        read_placement(row_str(rows, 1), row_str(rows, 2), row_int(rows, 4)),
                    .column = str_dup(arena, row_str(rows, 3)),
                    .group = row_int(rows, 4),
                };
    return error;
}

static int64_t founders_group(const TableStanding found[TABLE_PLACE_COUNT])
{
    for (size_t i = 0; i < TABLE_PLACE_COUNT; i++)
        if (strcmp(TABLE_PLACES[i].table, FOUNDER) == 0 && found[i].known)
            return found[i].group;
    return 0;
}

Error *distribute_missing(Arena *arena, Db *db, bool ret_missing[TABLE_PLACE_COUNT])
{
    TableStanding found[TABLE_PLACE_COUNT] = {0};
    TRY(read_standings(arena, db, found));
    for (size_t i = 0; i < TABLE_PLACE_COUNT; i++) {
        PlaceState state = place_state(&TABLE_PLACES[i], &found[i], founders_group(found));
        if (state == PLACE_WRONG)
            return ERROR(arena, ERROR_CONFLICT,
                         "The table %s was distributed in another way than Obligor does it. "
                         "Nothing was changed. undistribute_table undoes that.",
                         TABLE_PLACES[i].table);
        ret_missing[i] = state == PLACE_MISSING;
    }
    return NULL;
}

/* --- placing ------------------------------------------------------------------------------------ */

/* Runs a statement for what it does: its one row says nothing. */
static Error *call(Arena *arena, Db *db, Sql sql, const Value *params, size_t count)
{
    Rows ROWS_AUTO *rows = NULL;
    return db_query(db, arena, sql, params, count, &rows);
}

static Error *place(Arena *arena, Db *db, const TablePlace *place)
{
    Value table = value_text(place->table);
    const char *group = strcmp(place->table, FOUNDER) == 0 ? "none" : FOUNDER;
    switch (place->placement) {
    case PLACEMENT_REFERENCE:
        return call(arena, db, SQL_DISTRIBUTION_REFERENCE, PARAMS(table));
    case PLACEMENT_BY_OWNER:
        return call(arena, db, SQL_DISTRIBUTION_BY_COLUMN,
                    PARAMS(table, value_text(place->column), value_text(group)));
    case PLACEMENT_LOCAL:
        return call(arena, db, SQL_DISTRIBUTION_LOCAL, PARAMS(table));
    default:
        return NULL;
    }
}

static Error *set_for_transaction(Arena *arena, Db *db)
{
    TRY(call(
        arena, db, SQL_DISTRIBUTION_SET,
        PARAMS(value_text("citus.enable_local_reference_table_foreign_keys"), value_text("off"))));
    return call(arena, db, SQL_DISTRIBUTION_SET,
                PARAMS(value_text("citus.multi_shard_modify_mode"), value_text("sequential")));
}

Error *distribute_up(Arena *arena, Db *db, bool ret_placed[TABLE_PLACE_COUNT])
{
    TRY(distribute_check(arena, db));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(migrate_lock(arena, db));
    TRY(distribute_missing(arena, db, ret_placed));
    TRY(set_for_transaction(arena, db));
    for (size_t i = 0; i < TABLE_PLACE_COUNT; i++)
        if (ret_placed[i])
            TRY(place(arena, db, &TABLE_PLACES[i]));
    return tx_commit(&tx, arena);
}
