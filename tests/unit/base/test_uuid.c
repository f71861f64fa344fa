/* Identifiers: the layout bit by bit on a stopped clock, and order and uniqueness under threads. */
#include "base/clock.h"
#include "base/uuid.h"
#include "test.h"

#include <pthread.h>

static _Atomic int64_t stopped_at;

static int64_t stopped_clock(void)
{
    return stopped_at;
}

static uint64_t number_of(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

static uint64_t ms_of(Uuid uuid)
{
    return number_of(uuid.bytes, 6);
}

static uint64_t fraction_of(Uuid uuid) /* of the ms, in 1/4096 */
{
    return number_of(uuid.bytes + 6, 2) & 0x0FFF;
}

/* Each thread goes on from its own last time, so exact layouts want a new one. */
static void in_a_new_thread(void *(*act)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, act, argument), 0);
    pthread_join(thread, NULL);
}

static void *make_at_four_times(void *uuids)
{
    static const int64_t times[] = {
        INT64_C(0x0123456789AB) * 1000, INT64_C(0x0123456789AB) * 1000 + 1,
        INT64_C(0x0123456789AB) * 1000 + 500, INT64_C(0x0123456789AB) * 1000 + 999};
    for (size_t i = 0; i < 4; i++) {
        stopped_at = times[i];
        ((Uuid *)uuids)[i] = uuid_new();
    }
    return NULL;
}

static void the_layout_is_rfc_9562(void **state)
{
    (void)state;
    Uuid uuids[4];
    clock_inject(stopped_clock);
    in_a_new_thread(make_at_four_times, uuids);
    clock_inject(NULL);
    static const uint64_t fractions[] = {0, 4, 2048, 4091}; /* µs × 4096 / 1000 */
    for (size_t i = 0; i < 4; i++) {
        assert_true(ms_of(uuids[i]) == UINT64_C(0x0123456789AB));
        assert_true(fraction_of(uuids[i]) == fractions[i]);
        assert_int_equal(uuids[i].bytes[6] >> 4, 7);
        assert_int_equal(uuids[i].bytes[8] >> 6, 2);
    }
}

static void *make_ten_thousand(void *uuids)
{
    for (size_t i = 0; i < 10000; i++)
        ((Uuid *)uuids)[i] = uuid_new();
    return NULL;
}

static void a_stopped_clock_goes_on_in_small_steps(void **state)
{
    Arena *arena = *state;
    Uuid *uuids = ARENA_ARRAY(arena, Uuid, 10000);
    stopped_at = 5000000;
    clock_inject(stopped_clock);
    in_a_new_thread(make_ten_thousand, uuids);
    clock_inject(NULL);
    for (size_t i = 0; i < 10000; i++) {
        assert_true(ms_of(uuids[i]) == 5000 + i / 4096); /* past 4096 it borrows from the next ms */
        assert_true(fraction_of(uuids[i]) == i % 4096);
    }
}

static void *make_while_the_clock_goes_back(void *uuids)
{
    stopped_at = SECONDS(100);
    ((Uuid *)uuids)[0] = uuid_new();
    stopped_at = SECONDS(50);
    ((Uuid *)uuids)[1] = uuid_new();
    ((Uuid *)uuids)[2] = uuid_new();
    stopped_at = SECONDS(101);
    ((Uuid *)uuids)[3] = uuid_new();
    return NULL;
}

static void a_clock_set_back_does_not_break_the_order(void **state)
{
    (void)state;
    Uuid uuids[4];
    clock_inject(stopped_clock);
    in_a_new_thread(make_while_the_clock_goes_back, uuids);
    clock_inject(NULL);
    assert_true(ms_of(uuids[1]) == 100000 && fraction_of(uuids[1]) == 1);
    assert_true(ms_of(uuids[2]) == 100000 && fraction_of(uuids[2]) == 2);
    assert_true(ms_of(uuids[3]) == 101000 && fraction_of(uuids[3]) == 0);
}

static void *make_one(void *uuid)
{
    *(Uuid *)uuid = uuid_new();
    return NULL;
}

static void a_later_thread_makes_later_ones(void **state)
{
    (void)state;
    Uuid before = UUID_NIL;
    clock_inject(stopped_clock);
    for (int64_t i = 0; i < 200; i++) {
        Uuid uuid;
        stopped_at = SECONDS(1) + i; /* each microsecond has a fraction of its own */
        in_a_new_thread(make_one, &uuid);
        assert_true(uuid_compare(before, uuid) < 0);
        before = uuid;
    }
    clock_inject(NULL);
}

static void one_thread_strictly_ascends(void **state)
{
    (void)state;
    Uuid before = uuid_new();
    for (size_t i = 0; i < test_rounds(1000000); i++) {
        Uuid uuid = uuid_new();
        if (uuid_compare(before, uuid) >= 0)
            fail_msg("number %zu is not above the one before", i);
        before = uuid;
    }
}

enum { THREADS = 4, EACH = 50000 };

static Uuid made[THREADS * EACH];

static void *make_many(void *first)
{
    for (size_t i = 0; i < EACH; i++)
        ((Uuid *)first)[i] = uuid_new();
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}

/* All threads live in the same milliseconds, so the random bits must keep them apart. */
static void threads_never_make_the_same_one(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    stopped_at = SECONDS(1000);
    clock_inject(stopped_clock);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, made + i * EACH), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    clock_inject(NULL);
    for (size_t i = 0; i < THREADS * EACH; i++) {
        if (i % EACH != 0)
            assert_true(uuid_compare(made[i - 1], made[i]) < 0);
        assert_int_equal(made[i].bytes[6] >> 4, 7);
        assert_int_equal(made[i].bytes[8] >> 6, 2);
    }
    qsort(made, THREADS * EACH, sizeof made[0], by_value);
    for (size_t i = 1; i < THREADS * EACH; i++)
        assert_false(uuid_equal(made[i - 1], made[i]));
}

/* Of 62 random bits each is set in about half of the identifiers. */
static void the_random_bits_are_random(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    size_t set[62] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        Uuid uuid = uuid_new();
        uint64_t bits = number_of(uuid.bytes + 8, 8);
        for (size_t bit = 0; bit < 62; bit++)
            set[bit] += bits >> bit & 1;
    }
    for (size_t bit = 0; bit < 62; bit++) /* 10,000 ± 10 standard deviations */
        assert_in_range(set[bit], COUNT / 2 - 710, COUNT / 2 + 710);
}

static void a_series_counts_on_and_is_passed(void **state)
{
    (void)state;
    UuidSeries series = {0}, another = {0};
    Uuid before = uuid_new(), first = uuid_series_next(&series), last = first;
    assert_true(uuid_compare(before, first) < 0);
    assert_int_equal(first.bytes[6] >> 4, 7);
    for (uint64_t i = 1; i < 100000; i++) {
        Uuid next = uuid_series_next(&series);
        assert_memory_equal(next.bytes, first.bytes, 8);
        assert_int_equal(number_of(next.bytes + 8, 8), number_of(first.bytes + 8, 8) + i);
        last = next;
    }
    assert_int_equal(last.bytes[8] >> 6, 2);
    assert_true(uuid_compare(last, uuid_series_next(&another)) < 0);
    assert_true(uuid_compare(last, uuid_new()) < 0);
}

/* Of the 62 random bits the highest is 0: a carry out of all others sets it, and no more. */
static void a_series_never_leaves_its_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        UuidSeries series = {0};
        assert_int_equal(uuid_series_next(&series).bytes[8] >> 5, 4);
    }
    UuidSeries full = {.begun = true, .next = uuid_new()};
    memset(full.next.bytes + 8, 0xFF, 8);
    full.next.bytes[8] = 0x9F;
    uuid_series_next(&full);
    assert_int_equal(number_of(uuid_series_next(&full).bytes + 8, 8), UINT64_C(0xA000000000000000));
}

static Uuid fixed_uuid(void)
{
    return (Uuid){{1, 2, 3}};
}

static void the_source_can_be_replaced(void **state)
{
    (void)state;
    uuid_inject(fixed_uuid);
    assert_true(uuid_equal(uuid_new(), (Uuid){{1, 2, 3}}));
    assert_true(uuid_equal(uuid_new(), (Uuid){{1, 2, 3}}));
    assert_true(uuid_equal(uuid_series_next(&(UuidSeries){0}), (Uuid){{1, 2, 3}}));
    uuid_inject(NULL);
    assert_false(uuid_equal(uuid_new(), (Uuid){{1, 2, 3}}));
}

static void text_goes_both_ways(void **state)
{
    Arena *arena = *state;
    static const Uuid uuid = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA,
                               0x98, 0x76, 0x54, 0x32, 0x10}};
    char text[UUID_TEXT_SIZE];
    uuid_format(text, uuid);
    assert_string_equal(text, "01234567-89ab-cdef-fedc-ba9876543210");
    assert_string_equal(uuid_text(arena, uuid), "01234567-89ab-cdef-fedc-ba9876543210");
    Uuid back = UUID_NIL;
    assert_true(uuid_parse(STR("01234567-89ab-cdef-fedc-ba9876543210"), &back));
    assert_true(uuid_equal(back, uuid));
    assert_true(uuid_parse(STR("01234567-89AB-CDEF-FedC-BA9876543210"), &back));
    assert_true(uuid_equal(back, uuid));
    assert_true(uuid_parse(STR("00000000-0000-0000-0000-000000000000"), &back)); /* any version */
    assert_true(uuid_is_nil(back));
    assert_false(uuid_is_nil(uuid));
}

static void what_is_no_uuid(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0123456789abcdeffedcba9876543210",
        "01234567-89ab-cdef-fedc-ba987654321",
        "01234567-89ab-cdef-fedc-ba98765432100",
        "{01234567-89ab-cdef-fedc-ba9876543210}",
        "01234567-89ab-cdef-fedc-ba987654321g",
        "01234567-89ab-cdef-fedc_ba9876543210",
        "0123456789ab-cdef--fedc-ba9876543210",
        "01234567-89ab-cdef-fedcb-a9876543210",
        "-1234567-89ab-cdef-fedc-ba9876543210",
        "+1234567-89ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedc-ba987654321-",
        " 1234567-89ab-cdef-fedc-ba9876543210",
        "------------------------------------",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        Uuid uuid = {{7}};
        if (uuid_parse(str_from(texts[i]), &uuid) || !uuid_equal(uuid, (Uuid){{7}}))
            fail_msg("\"%s\" was accepted or changed the result", texts[i]);
    }
    Uuid uuid = {{7}};
    assert_false(uuid_parse((Str){NULL, 0}, &uuid));
    assert_false(uuid_parse(STR("01234567-89ab-cdef-fedc-ba987654321\0"), &uuid));
    assert_true(uuid_equal(uuid, (Uuid){{7}}));
}

static void order_is_of_unsigned_bytes(void **state)
{
    (void)state;
    assert_true(uuid_compare((Uuid){{0x7F}}, (Uuid){{0x80}}) < 0);
    assert_true(uuid_compare((Uuid){{1, 0}}, (Uuid){{0, 0xFF}}) > 0);
    assert_int_equal(uuid_compare((Uuid){{1, 2}}, (Uuid){{1, 2}}), 0);
    Uuid low = UUID_NIL, high = UUID_NIL;
    high.bytes[15] = 1;
    assert_true(uuid_compare(low, high) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_layout_is_rfc_9562),
        TEST(a_stopped_clock_goes_on_in_small_steps),
        TEST(a_clock_set_back_does_not_break_the_order),
        TEST(a_later_thread_makes_later_ones),
        TEST(one_thread_strictly_ascends),
        TEST(threads_never_make_the_same_one),
        TEST(the_random_bits_are_random),
        TEST(a_series_counts_on_and_is_passed),
        TEST(a_series_never_leaves_its_bits),
        TEST(the_source_can_be_replaced),
        TEST(text_goes_both_ways),
        TEST(what_is_no_uuid),
        TEST(order_is_of_unsigned_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
