/* Reading numbers, against the C library and against arithmetic done by hand: every text is the double
 * nearest to it, and nothing else is a number. */
#include "base/number.h"
#include "test.h"

#include <float.h>
#include <math.h>

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define assert_parses(text, expected) parses((text), (expected), __FILE__, __LINE__)

static void parses(Str text, double expected, const char *file, int line)
{
    double value = 12345;
    NumberResult result = number_parse(text, &value);
    if (result == NUMBER_OK && bits_of(value) == bits_of(expected))
        return;
    Str shown = str_slice(text, 0, 60);
    print_error("\"" STR_FMT "\" (%zu bytes) gives %d, %a, not %a\n", STR_ARG(shown), text.len,
                (int)result, value, expected);
    _fail(file, line);
}

#define assert_refused(text, expected) refused((text), (expected), __FILE__, __LINE__)

static void refused(Str text, NumberResult expected, const char *file, int line)
{
    double value = 12345;
    NumberResult result = number_parse(text, &value);
    if (result == expected && value == 12345)
        return;
    Str shown = text.len == 0 ? STR("") : str_slice(text, 0, 60);
    print_error("\"" STR_FMT "\" (%zu bytes) gives %d, %a, not %d\n", STR_ARG(shown), text.len,
                (int)result, value, (int)expected);
    _fail(file, line);
}

/* `before`, then `count` times `digit`, then `behind`. */
static Str repeated(Arena *arena, const char *before, char digit, size_t count, const char *behind)
{
    Buf text = buf_new(arena, SIZE_MAX / 2);
    buf_add(&text, str_from(before));
    char *run = arena_alloc_raw(arena, count + 1);
    memset(run, digit, count);
    buf_add(&text, (Str){run, count});
    buf_add(&text, str_from(behind));
    return buf_str(&text);
}

static void plain_decimals(void **state)
{
    (void)state;
    assert_parses(STR("0"), 0.0);
    assert_parses(STR("-0"), -0.0);
    assert_parses(STR("+0.0e5"), 0.0);
    assert_parses(STR("-0e-99999"), -0.0);
    assert_parses(STR("1"), 1.0);
    assert_parses(STR("+1"), 1.0);
    assert_parses(STR("-1.5"), -1.5);
    assert_parses(STR("0.1"), 0.1);
    assert_parses(STR(".5"), 0.5);
    assert_parses(STR("5."), 5.0);
    assert_parses(STR("5.e1"), 50.0);
    assert_parses(STR("007"), 7.0);
    assert_parses(STR("1e5"), 1e5);
    assert_parses(STR("1E+05"), 1e5);
    assert_parses(STR("1.5e-3"), 1.5e-3);
    assert_parses(STR("123456789.123456789"), 123456789.123456789);
    assert_parses(str_slice(STR("123456"), 1, 4), 234.0); /* what stands behind is not read */
}

static void what_is_no_plain_decimal(void **state)
{
    (void)state;
    Str rest = STR("|+|-|.|+.|e5|.e5|-e5|1e|1e+|1e-|1.2.3|1..2| 1|1 |\t1|1\n|1,5|1,234.5|"
                   "0x10|0x1p3|nan|NaN|inf|-inf|infinity|12%|$1|1_000|1e5.5|--1|+-1|-+1|"
                   "1-|1+|1e1e1|1f|1d|1L|1e--5|(1)|1'000|\302\2401|\xD9\xA1|\xEF\xBC\x91|"
                   "\342\210\2221|1e 5|NM|N/A|null|e|E|1ee5|1/2|1:2|0b1|1e0x5"),
        text;
    while (str_next(&rest, '|', &text))
        assert_refused(text, NUMBER_MALFORMED);
    assert_refused(((Str){NULL, 0}), NUMBER_MALFORMED);
    assert_refused(STR("1\0"), NUMBER_MALFORMED);
    assert_refused(((Str){"\0001", 2}), NUMBER_MALFORMED);
    assert_refused(STR("1e400x"), NUMBER_MALFORMED); /* not "too large": it is no number at all */
}

static void the_range_of_a_double(void **state)
{
    Arena *arena = *state;
    assert_parses(STR("1.7976931348623157e308"), DBL_MAX);
    assert_parses(STR("1.7976931348623158e308"), DBL_MAX);
    assert_refused(STR("1.7976931348623159e308"), NUMBER_TOO_LARGE);
    assert_refused(STR("-1.7976931348623159e308"), NUMBER_TOO_LARGE);
    assert_refused(STR("1e309"), NUMBER_TOO_LARGE);
    assert_refused(STR("1e400"), NUMBER_TOO_LARGE);
    assert_refused(STR("-1e400"), NUMBER_TOO_LARGE);
    assert_refused(STR("0.00001e314"), NUMBER_TOO_LARGE);
    assert_parses(STR("2.2250738585072014e-308"), DBL_MIN);
    assert_parses(STR("2.2250738585072011e-308"), double_of(UINT64_C(0x000fffffffffffff)));
    assert_parses(STR("2.2250738585072012e-308"), DBL_MIN);
    assert_parses(STR("5e-324"), double_of(1));
    assert_parses(STR("4.9406564584124654e-324"), double_of(1));
    assert_parses(STR("2.4703282292062328e-324"), double_of(1));
    assert_parses(STR("2.4703282292062327e-324"), 0.0);
    assert_parses(STR("-2.4703282292062327e-324"), -0.0);
    assert_parses(STR("1e-400"), 0.0);
    assert_parses(STR("-1e-400"), -0.0);
    assert_refused(repeated(arena, "", '9', 309, ""), NUMBER_TOO_LARGE);
    assert_refused(repeated(arena, "", '9', 400000, ".5"), NUMBER_TOO_LARGE);
}

static void ties_go_to_even(void **state)
{
    Arena *arena = *state;
    assert_parses(STR("9007199254740992"), 9007199254740992.0);
    assert_parses(STR("9007199254740993"), 9007199254740992.0);
    assert_parses(STR("9007199254740994"), 9007199254740994.0);
    assert_parses(STR("9007199254740995"), 9007199254740996.0);
    assert_parses(STR("-9007199254740993"), -9007199254740992.0);
    assert_parses(STR("9007199254740993.00000000000000000000000000000000000001"),
                  9007199254740994.0);
    assert_parses(STR("9007199254740992.99999999999999999999999999999999999999"),
                  9007199254740992.0);
    assert_parses(repeated(arena, "9007199254740993.", '0', 5000, "1"), 9007199254740994.0);
    assert_parses(repeated(arena, "9007199254740993.", '0', 5000, "0"), 9007199254740992.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203125"), 1.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203124"), 1.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203126"),
                  0x1.0000000000001p0);
    assert_parses(STR("1e23"), 1e23);
    assert_parses(STR("8.5e22"), 8.5e22);
    assert_parses(STR("9007199254740991e22"), 9007199254740991e22);
    assert_parses(STR("9007199254740993e22"), 9007199254740993e22);
    assert_parses(STR("9007199254740991e-22"), 9007199254740991e-22);
    assert_parses(STR("9007199254740991e-23"), 9007199254740991e-23);
}

/* Writes half of the decimal fraction "0.d1d2…" behind `text`, by long division. */
static Str halved(Arena *arena, const char *text)
{
    size_t length = strlen(text);
    char *half = arena_alloc(arena, length + 2);
    int rest = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] == '.') {
            half[i] = '.';
            continue;
        }
        int digit = rest * 10 + (i < length ? text[i] - '0' : 0);
        half[i] = (char)('0' + digit / 2);
        rest = digit % 2;
    }
    CHECK(rest == 0);
    return str_from(half);
}

/* The points between the two lowest doubles and zero, in all their 1,075 digits. */
static void exact_halves_of_the_smallest_double(void **state)
{
    Arena *arena = *state;
    Str tie = halved(arena, arena_printf(arena, "%.1074f", double_of(1)));
    assert_parses(tie, 0.0);
    assert_parses(str_printf(arena, STR_FMT "0000", STR_ARG(tie)), 0.0);
    assert_parses(str_printf(arena, STR_FMT "0001", STR_ARG(tie)), double_of(1));
    char *below = str_dup(arena, tie);
    CHECK(below[tie.len - 1] == '5');
    below[tie.len - 1] = '4';
    assert_parses(str_from(below), 0.0);
    tie = halved(arena, arena_printf(arena, "%.1074f", double_of(3)));
    assert_parses(tie, double_of(2)); /* 1.5: to even */
    tie = halved(arena, arena_printf(arena, "%.1074f", double_of(5)));
    assert_parses(tie, double_of(2)); /* 2.5: to even */
}

static void any_count_of_digits(void **state)
{
    Arena *arena = *state;
    assert_parses(repeated(arena, "", '0', 100000, "7"), 7.0);
    assert_parses(repeated(arena, "-", '0', 100000, ""), -0.0);
    assert_parses(repeated(arena, "0.", '0', 10000, "1e10001"), 1.0);
    assert_parses(repeated(arena, "1", '0', 10000, "e-10000"), 1.0);
    assert_parses(repeated(arena, "1.", '0', 100000, ""), 1.0);
    assert_parses(repeated(arena, "0.", '3', 100000, ""), 0x1.5555555555555p-2);
    for (size_t count = 1; count < 400; count++) { /* lengths round each limit: 19, 22, 128, 309 */
        Str text = repeated(arena, "", '1', count, "");
        if (count <= 309)
            assert_parses(text, strtod(text.ptr, NULL));
        text = repeated(arena, "0.", '0', count, "123");
        assert_parses(text, strtod(text.ptr, NULL));
        text = repeated(arena, "", '0', count, "9007199254740993");
        assert_parses(text, 9007199254740992.0);
    }
}

static void any_size_of_exponent(void **state)
{
    Arena *arena = *state;
    assert_refused(STR("1e999999999999999999999999999"), NUMBER_TOO_LARGE);
    assert_refused(STR("1e4294967296"), NUMBER_TOO_LARGE);
    assert_refused(STR("1e18446744073709551616"), NUMBER_TOO_LARGE);
    assert_parses(STR("1e-999999999999999999999999999"), 0.0);
    assert_parses(STR("-1e-4294967296"), -0.0);
    assert_parses(STR("1e-18446744073709551616"), 0.0);
    assert_parses(STR("0e999999999999999999999999999"), 0.0);
    assert_parses(STR("0.000e-18446744073709551616"), 0.0);
    assert_parses(repeated(arena, "1e", '0', 1000, "5"), 1e5);
    assert_parses(repeated(arena, "1e-", '0', 1000, "5"), 1e-5);
}

/* Zeros behind the point and a huge exponent must not cancel out where they are not of one size. */
static void a_huge_exponent_is_not_cut_short(void **state)
{
    Arena *arena = *state;
    assert_parses(repeated(arena, "0.", '0', 999999, "1e1000000"), 1.0);
    assert_refused(repeated(arena, "0.", '0', 999999, "1e100000000"), NUMBER_TOO_LARGE);
    assert_refused(repeated(arena, "0.", '0', 999999, "1e10000001"), NUMBER_TOO_LARGE);
}

static void random_decimals_agree_with_the_c_library(void **state)
{
    (void)state;
    uint64_t seed = 2;
    char text[80];
    for (size_t round = 0; round < test_rounds(3000000); round++) {
        size_t length = 0, digits = 1 + test_below(&seed, round % 64 == 0 ? 40 : 20);
        size_t point = test_below(&seed, digits + 2);
        if (test_below(&seed, 2) == 0)
            text[length++] = '-';
        for (size_t i = 0; i < digits; i++) {
            if (i == point)
                text[length++] = '.';
            text[length++] = (char)('0' + test_below(&seed, 10));
        }
        size_t dice = test_below(&seed, 8);
        if (dice > 2) {
            int range = dice == 3 ? 345 : 30;
            int exponent = (int)test_below(&seed, 2 * (size_t)range) - range;
            length += (size_t)snprintf(text + length, 8, "e%d", exponent);
        }
        text[length] = '\0';
        double expected = strtod(text, NULL);
        if (isfinite(expected))
            assert_parses(((Str){text, length}), expected);
        else
            assert_refused(((Str){text, length}), NUMBER_TOO_LARGE);
    }
}

#define assert_int(text, low, high, expected)                                                      \
    do {                                                                                           \
        int64_t value_ = 77;                                                                       \
        assert_true(number_parse_int((text), (low), (high), &value_));                             \
        assert_true(value_ == (expected));                                                         \
    } while (0)

#define assert_no_int(text, low, high)                                                             \
    do {                                                                                           \
        int64_t value_ = 77;                                                                       \
        assert_false(number_parse_int((text), (low), (high), &value_));                            \
        assert_true(value_ == 77);                                                                 \
    } while (0)

static void whole_numbers(void **state)
{
    Arena *arena = *state;
    assert_int(STR("0"), 0, 0, 0);
    assert_int(STR("-0"), 0, 0, 0);
    assert_int(STR("+42"), 0, 100, 42);
    assert_int(STR("-42"), -42, -42, -42);
    assert_int(repeated(arena, "", '0', 1000, "7"), 0, 10, 7);
    assert_int(STR("9223372036854775807"), INT64_MIN, INT64_MAX, INT64_MAX);
    assert_int(STR("-9223372036854775807"), INT64_MIN, INT64_MAX, -INT64_MAX);
    assert_int(STR("-9223372036854775808"), INT64_MIN, INT64_MAX, INT64_MIN);
    assert_no_int(STR("9223372036854775808"), INT64_MIN, INT64_MAX);
    assert_no_int(STR("-9223372036854775809"), INT64_MIN, INT64_MAX);
    assert_no_int(STR("18446744073709551616"), INT64_MIN, INT64_MAX);
    assert_no_int(STR("92233720368547758070"), INT64_MIN, INT64_MAX);
    assert_no_int(STR("1"), 2, 3);
    assert_int(STR("2"), 2, 3, 2);
    assert_int(STR("3"), 2, 3, 3);
    assert_no_int(STR("4"), 2, 3);
}

static void what_is_no_whole_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "+",   "-",  "--1", "+-1",     " 1",
                                        "1 ", "1.0", "1.", "1e2", "0x1",     "1,0",
                                        "a",  "1a",  "%1", "1-",  "\xD9\xA1"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        assert_no_int(str_from(texts[i]), INT64_MIN, INT64_MAX);
    assert_no_int(((Str){NULL, 0}), INT64_MIN, INT64_MAX);
    assert_no_int(STR("1\0"), INT64_MIN, INT64_MAX);
}

static void every_whole_number_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (size_t round = 0; round < test_rounds(1000000); round++) {
        int64_t value = (int64_t)test_random(&seed) >> test_below(&seed, 64);
        char text[32];
        size_t length = (size_t)snprintf(text, sizeof text, "%lld", (long long)value);
        int64_t back = ~value;
        if (!number_parse_int((Str){text, length}, value, value, &back) || back != value)
            fail_msg("%s reads as %lld", text, (long long)back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_decimals),
        TEST(what_is_no_plain_decimal),
        TEST(the_range_of_a_double),
        TEST(ties_go_to_even),
        TEST(exact_halves_of_the_smallest_double),
        TEST(any_count_of_digits),
        TEST(any_size_of_exponent),
        TEST(a_huge_exponent_is_not_cut_short),
        TEST(random_decimals_agree_with_the_c_library),
        TEST(whole_numbers),
        TEST(what_is_no_whole_number),
        TEST(every_whole_number_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
