/* Numbers as people write them, in the C locale whatever the process's locale is. */
#ifndef OBLIGOR_BASE_NUMBER_H
#define OBLIGOR_BASE_NUMBER_H

#include "base/str.h"

typedef enum NumberResult {
    NUMBER_OK,
    NUMBER_MALFORMED, /* not a plain decimal: empty, "12%", "1,234.5", "0x10", "nan", "inf" */
    NUMBER_TOO_LARGE  /* a plain decimal beyond the range of a double, such as 1e400 */
} NumberResult;

enum { NUMBER_TEXT_SIZE = 32 };

/* A plain decimal: sign, digits with at most one point, optional exponent ("1.5e-3"); nothing before
 * or behind. Correctly rounded to the nearest double (ties to even); below the smallest double gives
 * zero. The result is always finite. */
NumberResult number_parse(Str text, double *ret_value);

/* The shortest decimal that reads back as the same double, as JSON writes it: "0.1", "100000000",
 * "1e+22", "-0". `value` must be finite. Returns the length. */
size_t number_format(char out[NUMBER_TEXT_SIZE], double value);

/* A whole number in [low, high], digits with an optional sign, nothing else. */
bool number_parse_int(Str text, int64_t low, int64_t high, int64_t *ret_value);

#endif
