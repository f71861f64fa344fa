/* Errors as a person reads them, exit codes, and the program as a whole where it needs no
 * database. */
#include "program.h"

static void test_exit_codes(void **state)
{
    Arena *arena = *state;
    static const struct {
        ErrorCode code;
        ExitCode exit_code;
    } cases[] = {
        {ERROR_INVALID, EXIT_FAILED},
        {ERROR_MALFORMED, EXIT_FAILED},
        {ERROR_UNAUTHENTICATED, EXIT_REFUSED},
        {ERROR_DENIED, EXIT_REFUSED},
        {ERROR_NOT_FOUND, EXIT_REFUSED},
        {ERROR_CONFLICT, EXIT_REFUSED},
        {ERROR_GONE, EXIT_REFUSED},
        {ERROR_CHANGED, EXIT_REFUSED},
        {ERROR_TOO_LARGE, EXIT_FAILED},
        {ERROR_UNSUPPORTED, EXIT_FAILED},
        {ERROR_TOO_MANY, EXIT_FAILED},
        {ERROR_BUSY, EXIT_FAILED},
        {ERROR_UNAVAILABLE, EXIT_FAILED},
        {ERROR_INTERNAL, EXIT_FAILED},
    };
    assert_int_equal(ARRAY_COUNT(cases), ERROR_CODE_COUNT);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_int_equal(cli_exit_code(ERROR(arena, cases[i].code, "x")), cases[i].exit_code);
    assert_int_equal(cli_exit_code(usage_error(arena, NULL, "x")), EXIT_USAGE);
    Error *other = error_with_reason(ERROR(arena, ERROR_CONFLICT, "x"), "job_processing");
    assert_int_equal(cli_exit_code(other), EXIT_REFUSED);
    assert_int_equal(EXIT_DONE, 0);
    assert_int_equal(EXIT_FAILED, 1);
    assert_int_equal(EXIT_USAGE, 2);
    assert_int_equal(EXIT_REFUSED, 3);
}

static void test_error_text(void **state)
{
    Arena *arena = *state;
    assert_str(cli_error_text(arena, ERROR(arena, ERROR_GONE, "It is\033 gone."), false),
               "obligor: It is? gone.\n");
    assert_str(cli_error_text(arena, usage_error(arena, "Do that.", "Not this."), false),
               "obligor: Not this.\n  hint: Do that.\n");
}

static void test_fields_beneath(void **state)
{
    Arena *arena = *state;
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "email", "invalid", "The email is wrong.");
    assert_str(cli_error_text(arena, error_from_fields(arena, fields), false),
               "obligor: The email is wrong.\n"); /* the one field says no more */
    error_field_add(arena, &fields, "password", "short", "The password is short.");
    assert_str(cli_error_text(arena, error_from_fields(arena, fields), false),
               "obligor: The email is wrong.\n"
               "  email: The email is wrong.\n"
               "  password: The password is short.\n");
}

static void test_causes(void **state)
{
    Arena *arena = *state;
    Error *cause = error_new(arena, ERROR_INTERNAL, "b.c", 2, "no such table");
    Error *error = error_because(error_new(arena, ERROR_INTERNAL, "a.c", 1, "Failed."), cause);
    assert_str(cli_error_text(arena, error, false), "obligor: Failed.\n");
    assert_str(cli_error_text(arena, error, true),
               "obligor: Failed.\n"
               "  because: Failed. [a.c:1] <- no such table [b.c:2]\n");
}

static void test_what_succeeds(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "--json", "version");
    assert_true(str_starts_with(run.out, STR("{\"obligor\":{\"version\":\"")));
    assert_str(run.err, "");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(RUN(arena, "--version").out, arena_printf(arena, "obligor %s\n", cli_version()));
    assert_true(str_starts_with(RUN(arena).out, STR("Obligor scores companies")));
    run = RUN(arena, "help", "jobs");
    assert_true(str_starts_with(run.out, STR("Usage: obligor jobs COMMAND [options]\n")));
    run = RUN(arena, "jobs", "list", "--help");
    assert_true(str_starts_with(run.out, STR("obligor jobs list: ")));
    assert_int_equal(run.code, EXIT_DONE);
}

static void test_config(void **state)
{
    Arena *arena = *state;
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (option_spec(id)->environment != NULL)
            unsetenv(option_spec(id)->environment);
    setenv("OBLIGOR_WORKERS", "7", 1);
    Run run = RUN(arena, "config", "--db", "postgresql://a:secret@c/d", "--smtp-url",
                  "smtp://ann:secret@mail.example");
    unsetenv("OBLIGOR_WORKERS");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(run.out, "db\tpostgresql://a:***@c/d\tcommand line\tOBLIGOR_DB\n"
                        "config\t\tnot set\tOBLIGOR_CONFIG\n"
                        "log-level\tinfo\tdefault\tOBLIGOR_LOG_LEVEL\n"
                        "log-format\ttext\tdefault\tOBLIGOR_LOG_FORMAT\n"
                        "audit-key-file\t\tnot set\tOBLIGOR_AUDIT_KEY_FILE\n"
                        "listen\t127.0.0.1:8000\tdefault\tOBLIGOR_LISTEN\n"
                        "trusted-proxy\t\tnot set\tOBLIGOR_TRUSTED_PROXY\n"
                        "cors-origin\t\tnot set\tOBLIGOR_CORS_ORIGIN\n"
                        "rate-requests\t1000/s:5000\tdefault\tOBLIGOR_RATE_REQUESTS\n"
                        "rate-uploads\t20/s:200\tdefault\tOBLIGOR_RATE_UPLOADS\n"
                        "rate-scores\t100/s:1000\tdefault\tOBLIGOR_RATE_SCORES\n"
                        "rate-sign-ins\t30/m:100\tdefault\tOBLIGOR_RATE_SIGN_INS\n"
                        "db-replica\t\tnot set\tOBLIGOR_DB_REPLICA\n"
                        "workers\t7\tenvironment\tOBLIGOR_WORKERS\n"
                        "threads\t4\tdefault\tOBLIGOR_THREADS\n"
                        "queue\t256\tdefault\tOBLIGOR_QUEUE\n"
                        "statement-timeout\t30\tdefault\tOBLIGOR_STATEMENT_TIMEOUT\n"
                        "max-upload\t1GiB\tdefault\tOBLIGOR_MAX_UPLOAD\n"
                        "max-body\t1MiB\tdefault\tOBLIGOR_MAX_BODY\n"
                        "spool\t/var/tmp\tdefault\tOBLIGOR_SPOOL\n"
                        "spool-quota\t10GiB\tdefault\tOBLIGOR_SPOOL_QUOTA\n"
                        "restore-window\t30\tdefault\tOBLIGOR_RESTORE_WINDOW\n"
                        "keep-archives\t\tnot set\tOBLIGOR_KEEP_ARCHIVES\n"
                        "registration\tclosed\tdefault\tOBLIGOR_REGISTRATION\n"
                        "public-url\t\tnot set\tOBLIGOR_PUBLIC_URL\n"
                        "mail\t\tnot set\tOBLIGOR_MAIL\n"
                        "smtp-url\tsmtp://ann:***@mail.example\tcommand line\tOBLIGOR_SMTP_URL\n"
                        "smtp-ca\t\tnot set\tOBLIGOR_SMTP_CA\n"
                        "mail-from\t\tnot set\tOBLIGOR_MAIL_FROM\n"
                        "session-hours\t12\tdefault\tOBLIGOR_SESSION_HOURS\n"
                        "user\t\tnot set\tOBLIGOR_USER\n");
    run = RUN(arena, "config", "--json", "--db", "postgresql://a:secret@c");
    assert_true(str_starts_with(
        run.out, STR("{\"settings\":[{\"name\":\"db\",\"value\":\"postgresql://a:***@c\","
                     "\"from\":\"command line\",\"environment\":\"OBLIGOR_DB\"},")));
}

#define assert_fails(arena, exit_code, said, ...)                                                  \
    do {                                                                                           \
        Run run_ = RUN((arena), __VA_ARGS__);                                                      \
        assert_str(run_.err, (said));                                                              \
        assert_str(run_.out, "");                                                                  \
        assert_int_equal(run_.code, (exit_code));                                                  \
    } while (0)

static void test_what_fails(void **state)
{
    Arena *arena = *state;
    assert_fails(arena, EXIT_USAGE,
                 "obligor: There is no command \"frobnicate\".\n"
                 "  hint: 'obligor help' lists the commands.\n",
                 "frobnicate");
    static const struct {
        const char *option, *value, *said;
    } mail[] = {
        {"--smtp-url", "mail.example:25",
         "obligor: The value of --smtp-url is not good.\n"
         "  hint: This is not the address of a mail server. Write smtp://HOST:PORT or "
         "smtps://HOST:PORT, with USER:PASSWORD@ before the host where one has to sign in; "
         "characters other than letters, digits and -._~ as %XX.\n"},
        {"--smtp-url", "smtp://mail.example",
         "obligor: --smtp-url needs --mail-from, the address that mail comes from.\n"},
        {"--mail", "smtp", "obligor: --mail smtp needs --smtp-url, the mail server.\n"},
        {"--mail", "pigeon", "obligor: The value \"pigeon\" of --mail is not smtp, log or none.\n"},
        {"--public-url", "obligor.example",
         "obligor: The value of --public-url is not an address of a web server.\n"
         "  hint: Write --public-url https://obligor.example\n"},
        {"--public-url", "https://a.example/?x",
         "obligor: The value of --public-url is not an address of a web server.\n"
         "  hint: Write --public-url https://obligor.example\n"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(mail); i++)
        assert_fails(arena, EXIT_USAGE, mail[i].said, i % 2 == 0 ? "serve" : "worker",
                     mail[i].option, mail[i].value);
    assert_fails(arena, EXIT_USAGE,
                 "obligor: A worker that sends mail needs --public-url, for the links in it.\n",
                 "worker", "--mail", "log");
    assert_fails(arena, EXIT_USAGE,
                 "obligor: The value of --mail-from is not an e-mail address.\n"
                 "  hint: Write the address alone: --mail-from obligor@example.com\n",
                 "serve", "--smtp-url", "smtp://mail.example", "--mail-from", "Ann <a@b>");
    assert_fails(arena, EXIT_USAGE,
                 "obligor: The value of --registration is not good.\n"
                 "  hint: \"\" is not a domain. Registration is closed, open, or "
                 "domain=a.example,b.example for addresses of these domains.\n",
                 "serve", "--registration", "domain=a.example,");
    assert_fails(arena, EXIT_USAGE,
                 "obligor: There is no command \"jobs lst\".\n"
                 "  hint: Commands of jobs: list, show, cancel, delete, restore.\n",
                 "help", "jobs", "lst");
    assert_fails(arena, EXIT_USAGE,
                 "obligor: \"here\" is not an address and a port to listen on.\n"
                 "  hint: Write --listen 127.0.0.1:8000, or [::1]:8000.\n",
                 "serve", "--listen", "here");
    assert_fails(
        arena, EXIT_REFUSED,
        "obligor: The file /nowhere/card.json cannot be read: No such file or directory.\n",
        "model", "add", "/nowhere/card.json");
    assert_fails(arena, EXIT_REFUSED, "obligor: There is no job 17.\n", "jobs", "show", "17",
                 "--user", "a@b");
    assert_fails(arena, EXIT_USAGE,
                 "obligor: The options --no-password and --password-stdin exclude each other.\n",
                 "user", "add", "--email", "a@b", "--no-password", "--password-stdin");
    for (int i = 0; i < 2; i++)
        assert_fails(
            arena, EXIT_USAGE,
            "obligor: --keep-archives 29 is less than the 30 days for which a deletion may "
            "be taken back.\n"
            "  hint: Keep archives for longer, or let deletions be taken back for less "
            "long with --restore-window.\n",
            i == 0 ? "serve" : "worker", "--keep-archives", "29");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_exit_codes), TEST(test_error_text),    TEST(test_fields_beneath),
        TEST(test_causes),     TEST(test_what_succeeds), TEST(test_config),
        TEST(test_what_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
