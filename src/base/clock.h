/* Time is µs since 1970 in UTC, in an int64_t. The source can be replaced by tests. */
#ifndef OBLIGOR_BASE_CLOCK_H
#define OBLIGOR_BASE_CLOCK_H

#include "base/str.h"

enum { TIME_TEXT_SIZE = 32 };

#define SECONDS(n) ((int64_t)(n)*1000000)
#define HOURS(n)   (SECONDS(3600) * (n))
#define DAYS(n)    (HOURS(24) * (n))

int64_t clock_now(void);
int64_t clock_monotonic(void); /* µs from an arbitrary start: for measuring and waiting */

/* `now` replaces clock_now's source; NULL brings the system's back. For tests, before threads start. */
void clock_inject(int64_t (*now)(void));

void clock_sleep(int64_t micros);

/* RFC 3339 with Z; microseconds are written when they are not zero: "2026-01-31T12:00:00.000001Z".
 * Years 1 to 9999. Returns the length. */
size_t time_format(char out[TIME_TEXT_SIZE], int64_t time);

/* RFC 3339 with Z or an offset, up to 6 digits of fraction, or a date alone (midnight UTC). */
bool time_parse(Str text, int64_t *ret_time);

#endif
