/* The arena: what it hands out is zeroed, aligned and its own; a rewind gives back exactly what came
 * after the mark; deferred calls run once, newest first. */
#include "test.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    Arena *arena = *state;
    static const char zeros[300];
    ArenaMark mark = arena_mark(arena);
    for (int round = 0; round < 2;
         round++) { /* the second round reuses what the first one soiled */
        for (size_t size = 0; size < sizeof zeros; size++) {
            char *memory = arena_alloc(arena, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % 16, 0);
            assert_memory_equal(memory, zeros, size);
            memset(memory, 0xA5, size);
            char *raw = arena_alloc_raw(arena, size);
            assert_int_equal((uintptr_t)raw % 16, 0);
            memset(raw, 0x5A, size);
        }
        arena_rewind(arena, mark);
    }
}

static void allocations_do_not_overlap(void **state)
{
    Arena *arena = *state;
    enum { COUNT = 4000 };
    static struct {
        unsigned char *memory;
        size_t size;
    } parts[COUNT];
    uint64_t seed = 1;
    for (size_t i = 0; i < COUNT; i++) {
        parts[i].size = test_below(&seed, i % 100 == 0 ? 300000 : 700);
        parts[i].memory = arena_alloc_raw(arena, parts[i].size);
        memset(parts[i].memory, (int)(i % 251), parts[i].size);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t at = 0; at < parts[i].size; at++)
            if (parts[i].memory[at] != i % 251)
                fail_msg("allocation %zu was overwritten at byte %zu", i, at);
}

static void larger_than_any_block_fits(void **state)
{
    Arena *arena = *state;
    char *small = arena_strdup(arena, "small");
    char *large = arena_alloc(arena, 5 << 20);
    large[0] = 'a';
    large[(5 << 20) - 1] = 'z';
    char *next = arena_strdup(arena, "next");
    assert_string_equal(small, "small");
    assert_string_equal(next, "next");
    assert_int_equal(large[(5 << 20) - 1], 'z');
}

static void arrays_are_counted(void **state)
{
    Arena *arena = *state;
    uint64_t *numbers = ARENA_ARRAY(arena, uint64_t, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], 0);
    assert_non_null(arena_alloc_array(arena, 0, 8));
    assert_non_null(arena_alloc_array(arena, SIZE_MAX, 0));
}

static volatile size_t huge = SIZE_MAX;

static void allocate_a_wrapping_array(void)
{
    arena_alloc_array(arena_new(0), huge / 8 + 2, 8); /* the product wraps round to 8 */
}

static void allocate_a_wrapping_size(void)
{
    arena_alloc_raw(arena_new(0), huge - 7); /* rounding up to 16 would wrap round to 0 */
}

static void impossible_sizes_end_the_process(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, allocate_a_wrapping_array, "count <= PTRDIFF_MAX / size");
    assert_dies(arena, allocate_a_wrapping_size, "size <= PTRDIFF_MAX - ALIGNMENT");
}

static void copies_are_copies(void **state)
{
    Arena *arena = *state;
    char source[] = "ab\0cd";
    char *copy = arena_copy(arena, source, 5);
    source[0] = 'x';
    assert_memory_equal(copy, "ab\0cd\0", 6);
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_null(arena_strdup(arena, NULL));
    assert_string_equal(arena_strdup(arena, ""), "");
}

static void printf_takes_any_length(void **state)
{
    Arena *arena = *state;
    assert_string_equal(arena_printf(arena, "%d %s%%", -7, "a"), "-7 a%");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    for (size_t length = 1; length < 20000; length = length * 3 / 2 + 1) {
        char *text = arena_printf(arena, "%0*d", (int)length, 7);
        assert_int_equal(strlen(text), length);
        assert_int_equal(text[length - 1], '7');
    }
}

static void used_counts_what_is_handed_out(void **state)
{
    Arena *arena = *state;
    assert_int_equal(arena_used(arena), 0);
    arena_alloc(arena, 64);
    assert_int_equal(arena_used(arena), 64);
    ArenaMark mark = arena_mark(arena);
    arena_alloc(arena, 1 << 16);
    arena_alloc(arena, 32);
    assert_int_equal(arena_used(arena), 64 + (1 << 16) + 32);
    arena_rewind(arena, mark);
    assert_int_equal(arena_used(arena), 64);
}

static void the_cap_is_soft(void **state)
{
    (void)state;
    Arena *arena = arena_new(64);
    assert_false(arena_is_full(arena));
    arena_alloc(arena, 64);
    assert_false(arena_is_full(arena)); /* at the cap is not past it */
    ArenaMark mark = arena_mark(arena);
    char *beyond = arena_alloc(arena, 100000);
    beyond[99999] = 'z';
    assert_true(arena_is_full(arena));
    arena_rewind(arena, mark);
    assert_false(arena_is_full(arena));
    arena_free(arena);
}

static void no_cap_is_never_full(void **state)
{
    Arena *arena = *state;
    arena_alloc(arena, 10 << 20);
    assert_false(arena_is_full(arena));
}

static char calls[64];
static char letters[] = "abcdefghijklmnopqrstuvwxyz";
#define LETTER(c) (&letters[(c) - 'a'])

static void note(void *object)
{
    size_t length = strlen(calls);
    CHECK(length + 1 < sizeof calls);
    calls[length] = *(const char *)object;
    calls[length + 1] = '\0';
}

static void defers_run_newest_first(void **state)
{
    (void)state;
    calls[0] = '\0';
    Arena *arena = arena_new(0);
    for (const char *p = "abcde"; *p != '\0'; p++)
        arena_defer(arena, note, arena_copy(arena, p, 1)); /* the object itself is in the arena */
    assert_string_equal(calls, "");
    arena_free(arena);
    assert_string_equal(calls, "edcba");
}

static void a_rewind_runs_the_defers_behind_the_mark_once(void **state)
{
    (void)state;
    calls[0] = '\0';
    Arena *arena = arena_new(0);
    arena_defer(arena, note, LETTER('a'));
    ArenaMark outer = arena_mark(arena);
    arena_defer(arena, note, LETTER('b'));
    ArenaMark inner = arena_mark(arena);
    arena_defer(arena, note, LETTER('c'));
    arena_rewind(arena, inner);
    assert_string_equal(calls, "c");
    arena_rewind(arena, inner);
    assert_string_equal(calls, "c");
    arena_defer(arena, note, LETTER('d'));
    arena_rewind(arena, outer); /* forgets the inner mark */
    assert_string_equal(calls, "cdb");
    arena_defer(arena, note, LETTER('e'));
    arena_free(arena);
    assert_string_equal(calls, "cdbea");
}

static void a_mark_of_the_empty_arena_runs_all_defers(void **state)
{
    (void)state;
    calls[0] = '\0';
    Arena *arena = arena_new(0);
    ArenaMark empty = arena_mark(arena);
    for (int round = 0; round < 3; round++) {
        arena_defer(arena, note, LETTER('a'));
        arena_alloc(arena, 100000);
        arena_defer(arena, note, LETTER('b'));
        arena_rewind(arena, empty);
    }
    assert_string_equal(calls, "bababa");
    arena_free(arena);
    assert_string_equal(calls, "bababa");
}

static Arena *releasing;

static void note_and_defer_another(void *object)
{
    note(object);
    arena_alloc(releasing, 50000);
    arena_defer(releasing, note, LETTER('n'));
}

static void a_release_may_use_the_arena(void **state)
{
    (void)state;
    calls[0] = '\0';
    releasing = arena_new(0);
    arena_defer(releasing, note, LETTER('a'));
    ArenaMark mark = arena_mark(releasing);
    arena_defer(releasing, note_and_defer_another, LETTER('b'));
    arena_rewind(releasing, mark);
    assert_string_equal(calls, "bn");
    arena_defer(releasing, note_and_defer_another, LETTER('c'));
    arena_free(releasing);
    assert_string_equal(calls, "bncna");
}

static void a_child_is_freed_with_its_parent(void **state)
{
    (void)state;
    calls[0] = '\0';
    Arena *parent = arena_new(0);
    ArenaMark mark = arena_mark(parent);
    Arena *child = arena_child(parent);
    arena_defer(child, note, LETTER('c'));
    arena_rewind(child, (ArenaMark){0});
    assert_string_equal(calls, "c");
    arena_defer(child, note, LETTER('d'));
    arena_rewind(parent, mark);
    assert_string_equal(calls, "cd");
    arena_defer(arena_child(parent), note, LETTER('e'));
    arena_free(parent);
    assert_string_equal(calls, "cde");
}

static void free_of_nothing_is_fine(void **state)
{
    (void)state;
    arena_free(NULL);
}

static void a_rewind_to_an_empty_arena_repeats(void **state)
{
    Arena *arena = *state;
    ArenaMark empty = arena_mark(arena);
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < 50; i++)
            memset(arena_alloc_raw(arena, 100 * round + i), 'x', 100 * round + i);
        arena_rewind(arena, empty);
        assert_int_equal(arena_used(arena), 0);
    }
}

/* Random allocations, marks and rewinds against a list of what must still be there. */
typedef struct Live {
    unsigned char *memory;
    size_t size;
    unsigned char fill;
} Live;

enum { MOST_LIVE = 3000, MOST_MARKS = 40 };

static void verify(const Live *live, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at<live[i].size; at += live[i].size> 64 ? 61 : 1)
            if (live[i].memory[at] != live[i].fill)
                fail_msg("allocation %zu of %zu changed at byte %zu", i, count, at);
}

static void random_marks_and_rewinds_agree_with_a_model(void **state)
{
    (void)state;
    static Live live[MOST_LIVE];
    struct {
        ArenaMark mark;
        size_t live_count;
        size_t used;
    } marks[MOST_MARKS];
    uint64_t seed = 42;
    for (size_t run = 0; run < test_rounds(200); run++) {
        Arena *arena = arena_new(0);
        size_t live_count = 0, mark_count = 0;
        for (size_t step = 0; step < 600; step++) {
            size_t dice = test_below(&seed, 20);
            if (dice < 3 && mark_count < MOST_MARKS) {
                marks[mark_count].mark = arena_mark(arena);
                marks[mark_count].live_count = live_count;
                marks[mark_count++].used = arena_used(arena);
            } else if (dice < 5 && mark_count > 0) {
                mark_count = test_below(&seed, mark_count) + 1; /* the mark itself stays usable */
                arena_rewind(arena, marks[mark_count - 1].mark);
                live_count = marks[mark_count - 1].live_count;
                assert_int_equal(arena_used(arena), marks[mark_count - 1].used);
                verify(live, live_count);
            } else if (live_count < MOST_LIVE) {
                size_t size = test_below(&seed, dice == 19 ? 40000 : 200);
                live[live_count] =
                    (Live){arena_alloc_raw(arena, size), size, (unsigned char)test_random(&seed)};
                memset(live[live_count].memory, live[live_count].fill, size);
                live_count++;
            }
        }
        verify(live, live_count);
        arena_free(arena);
    }
}

/* Sharing blocks must not hide overruns from the sanitizer. */
#if defined OBLIGOR_ARENA_DEBUG && defined __SANITIZE_ADDRESS__
static void write_behind_an_allocation(void)
{
    volatile char *memory = arena_alloc(arena_new(0), 10);
    memory[10] = 'x';
}

static void read_after_a_rewind(void)
{
    Arena *arena = arena_new(0);
    ArenaMark mark = arena_mark(arena);
    volatile char *memory = arena_alloc(arena, 10);
    arena_rewind(arena, mark);
    memory[0]++;
}

static void the_address_sanitizer_sees_into_the_arena(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, write_behind_an_allocation, "heap-buffer-overflow");
    assert_dies(arena, read_after_a_rewind, "heap-use-after-free");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_and_aligned),
        TEST(allocations_do_not_overlap),
        TEST(larger_than_any_block_fits),
        TEST(arrays_are_counted),
        TEST(impossible_sizes_end_the_process),
        TEST(copies_are_copies),
        TEST(printf_takes_any_length),
        TEST(used_counts_what_is_handed_out),
        TEST(the_cap_is_soft),
        TEST(no_cap_is_never_full),
        TEST(defers_run_newest_first),
        TEST(a_rewind_runs_the_defers_behind_the_mark_once),
        TEST(a_mark_of_the_empty_arena_runs_all_defers),
        TEST(a_release_may_use_the_arena),
        TEST(a_child_is_freed_with_its_parent),
        TEST(free_of_nothing_is_fine),
        TEST(a_rewind_to_an_empty_arena_repeats),
        TEST(random_marks_and_rewinds_agree_with_a_model),
#if defined OBLIGOR_ARENA_DEBUG && defined __SANITIZE_ADDRESS__
        TEST(the_address_sanitizer_sees_into_the_arena),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
