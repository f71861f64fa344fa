/* Working the queue in this process until one task is over, with its progress shown. */
#ifndef OBLIGOR_CLI_WORK_H
#define OBLIGOR_CLI_WORK_H

#include "cli/cli.h"

/* `object_id`: the job of an import, or the deletion. Ends early at SIGINT or SIGTERM: the task
 * then stays in the queue, as its state tells. */
Error *work_until_over(Cli *cli, Uuid owner_id, Uuid object_id) MUST_CHECK;

#endif
