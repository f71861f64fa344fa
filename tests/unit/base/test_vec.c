/* Growing arrays. */
#include "base/vec.h"
#include "test.h"

typedef VEC(int) IntVec;

static void items_stay_in_order_while_it_grows(void **state)
{
    Arena *arena = *state;
    IntVec numbers = {0};
    for (int i = 0; i < 100000; i++) {
        vec_push(arena, &numbers, i);
        assert_int_equal(numbers.count, (size_t)i + 1);
        assert_true(numbers.cap >= numbers.count);
    }
    for (int i = 0; i < 100000; i++)
        assert_int_equal(numbers.items[i], i);
}

static void growth_doubles(void **state)
{
    Arena *arena = *state;
    IntVec numbers = {0};
    size_t growths = 0;
    for (int i = 0; i < 1 << 16; i++) {
        const int *before = numbers.items;
        vec_push(arena, &numbers, i);
        growths += numbers.items != before;
    }
    assert_int_equal(growths, 14); /* 8, 16, ... 65536 */
    assert_int_equal(numbers.cap, 1 << 16);
}

static void structs_may_be_written_in_place(void **state)
{
    Arena *arena = *state;
    VEC(ErrorField) fields = {0};
    vec_push(arena, &fields, (ErrorField){.field = "a", .code = "b"});
    vec_push(arena, &fields, (ErrorField){"c", "d", "e", NULL});
    assert_string_equal(fields.items[0].field, "a");
    assert_null(fields.items[0].message);
    assert_string_equal(fields.items[1].message, "e");
}

static void an_item_of_the_vector_may_be_pushed(void **state)
{
    Arena *arena = *state;
    IntVec numbers = {0};
    vec_push(arena, &numbers, 42);
    for (int i = 0; i < 1000; i++) /* also at the moment it grows */
        vec_push(arena, &numbers, numbers.items[0]);
    for (size_t i = 0; i < numbers.count; i++)
        assert_int_equal(numbers.items[i], 42);
}

static void room_for_one_more_is_there(void **state)
{
    Arena *arena = *state;
    size_t cap = 0;
    char *items = vec_grow(arena, NULL, 0, &cap, 3);
    assert_int_equal(cap, 8);
    assert_ptr_equal(vec_grow(arena, items, 7, &cap, 3), items);
    memcpy(items, "abcdefghijklmnopqrstuvwx", 24);
    char *larger = vec_grow(arena, items, 8, &cap, 3);
    assert_int_equal(cap, 16);
    assert_ptr_not_equal(larger, items);
    assert_memory_equal(larger, "abcdefghijklmnopqrstuvwx\0\0\0", 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(items_stay_in_order_while_it_grows), TEST(growth_doubles),
        TEST(structs_may_be_written_in_place),    TEST(an_item_of_the_vector_may_be_pushed),
        TEST(room_for_one_more_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
