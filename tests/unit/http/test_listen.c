/* Addresses to listen on, good and bad. */
#include "http/listen.h"

#include "test.h"

static void good(Arena *arena, const char *address)
{
    int fd = -1, port = 0;
    assert_no_error(listen_open(arena, address, &fd, &port));
    assert_true(fd >= 0 && port > 0);
    close(fd);
}

static void takes_addresses_with_a_port(void **state)
{
    good(*state, "127.0.0.1:0");
    good(*state, "localhost:0");
    good(*state, ":0");
    good(*state, "*:0");
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {"",       "127.0.0.1",       "127.0.0.1:",  "127.0.0.1:x",
                                      "::1:80", "127.0.0.1:65536", "127.0.0.1:-1"};
    int fd, port;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_error(listen_open(*state, bad[i], &fd, &port), ERROR_INVALID,
                     arena_printf(*state,
                                  "The address to listen on must be like 127.0.0.1:8000 or "
                                  "[::1]:8000, not \"%s\".",
                                  bad[i]));
}

static void names_an_address_that_is_taken(void **state)
{
    int fd, port, other, other_port;
    assert_no_error(listen_open(*state, "127.0.0.1:0", &fd, &port));
    const char *address = arena_printf(*state, "127.0.0.1:%d", port);
    assert_error(listen_open(*state, address, &other, &other_port), ERROR_UNAVAILABLE,
                 arena_printf(*state, "Cannot listen on %s: Address already in use.", address));
    close(fd);
}

static void names_an_address_that_is_not_ours(void **state)
{
    int fd, port;
    assert_error(listen_open(*state, "192.0.2.1:0", &fd, &port), ERROR_UNAVAILABLE,
                 "Cannot listen on 192.0.2.1:0: Cannot assign requested address.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_addresses_with_a_port),
        TEST(refuses_what_is_no_address),
        TEST(names_an_address_that_is_taken),
        TEST(names_an_address_that_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
