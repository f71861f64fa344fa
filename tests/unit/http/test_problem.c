/* What a client reads when the answer is no: everything it needs, nothing it must not see. */
#include "http/problem.h"

#include "request_for_tests.h"

static Response reply(Arena *arena, const Error *error)
{
    Response response = RESPONSE_NONE;
    Request request = test_request(arena, "/", "", true);
    problem_reply(&request, error, &response);
    return response;
}

static void every_code_has_its_status(void **state)
{
    static const int statuses[ERROR_CODE_COUNT] = {422, 400, 401, 403, 404, 409, 410,
                                                   412, 413, 415, 429, 503, 503, 500};
    for (ErrorCode code = 0; code < ERROR_CODE_COUNT; code++) {
        Error *error = ERROR(*state, code, "x");
        assert_int_equal(problem_status(error), statuses[code]);
        assert_string_not_equal(problem_title(problem_status(error)), "Error");
    }
    assert_string_equal(problem_title(299), "Error");
    Error *error = error_with_reason(ERROR(*state, ERROR_MALFORMED, "x"), "uri_too_long");
    assert_int_equal(problem_status(error), 414);
}

static void is_rendered_in_full(void **state)
{
    ErrorField *fields = NULL;
    error_field_add(*state, &fields, "limit", "not_a_whole_number", "limit must be \"small\".");
    Error *error = error_from_fields(*state, fields);
    error_with_reason(error, "invalid_parameters");
    error->extra_json = "\"current_id\": \"7\", \"n\": 1";
    Response response = reply(*state, error);
    assert_int_equal(response.status, 422);
    assert_string_equal(response.content_type, "application/problem+json");
    assert_str(response.body,
               "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
               "\"detail\":\"limit must be \\\"small\\\".\",\"instance\":\"req-1\","
               "\"errors\":[{\"field\":\"limit\",\"code\":\"not_a_whole_number\","
               "\"message\":\"limit must be \\\"small\\\".\"}],\"success\":false,"
               "\"error\":\"invalid_parameters\",\"message\":\"limit must be \\\"small\\\".\""
               ", \"current_id\": \"7\", \"n\": 1}");
}

static void says_of_when_it_is(void **state)
{
    Response response = RESPONSE_NONE;
    Request request = test_request(*state, "/", "", true);
    request.as_of = INT64_C(1767225600000000);
    problem_reply(&request, ERROR(*state, ERROR_NOT_FOUND, "It is not there."), &response);
    assert_non_null(strstr(str_dup(*state, response.body),
                           "\"success\":false,\"as_of\":\"2026-01-01T00:00:00Z\","));
}

static void shows_no_cause(void **state)
{
    Error *cause = ERROR(*state, ERROR_INTERNAL, "SELECT secret FROM /var/lib/x");
    Error *error = error_because(ERROR(*state, ERROR_UNAVAILABLE, "The database is away."), cause);
    Response response = reply(*state, error);
    assert_null(memmem(response.body.ptr, response.body.len, "secret", 6));
    assert_null(memmem(response.body.ptr, response.body.len, "test_problem", 12));
    assert_string_equal(response_find_header(&response, "Retry-After"), "2");
}

static void our_own_faults_say_nothing_of_themselves(void **state)
{
    Response response = reply(*state, ERROR(*state, ERROR_INTERNAL, "column 3 of owner 7"));
    assert_int_equal(response.status, 500);
    assert_null(memmem(response.body.ptr, response.body.len, "column 3", 8));
    assert_non_null(memmem(response.body.ptr, response.body.len, "req-1", 5));
}

static void input_is_escaped(void **state)
{
    Response response = reply(*state, ERROR(*state, ERROR_INVALID, "not \"<script>\"\r\nX: y"));
    assert_null(memmem(response.body.ptr, response.body.len, "<script>", 8));
    assert_null(memchr(response.body.ptr, '\n', response.body.len));
}

static void says_how_to_sign_in(void **state)
{
    Response response = reply(*state, ERROR(*state, ERROR_UNAUTHENTICATED, "x"));
    assert_string_equal(response_find_header(&response, "WWW-Authenticate"),
                        "Bearer realm=\"obligor\"");
    Request request = test_request(*state, "/", "", true);
    request.headers[HEADER_AUTHORIZATION] = STR("Bearer old");
    problem_reply(&request, ERROR(*state, ERROR_UNAUTHENTICATED, "x"), &response);
    assert_string_equal(response_find_header(&response, "www-authenticate"),
                        "Bearer realm=\"obligor\", error=\"invalid_token\"");
}

static void says_when_to_come_back(void **state)
{
    Response response = reply(*state, ERROR(*state, ERROR_TOO_MANY, "x"));
    assert_string_equal(response_find_header(&response, "Retry-After"), "5");
    response = reply(*state, ERROR(*state, ERROR_NOT_FOUND, "x"));
    assert_null(response_find_header(&response, "Retry-After"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_code_has_its_status),
        TEST(is_rendered_in_full),
        TEST(shows_no_cause),
        TEST(says_of_when_it_is),
        TEST(our_own_faults_say_nothing_of_themselves),
        TEST(input_is_escaped),
        TEST(says_how_to_sign_in),
        TEST(says_when_to_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
