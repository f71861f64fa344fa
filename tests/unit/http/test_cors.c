/* Who may read answers, and the fields that every answer has. */
#include "http/cors.h"

#include "http/app.h"
#include "http/security_headers.h"
#include "request_for_tests.h"
#include "test.h"

static Request asked(Arena *arena, const char *origins, const char *origin)
{
    Request request = test_request(arena, "/", "", false);
    App *app = ARENA_NEW(arena, App);
    const HttpConfig config = {.cors_origins = origins};
    assert_no_error(door_open(arena, &config, &app->door));
    request.app = app;
    request.headers[HEADER_ORIGIN] = origin == NULL ? (Str){NULL, 0} : str_from(origin);
    return request;
}

static void nobody_is_welcome_unless_named(void **state)
{
    Response response = RESPONSE_NONE;
    Request request = asked(*state, NULL, "https://a.example");
    cors_add(&request, &response);
    request.headers[HEADER_ACCESS_CONTROL_REQUEST_METHOD] = STR("GET");
    cors_add_preflight(&request, &response, "GET");
    assert_int_equal(response.header_count, 0);
}

static void who_is_named_may_read(void **state)
{
    Response response = RESPONSE_NONE;
    Request request = asked(*state, "https://a.example", "https://a.example");
    cors_add(&request, &response);
    assert_int_equal(response.header_count, 3);
    assert_string_equal(response_find_header(&response, "Vary"), "Origin");
    assert_string_equal(response_find_header(&response, "Access-Control-Allow-Origin"),
                        "https://a.example");
    assert_string_equal(response_find_header(&response, "Access-Control-Expose-Headers"),
                        "ETag, Location, Retry-After, Content-Disposition, X-Request-ID, As-Of, "
                        "Preference-Applied, Idempotent-Replayed");
    Response other = RESPONSE_NONE;
    request = asked(*state, "https://a.example", "https://b.example");
    cors_add(&request, &other);
    assert_int_equal(other.header_count, 1);
    assert_string_equal(response_find_header(&other, "Vary"), "Origin");
}

static void a_question_before_the_request(void **state)
{
    Response response = RESPONSE_NONE;
    Request request = asked(*state, "https://a.example", "https://a.example");
    cors_add_preflight(&request, &response, "GET, OPTIONS"); /* no such question */
    assert_int_equal(response.header_count, 0);
    request.headers[HEADER_ACCESS_CONTROL_REQUEST_METHOD] = STR("GET");
    cors_add_preflight(&request, &response, "GET, OPTIONS");
    assert_string_equal(response_find_header(&response, "Access-Control-Allow-Methods"),
                        "GET, OPTIONS");
    assert_string_equal(response_find_header(&response, "Access-Control-Max-Age"), "600");
    assert_non_null(response_find_header(&response, "Access-Control-Allow-Headers"));
    assert_null(response_find_header(&response, "Access-Control-Allow-Credentials"));
}

static void guards(void **state)
{
    Response response = RESPONSE_NONE;
    response_header(*state, &response, "Cache-Control", "private, no-cache");
    security_headers_add(&response, false);
    assert_int_equal(response.header_count, 5);
    assert_string_equal(response_find_header(&response, "Cache-Control"), "private, no-cache");
    assert_string_equal(response_find_header(&response, "X-Frame-Options"), "DENY");
    assert_string_equal(response_find_header(&response, "Content-Security-Policy"),
                        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    assert_null(response_find_header(&response, "Strict-Transport-Security"));
    Response tls = RESPONSE_NONE;
    security_headers_add(&tls, true);
    assert_string_equal(response_find_header(&tls, "Cache-Control"), "no-store");
    assert_string_equal(response_find_header(&tls, "Strict-Transport-Security"),
                        "max-age=31536000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_welcome_unless_named),
        TEST(who_is_named_may_read),
        TEST(a_question_before_the_request),
        TEST(guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
