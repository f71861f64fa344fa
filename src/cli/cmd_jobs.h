/* What the commands of `jobs` share. */
#ifndef OBLIGOR_CLI_CMD_JOBS_H
#define OBLIGOR_CLI_CMD_JOBS_H

#include "cli/cli.h"

/* The id of a job; ERROR_NOT_FOUND when it is none. */
Error *cmd_jobs_read_id(Cli *cli, Str word, Uuid *ret_id) MUST_CHECK;

/* The id that the argument gives; ERROR_NOT_FOUND when it is none. */
Error *cmd_jobs_id(Cli *cli, Uuid *ret_id) MUST_CHECK;

#endif
