/* The file of --config. */
#include "cli/config_file.h"

#include "test.h"

static Error *parse(Arena *arena, const char *text, ConfigEntry *entries)
{
    return config_file_parse(arena, "o.conf", str_from(text), entries);
}

static void test_good_file(void **state)
{
    Arena *arena = *state;
    ConfigEntry entries[OPTION_COUNT] = {0};
    assert_no_error(parse(arena,
                          "\xEF\xBB\xBF# settings\r\n"
                          "\n"
                          "  db = sqlite:a = b.db  \r\n"
                          "\t# listen = 1\n"
                          "listen=0.0.0.0:80\n"
                          "max-upload =",
                          entries));
    assert_string_equal(entries[OPTION_DB].text, "sqlite:a = b.db");
    assert_string_equal(entries[OPTION_DB].where, "o.conf:3");
    assert_string_equal(entries[OPTION_LISTEN].text, "0.0.0.0:80");
    assert_string_equal(entries[OPTION_LISTEN].where, "o.conf:5");
    assert_string_equal(entries[OPTION_MAX_UPLOAD].text, "");
    assert_null(entries[OPTION_WORKERS].text);
    assert_no_error(parse(arena, "", entries));
}

static void assert_refused(Arena *arena, const char *text, const char *message)
{
    ConfigEntry entries[OPTION_COUNT] = {0};
    Error *error = parse(arena, text, entries);
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->reason, "usage");
}

static void test_bad_files(void **state)
{
    Arena *arena = *state;
    assert_refused(arena, "# a\nlisten\n", "o.conf:2 is not a setting.");
    assert_refused(arena, "lisen = 1", "o.conf:1: there is no setting \"lisen\".");
    assert_refused(arena, "= 1", "o.conf:1: there is no setting \"\".");
    assert_refused(arena, "type = annual", "o.conf:1: there is no setting \"type\".");
    assert_refused(arena, "config = other", "o.conf:1: there is no setting \"config\".");
    assert_refused(arena, "listen = a\nlisten = b",
                   "o.conf:2: \"listen\" was set already, at o.conf:1.");
    assert_refused(arena, "listen = \xFF", "o.conf is not a text file.");
    ConfigEntry entries[OPTION_COUNT] = {0};
    assert_error(config_file_parse(arena, "o.conf", STR("a\0b"), entries), ERROR_INVALID,
                 "o.conf is not a text file.");
}

static void test_reading(void **state)
{
    Arena *arena = *state;
    ConfigEntry entries[OPTION_COUNT] = {0};
    char path[] = "/tmp/obligor-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "workers = 3\n", 12), 12);
    assert_no_error(config_file_read(arena, path, entries));
    assert_string_equal(entries[OPTION_WORKERS].text, "3");
    assert_int_equal(ftruncate(descriptor, 2 << 20), 0);
    assert_error(config_file_read(arena, path, entries), ERROR_INVALID,
                 arena_printf(arena, "The file %s of --config is larger than 1 MiB.", path));
    close(descriptor);
    unlink(path);
    assert_error(config_file_read(arena, path, entries), ERROR_INVALID,
                 arena_printf(arena,
                              "The file %s of --config cannot be read: No such file or directory.",
                              path));
    assert_error(config_file_read(arena, "/", entries), ERROR_INVALID,
                 "The file / of --config cannot be read.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_good_file), TEST(test_bad_files),
                                       TEST(test_reading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
