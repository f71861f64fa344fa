/* The nearest word. */
#include "cli/suggest.h"

#include "test.h"

static size_t distance(Arena *arena, const char *a, const char *b)
{
    return suggest_distance(arena, str_from(a), str_from(b));
}

static void test_distance(void **state)
{
    Arena *arena = *state;
    assert_int_equal(distance(arena, "", ""), 0);
    assert_int_equal(distance(arena, "", "abc"), 3);
    assert_int_equal(distance(arena, "abc", ""), 3);
    assert_int_equal(distance(arena, "serve", "serve"), 0);
    assert_int_equal(distance(arena, "srve", "serve"), 1);
    assert_int_equal(distance(arena, "servve", "serve"), 1);
    assert_int_equal(distance(arena, "sorve", "serve"), 1);
    assert_int_equal(distance(arena, "esrve", "serve"), 1); /* neighbours swapped */
    assert_int_equal(distance(arena, "kitten", "sitting"), 3);
}

static const char *nearest(Arena *arena, const char *wrong)
{
    static const char *const words[] = {"serve", "worker", "workers", "import"};
    size_t best = SUGGEST_TOO_FAR;
    const char *word = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        suggest_offer(arena, str_from(wrong), words[i], &best, &word);
    return word;
}

static void test_offer(void **state)
{
    Arena *arena = *state;
    assert_string_equal(nearest(arena, "srve"), "serve");
    assert_string_equal(nearest(arena, "wrker"), "worker");
    assert_string_equal(nearest(arena, "workerss"), "workers");
    assert_string_equal(nearest(arena, "imprt"), "import");
    assert_null(nearest(arena, "elephant"));
    assert_null(nearest(arena, ""));
    assert_null(nearest(arena, "serveserveserveserveserveserveserveserveserveserveserveserveserve"
                               "serveserve"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_distance), TEST(test_offer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
