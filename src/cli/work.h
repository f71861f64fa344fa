/* Working the queue in this process until one task is over, with its progress shown. */
#ifndef OBLIGOR_CLI_WORK_H
#define OBLIGOR_CLI_WORK_H

#include "cli/cli.h"

/* `object_id`: the job of an import, or the deletion. *ret_stopped: SIGINT or SIGTERM came first; the task
 * stays in the queue. */
Error *work_until_over(Cli *cli, Uuid owner_id, Uuid object_id, bool *ret_stopped) MUST_CHECK;

#endif
