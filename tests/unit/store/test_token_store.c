/* Sessions and keys as their users see them. */
#include "store/token_store.h"

#include "base/clock.h"
#include "fixture.h"

#define START FIXTURE_START

static Digest digest(const char *text)
{
    return digest_of(str_from(text));
}

static void add(Fixture *f, const char *text, TokenKind kind, Uuid user, int64_t created_at)
{
    fixture_begin(f);
    assert_no_error(token_insert(f->arena, f->db,
                                 &(Token){.digest = digest(text),
                                          .kind = kind,
                                          .user_id = user,
                                          .name = kind == TOKEN_API_KEY ? text : NULL,
                                          .scopes = kind == TOKEN_API_KEY ? SCOPE_WRITE : 0,
                                          .created_at = created_at,
                                          .expires_at = created_at + 100,
                                          .address = "192.0.2.1"}));
    fixture_commit(f);
}

static bool take(Fixture *f, const char *text, TokenKind kind, int64_t now, Token *ret_token)
{
    Token *taken = NULL;
    fixture_begin(f);
    assert_no_error(token_take(f->arena, f->db, digest(text), kind, now, &taken));
    fixture_commit(f);
    if (taken != NULL)
        *ret_token = *taken;
    return taken != NULL;
}

static void a_token_is_taken_once(void **state)
{
    Fixture *f = *state;
    Token token = {0};
    add(f, "a", TOKEN_SESSION, f->user, START + 1);
    assert_false(take(f, "a", TOKEN_RESET, START + 2, &token));
    assert_false(take(f, "a", TOKEN_SESSION, START + 101, &token)); /* it ends at that moment */
    assert_false(take(f, "b", TOKEN_SESSION, START + 2, &token));
    assert_true(take(f, "a", TOKEN_SESSION, START + 100, &token));
    assert_uuid(token.user_id, f->user);
    assert_int_equal(token.created_at, START + 1);
    assert_int_equal(token.expires_at, START + 101);
    assert_false(take(f, "a", TOKEN_SESSION, START + 2, &token));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM tokens"), 0);
}

static void tokens_are_listed_by_user_and_kind_the_newest_first(void **state)
{
    Fixture *f = *state;
    TokenList list = {0};
    int64_t number = 0;
    add(f, "first", TOKEN_API_KEY, f->user, START + 1);
    add(f, "third", TOKEN_API_KEY, f->user, START + 3);
    add(f, "second", TOKEN_API_KEY, f->user, START + 2);
    add(f, "session", TOKEN_SESSION, f->user, START + 4);
    add(f, "other", TOKEN_API_KEY, f->other, START + 5);
    assert_no_error(token_list(f->arena, f->db, f->user, TOKEN_API_KEY, START + 5, &list));
    assert_int_equal(list.count, 3);
    static const char *const names[] = {"third", "second", "first"};
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(list.items[i].name, names[i]);
        Digest expected = digest(names[i]);
        assert_memory_equal(list.items[i].digest.bytes, expected.bytes, DIGEST_SIZE);
        assert_uuid(list.items[i].user_id, f->user);
        assert_int_equal(list.items[i].kind, TOKEN_API_KEY);
        assert_int_equal(list.items[i].scopes, SCOPE_WRITE);
        assert_int_equal(list.items[i].created_at, START + 3 - (int64_t)i);
        assert_int_equal(list.items[i].expires_at, START + 103 - (int64_t)i);
        assert_int_equal(list.items[i].last_used, 0);
        assert_string_equal(list.items[i].address, "192.0.2.1");
    }
    assert_no_error(token_list(f->arena, f->db, f->user, TOKEN_SESSION, START + 5, &list));
    assert_int_equal(list.count, 1);
    assert_null(list.items[0].name);
    assert_int_equal(list.items[0].scopes, 0);
    assert_no_error(/* the first has ended */
                    token_list(f->arena, f->db, f->user, TOKEN_API_KEY, START + 101, &list));
    assert_int_equal(list.count, 2);
    assert_no_error(token_count(f->arena, f->db, f->user, TOKEN_API_KEY, START + 101, &number));
    assert_int_equal(number, 2);
}

static void one_is_found_by_half_of_its_digest(void **state)
{
    Fixture *f = *state;
    Token *token = NULL;
    add(f, "a", TOKEN_SESSION, f->user, START + 1);
    add(f, "b", TOKEN_SESSION, f->other, START + 1);
    Uuid id = token_id(digest("b"));
    assert_no_error(token_by_id(f->arena, f->db, id, TOKEN_SESSION, START + 2, &token));
    Digest expected = digest("b");
    assert_memory_equal(token->digest.bytes, expected.bytes, DIGEST_SIZE);
    assert_uuid(token->user_id, f->other);
    assert_no_error(token_by_id(f->arena, f->db, id, TOKEN_API_KEY, START + 2, &token));
    assert_null(token);
    assert_no_error(token_by_id(f->arena, f->db, id, TOKEN_SESSION, START + 101, &token));
    assert_null(token);
    id.bytes[15] ^= 1;
    assert_no_error(token_by_id(f->arena, f->db, id, TOKEN_SESSION, START + 2, &token));
    assert_null(token);
}

static void all_but_one_go(void **state)
{
    Fixture *f = *state;
    int64_t removed = 0;
    add(f, "a", TOKEN_SESSION, f->user, START + 1);
    add(f, "b", TOKEN_SESSION, f->user, START + 1);
    add(f, "c", TOKEN_SESSION, f->user, START + 1);
    add(f, "key", TOKEN_API_KEY, f->user, START + 1);
    add(f, "d", TOKEN_SESSION, f->other, START + 1);
    fixture_begin(f);
    assert_no_error(
        token_delete_others(f->arena, f->db, f->user, TOKEN_SESSION, digest("b"), &removed));
    fixture_commit(f);
    assert_int_equal(removed, 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM tokens"), 3);
}

static int64_t last_used(Fixture *f, const char *text)
{
    Token *token = NULL;
    assert_no_error(
        token_by_id(f->arena, f->db, token_id(digest(text)), TOKEN_SESSION, START + 2, &token));
    return token->last_used;
}

static void a_use_is_noted_once_in_a_while(void **state)
{
    Fixture *f = *state;
    add(f, "a", TOKEN_SESSION, f->user, START + 1);
    add(f, "b", TOKEN_SESSION, f->user, START + 1);
    add(f, "c", TOKEN_SESSION, f->user, START + 1);
    const struct {
        TokenUse uses[3];
        int64_t a, b;
    } steps[] = {
        {{{digest("a"), START + 10}, {digest("gone"), START + 10}, {digest("b"), START + 20}},
         START + 10,
         START + 20},
        {{{digest("a"), START + 39}, {digest("gone"), START + 10}, {digest("b"), START + 50}},
         START + 10,
         START + 50},
        {{{digest("a"), START + 40}, {digest("gone"), START + 10}, {digest("b"), START + 30}},
         START + 40,
         START + 50},
    };
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        fixture_begin(f);
        assert_no_error(token_note_uses(f->arena, f->db, steps[i].uses, 3, 30));
        fixture_commit(f);
        assert_int_equal(last_used(f, "a"), steps[i].a);
        assert_int_equal(last_used(f, "b"), steps[i].b);
        assert_int_equal(last_used(f, "c"), 0);
    }
}

static void a_hash_gives_way_to_another_only_where_it_is_there(void **state)
{
    Fixture *f = *state;
    bool replaced = true, there = false;
    User *user = NULL;
    fixture_begin(f);
    assert_no_error(user_hold(f->arena, f->db, f->user, true, &there));
    assert_true(there);
    assert_no_error(user_hold(f->arena, f->db, f->user, false, &there));
    assert_true(there);
    assert_no_error(user_hold(f->arena, f->db, fixture_id(9), false, &there));
    assert_false(there);
    assert_no_error(
        user_replace_password(f->arena, f->db, f->user, (HashChange){"old", "new", 1}, &replaced));
    assert_false(replaced); /* there was none */
    assert_no_error(user_set_password(f->arena, f->db, f->user, "old", 1));
    assert_no_error(
        user_replace_password(f->arena, f->db, f->other, (HashChange){"old", "new", 1}, &replaced));
    assert_false(replaced);
    assert_no_error(
        user_replace_password(f->arena, f->db, f->user, (HashChange){"old", "new", 1}, &replaced));
    assert_true(replaced);
    assert_no_error(
        user_replace_password(f->arena, f->db, f->user, (HashChange){"old", "x", 1}, &replaced));
    assert_false(replaced);
    fixture_commit(f);
    assert_no_error(user_by_id(f->arena, f->db, f->user, &user));
    assert_string_equal(user->password_hash, "new");
}

static void names_change(void **state)
{
    Fixture *f = *state;
    User *user = NULL;
    fixture_begin(f);
    assert_no_error(user_set_profile(f->arena, f->db, f->user, "Ada L.", "ada", START + 1));
    fixture_commit(f);
    assert_no_error(user_by_id(f->arena, f->db, f->user, &user));
    assert_string_equal(user->full_name, "Ada L.");
    assert_string_equal(user->username, "ada");
    fixture_begin(f);
    assert_no_error(user_set_profile(f->arena, f->db, f->user, NULL, NULL, START + 1));
    fixture_commit(f);
    assert_no_error(user_by_id(f->arena, f->db, f->user, &user));
    assert_null(user->full_name);
    assert_null(user->username);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM users WHERE username IS NULL"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_token_is_taken_once),
        STORE_TEST(tokens_are_listed_by_user_and_kind_the_newest_first),
        STORE_TEST(one_is_found_by_half_of_its_digest),
        STORE_TEST(all_but_one_go),
        STORE_TEST(a_use_is_noted_once_in_a_while),
        STORE_TEST(a_hash_gives_way_to_another_only_where_it_is_there),
        STORE_TEST(names_change),
    };
    return fixture_run(tests);
}
