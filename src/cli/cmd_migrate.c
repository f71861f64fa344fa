/* migrate: brings the schema up to date, and with --distributed places its tables on the machines of a
 * Citus cluster; or says what is missing. */
#include "base/check.h"
#include "cli/access.h"
#include "store/distribute.h"
#include "store/migrate.h"

static void show(Cli *cli, const SchemaState *before, bool dry_run)
{
    static const Column columns[] = {
        {"VERSION", "version", true, false},
        {"MIGRATION", "name", false, true},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (int version = before->version + 1; version <= before->latest; version++) {
        const Cell row[] = {cell_int(version), cell_text(migrate_name(version))};
        table_add(&table, row);
    }
    const Fact facts[] = {
        {"Version before", "version_before", cell_int(before->version)},
        {"Version now", "version", cell_int(dry_run ? before->version : before->latest)},
        {"Latest version", "latest", cell_int(before->latest)},
    };
    if (cli->out->options.json)
        output_facts(cli->out, "schema", facts, ARRAY_COUNT(facts));
    if (table.cell_count == 0)
        output_line(cli->out, "The schema is up to date: version %d.", before->latest);
    else
        output_line(cli->out, dry_run ? "To be applied:" : "Applied:");
    if (table.cell_count > 0 || cli->out->options.json)
        output_table(cli->out, dry_run ? "missing" : "applied", &table);
}

static void show_places(Cli *cli, const bool placed[TABLE_PLACE_COUNT], bool dry_run)
{
    static const char *const words[PLACEMENT_COUNT] = {
        [PLACEMENT_REFERENCE] = "on every machine",
        [PLACEMENT_BY_OWNER] = "by owner",
        [PLACEMENT_LOCAL] = "on the coordinator",
    };
    static const Column columns[] = {
        {"TABLE", "table", false, false},
        {"PLACE", "place", false, false},
        {"COLUMN", "column", false, true},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < TABLE_PLACE_COUNT; i++) {
        const TablePlace *place = &TABLE_PLACES[i];
        const Cell row[] = {cell_text(place->table), cell_text(words[place->placement]),
                            cell_text(place->column)};
        if (placed[i])
            table_add(&table, row);
    }
    if (table.cell_count == 0)
        output_line(cli->out, "All tables are distributed.");
    else
        output_line(cli->out, dry_run ? "To be distributed:" : "Distributed:");
    if (table.cell_count > 0 || cli->out->options.json)
        output_table(cli->out, dry_run ? "to_distribute" : "distributed", &table);
}

/* An embedded database that is not there is not made by a dry run; it would begin at version 0. */
static Error *preview(Cli *cli, bool distributed)
{
    Db *db;
    SchemaState state;
    bool missing[TABLE_PLACE_COUNT];
    TRY(access_open_raw(cli, (DbOptions){.read_only = true, .must_exist = true}, &db));
    if (distributed)
        TRY(distribute_check(cli->arena, db));
    TRY(migrate_state(cli->arena, db, &state));
    if (distributed)
        TRY(distribute_missing(cli->arena, db, missing));
    show(cli, &state, true);
    if (distributed)
        show_places(cli, missing, true);
    return NULL;
}

Error *cmd_migrate(Cli *cli)
{
    Db *db;
    SchemaState before;
    int applied;
    bool placed[TABLE_PLACE_COUNT];
    bool distributed = call_flag(cli->call, OPTION_DISTRIBUTED);
    if (call_flag(cli->call, OPTION_DRY_RUN))
        return preview(cli, distributed);
    TRY(access_open_raw(cli, (DbOptions){.must_exist = distributed}, &db));
    if (distributed) /* before anything is changed */
        TRY(distribute_check(cli->arena, db));
    TRY(migrate_state(cli->arena, db, &before));
    TRY(migrate_up(cli->arena, db, &applied));
    if (distributed)
        TRY(distribute_up(cli->arena, db, placed));
    show(cli, &before, false);
    if (distributed)
        show_places(cli, placed, false);
    return NULL;
}
