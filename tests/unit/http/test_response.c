/* Header values are clean, and file names come out as RFC 6266 wants them. */
#include "http/response.h"

#include "test.h"

static void header_values_are_one_line(void **state)
{
    Response response = RESPONSE_NONE;
    response_header(*state, &response, "X-A", "a\r\nSet-Cookie: b\x7F");
    assert_string_equal(response_find_header(&response, "x-a"), "a  Set-Cookie: b ");
    assert_null(response_find_header(&response, "X-B"));
}

static void attached(Arena *arena, const char *filename, const char *expected)
{
    Response response = RESPONSE_NONE;
    response_attachment(arena, &response, str_from(filename));
    assert_string_equal(response_find_header(&response, "Content-Disposition"), expected);
}

static void file_names_are_escaped(void **state)
{
    attached(*state, "annual 2024.csv",
             "attachment; filename=\"annual 2024.csv\"; filename*=UTF-8''annual%202024.csv");
    attached(*state, "a\"b\\c;d.csv",
             "attachment; filename=\"a_b_c_d.csv\"; filename*=UTF-8''a%22b%5Cc%3Bd.csv");
    attached(*state, "\xC3\xA4\r\n.csv",
             "attachment; filename=\"____.csv\"; filename*=UTF-8''%C3%A4%0D%0A.csv");
}

static void a_body_in_memory_replaces_one_in_a_file(void **state)
{
    Response response = RESPONSE_NONE;
    (void)state;
    response_file(&response, "text/csv", 7, 100);
    assert_int_equal(response.file, 7);
    response_set(&response, 404, "text/plain", STR("no"));
    assert_int_equal(response.file, -1);
    response_empty(&response, 204);
    assert_null(response.content_type);
    assert_int_equal(response.body.len, 0);
}

static void add_too_many(void)
{
    Response response = RESPONSE_NONE;
    Arena *arena = arena_new(0);
    for (int i = 0; i <= RESPONSE_HEADERS_MAX; i++)
        response_header(arena, &response, "X", "y");
}

static void there_is_a_most_of_headers(void **state)
{
    assert_dies(*state, add_too_many, "this must hold and does not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(header_values_are_one_line),
        TEST(file_names_are_escaped),
        TEST(a_body_in_memory_replaces_one_in_a_file),
        TEST(there_is_a_most_of_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
