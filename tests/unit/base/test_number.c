/* Numbers against the C library and against arithmetic done by hand: every text is the double nearest
 * to it, every double is written in the fewest digits that read back, and nothing else is a number. */
#include "base/number.h"
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

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
    static const char *const texts[] = {
        "",      "+",    "-",     ".",     "+.",       "e5",   ".e5",  "-e5",   "1e",    "1e+",
        "1e-",   "1.2.3", "1..2", " 1",    "1 ",       "\t1",  "1\n",  "1,5",   "1,234.5", "0x10",
        "0x1p3", "nan",  "NaN",   "inf",   "-inf",     "infinity", "12%", "$1",  "1_000", "1e5.5",
        "--1",   "+-1",  "-+1",   "1-",    "1+",       "1e1e1", "1f",  "1d",    "1L",    "1e--5",
        "(1)",   "1'000", "\xC2\xA0" "1",  "\xD9\xA1", "\xEF\xBC\x91", "\xE2\x88\x92" "1", "1e 5",
        "NM",    "N/A",  "null",  "e",     "E",        "1ee5", "1/2",  "1:2",   "0b1",   "1e0x5",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        assert_refused(str_from(texts[i]), NUMBER_MALFORMED);
    assert_refused(((Str){NULL, 0}), NUMBER_MALFORMED);
    assert_refused(STR("1\0"), NUMBER_MALFORMED);
    assert_refused(STR("\0" "1"), NUMBER_MALFORMED);
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
    assert_parses(STR("9007199254740993.00000000000000000000000000000000000001"), 9007199254740994.0);
    assert_parses(STR("9007199254740992.99999999999999999999999999999999999999"), 9007199254740992.0);
    assert_parses(repeated(arena, "9007199254740993.", '0', 5000, "1"), 9007199254740994.0);
    assert_parses(repeated(arena, "9007199254740993.", '0', 5000, "0"), 9007199254740992.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203125"), 1.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203124"), 1.0);
    assert_parses(STR("1.00000000000000011102230246251565404236316680908203126"), 0x1.0000000000001p0);
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

static double random_double(uint64_t *seed)
{
    for (;;) {
        uint64_t bits = test_random(seed);
        switch (test_below(seed, 8)) {
        case 0: /* denormal */
            bits &= UINT64_C(0x800fffffffffffff);
            break;
        case 1: /* a power of two or a neighbour */
            bits = (bits & UINT64_C(0x7ff0000000000000)) + test_below(seed, 3) - 1;
            break;
        case 2:
        case 3: /* as people write them: a few digits */
            return (double)(int64_t)(bits >> 40) / pow(10, (double)test_below(seed, 8));
        case 4: /* probabilities */
            return (double)(bits >> 11) * 0x1p-53;
        default:
            break;
        }
        if (isfinite(double_of(bits)))
            return double_of(bits);
    }
}

static void every_double_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 3;
    char text[NUMBER_TEXT_SIZE];
    for (size_t round = 0; round < test_rounds(3000000); round++) {
        double value = random_double(&seed), back = 0;
        size_t length = number_format(text, value);
        if (length != strlen(text) || number_parse((Str){text, length}, &back) != NUMBER_OK ||
            bits_of(back) != bits_of(value) || bits_of(strtod(text, NULL)) != bits_of(value))
            fail_msg("%a is written as \"%s\"", value, text);
    }
}

/* RFC 8259: number = [ minus ] int [ frac ] [ exp ] */
static bool is_json_number(const char *p)
{
    p += *p == '-';
    if (*p == '0')
        p++;
    else if (strspn(p, "0123456789") == 0)
        return false;
    else
        p += strspn(p, "0123456789");
    if (*p == '.') {
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0)
            return false;
        p += 1 + digits;
    }
    if (*p == 'e') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        size_t digits = strspn(p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    return *p == '\0';
}

static size_t significant_digits(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

/* Of each length the decimal next to the value and its two neighbours are tried: of all decimals of
 * that length no other one can be nearer. */
static size_t fewest_digits(double value)
{
    for (int digits = 1; digits < 17; digits++) {
        char text[40];
        snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
        char *e = strchr(text, 'e');
        CHECK(e != NULL);
        uint64_t whole = 0;
        for (const char *p = text; p < e; p++)
            if (*p != '.')
                whole = whole * 10 + (uint64_t)(*p - '0');
        int exponent = (int)strtol(e + 1, NULL, 10) - (digits - 1);
        for (uint64_t candidate = whole - 1; candidate <= whole + 1; candidate++) {
            snprintf(text, sizeof text, "%llue%d", (unsigned long long)candidate, exponent);
            if (strtod(text, NULL) == fabs(value))
                return (size_t)digits;
        }
    }
    return 17;
}

static bool report_if_not_shortest(double value)
{
    char text[NUMBER_TEXT_SIZE];
    number_format(text, value);
    if (!is_json_number(text))
        fail_msg("%a is written as \"%s\", which is not JSON", value, text);
    if (value == 0 || significant_digits(text) == fewest_digits(value))
        return false;
    print_error("%a is written as \"%s\", but %zu digits do\n", value, text, fewest_digits(value));
    return true;
}

static void random_doubles_are_written_in_the_fewest_digits(void **state)
{
    (void)state;
    uint64_t seed = 4;
    size_t longer = 0;
    for (size_t round = 0; round < test_rounds(100000); round++) {
        double value = double_of(test_random(&seed)); /* normal ones; powers of two come below */
        if (round % 2 == 0)
            value = (double)(test_random(&seed) >> 11) * 0x1p-53;
        if (isnormal(value) && longer < 5)
            longer += report_if_not_shortest(value);
    }
    assert_int_equal(longer, 0);
}

static void powers_of_two_are_written_in_the_fewest_digits(void **state)
{
    (void)state;
    size_t longer = 0;
    for (int exponent = -1022; exponent < 1024 && longer < 5; exponent++) {
        longer += report_if_not_shortest(ldexp(1, exponent));
        longer += report_if_not_shortest(-nextafter(ldexp(1, exponent), 0));
        longer += report_if_not_shortest(nextafter(ldexp(1, exponent), INFINITY));
    }
    assert_int_equal(longer, 0);
}

static void denormals_are_written_in_the_fewest_digits(void **state)
{
    (void)state;
    size_t longer = 0;
    for (uint64_t bits = 1; bits < 1000 && longer < 5; bits++)
        longer += report_if_not_shortest(double_of(bits));
    for (uint64_t bits = 1; bits < UINT64_C(0x0010000000000000) && longer < 5; bits = bits * 3 + 1)
        longer += report_if_not_shortest(double_of(bits));
    assert_int_equal(longer, 0);
}

static void texts_as_json_writes_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {2.0 / 3.0, "0.6666666666666666"},
        {100000000.0, "100000000"},
        {123456789012345.0, "123456789012345"},
        {1234567890123456.0, "1234567890123456"},
        {9007199254740993.0, "9007199254740992"},
        {0.0001, "0.0001"},
        {1e-7, "1e-07"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9.999999999999997e22, "9.999999999999997e+22"},
        {5e-324, "5e-324"},
        {0x1p-44, "5.684341886080802e-14"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[NUMBER_TEXT_SIZE];
        size_t length = number_format(text, rows[i].value);
        if (length == strlen(text) && strcmp(text, rows[i].text) == 0)
            continue;
        print_error("%a is written as \"%s\", not \"%s\"\n", rows[i].value, text, rows[i].text);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void format_infinity(void)
{
    char text[NUMBER_TEXT_SIZE];
    number_format(text, INFINITY);
}

static void format_nan(void)
{
    char text[NUMBER_TEXT_SIZE];
    number_format(text, NAN);
}

static void only_finite_numbers_are_written(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, format_infinity, "isfinite(value)");
    assert_dies(arena, format_nan, "isfinite(value)");
}

/* Where the machine has a locale with a decimal comma, it changes nothing; and it stays as it was. */
static void the_locale_of_the_process_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "pl_PL.UTF-8", "C.UTF-8"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        locale_t before = uselocale((locale_t)0);
        char text[NUMBER_TEXT_SIZE];
        number_format(text, 1234.5678901234567);
        assert_string_equal(text, "1234.5678901234567");
        assert_parses(STR("1234.5678901234567"), 1234.5678901234567);
        assert_refused(STR("1234,5678901234567"), NUMBER_MALFORMED);
        assert_true(uselocale((locale_t)0) == before);
    }
    setlocale(LC_ALL, "C");
}

static void *format_and_parse(void *failures)
{
    uint64_t seed = (uint64_t)(uintptr_t)failures;
    for (size_t round = 0; round < test_rounds(20000); round++) {
        char text[NUMBER_TEXT_SIZE];
        double value = random_double(&seed), back = 0;
        size_t length = number_format(text, value);
        if (number_parse((Str){text, length}, &back) != NUMBER_OK || back != value)
            (*(size_t *)failures)++;
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t failures[4] = {0};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, format_and_parse, &failures[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
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
    static const char *const texts[] = {"",    "+",   "-",   "--1", "+-1", " 1", "1 ", "1.0", "1.",
                                        "1e2", "0x1", "1,0", "a",   "1a",  "%1", "1-", "\xD9\xA1"};
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
        TEST(every_double_reads_back),
        TEST(random_doubles_are_written_in_the_fewest_digits),
        TEST(powers_of_two_are_written_in_the_fewest_digits),
        TEST(denormals_are_written_in_the_fewest_digits),
        TEST(texts_as_json_writes_them),
        TEST(only_finite_numbers_are_written),
        TEST(the_locale_of_the_process_does_not_matter),
        TEST(threads_do_not_meet),
        TEST(whole_numbers),
        TEST(what_is_no_whole_number),
        TEST(every_whole_number_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
