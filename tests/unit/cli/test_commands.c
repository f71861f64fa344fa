/* The table of commands is sound, and words find their command. */
#include "cli/command.h"

#include "test.h"

static bool is_same_word(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void test_table_is_sound(void **state)
{
    Arena *arena = *state;
    for (CommandId id = 0; id < COMMAND_COUNT; id++) {
        const Command *command = command_get(id);
        assert_int_equal(command_id(command), id);
        assert_non_null(command->name);
        assert_non_null(command->line);
        assert_non_null(command->run);
        assert_int_equal(command->arguments == NULL, command->arguments_max == 0);
        assert_true(command->arguments_min <= command->arguments_max);
        assert_true(strlen(command_words(arena, command)) < 16); /* help's first column */
        assert_int_equal(command_is_group(str_from(command->name)), command->verb != NULL);
        for (CommandId other = 0; other < id; other++)
            assert_false(is_same_word(command->name, command_get(other)->name) &&
                         is_same_word(command->verb, command_get(other)->verb));
    }
}

static const Command *find(Arena *arena, const char *first, const char *second, size_t *ret_used)
{
    const Str words[] = {str_from(first), str_from(second)};
    const Command *command;
    size_t count = second != NULL ? 2 : 1;
    assert_no_error(command_find(arena, words, count, &command, ret_used));
    return command;
}

static void test_find(void **state)
{
    Arena *arena = *state;
    size_t used;
    assert_ptr_equal(find(arena, "serve", NULL, &used), command_get(COMMAND_SERVE));
    assert_int_equal(used, 1);
    assert_ptr_equal(find(arena, "import", "list", &used), command_get(COMMAND_IMPORT));
    assert_int_equal(used, 1);
    assert_ptr_equal(find(arena, "jobs", "list", &used), command_get(COMMAND_JOBS_LIST));
    assert_int_equal(used, 2);
    const Command *command;
    assert_no_error(command_find(arena, NULL, 0, &command, &used));
    assert_ptr_equal(command, command_get(COMMAND_HELP));
    assert_int_equal(used, 0);
}

static void assert_unknown(Arena *arena, const char *first, const char *second, const char *message,
                           const char *hint)
{
    const Str words[] = {str_from(first), str_from(second)};
    const Command *command;
    size_t used;
    Error *error = command_find(arena, words, second != NULL ? 2 : 1, &command, &used);
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->reason, "usage");
    assert_string_equal(error->fields->message, hint);
}

static void test_unknown(void **state)
{
    Arena *arena = *state;
    assert_unknown(arena, "srve", NULL, "There is no command \"srve\".", "Did you mean serve?");
    assert_unknown(arena, "delete", NULL, "There is no command \"delete\".",
                   "'obligor help' lists the commands.");
    assert_unknown(arena, "model", NULL, "model needs a command of its own.",
                   "Commands of model: add, list, show, activate.");
    assert_unknown(arena, "model", "lst", "There is no command \"model lst\".",
                   "Commands of model: add, list, show, activate.");
}

static void test_usage_line(void **state)
{
    Arena *arena = *state;
    assert_string_equal(command_usage(arena, command_get(COMMAND_SERVE)),
                        "Usage: obligor serve [options]");
    assert_string_equal(command_usage(arena, command_get(COMMAND_USER_PASSWD)),
                        "Usage: obligor user passwd [EMAIL] [options]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_table_is_sound), TEST(test_find),
                                       TEST(test_unknown), TEST(test_usage_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
