/* The map against a model: what was put is found, in order of insertion, through every growth. */
#include "base/map.h"
#include "test.h"

static void an_empty_map_holds_nothing(void **state)
{
    Arena *arena = *state;
    Map map = map_new(arena);
    assert_int_equal(map.count, 0);
    assert_null(map_find(&map, STR("a")));
    assert_null(map_find(&map, STR("")));
}

static void keys_are_bytes(void **state)
{
    Arena *arena = *state;
    Map map = map_new(arena);
    int values[5];
    map_put(&map, STR("a"), &values[0]);
    map_put(&map, STR("a\0"), &values[1]);
    map_put(&map, STR("a\0b"), &values[2]);
    map_put(&map, STR(""), &values[3]);
    map_put(&map, STR("\xFF"), &values[4]);
    assert_int_equal(map.count, 5);
    assert_ptr_equal(map_find(&map, STR("a")), &values[0]);
    assert_ptr_equal(map_find(&map, STR("a\0")), &values[1]);
    assert_ptr_equal(map_find(&map, STR("a\0b")), &values[2]);
    assert_ptr_equal(map_find(&map, ((Str){NULL, 0})), &values[3]);
    assert_ptr_equal(map_find(&map, STR("\xFF")), &values[4]);
    assert_null(map_find(&map, STR("A")));
    assert_null(map_find(&map, STR("a\0c")));
}

static void a_second_put_replaces(void **state)
{
    Arena *arena = *state;
    Map map = map_new(arena);
    int first, second;
    map_put(&map, STR("a"), &first);
    map_put(&map, STR("b"), &first);
    map_put(&map, STR("a"), &second);
    assert_int_equal(map.count, 2);
    assert_ptr_equal(map_find(&map, STR("a")), &second);
    assert_ptr_equal(map_find(&map, STR("b")), &first);
    assert_str(map.entries[0].key, "a");
    assert_str(map.entries[1].key, "b");
}

/* Exactly at the capacities the replaced key meets the growth. */
static void replacing_in_a_full_map_keeps_the_count(void **state)
{
    Arena *arena = *state;
    Map map = map_new(arena);
    int value;
    for (size_t i = 0; i < 16; i++)
        map_put(&map, str_printf(arena, "%zu", i), &value);
    for (size_t i = 0; i < 16; i++)
        map_put(&map, str_printf(arena, "%zu", i), &map);
    assert_int_equal(map.count, 16);
    for (size_t i = 0; i < 16; i++)
        assert_ptr_equal(map_find(&map, str_printf(arena, "%zu", i)), &map);
}

static void a_hundred_thousand_keys_are_found(void **state)
{
    Arena *arena = *state;
    Map map = map_new(arena);
    size_t count = test_rounds(100000);
    size_t *values = ARENA_ARRAY(arena, size_t, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = i;
        map_put(&map, str_printf(arena, "key-%zu", i), &values[i]);
        if (i % 997 == 0) /* the newest, the oldest and one that is not there, while it grows */
            assert_ptr_equal(map_find(&map, str_printf(arena, "key-%zu", i)), &values[i]);
    }
    assert_int_equal(map.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(map_find(&map, str_printf(arena, "key-%zu", i)), &values[i]);
        assert_ptr_equal(map.entries[i].value, &values[i]); /* in order of insertion */
        assert_null(map_find(&map, str_printf(arena, "kez-%zu", i)));
    }
}

/* Short random keys meet often, so that puts replace and finds miss in every state of the table. */
static void random_puts_agree_with_a_list(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 7;
    for (size_t run = 0; run < test_rounds(200); run++) {
        ArenaMark mark = arena_mark(arena);
        Map map = map_new(arena);
        void *expected[512] = {NULL};
        size_t distinct = 0;
        for (size_t step = 0; step < 400; step++) {
            size_t key = test_below(&seed, 512);
            Str text = str_printf(arena, "%zx", key);
            if (test_below(&seed, 2) == 0) {
                void *value = arena_alloc(arena, 1);
                distinct += expected[key] == NULL;
                expected[key] = value;
                map_put(&map, text, value);
            }
            assert_ptr_equal(map_find(&map, text), expected[key]);
            assert_int_equal(map.count, distinct);
        }
        arena_rewind(arena, mark);
    }
}

static void put_nothing(void)
{
    Map map = map_new(arena_new(0));
    map_put(&map, STR("a"), NULL);
}

static void no_value_is_a_programming_error(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, put_nothing, "value != NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_map_holds_nothing),
        TEST(keys_are_bytes),
        TEST(a_second_put_replaces),
        TEST(replacing_in_a_full_map_keeps_the_count),
        TEST(a_hundred_thousand_keys_are_found),
        TEST(random_puts_agree_with_a_list),
        TEST(no_value_is_a_programming_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
