/* The table of options is sound, and values mean what they say. */
#include "cli/options.h"

#include "model/job.h"
#include "model/kind.h"
#include "model/user.h"
#include "model/words.h"
#include "test.h"

static void test_table_is_sound(void **state)
{
    (void)state;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const OptionSpec *spec = option_spec(id);
        OptionId found;
        assert_non_null(spec->name);
        assert_non_null(spec->help);
        assert_true(option_find(str_from(spec->name), &found));
        assert_int_equal(found, id); /* no name twice */
        assert_true(spec->commands != 0);
        assert_true((spec->commands & ~ON_EVERY_ONE) == 0);
        assert_true((spec->required & ~spec->commands) == 0);
        assert_int_equal(spec->value == NULL, spec->kind == OPTION_IS_BOOL);
        assert_int_equal(spec->choices != NULL, spec->kind == OPTION_IS_CHOICE);
        bool ranged = spec->kind == OPTION_IS_INT || spec->kind == OPTION_IS_BYTES;
        assert_int_equal(spec->low < spec->high, ranged);
        if (spec->environment != NULL)
            assert_true(strncmp(spec->environment, "OBLIGOR_", 8) == 0);
    }
}

static void test_defaults_are_good_values(void **state)
{
    Arena *arena = *state;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const OptionSpec *spec = option_spec(id);
        int64_t number;
        if (spec->fallback != NULL)
            assert_no_error(
                option_check(arena, spec, "default", str_from(spec->fallback), &number));
    }
}

/* The command line offers what the enums of the model have, under the same numbers. */
static void test_choices_fit_the_model(void **state)
{
    (void)state;
    const OptionSpec *type = option_spec(OPTION_TYPE);
    assert_int_equal(type->choice_count, KIND_COUNT);
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        assert_string_equal(type->choices[kind], kind_spec(kind)->word);
    const OptionSpec *role = option_spec(OPTION_ROLE);
    for (size_t i = 0; i < role->choice_count; i++)
        assert_true(words_find(ROLE_WORDS, ROLE_COUNT, str_from(role->choices[i])) >= 0);
}

static void test_find(void **state)
{
    (void)state;
    OptionId id;
    assert_true(option_find(STR("max-upload"), &id));
    assert_int_equal(id, OPTION_MAX_UPLOAD);
    assert_false(option_find(STR("max_upload"), &id));
    assert_false(option_find(STR(""), &id));
    assert_true(option_find_letter('h', &id));
    assert_int_equal(id, OPTION_HELP);
    assert_false(option_find_letter('z', &id));
    assert_false(option_find_letter('\0', &id));
}

static void test_belongs(void **state)
{
    (void)state;
    assert_true(option_belongs(OPTION_LISTEN, COMMAND_SERVE));
    assert_false(option_belongs(OPTION_LISTEN, COMMAND_IMPORT));
    assert_true(option_belongs(OPTION_LISTEN, COMMAND_CONFIG));
    assert_true(option_belongs(OPTION_USER, COMMAND_CONFIG));
    assert_false(option_belongs(OPTION_TYPE, COMMAND_CONFIG));
    assert_true(option_belongs(OPTION_JSON, COMMAND_CONFIG));
}

static int64_t good(Arena *arena, OptionId id, const char *text)
{
    int64_t number = -77;
    assert_no_error(option_check(arena, option_spec(id), "--x", str_from(text), &number));
    return number;
}

#define assert_bad(arena, id, text, message)                                                       \
    do {                                                                                           \
        int64_t number_;                                                                           \
        Error *error_ = option_check((arena), option_spec(id), "--x", str_from(text), &number_);   \
        assert_error(error_, ERROR_INVALID, (message));                                            \
        assert_string_equal(error_->reason, "usage");                                              \
    } while (0)

static void test_numbers(void **state)
{
    Arena *arena = *state;
    assert_int_equal(good(arena, OPTION_WORKERS, "0"), 0);
    assert_int_equal(good(arena, OPTION_WORKERS, "64"), 64);
    assert_bad(arena, OPTION_WORKERS, "65",
               "The value \"65\" of --x is not a whole number from 0 to 64.");
    assert_bad(arena, OPTION_WORKERS, "-1",
               "The value \"-1\" of --x is not a whole number from 0 to 64.");
    assert_bad(arena, OPTION_WORKERS, "two",
               "The value \"two\" of --x is not a whole number from 0 to 64.");
    assert_bad(arena, OPTION_WORKERS, "",
               "The value \"\" of --x is not a whole number from 0 to 64.");
    assert_bad(arena, OPTION_MAX_FAILED_ROWS, "x",
               "The value \"x\" of --x is not a whole number from 0 on.");
}

static void test_bytes(void **state)
{
    Arena *arena = *state;
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "1"), 1);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "1000"), 1000);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "12B"), 12);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "2k"), 2048);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "2KB"), 2000);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "2KiB"), 2048);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "512MiB"), INT64_C(512) << 20);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "512 mib"), INT64_C(512) << 20);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "3g"), INT64_C(3) << 30);
    assert_int_equal(good(arena, OPTION_MAX_UPLOAD, "2TB"), INT64_C(2000000000000));
    static const char *const bad[] = {
        "", "0", "-1", "1.5G", "G", "1 G B", "1PiB", "2000TiB", "9223372036854775807G"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_bad(arena, OPTION_MAX_UPLOAD, bad[i],
                   arena_printf(arena,
                                "The value \"%s\" of --x is not a number of bytes from 1 to "
                                "1024TiB, such as 512MiB.",
                                bad[i]));
}

static void test_bytes_text(void **state)
{
    Arena *arena = *state;
    assert_string_equal(option_bytes_text(arena, 0), "0");
    assert_string_equal(option_bytes_text(arena, 1), "1");
    assert_string_equal(option_bytes_text(arena, 1000), "1000");
    assert_string_equal(option_bytes_text(arena, 4096), "4KiB");
    assert_string_equal(option_bytes_text(arena, INT64_C(1) << 30), "1GiB");
    assert_string_equal(option_bytes_text(arena, INT64_C(1536) << 20), "1536MiB");
}

static void test_bools(void **state)
{
    Arena *arena = *state;
    static const char *const yes[] = {"1", "true", "Yes", "ON"};
    static const char *const no[] = {"0", "false", "No", "OFF"};
    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        assert_int_equal(good(arena, OPTION_JSON, yes[i]), 1);
        assert_int_equal(good(arena, OPTION_JSON, no[i]), 0);
    }
    assert_bad(arena, OPTION_JSON, "perhaps",
               "The value \"perhaps\" of --x is neither yes nor no.");
}

static void test_choices_and_texts(void **state)
{
    Arena *arena = *state;
    assert_int_equal(good(arena, OPTION_TYPE, "quarterly"), KIND_QUARTERLY);
    assert_bad(arena, OPTION_TYPE, "Annual",
               "The value \"Annual\" of --x is not annual or quarterly.");
    assert_int_equal(good(arena, OPTION_ON_DUPLICATE, "replace"), DUPLICATE_REPLACE);
    assert_bad(arena, OPTION_ON_DUPLICATE, "keep",
               "The value \"keep\" of --x is not reject, skip or replace.");
    assert_int_equal(good(arena, OPTION_KEEP_ARCHIVES, "36500"), 36500);
    assert_bad(arena, OPTION_KEEP_ARCHIVES, "0",
               "The value \"0\" of --x is not a whole number from 1 to 36500.");
    assert_bad(arena, OPTION_RESTORE_WINDOW, "0",
               "The value \"0\" of --x is not a whole number from 1 to 36500.");
    assert_int_equal(good(arena, OPTION_DB, "sqlite:x"), 0);
    assert_bad(arena, OPTION_DB, "", "The value \"\" of --x must not be empty.");
}

static const char *masked(Arena *arena, const char *url)
{
    return option_masked(arena, option_spec(OPTION_DB), url);
}

static void test_masking(void **state)
{
    Arena *arena = *state;
    assert_null(masked(arena, NULL));
    assert_string_equal(masked(arena, "sqlite:obligor.db"), "sqlite:obligor.db");
    assert_string_equal(masked(arena, "sqlite:a@b:c.db"), "sqlite:a@b:c.db");
    assert_string_equal(masked(arena, "postgresql://host:5432/db"), "postgresql://host:5432/db");
    assert_string_equal(masked(arena, "postgresql://user@host/db"), "postgresql://user@host/db");
    assert_string_equal(masked(arena, "postgresql://user:secret@host/db"),
                        "postgresql://user:***@host/db");
    assert_string_equal(masked(arena, "postgresql://user:se:c@r/e?t#@host/db"),
                        "postgresql://user:***@host/db");
    assert_string_equal(masked(arena, "postgresql://host/db?password=secret&user=me"),
                        "postgresql://host/db?password=***&user=me");
    assert_string_equal(masked(arena, "postgresql://u:p@host/db?Password=a&sslpassword=b"),
                        "postgresql://u:***@host/db?Password=***&sslpassword=***");
    OptionSpec secret = *option_spec(OPTION_DB);
    secret.secrecy = SECRET_ALL;
    assert_string_equal(option_masked(arena, &secret, "abc"), "***");
    assert_string_equal(option_masked(arena, option_spec(OPTION_LISTEN), "a:b@c"), "a:b@c");
}

static void test_usage_error(void **state)
{
    Arena *arena = *state;
    Error *error = usage_error(arena, "Do that.", "Not %s.", "this");
    assert_error(error, ERROR_INVALID, "Not this.");
    assert_string_equal(error->reason, "usage");
    assert_string_equal(error->fields->field, "hint");
    assert_string_equal(error->fields->message, "Do that.");
    assert_null(usage_error(arena, NULL, "No.")->fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_table_is_sound),
        TEST(test_defaults_are_good_values),
        TEST(test_choices_fit_the_model),
        TEST(test_find),
        TEST(test_belongs),
        TEST(test_numbers),
        TEST(test_bytes),
        TEST(test_bytes_text),
        TEST(test_bools),
        TEST(test_choices_and_texts),
        TEST(test_masking),
        TEST(test_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
