/* Shared texts, in memory and beyond it: what goes in comes out, in any order. */
#include "format/xlsx_strings.h"

#include "test.h"

#include <dirent.h>

enum { MAX = 70000 };

static const char *text_of(Arena *arena, size_t i)
{
    size_t size = i % 7 == 0 ? 0 : i * 37 % 300;
    char *text = arena_alloc(arena, size + 32);
    memset(text, (int)('a' + i % 26), size);
    snprintf(text + size, 32, "%zu", i);
    return text;
}

static void assert_text(XlsxStrings *strings, Arena *arena, size_t i)
{
    static char room[MAX + 1];
    Str text;
    assert_no_error(xlsx_strings_get(strings, arena, i, room, &text));
    assert_str(text, text_of(arena, i));
}

static void come_out_in_any_order(Arena *arena, size_t memory, bool spilled)
{
    enum { COUNT = 40000 };
    XlsxStrings *strings = xlsx_strings_new(arena, MAX, memory);
    for (size_t i = 0; i < COUNT; i++)
        assert_no_error(xlsx_strings_add(strings, arena, str_from(text_of(arena, i))));
    assert_int_equal(xlsx_strings_count(strings), COUNT);
    assert_int_equal(xlsx_strings_spilled(strings), spilled);
    for (size_t i = 0; i < COUNT; i += 1 + test_rounds(1) * 3)
        assert_text(strings, arena, i);
    uint64_t seed = 1;
    for (size_t i = 0; i < 5000; i++)
        assert_text(strings, arena, test_below(&seed, COUNT));
    assert_text(strings, arena, COUNT - 1);
}

static void in_memory(void **state)
{
    come_out_in_any_order(*state, 16 << 20, false);
}

static void beyond_memory(void **state)
{
    come_out_in_any_order(*state, 200000, true);
}

static void texts_larger_than_a_block(void **state)
{
    Arena *arena = *state;
    static char room[MAX + 1];
    char *large = arena_alloc_raw(arena, MAX + 100);
    for (size_t i = 0; i < MAX + 100; i++)
        large[i] = (char)('0' + i % 10);
    XlsxStrings *strings = xlsx_strings_new(arena, MAX, 1);
    Str text;
    for (size_t i = 0; i < 5; i++)
        assert_no_error(xlsx_strings_add(strings, arena, (Str){large, MAX - i}));
    assert_no_error(xlsx_strings_add(strings, arena, (Str){large, MAX + 100}));
    for (size_t i = 0; i < 5; i++) {
        assert_no_error(xlsx_strings_get(strings, arena, i, room, &text));
        assert_true(str_equal(text, (Str){large, MAX - i}));
    }
    assert_no_error(xlsx_strings_get(strings, arena, 5, room, &text));
    assert_true(str_equal(text, (Str){large, MAX + 1})); /* seen to be too long */
}

/* An entry in a folder would be a file that somebody else can see, and that stays. */
static void the_file_has_no_name(void **state)
{
    Arena *arena = *state;
    char folder[] = "/tmp/obligor-strings-XXXXXX";
    CHECK(mkdtemp(folder) != NULL && setenv("TMPDIR", folder, 1) == 0);
    XlsxStrings *strings = xlsx_strings_new(arena, MAX, 1);
    for (size_t i = 0; i < 2000; i++)
        assert_no_error(xlsx_strings_add(strings, arena, str_from(text_of(arena, i))));
    assert_true(xlsx_strings_spilled(strings));
    assert_text(strings, arena, 1000);
    assert_int_equal(rmdir(folder), 0);
    XlsxStrings *none = xlsx_strings_new(arena, MAX, 1);
    Error *error = NULL;
    for (size_t i = 0; error == NULL && i < 2000; i++)
        error = xlsx_strings_add(none, arena, str_from(text_of(arena, i)));
    assert_error(error, ERROR_UNAVAILABLE,
                 "There is no room to unpack the workbook's texts. Try again later.");
    unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_memory),
        TEST(beyond_memory),
        TEST(texts_larger_than_a_block),
        TEST(the_file_has_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
