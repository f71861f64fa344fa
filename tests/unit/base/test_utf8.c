/* UTF-8: every code point and every sequence of up to four bytes, against a judgement by value rather
 * than by table: a sequence is good when its code point is allowed and needs that many bytes. */
#include "base/utf8.h"
#include "test.h"

/* The size of the good sequence at the front, or 0. */
static size_t judge(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t size = (p[0] & 0xE0) == 0xC0   ? 2
                  : (p[0] & 0xF0) == 0xE0 ? 3
                  : (p[0] & 0xF8) == 0xF0 ? 4
                                          : 0;
    if (size == 0 || size > left)
        return 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code_point = p[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
        code_point = code_point * 64 + (p[i] - 0x80u);
    }
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point < least[size] || code_point > 0x10FFFF || surrogate ? 0 : size;
}

static void verify(const uint8_t *bytes, size_t size)
{
    size_t at = 0, bad_at = SIZE_MAX;
    while (at < size) {
        size_t step = judge(bytes + at, size - at);
        if (step == 0)
            break;
        at += step;
    }
    bool good = utf8_check((Str){(const char *)bytes, size}, &bad_at);
    if (good != (at == size) || bad_at != (good ? SIZE_MAX : at))
        fail_msg("%02x %02x %02x %02x (%zu bytes): %s, first bad byte %zd", bytes[0],
                 size > 1 ? bytes[1] : 0, size > 2 ? bytes[2] : 0, size > 3 ? bytes[3] : 0, size,
                 good ? "good" : "bad", (ssize_t)bad_at);
}

static void every_one_and_two_bytes(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[2] = {(uint8_t)first};
        verify(bytes, 1);
        for (unsigned second = 0; second < 256; second++) {
            bytes[1] = (uint8_t)second;
            verify(bytes, 2);
        }
    }
}

static void every_three_bytes_that_begin_high(void **state)
{
    (void)state;
    unsigned step = getenv("OBLIGOR_TEST_QUICK") != NULL ? 7 : 1;
    for (unsigned first = 0xC0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            for (unsigned third = 0; third < 256; third += step)
                verify((uint8_t[]){(uint8_t)first, (uint8_t)second, (uint8_t)third}, 3);
}

static void every_four_bytes_at_their_edges(void **state)
{
    (void)state;
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                    0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
    for (unsigned first = 0xC0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t i = 0; i < sizeof edges; i++)
                for (size_t j = 0; j < sizeof edges; j++)
                    verify((uint8_t[]){(uint8_t)first, (uint8_t)second, edges[i], edges[j]}, 4);
}

static void every_code_point_goes_both_ways(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF)
            continue;
        char bytes[4];
        size_t size = utf8_encode(bytes, code_point), taken = 0, at;
        size_t expected = code_point < 0x80      ? 1
                          : code_point < 0x800   ? 2
                          : code_point < 0x10000 ? 3
                                                 : 4;
        if (size != expected || !utf8_check((Str){bytes, size}, &at) ||
            utf8_decode((Str){bytes, size}, &taken) != code_point || taken != size ||
            utf8_length((Str){bytes, size}) != 1)
            fail_msg("U+%04X", (unsigned)code_point);
    }
}

static void known_bytes(void **state)
{
    (void)state;
    char bytes[4];
    assert_int_equal(utf8_encode(bytes, 0x20AC), 3);
    assert_memory_equal(bytes, "\xE2\x82\xAC", 3);
    assert_int_equal(utf8_encode(bytes, 0x1F600), 4);
    assert_memory_equal(bytes, "\xF0\x9F\x98\x80", 4);
    assert_int_equal(utf8_encode(bytes, 0x10FFFF), 4);
    assert_memory_equal(bytes, "\xF4\x8F\xBF\xBF", 4);
    size_t size;
    assert_int_equal(utf8_decode(STR("\xC3\xA4xyz"), &size), 0xE4); /* more may follow */
    assert_int_equal(size, 2);
}

/* The check takes eight ASCII bytes at a time: a bad byte is found at every offset and length. */
static void a_bad_byte_is_found_wherever_it_is(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "\xFF"};
    for (size_t length = 0; length < 40; length++)
        for (size_t offset = 0; offset <= length; offset++)
            for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                char text[64];
                memset(text, 'a', sizeof text);
                size_t size = strlen(bad[i]), at = SIZE_MAX;
                memcpy(text + offset, bad[i], size);
                assert_false(utf8_check((Str){text, length + size}, &at));
                assert_int_equal(at, offset);
            }
}

static void a_cut_off_end_is_bad(void **state)
{
    (void)state;
    static const char *const texts[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        for (size_t before = 0; before < 20; before++)
            for (size_t keep = 1; keep < strlen(texts[i]); keep++) {
                char text[32]; /* what stands behind the slice would complete the sequence */
                memset(text, 'a', sizeof text);
                memcpy(text + before, texts[i], strlen(texts[i]));
                size_t at = SIZE_MAX;
                assert_false(utf8_check((Str){text, before + keep}, &at));
                assert_int_equal(at, before);
            }
}

static void random_bytes_agree_with_the_judgement(void **state)
{
    (void)state;
    uint64_t seed = 8;
    static const uint8_t likely[] = {0x41, 0x80, 0xBF, 0xC2, 0xC3, 0xE0,
                                     0xE2, 0xED, 0xF0, 0xF4, 0xA0};
    for (size_t round = 0; round < test_rounds(500000); round++) {
        uint8_t bytes[32];
        size_t size = test_below(&seed, sizeof bytes) + 1;
        for (size_t i = 0; i < size; i++)
            bytes[i] = test_below(&seed, 3) == 0 ? likely[test_below(&seed, sizeof likely)] : 'a';
        verify(bytes, size);
    }
}

static void nothing_is_good(void **state)
{
    (void)state;
    size_t at = 99;
    assert_true(utf8_check(STR(""), &at));
    assert_true(utf8_check((Str){NULL, 0}, &at));
    assert_true(utf8_check(STR("a\0b"), &at));
    assert_int_equal(at, 99);
    assert_int_equal(utf8_length((Str){NULL, 0}), 0);
    assert_str(utf8_cut((Str){NULL, 0}, 0), "");
    assert_str(utf8_cut((Str){NULL, 0}, 5), "");
}

static void length_counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
    assert_int_equal(utf8_length(STR("e\xCC\x81")), 2); /* a combining accent counts */
    assert_int_equal(utf8_length(STR("\0\0")), 2);
}

static void a_cut_keeps_whole_code_points(void **state)
{
    (void)state;
    Str text = STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z");
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t max = 0; max < ARRAY_COUNT(expected); max++) {
        Str cut = utf8_cut(text, max);
        assert_int_equal(cut.len, expected[max]);
        assert_ptr_equal(cut.ptr, text.ptr);
    }
    assert_int_equal(utf8_cut(text, SIZE_MAX).len, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_one_and_two_bytes),
        TEST(every_three_bytes_that_begin_high),
        TEST(every_four_bytes_at_their_edges),
        TEST(every_code_point_goes_both_ways),
        TEST(known_bytes),
        TEST(a_bad_byte_is_found_wherever_it_is),
        TEST(a_cut_off_end_is_bad),
        TEST(random_bytes_agree_with_the_judgement),
        TEST(nothing_is_good),
        TEST(length_counts_code_points),
        TEST(a_cut_keeps_whole_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
