/* The forms of asking for a part of a list, and what is said about it. */
#include "http/paging.h"

#include "request_for_tests.h"

static Paging read_list(Arena *arena, const char *query, const char *filter, bool with_offset,
                        Error **ret_error)
{
    Paging paging;
    Request request = test_request(arena, "/api/v1/list", query, false);
    params_text(&request.query, "filter", 100);
    if (filter != NULL)
        params_text(&request.query, filter, 100);
    paging_read(&request, 1, with_offset, &paging);
    *ret_error = params_check(&request.query);
    return paging;
}

static Paging good(Arena *arena, const char *query)
{
    Error *error;
    Paging paging = read_list(arena, query, NULL, true, &error);
    assert_no_error(error);
    return paging;
}

static void bad(Arena *arena, const char *query, const char *code, const char *message)
{
    Error *error;
    read_list(arena, query, NULL, true, &error);
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->fields->code, code);
}

static const char *shown(Arena *arena, const Paging *paging, const PageEnd *end)
{
    Buf text = buf_new(arena, 10000);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    paging_view(arena, &out, paging, end, STR(""));
    json_end_object(&out);
    json_out_close(&out);
    return buf_str(&text).ptr;
}

static void without_anything_it_is_the_first_page(void **state)
{
    Paging paging = good(*state, "");
    PageEnd end = {.total = 101};
    assert_int_equal(paging.form, FORM_PAGE);
    assert_int_equal(paging.page.limit, 50);
    assert_true(paging.page.want_total);
    assert_string_equal(shown(*state, &paging, &end),
                        "{\"pagination\":{\"page\":1,\"size\":50,\"total\":101,\"pages\":3,"
                        "\"has_more\":false,\"next_cursor\":null}}");
}

static void pages_are_offsets(void **state)
{
    Paging paging = good(*state, "page=3&size=20");
    assert_int_equal(paging.page.offset, 40);
    assert_int_equal(paging.page.limit, 20);
    paging = good(*state, "page=11&size=1000");
    assert_int_equal(paging.page.offset, 10000);
    bad(*state, "page=12&size=1000", "too_far",
        "Pages reach the first 10000 items only. Use the cursor to go on.");
    bad(*state, "page=9223372036854775807", "too_far",
        "Pages reach the first 10000 items only. Use the cursor to go on.");
    bad(*state, "page=0", "not_a_whole_number",
        "page must be a whole number of at least 1, not \"0\".");
}

static void limits_have_a_most(void **state)
{
    Paging paging = good(*state, "limit=1000");
    assert_int_equal(paging.form, FORM_CURSOR);
    assert_int_equal(paging.page.limit, 1000);
    assert_false(paging.page.want_total);
    bad(*state, "limit=1001", "not_a_whole_number",
        "limit must be a whole number from 1 to 1000, not \"1001\".");
    bad(*state, "limit=0", "not_a_whole_number",
        "limit must be a whole number from 1 to 1000, not \"0\".");
}

static void totals_come_when_asked_for(void **state)
{
    Paging paging = good(*state, "limit=10&include_total=yes");
    PageEnd end = {.total = 10000, .total_is_at_least = true};
    assert_true(paging.page.want_total);
    assert_string_equal(shown(*state, &paging, &end),
                        "{\"pagination\":{\"limit\":10,\"total\":10000,\"total_is_at_least\":true,"
                        "\"has_more\":false,\"next_cursor\":null}}");
}

static void offsets_are_for_some_lists(void **state)
{
    Error *error;
    Paging paging = good(*state, "limit=10&offset=30");
    PageEnd end = {.total = 31, .settling = true};
    assert_int_equal(paging.form, FORM_OFFSET);
    assert_int_equal(paging.page.offset, 30);
    assert_string_equal(shown(*state, &paging, &end),
                        "{\"pagination\":{\"limit\":10,\"offset\":30,\"total\":31,"
                        "\"has_more\":false,\"next_cursor\":null},\"settling\":true}");
    bad(*state, "offset=10001", "too_far",
        "offset reaches the first 10000 items only. Use the cursor to go on.");
    paging = read_list(*state, "limit=10&offset=30", NULL, false, &error);
    assert_no_error(error);
    assert_int_equal(paging.page.offset, 0);
}

static const char *next_of(Arena *arena, const char *query, const char *filter)
{
    Error *error;
    PageEnd end = {
        .has_more = true, .total = -1, .next = {.set = true, .created_at = 77, .id = {{9}}}};
    Paging paging = read_list(arena, query, filter, true, &error);
    const char *text = shown(arena, &paging, &end);
    const char *from = strstr(text, "\"next_cursor\":\"");
    assert_non_null(from);
    from += strlen("\"next_cursor\":\"");
    return arena_copy(arena, from, strcspn(from, "\""));
}

static void a_cursor_goes_on_where_it_was_made(void **state)
{
    const char *next = next_of(*state, "filter=a&limit=10", NULL);
    Paging paging = good(*state, arena_printf(*state, "limit=20&cursor=%s&filter=a", next));
    assert_true(paging.page.after.set);
    assert_int_equal(paging.page.after.created_at, 77);
    assert_int_equal(paging.page.after.id.bytes[0], 9);
    assert_int_equal(paging.page.limit, 20);
}

static void a_cursor_of_another_list_is_refused(void **state)
{
    const char *next = next_of(*state, "filter=a&other=b&limit=10", "other");
    const char *message = "This cursor is of a list with other filters or another order. Begin "
                          "again without a cursor.";
    bad(*state, arena_printf(*state, "filter=a&cursor=%s", next), "other_list", message);
    bad(*state, arena_printf(*state, "cursor=%s", next), "other_list", message);
    bad(*state, "cursor=abc", "not_a_cursor",
        "cursor must be the next_cursor of an earlier answer.");
}

static void forms_do_not_mix(void **state)
{
    const char *next = next_of(*state, "", NULL);
    bad(*state, "page=1&limit=10", "two_forms",
        "page and size do not go together with limit and cursor.");
    bad(*state, arena_printf(*state, "offset=10&cursor=%s", next), "two_forms",
        "offset does not go together with a cursor.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_anything_it_is_the_first_page),
        TEST(pages_are_offsets),
        TEST(limits_have_a_most),
        TEST(totals_come_when_asked_for),
        TEST(offsets_are_for_some_lists),
        TEST(a_cursor_goes_on_where_it_was_made),
        TEST(a_cursor_of_another_list_is_refused),
        TEST(forms_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
