/* Help, made from the tables of commands and options. */
#ifndef OBLIGOR_CLI_HELP_H
#define OBLIGOR_CLI_HELP_H

#include "cli/options.h"

Str help_overview(Arena *arena);                        /* all commands */
Str help_group(Arena *arena, Str group);                /* those that begin with this word */
Str help_command(Arena *arena, const Command *command); /* one of them, with its options */

#endif
