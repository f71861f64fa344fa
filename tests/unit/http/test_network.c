/* Addresses and networks of both families: what is one, what is in which. */
#include "http/network.h"

#include "test.h"

static void reads_as(const char *text, const char *shown)
{
    Address address;
    char out[ADDRESS_TEXT_SIZE];
    assert_true(address_read(str_from(text), &address));
    address_write(&address, out);
    assert_string_equal(out, shown);
}

static void addresses(void **state)
{
    Address address;
    static const char *const none[] = {"",          "1",         "1.2.3",     "1.2.3.4.5",
                                       "1.2.3.256", "01.2.3.4",  "1.2.3.4 ",  "1.2.3.4:80",
                                       "[::1]",     "::1%lo",    "fe80::g",   ":::",
                                       "localhost", "1:2:3:4:5", "1.2.3.4/8", "0x7f.0.0.1"};
    (void)state;
    reads_as("0.0.0.0", "0.0.0.0");
    reads_as("192.0.2.7", "192.0.2.7");
    reads_as("2001:DB8:0:0::7", "2001:db8::7");
    reads_as("::ffff:192.0.2.7", "192.0.2.7");
    reads_as("::", "::");
    for (size_t i = 0; i < ARRAY_COUNT(none); i++)
        assert_false(address_read(str_from(none[i]), &address));
    assert_false(address_read(STR("1.2.3.4\0x"), &address));
}

static bool has(const char *network, const char *address)
{
    Network a;
    Address b;
    assert_true(network_read(str_from(network), &a));
    assert_true(address_read(str_from(address), &b));
    return network_has(&a, &b);
}

static void networks(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("192.0.2.4/30", "192.0.2.7"));
    assert_false(has("192.0.2.4/30", "192.0.2.8"));
    assert_true(has("192.0.2.7", "192.0.2.7"));
    assert_false(has("192.0.2.7", "192.0.2.6"));
    assert_true(has("192.0.2.7/32", "::ffff:192.0.2.7"));
    assert_true(has("0.0.0.0/0", "255.1.1.1"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "2001:db8::1"));
    assert_true(has("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(has("2001:db8::/32", "2001:db9::"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("::ffff:0.0.0.0/96", "1.2.3.4"));
}

static void what_is_no_network(void **state)
{
    Network network;
    static const char *const none[] = {
        "",       "10.0.0.1/8",     "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
        "::/129", "2001:db8::1/64", "example.org", "*",         "10.0.0.0/08x"};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(none); i++)
        assert_false(network_read(str_from(none[i]), &network));
}

static void lists(void **state)
{
    Networks found;
    Address address;
    assert_no_error(networks_read(*state, "--x", STR(""), &found));
    assert_int_equal(found.count, 0);
    assert_true(address_read(STR("::1"), &address));
    assert_false(networks_have(&found, &address));
    assert_no_error(networks_read(*state, "--x", STR("10.0.0.0/8, ::1 ,192.0.2.7"), &found));
    assert_int_equal(found.count, 3);
    assert_true(networks_have(&found, &address));
    assert_true(address_read(STR("10.1.1.1"), &address));
    assert_true(networks_have(&found, &address));
    assert_true(address_read(STR("::2"), &address));
    assert_false(networks_have(&found, &address));
    Error *error = networks_read(*state, "--x", STR("::1,proxy.example"), &found);
    assert_error(error, ERROR_INVALID,
                 "\"proxy.example\" of --x is no address and no network: write them like "
                 "10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, separated by commas.");
    assert_string_equal(error->reason, "usage");
    assert_error(networks_read(*state, "--x", STR("::1,"), &found), ERROR_INVALID,
                 "\"\" of --x is no address and no network: write them like 10.0.0.0/8, 192.0.2.7 "
                 "or 2001:db8::/32, separated by commas.");
}

static void group_is(const char *text, const char *shown)
{
    Address address;
    char out[ADDRESS_TEXT_SIZE];
    assert_true(address_read(str_from(text), &address));
    address = address_group(&address);
    address_write(&address, out);
    assert_string_equal(out, shown);
}

static void one_client_has_a_64(void **state)
{
    (void)state;
    group_is("192.0.2.7", "192.0.2.7");
    group_is("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    group_is("::1", "::");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses),           TEST(networks), TEST(what_is_no_network), TEST(lists),
        TEST(one_client_has_a_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
