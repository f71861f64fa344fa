/* config: what is in force, and why. Whoever wonders what the server would do runs this with the
 * server's environment and options. */
#include "base/check.h"
#include "cli/cli.h"

static const char *origin_text(Arena *arena, const Setting *setting)
{
    switch (setting->origin) {
    case ORIGIN_NONE:
        return "not set";
    case ORIGIN_DEFAULT:
        return "default";
    case ORIGIN_FILE:
        return arena_printf(arena, "file, %s", setting->where);
    case ORIGIN_ENVIRONMENT:
        return "environment";
    case ORIGIN_FLAG:
        return "command line";
    }
    CHECK(false && "an origin");
    return NULL;
}

Error *cmd_config(Cli *cli)
{
    static const Column columns[] = {
        {"SETTING", "name", false, false},
        {"VALUE", "value", false, true},
        {"FROM", "from", false, true},
        {"ENVIRONMENT", "environment", false, false},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const OptionSpec *spec = option_spec(id);
        const Setting *setting = &cli->call->settings[id];
        if (spec->environment == NULL)
            continue;
        const Cell row[] = {
            cell_text(spec->name),
            cell_text(option_masked(cli->arena, spec, setting->text)),
            cell_text(origin_text(cli->arena, setting)),
            cell_text(spec->environment),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "settings", &table);
    return NULL;
}
