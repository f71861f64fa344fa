/* Origins as browsers write them. */
#include "http/origins.h"

#include "test.h"

static void reads_as(Arena *arena, const char *text, const char *origin)
{
    Str found;
    assert_true(origin_read(arena, str_from(text), &found));
    assert_string_equal(str_dup(arena, found), origin);
}

static void brings_them_into_one_form(void **state)
{
    reads_as(*state, "https://a.example", "https://a.example");
    reads_as(*state, "HTTPS://A.Example:443", "https://a.example");
    reads_as(*state, "http://a.example:80", "http://a.example");
    reads_as(*state, "http://a.example:443", "http://a.example:443");
    reads_as(*state, "http://localhost:3000", "http://localhost:3000");
    reads_as(*state, "http://[::1]:8000", "http://[::1]:8000");
    reads_as(*state, "https://[2001:DB8::1]", "https://[2001:db8::1]");
}

static void refuses_what_is_none(void **state)
{
    Str found;
    static const char *const none[] = {"",
                                       "*",
                                       "null",
                                       "a.example",
                                       "ftp://a.example",
                                       "https://",
                                       "https://*.a",
                                       "https://a/",
                                       "https://a/b",
                                       "https://a:0",
                                       "https://a:",
                                       "https://a:x",
                                       "https://a:65536",
                                       "https://u@a",
                                       "https://a b",
                                       "https://a?b",
                                       "https://a#b",
                                       "https://[::1",
                                       "https://[]",
                                       "https://[::1]x",
                                       " https://a",
                                       "https:a",
                                       "https://a:1:2",
                                       "//a.example"};
    for (size_t i = 0; i < ARRAY_COUNT(none); i++)
        assert_false(origin_read(*state, str_from(none[i]), &found));
}

static void of_an_address(void **state)
{
    Str found;
    static const char *const urls[][2] = {{"https://a.example/", "https://a.example"},
                                          {"https://a.example", "https://a.example"},
                                          {"http://a.example:8080/b/c?d", "http://a.example:8080"}};
    for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
        assert_true(origin_of_url(*state, str_from(urls[i][0]), &found));
        assert_string_equal(str_dup(*state, found), urls[i][1]);
    }
    assert_false(origin_of_url(*state, STR("a.example/b"), &found));
    assert_false(origin_of_url(*state, STR("https:///b"), &found));
}

static void lists(void **state)
{
    Origins found;
    assert_no_error(origins_read(*state, "--x", STR(""), &found));
    assert_int_equal(found.count, 0);
    assert_false(origins_have(&found, STR("")));
    assert_no_error(origins_read(*state, "--x", STR("https://a.example, http://B:80"), &found));
    assert_int_equal(found.count, 2);
    assert_true(origins_have(&found, STR("https://a.example")));
    assert_true(origins_have(&found, STR("http://b")));
    assert_false(origins_have(&found, STR("http://b:80"))); /* no browser writes that */
    assert_false(origins_have(&found, STR("")));
    Error *error = origins_read(*state, "--x", STR("https://a.example,*"), &found);
    assert_error(error, ERROR_INVALID,
                 "\"*\" of --x is no origin: write each exactly, like https://page.example or "
                 "http://localhost:3000, separated by commas.");
    assert_string_equal(error->reason, "usage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(brings_them_into_one_form),
        TEST(refuses_what_is_none),
        TEST(of_an_address),
        TEST(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
