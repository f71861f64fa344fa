/* Calendar arithmetic is done here (proleptic Gregorian, no leap seconds): the C library's is tied to
 * the time zone and to static buffers. */
#include "base/clock.h"

#include "base/check.h"
#include "base/number.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

static int64_t (*_Atomic injected)(void);

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return SECONDS(now.tv_sec) + now.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    int64_t (*source)(void) = atomic_load_explicit(&injected, memory_order_relaxed);
    return source != NULL ? source() : read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_inject(int64_t (*now)(void))
{
    atomic_store(&injected, now);
}

void clock_sleep(int64_t micros)
{
    struct timespec left = {.tv_sec = micros / SECONDS(1), .tv_nsec = micros % SECONDS(1) * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* Days since 1970-01-01 of a civil date, and back: eras of 400 years, years that begin in March
 * (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

size_t time_format(char out[TIME_TEXT_SIZE], int64_t time)
{
    int64_t seconds = time / SECONDS(1);
    int64_t micros = time % SECONDS(1);
    if (micros < 0) {
        micros += SECONDS(1);
        seconds--;
    }
    int64_t days = seconds / 86400;
    int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t year, month, day;
    civil_from_days(days, &year, &month, &day);
    int length =
        snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month,
                 (int)day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    CHECK(length > 0 && length < TIME_TEXT_SIZE - 9);
    if (micros != 0)
        length += snprintf(out + length, (size_t)(TIME_TEXT_SIZE - length), ".%06d", (int)micros);
    out[length++] = 'Z';
    out[length] = '\0';
    return (size_t)length;
}

static bool take_digits(Str *text, size_t count, int64_t low, int64_t high, int64_t *ret)
{
    if (text->len < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return false;
    if (!number_parse_int(str_slice(*text, 0, count), low, high, ret))
        return false;
    *text = str_slice(*text, count, text->len);
    return true;
}

static bool take_char(Str *text, const char *any_of)
{
    if (text->len == 0 || text->ptr[0] == '\0' || strchr(any_of, text->ptr[0]) == NULL)
        return false;
    *text = str_slice(*text, 1, text->len);
    return true;
}

static bool take_fraction(Str *text, int64_t *ret_micros)
{
    int64_t unit = 100000;
    size_t at = 0;
    *ret_micros = 0;
    for (; at < text->len && text->ptr[at] >= '0' && text->ptr[at] <= '9'; at++) {
        *ret_micros += (text->ptr[at] - '0') * unit;
        unit /= 10;
    }
    *text = str_slice(*text, at, text->len);
    return at >= 1 && at <= 6;
}

static bool take_offset(Str *text, int64_t *ret_seconds)
{
    *ret_seconds = 0;
    if (take_char(text, "Zz"))
        return true;
    int64_t hours, minutes;
    bool minus = text->len > 0 && text->ptr[0] == '-';
    if (!take_char(text, "+-") || !take_digits(text, 2, 0, 23, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, 0, 59, &minutes))
        return false;
    *ret_seconds = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    return true;
}

bool time_parse(Str text, int64_t *ret_time)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day, hour = 0, minute = 0, second = 0, micros = 0, offset = 0;
    if (!take_digits(&text, 4, 1, 9999, &year) || !take_char(&text, "-") ||
        !take_digits(&text, 2, 1, 12, &month) || !take_char(&text, "-") ||
        !take_digits(&text, 2, 1, 31, &day))
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (month == 2 && leap))
        return false;
    if (text.len > 0) {
        if (!take_char(&text, "Tt ") || !take_digits(&text, 2, 0, 23, &hour) ||
            !take_char(&text, ":") || !take_digits(&text, 2, 0, 59, &minute) ||
            !take_char(&text, ":") || !take_digits(&text, 2, 0, 59, &second))
            return false;
        if (take_char(&text, ".") && !take_fraction(&text, &micros))
            return false;
        if (!take_offset(&text, &offset) || text.len > 0)
            return false;
    }
    int64_t days = days_from_civil(year, month, day);
    int64_t time = SECONDS(days * 86400 + hour * 3600 + minute * 60 + second - offset) + micros;
    if (time < SECONDS(INT64_C(-62135596800)) || time >= SECONDS(INT64_C(253402300800)))
        return false; /* the offset led out of the years 1 to 9999 */
    *ret_time = time;
    return true;
}
