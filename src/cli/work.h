/* Working the queue in this process until one job is over, with its progress shown. */
#ifndef OBLIGOR_CLI_WORK_H
#define OBLIGOR_CLI_WORK_H

#include "cli/cli.h"

/* *ret_stopped: SIGINT or SIGTERM came first; the job stays in the queue. */
Error *work_until_over(Cli *cli, Uuid owner_id, Uuid job_id, bool *ret_stopped) MUST_CHECK;

#endif
