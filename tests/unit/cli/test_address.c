/* Addresses to listen on. */
#include "cli/address.h"

#include "test.h"

static void assert_parsed(Arena *arena, const char *text, const char *host, int port)
{
    Str found;
    int number;
    assert_no_error(address_parse(arena, str_from(text), &found, &number));
    assert_str(found, host);
    assert_int_equal(number, port);
}

static void test_good(void **state)
{
    Arena *arena = *state;
    assert_parsed(arena, "127.0.0.1:8000", "127.0.0.1", 8000);
    assert_parsed(arena, "0.0.0.0:0", "0.0.0.0", 0);
    assert_parsed(arena, "[::1]:65535", "[::1]", 65535);
    assert_parsed(arena, "localhost:80", "localhost", 80);
}

static void test_bad(void **state)
{
    Arena *arena = *state;
    static const char *const bad[] = {
        "", "8000", ":8000", "host", "host:", "::1:8000", "h:65536", "h:-1", "h:80x", "[]:80"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Str host;
        int port;
        Error *error = address_parse(arena, str_from(bad[i]), &host, &port);
        assert_error(
            error, ERROR_INVALID,
            arena_printf(arena, "\"%s\" is not an address and a port to listen on.", bad[i]));
        assert_string_equal(error->reason, "usage");
    }
}

static void test_loopback(void **state)
{
    (void)state;
    assert_true(address_is_loopback(STR("127.0.0.1")));
    assert_true(address_is_loopback(STR("127.9.9.9")));
    assert_true(address_is_loopback(STR("[::1]")));
    assert_true(address_is_loopback(STR("LocalHost")));
    assert_false(address_is_loopback(STR("0.0.0.0")));
    assert_false(address_is_loopback(STR("10.0.0.1")));
    assert_false(address_is_loopback(STR("[::]")));
    assert_false(address_is_loopback(STR("127.example.com")));
    assert_false(address_is_loopback(STR("a.very.long.name.that.is.no.address.at.all.and.goes.on."
                                         "and.on.and.on")));
}

static void test_url(void **state)
{
    Arena *arena = *state;
    assert_string_equal(address_url(arena, STR("127.0.0.1"), 8000), "http://127.0.0.1:8000");
    assert_string_equal(address_url(arena, STR("0.0.0.0"), 1), "http://127.0.0.1:1");
    assert_string_equal(address_url(arena, STR("[::]"), 1), "http://[::1]:1");
    assert_string_equal(address_url(arena, STR("example.com"), 80), "http://example.com:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_good), TEST(test_bad), TEST(test_loopback),
                                       TEST(test_url)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
