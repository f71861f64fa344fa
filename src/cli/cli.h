/* The command line: reads what was asked for, does it, reports, and gives the exit code. */
#ifndef OBLIGOR_CLI_CLI_H
#define OBLIGOR_CLI_CLI_H

#include "cli/call.h"
#include "cli/output.h"

typedef enum ExitCode {
    EXIT_DONE,   /* what was asked for is done */
    EXIT_FAILED, /* it was tried and failed */
    EXIT_USAGE,  /* it was asked for wrongly */
    EXIT_REFUSED /* not there, not allowed, or the state of things forbids it */
} ExitCode;

/* One run of the program, as a command's function sees it. */
typedef struct Cli {
    Arena *arena;
    const Call *call;
    Output *out;
    ExitCode exit_code; /* for a command that has reported a failure itself */
} Cli;

/* The whole program. */
int cli_main(int argc, char **argv);

const char *cli_version(void); /* "0.1.0" */

/* The exit code that an error stands for. */
ExitCode cli_exit_code(const Error *error);

/* What a person reads of an error, each line ended: "obligor: message" and, beneath it, the fields
 * that say more than the message. The causes come last, and only with `causes`. */
Str cli_error_text(Arena *arena, const Error *error, bool causes);

#endif
