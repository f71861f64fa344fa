/* Organizations: their settings, joining and leaving, roles; and that whatever happens at the same moment, an
 * organization keeps an administrator and its limit. */
#include "world.h"

#include "base/clock.h"
#include "domain/joining.h"
#include "domain/members.h"
#include "domain/organizations.h"
#include "store/account_store.h"

#include <pthread.h>

static const Peer PEER = {.via = "http", .address = "192.0.2.1"};

typedef struct Guild {
    Uuid id;
    const char *token;
} Guild;

static Guild found_guild(World *w, const char *name, int64_t max_users)
{
    Guild guild;
    Organization *made = NULL;
    NewOrganization asked = {.name = str_from(name),
                             .max_users = max_users,
                             .default_role = ROLE_ORG_MEMBER,
                             .join_enabled = true};
    world_advance(1000);
    assert_no_error(organizations_create(w->arena, w->db, w->root, &asked, &guild.token, &made));
    guild.id = made->id;
    return guild;
}

/* As they are now: for each request a principal is made anew. */
static Principal *again(World *w, const Principal *who)
{
    User *user = NULL;
    assert_no_error(accounts_user(w->arena, w->db, who->user_id, &user));
    return accounts_principal(w->arena, user, &PEER);
}

static Error *join(World *w, const Principal *who, const char *token)
{
    Organization *joined = NULL;
    return joining_join(w->arena, w->db, again(w, who), str_from(token), &joined);
}

static Error *leave(World *w, const Principal *who)
{
    Uuid left;
    return joining_leave(w->arena, w->db, again(w, who), &left);
}

static Error *change(World *w, const Principal *who, Uuid guild, const Principal *whom,
                     UserChange to)
{
    User *changed = NULL;
    return members_change(w->arena, w->db, again(w, who), guild, whom->user_id, &to, &changed);
}

static Error *set_role(World *w, const Principal *who, Uuid guild, const Principal *whom, Role role)
{
    return change(w, who, guild, whom, (UserChange){.has_role = true, .role = role});
}

static Principal *member(World *w, Guild guild, const char *email, Role role)
{
    Principal *who = world_add_person(w, email, ROLE_USER);
    assert_no_error(join(w, who, guild.token));
    assert_no_error(set_role(w, w->root, guild.id, who, role));
    return again(w, who);
}

static void refuse(Error *error, ErrorCode code, const char *reason)
{
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_true(error_is(error, reason));
}

static void refuse_field(Error *error, const char *field, const char *code)
{
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_INVALID);
    assert_string_equal(error->fields->field, field);
    assert_string_equal(error->fields->code, code);
    assert_null(error->fields->next);
}

/* Action and object, oldest first. */
static const char *trail(World *w, Uuid owner_id)
{
    return world_text(w, arena_printf(w->arena,
                                      "SELECT action, object_kind, details FROM audit_events WHERE "
                                      "owner_id = {id %s} ORDER BY seq",
                                      uuid_text(w->arena, owner_id)));
}

/* --- settings ------------------------------------------------------------------------------------- */

static void test_short_names(void **state)
{
    World *w = *state;
    static const struct {
        const char *name, *slug, *made;
    } cases[] = {
        {"Guild", "", "guild"},
        {"  A  &  B -- C. ", "", "a-b-c"},
        {"\xC3\x9C"
         "ber 42",
         "", "ber-42"},
        {"Anything", "My-Own-1", "my-own-1"},
        {"x23456789 123456789 123456789 123456789 1234567890123", "",
         "x23456789-123456789-123456789-123456789-123456789"},
    };
    static const char *const bad[] = {"-a", "a-", "a b", "a_b", "\xC3\xBC"};
    const char *token = NULL;
    Organization *made = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        NewOrganization asked = {.name = str_from(cases[i].name),
                                 .slug = str_from(cases[i].slug),
                                 .default_role = ROLE_ORG_VIEWER};
        assert_no_error(organizations_create(w->arena, w->db, w->root, &asked, &token, &made));
        assert_string_equal(made->slug, cases[i].made);
        assert_int_equal(strlen(token), 43);
        refuse(organizations_create(w->arena, w->db, w->root, &asked, &token, &made),
               ERROR_CONFLICT, "slug_taken");
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        NewOrganization asked = {
            .name = STR("X"), .slug = str_from(bad[i]), .default_role = ROLE_ORG_VIEWER};
        refuse_field(organizations_create(w->arena, w->db, w->root, &asked, &token, &made), "slug",
                     "not_a_slug");
    }
}

static void test_what_is_wrong_with_one(void **state)
{
    World *w = *state;
    static const char *const fields[] = {"name", "slug", "default_role", "max_users"};
    const char *token = NULL;
    Organization *made = NULL;
    NewOrganization asked = {
        .slug = STR("-"), .default_role = ROLE_ORG_ADMIN, .max_users = MEMBERS_MOST + 1};
    Error *error = organizations_create(w->arena, w->db, w->root, &asked, &token, &made);
    const ErrorField *field = error->fields;
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++, field = field->next)
        assert_string_equal(field->field, fields[i]);
    assert_null(field);
    assert_int_equal(world_number(w, "SELECT count(*) FROM organizations"), 0);
}

static void test_who_sees_and_changes_which(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0), other = found_guild(w, "Other", 0);
    const struct {
        const Principal *who;
        bool sees, changes, all;
    } people[] = {
        {w->root, true, true, true},
        {w->operator, true, true, true},
        {member(w, guild, "admin@example.com", ROLE_ORG_ADMIN), true, true, false},
        {member(w, guild, "auditor@example.com", ROLE_ORG_AUDITOR), true, false, false},
        {member(w, guild, "member@example.com", ROLE_ORG_MEMBER), true, false, false},
        {member(w, guild, "viewer@example.com", ROLE_ORG_VIEWER), true, false, false},
        {member(w, other, "other@example.com", ROLE_ORG_ADMIN), false, false, false},
        {w->ada, false, false, false},
    };
    Organization *found = NULL;
    static const char none[] = "There is no such organization.";
    OrganizationChange renamed = {.has_name = true, .to.name = STR("New")};
    OrganizationChange opened = {.has_reads_system = true, .to.reads_system = true};
    for (size_t i = 0; i < ARRAY_COUNT(people); i++) {
        const Principal *who = people[i].who;
        Error *error = organizations_get(w->arena, w->db, who, guild.id, false, &found);
        if (people[i].sees)
            assert_no_error(error);
        else
            assert_error(error, ERROR_NOT_FOUND, none);
        error = organizations_change(w->arena, w->db, who, guild.id, &renamed, &found);
        if (people[i].changes)
            assert_no_error(error);
        else
            assert_error(error, ERROR_NOT_FOUND, none);
        error = organizations_change(w->arena, w->db, who, guild.id, &opened, &found);
        if (people[i].all)
            assert_no_error(error);
        else
            assert_int_equal(error->code, people[i].changes ? ERROR_DENIED : ERROR_NOT_FOUND);
    }
    Uuid unknown = uuid_new();
    assert_error(organizations_get(w->arena, w->db, w->root, unknown, false, &found),
                 ERROR_NOT_FOUND, none);
    assert_error(organizations_change(w->arena, w->db, w->root, unknown, &renamed, &found),
                 ERROR_NOT_FOUND, none);
}

static void test_if_match_and_the_limit(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0);
    Organization *now = NULL, *later = NULL;
    assert_no_error(organizations_get(w->arena, w->db, w->root, guild.id, false, &now));
    const char *etag = organizations_etag(w->arena, now);
    OrganizationChange limit = {.has_max_users = true, .to.max_users = 1, .if_match = etag};
    assert_no_error(organizations_change(w->arena, w->db, w->root, guild.id, &limit, &later));
    assert_int_equal(later->revision, 1);
    assert_int_equal(organizations_change(w->arena, w->db, w->root, guild.id, &limit, &later)->code,
                     ERROR_CHANGED);
    assert_no_error(join(w, w->ada, guild.token));
    refuse(join(w, w->bob, guild.token), ERROR_CONFLICT, "organization_full");
    limit = (OrganizationChange){.has_max_users = true, .to.max_users = 2};
    assert_no_error(organizations_change(w->arena, w->db, w->root, guild.id, &limit, &later));
    assert_no_error(join(w, w->bob, guild.token));
    limit.to.max_users = 1;
    refuse(organizations_change(w->arena, w->db, w->root, guild.id, &limit, &later), ERROR_CONFLICT,
           "too_many_members");
    assert_string_equal(trail(w, guild.id), "organization.created|organization|NULL\norganization."
                                            "changed|organization|{\"max_users\":1}"
                                            "\nmember.joined|user|{\"role\":\"org_member\"}\n"
                                            "organization.changed|organization|{\"max_users\":2}\n"
                                            "member.joined|user|{\"role\":\"org_member\"}\n");
    assert_string_equal(world_text(w, "SELECT action FROM audit_events WHERE owner_id = {nil} AND "
                                      "object_kind = 'organization'"),
                        "organization.created\n");
}

/* --- joining and leaving --------------------------------------------------------------------------- */

static void test_whom_a_token_lets_in(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0);
    Organization *changed = NULL;
    const char *fresh = NULL;
    bool is_new = false;
    refuse(join(w, w->ada, "no token"), ERROR_NOT_FOUND, "bad_join_token");
    refuse(join(w, w->root, guild.token), ERROR_CONFLICT, "is_super_admin");
    assert_no_error(joining_new_token(w->arena, w->db, w->root, guild.id, &fresh, &changed));
    refuse(join(w, w->ada, guild.token), ERROR_NOT_FOUND, "bad_join_token");
    OrganizationChange shut = {.has_join_enabled = true};
    assert_no_error(organizations_change(w->arena, w->db, w->root, guild.id, &shut, &changed));
    refuse(join(w, w->ada, fresh), ERROR_NOT_FOUND, "bad_join_token");
    shut.to.join_enabled = true;
    assert_no_error(organizations_change(w->arena, w->db, w->root, guild.id, &shut, &changed));
    assert_no_error(
        joining_allow(w->arena, w->db, w->root, guild.id, STR(" BOB@Example.com "), &is_new));
    assert_true(is_new);
    refuse(join(w, w->ada, fresh), ERROR_DENIED, "not_whitelisted");
    assert_no_error(join(w, w->bob, fresh));
    refuse(join(w, w->bob, fresh), ERROR_CONFLICT, "already_member");
    assert_no_error(joining_disallow(w->arena, w->db, w->root, guild.id, STR("Bob@example.com")));
    assert_error(joining_disallow(w->arena, w->db, w->root, guild.id, STR("bob@example.com")),
                 ERROR_NOT_FOUND, "This pattern is not on the list.");
    assert_no_error(join(w, w->ada, fresh)); /* the list is empty again */
    assert_int_equal(again(w, w->bob)->role, ROLE_ORG_MEMBER);
}

static Error *look(World *w, const Principal *who, const Prediction *at)
{
    Prediction *found = NULL;
    Uuid current;
    return predictions_get(w->arena, w->db, who, KIND_ANNUAL, at->id, &found, &current);
}

/* The data stays, and is out of sight. */
static void test_what_leaving_leaves(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0);
    Prediction *own = NULL, *shared = NULL;
    assert_no_error(world_create(w, w->ada, "OWN", 2020, 1, &own));
    refuse(leave(w, w->ada), ERROR_CONFLICT, "no_member");
    assert_no_error(join(w, w->ada, guild.token));
    Principal *inside = again(w, w->ada);
    assert_true(principal_reaches(inside, guild.id));
    assert_no_error(world_create(w, inside, "SHARED", 2020, 1, &shared));
    assert_uuid(shared->owner_id, guild.id);
    assert_no_error(leave(w, w->ada));
    Principal *outside = again(w, w->ada);
    assert_false(principal_reaches(outside, guild.id));
    assert_int_equal(outside->role, ROLE_USER);
    assert_int_equal(look(w, outside, shared)->code, ERROR_NOT_FOUND);
    assert_no_error(look(w, outside, own));
    assert_no_error(join(w, w->bob, guild.token));
    assert_no_error(look(w, again(w, w->bob), shared));
}

/* --- roles ----------------------------------------------------------------------------------------- */

static void test_who_gives_which_role(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0), other = found_guild(w, "Other", 0);
    Principal *admin = member(w, guild, "admin@example.com", ROLE_ORG_ADMIN);
    Principal *anna = member(w, guild, "anna@example.com", ROLE_ORG_MEMBER);
    Principal *theirs = member(w, other, "theirs@example.com", ROLE_ORG_ADMIN);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        Error *error = set_role(w, admin, guild.id, anna, role);
        if (role_is_of_organization(role))
            assert_no_error(error);
        else
            refuse_field(error, "role", "not_available");
    }
    assert_no_error(set_role(w, admin, guild.id, anna, ROLE_ORG_MEMBER));
    refuse(set_role(w, admin, guild.id, admin, ROLE_ORG_MEMBER), ERROR_DENIED, "own_account");
    static const char none[] = "The organization has no such member.";
    assert_error(set_role(w, admin, guild.id, theirs, ROLE_ORG_MEMBER), ERROR_NOT_FOUND, none);
    assert_error(set_role(w, admin, guild.id, w->ada, ROLE_ORG_MEMBER), ERROR_NOT_FOUND, none);
    assert_error(set_role(w, admin, other.id, theirs, ROLE_ORG_MEMBER), ERROR_NOT_FOUND,
                 "There is no such organization.");
    assert_error(set_role(w, anna, guild.id, anna, ROLE_ORG_ADMIN), ERROR_NOT_FOUND,
                 "There is no such organization.");
    assert_int_equal(
        change(w, admin, guild.id, anna, (UserChange){.has_verified = true, .verified = true})
            ->code,
        ERROR_DENIED);
}

static void test_the_last_administrator(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild", 0);
    Principal *admin = member(w, guild, "admin@example.com", ROLE_ORG_ADMIN);
    User *removed = NULL;
    UserChange disabled = {.has_active = true};
    for (int others = 0; others < 3; others++) { /* none of them can act */
        assert_error(leave(w, admin), ERROR_CONFLICT,
                     "admin@example.com is the only administrator of the organization who can "
                     "act. Make somebody else its administrator first.");
        refuse(leave(w, admin), ERROR_CONFLICT, "last_admin");
        refuse(set_role(w, w->root, guild.id, admin, ROLE_ORG_VIEWER), ERROR_CONFLICT,
               "last_admin");
        refuse(change(w, w->root, guild.id, admin, disabled), ERROR_CONFLICT, "last_admin");
        refuse(members_remove(w->arena, w->db, w->root, guild.id, admin->user_id, &removed),
               ERROR_CONFLICT, "last_admin");
        assert_no_error(set_role(w, w->root, guild.id, admin, ROLE_ORG_ADMIN));
        if (others == 0)
            assert_no_error(change(w, w->root, guild.id,
                                   member(w, guild, "idle@example.com", ROLE_ORG_ADMIN), disabled));
        if (others == 1)
            world_script(
                w, arena_printf(
                       w->arena,
                       "UPDATE users SET verified_at = NULL WHERE id = "
                       "{id %s}",
                       uuid_text(w->arena,
                                 member(w, guild, "new@example.com", ROLE_ORG_ADMIN)->user_id)));
    }
    Principal *second = member(w, guild, "second@example.com", ROLE_ORG_ADMIN);
    refuse(members_remove(w->arena, w->db, again(w, admin), guild.id, admin->user_id, &removed),
           ERROR_DENIED, "own_account");
    assert_no_error(
        members_remove(w->arena, w->db, again(w, second), guild.id, admin->user_id, &removed));
    assert_int_equal(removed->role, ROLE_USER);
    refuse(leave(w, second), ERROR_CONFLICT, "last_admin");
}

/* --- failing, and at the same moment ---------------------------------------------------------------- */

static Error *do_create(World *w)
{
    const char *token = NULL;
    Organization *made = NULL;
    NewOrganization asked = {.name = STR("New"), .default_role = ROLE_ORG_MEMBER};
    return organizations_create(w->arena, w->db, w->root, &asked, &token, &made);
}

static Guild failing; /* of the acts below */

static Error *do_change(World *w)
{
    Organization *changed = NULL;
    OrganizationChange to = {.has_name = true, .to.name = STR("Other")};
    return organizations_change(w->arena, w->db, w->root, failing.id, &to, &changed);
}

static Error *do_token(World *w)
{
    const char *token = NULL;
    Organization *changed = NULL;
    return joining_new_token(w->arena, w->db, w->root, failing.id, &token, &changed);
}

static Error *do_allow(World *w)
{
    bool is_new = false;
    return joining_allow(w->arena, w->db, w->root, failing.id, STR("@example.com"), &is_new);
}

static Error *do_disallow(World *w)
{
    return joining_disallow(w->arena, w->db, w->root, failing.id, STR("@example.com"));
}

static Error *do_join(World *w)
{
    Organization *joined = NULL;
    return joining_join(w->arena, w->db, w->ada, str_from(failing.token), &joined);
}

static Error *do_promote(World *w)
{
    User *changed = NULL;
    UserChange to = {
        .has_role = true, .role = ROLE_ORG_AUDITOR, .has_active = true, .active = false};
    return members_change(w->arena, w->db, w->root, failing.id, w->ada->user_id, &to, &changed);
}

static Error *do_remove(World *w)
{
    User *removed = NULL;
    return members_remove(w->arena, w->db, w->root, failing.id, w->ada->user_id, &removed);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Error *(*acts[])(World *) = {do_create,   do_change,  do_allow,  do_join,
                                 do_disallow, do_promote, do_remove, do_token};
    const char *all = "SELECT * FROM organizations; SELECT * FROM organization_whitelist; SELECT * "
                      "FROM users; SELECT * FROM owners; SELECT * FROM audit_events";
    failing = found_guild(w, "Guild", 0);
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        assert_true(world_fail_every_call(w, acts[i], 1, all) > 5);
    }
}

typedef struct Person {
    World *w;
    const Principal *who;
    const Principal *whom; /* NULL: the person leaves, or joins by the token */
    Guild guild;
    bool joins;
    Error *error;
    Arena *arena;
    pthread_t thread;
} Person;

static pthread_barrier_t gate;

static Error *act(Person *person, Db *db)
{
    Uuid left;
    User *changed = NULL;
    Organization *joined = NULL;
    UserChange demoted = {.has_role = true, .role = ROLE_ORG_VIEWER};
    if (person->joins)
        return joining_join(person->arena, db, person->who, str_from(person->guild.token), &joined);
    if (person->whom == NULL)
        return joining_leave(person->arena, db, person->who, &left);
    return members_change(person->arena, db, person->who, person->guild.id, person->whom->user_id,
                          &demoted, &changed);
}

static void *live(void *self)
{
    Person *person = self;
    Db *db = NULL;
    CHECK(db_open(person->arena, person->w->url, (DbOptions){0}, &db) == NULL);
    pthread_barrier_wait(&gate);
    do
        person->error = act(person, db);
    while (error_is(person->error, ERROR_RETRY));
    db_close(db);
    return NULL;
}

/* All at the same moment. How many were refused, each for that reason. */
static int meet(World *w, Person *people, size_t count, const char *reason)
{
    int refused = 0;
    pthread_barrier_init(&gate, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        people[i].w = w;
        people[i].arena = arena_new(0);
        CHECK(pthread_create(&people[i].thread, NULL, live, &people[i]) == 0);
    }
    for (size_t i = 0; i < count; i++)
        CHECK(pthread_join(people[i].thread, NULL) == 0);
    for (size_t i = 0; i < count; i++) {
        if (people[i].error != NULL)
            refuse(people[i].error, ERROR_CONFLICT, reason);
        refused += people[i].error != NULL;
        arena_free(people[i].arena);
    }
    pthread_barrier_destroy(&gate);
    return refused;
}

static void test_two_last_administrators_at_once(void **state)
{
    World *w = *state;
    for (int round = 0; round < 6; round++) {
        Guild guild = found_guild(w, arena_printf(w->arena, "Guild %d", round), 0);
        Principal *a =
            member(w, guild, arena_printf(w->arena, "a%d@example.com", round), ROLE_ORG_ADMIN);
        Principal *b =
            member(w, guild, arena_printf(w->arena, "b%d@example.com", round), ROLE_ORG_ADMIN);
        Person people[] = {{.who = a, .guild = guild}, {.who = b, .guild = guild}};
        if (round % 2 == 1) { /* each demotes the other */
            people[0].whom = b;
            people[1].whom = a;
        }
        assert_int_equal(meet(w, people, 2, "last_admin"), 1);
        assert_int_equal(
            world_number(w, arena_printf(w->arena,
                                         "SELECT count(*) FROM users WHERE role = 'org_admin' AND "
                                         "organization_id = {id %s}",
                                         uuid_text(w->arena, guild.id))),
            1);
    }
}

static void test_the_last_place_taken_by_many_at_once(void **state)
{
    World *w = *state;
    enum { MANY = 4 };
    for (int round = 0; round < 4; round++) {
        Guild guild = found_guild(w, arena_printf(w->arena, "Guild %d", round), 2);
        Person people[MANY] = {{0}};
        assert_no_error(join(
            w, world_add_person(w, arena_printf(w->arena, "x%d@example.com", round), ROLE_USER),
            guild.token));
        for (int i = 0; i < MANY; i++)
            people[i] =
                (Person){.who = world_add_person(
                             w, arena_printf(w->arena, "p%d-%d@example.com", round, i), ROLE_USER),
                         .guild = guild,
                         .joins = true};
        assert_int_equal(meet(w, people, MANY, "organization_full"), MANY - 1);
    }
}

/* One person, two organizations: it is a member of one of them. */
static void test_two_organizations_joined_at_once(void **state)
{
    World *w = *state;
    Guild first = found_guild(w, "First", 0), second = found_guild(w, "Second", 0);
    for (int round = 0; round < 4; round++) {
        const Principal *who =
            world_add_person(w, arena_printf(w->arena, "p%d@example.com", round), ROLE_USER);
        Person people[] = {{.who = who, .guild = first, .joins = true},
                           {.who = who, .guild = second, .joins = true}};
        assert_int_equal(meet(w, people, 2, "already_member"), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_short_names),
        WORLD_TEST(test_what_is_wrong_with_one),
        WORLD_TEST(test_who_sees_and_changes_which),
        WORLD_TEST(test_if_match_and_the_limit),
        WORLD_TEST(test_whom_a_token_lets_in),
        WORLD_TEST(test_what_leaving_leaves),
        WORLD_TEST(test_who_gives_which_role),
        WORLD_TEST(test_the_last_administrator),
        WORLD_TEST(test_every_call_failing),
        WORLD_TEST(test_two_last_administrators_at_once),
        WORLD_TEST(test_the_last_place_taken_by_many_at_once),
        WORLD_TEST(test_two_organizations_joined_at_once),
    };
    return world_run(tests);
}
