/* Time: every day of the years 1 to 9999 against a calendar that only counts, and every field of the
 * text at and beyond its limits. */
#include "base/clock.h"
#include "test.h"

#include <pthread.h>

static int64_t fixed_now(void)
{
    return 1234567;
}

static void the_source_can_be_replaced(void **state)
{
    (void)state;
    clock_inject(fixed_now);
    assert_true(clock_now() == 1234567);
    clock_inject(NULL);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t apart = clock_now() - (SECONDS(now.tv_sec) + now.tv_nsec / 1000);
    assert_true(apart >= 0 && apart < SECONDS(5));
}

static void units_are_microseconds(void **state)
{
    (void)state;
    assert_true(SECONDS(1) == 1000000);
    assert_true(HOURS(2) == INT64_C(7200000000));
    assert_true(DAYS(40000) == INT64_C(3456000000000000)); /* beyond 32 bits */
    assert_true(SECONDS(1 + 1) == 2000000);
    assert_true(HOURS(1 + 1) == HOURS(2));
    assert_true(DAYS(1 + 1) == DAYS(2));
}

static void sleeping_takes_its_time(void **state)
{
    (void)state;
    int64_t before = clock_monotonic();
    clock_sleep(20000);
    int64_t slept = clock_monotonic() - before;
    assert_true(slept >= 20000 && slept < SECONDS(10));
    clock_sleep(0);
    clock_sleep(-1);
}

#define assert_written(time, expected) written((time), (expected), __FILE__, __LINE__)

static void written(int64_t time, const char *expected, const char *file, int line)
{
    char text[TIME_TEXT_SIZE];
    size_t length = time_format(text, time);
    int64_t back = ~time;
    if (length == strlen(text) && strcmp(text, expected) == 0 &&
        time_parse((Str){text, length}, &back) && back == time)
        return;
    print_error("%lld is written as \"%s\", not \"%s\", and reads back as %lld\n", (long long)time,
                text, expected, (long long)back);
    _fail(file, line);
}

static void instants_and_their_texts(void **state)
{
    (void)state;
    assert_written(0, "1970-01-01T00:00:00Z");
    assert_written(1, "1970-01-01T00:00:00.000001Z");
    assert_written(999999, "1970-01-01T00:00:00.999999Z");
    assert_written(500000, "1970-01-01T00:00:00.500000Z");
    assert_written(-1, "1969-12-31T23:59:59.999999Z");
    assert_written(-1000000, "1969-12-31T23:59:59Z");
    assert_written(-1000001, "1969-12-31T23:59:58.999999Z");
    assert_written(-DAYS(1), "1969-12-31T00:00:00Z");
    assert_written(-DAYS(1) - 1, "1969-12-30T23:59:59.999999Z");
    assert_written(SECONDS(951782399), "2000-02-28T23:59:59Z");
    assert_written(SECONDS(951782400), "2000-02-29T00:00:00Z");
    assert_written(SECONDS(951868800), "2000-03-01T00:00:00Z");
    assert_written(SECONDS(1709164800), "2024-02-29T00:00:00Z");
    assert_written(SECONDS(4107542399), "2100-02-28T23:59:59Z");
    assert_written(SECONDS(4107542400), "2100-03-01T00:00:00Z");
    assert_written(SECONDS(INT64_C(-2203891200)), "1900-03-01T00:00:00Z");
    assert_written(SECONDS(INT64_C(-2203891201)), "1900-02-28T23:59:59Z");
    assert_written(SECONDS(INT64_C(-62135596800)), "0001-01-01T00:00:00Z");
    assert_written(SECONDS(INT64_C(253402300799)) + 999999, "9999-12-31T23:59:59.999999Z");
}

static void every_day_of_ten_thousand_years(void **state)
{
    (void)state;
    int64_t days = -719162; /* 0001-01-01 */
    size_t step = getenv("OBLIGOR_TEST_QUICK") != NULL ? 97 : 1;
    for (int year = 1; year <= 9999; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            int length = month == 2                                              ? 28 + leap
                         : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                                 : 31;
            for (int day = 1; day <= length; day++, days++) {
                if ((size_t)day % step != 0 && day != length && step != 1)
                    continue;
                char expected[48], text[TIME_TEXT_SIZE];
                snprintf(expected, sizeof expected, "%04d-%02d-%02dT23:59:59.999999Z", year, month,
                         day);
                int64_t time = DAYS(days + 1) - 1, back = 0;
                time_format(text, time);
                if (strcmp(text, expected) != 0 || !time_parse(str_from(text), &back) ||
                    back != time)
                    fail_msg("day %lld is written as %s, not %s", (long long)days, text, expected);
            }
            char none[16]; /* the day behind the last one does not exist */
            int64_t time = 77;
            snprintf(none, sizeof none, "%04d-%02d-%02d", year % 10000, month % 100, length + 1);
            if (time_parse(str_from(none), &time) || time != 77)
                fail_msg("%s was accepted", none);
        }
    }
    assert_true(days == 2932897); /* 10000-01-01 */
}

static void random_instants_agree_with_the_c_library(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (size_t round = 0; round < test_rounds(500000); round++) {
        int64_t second = (int64_t)(test_random(&seed) % UINT64_C(315537897600)) - 62135596800;
        time_t when = second;
        struct tm parts;
        gmtime_r(&when, &parts);
        char expected[64], text[TIME_TEXT_SIZE];
        strftime(expected, sizeof expected, "-%m-%dT%H:%M:%SZ", &parts);
        time_format(text, SECONDS(second));
        if (strcmp(text + 4, expected) != 0 || strtol(text, NULL, 10) != parts.tm_year + 1900)
            fail_msg("%lld is written as %s", (long long)second, text);
    }
}

/* Outside of the years 1 to 9999 the text is of no use, but it stays within its size. */
static void any_instant_fits_the_text(void **state)
{
    (void)state;
    static const int64_t instants[] = {INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1};
    for (size_t i = 0; i < ARRAY_COUNT(instants); i++) {
        char text[TIME_TEXT_SIZE];
        size_t length = time_format(text, instants[i]);
        assert_true(length < sizeof text);
        assert_int_equal(strlen(text), length);
    }
}

static void texts_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } rows[] = {
        {"1970-01-01", 0},
        {"1970-01-02", DAYS(1)},
        {"1969-12-31", -DAYS(1)},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00Z", 0},
        {"1970-01-01T00:00:00.1Z", 100000},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.12345Z", 123450},
        {"1970-01-01T00:00:00.000000Z", 0},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"1970-01-01T00:00:00+00:00", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T00:00:00+05:30", -HOURS(5) - SECONDS(1800)},
        {"1970-01-01T00:00:00-05:30", HOURS(5) + SECONDS(1800)},
        {"1970-01-01T00:00:00.25+23:59", -HOURS(24) + SECONDS(60) + 250000},
        {"1970-01-01T00:00:00-23:59", HOURS(24) - SECONDS(60)},
        {"2024-02-29T23:59:59Z", SECONDS(1709251199)},
        {"0001-01-01", SECONDS(INT64_C(-62135596800))},
        {"9999-12-31T23:59:59.999999Z", SECONDS(INT64_C(253402300799)) + 999999},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t time = 77;
        if (!time_parse(str_from(rows[i].text), &time) || time != rows[i].time)
            fail_msg("%s reads as %lld", rows[i].text, (long long)time);
    }
}

static void texts_that_are_no_time(void **state)
{
    (void)state;
    Str rest = STR("| |2026|2026-01|2026-01-|2026-1-01|2026-01-1|26-01-01|20260101|"
                   "2026/01/01|+026-01-01|-026-01-01|2026-+1-01|0000-01-01|10000-01-01|"
                   "2026-00-01|2026-13-01|2026-01-00|2026-01-32|2026-04-31|2026-02-29|"
                   "2100-02-29|1900-02-29|2024-02-30| 2026-01-01|2026-01-01 |2026-01-01T|"
                   "2026-01-01Z|2026-01-01T12|2026-01-01T12:00|2026-01-01T12:00Z|"
                   "2026-01-01T12:00:00|2026-01-01T24:00:00Z|2026-01-01T12:60:00Z|"
                   "2026-01-01T12:00:60Z|2026-01-01T12:00:00.Z|"
                   "2026-01-01T12:00:00.1234567Z|2026-01-01T12:00:00,5Z|"
                   "2026-01-01T12:00:00ZZ|2026-01-01T12:00:00Z |2026-01-01T12:00:00+1:00|"
                   "2026-01-01T12:00:00+0100|2026-01-01T12:00:00+01|"
                   "2026-01-01T12:00:00+24:00|2026-01-01T12:00:00+01:60|"
                   "2026-01-01T12:00:00+|2026-01-01T12:00:00 01:00|2026-01-01T-1:00:00Z|"
                   "2026-01-01T+1:00:00Z|2026-01-01X12:00:00Z|2026-01-01T12-00-00Z|"
                   "2026-01-01T12:00:00.5|2026-01-01T12:00:00.+5Z|2026-01-01T12:00:00.-5Z|"
                   "2026-01-01T12:00:00.5.5Z|yesterday|"
                   "\xD9\xA2\xD9\xA0\xD9\xA2\xD9\xA6-01-01"),
        text;
    while (str_next(&rest, '|', &text)) {
        int64_t time = 77;
        if (time_parse(text, &time) || time != 77)
            fail_msg("\"" STR_FMT "\" was accepted or changed the result", STR_ARG(text));
    }
    int64_t time = 77;
    assert_false(time_parse((Str){NULL, 0}, &time));
    assert_false(time_parse(STR("2026-01-01T12:00:00\0"), &time));
    assert_false(time_parse(STR("2026-01-01\0T12:00:00Z"), &time));
    assert_false(time_parse(STR("2026-01-01T12:00:00Z\0"), &time));
    assert_true(time == 77);
}

/* An offset must not carry a time out of the years that can be written again. */
static void what_is_read_can_be_written(void **state)
{
    (void)state;
    static const char *const edges[] = {"0001-01-01T00:00:00+00:01", "0001-01-01T22:00:00+23:00",
                                        "9999-12-31T23:59:59-00:01", "9999-12-31T01:00:00-23:00"};
    for (size_t i = 0; i < ARRAY_COUNT(edges); i++) {
        int64_t time = 77, back = 77;
        if (!time_parse(str_from(edges[i]), &time))
            continue;
        char text[TIME_TEXT_SIZE];
        size_t length = time_format(text, time);
        if (!time_parse((Str){text, length}, &back) || back != time)
            fail_msg("%s is accepted, but written as %s", edges[i], text);
    }
}

static void *read_the_clock(void *ticks)
{
    for (int i = 0; i < 1000; i++)
        *(int64_t *)ticks += clock_now() != 0;
    return NULL;
}

static void threads_read_while_the_source_changes(void **state)
{
    (void)state;
    pthread_t threads[2];
    int64_t ticks[2] = {0};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_the_clock, &ticks[i]), 0);
    for (int i = 0; i < 100; i++)
        clock_inject(i % 2 == 0 ? fixed_now : NULL);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ticks[i] == 1000);
    }
    clock_inject(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_source_can_be_replaced),
        TEST(units_are_microseconds),
        TEST(sleeping_takes_its_time),
        TEST(instants_and_their_texts),
        TEST(every_day_of_ten_thousand_years),
        TEST(random_instants_agree_with_the_c_library),
        TEST(any_instant_fits_the_text),
        TEST(texts_in_every_form),
        TEST(texts_that_are_no_time),
        TEST(what_is_read_can_be_written),
        TEST(threads_read_while_the_source_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
