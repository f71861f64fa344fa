/* Slices, buffers and hex: empty and NULL slices first, then every edge of a length. */
#include "base/str.h"
#include "test.h"

static const Str NOTHING = {NULL, 0};

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(str_equal(NOTHING, STR("")));
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_is(STR("abc"), "abc"));
    assert_false(str_is(STR("abc"), "ab"));
    assert_false(str_is(STR("ab"), "abc"));
    assert_false(str_is(STR("a\0b"), "a"));
    assert_true(str_is(NOTHING, ""));
    assert_true(str_is(NOTHING, NULL));
    assert_str(str_from(NULL), "");
    assert_str(str_from("x y"), "x y");
}

static void folding_is_of_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(str_equal_fold(STR("aBc-Z"), STR("AbC-z")));
    assert_true(str_equal_fold(NOTHING, STR("")));
    assert_false(str_equal_fold(STR("a"), STR("ab")));
    assert_false(str_equal_fold(STR("@"), STR("`"))); /* each 32 from the other, as letters are */
    assert_false(str_equal_fold(STR("["), STR("{")));
    assert_false(str_equal_fold(STR("\xC3\x84"), STR("\xC3\xA4"))); /* A and a umlaut */
    Arena *arena = *state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        char up = c >= 'a' && c <= 'z' ? (char)(c - 32) : byte;
        char low = c >= 'A' && c <= 'Z' ? (char)(c + 32) : byte;
        assert_int_equal(str_upper(arena, (Str){&byte, 1}).ptr[0], up);
        assert_int_equal(str_lower(arena, (Str){&byte, 1}).ptr[0], low);
        assert_int_equal(str_equal_fold((Str){&byte, 1}, (Str){&up, 1}), true);
    }
    assert_str(str_upper(arena, NOTHING), "");
    assert_str(str_upper(arena, STR("a\xC3\xA4z")), "A\xC3\xA4Z");
}

static void prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_true(str_starts_with(STR("abc"), STR("abc")));
    assert_true(str_starts_with(STR("abc"), STR("")));
    assert_false(str_starts_with(STR("abc"), STR("abcd")));
    assert_false(str_starts_with(STR("abc"), STR("b")));
    assert_true(str_ends_with(STR("abc"), STR("bc")));
    assert_true(str_ends_with(STR("abc"), STR("abc")));
    assert_true(str_ends_with(STR("abc"), STR("")));
    assert_false(str_ends_with(STR("abc"), STR("zabc")));
    assert_false(str_ends_with(STR("abc"), STR("b")));
}

/* Clang's sanitizer refuses arithmetic on NULL even by 0, and the fuzz targets are built with it. */
static void the_null_slice_is_an_empty_slice(void **state)
{
    Arena *arena = *state;
    assert_true(str_starts_with(NOTHING, STR("")));
    assert_true(str_ends_with(NOTHING, NOTHING));
    assert_false(str_starts_with(NOTHING, STR("a")));
    assert_str(str_slice(NOTHING, 0, 5), "");
    assert_str(str_slice(NOTHING, 3, 5), "");
    assert_str(str_trim(NOTHING), "");
    assert_string_equal(str_dup(arena, NOTHING), "");
    assert_str(str_copy(arena, NOTHING), "");
    size_t at;
    assert_false(str_find(NOTHING, 'a', &at));
    assert_true(str_hash(NOTHING) == str_hash(STR("")));
    assert_true(str_equal_fold(NOTHING, NOTHING));
}

static void slices_are_cut_to_what_is_there(void **state)
{
    (void)state;
    Str text = STR("abcdef");
    assert_str(str_slice(text, 0, 6), "abcdef");
    assert_str(str_slice(text, 2, 4), "cd");
    assert_str(str_slice(text, 2, 100), "cdef");
    assert_str(str_slice(text, 6, 6), "");
    assert_str(str_slice(text, 7, 9), "");
    assert_str(str_slice(text, 4, 2), "");
    assert_str(str_slice(text, SIZE_MAX, SIZE_MAX), "");
    Str end = str_slice(text, 9, 9);
    assert_true(end.ptr >= text.ptr && end.ptr <= text.ptr + text.len);
}

static void trimming_takes_blanks_and_nbsp(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t\r\nab c\n\r\t ")), "ab c");
    assert_str(str_trim(STR("\xC2\xA0 \xC2\xA0x\xC2\xA0\t\xC2\xA0")), "x");
    assert_str(str_trim(STR(" \xC2\xA0 ")), "");
    assert_str(str_trim(STR("   ")), "");
    assert_str(str_trim(STR("\xA0x\xC2")), "\xA0x\xC2"); /* halves of an NBSP stay */
    assert_str(str_trim(STR("x\xC3\xA0")), "x\xC3\xA0"); /* a grave ends in A0 too */
    assert_str(str_trim(STR("\vx\f")), "\vx\f");
    assert_int_equal(str_trim(STR(" \0 ")).len, 1);
}

static void finding_a_byte(void **state)
{
    (void)state;
    size_t at = 99;
    assert_false(str_find(STR("abc"), 'z', &at));
    assert_int_equal(at, 99);
    assert_true(str_find(STR("abcabc"), 'c', &at));
    assert_int_equal(at, 2);
    assert_true(str_find(STR("ab\0\xFF"), '\0', &at));
    assert_int_equal(at, 2);
    assert_true(str_find(STR("ab\0\xFF"), '\xFF', &at));
    assert_int_equal(at, 3);
}

static char *parts_of(Arena *arena, Str rest)
{
    Buf joined = buf_new(arena, 1000);
    Str part;
    while (str_next(&rest, ',', &part))
        buf_printf(&joined, "<" STR_FMT ">", STR_ARG(part));
    CHECK(!str_next(&rest, ',', &part));
    return str_dup(arena, buf_str(&joined));
}

static void parts_between_separators(void **state)
{
    Arena *arena = *state;
    assert_string_equal(parts_of(arena, STR("a,,b")), "<a><><b>");
    assert_string_equal(parts_of(arena, STR("")), "<>");
    assert_string_equal(parts_of(arena, STR(",")), "<><>");
    assert_string_equal(parts_of(arena, STR("a,")), "<a><>");
    assert_string_equal(parts_of(arena, STR(",a")), "<><a>");
    assert_string_equal(parts_of(arena, STR("abc")), "<abc>");
    assert_string_equal(parts_of(arena, NOTHING), "");
    Str part = STR("kept"), rest = NOTHING;
    assert_false(str_next(&rest, ',', &part));
    assert_str(part, "kept");
}

static void copies_keep_every_byte(void **state)
{
    Arena *arena = *state;
    char source[] = "a\0b";
    Str copy = str_copy(arena, (Str){source, 3});
    source[0] = 'x';
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b\0", 4);
    assert_str(str_printf(arena, "%d-" STR_FMT, 5, STR_ARG(STR("abc"))), "5-abc");
}

static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(str_hash(STR("")) == UINT64_C(0xcbf29ce484222325));
    assert_true(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(str_hash(STR("foobar")) == UINT64_C(0x85944171f73967e8));
    assert_true(str_hash(STR("\xFF")) == UINT64_C(0xaf64724c8602eb6e));
}

static void a_buffer_grows_to_its_maximum_and_not_beyond(void **state)
{
    Arena *arena = *state;
    for (size_t max = 0; max < 600; max++) {
        ArenaMark mark = arena_mark(arena);
        Buf buf = buf_new(arena, max);
        assert_str(buf_str(&buf), "");
        for (size_t i = 0; i < max; i++)
            buf_add_char(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.len, max);
        assert_false(buf.over);
        buf_add(&buf, STR("")); /* nothing always fits */
        assert_false(buf.over);
        buf_add_char(&buf, '!');
        assert_true(buf.over);
        assert_int_equal(buf_str(&buf).len, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf_str(&buf).ptr[i], 'a' + i % 26);
        arena_rewind(arena, mark);
    }
}

static void a_part_fits_whole_or_not_at_all(void **state)
{
    Arena *arena = *state;
    Buf buf = buf_new(arena, 5);
    buf_add(&buf, STR("abc"));
    buf_add(&buf, STR("def"));
    assert_true(buf.over);
    assert_str(buf_str(&buf), "abc");
    buf_add(&buf, STR("d")); /* would fit, but `over` is sticky */
    buf_add_char(&buf, 'd');
    buf_printf(&buf, "d");
    assert_str(buf_str(&buf), "abc");
    buf_clear(&buf);
    assert_false(buf.over);
    assert_str(buf_str(&buf), "");
    buf_add(&buf, STR("12345"));
    assert_false(buf.over);
    assert_str(buf_str(&buf), "12345");
}

static void data_ends_in_nul_once_something_was_added(void **state)
{
    Arena *arena = *state;
    Buf buf = buf_new(arena, 1000);
    for (size_t i = 0; i < 1000; i++) {
        if (i % 3 == 0)
            buf_add(&buf, STR("x"));
        else
            buf_add_char(&buf, 'y');
        assert_int_equal(buf.data[buf.len], '\0');
    }
    buf_clear(&buf);
    assert_int_equal(buf.data[buf.len], '\0');
}

static void a_buffer_takes_a_slice_of_itself(void **state)
{
    Arena *arena = *state;
    Buf buf = buf_new(arena, 1 << 20);
    buf_add(&buf, STR("abc"));
    while (buf.len < 100000)
        buf_add(&buf, buf_str(&buf));
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], "abc"[i % 3]);
}

static void printing_into_a_buffer_of_any_length(void **state)
{
    Arena *arena = *state;
    for (size_t length = 250; length < 260; length++) { /* round the edge of the small path */
        Buf buf = buf_new(arena, 1000);
        buf_printf(&buf, "%0*d|", (int)length, 7);
        assert_int_equal(buf.len, length + 1);
        assert_int_equal(buf.data[length - 1], '7');
        assert_int_equal(buf.data[length], '|');
    }
    Buf buf = buf_new(arena, 300);
    buf_printf(&buf, "%0*d", 300, 7);
    assert_false(buf.over);
    buf_clear(&buf);
    buf_printf(&buf, "%0*d", 301, 7);
    assert_true(buf.over);
    assert_int_equal(buf.len, 0);
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[256], back[256];
    char text[513];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    hex_format(text, bytes, 256);
    assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_string_equal(text + 506, "fdfeff");
    assert_true(hex_parse((Str){text, 512}, back, 256));
    assert_memory_equal(back, bytes, 256);
    hex_format(text, bytes, 0);
    assert_string_equal(text, "");
    assert_true(hex_parse(STR(""), back, 0));
    assert_true(hex_parse(STR("aBCdEf"), back, 3));
    assert_memory_equal(back, "\xAB\xCD\xEF", 3);
}

static void hex_refuses_all_else(void **state)
{
    (void)state;
    uint8_t back[2] = {7, 7};
    assert_false(hex_parse(STR("abc"), back, 2));
    assert_false(hex_parse(STR("abcde"), back, 2));
    assert_false(hex_parse(STR(""), back, 2));
    assert_false(hex_parse(STR("0x12"), back, 2));
    assert_false(hex_parse(STR("12 4"), back, 2));
    assert_false(hex_parse(STR("12\0\0"), back, 2));
    for (int c = 0; c < 256; c++) {
        char text[] = {'1', '2', '3', (char)c};
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        uint8_t bytes[2];
        assert_int_equal(hex_parse((Str){text, 4}, bytes, 2), digit);
    }
    assert_memory_equal(back, "\7\7", 2); /* untouched on failure */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equality_is_of_bytes),
        TEST(folding_is_of_ascii_letters_only),
        TEST(prefixes_and_suffixes),
        TEST(the_null_slice_is_an_empty_slice),
        TEST(slices_are_cut_to_what_is_there),
        TEST(trimming_takes_blanks_and_nbsp),
        TEST(finding_a_byte),
        TEST(parts_between_separators),
        TEST(copies_keep_every_byte),
        TEST(the_hash_is_fnv_1a),
        TEST(a_buffer_grows_to_its_maximum_and_not_beyond),
        TEST(a_part_fits_whole_or_not_at_all),
        TEST(data_ends_in_nul_once_something_was_added),
        TEST(a_buffer_takes_a_slice_of_itself),
        TEST(printing_into_a_buffer_of_any_length),
        TEST(hex_goes_both_ways),
        TEST(hex_refuses_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
