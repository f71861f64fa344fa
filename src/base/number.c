/* Parsing: up to 19 significant digits are gathered in an integer. Where that integer is exact in a
 * double (< 2^53) and the power of ten is too (<= 10^22), one multiplication or division rounds
 * correctly (W. Clinger, "How to read floating point numbers accurately", 1990); everything else goes
 * to the C library's strtod in the C locale, which rounds correctly too.
 *
 * Printing: most numbers have a few decimals; where an integer below 10^15 divided by a power of ten gives
 * the value back exactly, that integer with a point in it is its shortest decimal. Else the fewest digits that read back as the same double. 15 always do when so few are enough;
 * only denormals may need less. */
#include "base/number.h"

#include "base/check.h"

#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    CHECK(c_locale != (locale_t)0);
}

static double slow_parse(Str text)
{
    char small[128];
    char *copy = text.len < sizeof small ? small : check_malloc(text.len + 1);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    pthread_once(&c_locale_once, make_c_locale);
    double value = strtod_l(copy, NULL, c_locale);
    if (copy != small)
        free(copy);
    return value;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

NumberResult number_parse(Str text, double *ret_value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    size_t at = 0;
    bool negative = false;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
        negative = text.ptr[at++] == '-';

    uint64_t digits = 0;
    size_t digit_count = 0; /* with leading zeros: at least one is needed */
    size_t significant = 0;
    int64_t scale = 0; /* power of ten of the last digit gathered */
    bool point = false;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c))
            break;
        digit_count++;
        if (significant > 0 || c != '0')
            significant++;
        if (significant <= 19)
            digits = digits * 10 + (uint64_t)(c - '0');
        if (point)
            scale--;
    }
    if (digit_count == 0)
        return NUMBER_MALFORMED;
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        int64_t exponent = 0;
        bool minus = false;
        at++;
        if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
            minus = text.ptr[at++] == '-';
        size_t from = at;
        for (; at < text.len && is_digit(text.ptr[at]); at++)
            if (exponent < INT64_MAX / 20) /* beyond what any count of digits can undo */
                exponent = exponent * 10 + (text.ptr[at] - '0');
        if (at == from)
            return NUMBER_MALFORMED;
        scale += minus ? -exponent : exponent;
    }
    if (at != text.len)
        return NUMBER_MALFORMED;

    double value;
    if (significant <= 19 && digits < (UINT64_C(1) << 53) && scale >= -22 && scale <= 22) {
        value = scale < 0 ? (double)digits / powers[-scale] : (double)digits * powers[scale];
        value = negative ? -value : value;
    } else {
        value = slow_parse(text);
    }
    if (!isfinite(value))
        return NUMBER_TOO_LARGE;
    *ret_value = value;
    return NUMBER_OK;
}

static size_t print(char out[NUMBER_TEXT_SIZE], int precision, double value)
{
    int length = snprintf(out, NUMBER_TEXT_SIZE, "%.*g", precision, value);
    CHECK(length > 0 && length < NUMBER_TEXT_SIZE);
    return (size_t)length;
}

static bool reads_back(const char *text, size_t length, double value)
{
    double back = 0;
    return number_parse((Str){text, length}, &back) == NUMBER_OK &&
           memcmp(&back, &value, sizeof value) == 0;
}

/* Its lower neighbour is half as far away as its upper one, so that of the decimals of 16 digits the
 * nearest may not read back while the next one away from zero does. */
static bool is_power_of_two(double value)
{
    int exponent;
    return fabs(frexp(value, &exponent)) == 0.5;
}

/* `digits` with a point before the last `decimals` of them. */
static size_t print_decimal(char out[NUMBER_TEXT_SIZE], uint64_t digits, int decimals,
                            bool negative)
{
    char reversed[NUMBER_TEXT_SIZE];
    size_t count = 0, length = 0;
    for (int i = 0; digits > 0 || i <= decimals; i++) {
        if (i > 0 && i == decimals)
            reversed[count++] = '.';
        reversed[count++] = (char)('0' + digits % 10);
        digits /= 10;
    }
    if (negative)
        out[length++] = '-';
    while (count > 0)
        out[length++] = reversed[--count];
    out[length] = '\0';
    return length;
}

/* 0 when the value has more than six decimals, or is so large or small that it wants an exponent. */
static size_t print_short(char out[NUMBER_TEXT_SIZE], double value)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    double size = fabs(value);
    if (size < 1e-4 || size >= 1e15)
        return 0;
    for (int decimals = 0; decimals < (int)(sizeof powers / sizeof *powers); decimals++) {
        double scaled = size * powers[decimals];
        if (scaled >= 1e15)
            return 0;
        int64_t digits = llround(scaled);
        if ((double)digits / powers[decimals] == size)
            return print_decimal(out, (uint64_t)digits, decimals, value < 0);
    }
    return 0;
}

size_t number_format(char out[NUMBER_TEXT_SIZE], double value)
{
    CHECK(isfinite(value));
    size_t quick = print_short(out, value);
    if (quick > 0)
        return quick;
    pthread_once(&c_locale_once, make_c_locale);
    locale_t before = uselocale(c_locale);
    int precision = fabs(value) < DBL_MIN ? 1 : 15;
    size_t length = print(out, precision, value);
    while (!reads_back(out, length, value)) {
        if (precision == 16 && is_power_of_two(value)) {
            int rounding = fegetround();
            fesetround(value < 0 ? FE_DOWNWARD : FE_UPWARD);
            length = print(out, 16, value);
            fesetround(rounding);
            if (reads_back(out, length, value))
                break;
        }
        length = print(out, ++precision, value);
    }
    uselocale(before);
    return length;
}

bool number_parse_int(Str text, int64_t low, int64_t high, int64_t *ret_value)
{
    size_t at = 0;
    bool negative = false;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
        negative = text.ptr[at++] == '-';
    if (at == text.len)
        return false;
    int64_t value = 0;
    for (; at < text.len; at++) {
        if (!is_digit(text.ptr[at]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.ptr[at] - '0', &value))
            return false; /* gathered as a negative number: its range is the larger one */
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    if (value < low || value > high)
        return false;
    *ret_value = value;
    return true;
}
