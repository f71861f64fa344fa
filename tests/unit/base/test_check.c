/* A broken assumption must end the process at once and name its place. */
#include "test.h"

/* The address and thread sanitizers answer an impossible size themselves unless told to give NULL. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static volatile size_t impossible_size = SIZE_MAX / 2;

static void check_goes_on_when_it_holds(void **state)
{
    (void)state;
    int evaluated = 0;
    CHECK(++evaluated == 1);
    assert_int_equal(evaluated, 1);
}

enum { FAILING_LINE = __LINE__ + 5 };

static void break_an_assumption(void)
{
    int one = 1;
    CHECK(one == 2);
}

static void check_names_place_and_expression(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, break_an_assumption, ": this must hold and does not: one == 2\n");
    assert_dies(arena, break_an_assumption, "obligor: ");
    assert_dies(arena, break_an_assumption,
                arena_printf(arena, "tests/unit/base/test_check.c:%d: this must", FAILING_LINE));
}

static void fail_with_a_percent(void)
{
    check_failed("a%s.c", 7, "n % 2 == 0 && \"%s%n\"");
}

static void expression_is_not_a_format(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, fail_with_a_percent,
                "obligor: a%s.c:7: this must hold and does not: n % 2 == 0 && \"%s%n\"\n");
}

static void malloc_too_much(void)
{
    free(check_malloc(impossible_size));
}

static void realloc_too_much(void)
{
    free(check_realloc(check_malloc(1), impossible_size));
}

static void out_of_memory_ends_the_process(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, malloc_too_much, "out of memory");
    assert_dies(arena, realloc_too_much, "out of memory");
}

static void size_zero_gives_memory(void **state)
{
    (void)state;
    void *memory = check_malloc(0);
    assert_non_null(memory);
    memory = check_realloc(memory, 0);
    assert_non_null(memory);
    free(memory);
}

static void realloc_keeps_the_bytes(void **state)
{
    (void)state;
    char *memory = check_realloc(NULL, 4);
    memcpy(memory, "abc", 4);
    memory = check_realloc(memory, 1 << 20);
    assert_string_equal(memory, "abc");
    memory = check_realloc(memory, 2);
    assert_memory_equal(memory, "ab", 2);
    free(memory);
}

static void array_count_counts_elements(void **state)
{
    (void)state;
    static const double numbers[7];
    assert_int_equal(ARRAY_COUNT(numbers), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(check_goes_on_when_it_holds), TEST(check_names_place_and_expression),
        TEST(expression_is_not_a_format),  TEST(out_of_memory_ends_the_process),
        TEST(size_zero_gives_memory),      TEST(realloc_keeps_the_bytes),
        TEST(array_count_counts_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
