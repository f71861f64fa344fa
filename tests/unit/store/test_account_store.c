/* Users, their owners, and tokens. */
#include "store/account_store.h"

#include "base/clock.h"
#include "fixture.h"

static User full_user(void)
{
    return (User){.id = fixture_id(1),
                  .email = "Eve.Adams@Example.COM",
                  .username = "eve",
                  .full_name = "Eve Adams",
                  .password_hash = "$argon2id$x",
                  .role = ROLE_SUPER_ADMIN,
                  .is_active = true,
                  .verified_at = FIXTURE_START + 5,
                  .created_at = FIXTURE_START + 4};
}

static User *get_user(Fixture *f, Uuid id)
{
    User *user = NULL;
    assert_no_error(user_by_id(f->arena, f->db, id, &user));
    assert_non_null(user);
    return user;
}

static void a_user_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    User user = full_user(), *stored = NULL;
    fixture_begin(f);
    assert_no_error(user_insert(f->arena, f->db, &user));
    fixture_commit(f);
    for (int by = 0; by < 2; by++) {
        if (by == 0)
            assert_no_error(user_by_id(f->arena, f->db, user.id, &stored));
        else
            assert_no_error(user_by_email(f->arena, f->db, STR("eve.ADAMS@example.com"), &stored));
        assert_uuid(stored->id, user.id);
        assert_string_equal(stored->email, "Eve.Adams@Example.COM");
        assert_string_equal(stored->username, "eve");
        assert_string_equal(stored->full_name, "Eve Adams");
        assert_string_equal(stored->password_hash, "$argon2id$x");
        assert_int_equal(stored->role, ROLE_SUPER_ADMIN);
        assert_true(stored->is_active);
        assert_int_equal(stored->verified_at, FIXTURE_START + 5);
        assert_int_equal(stored->created_at, FIXTURE_START + 4);
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM owners WHERE kind = 'personal'"), 3);
}

static void every_role_is_kept(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        User user = {.id = fixture_id(role + 1),
                     .email = arena_printf(f->arena, "%d@example.com", (int)role),
                     .role = role,
                     .created_at = 1};
        assert_no_error(user_insert(f->arena, f->db, &user));
        assert_int_equal(get_user(f, user.id)->role, role);
    }
    fixture_commit(f);
}

static void nobody_is_found(void **state)
{
    Fixture *f = *state;
    User *user = (User *)1;
    assert_no_error(user_by_id(f->arena, f->db, fixture_id(9), &user));
    assert_null(user);
    assert_no_error(user_by_email(f->arena, f->db, STR("ada@example.co"), &user));
    assert_null(user);
    assert_no_error(user_by_email(f->arena, f->db, STR(""), &user));
    assert_null(user);
}

static void an_address_is_taken_whatever_its_case(void **state)
{
    Fixture *f = *state;
    User user = full_user();
    user.email = "ADA@example.com";
    fixture_begin(f);
    assert_error(user_insert(f->arena, f->db, &user), ERROR_CONFLICT,
                 "There is a user with the address ADA@example.com already.");
    tx_rollback(&f->tx);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM users"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM owners"), 3);
}

static void users_are_listed_in_order_of_making(void **state)
{
    Fixture *f = *state;
    fixture_advance(1);
    User third = fixture_user(f, "c@example.com"), *users = NULL;
    size_t count = 0;
    assert_no_error(user_list(f->arena, f->db, &users, &count));
    assert_int_equal(count, 3);
    assert_uuid(users[0].id, f->user);
    assert_uuid(users[1].id, f->other);
    assert_uuid(users[2].id, third.id);
}

static void an_empty_database_has_nobody(void **state)
{
    Fixture *f = *state;
    bool any = false;
    assert_no_error(user_any(f->arena, f->db, &any));
    assert_true(any);
    fixture_script(f, "DELETE FROM users");
    assert_no_error(user_any(f->arena, f->db, &any));
    assert_false(any);
}

/* Each changes its own column of its own user, and when it was changed. */
static void a_user_changes(void **state)
{
    Fixture *f = *state;
    fixture_script(f, "UPDATE users SET verified_at = NULL");
    fixture_begin(f);
    assert_no_error(user_set_password(f->arena, f->db, f->user, "new", FIXTURE_START + 7));
    fixture_commit(f);
    assert_string_equal(get_user(f, f->user)->password_hash, "new");
    assert_null(get_user(f, f->other)->password_hash);
    assert_int_equal(fixture_number(f, arena_printf(f->arena, "SELECT %s FROM users",
                                                    fixture_micros(f, "max(updated_at)"))),
                     FIXTURE_START + 7);
    fixture_begin(f);
    assert_no_error(user_set_verified(f->arena, f->db, f->user, FIXTURE_START + 8));
    assert_no_error(user_set_active(f->arena, f->db, f->user, false, FIXTURE_START + 9));
    fixture_commit(f);
    assert_int_equal(get_user(f, f->user)->verified_at, FIXTURE_START + 8);
    assert_int_equal(get_user(f, f->other)->verified_at, 0);
    assert_false(get_user(f, f->user)->is_active);
    assert_true(get_user(f, f->other)->is_active);
    assert_int_equal(fixture_number(f, arena_printf(f->arena, "SELECT %s FROM users",
                                                    fixture_micros(f, "max(updated_at)"))),
                     FIXTURE_START + 9);
}

/* --- tokens --------------------------------------------------------------------------------------- */

static Digest token(const char *text)
{
    return digest_of(str_from(text));
}

static void add_token(Fixture *f, const char *text, TokenKind kind, Uuid user, int64_t expires_at)
{
    fixture_begin(f);
    assert_no_error(token_insert(f->arena, f->db,
                                 &(Token){.digest = token(text),
                                          .kind = kind,
                                          .user_id = user,
                                          .created_at = FIXTURE_START,
                                          .expires_at = expires_at}));
    fixture_commit(f);
}

static const User *user_of(Fixture *f, const char *text, TokenKind kind, int64_t now)
{
    User *user = (User *)1;
    Token found = {0};
    assert_no_error(token_user(f->arena, f->db, token(text), now, &found, &user));
    if (user != NULL && found.kind != kind)
        user = NULL;
    bool good = false;
    assert_no_error(token_is_good(f->arena, f->db, token(text), kind, now, &good));
    if (user != NULL)
        assert_true(good);
    return user;
}

static void a_session_stands_for_its_user(void **state)
{
    Fixture *f = *state;
    add_token(f, "s", TOKEN_SESSION, f->user, FIXTURE_START + 10);
    assert_uuid(user_of(f, "s", TOKEN_SESSION, FIXTURE_START)->id, f->user);
    assert_non_null(user_of(f, "s", TOKEN_SESSION, FIXTURE_START + 9));
    assert_null(user_of(f, "s", TOKEN_SESSION, FIXTURE_START + 10)); /* it ends at that moment */
    assert_null(user_of(f, "s", TOKEN_SETUP, FIXTURE_START));
    assert_null(user_of(f, "t", TOKEN_SESSION, FIXTURE_START));
}

/* An inactive user is still the token's: whether that is enough is not judged here. */
static void an_inactive_user_is_given_as_such(void **state)
{
    Fixture *f = *state;
    add_token(f, "s", TOKEN_SESSION, f->user, FIXTURE_START + 10);
    fixture_script(f, "UPDATE users SET is_active = FALSE");
    assert_false(user_of(f, "s", TOKEN_SESSION, FIXTURE_START)->is_active);
}

static void a_key_has_its_scopes(void **state)
{
    Fixture *f = *state;
    Token key = {.digest = token("k"),
                 .kind = TOKEN_API_KEY,
                 .user_id = f->user,
                 .name = "nightly",
                 .scopes = SCOPE_READ | SCOPE_ADMIN,
                 .created_at = FIXTURE_START,
                 .expires_at = FIXTURE_START + 10,
                 .address = "192.0.2.1"};
    fixture_begin(f);
    assert_no_error(token_insert(f->arena, f->db, &key));
    fixture_commit(f);
    User *user = NULL;
    Token found = {0};
    assert_no_error(token_user(f->arena, f->db, token("k"), FIXTURE_START, &found, &user));
    assert_uuid(user->id, f->user);
    assert_int_equal(found.kind, TOKEN_API_KEY);
    assert_int_equal(found.scopes, SCOPE_READ | SCOPE_ADMIN);
    assert_int_equal(found.expires_at, FIXTURE_START + 10);
    assert_int_equal(found.last_used, 0);
    Uuid id = token_id(found.digest);
    assert_memory_equal(id.bytes, key.digest.bytes, sizeof id.bytes);
}

static void a_setup_token_is_nobodys(void **state)
{
    Fixture *f = *state;
    bool good = false;
    add_token(f, "s", TOKEN_SETUP, UUID_NIL, FIXTURE_START + 10);
    assert_null(user_of(f, "s", TOKEN_SETUP, FIXTURE_START));
    assert_no_error(
        token_is_good(f->arena, f->db, token("s"), TOKEN_SETUP, FIXTURE_START + 9, &good));
    assert_true(good);
    assert_no_error(
        token_is_good(f->arena, f->db, token("s"), TOKEN_SETUP, FIXTURE_START + 10, &good));
    assert_false(good);
    assert_no_error(
        token_is_good(f->arena, f->db, token("s"), TOKEN_SESSION, FIXTURE_START, &good));
    assert_false(good);
}

static void tokens_go(void **state)
{
    Fixture *f = *state;
    add_token(f, "a", TOKEN_SESSION, f->user, FIXTURE_START + 10);
    add_token(f, "b", TOKEN_SESSION, f->user, FIXTURE_START + 20);
    add_token(f, "c", TOKEN_SETUP, f->user, FIXTURE_START + 20);
    add_token(f, "d", TOKEN_SESSION, f->other, FIXTURE_START + 30);
    fixture_begin(f);
    bool was_there = false;
    assert_no_error(token_delete(f->arena, f->db, token("a"), &was_there));
    assert_true(was_there);
    assert_no_error(token_delete(f->arena, f->db, token("nobody's"), &was_there));
    assert_false(was_there);
    fixture_commit(f);
    assert_null(user_of(f, "a", TOKEN_SESSION, FIXTURE_START));
    assert_non_null(user_of(f, "b", TOKEN_SESSION, FIXTURE_START));
    fixture_begin(f);
    assert_no_error(token_delete_of_user(f->arena, f->db, f->user, TOKEN_SESSION));
    fixture_commit(f);
    assert_null(user_of(f, "b", TOKEN_SESSION, FIXTURE_START));
    assert_non_null(user_of(f, "c", TOKEN_SETUP, FIXTURE_START));
    assert_non_null(user_of(f, "d", TOKEN_SESSION, FIXTURE_START));
    int64_t removed = -1;
    fixture_begin(f);
    assert_no_error(token_sweep(f->arena, f->db, FIXTURE_START + 19, &removed));
    assert_int_equal(removed, 0);
    assert_no_error(token_sweep(f->arena, f->db, FIXTURE_START + 20, &removed));
    assert_int_equal(removed, 1);
    fixture_commit(f);
    assert_non_null(user_of(f, "d", TOKEN_SESSION, FIXTURE_START));
}

static void the_same_token_twice_is_a_conflict(void **state)
{
    Fixture *f = *state;
    add_token(f, "a", TOKEN_SESSION, f->user, FIXTURE_START + 10);
    fixture_begin(f);
    Token same = {token("a"), TOKEN_SESSION, f->other, .created_at = 1, .expires_at = 2};
    assert_error(token_insert(f->arena, f->db, &same), ERROR_CONFLICT,
                 "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
}

static void touching_an_owner_raises_its_revision(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    fixture_commit(f);
    assert_int_equal(fixture_number(f, "SELECT sum(data_revision) FROM owners"), 2);
    assert_int_equal(fixture_number(f, "SELECT max(data_revision) FROM owners"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_user_comes_back_as_it_was),
        STORE_TEST(every_role_is_kept),
        STORE_TEST(nobody_is_found),
        STORE_TEST(an_address_is_taken_whatever_its_case),
        STORE_TEST(users_are_listed_in_order_of_making),
        STORE_TEST(an_empty_database_has_nobody),
        STORE_TEST(a_user_changes),
        STORE_TEST(a_session_stands_for_its_user),
        STORE_TEST(an_inactive_user_is_given_as_such),
        STORE_TEST(a_key_has_its_scopes),
        STORE_TEST(a_setup_token_is_nobodys),
        STORE_TEST(tokens_go),
        STORE_TEST(the_same_token_twice_is_a_conflict),
        STORE_TEST(touching_an_owner_raises_its_revision),
    };
    return fixture_run(tests);
}
