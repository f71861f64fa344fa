/* Writing numbers: every double is written in the fewest digits that read back as the same double, as
 * JSON writes it, whatever the locale is. */
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
            return (double)((int64_t)bits >> 40) / pow(10, (double)test_below(seed, 8));
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
    for (size_t round = 0; round < test_rounds(1000000); round++) {
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
        double value = 0;
        assert_int_equal(number_parse(STR("1234.5678901234567"), &value), NUMBER_OK);
        assert_true(value == 1234.5678901234567);
        assert_int_equal(number_parse(STR("1e-5000"), &value), NUMBER_OK); /* by way of strtod */
        assert_int_equal(number_parse(STR("1234,5"), &value), NUMBER_MALFORMED);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_double_reads_back),
        TEST(random_doubles_are_written_in_the_fewest_digits),
        TEST(powers_of_two_are_written_in_the_fewest_digits),
        TEST(denormals_are_written_in_the_fewest_digits),
        TEST(texts_as_json_writes_them),
        TEST(only_finite_numbers_are_written),
        TEST(the_locale_of_the_process_does_not_matter),
        TEST(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
