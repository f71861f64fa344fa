/* API keys: who may make them for whom, what they may do, and that they end with what they stand on. */
#include "domain/api_keys.h"

#include "world.h"

#include "base/clock.h"
#include "domain/user_sessions.h"
#include "store/token_store.h"

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

static const Peer PEER = {.via = "http", .address = "192.0.2.1", .request_id = "r-1"};

static NewApiKey a_key(const char *name, unsigned scopes)
{
    return (NewApiKey){.user_id = UUID_NIL,
                       .name = str_from(name),
                       .scopes = scopes,
                       .expires_at = world_now() + DAYS(10)};
}

static Error *create(World *w, const Principal *who, NewApiKey new, Token **ret_key,
                     const char **ret_secret)
{
    world_advance(1000);
    return api_keys_create(w->arena, w->db, who, &new, ret_key, ret_secret);
}

static Error *authenticate(World *w, const char *secret, Principal **ret_who)
{
    return accounts_authenticate(w->arena, w->db, &PEER, str_from(secret), ret_who);
}

static void refused(const Error *error, const char *field, const char *code, const char *message)
{
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->fields->field, field);
    assert_string_equal(error->fields->code, code);
}

/* An organization, and a member of it. */
static Uuid add_organization(World *w, const char *slug)
{
    Uuid id = uuid_new();
    const char *text = uuid_text(w->arena, id);
    world_script(w,
                 TEXT("INSERT INTO organizations (id, slug, name, is_active, join_enabled, "
                      "default_role, allow_global_data_access, revision, created_by, created_at, "
                      "updated_at) VALUES ({id %s}, '%s', '%s Inc.', {true}, {false}, "
                      "'org_member', {false}, 0, {nil}, {micros 0}, {micros 0});"
                      "INSERT INTO owners (id, kind, data_revision) VALUES ({id %s}, "
                      "'organization', 0);"
                      "INSERT INTO audit_heads (owner_id, seq, digest, at) SELECT {id %s}, seq, "
                      "digest, at FROM audit_heads WHERE seq = 0 AND owner_id = {id %s}",
                      text, slug, slug, text, text, uuid_text(w->arena, w->ada->user_id)));
    return id;
}

static User *add_user(World *w, const char *email, Role role, Uuid organization, bool service)
{
    User *user = NULL;
    NewUser new = {.email = str_from(email),
                   .role = role,
                   .organization_id = organization,
                   .verified = true,
                   .is_service = service};
    assert_no_error(accounts_create(w->arena, w->db, w->operator, & new, &user));
    assert_no_error(accounts_user(w->arena, w->db, user->id, &user)); /* with its organization */
    return user;
}

static Principal *as(World *w, const User *user)
{
    return accounts_principal(w->arena, user, &PEER);
}

/* --- one's own ------------------------------------------------------------------------------------ */

static void test_a_key_acts_for_its_user(void **state)
{
    World *w = *state;
    Token *key = NULL;
    const char *secret = NULL;
    Principal *who = NULL;
    assert_no_error(create(w, w->ada, a_key("nightly", SCOPE_READ | SCOPE_WRITE), &key, &secret));
    assert_int_equal(strncmp(secret, "obl_", 4), 0);
    assert_int_equal(strlen(secret), 47);
    assert_string_equal(key->name, "nightly");
    assert_no_error(authenticate(w, secret, &who));
    assert_true(uuid_equal(who->user_id, w->ada->user_id));
    assert_true(who->is_key);
    assert_int_equal(who->scopes, SCOPE_READ | SCOPE_WRITE);
    assert_int_equal(who->token_expires_at, key->expires_at);
    assert_memory_equal(who->token.bytes, key->digest.bytes, DIGEST_SIZE);
    assert_int_equal(authenticate(w, secret + 4, &who)->code, ERROR_UNAUTHENTICATED);
    char *hex = arena_alloc(w->arena, 2 * strlen(secret) + 1);
    hex_format(hex, (const uint8_t *)secret, strlen(secret));
    assert_int_equal(
        world_number(w, TEXT("SELECT count(*) FROM tokens WHERE digest = {bytes %s}", hex)), 0);
    assert_string_equal(
        world_text(w, "SELECT action, object_kind, address, details FROM audit_events WHERE "
                      "object_kind = 'api_key' AND owner_id = {nil}"),
        TEXT("key.created|api_key|127.0.0.1|{\"user_id\":\"%s\",\"name\":\"nightly\",\"scopes\":["
             "\"read\",\"write\"],\"expires_at\":\"2026-01-11T00:00:00Z\"}\n",
             uuid_text(w->arena, w->ada->user_id)));

    world_advance(DAYS(10) - 1001);
    assert_no_error(authenticate(w, secret, &who));
    world_advance(1);
    assert_int_equal(authenticate(w, secret, &who)->code, ERROR_UNAUTHENTICATED);
}

static void test_what_is_wrong_with_a_key(void **state)
{
    World *w = *state;
    Token *key = NULL;
    const char *secret = NULL;
    char longest[102]; /* a hundred characters, one of them of two bytes */
    memset(longest, 'n', sizeof longest);
    memcpy(longest, "\xC3\xA4", 2);
    longest[101] = '\0';
    static const char names[] = "A key needs a name of at most 100 characters.";
    static const char times[] = "A key ends in the future, in 366 days at the latest.";
    static const char scopes[] = "A key needs scopes: read, write, admin, or several of them.";
    NewApiKey new = a_key("", SCOPE_READ);
    refused(create(w, w->ada, new, &key, &secret), "name", "missing", names);
    new.name = str_from(longest);
    assert_no_error(create(w, w->ada, new, &key, &secret));
    new.name = str_printf(w->arena, "%s.", longest);
    refused(create(w, w->ada, new, &key, &secret), "name", "too_long", names);
    refused(create(w, w->ada, a_key("x", 0), &key, &secret), "scopes", "missing", scopes);
    refused(create(w, w->ada, a_key("x", 8), &key, &secret), "scopes", "missing", scopes);
    new = a_key("x", SCOPE_READ);
    new.expires_at = world_now() + 1000; /* now, when it is made */
    refused(create(w, w->ada, new, &key, &secret), "expires_at", "out_of_range", times);
    new.expires_at = world_now() + 1000 + DAYS(366) + 1;
    refused(create(w, w->ada, new, &key, &secret), "expires_at", "out_of_range", times);
    new.expires_at = world_now() + 1000 + DAYS(366);
    assert_no_error(create(w, w->ada, new, &key, &secret));
    refused(create(w, w->ada, a_key("x", SCOPE_ADMIN), &key, &secret), "scopes", "not_available",
            "A key for administration needs a user who is an administrator; this one has the role "
            "user.");
    assert_no_error(create(w, w->root, a_key("x", SCOPE_ADMIN), &key, &secret));
    NewApiKey bad = {.user_id = UUID_NIL};
    const ErrorField *field = create(w, w->ada, bad, &key, &secret)->fields;
    static const char *const all[] = {"name", "scopes", "expires_at"};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++, field = field->next)
        assert_string_equal(field->field, all[i]);
    assert_null(field);
}

static void test_so_many_and_no_more(void **state)
{
    World *w = *state;
    Token *key = NULL, *keys = NULL;
    const char *secret = NULL;
    size_t count = 0;
    NewApiKey first = a_key("first", SCOPE_READ);
    first.expires_at = world_now() + HOURS(1);
    assert_no_error(create(w, w->ada, first, &key, &secret));
    for (int i = 1; i < API_KEYS_MAX; i++)
        assert_no_error(create(w, w->ada, a_key(TEXT("k%d", i), SCOPE_READ), &key, &secret));
    Error *error = create(w, w->ada, a_key("x", SCOPE_READ), &key, &secret);
    assert_error(error, ERROR_CONFLICT,
                 "A user has at most 50 keys. Revoke one that is not needed any more.");
    assert_string_equal(error->reason, "too_many_keys");
    assert_no_error(create(w, w->bob, a_key("x", SCOPE_READ), &key, &secret));
    world_advance(HOURS(1)); /* what has ended does not count */
    assert_no_error(create(w, w->ada, a_key("last", SCOPE_READ), &key, &secret));
    assert_no_error(api_keys_list(w->arena, w->db, w->ada, UUID_NIL, &keys, &count));
    assert_int_equal(count, API_KEYS_MAX);
    assert_string_equal(keys[0].name, "last");
    assert_string_equal(keys[1].name, "k49");
}

static void test_revoking(void **state)
{
    World *w = *state;
    Token *key = NULL, *keys = NULL;
    const char *secret = NULL;
    size_t count = 1;
    Principal *who = NULL;
    assert_no_error(create(w, w->ada, a_key("x", SCOPE_READ), &key, &secret));
    Uuid id = token_id(key->digest);
    Error *not_yours = api_keys_revoke(w->arena, w->db, w->bob, id);
    Error *not_there = api_keys_revoke(w->arena, w->db, w->bob, uuid_new());
    assert_error(not_yours, ERROR_NOT_FOUND, "There is no such key.");
    assert_error(not_there, ERROR_NOT_FOUND, "There is no such key.");
    assert_error(api_keys_revoke(w->arena, w->db, w->root, id), ERROR_NOT_FOUND,
                 "There is no such key."); /* a person's own, whoever asks */
    assert_error(session_end(w->arena, w->db, w->ada, id), ERROR_NOT_FOUND,
                 "There is no such session.");
    assert_no_error(authenticate(w, secret, &who));
    assert_no_error(api_keys_revoke(w->arena, w->db, w->ada, id));
    assert_int_equal(authenticate(w, secret, &who)->code, ERROR_UNAUTHENTICATED);
    assert_error(api_keys_revoke(w->arena, w->db, w->ada, id), ERROR_NOT_FOUND,
                 "There is no such key.");
    assert_no_error(api_keys_list(w->arena, w->db, w->ada, UUID_NIL, &keys, &count));
    assert_int_equal(count, 0);
    assert_string_equal(world_text(w, "SELECT action FROM audit_events WHERE object_kind = "
                                      "'api_key' ORDER BY seq"),
                        "key.created\nkey.revoked\n");
}

/* What the user is now, and no more: asked with every request. */
static void test_a_key_is_never_more_than_its_user(void **state)
{
    World *w = *state;
    Token *key = NULL;
    const char *secret = NULL;
    Principal *who = NULL;
    assert_no_error(create(w, w->root, a_key("x", SCOPE_ALL), &key, &secret));
    assert_no_error(authenticate(w, secret, &who));
    assert_int_equal(who->role, ROLE_SUPER_ADMIN);
    world_script(w, "UPDATE users SET role = 'user' WHERE email = 'root@example.com'");
    assert_no_error(authenticate(w, secret, &who));
    assert_int_equal(who->role, ROLE_USER);
    assert_int_equal(who->owner_count, 1);
    world_script(w, "UPDATE users SET is_active = {false} WHERE email = 'root@example.com'");
    assert_error(authenticate(w, secret, &who), ERROR_DENIED, "This account is disabled.");
    world_script(w, "UPDATE users SET is_active = {true}, deleted_at = {micros 1} WHERE email = "
                    "'root@example.com'");
    assert_error(authenticate(w, secret, &who), ERROR_DENIED, "This account is disabled.");
}

/* --- for service users ---------------------------------------------------------------------------- */

static Error *create_for(World *w, const Principal *who, Uuid user)
{
    Token *key = NULL;
    const char *secret = NULL;
    NewApiKey new = a_key("x", SCOPE_READ | SCOPE_WRITE);
    new.user_id = user;
    return create(w, who, new, &key, &secret);
}

static void test_who_makes_keys_for_whom(void **state)
{
    World *w = *state;
    Uuid acme = add_organization(w, "acme"), other = add_organization(w, "other");
    User *admin = add_user(w, "admin@acme.example", ROLE_ORG_ADMIN, acme, false);
    User *member = add_user(w, "member@acme.example", ROLE_ORG_MEMBER, acme, false);
    User *robot = add_user(w, "robot@acme.example", ROLE_ORG_MEMBER, acme, true);
    User *theirs = add_user(w, "robot@other.example", ROLE_ORG_MEMBER, other, true);
    User *free = add_user(w, "robot@example.com", ROLE_USER, UUID_NIL, true);
    const struct {
        const User *who;
        const User *whose;
        bool may;
    } cases[] = {
        {admin, robot, true},   {admin, admin, true}, {admin, member, false},
        {admin, theirs, false}, {admin, free, false}, {member, robot, false},
        {member, member, true}, {robot, robot, true}, {theirs, robot, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        Token *keys = NULL;
        size_t count = 0;
        Principal *who = as(w, cases[i].who);
        Error *made = create_for(w, who, cases[i].whose->id);
        Error *listed = api_keys_list(w->arena, w->db, who, cases[i].whose->id, &keys, &count);
        if (cases[i].may) {
            assert_no_error(made);
            assert_no_error(listed);
            assert_int_equal(count, 1);
            assert_no_error(api_keys_revoke(w->arena, w->db, who, token_id(keys[0].digest)));
        } else {
            assert_error(made, ERROR_NOT_FOUND, "There is no such user.");
            assert_error(listed, ERROR_NOT_FOUND, "There is no such user.");
        }
    }
    assert_error(create_for(w, as(w, admin), uuid_new()), ERROR_NOT_FOUND,
                 "There is no such user.");
    const User *robots[] = {robot, theirs, free};
    for (size_t i = 0; i < ARRAY_COUNT(robots); i++)
        assert_no_error(create_for(w, w->root, robots[i]->id));
    assert_error(create_for(w, w->root, member->id), ERROR_NOT_FOUND, "There is no such user.");
    world_script(w, "UPDATE users SET deleted_at = {micros 1} WHERE email = 'robot@example.com'");
    assert_error(create_for(w, w->root, free->id), ERROR_NOT_FOUND, "There is no such user.");

    /* Each in the trail of where its user belongs. */
    assert_string_equal(
        world_text(w, TEXT("SELECT actor, count(*) FROM audit_events WHERE owner_id "
                           "= {id %s} AND action <> 'member.added' GROUP BY actor "
                           "ORDER BY actor",
                           uuid_text(w->arena, acme))),
        "admin@acme.example|4\nmember@acme.example|2\nrobot@acme.example|2\n"
        "root@example.com|1\n");
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events WHERE owner_id = {nil} AND "
                                     "action = 'key.created'"),
                     1);
}

/* An organization that lets its members in no more leaves them their own data and no rights over others. */
static void test_a_closed_organization(void **state)
{
    World *w = *state;
    Uuid acme = add_organization(w, "acme");
    User *admin = add_user(w, "admin@acme.example", ROLE_ORG_ADMIN, acme, false);
    User *robot = add_user(w, "robot@acme.example", ROLE_ORG_MEMBER, acme, true);
    Token *key = NULL;
    const char *secret = NULL;
    Principal *who = NULL;
    NewApiKey new = a_key("x", SCOPE_READ);
    new.user_id = robot->id;
    assert_no_error(create(w, as(w, admin), new, &key, &secret));
    world_script(w, "UPDATE organizations SET is_active = {false}");
    assert_no_error(accounts_user(w->arena, w->db, admin->id, &admin));
    assert_error(create_for(w, as(w, admin), robot->id), ERROR_NOT_FOUND, "There is no such user.");
    assert_no_error(authenticate(w, secret, &who));
    assert_int_equal(who->role, ROLE_USER);
    assert_int_equal(who->owner_count, 1);
    assert_no_error(create_for(w, w->root, robot->id)); /* in the system's trail meanwhile */
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events WHERE owner_id = {nil} AND "
                                     "action = 'key.created'"),
                     1);
}

/* --- failures ------------------------------------------------------------------------------------- */

static Uuid doomed;

static Error *do_create(World *w)
{
    Token *key = NULL;
    const char *secret = NULL;
    return create(w, w->ada, a_key("x", SCOPE_READ), &key, &secret);
}

static Error *do_revoke(World *w)
{
    return api_keys_revoke(w->arena, w->db, w->ada, doomed);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Error *(*acts[])(World *) = {do_create, do_revoke};
    Token *key = NULL;
    const char *secret = NULL;
    assert_no_error(create(w, w->ada, a_key("doomed", SCOPE_READ), &key, &secret));
    doomed = token_id(key->digest);
    const char *all = "SELECT * FROM tokens; SELECT * FROM audit_events";
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        world_fail_every_call(w, acts[i], 1, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_key_acts_for_its_user),
        WORLD_TEST(test_what_is_wrong_with_a_key),
        WORLD_TEST(test_so_many_and_no_more),
        WORLD_TEST(test_revoking),
        WORLD_TEST(test_a_key_is_never_more_than_its_user),
        WORLD_TEST(test_who_makes_keys_for_whom),
        WORLD_TEST(test_a_closed_organization),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
