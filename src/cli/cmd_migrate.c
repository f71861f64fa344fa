/* migrate: brings the schema up to date, or says what is missing. */
#include "base/check.h"
#include "cli/access.h"
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

/* An embedded database that is not there is not made by a dry run; it would begin at version 0. */
static Error *preview(Cli *cli)
{
    Db *db;
    SchemaState state;
    TRY(access_open_raw(cli, (DbOptions){.read_only = true, .must_exist = true}, &db));
    TRY(migrate_state(cli->arena, db, &state));
    show(cli, &state, true);
    return NULL;
}

Error *cmd_migrate(Cli *cli)
{
    Db *db;
    SchemaState before;
    int applied;
    if (call_flag(cli->call, OPTION_DRY_RUN))
        return preview(cli);
    TRY(access_open_raw(cli, (DbOptions){0}, &db));
    TRY(migrate_state(cli->arena, db, &before));
    TRY(migrate_up(cli->arena, db, &applied));
    show(cli, &before, false);
    return NULL;
}
