/* What is decoded, and what is refused rather than guessed at. */
#include "http/percent.h"

#include "test.h"

static void decoded(Arena *arena, const char *raw, PercentStyle style, const char *expected)
{
    Str text;
    assert_true(percent_decode(arena, str_from(raw), style, &text));
    assert_str(text, expected);
}

static void decodes_what_is_encoded(void **state)
{
    decoded(*state, "", PERCENT_PATH, "");
    decoded(*state, "plain", PERCENT_FORM, "plain");
    decoded(*state, "a%20b%2Fc%2fd", PERCENT_PATH, "a b/c/d");
    decoded(*state, "%E2%82%AC", PERCENT_PATH, "\xE2\x82\xAC");
    decoded(*state, "100%25", PERCENT_FORM, "100%");
}

static void plus_is_a_space_in_forms_only(void **state)
{
    decoded(*state, "a+b%2Bc", PERCENT_FORM, "a b+c");
    decoded(*state, "a+b%2Bc", PERCENT_PATH, "a+b+c");
}

static void what_has_nothing_to_decode_is_not_copied(void **state)
{
    Str raw = STR("symbol"), text;
    assert_true(percent_decode(*state, raw, PERCENT_PATH, &text));
    assert_ptr_equal(text.ptr, raw.ptr);
}

static void refuses_what_is_broken(void **state)
{
    static const char *const broken[] = {"%",   "%4",     "a%zz", "%2",  "%%20",
                                         "%FF", "%C3%28", "\xFF", "%00", "a%00b"};
    Str text;
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++)
        assert_false(percent_decode(*state, str_from(broken[i]), PERCENT_FORM, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(decodes_what_is_encoded),
        TEST(plus_is_a_space_in_forms_only),
        TEST(what_has_nothing_to_decode_is_not_copied),
        TEST(refuses_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
