/* Help as it is read. A change of the tables shows here. */
#include "cli/help.h"

#include "test.h"

static const char OVERVIEW[] =
    "Obligor scores companies for the risk of default, and knows of every number\n"
    "which upload made it.\n"
    "\n"
    "Usage: obligor COMMAND [options]\n"
    "\n"
    "Commands:\n"
    "  serve           serve the page and the HTTP interface, and work the queue\n"
    "  worker          work the queue only, without serving\n"
    "  migrate         bring the schema of the database up to date\n"
    "  user add        add a user\n"
    "  user list       list the users\n"
    "  user passwd     set a user's password\n"
    "  user verify     mark a user's address as verified\n"
    "  user disable    keep a user out, and end the user's sessions\n"
    "  user enable     let a disabled user in again\n"
    "  user link       make a link with which a user sets a password\n"
    "  org add         add an organization\n"
    "  org list        list the organizations\n"
    "  model add       check a score card and add it to the registry\n"
    "  model list      list the models\n"
    "  model show      show a model\n"
    "  model activate  use a model for new predictions\n"
    "  import          import files of company figures, each as a job\n"
    "  export          write predictions to a file\n"
    "  score           score a file of company figures, without a database\n"
    "  jobs list       list the jobs, newest first\n"
    "  jobs show       show a job, what it made and what it rejected\n"
    "  jobs cancel     cancel a job that waits or runs\n"
    "  jobs delete     delete a job, alone or with what it made\n"
    "  jobs restore    bring back a deleted job and what was deleted with it\n"
    "  check           look whether the database holds what it should\n"
    "  audit list      list what happened, newest first\n"
    "  audit verify    verify the audit trail of every owner\n"
    "  audit head      show where each owner's audit trail ends\n"
    "  audit seal      seal the audit trail with a key that is new\n"
    "  config          show the settings in force, and where each comes from\n"
    "  version         say which version this is\n"
    "  help            say how a command is used\n"
    "\n"
    "'obligor help COMMAND' says more of one, with all its options.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found or refused.\n";

static const char MODEL[] = "Usage: obligor model COMMAND [options]\n"
                            "\n"
                            "Commands:\n"
                            "  model add       check a score card and add it to the registry\n"
                            "  model list      list the models\n"
                            "  model show      show a model\n"
                            "  model activate  use a model for new predictions\n"
                            "\n"
                            "'obligor help model COMMAND' says more of one.\n";

static const char WORKER[] =
    "obligor worker: work the queue only, without serving\n"
    "\n"
    "Usage: obligor worker [options]\n"
    "\n"
    "Any number of workers may run beside 'obligor serve --workers 0'. It stops in\n"
    "good order at SIGINT or SIGTERM.\n"
    "\n"
    "Options:\n"
    "  --audit-key-file FILE      keep the audit trail with the key in FILE; former\n"
    "                             keys on lines below it (OBLIGOR_AUDIT_KEY_FILE)\n"
    "  --max-upload BYTES         the largest file taken over HTTP, and the most that\n"
    "                             a packed one may hold (default 1GiB;\n"
    "                             OBLIGOR_MAX_UPLOAD)\n"
    "  --restore-window DAYS      for so long a deletion may be taken back by who\n"
    "                             made it (default 30; OBLIGOR_RESTORE_WINDOW)\n"
    "  --keep-archives DAYS       purge what was deleted longer ago; else it is kept\n"
    "                             (OBLIGOR_KEEP_ARCHIVES)\n"
    "  --public-url URL           where people find the server, for links (default:\n"
    "                             http:// and --listen) (OBLIGOR_PUBLIC_URL)\n"
    "  --mail HOW                 send mail by smtp, write its links to the log, or\n"
    "                             send none: smtp, log or none (OBLIGOR_MAIL)\n"
    "  --smtp-url URL             the mail server: smtp://USER:PASSWORD@HOST:PORT, or\n"
    "                             smtps: (OBLIGOR_SMTP_URL)\n"
    "  --smtp-ca FILE             trust these certificates for the mail server,\n"
    "                             instead of the system's (OBLIGOR_SMTP_CA)\n"
    "  --mail-from EMAIL          the address that mail comes from\n"
    "                             (OBLIGOR_MAIL_FROM)\n"
    "\n"
    "Common options:\n"
    "  --db URL                   the database: sqlite:PATH, or\n"
    "                             postgresql://USER@HOST/NAME (default\n"
    "                             sqlite:obligor.db; OBLIGOR_DB)\n"
    "  --config FILE              read settings from FILE, lines of name = value\n"
    "                             (OBLIGOR_CONFIG)\n"
    "  --log-level LEVEL          log what is at least this grave (warn by default,\n"
    "                             but for serve and worker): debug, info, warn, error\n"
    "                             or off (default info; OBLIGOR_LOG_LEVEL)\n"
    "  --log-format FORMAT        write log lines as text or as json: text or json\n"
    "                             (default text; OBLIGOR_LOG_FORMAT)\n"
    "  --json                     write the result as JSON, for programs\n"
    "  -h, --help                 say how this command is used\n";

static const char IMPORT[] =
    "obligor import: import files of company figures, each as a job\n"
    "\n"
    "Usage: obligor import FILE... [options]\n"
    "\n"
    "The same job as an upload over HTTP, worked in this process: each good row\n"
    "becomes a prediction that knows its job, its row and its model; rejected rows\n"
    "are kept with their reasons. Earlier work of the same owner is done first. FILE\n"
    "may be - for standard input. Several files are imported one after the other, as\n"
    "several jobs. Interrupted with Ctrl-C, the job stays in the queue and goes on\n"
    "with the next worker.\n"
    "\n"
    "A file of failed rows, mended, goes in as it is: the job then says which one it\n"
    "mends, and may be deleted together with it.\n"
    "\n"
    "With --dry-run every row is checked and scored and none is imported; the job and\n"
    "its errors are kept. The exit code is 1 when a job failed.\n"
    "\n"
    "Options:\n"
    "  --audit-key-file FILE      keep the audit trail with the key in FILE; former\n"
    "                             keys on lines below it (OBLIGOR_AUDIT_KEY_FILE)\n"
    "  --max-upload BYTES         the largest file taken over HTTP, and the most that\n"
    "                             a packed one may hold (default 1GiB;\n"
    "                             OBLIGOR_MAX_UPLOAD)\n"
    "  --spool DIR                where a file is kept while it is taken in (default\n"
    "                             /var/tmp; OBLIGOR_SPOOL)\n"
    "  --user EMAIL               act for this user (required; OBLIGOR_USER)\n"
    "  --type KIND                which kind of prediction: annual or quarterly\n"
    "                             (required)\n"
    "  --on-duplicate MODE        a row whose company and period have another\n"
    "                             prediction: reject, skip or replace (default\n"
    "                             reject)\n"
    "  --max-failed-rows N        give up after more rejected rows than this; 0: all\n"
    "                             or nothing (default: no limit)\n"
    "  --sheet NAME               read this sheet of a workbook, by name or number\n"
    "                             (default: the first shown)\n"
    "  --retry-of JOB             the job whose rows the file mends (default: what\n"
    "                             its column obligor_job says)\n"
    "  --market-cap-unit UNIT     what the file's market_cap counts: usd or millions\n"
    "                             (default usd)\n"
    "  --update-companies         take names and sectors that differ from the file\n"
    "  --encoding NAME            the encoding of a text file that is not UTF-8 and\n"
    "                             has no byte order mark\n"
    "  --decimal MARK             what stands before the decimals of a text file's\n"
    "                             numbers: point or comma (default point)\n"
    "  --dry-run                  say what would come of it, and change nothing\n"
    "\n"
    "Common options:\n"
    "  --db URL                   the database: sqlite:PATH, or\n"
    "                             postgresql://USER@HOST/NAME (default\n"
    "                             sqlite:obligor.db; OBLIGOR_DB)\n"
    "  --config FILE              read settings from FILE, lines of name = value\n"
    "                             (OBLIGOR_CONFIG)\n"
    "  --log-level LEVEL          log what is at least this grave (warn by default,\n"
    "                             but for serve and worker): debug, info, warn, error\n"
    "                             or off (default info; OBLIGOR_LOG_LEVEL)\n"
    "  --log-format FORMAT        write log lines as text or as json: text or json\n"
    "                             (default text; OBLIGOR_LOG_FORMAT)\n"
    "  --json                     write the result as JSON, for programs\n"
    "  -h, --help                 say how this command is used\n";

static const char JOBS_DELETE[] =
    "obligor jobs delete: delete a job, alone or with what it made\n"
    "\n"
    "Usage: obligor jobs delete ID [options]\n"
    "\n"
    "Without --with-predictions the record is deleted and the predictions stay, and\n"
    "still know which upload made them. With it, exactly the predictions that the job\n"
    "made are gone from every list at once; their removal is worked in this process.\n"
    "Former versions that they had displaced are back. The jobs that mend it stay,\n"
    "unless --include-retries takes them along. --dry-run counts all of them.\n"
    "\n"
    "Options:\n"
    "  --audit-key-file FILE      keep the audit trail with the key in FILE; former\n"
    "                             keys on lines below it (OBLIGOR_AUDIT_KEY_FILE)\n"
    "  --restore-window DAYS      for so long a deletion may be taken back by who\n"
    "                             made it (default 30; OBLIGOR_RESTORE_WINDOW)\n"
    "  --user EMAIL               act for this user (required; OBLIGOR_USER)\n"
    "  --with-predictions         also exactly the predictions that the job made\n"
    "  --include-edited           also versions edited by hand from its rows\n"
    "  --include-inferred         also predictions whose link to the job was inferred\n"
    "  --include-retries          also the jobs that mend it (of a restoration: that\n"
    "                             were deleted with it)\n"
    "  --delete-orphaned-companies\n"
    "                             also companies that are left without a prediction\n"
    "  --reason TEXT              why, for the audit trail\n"
    "  --dry-run                  say what would come of it, and change nothing\n"
    "\n"
    "Common options:\n"
    "  --db URL                   the database: sqlite:PATH, or\n"
    "                             postgresql://USER@HOST/NAME (default\n"
    "                             sqlite:obligor.db; OBLIGOR_DB)\n"
    "  --config FILE              read settings from FILE, lines of name = value\n"
    "                             (OBLIGOR_CONFIG)\n"
    "  --log-level LEVEL          log what is at least this grave (warn by default,\n"
    "                             but for serve and worker): debug, info, warn, error\n"
    "                             or off (default info; OBLIGOR_LOG_LEVEL)\n"
    "  --log-format FORMAT        write log lines as text or as json: text or json\n"
    "                             (default text; OBLIGOR_LOG_FORMAT)\n"
    "  --json                     write the result as JSON, for programs\n"
    "  -h, --help                 say how this command is used\n";

static void test_snapshots(void **state)
{
    Arena *arena = *state;
    assert_str(help_overview(arena), OVERVIEW);
    assert_str(help_group(arena, STR("model")), MODEL);
    assert_str(help_command(arena, command_get(COMMAND_WORKER)), WORKER);
    assert_str(help_command(arena, command_get(COMMAND_IMPORT)), IMPORT);
    assert_str(help_command(arena, command_get(COMMAND_JOBS_DELETE)), JOBS_DELETE);
}

static bool holds(Str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* Every option that a command takes stands in its help, and no other. */
static void test_help_lists_every_option(void **state)
{
    Arena *arena = *state;
    for (CommandId command = 0; command < COMMAND_COUNT; command++) {
        Str text = help_command(arena, command_get(command));
        for (OptionId id = 0; id < OPTION_COUNT; id++) {
            const OptionSpec *spec = option_spec(id);
            const char *line =
                spec->letter != 0 ? arena_printf(arena, "\n  -%c, --%s ", spec->letter, spec->name)
                : spec->value != NULL ? arena_printf(arena, "\n  --%s %s", spec->name, spec->value)
                                      : arena_printf(arena, "\n  --%s", spec->name);
            assert_int_equal(holds(text, line), option_belongs(id, command));
            if (option_belongs(id, command) && spec->environment != NULL)
                assert_true(holds(text, spec->environment));
        }
    }
}

static void test_lines_fit(void **state)
{
    Arena *arena = *state;
    for (CommandId command = 0; command < COMMAND_COUNT; command++) {
        Str text = help_command(arena, command_get(command)), line;
        while (str_next(&text, '\n', &line)) {
            assert_true(line.len <= 80);
            assert_false(str_ends_with(line, STR(" ")));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_snapshots), TEST(test_help_lists_every_option),
                                       TEST(test_lines_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
