/* Addresses of peers, and which are this machine's. */
#include "http/peer.h"

#include "test.h"

#include <arpa/inet.h>

static void v4(const char *text, bool is_loopback)
{
    char out[PEER_TEXT_SIZE];
    struct sockaddr_in address = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    assert_int_equal(peer_describe((const struct sockaddr *)&address, out), is_loopback);
    assert_string_equal(out, text);
}

static void v6(const char *text, const char *shown, bool is_loopback)
{
    char out[PEER_TEXT_SIZE];
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
    assert_int_equal(peer_describe((const struct sockaddr *)&address, out), is_loopback);
    assert_string_equal(out, shown);
}

static void knows_both_families(void **state)
{
    (void)state;
    v4("127.0.0.1", true);
    v4("127.8.8.8", true);
    v4("192.0.2.7", false);
    v6("::1", "::1", true);
    v6("2001:db8::7", "2001:db8::7", false);
    v6("::ffff:127.0.0.1", "127.0.0.1", true);
    v6("::ffff:192.0.2.7", "192.0.2.7", false);
}

static void anything_else_is_nobody(void **state)
{
    char out[PEER_TEXT_SIZE] = "x";
    struct sockaddr address = {.sa_family = AF_UNIX};
    (void)state;
    assert_false(peer_describe(NULL, out));
    assert_string_equal(out, "");
    assert_false(peer_describe(&address, out));
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_both_families),
        TEST(anything_else_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
