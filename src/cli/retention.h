/* For how long what was deleted may come back, and is kept. */
#ifndef OBLIGOR_CLI_RETENTION_H
#define OBLIGOR_CLI_RETENTION_H

#include "cli/cli.h"

typedef struct Retention {
    int64_t restore_window; /* µs, likewise below */
    int64_t keep_archives;  /* 0: for ever */
} Retention;

/* Wrong usage where archives would be gone before they may no longer come back. */
Error *retention_read(Cli *cli, Retention *ret_retention) MUST_CHECK;

#endif
