/* help and version: what needs no settings. */
#include "cli/cli.h"
#include "cli/help.h"

Error *cmd_help(Cli *cli)
{
    const Call *call = cli->call;
    const Command *command;
    size_t used;
    if (call->argument_count == 0) {
        output_raw(cli->out, help_overview(cli->arena));
        return NULL;
    }
    if (call->argument_count == 1 && command_is_group(call->arguments[0])) {
        output_raw(cli->out, help_group(cli->arena, call->arguments[0]));
        return NULL;
    }
    TRY(command_find(cli->arena, call->arguments, call->argument_count, &command, &used));
    output_raw(cli->out, help_command(cli->arena, command));
    return NULL;
}

const char *cli_version(void)
{
    return OBLIGOR_VERSION;
}

Error *cmd_version(Cli *cli)
{
    const Fact facts[] = {{"Version", "version", cell_text(cli_version())}};
    if (cli->out->options.json)
        output_facts(cli->out, "obligor", facts, 1);
    output_line(cli->out, "obligor %s", cli_version());
    return NULL;
}
