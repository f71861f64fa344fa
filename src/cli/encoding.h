/* The option --encoding. */
#ifndef OBLIGOR_CLI_ENCODING_H
#define OBLIGOR_CLI_ENCODING_H

#include "cli/cli.h"

/* The name as it is stored with a job, NULL without the option. Wrong usage lists all names. */
Error *encoding_read(Cli *cli, const char **ret_name) MUST_CHECK;

#endif
