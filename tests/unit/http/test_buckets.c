/* Token buckets by a clock of the test: exact waits, keys apart, and a table that never grows. */
#include "http/buckets.h"

#include "base/clock.h"
#include "test.h"

#define START SECONDS(1000)

static BucketKey key(uint64_t number)
{
    BucketKey made = {{0}};
    memcpy(made.bytes, &number, sizeof number);
    return made;
}

static Rate rate(Arena *arena, const char *text)
{
    Rate read;
    assert_no_error(rate_read(arena, "--x", str_from(text), &read));
    return read;
}

static void reads_rates(void **state)
{
    static const struct {
        const char *text;
        int64_t interval, burst;
    } good[] = {{"0", 0, 0},
                {"1/s", 1000000, 1},
                {"20/s:100", 50000, 100},
                {"30/m:5", 2000000, 5},
                {"1/h", 3600000000, 1},
                {"1000000/s:1000000", 1, 1000000}};
    static const char *const bad[] = {"",     "1",   "/s",    "0/s",   "-1/s",      "1/s:0",
                                      "1/s:", "1/d", "1/s/s", "1:2/s", "1 /s",      "1.5/s",
                                      "1/",   "s",   "1/s:x", "1/S",   "1000001/s", "00"};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        Rate read = rate(*state, good[i].text);
        assert_int_equal(read.interval, good[i].interval);
        assert_int_equal(read.burst, good[i].burst);
    }
    Rate read;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Error *error = rate_read(*state, "--rate-x", str_from(bad[i]), &read);
        assert_error(error, ERROR_INVALID,
                     arena_printf(*state,
                                  "\"%s\" of --rate-x is no rate: write it like 20/s:100 (20 a "
                                  "second, 100 at once), with s, m or h, each number from 1 to "
                                  "1000000, or 0 for no limit.",
                                  bad[i]));
        assert_string_equal(error->reason, "usage");
    }
}

static void a_burst_and_then_one_at_a_time(void **state)
{
    Buckets *buckets = buckets_new(*state, rate(*state, "2/s:3"), 64);
    for (int i = 0; i < 3; i++)
        assert_int_equal(buckets_take(buckets, key(1), START), 0);
    assert_int_equal(buckets_take(buckets, key(1), START), 500000);
    assert_int_equal(buckets_wait(buckets, key(1), START + 1), 499999);
    assert_int_equal(buckets_take(buckets, key(1), START + 499999), 1);
    assert_int_equal(buckets_take(buckets, key(1), START + 500000), 0);
    assert_int_equal(buckets_take(buckets, key(1), START + 500000), 500000);
    for (int i = 0; i < 3; i++) /* full again, and no fuller */
        assert_int_equal(buckets_take(buckets, key(1), START + SECONDS(60)), 0);
    assert_int_equal(buckets_take(buckets, key(1), START + SECONDS(60)), 500000);
}

static void keys_are_apart(void **state)
{
    Buckets *buckets = buckets_new(*state, rate(*state, "1/h"), 1024);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(buckets_take(buckets, key(i), START), 0);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(buckets_take(buckets, key(i), START), HOURS(1));
}

static void what_was_given_back_was_not_taken(void **state)
{
    Buckets *buckets = buckets_new(*state, rate(*state, "1/h:2"), 64);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(buckets_take(buckets, key(1), START), 0);
        buckets_give_back(buckets, key(1), START);
    }
    assert_int_equal(buckets_take(buckets, key(1), START), 0);
    assert_int_equal(buckets_take(buckets, key(1), START), 0);
    assert_int_equal(buckets_take(buckets, key(1), START), HOURS(1));
    buckets_give_back(buckets, key(2), START); /* nothing was taken: it is no fuller than full */
    assert_int_equal(buckets_take(buckets, key(2), START), 0);
    assert_int_equal(buckets_take(buckets, key(2), START), 0);
    assert_int_equal(buckets_take(buckets, key(2), START), HOURS(1));
}

static void no_rate_is_no_limit(void **state)
{
    Buckets *buckets = buckets_new(*state, rate(*state, "0"), 1 << 20);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buckets_take(buckets, key(1), START), 0);
    buckets_give_back(buckets, key(1), START);
}

/* Each stranger takes one and is nearly full again; who has taken all is not driven out by them. */
static void strangers_drive_out_strangers(void **state)
{
    Buckets *buckets = buckets_new(*state, rate(*state, "1/h:100"), 64);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buckets_take(buckets, key(1), START), 0);
    for (uint64_t i = 2; i < 100000; i++)
        assert_int_equal(buckets_take(buckets, key(i), START + (int64_t)i), 0);
    assert_true(buckets_wait(buckets, key(1), START + SECONDS(1)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_rates),         TEST(a_burst_and_then_one_at_a_time),
        TEST(keys_are_apart),      TEST(what_was_given_back_was_not_taken),
        TEST(no_rate_is_no_limit), TEST(strangers_drive_out_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
