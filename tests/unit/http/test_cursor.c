/* A cursor comes back as it was made, and nothing else is taken for one. */
#include "http/cursor.h"

#include "base/crypto.h"
#include "test.h"

static const Cursor PLACE = {
    .sort = 3,
    .filters = 0x0123456789ABCDEF,
    .key = {.set = true,
            .created_at = 1700000000123456,
            .probability = 0.1,
            .job_row = 4711,
            .id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}},
    .text = {"BRK.B", 5},
};

static void comes_back_as_it_was_made(void **state)
{
    Cursor cursor;
    assert_true(cursor_parse(*state, str_from(cursor_format(*state, &PLACE)), &cursor));
    assert_int_equal(cursor.sort, 3);
    assert_true(cursor.filters == PLACE.filters);
    assert_true(cursor.key.set);
    assert_true(cursor.key.created_at == PLACE.key.created_at);
    assert_true(cursor.key.probability == 0.1);
    assert_true(cursor.key.job_row == 4711);
    assert_true(uuid_equal(cursor.key.id, PLACE.key.id));
    assert_str(cursor.text, "BRK.B");
}

static void extremes_come_back(void **state)
{
    Cursor place = PLACE, cursor;
    place.sort = 255;
    place.filters = UINT64_MAX;
    place.key.created_at = INT64_MIN;
    place.key.job_row = INT64_MAX;
    place.key.probability = 5e-324;
    place.text = STR("");
    assert_true(cursor_parse(*state, str_from(cursor_format(*state, &place)), &cursor));
    assert_true(cursor.filters == UINT64_MAX && cursor.key.created_at == INT64_MIN);
    assert_true(cursor.key.job_row == INT64_MAX && cursor.key.probability == 5e-324);
    assert_int_equal(cursor.text.len, 0);
}

static void is_safe_in_an_address(void **state)
{
    for (const char *p = cursor_format(*state, &PLACE); *p != '\0'; p++)
        assert_non_null(
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *p));
}

static void refused(Arena *arena, Str bytes)
{
    Cursor cursor;
    assert_false(cursor_parse(arena, str_from(base64url_encode(arena, bytes)), &cursor));
}

static void refuses_every_other_length_and_version(void **state)
{
    Arena *arena = *state;
    Str bytes, changed;
    assert_true(base64url_decode(arena, str_from(cursor_format(arena, &PLACE)), &bytes));
    for (size_t length = 0; length < 50; length++)
        refused(arena, str_slice(bytes, 0, length));
    changed = str_copy(arena, bytes);
    ((char *)(uintptr_t)changed.ptr)[0] = 2;
    refused(arena, changed);
    Buf long_one = buf_new(arena, 1000);
    buf_add(&long_one, bytes);
    while (long_one.len <= 50 + CURSOR_TEXT_MAX)
        buf_add_char(&long_one, 'x');
    refused(arena, buf_str(&long_one));
}

static void refuses_what_is_no_number(void **state)
{
    Cursor place = PLACE, cursor;
    place.key.probability = (double)__builtin_nan("");
    assert_false(cursor_parse(*state, str_from(cursor_format(*state, &place)), &cursor));
    place.key.probability = __builtin_inf();
    assert_false(cursor_parse(*state, str_from(cursor_format(*state, &place)), &cursor));
}

static void refuses_text_that_is_not_utf8_and_what_is_no_base64(void **state)
{
    Cursor place = PLACE, cursor;
    place.text = STR("\xFF");
    assert_false(cursor_parse(*state, str_from(cursor_format(*state, &place)), &cursor));
    assert_false(cursor_parse(*state, STR(""), &cursor));
    assert_false(cursor_parse(*state, STR("not base64!"), &cursor));
    assert_false(
        cursor_parse(*state, str_printf(*state, "%s=", cursor_format(*state, &PLACE)), &cursor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comes_back_as_it_was_made), TEST(extremes_come_back),
        TEST(is_safe_in_an_address),     TEST(refuses_every_other_length_and_version),
        TEST(refuses_what_is_no_number), TEST(refuses_text_that_is_not_utf8_and_what_is_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
