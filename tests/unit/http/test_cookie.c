/* The cookie: under which name, with which rules, and from where it counts. */
#include "http/cookie.h"

#include "http/app.h"
#include "request_for_tests.h"
#include "test.h"

static Request at(Arena *arena, const char *public_url, bool is_https)
{
    Request request = test_request(arena, "/", "", true);
    App *app = ARENA_NEW(arena, App);
    const HttpConfig config = {.public_url = public_url};
    assert_no_error(door_open(arena, &config, &app->door));
    request.app = app;
    request.is_https = is_https;
    request.headers[HEADER_HOST] = STR("obligor.test:8000");
    return request;
}

static const char *set(Arena *arena, Request request)
{
    Response response = RESPONSE_NONE;
    const Session session = {.token = "abc", .expires_at = clock_now() + SECONDS(100) + 500000};
    cookie_set(&request, &response, &session);
    return arena_strdup(arena, response_find_header(&response, "Set-Cookie"));
}

static void is_set_and_cleared(void **state)
{
    Request plain = at(*state, NULL, false), tls = at(*state, NULL, true),
            public = at(*state, "https://a.example/", false);
    assert_string_equal(set(*state, plain),
                        "obligor=abc; Path=/; Max-Age=100; HttpOnly; SameSite=Strict");
    static const char secure[] =
        "__Host-obligor=abc; Path=/; Max-Age=100; HttpOnly; SameSite=Strict; Secure";
    assert_string_equal(set(*state, tls), secure);
    assert_string_equal(set(*state, public), secure);
    Response response = RESPONSE_NONE;
    cookie_clear(&tls, &response);
    assert_string_equal(response_find_header(&response, "Set-Cookie"),
                        "__Host-obligor=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
}

static const char *token(Request request, const char *cookies)
{
    request.headers[HEADER_COOKIE] = str_from(cookies);
    return str_dup(request.arena, cookie_token(&request));
}

static void is_found_under_its_name_alone(void **state)
{
    Request plain = at(*state, NULL, false), tls = at(*state, NULL, true);
    assert_string_equal(token(plain, "obligor=abc"), "abc");
    assert_string_equal(token(plain, "a=b;obligor = abc ; c"), "abc");
    assert_string_equal(token(plain, "obligor=a=b"), "a=b");
    assert_string_equal(token(plain, "__Host-obligor=abc; obligorx=1; xobligor=2; Obligor=3"), "");
    assert_string_equal(token(plain, "obligor=abc; obligor=abc"), "");
    assert_string_equal(token(plain, "obligor=; obligor=abc"), "");
    assert_string_equal(token(plain, ""), "");
    assert_string_equal(token(tls, "__Host-obligor=abc; obligor=d"), "abc");
    assert_string_equal(token(tls, "obligor=abc"), "");
    assert_int_equal(cookie_token(&plain).len, 0);
}

static bool counts(Request request, const char *origin)
{
    request.headers[HEADER_ORIGIN] = origin == NULL ? (Str){NULL, 0} : str_from(origin);
    Error *error = cookie_check_origin(&request);
    if (error != NULL)
        assert_string_equal(error->reason, "origin_mismatch");
    return error == NULL;
}

static void counts_from_its_own_site_alone(void **state)
{
    Request plain = at(*state, NULL, false), tls = at(*state, NULL, true),
            public = at(*state, "https://a.example/", false);
    assert_true(counts(plain, "http://obligor.test:8000"));
    assert_true(counts(tls, "https://obligor.test:8000"));
    assert_true(counts(public, "https://a.example"));
    assert_true(counts(public, "http://obligor.test:8000"));
    static const char *const others[] = {NULL,
                                         "",
                                         "null",
                                         "http://obligor.test",
                                         "http://obligor.test:8001",
                                         "https://obligor.test:8000",
                                         "http://obligor.test:8000/",
                                         "http://x.obligor.test:8000",
                                         "http://obligor.test:80000",
                                         "https://a.example"};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        assert_false(counts(plain, others[i]));
    assert_false(counts(tls, "http://obligor.test:8000"));
    plain.headers[HEADER_HOST] = (Str){NULL, 0};
    assert_false(counts(plain, "http://obligor.test:8000"));
    assert_false(counts(plain, "http://"));
    plain.headers[HEADER_HOST] = STR("*");
    assert_false(counts(plain, "http://*"));
}

static void says_what_to_do(void **state)
{
    Request request = at(*state, NULL, false);
    assert_error(
        cookie_check_origin(&request), ERROR_DENIED,
        "A request that changes something by cookie must say in Origin which page it comes "
        "from. Programs send the token as \"Authorization: Bearer TOKEN\".");
    request.headers[HEADER_ORIGIN] = STR("http://evil.example");
    assert_error(
        cookie_check_origin(&request), ERROR_DENIED,
        "This request comes from another site, so the cookie does not count. If this is the "
        "right page, the server has to know its address (--public-url).");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_set_and_cleared),
        TEST(is_found_under_its_name_alone),
        TEST(counts_from_its_own_site_alone),
        TEST(says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
