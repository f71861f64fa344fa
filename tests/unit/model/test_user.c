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

/* Of each role: what it may do with data of the system, of its organization made by somebody else and by itself,
 * and of its own: c change, a administer, i be admin of, h hear the audit trail of. */
static void roles_have_their_rules(void **state)
{
    (void)state;
    static const char *const expected[ROLE_COUNT][4] = {
        [ROLE_USER] = {"", "", "c", "cah"},
        [ROLE_ORG_VIEWER] = {"", "", "", "ah"},
        [ROLE_ORG_MEMBER] = {"", "", "c", "cah"},
        [ROLE_ORG_AUDITOR] = {"", "h", "h", "ah"},
        [ROLE_ORG_ADMIN] = {"", "caih", "caih", "cah"},
        [ROLE_SUPER_ADMIN] = {"caih", "", "c", "caih"},
    };
    const Uuid me = {{1}}, somebody = {{2}}, together = {{3}};
    const Uuid owners[] = {SYSTEM_OWNER, together, together, me};
    const Uuid makers[] = {somebody, somebody, me, me};
    Principal who = {.user_id = me,
                     .owners = {together, me, SYSTEM_OWNER},
                     .owner_kinds = {OWNER_ORGANIZATION, OWNER_PERSONAL, OWNER_SYSTEM},
                     .owner_count = 3};
    for (who.role = 0; who.role < ROLE_COUNT; who.role++)
        for (size_t i = 0; i < ARRAY_COUNT(owners); i++) {
            const char *may = expected[who.role][i];
            assert_int_equal(principal_may_change(&who, owners[i], makers[i]),
                             strchr(may, 'c') != NULL);
            assert_int_equal(principal_administers(&who, owners[i]), strchr(may, 'a') != NULL);
            assert_int_equal(principal_is_admin(&who, owners[i]), strchr(may, 'i') != NULL);
            assert_int_equal(principal_audits(&who, owners[i]), strchr(may, 'h') != NULL);
        }
}

static void what_is_out_of_reach_may_not_be_touched(void **state)
{
    (void)state;
    Principal who = {.user_id = {{1}},
                     .role = ROLE_SUPER_ADMIN,
                     .owners = {SYSTEM_OWNER},
                     .owner_kinds = {OWNER_SYSTEM},
                     .owner_count = 1};
    Uuid theirs = {{2}};
    assert_false(principal_may_change(&who, theirs, who.user_id));
    assert_false(principal_administers(&who, theirs));
    assert_false(principal_is_admin(&who, theirs));
    assert_false(principal_audits(&who, theirs));
}

static void new_data_goes_to_the_scope_or_by_choice_to_the_person(void **state)
{
    (void)state;
    Principal who = {.owners = {{{3}}, {{1}}}, .owner_count = 2, .personal = 1};
    assert_true(uuid_equal(principal_writes_to(&who, false), (Uuid){{3}}));
    assert_true(uuid_equal(principal_writes_to(&who, true), (Uuid){{1}}));
}

static void organizations_have_four_roles(void **state)
{
    (void)state;
    for (Role role = 0; role < ROLE_COUNT; role++)
        assert_int_equal(role_is_of_organization(role), strncmp(ROLE_WORDS[role], "org_", 4) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_own_owners_exist),
        TEST(each_owner_keeps_its_kind),
        TEST(the_kind_of_another_owner_is_never_asked),
        TEST(roles_have_their_rules),
        TEST(what_is_out_of_reach_may_not_be_touched),
        TEST(new_data_goes_to_the_scope_or_by_choice_to_the_person),
        TEST(organizations_have_four_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
