/* Organizations, their lists of addresses, and who belongs to them. */
#include "store/organization_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"

static Organization full(uint32_t number)
{
    return (Organization){.id = fixture_id(number),
                          .slug = number == 1 ? "guild" : "other",
                          .name = "Gr\xC3\xB6\xC3\x9F"
                                  "e & Co.",
                          .is_active = true,
                          .join_enabled = true,
                          .default_role = ROLE_ORG_AUDITOR,
                          .max_users = number == 1 ? 7 : 0,
                          .reads_system = number == 1,
                          .created_by = fixture_id(90),
                          .created_at = FIXTURE_START + number};
}

static Digest token(char of)
{
    return digest_of((Str){&of, 1});
}

static Organization *stored(Fixture *f, uint32_t number)
{
    Organization *found = NULL;
    assert_no_error(organization_by_id(f->arena, f->db, fixture_id(number), &found));
    return found;
}

static void insert(Fixture *f, uint32_t number)
{
    Organization made = full(number);
    fixture_begin(f);
    assert_no_error(organization_insert(f->arena, f->db, &made, token((char)('a' + number))));
    fixture_commit(f);
}

static User member(Fixture *f, uint32_t number, Role role)
{
    User user = {.id = fixture_id(number),
                 .email = arena_printf(f->arena, "Member%u@Example.com", number),
                 .role = role,
                 .is_active = true,
                 .verified_at = 1,
                 .created_at = FIXTURE_START + number,
                 .has_organization = true,
                 .organization_id = fixture_id(1)};
    fixture_begin(f);
    assert_no_error(user_insert(f->arena, f->db, &user));
    fixture_commit(f);
    return user;
}

static void one_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    Organization *by[3];
    insert(f, 1);
    by[0] = stored(f, 1);
    assert_no_error(organization_by_slug(f->arena, f->db, STR("guild"), &by[1]));
    assert_no_error(organization_by_token(f->arena, f->db, token('b'), &by[2]));
    for (size_t i = 0; i < ARRAY_COUNT(by); i++) {
        assert_uuid(by[i]->id, fixture_id(1));
        assert_string_equal(by[i]->slug, "guild");
        assert_string_equal(by[i]->name, "Gr\xC3\xB6\xC3\x9F"
                                         "e & Co.");
        assert_true(by[i]->is_active && by[i]->has_token && by[i]->join_enabled &&
                    by[i]->reads_system);
        assert_int_equal(by[i]->default_role, ROLE_ORG_AUDITOR);
        assert_int_equal(by[i]->max_users, 7);
        assert_int_equal(by[i]->revision, 0);
        assert_uuid(by[i]->created_by, fixture_id(90));
        assert_int_equal(by[i]->created_at, FIXTURE_START + 1);
        assert_int_equal(by[i]->updated_at, FIXTURE_START + 1);
        assert_int_equal(by[i]->deleted_at, 0);
        assert_true(uuid_is_nil(by[i]->deletion_id));
        assert_int_equal(by[i]->members, 0);
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM owners WHERE kind = 'organization'"),
                     1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM audit_heads h JOIN organizations o ON "
                                       "o.id = h.owner_id WHERE h.seq = 0"),
                     1);
    assert_null(stored(f, 2));
    assert_no_error(organization_by_slug(f->arena, f->db, STR("Guild"), &by[0]));
    assert_null(by[0]);
}

static void a_short_name_is_taken_once(void **state)
{
    Fixture *f = *state;
    Organization second = full(1);
    second.id = fixture_id(2);
    insert(f, 1);
    Tx tx = {0};
    assert_no_error(tx_begin(f->db, f->arena, TX_WRITE, &tx));
    Error *error = organization_insert(f->arena, f->db, &second, token('x'));
    assert_error(error, ERROR_CONFLICT, "The short name \"guild\" is taken. Choose another.");
    assert_string_equal(error->reason, "slug_taken");
    tx_rollback(&tx);
    insert(f, 2);
    second.slug = "guild";
    assert_no_error(tx_begin(f->db, f->arena, TX_WRITE, &tx));
    assert_true(error_is(organization_update(f->arena, f->db, &second, 1), "slug_taken"));
    tx_rollback(&tx);
}

static void a_token_lets_in_while_it_may(void **state)
{
    Fixture *f = *state;
    Organization *found = NULL;
    insert(f, 1);
    for (int shut = 0; shut < 4; shut++) {
        Organization now = full(1);
        now.join_enabled = shut != 1;
        now.is_active = shut != 2;
        fixture_begin(f);
        assert_no_error(organization_update(f->arena, f->db, &now, FIXTURE_START + 50));
        assert_no_error(organization_set_deleted(f->arena, f->db, now.id, shut == 3 ? 5 : 0,
                                                 fixture_id(60), FIXTURE_START + 50));
        fixture_commit(f);
        assert_no_error(organization_by_token(f->arena, f->db, token('b'), &found));
        assert_int_equal(found != NULL, shut == 0);
    }
    assert_int_equal(stored(f, 1)->revision, 8);
    assert_int_equal(stored(f, 1)->updated_at, FIXTURE_START + 50);
    assert_int_equal(stored(f, 1)->deleted_at, 5);
    assert_uuid(stored(f, 1)->deletion_id, fixture_id(60));
    fixture_begin(f);
    assert_no_error(organization_set_deleted(f->arena, f->db, fixture_id(1), 0, UUID_NIL, 9));
    assert_no_error(organization_set_token(f->arena, f->db, fixture_id(1), token('n'), 9));
    fixture_commit(f);
    assert_true(uuid_is_nil(stored(f, 1)->deletion_id));
    assert_no_error(organization_by_token(f->arena, f->db, token('b'), &found));
    assert_null(found);
    assert_no_error(organization_by_token(f->arena, f->db, token('n'), &found));
    assert_non_null(found);
}

static void the_list_of_addresses(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *pattern; /* added before it is asked */
        bool ada, bob;
    } steps[] = {{NULL, true, true},
                 {"@else.example", false, false},
                 {"ada@x.example", true, false},
                 {"@x.example", true, true}};
    bool admits = false, changed = false;
    insert(f, 1);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        fixture_begin(f);
        WhitelistEntry entry = {steps[i].pattern, fixture_id(90), FIXTURE_START};
        for (int again = 0; again < 2 && steps[i].pattern != NULL; again++) {
            assert_no_error(whitelist_add(f->arena, f->db, fixture_id(1), &entry, &changed));
            assert_int_equal(changed, again == 0);
        }
        fixture_commit(f);
        assert_no_error(
            whitelist_admits(f->arena, f->db, fixture_id(1), STR("Ada@X.example"), &admits));
        assert_int_equal(admits, steps[i].ada);
        assert_no_error(
            whitelist_admits(f->arena, f->db, fixture_id(1), STR("bob@x.example"), &admits));
        assert_int_equal(admits, steps[i].bob);
    }
    WhitelistEntry *entries = NULL;
    size_t count = 0;
    int64_t number = 0;
    assert_no_error(whitelist_list(f->arena, f->db, fixture_id(1), &entries, &count));
    assert_int_equal(count, 3);
    assert_string_equal(entries[0].pattern, "@else.example");
    assert_string_equal(entries[2].pattern, "ada@x.example");
    assert_uuid(entries[2].added_by, fixture_id(90));
    fixture_begin(f);
    for (int again = 0; again < 2; again++) {
        assert_no_error(
            whitelist_remove(f->arena, f->db, fixture_id(1), STR("@else.example"), &changed));
        assert_int_equal(changed, again == 0);
    }
    fixture_commit(f);
    assert_no_error(whitelist_count(f->arena, f->db, fixture_id(1), &number));
    assert_int_equal(number, 2);
    assert_no_error(whitelist_count(f->arena, f->db, fixture_id(2), &number));
    assert_int_equal(number, 0);
}

/* --- members -------------------------------------------------------------------------------------- */

static int64_t admins_but(Fixture *f, uint32_t number)
{
    int64_t count = -1;
    assert_no_error(member_admins(f->arena, f->db, fixture_id(1), fixture_id(number), &count));
    return count;
}

static void who_counts_as_an_administrator(void **state)
{
    Fixture *f = *state;
    insert(f, 1);
    member(f, 10, ROLE_ORG_ADMIN);
    assert_int_equal(admins_but(f, 10), 0);
    assert_int_equal(admins_but(f, 11), 1);
    User second = member(f, 11, ROLE_ORG_ADMIN);
    assert_int_equal(admins_but(f, 10), 1);
    for (int how = 0; how < 5; how++) {
        User now = second;
        now.is_active = how != 0;
        now.verified_at = how == 1 ? 0 : 1;
        now.role = how == 2 ? ROLE_ORG_MEMBER : ROLE_ORG_ADMIN;
        fixture_begin(f);
        assert_no_error(user_change(f->arena, f->db, &now, 5));
        assert_no_error(user_set_deleted(f->arena, f->db, now.id, how == 3 ? 5 : 0, 5));
        fixture_commit(f);
        assert_int_equal(admins_but(f, 10), how == 4);
    }
    fixture_script(f, engine_script(f->arena, f->engine, "UPDATE users SET is_service = {true}"));
    assert_int_equal(admins_but(f, 12), 0);
}

static void a_place_is_taken_and_left(void **state)
{
    Fixture *f = *state;
    Uuid place;
    insert(f, 1);
    User user = member(f, 10, ROLE_ORG_VIEWER), *found = NULL;
    member(f, 11, ROLE_ORG_VIEWER);
    assert_int_equal(stored(f, 1)->members, 2);
    fixture_begin(f);
    assert_no_error(user_place_lock(f->arena, f->db, user.id, &place));
    assert_uuid(place, fixture_id(1));
    user.has_organization = false;
    user.role = ROLE_USER;
    assert_no_error(user_set_place(f->arena, f->db, &user, FIXTURE_START + 99));
    assert_no_error(user_place_lock(f->arena, f->db, user.id, &place));
    assert_true(uuid_is_nil(place));
    assert_no_error(user_place_lock(f->arena, f->db, fixture_id(77), &place));
    assert_true(uuid_is_nil(place));
    assert_no_error(user_set_deleted(f->arena, f->db, fixture_id(11), 5, 5));
    fixture_commit(f);
    assert_no_error(user_by_id(f->arena, f->db, user.id, &found));
    assert_false(found->has_organization);
    assert_int_equal(found->role, ROLE_USER);
    assert_int_equal(stored(f, 1)->members, 0);
    assert_no_error(user_by_id(f->arena, f->db, fixture_id(11), &found));
    assert_int_equal(found->deleted_at, 5);
    assert_true(found->has_organization);
}

/* The numbers of the users that are found, newest first. */
static const char *found_users(Fixture *f, UserQuery query)
{
    Buf text = buf_new(f->arena, 4096);
    User *users = NULL;
    size_t count = 0;
    int64_t number = 0;
    query.limit = query.limit == 0 ? 100 : query.limit;
    query.before_created_at = query.before_created_at == 0 ? INT64_MAX : query.before_created_at;
    assert_no_error(user_page(f->arena, f->db, &query, &users, &count));
    assert_no_error(user_count(f->arena, f->db, &query, &number));
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%lld ", (long long)(users[i].created_at - FIXTURE_START));
    buf_printf(&text, "of %lld", (long long)number);
    return buf_str(&text).ptr;
}

static void pages_of_users(void **state)
{
    Fixture *f = *state;
    insert(f, 1);
    member(f, 10, ROLE_ORG_VIEWER);
    User admin = member(f, 20, ROLE_ORG_ADMIN);
    member(f, 30, ROLE_ORG_VIEWER);
    fixture_begin(f);
    admin.is_active = false;
    assert_no_error(user_change(f->arena, f->db, &admin, 5));
    assert_no_error(user_set_deleted(f->arena, f->db, fixture_id(30), 5, 5));
    fixture_commit(f);
    UserQuery members = {.has_organization = true, .organization_id = fixture_id(1)};
    assert_string_equal(found_users(f, members), "20 10 of 2");
    members.deleted = true;
    assert_string_equal(found_users(f, members), "30 20 10 of 3");
    members.limit = 1;
    assert_string_equal(found_users(f, members), "30 of 3");
    members.before_created_at = FIXTURE_START + 30;
    members.before_id = fixture_id(30);
    assert_string_equal(found_users(f, members), "20 of 3");
    UserQuery all = {.roles = 1u << ROLE_ORG_VIEWER | 1u << ROLE_ORG_ADMIN};
    assert_string_equal(found_users(f, all), "20 10 of 2");
    all.active = 1;
    assert_string_equal(found_users(f, all), "10 of 1");
    all.active = -1;
    assert_string_equal(found_users(f, all), "20 of 1");
    UserQuery part = {.email_part = STR("ber1")};
    assert_string_equal(found_users(f, part), "10 of 1");
    members = (UserQuery){.has_organization = true, .organization_id = fixture_id(2)};
    assert_string_equal(found_users(f, members), "of 0");
}

static void pages_of_organizations(void **state)
{
    Fixture *f = *state;
    Organization *items = NULL;
    size_t count = 0;
    int64_t number = 0;
    insert(f, 1);
    insert(f, 2);
    OrganizationQuery query = {.before_created_at = INT64_MAX, .limit = 1};
    assert_no_error(organization_list(f->arena, f->db, &query, &items, &count));
    assert_int_equal(count, 1);
    assert_string_equal(items[0].slug, "other");
    query.before_created_at = items[0].created_at;
    query.before_id = items[0].id;
    assert_no_error(organization_list(f->arena, f->db, &query, &items, &count));
    assert_string_equal(items[0].slug, "guild");
    fixture_begin(f);
    assert_no_error(organization_set_deleted(f->arena, f->db, fixture_id(1), 5, fixture_id(60), 5));
    fixture_commit(f);
    assert_no_error(organization_list(f->arena, f->db, &query, &items, &count));
    assert_int_equal(count, 0);
    assert_no_error(organization_count(f->arena, f->db, &query, &number));
    assert_int_equal(number, 1);
    query.deleted = true;
    assert_no_error(organization_count(f->arena, f->db, &query, &number));
    assert_int_equal(number, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(one_comes_back_as_it_was),
        STORE_TEST(a_short_name_is_taken_once),
        STORE_TEST(a_token_lets_in_while_it_may),
        STORE_TEST(the_list_of_addresses),
        STORE_TEST(who_counts_as_an_administrator),
        STORE_TEST(a_place_is_taken_and_left),
        STORE_TEST(pages_of_users),
        STORE_TEST(pages_of_organizations),
    };
    return fixture_run(tests);
}
