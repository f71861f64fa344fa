/* What proxies say of the client, believed as far as they are trusted and no further. */
#include "http/forwarded.h"

#include "test.h"

#define TRUSTED "10.0.0.0/8, 2001:db8::/32"

static Str field(const char *text)
{
    return text == NULL ? (Str){NULL, 0} : str_from(text);
}

typedef struct Case {
    const char *peer;
    const char *forwarded;
    const char *x_for;
    const char *x_proto;
    const char *client;
    bool is_https;
} Case;

static void judge(Arena *arena, const char *trusted, const Case *one)
{
    Networks networks;
    Address peer;
    char out[ADDRESS_TEXT_SIZE];
    const ForwardedFields fields = {field(one->forwarded), field(one->x_for), field(one->x_proto)};
    assert_no_error(networks_read(arena, "--x", str_from(trusted), &networks));
    assert_true(address_read(str_from(one->peer), &peer));
    Forwarded found = forwarded_client(&networks, peer, &fields);
    address_write(&found.client, out);
    assert_string_equal(out, one->client);
    assert_int_equal(found.is_https, one->is_https);
}

static void judge_all(Arena *arena, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        judge(arena, TRUSTED, &cases[i]);
}

static void without_trust_nothing_counts(void **state)
{
    static const Case one = {"10.0.0.1", "for=192.0.2.1;proto=https", NULL, "https", "10.0.0.1",
                             false};
    static const Case other = {"192.0.2.9", NULL, "192.0.2.1", "https", "192.0.2.9", false};
    judge(*state, "", &one);
    judge(*state, "", &other);
    judge(*state, TRUSTED, &other);
    judge(*state, "10.0.0.2", &one);
}

static void x_forwarded_for(void **state)
{
    static const Case cases[] = {
        {"10.0.0.1", NULL, NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "192.0.2.1", NULL, "192.0.2.1", false},
        {"10.0.0.1", NULL, "198.51.100.1, 192.0.2.1", "https", "192.0.2.1", true},
        {"10.0.0.1", NULL, "192.0.2.1,10.0.0.2 , 10.0.0.3", "HTTPS", "192.0.2.1", true},
        {"10.0.0.1", NULL, "10.0.0.9, 10.0.0.2", "http", "10.0.0.9", false},
        {"10.0.0.1", NULL, "192.0.2.1, unknown, 10.0.0.2", NULL, "10.0.0.2", false},
        {"10.0.0.1", NULL, "192.0.2.1,", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "\"x, 192.0.2.1", NULL, "192.0.2.1", false},
        {"10.0.0.1", NULL, "192.0.2.1:443", "https, http", "192.0.2.1", false},
        {"10.0.0.1", NULL, "[2001:db9::1]:443", "http, https", "2001:db9::1", true},
        {"2001:db8::1", NULL, "2001:db9::1", "https ", "2001:db9::1", true},
        {"10.0.0.1", NULL, "::ffff:10.0.0.2, 192.0.2.1", NULL, "192.0.2.1", false},
        {"10.0.0.1", NULL, "192.0.2.1, ::ffff:10.0.0.2", NULL, "192.0.2.1", false},
    };
    judge_all(*state, cases, ARRAY_COUNT(cases));
}

static void forwarded(void **state)
{
    static const Case cases[] = {
        {"10.0.0.1", "for=192.0.2.1", NULL, NULL, "192.0.2.1", false},
        {"10.0.0.1", "For=192.0.2.1;Proto=HTTPS;by=10.0.0.1", NULL, NULL, "192.0.2.1", true},
        {"10.0.0.1", "for=1.1.1.1;proto=https, for=192.0.2.1;proto=http", NULL, NULL, "192.0.2.1",
         false},
        {"10.0.0.1", "for=192.0.2.1;proto=https, for=10.0.0.2;proto=http", NULL, "http",
         "192.0.2.1", true},
        {"10.0.0.1", "for=\"[2001:db9::1]:4711\"", NULL, NULL, "2001:db9::1", false},
        {"10.0.0.1", "for=2001:db9::1", NULL, NULL, "2001:db9::1", false},
        {"10.0.0.1", "for=\"_x,y\", for=192.0.2.1", NULL, NULL, "192.0.2.1", false},
        {"10.0.0.1", "for=\"_x\\\",y\", for=192.0.2.1", NULL, NULL, "192.0.2.1", false},
        {"10.0.0.1", "for=\"x, for=192.0.2.1", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "for=unknown", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "for=192.0.2.1;for=192.0.2.2", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "for=192.0.2.1;proto=http;proto=https", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "proto=https", NULL, NULL, "10.0.0.1", true},
        {"10.0.0.1", "", NULL, NULL, "10.0.0.1", false},
    };
    judge_all(*state, cases, ARRAY_COUNT(cases));
}

/* One of them was sent by the client, and nobody knows which. */
static void two_that_disagree(void **state)
{
    static const Case cases[] = {
        {"10.0.0.1", "for=192.0.2.1;proto=https", "192.0.2.1", NULL, "192.0.2.1", true},
        {"10.0.0.1", "for=192.0.2.1;proto=https", "192.0.2.2", "https", "10.0.0.1", false},
        {"10.0.0.1", "for=192.0.2.1", "unknown", "https", "10.0.0.1", false},
    };
    judge_all(*state, cases, ARRAY_COUNT(cases));
}

static void a_long_list_ends(void **state)
{
    Buf list = buf_new(*state, 1 << 20);
    buf_add(&list, STR("192.0.2.1"));
    for (int i = 0; i < 15; i++)
        buf_add(&list, STR(", 10.0.0.2"));
    const Case within = {"10.0.0.1", NULL, buf_str(&list).ptr, NULL, "192.0.2.1", false};
    judge(*state, TRUSTED, &within);
    buf_add(&list, STR(", 10.0.0.2"));
    const Case beyond = {"10.0.0.1", NULL, buf_str(&list).ptr, NULL, "10.0.0.2", false};
    judge(*state, TRUSTED, &beyond);
}

static void nodes(void **state)
{
    Address address;
    static const char *const good[] = {"192.0.2.1", " 192.0.2.1 ", "192.0.2.1:0", "::1",
                                       "[::1]",     "[::1]:65535", "2001:db8::80"};
    static const char *const bad[] = {
        "",       "unknown",     "_x", "192.0.2.1:",      "192.0.2.1:x", "[::1",    "[::1]x",
        "[::1]:", "[192.0.2.1]", "[]", "192.0.2.1:65536", "a:80",        "\"::1\"", "[::1]:65536"};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(forwarded_node(str_from(good[i]), &address));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(forwarded_node(str_from(bad[i]), &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_trust_nothing_counts),
        TEST(x_forwarded_for),
        TEST(forwarded),
        TEST(two_that_disagree),
        TEST(a_long_list_ends),
        TEST(nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
