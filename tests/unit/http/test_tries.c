/* How a pair of account and address is slowed down, by a clock of the test. */
#include "http/tries.h"

#include "test.h"

#define START SECONDS(1000)

static BucketKey pair(uint64_t number)
{
    BucketKey made = {{0}};
    memcpy(made.bytes, &number, sizeof number);
    return made;
}

static TriesBefore before;

static int64_t try_wrong(Tries *tries, uint64_t number, int64_t now)
{
    int64_t wait = tries_begin(tries, pair(number), now, &before);
    if (wait == 0)
        tries_end(tries, pair(number), TRY_FAILED, now);
    return wait;
}

static void waits_longer_each_time(void **state)
{
    static const int64_t pauses[] = {5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900};
    Tries *tries = tries_new(*state, 64);
    int64_t now = START;
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_wrong(tries, 1, now), 0);
    for (size_t i = 0; i < ARRAY_COUNT(pauses); i++) {
        assert_int_equal(try_wrong(tries, 1, now), SECONDS(pauses[i]));
        assert_int_equal(try_wrong(tries, 1, now + SECONDS(pauses[i]) - 1),
                         1); /* asking costs nothing */
        now += SECONDS(pauses[i]);
        assert_int_equal(try_wrong(tries, 1, now), 0);
    }
    assert_int_equal(try_wrong(tries, 2, now), 0); /* nobody else waits */
}

static void a_success_forgives_and_is_remembered(void **state)
{
    Tries *tries = tries_new(*state, 64);
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_wrong(tries, 1, START), 0);
    assert_int_equal(tries_begin(tries, pair(1), START, &before), 0);
    assert_false(before.known);
    tries_end(tries, pair(1), TRY_SUCCEEDED, START);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(try_wrong(tries, 1, START), 0);
        assert_true(before.known);
    }
    assert_int_equal(try_wrong(tries, 1, START), SECONDS(5));
    assert_true(before.known);
    assert_int_equal(try_wrong(tries, 2, START), 0);
    assert_false(before.known);
}

/* As many at once as one after the other. */
static void those_under_way_count(void **state)
{
    Tries *tries = tries_new(*state, 64);
    for (int i = 0; i < 5; i++)
        assert_int_equal(tries_begin(tries, pair(1), START, &before), 0);
    assert_int_equal(tries_begin(tries, pair(1), START, &before), SECONDS(5));
    tries_end(tries, pair(1), TRY_SUCCEEDED, START); /* one of them was right */
    assert_int_equal(tries_begin(tries, pair(1), START, &before), 0);
}

static void what_was_not_decided_does_not_count(void **state)
{
    Tries *tries = tries_new(*state, 64);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(tries_begin(tries, pair(1), START, &before), 0);
        tries_end(tries, pair(1), TRY_UNDECIDED, START);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_wrong(tries, 1, START), 0);
    assert_int_equal(try_wrong(tries, 1, START), SECONDS(5));
    /* It spares nobody the wait for the next one. */
    assert_int_equal(tries_begin(tries, pair(1), START + SECONDS(5), &before), 0);
    tries_end(tries, pair(1), TRY_UNDECIDED, START + SECONDS(5));
    assert_int_equal(try_wrong(tries, 1, START + SECONDS(5)), 0);
    assert_int_equal(try_wrong(tries, 1, START + SECONDS(5)), SECONDS(10));
}

static void a_day_later_it_is_forgotten(void **state)
{
    Tries *tries = tries_new(*state, 64);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_wrong(tries, 1, START), 0);
    tries_begin(tries, pair(2), START, &before);
    tries_end(tries, pair(2), TRY_SUCCEEDED, START);
    int64_t later = START + HOURS(24) + 1;
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_wrong(tries, 1, later), 0);
    assert_int_equal(try_wrong(tries, 1, later), SECONDS(5));
    assert_int_equal(try_wrong(tries, 2, later), 0);
    assert_true(before.known); /* but not who it is */
}

/* A flood of new pairs in a table that cannot hold them. */
static void strangers_drive_out_strangers(void **state)
{
    Tries *tries = tries_new(*state, 64);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_wrong(tries, 1, START), 0);
    tries_begin(tries, pair(2), START, &before);
    tries_end(tries, pair(2), TRY_SUCCEEDED, START);
    for (uint64_t i = 3; i < 100000; i++)
        assert_int_equal(try_wrong(tries, i, START + (int64_t)i), 0);
    assert_true(try_wrong(tries, 1, START + SECONDS(1)) > 0);
    assert_int_equal(try_wrong(tries, 2, START + SECONDS(1)), 0);
    assert_true(before.known);
}

static void knows_who_was_here_just_now(void **state)
{
    Tries *tries = tries_new(*state, 64);
    assert_int_equal(tries_begin(tries, pair(1), START, &before), 0);
    assert_false(before.lately);
    tries_end(tries, pair(1), TRY_SUCCEEDED, START);
    assert_int_equal(tries_begin(tries, pair(1), START + SECONDS(1) - 1, &before), 0);
    assert_true(before.lately);
    tries_end(tries, pair(1), TRY_SUCCEEDED, START + SECONDS(1));
    assert_int_equal(tries_begin(tries, pair(1), START + SECONDS(2), &before), 0);
    assert_false(before.lately);
    assert_int_equal(tries_begin(tries, pair(2), START + SECONDS(2), &before), 0);
    assert_false(before.lately);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_longer_each_time),        TEST(a_success_forgives_and_is_remembered),
        TEST(those_under_way_count),         TEST(what_was_not_decided_does_not_count),
        TEST(a_day_later_it_is_forgotten),   TEST(knows_who_was_here_just_now),
        TEST(strangers_drive_out_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
