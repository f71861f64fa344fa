/* The table of commands, in the order of CommandId and of the help. */
#include "base/check.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/suggest.h"

#define MODEL_ARGUMENT                                                                             \
    "A model is named by its id, by its name, or by NAME@VERSION where it has several versions."
#define USER_ARGUMENT "The user is named by EMAIL or by --email."

static const Command COMMANDS[COMMAND_COUNT] = {
    [COMMAND_SERVE] =
        {
            .name = "serve",
            .line = "serve the page and the HTTP interface, and work the queue",
            .text = "Makes or migrates the schema of an embedded database by itself. On a database "
                    "without users it prints a link, good once and for 24 hours, with which the "
                    "first administrator is made. It stops in good order at SIGINT or SIGTERM: "
                    "requests are finished, the running batch of an import is committed, and the "
                    "rest goes on at the next start.\n"
                    "Without --listen it is reached from this machine only. Put a proxy with TLS "
                    "before it, or keep it on a trusted network, before it listens anywhere else.",
            .database = DATABASE_UPGRADED,
            .stays = true,
            .run = cmd_serve,
        },
    [COMMAND_WORKER] =
        {
            .name = "worker",
            .line = "work the queue only, without serving",
            .text = "Any number of workers may run beside 'obligor serve --workers 0'. It stops in "
                    "good order at SIGINT or SIGTERM.",
            .database = DATABASE_EXISTING,
            .stays = true,
            .run = cmd_worker,
        },
    [COMMAND_MIGRATE] =
        {
            .name = "migrate",
            .line = "bring the schema of the database up to date",
            .text =
                "With --dry-run it names the migrations that are missing.\n"
                "With --distributed, on a PostgreSQL database that has the extension citus, the "
                "tables are then placed on the machines of the cluster by owner. What is placed "
                "already stays as it is. Stop servers and workers meanwhile.",
            .run = cmd_migrate,
        },
    [COMMAND_USER_ADD] =
        {
            .name = "user",
            .verb = "add",
            .line = "add a user",
            .text = "The password is asked for on the terminal, or read with --password-stdin.",
            .database = DATABASE_MADE,
            .run = cmd_user_add,
        },
    [COMMAND_USER_LIST] =
        {
            .name = "user",
            .verb = "list",
            .line = "list the users",
            .database = DATABASE_EXISTING,
            .run = cmd_user_list,
        },
    [COMMAND_USER_PASSWD] =
        {
            .name = "user",
            .verb = "passwd",
            .arguments = "[EMAIL]",
            .arguments_max = 1,
            .line = "set a user's password",
            .text = USER_ARGUMENT " All sessions of the user end.",
            .database = DATABASE_EXISTING,
            .run = cmd_user_passwd,
        },
    [COMMAND_USER_VERIFY] =
        {
            .name = "user",
            .verb = "verify",
            .arguments = "[EMAIL]",
            .arguments_max = 1,
            .line = "mark a user's address as verified",
            .text = USER_ARGUMENT,
            .database = DATABASE_EXISTING,
            .run = cmd_user_verify,
        },
    [COMMAND_USER_DISABLE] =
        {
            .name = "user",
            .verb = "disable",
            .arguments = "[EMAIL]",
            .arguments_max = 1,
            .line = "keep a user out, and end the user's sessions",
            .text = USER_ARGUMENT,
            .database = DATABASE_EXISTING,
            .run = cmd_user_disable,
        },
    [COMMAND_USER_ENABLE] =
        {
            .name = "user",
            .verb = "enable",
            .arguments = "[EMAIL]",
            .arguments_max = 1,
            .line = "let a disabled user in again",
            .text = USER_ARGUMENT,
            .database = DATABASE_EXISTING,
            .run = cmd_user_enable,
        },
    [COMMAND_USER_LINK] =
        {
            .name = "user",
            .verb = "link",
            .arguments = "[EMAIL]",
            .arguments_max = 1,
            .line = "make a link with which a user sets a password",
            .text = USER_ARGUMENT
            " The link is good once: for an hour, or for seven days where the user has no "
            "password yet. It ends the one before it, and who uses it is verified. Hand it over "
            "on a way that nobody reads along.",
            .database = DATABASE_EXISTING,
            .run = cmd_user_link,
        },
    [COMMAND_ORG_ADD] =
        {
            .name = "org",
            .verb = "add",
            .arguments = "NAME",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "add an organization",
            .text =
                "Prints the token with which people join it, this once. Its first administrator "
                "is made with 'obligor user add --org SLUG --role org_admin'.",
            .database = DATABASE_MADE,
            .run = cmd_org_add,
        },
    [COMMAND_ORG_LIST] =
        {
            .name = "org",
            .verb = "list",
            .line = "list the organizations",
            .database = DATABASE_EXISTING,
            .run = cmd_org_list,
        },
    [COMMAND_MODEL_ADD] =
        {
            .name = "model",
            .verb = "add",
            .arguments = "FILE",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "check a score card and add it to the registry",
            .text = "FILE is a score card in the format obligor-scorecard/1. The same file again "
                    "changes nothing. Activating a model changes no prediction that is there.",
            .database = DATABASE_MADE,
            .run = cmd_model_add,
        },
    [COMMAND_MODEL_LIST] =
        {
            .name = "model",
            .verb = "list",
            .line = "list the models",
            .database = DATABASE_EXISTING,
            .run = cmd_model_list,
        },
    [COMMAND_MODEL_SHOW] =
        {
            .name = "model",
            .verb = "show",
            .arguments = "MODEL",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "show a model",
            .text = MODEL_ARGUMENT " With --json the score card comes whole.",
            .database = DATABASE_EXISTING,
            .run = cmd_model_show,
        },
    [COMMAND_MODEL_ACTIVATE] =
        {
            .name = "model",
            .verb = "activate",
            .arguments = "MODEL",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "use a model for new predictions",
            .text = MODEL_ARGUMENT,
            .database = DATABASE_EXISTING,
            .run = cmd_model_activate,
        },
    [COMMAND_IMPORT] =
        {
            .name = "import",
            .arguments = "FILE...",
            .arguments_min = 1,
            .arguments_max = 1000,
            .line = "import files of company figures, each as a job",
            .text = "The same job as an upload over HTTP, worked in this process: each good row "
                    "becomes a prediction that knows its job, its row and its model; rejected rows "
                    "are kept with their reasons. Earlier work of the same owner is done first. "
                    "FILE may be - for standard input. Several files are imported one after the "
                    "other, as several jobs. Interrupted with Ctrl-C, the job stays in "
                    "the queue and goes on with the next worker.\n"
                    "A file of failed rows, mended, goes in as it is: the job then says which one "
                    "it mends, and may be deleted together with it.\n"
                    "With --dry-run every row is checked and scored and none is imported; the job "
                    "and its errors are kept. The exit code is 1 when a job failed.",
            .database = DATABASE_EXISTING,
            .run = cmd_import,
        },
    [COMMAND_EXPORT] =
        {
            .name = "export",
            .line = "write predictions to a file",
            .text = "What the user may read, newest first, as CSV, as a workbook (XLSX) or as a "
                    "JSON object a line (NDJSON). The columns of an upload come first, so that the "
                    "file may be imported again as it is. Filters are those of the lists over "
                    "HTTP; several values are separated by commas. The audit trail notes the "
                    "export.\n"
                    "With --job-id and --outcome it writes rows of that job's file instead: those "
                    "that failed, were skipped, left unchanged or warned about, with the columns "
                    "that they came in and what is wrong behind them. Mended, the file may be "
                    "imported as it is.",
            .database = DATABASE_EXISTING,
            .run = cmd_export,
        },
    [COMMAND_SCORE] =
        {
            .name = "score",
            .arguments = "FILE",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "score a file of company figures, without a database",
            .text = "Each row is checked and scored as in an import, and written with its "
                    "probabilities; a row that fails is written with its errors. Nothing is kept. "
                    "FILE may be - for standard input. The model is a score card of --model, else "
                    "the one that comes with this program.",
            .run = cmd_score,
        },
    [COMMAND_JOBS_LIST] =
        {
            .name = "jobs",
            .verb = "list",
            .line = "list the jobs, newest first",
            .database = DATABASE_EXISTING,
            .run = cmd_jobs_list,
        },
    [COMMAND_JOBS_SHOW] =
        {
            .name = "jobs",
            .verb = "show",
            .arguments = "ID",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "show a job, what it made and what it rejected",
            .database = DATABASE_EXISTING,
            .run = cmd_jobs_show,
        },
    [COMMAND_JOBS_CANCEL] =
        {
            .name = "jobs",
            .verb = "cancel",
            .arguments = "ID",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "cancel a job that waits or runs",
            .text = "A running job stops within a batch; the predictions it has made stay.",
            .database = DATABASE_EXISTING,
            .run = cmd_jobs_cancel,
        },
    [COMMAND_JOBS_DELETE] =
        {
            .name = "jobs",
            .verb = "delete",
            .arguments = "ID",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "delete a job, alone or with what it made",
            .text = "Without --with-predictions the record is deleted and the predictions stay, "
                    "and still know which upload made them. With it, exactly the predictions that "
                    "the job made are gone from every list at once; their removal is worked in "
                    "this process. Former versions that they had displaced are back. The jobs "
                    "that mend it stay, unless --include-retries takes them along. --dry-run "
                    "counts all of them.",
            .database = DATABASE_EXISTING,
            .run = cmd_jobs_delete,
        },
    [COMMAND_JOBS_RESTORE] =
        {
            .name = "jobs",
            .verb = "restore",
            .arguments = "ID",
            .arguments_min = 1,
            .arguments_max = 1,
            .line = "bring back a deleted job and what was deleted with it",
            .text =
                "Takes the job's latest deletion back: the same predictions, ids, values, times "
                "and "
                "versions. Where somebody has made a newer version meanwhile, the one that comes "
                "back goes behind it, into the history. Retries that were deleted together with "
                "it stay deleted, unless --include-retries brings them back, too. Interrupted with "
                "Ctrl-C, it goes on with "
                "the next worker. --dry-run counts.",
            .database = DATABASE_EXISTING,
            .run = cmd_jobs_restore,
        },
    [COMMAND_CHECK] =
        {
            .name = "check",
            .line = "look whether the database holds what it should",
            .text =
                "Every invariant of the data model is looked at: that lineage, versions, counts, "
                "counters, files, deletions and the queue fit together. What is violated is "
                "named, with what that means, how often, and the first ids. It reads all rows "
                "and changes nothing; servers and workers may run meanwhile. Each owner is "
                "seen in one snapshot. The exit code is 1 where something is violated.\n"
                "OWNER is an owner's id, the address of a user, or system.",
            .database = DATABASE_EXISTING,
            .run = cmd_check,
        },
    [COMMAND_AUDIT_LIST] =
        {
            .name = "audit",
            .verb = "list",
            .line = "list what happened, newest first",
            .text =
                "The trail of the system, or of the owner that --owner names: OWNER is an owner's "
                "id, the address of a user, or system. That somebody signed in or out, refreshed "
                "or ended a session stands in that user's own trail.",
            .database = DATABASE_EXISTING,
            .run = cmd_audit_list,
        },
    [COMMAND_AUDIT_VERIFY] =
        {
            .name = "audit",
            .verb = "verify",
            .line = "verify the audit trail of every owner",
            .text = "Finds any entry that was altered, removed, inserted or put elsewhere, and a "
                    "head that does not fit, and names the owner, the entry and what is wrong: "
                    "the first fault of each chain. What was cut off at the end is found with "
                    "--head FILE, the output of an earlier 'obligor audit head'. The exit code is "
                    "1 when a chain is broken.",
            .database = DATABASE_EXISTING,
            .run = cmd_audit_verify,
        },
    [COMMAND_AUDIT_HEAD] =
        {
            .name = "audit",
            .verb = "head",
            .line = "show where each owner's audit trail ends",
            .text = "One line an owner: its id, the number and the digest of the last entry, and "
                    "when it was written. Kept on another machine, they show later that nothing "
                    "before them was changed.",
            .database = DATABASE_EXISTING,
            .run = cmd_audit_head,
        },
    [COMMAND_AUDIT_SEAL] =
        {
            .name = "audit",
            .verb = "seal",
            .line = "seal the audit trail with a key that is new",
            .text =
                "For a trail that was begun without a key, and after a new key was put in front "
                "of the former one in the file: verifies every chain and puts an entry with "
                "the new key behind it. Stop servers and workers meanwhile.",
            .database = DATABASE_EXISTING,
            .run = cmd_audit_seal,
        },
    [COMMAND_CONFIG] =
        {
            .name = "config",
            .line = "show the settings in force, and where each comes from",
            .text =
                "A setting is taken from the command line, else from the environment, else from "
                "the file that --config names, else it has its default. Passwords are masked.",
            .run = cmd_config,
        },
    [COMMAND_VERSION] =
        {
            .name = "version",
            .line = "say which version this is",
            .run = cmd_version,
        },
    [COMMAND_HELP] =
        {
            .name = "help",
            .arguments = "[COMMAND]",
            .arguments_max = 2,
            .line = "say how a command is used",
            .run = cmd_help,
        },
};

const Command *command_get(CommandId id)
{
    CHECK(id < COMMAND_COUNT);
    return &COMMANDS[id];
}

CommandId command_id(const Command *command)
{
    return (CommandId)(command - COMMANDS);
}

const char *command_words(Arena *arena, const Command *command)
{
    if (command->verb == NULL)
        return command->name;
    return arena_printf(arena, "%s %s", command->name, command->verb);
}

const char *command_usage(Arena *arena, const Command *command)
{
    return arena_printf(arena, "Usage: obligor %s%s%s [options]", command_words(arena, command),
                        command->arguments == NULL ? "" : " ",
                        command->arguments == NULL ? "" : command->arguments);
}

bool command_is_group(Str word)
{
    for (CommandId id = 0; id < COMMAND_COUNT; id++)
        if (COMMANDS[id].verb != NULL && str_is(word, COMMANDS[id].name))
            return true;
    return false;
}

/* "add, list, passwd" of "user". */
static const char *verbs_of(Arena *arena, Str group)
{
    Buf verbs = buf_new(arena, 1024);
    for (CommandId id = 0; id < COMMAND_COUNT; id++)
        if (str_is(group, COMMANDS[id].name))
            buf_printf(&verbs, "%s%s", verbs.len == 0 ? "" : ", ", COMMANDS[id].verb);
    return str_dup(arena, buf_str(&verbs));
}

static Error *unknown_command(Arena *arena, Str word)
{
    size_t best = SUGGEST_TOO_FAR;
    const char *near = NULL;
    for (CommandId id = 0; id < COMMAND_COUNT; id++)
        suggest_offer(arena, word, COMMANDS[id].name, &best, &near);
    const char *hint = near != NULL ? arena_printf(arena, "Did you mean %s?", near)
                                    : "'obligor help' lists the commands.";
    return usage_error(arena, hint, "There is no command \"" STR_FMT "\".",
                       STR_ARG(str_slice(word, 0, 80)));
}

static Error *unknown_verb(Arena *arena, const Str *words, size_t count)
{
    const char *hint =
        arena_printf(arena, "Commands of %.*s: %s.", STR_ARG(words[0]), verbs_of(arena, words[0]));
    if (count == 1)
        return usage_error(arena, hint, STR_FMT " needs a command of its own.", STR_ARG(words[0]));
    return usage_error(arena, hint, "There is no command \"" STR_FMT " " STR_FMT "\".",
                       STR_ARG(words[0]), STR_ARG(str_slice(words[1], 0, 80)));
}

Error *command_find(Arena *arena, const Str *words, size_t count, const Command **ret_command,
                    size_t *ret_used)
{
    if (count == 0) {
        *ret_command = &COMMANDS[COMMAND_HELP];
        *ret_used = 0;
        return NULL;
    }
    for (CommandId id = 0; id < COMMAND_COUNT; id++) {
        const Command *command = &COMMANDS[id];
        if (!str_is(words[0], command->name))
            continue;
        if (command->verb != NULL && (count < 2 || !str_is(words[1], command->verb)))
            continue;
        *ret_command = command;
        *ret_used = command->verb == NULL ? 1 : 2;
        return NULL;
    }
    return command_is_group(words[0]) ? unknown_verb(arena, words, count)
                                      : unknown_command(arena, words[0]);
}
