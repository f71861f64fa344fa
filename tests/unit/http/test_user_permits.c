/* Each user has so many, whatever the others hold; what is freed is there again. */
#include "http/user_permits.h"

#include "test.h"

static Uuid user(int number)
{
    return (Uuid){{(uint8_t)number, 1}};
}

static void each_user_has_their_own(void **state)
{
    UserPermits *permits = user_permits_new(*state, 2);
    Arena *first = arena_new(0), *second = arena_new(0), *third = arena_new(0);
    assert_true(user_permits_take(permits, first, user(1)));
    assert_true(user_permits_take(permits, second, user(1)));
    assert_false(user_permits_take(permits, third, user(1)));
    assert_true(user_permits_take(permits, third, user(2)));
    arena_free(first);
    assert_true(user_permits_take(permits, third, user(1)));
    assert_false(user_permits_take(permits, third, user(1)));
    arena_free(third);
    arena_free(second);
}

/* A request that is run again begins without what its first run held. */
static void a_rewind_gives_them_back(void **state)
{
    UserPermits *permits = user_permits_new(*state, 1);
    Arena *request = arena_new(0);
    ArenaMark mark = arena_mark(request);
    for (int i = 0; i < 3; i++) {
        assert_true(user_permits_take(permits, request, user(1)));
        assert_false(user_permits_take(permits, request, user(1)));
        arena_rewind(request, mark);
    }
    arena_free(request);
}

static void places_are_used_again(void **state)
{
    UserPermits *permits = user_permits_new(*state, 1);
    size_t before = 0;
    for (int i = 0; i < 1000; i++) {
        Arena *request = arena_new(0);
        assert_true(user_permits_take(permits, request, user(i % 250)));
        arena_free(request);
        if (i == 10)
            before = arena_used(*state);
    }
    assert_int_equal(arena_used(*state), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_user_has_their_own),
        TEST(a_rewind_gives_them_back),
        TEST(places_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
