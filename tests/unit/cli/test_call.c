/* From arguments, environment and file to a call. */
#include "cli/call.h"

#include "test.h"

static const char *const *environment; /* name, value, …, NULL */

static const char *look_up(const char *name)
{
    for (const char *const *at = environment; at != NULL && *at != NULL; at += 2)
        if (strcmp(at[0], name) == 0)
            return at[1];
    return NULL;
}

static Error *read_words(Arena *arena, Call *call, const char *const *words)
{
    int count = 0;
    while (words[count] != NULL)
        count++;
    const CallInput input = {count, words, look_up};
    return call_read(arena, &input, call);
}

#define READ(arena, call, ...)                                                                     \
    read_words((arena), (call), (const char *const[]){"obligor", ##__VA_ARGS__, NULL})

#define assert_usage(arena, said, advice, ...)                                                     \
    do {                                                                                           \
        Call call_;                                                                                \
        Error *error_ = READ((arena), &call_, __VA_ARGS__);                                        \
        assert_error(error_, ERROR_INVALID, (said));                                               \
        assert_string_equal(error_->reason, "usage");                                              \
        assert_string_equal(error_->fields == NULL ? "" : error_->fields->message, (advice));      \
    } while (0)

static int forget_environment(void **state)
{
    environment = NULL;
    return test_set_up(state);
}

static void test_commands(void **state)
{
    Arena *arena = *state;
    Call call;
    assert_no_error(READ(arena, &call));
    assert_string_equal(call.command->name, "help");
    assert_no_error(READ(arena, &call, "serve"));
    assert_ptr_equal(call.command, command_get(COMMAND_SERVE));
    assert_no_error(READ(arena, &call, "model", "show", "x"));
    assert_ptr_equal(call.command, command_get(COMMAND_MODEL_SHOW));
    assert_int_equal(call.argument_count, 1);
    assert_str(call.arguments[0], "x");
    assert_no_error(READ(arena, &call, "--json", "model", "--db", "sqlite:a", "list"));
    assert_ptr_equal(call.command, command_get(COMMAND_MODEL_LIST));
    assert_true(call_flag(&call, OPTION_JSON));
    assert_string_equal(call_text(&call, OPTION_DB), "sqlite:a");
}

static void test_forms(void **state)
{
    Arena *arena = *state;
    Call call;
    assert_no_error(READ(arena, &call, "serve", "--workers", "3", "--listen=[::1]:1"));
    assert_int_equal(call_number(&call, OPTION_WORKERS), 3);
    assert_str(call_str(&call, OPTION_LISTEN), "[::1]:1");
    assert_no_error(READ(arena, &call, "serve", "--workers=1", "--workers=2"));
    assert_int_equal(call_number(&call, OPTION_WORKERS), 2); /* the last one counts */
    assert_no_error(READ(arena, &call, "serve", "--spool=--odd"));
    assert_string_equal(call_text(&call, OPTION_SPOOL), "--odd");
    assert_no_error(READ(arena, &call, "serve", "--json=no"));
    assert_false(call_flag(&call, OPTION_JSON));
    assert_true(call_is_set(&call, OPTION_JSON));
    assert_no_error(READ(arena, &call, "serve"));
    assert_false(call_is_set(&call, OPTION_JSON));
    assert_false(call_is_set(&call, OPTION_TYPE));
    assert_str(call_str(&call, OPTION_TYPE), "");
}

/* A list goes on where its option stands again; of others the last one counts. */
static void test_given_twice(void **state)
{
    Arena *arena = *state;
    Call call;
    assert_no_error(READ(arena, &call, "serve", "--cors-origin", "https://a.example",
                         "--cors-origin=https://b.example,https://c.example", "--listen", ":1",
                         "--listen=:2"));
    assert_string_equal(call_text(&call, OPTION_CORS_ORIGIN),
                        "https://a.example,https://b.example,https://c.example");
    assert_string_equal(call_text(&call, OPTION_LISTEN), ":2");
    assert_no_error(READ(arena, &call, "serve", "--trusted-proxy", "10.0.0.1", "--trusted-proxy",
                         "192.0.2.0/24"));
    assert_string_equal(call_text(&call, OPTION_TRUSTED_PROXY), "10.0.0.1,192.0.2.0/24");
}

static void test_words_behind_two_dashes(void **state)
{
    Arena *arena = *state;
    Call call;
    assert_no_error(READ(arena, &call, "model", "show", "--", "--json"));
    assert_str(call.arguments[0], "--json");
    assert_false(call_flag(&call, OPTION_JSON));
    assert_no_error(READ(arena, &call, "import", "-", "--type", "annual", "--user", "a@b"));
    assert_str(call.arguments[0], "-");
    assert_int_equal(call_number(&call, OPTION_TYPE), 0);
}

static void test_help_and_version(void **state)
{
    Arena *arena = *state;
    Call call;
    assert_no_error(READ(arena, &call, "import", "--help"));
    assert_ptr_equal(call.command, command_get(COMMAND_HELP));
    assert_int_equal(call.argument_count, 1);
    assert_str(call.arguments[0], "import");
    assert_no_error(READ(arena, &call, "-h"));
    assert_ptr_equal(call.command, command_get(COMMAND_HELP));
    assert_int_equal(call.argument_count, 0);
    assert_no_error(READ(arena, &call, "help", "user", "-h"));
    assert_int_equal(call.argument_count, 1);
    assert_no_error(READ(arena, &call, "help", "user", "add"));
    assert_int_equal(call.argument_count, 2);
    assert_no_error(READ(arena, &call, "--version"));
    assert_ptr_equal(call.command, command_get(COMMAND_VERSION));
    assert_no_error(READ(arena, &call, "-V", "--json"));
    assert_ptr_equal(call.command, command_get(COMMAND_VERSION));
    assert_true(call_flag(&call, OPTION_JSON));
}

static void test_wrong_usage(void **state)
{
    Arena *arena = *state;
    assert_usage(arena, "There is no option --lisen.", "Did you mean --listen?", "serve",
                 "--lisen=1");
    assert_usage(arena, "There is no option --abracadabra.",
                 "'obligor help COMMAND' lists a command's options.", "serve", "--abracadabra");
    assert_usage(arena, "There is no option -x.", "Options have two dashes, but for -h and -V.",
                 "serve", "-x");
    assert_usage(arena, "The option --listen has no value.", "Write --listen ADDR:PORT.", "serve",
                 "--listen");
    assert_usage(arena, "The option --listen has no value.", "Write --listen ADDR:PORT.", "serve",
                 "--listen", "--workers=1");
    assert_usage(arena, "The command jobs list has no option --listen.",
                 "See 'obligor help jobs list'.", "jobs", "list", "--listen=x");
    assert_usage(arena, "The value \"x\" of --workers is not a whole number from 0 to 64.", "",
                 "serve", "--workers", "x");
    assert_usage(arena, "The command model add needs FILE.",
                 "Usage: obligor model add FILE [options]", "model", "add");
    assert_usage(arena, "The command serve has no use for \"now\".",
                 "Usage: obligor serve [options]", "serve", "now");
    assert_usage(arena, "The command import needs --type.", "Write --type KIND.", "import", "f",
                 "--user", "a@b");
    assert_usage(arena, "The command import needs --user.",
                 "Write --user EMAIL, or set OBLIGOR_USER.", "import", "f", "--type", "annual");
    assert_usage(arena, "There is no command \"improt\".", "Did you mean import?", "improt");
}

/* What a person typed may be long; a message is not. */
static void test_long_words_are_cut(void **state)
{
    Arena *arena = *state;
    char *word = arena_alloc(arena, 10001);
    memset(word, 'a', 10000);
    Call call;
    assert_true(strlen(READ(arena, &call, word)->message) < 200);
    assert_true(strlen(READ(arena, &call, "user", word)->message) < 200);
    assert_true(strlen(READ(arena, &call, "serve", word)->message) < 200);
    assert_true(strlen(READ(arena, &call, arena_printf(arena, "--%s", word))->message) < 200);
    assert_true(strlen(READ(arena, &call, "serve", "--workers", word)->message) < 200);
}

static const char *write_config(Arena *arena, const char *text)
{
    char *path = arena_printf(arena, "/tmp/obligor-test-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
    return path;
}

static void assert_setting(const Call *call, OptionId id, Origin origin, const char *text)
{
    assert_int_equal(call->settings[id].origin, origin);
    assert_string_equal(call->settings[id].text, text);
}

static void test_precedence(void **state)
{
    Arena *arena = *state;
    Call call;
    const char *path = write_config(arena, "workers = 3\nlisten = f:1\nspool = /f\n");
    environment = (const char *const[]){
        "OBLIGOR_LISTEN", "e:1", "OBLIGOR_SPOOL", "/e", "OBLIGOR_THREADS", "", NULL};
    assert_no_error(READ(arena, &call, "serve", "--config", path, "--spool", "/o"));
    assert_setting(&call, OPTION_SPOOL, ORIGIN_FLAG, "/o");
    assert_string_equal(call.settings[OPTION_SPOOL].where, "--spool");
    assert_setting(&call, OPTION_LISTEN, ORIGIN_ENVIRONMENT, "e:1");
    assert_string_equal(call.settings[OPTION_LISTEN].where, "OBLIGOR_LISTEN");
    assert_setting(&call, OPTION_WORKERS, ORIGIN_FILE, "3");
    assert_int_equal(call_number(&call, OPTION_WORKERS), 3);
    assert_string_equal(call.settings[OPTION_WORKERS].where, arena_printf(arena, "%s:1", path));
    assert_setting(&call, OPTION_THREADS, ORIGIN_DEFAULT, "4"); /* an empty variable says nothing */
    assert_int_equal(call_number(&call, OPTION_THREADS), 4);
    unlink(path);
}

static void test_file_named_by_the_environment(void **state)
{
    Arena *arena = *state;
    Call call;
    const char *path = write_config(arena, "workers = 3\n");
    environment = (const char *const[]){"OBLIGOR_CONFIG", path, NULL};
    assert_no_error(READ(arena, &call, "serve"));
    assert_setting(&call, OPTION_WORKERS, ORIGIN_FILE, "3");
    assert_no_error(READ(arena, &call, "version")); /* which takes no settings */
    unlink(path);
    Error *error = READ(arena, &call, "serve");
    assert_int_equal(error->code, ERROR_INVALID);
    assert_no_error(READ(arena, &call, "version"));
}

static void test_wrong_values_from_elsewhere(void **state)
{
    Arena *arena = *state;
    Call call;
    environment = (const char *const[]){"OBLIGOR_WORKERS", "many", NULL};
    assert_usage(arena, "The value \"many\" of OBLIGOR_WORKERS is not a whole number from 0 to 64.",
                 "", "serve");
    assert_no_error(READ(arena, &call, "serve", "--workers", "2"));
    assert_no_error(READ(arena, &call, "user", "list")); /* which has no workers */
    environment = NULL;
    const char *path = write_config(arena, "\nworkers = many\n");
    assert_usage(
        arena,
        arena_printf(arena,
                     "The value \"many\" of workers (%s:2) is not a whole number from 0 to 64.",
                     path),
        "", "serve", "--config", path);
    unlink(path);
}

/* No message shows a password. */
static void test_secrets_stay_out_of_messages(void **state)
{
    Arena *arena = *state;
    OptionSpec spec = *option_spec(OPTION_DB);
    int64_t number;
    spec.kind = OPTION_IS_INT;
    assert_error(option_check(arena, &spec, "--db", STR("postgresql://u:secret@h/d"), &number),
                 ERROR_INVALID,
                 "The value \"postgresql://u:***@h/d\" of --db is not a whole number from 0 to 0.");
}

#define CALL_TEST(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, forget_environment, test_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(test_commands),
        CALL_TEST(test_forms),
        CALL_TEST(test_given_twice),
        CALL_TEST(test_words_behind_two_dashes),
        CALL_TEST(test_help_and_version),
        CALL_TEST(test_wrong_usage),
        CALL_TEST(test_long_words_are_cut),
        CALL_TEST(test_precedence),
        CALL_TEST(test_file_named_by_the_environment),
        CALL_TEST(test_wrong_values_from_elsewhere),
        CALL_TEST(test_secrets_stay_out_of_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
