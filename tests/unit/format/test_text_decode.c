/* Known bytes in many encodings, and what stands in the place of bytes that are no text; in pieces of several
 * sizes, which must make no difference. */
#include "format/text_decode.h"

#include "packing.h"

static const size_t SIZES[] = {1, 2, 3, 5, 8, 1000000};

static Error *decode(Arena *arena, Str file, const char *encoding, size_t size, Buf *out)
{
    TextDecode *decode = NULL;
    const TextEncoding *known = encoding == NULL ? NULL : text_encoding_find(str_from(encoding));
    assert_true(encoding == NULL || known != NULL);
    TRY(text_decode_open(arena, pieces_of(arena, file, size), known, &decode));
    return drain(arena, text_decode_source(decode), size, out);
}

#define gives(arena, encoding, file, expected)                                                     \
    test_gives((arena), (encoding), STR(file), STR(expected), __LINE__)

static void test_gives(Arena *arena, const char *encoding, Str file, Str expected, int line)
{
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        Buf out = buf_new(arena, 1 << 20);
        assert_no_error(decode(arena, file, encoding, SIZES[i], &out));
        if (str_equal(buf_str(&out), expected))
            continue;
        print_error("in pieces of %zu: \"" STR_FMT "\" (%zu bytes)\n", SIZES[i], (int)out.len,
                    out.data == NULL ? "" : out.data, out.len);
        _fail(__FILE__, line);
    }
}

static void utf_8_passes_good_or_not(void **state)
{
    gives(*state, NULL, "", "");
    gives(*state, NULL, "a,\xC3\xA9\n", "a,\xC3\xA9\n");
    gives(*state, NULL, "a,\xE9\n", "a,\xE9\n");
    gives(*state, "UTF8", "a,\xE9\n", "a,\xE9\n");
    gives(*state, NULL,
          "\xEF\xBB\xBF"
          "a",
          "\xEF\xBB\xBF"
          "a");
    gives(*state, NULL, "\xFF\xFE\0\0a\0\0\0",
          "\xFF\xFE\0\0a\0\0\0"); /* UTF-32 is not found by itself */
}

static void byte_order_mark_decides(void **state)
{
    gives(*state, NULL,
          "\xFF\xFE"
          "a\0\xAC\x20\n\0",
          "\xEF\xBB\xBF"
          "a\xE2\x82\xAC\n");
    gives(*state, NULL, "\xFE\xFF\0a\x20\xAC\0\n",
          "\xEF\xBB\xBF"
          "a\xE2\x82\xAC\n");
    gives(*state, NULL, "\xFE\xFF\xD8\x3D\xDE\x00", "\xEF\xBB\xBF\xF0\x9F\x98\x80");
    gives(*state, "windows-1252",
          "\xFF\xFE"
          "a\0",
          "\xEF\xBB\xBF"
          "a");
    gives(*state, "windows-1252", "\xEF\xBB\xBF\xC3\xA9", "\xEF\xBB\xBF\xC3\xA9");
    gives(*state, "utf-8", "\xFE\xFF\0a",
          "\xEF\xBB\xBF"
          "a");
    gives(*state, NULL, "\xFF\xFE", "\xEF\xBB\xBF");
}

static void named_encodings_are_converted(void **state)
{
    gives(*state, "windows-1252",
          "Est\xE9"
          "e \x80 5",
          "Est\xC3\xA9"
          "e \xE2\x82\xAC 5");
    gives(*state, "ISO 8859_1", "\xFC", "\xC3\xBC");
    gives(*state, "latin9", "\xA4", "\xE2\x82\xAC");
    gives(*state, "utf-16le", "a\0;\0b\0", "a;b");
    gives(*state, "utf-16be", "\0a\0;\0b", "a;b");
    gives(*state, "utf-32le", "a\0\0\0\x00\xF6\x01\0", "a\xF0\x9F\x98\x80");
    gives(*state, "cp1251", "\xC0\xE1", "\xD0\x90\xD0\xB1");
    gives(*state, "koi8-r", "\xC1", "\xD0\xB0");
    gives(*state, "cp850", "\x84", "\xC3\xA4");
    gives(*state, "macintosh", "\x8A", "\xC3\xA4");
    gives(*state, "Shift-JIS", "\x93\xFA\\", "\xE6\x97\xA5\\");
    gives(*state, "euc-jp", "\xC6\xFC", "\xE6\x97\xA5");
    gives(*state, "gbk", "\xC8\xD5", "\xE6\x97\xA5");
    gives(*state, "big5", "\xA4\xE9", "\xE6\x97\xA5");
    gives(*state, "euc-kr", "\xC0\xCF", "\xEC\x9D\xBC");
    gives(*state, "windows-1258", "a\xCC",
          "\xC3\xA0"); /* a letter held back until its mark is seen */
    gives(*state, "windows-1258", "a", "a");
    gives(*state, "us-ascii", "abc", "abc");
}

static void bytes_that_are_no_text_are_marked(void **state)
{
    gives(*state, "us-ascii", "a\xE9,b", "a\xFF,b");
    gives(*state, "windows-1252", "\x81x\x8D", "\xFFx\xFF");
    gives(*state, "utf-16le", "a\0\x3D\xD8,\0b\0", "a\xFF,b"); /* half of a pair */
    gives(*state, "utf-16be", "\0a\xDE\x00\0,\0b", "a\xFF,b");
    gives(*state, "utf-16le", "a\0b", "a\xFF"); /* half of a character */
    gives(*state, "utf-16le", "a\0\x3D\xD8", "a\xFF");
    gives(*state, NULL,
          "\xFF\xFE"
          "a\0b",
          "\xEF\xBB\xBF"
          "a\xFF");
    gives(*state, "Shift_JIS", "a\x93", "a\xFF");
    gives(*state, "gb18030",
          "\xFF"
          "a",
          "\xFF"
          "a");
    gives(*state, "windows-1252", "a\0b", "a\0b"); /* NUL is a character; who reads on refuses it */
}

/* Where the intake ends in the middle of a character, and where what came out fills its room. */
static void long_texts_come_whole(void **state)
{
    Arena *arena = *state;
    Buf file = buf_new(arena, 1 << 20), expected = buf_new(arena, 1 << 20);
    buf_add(&file, STR("\xFF\xFE"));
    buf_add(&expected, STR("\xEF\xBB\xBF"));
    for (size_t i = 0; i < 70000; i++) {
        buf_add(&file, i % 3 == 0 ? STR("\x3D\xD8\x00\xDE") : STR("\xAC\x20"));
        buf_add(&expected, i % 3 == 0 ? STR("\xF0\x9F\x98\x80") : STR("\xE2\x82\xAC"));
    }
    static const size_t sizes[] = {3, 4096, 1000000};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        Buf out = buf_new(arena, 1 << 20);
        assert_no_error(decode(arena, buf_str(&file), NULL, sizes[i], &out));
        assert_true(str_equal(buf_str(&out), buf_str(&expected)));
    }
}

static void what_is_no_text_in_any_encoding_is_refused(void **state)
{
    Buf out = buf_new(*state, 100);
    Error *error = decode(*state, STR("PK\003\004rest of a workbook"), "windows-1252", 100, &out);
    assert_error(
        error, ERROR_UNSUPPORTED,
        "This is an Excel workbook or another zip archive, not a CSV file; if it came from a "
        "spreadsheet, open it there and save it as CSV (UTF-8).");
    assert_string_equal(error->reason, "not_csv");
}

static void names_are_found_however_they_are_written(void **state)
{
    (void)state;
    assert_string_equal(text_encoding_find(STR(" Windows_1252 "))->name, "windows-1252");
    assert_string_equal(text_encoding_find(STR("CP1252"))->name, "windows-1252");
    assert_string_equal(text_encoding_find(STR("ISO8859-15"))->name, "iso-8859-15");
    assert_string_equal(text_encoding_find(STR("UTF 16 LE"))->name, "utf-16le");
    assert_null(text_encoding_find(STR("utf-7")));
    assert_null(text_encoding_find(STR("")));
    assert_null(text_encoding_find(STR("utf-8//IGNORE")));
    assert_null(text_encoding_find(STR("utf-88")));
    assert_null(text_encoding_find(STR("utf")));
}

/* Every name that is offered has a converter, and its converter knows ASCII. */
static void every_encoding_is_there(void **state)
{
    Arena *arena = *state;
    Str rest = str_from(text_encoding_names(arena)), name;
    size_t count = 0;
    while (str_next(&rest, ',', &name)) {
        const TextEncoding *encoding = text_encoding_find(name);
        assert_non_null(encoding);
        assert_str(str_trim(name), encoding->name);
        TextDecode *decode = NULL;
        assert_no_error(text_decode_open(arena, byte_source_from_str(arena, STR("a\0\0\0,\0\0\0")),
                                         encoding, &decode));
        Buf out = buf_new(arena, 1000);
        assert_no_error(drain(arena, text_decode_source(decode), 100, &out));
        if (encoding->unit == 1)
            assert_true(str_equal(buf_str(&out), STR("a\0\0\0,\0\0\0")));
        count++;
    }
    assert_int_equal(count, 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(utf_8_passes_good_or_not),
        TEST(byte_order_mark_decides),
        TEST(named_encodings_are_converted),
        TEST(bytes_that_are_no_text_are_marked),
        TEST(long_texts_come_whole),
        TEST(what_is_no_text_in_any_encoding_is_refused),
        TEST(names_are_found_however_they_are_written),
        TEST(every_encoding_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
