/* A call of the program: which command, with which arguments, and what every option is worth,
 * taken from the command line, else the environment, else the file of --config, else the
 * default. */
#ifndef OBLIGOR_CLI_CALL_H
#define OBLIGOR_CLI_CALL_H

#include "cli/options.h"

typedef enum Origin {
    ORIGIN_NONE, /* not given, and without a default */
    ORIGIN_DEFAULT,
    ORIGIN_FILE,
    ORIGIN_ENVIRONMENT,
    ORIGIN_FLAG
} Origin;

typedef struct Setting {
    Origin origin;
    const char *text;  /* NULL: none */
    int64_t number;    /* as option_check gives it */
    const char *where; /* for people: "--db", "OBLIGOR_DB", "obligor.conf:3", "default" */
} Setting;

typedef struct Call {
    const Command *command;
    const Str *arguments;
    size_t argument_count;
    Setting settings[OPTION_COUNT]; /* of options that do not belong to the command: origin NONE */
} Call;

typedef struct CallInput {
    int argc;
    const char *const *argv;
    const char *(*environment)(const char *name); /* getenv */
} CallInput;

/* Wrong usage is ERROR_INVALID with reason "usage". --help and --version win over everything else:
 * the call is then one of the command `help` or `version`. */
Error *call_read(Arena *arena, const CallInput *input, Call *ret_call) MUST_CHECK;

bool call_is_set(const Call *call, OptionId id);      /* has a value, were it the default */
const char *call_text(const Call *call, OptionId id); /* NULL: none */
Str call_str(const Call *call, OptionId id);          /* empty: none */
int64_t call_number(const Call *call, OptionId id);
bool call_flag(const Call *call, OptionId id);

#endif
