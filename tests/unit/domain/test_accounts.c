/* Accounts: who may sign in, what an attacker learns (nothing), and when a session ends. Hashing a password is
 * slow on purpose, so few of these tests do it. */
#include "domain/accounts.h"

#include "world.h"

#include "base/clock.h"
#include "store/account_store.h"

static const Peer PEER = {.via = "http", .address = "192.0.2.1", .request_id = "r-1"};
static const char GOOD[] = "correct horse 1";

static NewUser a_user(const char *email, const char *password)
{
    return (NewUser){.email = str_from(email), .password = str_from(password), .verified = true};
}

static Error *create(World *w, NewUser new, User **ret_user)
{
    world_advance(1000);
    return accounts_create(w->arena, w->db, w->operator, & new, ret_user);
}

/* --- what is refused --------------------------------------------------------------------------- */

static void test_passwords(void **state)
{
    World *w = *state;
    static const char weak[] = "A password needs at least 8 characters, with a letter and a digit.";
    static char longest[PASSWORD_MAX + 2];
    memset(longest, 'a', PASSWORD_MAX + 1);
    longest[0] = '1';
    static const struct {
        const char *password;
        const char *code;
        const char *message;
    } bad[] = {
        {"short1a", "weak", weak},
        {"onlyletters", "weak", weak},
        {"123456789", "weak", weak},
        {"        1", "weak", weak},
        {"!!!!!!!!1", "weak", weak},
        {longest, "too_long", "A password has at most 1024 bytes."},
        {"eve1@example.com", "weak", "A password must not be the e-mail address."},
        {"EVE1@Example.com", "weak", "A password must not be the e-mail address."},
    };
    User *user = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Error *error = create(w, a_user("eve1@example.com", bad[i].password), &user);
        assert_error(error, ERROR_INVALID, bad[i].message);
        assert_string_equal(error->fields->field, "password");
        assert_string_equal(error->fields->code, bad[i].code);
    }
    assert_no_error(create(w, a_user("eve1@example.com", "p\xC3\xA4ssw\xC3\xB6rt1"), &user));
    assert_no_error(create(w,
                           a_user("eve2@example.com", "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
                                                      "1"),
                           &user));
}

static void test_addresses(void **state)
{
    World *w = *state;
    static const char *const bad[] = {"", "a@", "@b", "ab", "a@b@c", "a b@c", "a@.c", "a@b\x01"};
    User *user = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Error *error = create(w, a_user(bad[i], ""), &user);
        assert_non_null(error);
        assert_int_equal(error->code, ERROR_INVALID);
        assert_string_equal(error->fields->field, "email");
        assert_string_equal(error->fields->code, "not_an_address");
    }
    assert_error(create(w, a_user("not one", ""), &user), ERROR_INVALID,
                 "\"not one\" is not an e-mail address.");
    Buf longest = buf_new(w->arena, 1000);
    for (int i = 0; i < 242; i++)
        buf_add_char(&longest, 'a');
    buf_add(&longest, STR("@example.com"));
    assert_no_error(create(w, a_user(buf_str(&longest).ptr, ""), &user));
    assert_int_equal(
        create(w, a_user(arena_printf(w->arena, "a%s", buf_str(&longest).ptr), ""), &user)->code,
        ERROR_INVALID);
}

static void test_all_that_is_wrong_is_told(void **state)
{
    World *w = *state;
    User *user = NULL;
    NewUser new = a_user("nobody", "weak");
    new.role = ROLE_ORG_ADMIN;
    new.full_name = STR("bad \xFF");
    Error *error = create(w, new, &user);
    static const char *const fields[] = {"email", "full_name", "password", "role"};
    const ErrorField *field = error->fields;
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++, field = field->next)
        assert_string_equal(field->field, fields[i]);
    assert_null(field);
}

static void test_an_address_is_taken_in_any_case(void **state)
{
    World *w = *state;
    User *user = NULL;
    Error *error = create(w, a_user("ADA@Example.COM", ""), &user);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_CONFLICT);
    assert_int_equal(world_number(w, "SELECT count(*) FROM users"), 3);
    assert_int_equal(world_number(w, "SELECT count(*) FROM owners"), 4);
    assert_no_error(accounts_find(w->arena, w->db, STR(" ada@EXAMPLE.com "), &user));
    assert_true(uuid_equal(user->id, w->ada->user_id));
    assert_no_error(accounts_find(w->arena, w->db, STR("nobody@example.com"), &user));
    assert_null(user);
    /* Upper and lower case are of ASCII letters alone, on every engine. */
    const char *uli = "\xC3\x9CLI@example.com";
    assert_no_error(create(w, a_user(uli, ""), &user));
    Uuid id = user->id;
    assert_no_error(accounts_find(w->arena, w->db, STR("\xC3\x9Cli@example.com"), &user));
    assert_non_null(user);
    assert_true(uuid_equal(user->id, id));
    assert_no_error(accounts_find(w->arena, w->db, STR("\xC3\xBCli@example.com"), &user));
    assert_null(user);
}

/* --- signing in -------------------------------------------------------------------------------- */

static Error *sign_in(World *w, const char *email, const char *password, Session *ret_session)
{
    return accounts_sign_in(w->arena, w->db, &PEER, str_from(email), str_from(password),
                            ret_session);
}

static Error *authenticate(World *w, const char *token, Principal **ret_who)
{
    return accounts_authenticate(w->arena, w->db, &PEER, str_from(token), ret_who);
}

static void is_wrong_credentials(const Error *error)
{
    assert_error(
        error, ERROR_UNAUTHENTICATED,
        "The e-mail address or the password is wrong, or the address is not confirmed yet.");
    assert_string_equal(error->reason, "wrong_credentials");
}

static void test_signing_in_and_out(void **state)
{
    World *w = *state;
    User *user = NULL;
    Session session = {0}, second = {0};
    Principal *who = NULL;
    assert_no_error(create(w, a_user("eve@example.com", GOOD), &user));
    is_wrong_credentials(sign_in(w, "eve@example.com", "wrong horse 1", &session));
    is_wrong_credentials(sign_in(w, "nobody@example.com", GOOD, &session));
    is_wrong_credentials(sign_in(w, "ada@example.com", "", &session)); /* has no password */
    assert_int_equal(world_number(w, "SELECT count(*) FROM tokens"), 0);

    assert_no_error(sign_in(w, " EVE@example.com", GOOD, &session));
    assert_no_error(sign_in(w, "eve@example.com", GOOD, &second));
    assert_string_not_equal(session.token, second.token);
    char *hex = arena_alloc(w->arena, 2 * strlen(session.token) + 1);
    hex_format(hex, (const uint8_t *)session.token, strlen(session.token));
    assert_int_equal(session.expires_at, world_now() + HOURS(12));
    assert_int_equal(world_number(w, arena_printf(w->arena,
                                                  "SELECT count(*) FROM tokens WHERE digest = "
                                                  "{bytes %s}",
                                                  hex)),
                     0); /* kept as a digest alone */
    assert_no_error(authenticate(w, session.token, &who));
    assert_true(uuid_equal(who->user_id, user->id));
    assert_string_equal(who->address, "192.0.2.1");
    assert_int_equal(who->owner_count, 1);
    assert_no_error(accounts_sign_out(w->arena, w->db, who));
    assert_error(authenticate(w, session.token, &who), ERROR_UNAUTHENTICATED,
                 "The session is unknown or over. Sign in again.");
    assert_no_error(authenticate(w, second.token, &who)); /* the other one goes on */
    assert_int_equal(authenticate(w, "", &who)->code, ERROR_UNAUTHENTICATED);
    assert_int_equal(authenticate(w, "x", &who)->code, ERROR_UNAUTHENTICATED);

    world_advance(HOURS(12) - 1);
    assert_no_error(authenticate(w, second.token, &who));
    world_advance(1);
    assert_int_equal(authenticate(w, second.token, &who)->code, ERROR_UNAUTHENTICATED);
    int64_t removed = 0;
    assert_no_error(accounts_sweep_tokens(w->arena, w->db, &removed));
    assert_int_equal(removed, 1);
    assert_string_equal(
        world_text(w, "SELECT action FROM audit_events WHERE object_kind = 'user' AND actor = "
                      "'eve@example.com' ORDER BY seq"),
        "user.signed_in\nuser.signed_in\nuser.signed_out\n");
}

static void test_unverified_and_disabled(void **state)
{
    World *w = *state;
    User *user = NULL;
    Session session = {0};
    Principal *who = NULL;
    NewUser new = a_user("eve@example.com", GOOD);
    new.verified = false;
    assert_no_error(create(w, new, &user));
    is_wrong_credentials(
        sign_in(w, "eve@example.com", "wrong horse 1", &session)); /* tells nothing more */
    is_wrong_credentials(sign_in(w, "eve@example.com", GOOD, &session));
    assert_no_error(accounts_verify(w->arena, w->db, w->operator, user));
    assert_no_error(sign_in(w, "eve@example.com", GOOD, &session));
    assert_no_error(accounts_set_active(w->arena, w->db, w->operator, user, false));
    assert_int_equal(authenticate(w, session.token, &who)->code,
                     ERROR_UNAUTHENTICATED); /* sessions ended */
    Error *error = sign_in(w, "eve@example.com", GOOD, &session);
    assert_error(error, ERROR_DENIED, "This account is disabled.");
    assert_string_equal(error->reason, "not_active");
    assert_no_error(accounts_set_active(w->arena, w->db, w->operator, user, true));
    assert_no_error(sign_in(w, "eve@example.com", GOOD, &session));

    /* A new password ends the sessions. */
    assert_error(accounts_set_password(w->arena, w->db, w->operator, user, STR("weak")),
                 ERROR_INVALID,
                 "A password needs at least 8 characters, with a letter and a digit.");
    assert_no_error(authenticate(w, session.token, &who));
    assert_no_error(
        accounts_set_password(w->arena, w->db, w->operator, user, STR("another horse 2")));
    assert_int_equal(authenticate(w, session.token, &who)->code, ERROR_UNAUTHENTICATED);
    is_wrong_credentials(sign_in(w, "eve@example.com", GOOD, &session));
    assert_no_error(sign_in(w, "eve@example.com", "another horse 2", &session));
    /* Whatever the account has become since: asked with every request. */
    world_script(w, "UPDATE users SET is_active = {false} WHERE email = 'eve@example.com'");
    assert_int_equal(authenticate(w, session.token, &who)->code, ERROR_DENIED);
}

static void test_principals(void **state)
{
    World *w = *state;
    assert_int_equal(w->ada->owner_count, 1);
    assert_true(uuid_equal(w->ada->owners[w->ada->writes_to], w->ada->user_id));
    assert_int_equal(w->ada->owner_kinds[0], OWNER_PERSONAL);
    assert_int_equal(w->root->owner_count, 2);
    assert_true(uuid_equal(w->root->owners[w->root->writes_to], SYSTEM_OWNER));
    assert_true(principal_reaches(w->root, w->root->user_id));
    assert_false(principal_reaches(w->root, w->ada->user_id));
    assert_true(principal_reaches(w->operator, SYSTEM_OWNER));
    assert_false(principal_reaches(w->operator, w->ada->user_id));
    assert_int_equal(w->operator->role, ROLE_SUPER_ADMIN);
}

static void test_list_and_get(void **state)
{
    World *w = *state;
    User *users = NULL, *user = NULL;
    size_t count = 0;
    assert_no_error(accounts_list(w->arena, w->db, &users, &count));
    assert_int_equal(count, 3);
    assert_no_error(accounts_user(w->arena, w->db, w->bob->user_id, &user));
    assert_string_equal(user->email, "bob@example.com");
    assert_error(accounts_user(w->arena, w->db, uuid_new(), &user), ERROR_NOT_FOUND,
                 "There is no such user.");
}

/* --- the first administrator ------------------------------------------------------------------- */

static void remove_users(World *w)
{
    world_script(w,
                 "DELETE FROM tokens; DELETE FROM users; DELETE FROM owners WHERE kind <> 'system';"
                 "DELETE FROM audit_heads WHERE owner_id <> {nil}");
}

static Error *set_up(World *w, const char *token, NewUser new, User **ret_user)
{
    return accounts_set_up(w->arena, w->db, &PEER, str_from(token), &new, ret_user);
}

static void is_bad_link(const Error *error)
{
    assert_error(error, ERROR_UNAUTHENTICATED,
                 "This set-up link is not good any more. Start the server again to get a new one.");
    assert_string_equal(error->reason, "bad_token");
}

static void test_no_link_where_there_are_users(void **state)
{
    World *w = *state;
    const char *token = "x";
    User *user = NULL;
    assert_no_error(accounts_offer_setup(w->arena, w->db, &token));
    assert_null(token);
    is_bad_link(set_up(w, "x", a_user("first@example.com", GOOD), &user));
}

static void test_first_administrator(void **state)
{
    World *w = *state;
    const char *old = NULL, *token = NULL;
    User *user = NULL;
    remove_users(w);
    assert_no_error(accounts_offer_setup(w->arena, w->db, &old));
    assert_no_error(accounts_offer_setup(w->arena, w->db, &token));
    is_bad_link(
        set_up(w, old, a_user("first@example.com", GOOD), &user)); /* a newer one was printed */
    assert_error(set_up(w, token, a_user("first@example.com", ""), &user), ERROR_INVALID,
                 "A password is needed.");
    assert_int_equal(set_up(w, token, a_user("first", "weak"), &user)->code, ERROR_INVALID);
    NewUser first = a_user("first@example.com", GOOD);
    first.verified = false;
    first.role = ROLE_USER;
    assert_no_error(set_up(w, token, first, &user));
    assert_int_equal(user->role, ROLE_SUPER_ADMIN);
    assert_true(user->verified_at != 0);
    is_bad_link(set_up(w, token, a_user("second@example.com", GOOD), &user)); /* once */
    assert_int_equal(world_number(w, "SELECT count(*) FROM users"), 1);
    Session session = {0};
    assert_no_error(sign_in(w, "first@example.com", GOOD, &session));
}

static void test_the_link_is_good_for_a_day(void **state)
{
    World *w = *state;
    const char *token = NULL;
    User *user = NULL;
    remove_users(w);
    assert_no_error(accounts_offer_setup(w->arena, w->db, &token));
    world_advance(HOURS(24));
    is_bad_link(set_up(w, token, a_user("first@example.com", GOOD), &user));
}

static void test_somebody_was_made_at_the_command_line_meanwhile(void **state)
{
    World *w = *state;
    const char *token = NULL;
    User *user = NULL;
    remove_users(w);
    assert_no_error(accounts_offer_setup(w->arena, w->db, &token));
    assert_no_error(create(w, a_user("other@example.com", ""), &user));
    is_bad_link(set_up(w, token, a_user("first@example.com", GOOD), &user));
    assert_int_equal(world_number(w, "SELECT count(*) FROM users"), 1);
}

static void test_a_setup_token_is_no_session(void **state)
{
    World *w = *state;
    const char *token = NULL;
    Principal *who = NULL;
    remove_users(w);
    assert_no_error(accounts_offer_setup(w->arena, w->db, &token));
    assert_int_equal(authenticate(w, token, &who)->code, ERROR_UNAUTHENTICATED);
}

/* --- failures ---------------------------------------------------------------------------------- */

static Error *do_create(World *w)
{
    User *user = NULL;
    return create(w, a_user("new@example.com", ""), &user);
}

static Error *do_verify(World *w)
{
    User user = {.id = w->ada->user_id};
    return accounts_verify(w->arena, w->db, w->operator, & user);
}

static Error *do_disable(World *w)
{
    User user = {.id = w->ada->user_id};
    return accounts_set_active(w->arena, w->db, w->operator, & user, false);
}

static Error *do_sweep(World *w)
{
    int64_t removed = 0;
    return accounts_sweep_tokens(w->arena, w->db, &removed);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Error *(*acts[])(World *) = {do_create, do_verify, do_disable, do_sweep};
    const char *all = "SELECT * FROM users; SELECT * FROM owners; SELECT * FROM tokens; SELECT * "
                      "FROM audit_events";
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        world_fail_every_call(w, acts[i], 1, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_passwords),
        WORLD_TEST(test_addresses),
        WORLD_TEST(test_all_that_is_wrong_is_told),
        WORLD_TEST(test_an_address_is_taken_in_any_case),
        WORLD_TEST(test_signing_in_and_out),
        WORLD_TEST(test_unverified_and_disabled),
        WORLD_TEST(test_principals),
        WORLD_TEST(test_list_and_get),
        WORLD_TEST(test_no_link_where_there_are_users),
        WORLD_TEST(test_first_administrator),
        WORLD_TEST(test_the_link_is_good_for_a_day),
        WORLD_TEST(test_somebody_was_made_at_the_command_line_meanwhile),
        WORLD_TEST(test_a_setup_token_is_no_session),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
