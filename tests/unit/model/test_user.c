/* The one access condition: a principal reaches what belongs to one of its owners. */
#include "model/user.h"

#include "test.h"

static Principal with_two_owners(void)
{
    return (Principal){.owners = {{{1}}, SYSTEM_OWNER},
                       .owner_kinds = {OWNER_PERSONAL, OWNER_SYSTEM},
                       .owner_count = 2};
}

static void only_its_own_owners_exist(void **state)
{
    (void)state;
    Principal who = with_two_owners();
    assert_true(principal_reaches(&who, (Uuid){{1}}));
    assert_true(principal_reaches(&who, SYSTEM_OWNER));
    assert_false(principal_reaches(&who, (Uuid){{2}}));
    who.owner_count = 1;
    assert_false(principal_reaches(&who, SYSTEM_OWNER));
}

static void each_owner_keeps_its_kind(void **state)
{
    (void)state;
    Principal who = with_two_owners();
    assert_int_equal(principal_owner_kind(&who, (Uuid){{1}}), OWNER_PERSONAL);
    assert_int_equal(principal_owner_kind(&who, SYSTEM_OWNER), OWNER_SYSTEM);
}

static void ask_for_another(void)
{
    Principal who = with_two_owners();
    (void)principal_owner_kind(&who, (Uuid){{2}});
}

static void the_kind_of_another_owner_is_never_asked(void **state)
{
    assert_dies(*state, ask_for_another, "index >= 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_own_owners_exist),
        TEST(each_owner_keeps_its_kind),
        TEST(the_kind_of_another_owner_is_never_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
