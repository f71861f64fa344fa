/* Targets and header fields as they come over the wire. */
#include "request_for_tests.h"

static void split(Arena *arena, const char *target, const char *path, const char *query)
{
    Str found_path, found_query;
    assert_no_error(request_split_target(arena, str_from(target), &found_path, &found_query));
    assert_str(found_path, path);
    assert_str(found_query, query);
}

static void takes_a_target_apart(void **state)
{
    split(*state, "/", "/", "");
    split(*state, "/a/b?c=d&e", "/a/b", "c=d&e");
    split(*state, "/a?b?c", "/a", "b?c");
    split(*state, "/a#b?c", "/a", "");
    split(*state, "http://host:80/a?b=c", "/a", "b=c");
    split(*state, "HTTPS://host", "/", "");
    split(*state, "*", "*", "");
}

static void refuses_other_targets(void **state)
{
    Str path, query;
    assert_error(request_split_target(*state, STR("a/b"), &path, &query), ERROR_MALFORMED,
                 "The address must begin with a slash.");
    Buf text = buf_new(*state, 10000);
    buf_add_char(&text, '/');
    while (text.len <= PATH_MAX_BYTES)
        buf_add_char(&text, 'x');
    Error *error = request_split_target(*state, buf_str(&text), &path, &query);
    assert_error(error, ERROR_MALFORMED,
                 "The address is too long: the path may have 2048 bytes and the query 8192.");
    assert_string_equal(error->reason, "uri_too_long");
}

static void knows_its_header_fields(void **state)
{
    (void)state;
    assert_int_equal(request_header_field("content-length"), HEADER_CONTENT_LENGTH);
    assert_int_equal(request_header_field("IF-MATCH"), HEADER_IF_MATCH);
    assert_int_equal(request_header_field("cookie"), HEADER_COOKIE);
    assert_int_equal(request_header_field("Cookie2"), -1);
}

static Request with(Arena *arena, HeaderField field, const char *value)
{
    Request request = test_request(arena, "/", "", true);
    request.headers[field] = str_from(value);
    return request;
}

static void finds_the_token(void **state)
{
    Request request = with(*state, HEADER_AUTHORIZATION, "Bearer abc");
    assert_str(request_bearer(&request), "abc");
    request = with(*state, HEADER_AUTHORIZATION, " bearer   abc ");
    assert_str(request_bearer(&request), "abc");
    request = with(*state, HEADER_AUTHORIZATION, "Basic abc");
    assert_str(request_bearer(&request), "");
    request = with(*state, HEADER_AUTHORIZATION, "Bearer");
    assert_str(request_bearer(&request), "");
    request = test_request(*state, "/", "", true);
    assert_str(request_bearer(&request), "");
}

static void request_ids_are_plain(void **state)
{
    (void)state;
    assert_true(request_id_is_sound(STR("0b1c-Z_9.a")));
    assert_false(request_id_is_sound(STR("")));
    assert_false(request_id_is_sound(STR("a b")));
    assert_false(request_id_is_sound(STR("a\"b")));
    assert_false(request_id_is_sound(
        STR("01234567890123456789012345678901234567890123456789012345678901234")));
}

static void compares_entity_tags(void **state)
{
    Request request = with(*state, HEADER_IF_NONE_MATCH, "\"a\", W/\"b\"");
    assert_true(request_none_match(&request, "\"a\""));
    assert_true(request_none_match(&request, "\"b\""));
    assert_false(request_none_match(&request, "\"c\""));
    request = with(*state, HEADER_IF_NONE_MATCH, "*");
    assert_true(request_none_match(&request, "\"c\""));
    request = test_request(*state, "/", "", true);
    assert_false(request_none_match(&request, "\"c\""));
}

static void if_match_is_one_tag(void **state)
{
    const char *etag = "";
    Request request = with(*state, HEADER_IF_MATCH, " \"abc\" ");
    assert_no_error(request_if_match(&request, &etag));
    assert_string_equal(etag, "\"abc\"");
    request = with(*state, HEADER_IF_MATCH, "*");
    assert_no_error(request_if_match(&request, &etag));
    assert_null(etag);
    static const char *const bad[] = {"abc", "\"a\", \"b\"", "\"", ""};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        request = with(*state, HEADER_IF_MATCH, bad[i]);
        assert_error(request_if_match(&request, &etag), ERROR_INVALID,
                     "If-Match must be one entity tag in its quotes, as the ETag header gave it.");
    }
}

static int64_t wait_of(Arena *arena, const char *prefer)
{
    Request request = with(arena, HEADER_PREFER, prefer);
    return request_wait(&request, SECONDS(2));
}

static void prefer_bounds_the_waiting(void **state)
{
    assert_int_equal(wait_of(*state, "wait=1"), SECONDS(1));
    assert_int_equal(wait_of(*state, "wait=0"), 0);
    assert_int_equal(wait_of(*state, "wait=60"), SECONDS(2));
    assert_int_equal(wait_of(*state, "respond-async"), 0);
    assert_int_equal(wait_of(*state, "respond-async, wait=1"), SECONDS(1));
    assert_int_equal(wait_of(*state, "wait=x, return=minimal"), SECONDS(2));
    Request request = test_request(*state, "/", "", true);
    assert_int_equal(request_wait(&request, SECONDS(2)), SECONDS(2));
}

static bool takes_stale(Arena *arena, const char *prefer)
{
    Request request = with(arena, HEADER_PREFER, prefer);
    return request_takes_stale(&request);
}

static void stale_answers_are_asked_for_by_name(void **state)
{
    assert_true(takes_stale(*state, "stale-ok"));
    assert_true(takes_stale(*state, "wait=1 , Stale-OK"));
    assert_false(takes_stale(*state, "stale-okay"));
    assert_false(takes_stale(*state, "wait=1"));
    Request request = test_request(*state, "/", "", true);
    assert_false(request_takes_stale(&request));
}

static void idempotency_keys_are_visible(void **state)
{
    Str key;
    Request request = with(*state, HEADER_IDEMPOTENCY_KEY, " 7f-a ");
    assert_no_error(request_idempotency_key(&request, &key));
    assert_str(key, "7f-a");
    request = test_request(*state, "/", "", true);
    assert_no_error(request_idempotency_key(&request, &key));
    assert_str(key, "");
    static const char *const bad[] = {"", " ", "a b", "\xC3\xA4"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        request = with(*state, HEADER_IDEMPOTENCY_KEY, bad[i]);
        assert_error(request_idempotency_key(&request, &key), ERROR_INVALID,
                     "Idempotency-Key must be 1 to 255 visible ASCII characters.");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_a_target_apart),
        TEST(refuses_other_targets),
        TEST(knows_its_header_fields),
        TEST(finds_the_token),
        TEST(request_ids_are_plain),
        TEST(compares_entity_tags),
        TEST(if_match_is_one_tag),
        TEST(prefer_bounds_the_waiting),
        TEST(stale_answers_are_asked_for_by_name),
        TEST(idempotency_keys_are_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
