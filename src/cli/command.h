/* The commands: one table gives the words that call them, their help, their arguments and their
 * functions. */
#ifndef OBLIGOR_CLI_COMMAND_H
#define OBLIGOR_CLI_COMMAND_H

#include "base/error.h"

typedef enum CommandId {
    COMMAND_SERVE,
    COMMAND_WORKER,
    COMMAND_MIGRATE,
    COMMAND_USER_ADD,
    COMMAND_USER_LIST,
    COMMAND_USER_PASSWD,
    COMMAND_USER_VERIFY,
    COMMAND_USER_DISABLE,
    COMMAND_USER_ENABLE,
    COMMAND_USER_LINK,
    COMMAND_ORG_ADD,
    COMMAND_ORG_LIST,
    COMMAND_MODEL_ADD,
    COMMAND_MODEL_LIST,
    COMMAND_MODEL_SHOW,
    COMMAND_MODEL_ACTIVATE,
    COMMAND_IMPORT,
    COMMAND_EXPORT,
    COMMAND_SCORE,
    COMMAND_JOBS_LIST,
    COMMAND_JOBS_SHOW,
    COMMAND_JOBS_CANCEL,
    COMMAND_JOBS_DELETE,
    COMMAND_JOBS_RESTORE,
    COMMAND_CHECK,
    COMMAND_AUDIT_LIST,
    COMMAND_AUDIT_VERIFY,
    COMMAND_AUDIT_HEAD,
    COMMAND_AUDIT_SEAL,
    COMMAND_CONFIG,
    COMMAND_VERSION,
    COMMAND_HELP,
    COMMAND_COUNT
} CommandId;

/* A set of commands: bit n is CommandId n. */
typedef uint64_t CommandSet;
#define ON(id)       (UINT64_C(1) << COMMAND_##id)
#define ON_EVERY_ONE ((UINT64_C(1) << COMMAND_COUNT) - 1)

/* What a command wants of the database, and what it does about the schema (access.h). */
typedef enum DatabaseNeed {
    DATABASE_NONE,     /* nothing, or the command sees to it itself */
    DATABASE_EXISTING, /* it must be there, with the schema of this program */
    DATABASE_MADE,     /* an embedded one is made when it is not there */
    DATABASE_UPGRADED  /* likewise, and an embedded one of an older schema is brought up to date */
} DatabaseNeed;

struct Cli;

typedef struct Command {
    const char *name;
    const char *verb;      /* the second word: "add" of "user add"; NULL: there is none */
    const char *arguments; /* as help shows them: "FILE", "[EMAIL]"; NULL: none */
    size_t arguments_min;
    size_t arguments_max;
    const char *line; /* one line of help */
    const char *text; /* paragraphs of help, each ended by a line end but the last; NULL: none */
    DatabaseNeed database;
    bool stays; /* runs until it is stopped, and therefore logs what it does */
    Error *(*run)(struct Cli *cli);
} Command;

const Command *command_get(CommandId id);
CommandId command_id(const Command *command);

/* "user add" */
const char *command_words(Arena *arena, const Command *command);

/* "Usage: obligor import FILE [options]" */
const char *command_usage(Arena *arena, const Command *command);

/* The command that the words at the front of `words` call; *ret_used of them. ERROR_INVALID, reason
 * "usage", when there is none; with `count` 0 it is `help`. */
Error *command_find(Arena *arena, const Str *words, size_t count, const Command **ret_command,
                    size_t *ret_used) MUST_CHECK;

/* True when `word` is the first word of commands that have a second one: "user". */
bool command_is_group(Str word);

/* The functions of the table, one file each or one file a group: cmd_*.c. */
Error *cmd_serve(struct Cli *cli) MUST_CHECK;
Error *cmd_worker(struct Cli *cli) MUST_CHECK;
Error *cmd_migrate(struct Cli *cli) MUST_CHECK;
Error *cmd_user_add(struct Cli *cli) MUST_CHECK;
Error *cmd_user_list(struct Cli *cli) MUST_CHECK;
Error *cmd_user_passwd(struct Cli *cli) MUST_CHECK;
Error *cmd_user_verify(struct Cli *cli) MUST_CHECK;
Error *cmd_user_disable(struct Cli *cli) MUST_CHECK;
Error *cmd_user_enable(struct Cli *cli) MUST_CHECK;
Error *cmd_user_link(struct Cli *cli) MUST_CHECK;
Error *cmd_org_add(struct Cli *cli) MUST_CHECK;
Error *cmd_org_list(struct Cli *cli) MUST_CHECK;
Error *cmd_model_add(struct Cli *cli) MUST_CHECK;
Error *cmd_model_list(struct Cli *cli) MUST_CHECK;
Error *cmd_model_show(struct Cli *cli) MUST_CHECK;
Error *cmd_model_activate(struct Cli *cli) MUST_CHECK;
Error *cmd_import(struct Cli *cli) MUST_CHECK;
Error *cmd_export(struct Cli *cli) MUST_CHECK;
Error *cmd_score(struct Cli *cli) MUST_CHECK;
Error *cmd_jobs_list(struct Cli *cli) MUST_CHECK;
Error *cmd_jobs_show(struct Cli *cli) MUST_CHECK;
Error *cmd_jobs_cancel(struct Cli *cli) MUST_CHECK;
Error *cmd_jobs_delete(struct Cli *cli) MUST_CHECK;
Error *cmd_jobs_restore(struct Cli *cli) MUST_CHECK;
Error *cmd_check(struct Cli *cli) MUST_CHECK;
Error *cmd_audit_verify(struct Cli *cli) MUST_CHECK;
Error *cmd_audit_list(struct Cli *cli) MUST_CHECK;
Error *cmd_audit_head(struct Cli *cli) MUST_CHECK;
Error *cmd_audit_seal(struct Cli *cli) MUST_CHECK;
Error *cmd_config(struct Cli *cli) MUST_CHECK;
Error *cmd_version(struct Cli *cli) MUST_CHECK;
Error *cmd_help(struct Cli *cli) MUST_CHECK;

#endif
