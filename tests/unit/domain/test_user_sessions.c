/* Sessions: exchanged, listed, ended; passwords changed beside them. Hashes are of bcrypt at its lowest cost where
 * a test only needs one, since ours are slow on purpose. */
#include "domain/user_sessions.h"

#include "world.h"

#include "domain/api_keys.h"
#include "domain/own_account.h"
#include "domain/token_uses.h"
#include "store/audit_store.h"
#include "store/token_store.h"

#include <pthread.h>

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

static const char WRONG[] = "The e-mail address or the password is wrong, or the address is not "
                            "confirmed yet.";

static const Peer PEER = {.via = "http", .address = "192.0.2.1", .request_id = "r-1"};
static const char GOOD[] = "correct horse 1";
static const char BCRYPT[] = "$2b$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK";

/* Ada signs in with this hash from now on. */
static void set_hash(World *w, const char *hash)
{
    world_script(
        w, TEXT("UPDATE users SET password_hash = '%s' WHERE email = 'ada@example.com'", hash));
}

static const char *hash_now(World *w)
{
    return world_text(w, "SELECT password_hash FROM users WHERE email = 'ada@example.com'");
}

static Error *sign_in(World *w, const char *password, Session *ret_session)
{
    return accounts_sign_in(w->arena, w->db, &PEER, STR("ada@example.com"), str_from(password),
                            ret_session);
}

static Error *authenticate(World *w, const char *token, Principal **ret_who)
{
    return accounts_authenticate(w->arena, w->db, &PEER, str_from(token), ret_who);
}

static bool is_over(World *w, const char *token)
{
    Principal *who = NULL;
    Error *error = authenticate(w, token, &who);
    if (error != NULL)
        assert_error(error, ERROR_UNAUTHENTICATED,
                     "The session is unknown or over. Sign in again.");
    return error != NULL;
}

/* A session of a person, without a password. */
static Session open_one(World *w, const Principal *person, Principal **ret_who)
{
    User *user = NULL;
    Session session = {0};
    world_advance(1000);
    assert_no_error(accounts_user(w->arena, w->db, person->user_id, &user));
    Principal *who = accounts_principal(w->arena, user, &PEER);
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(session_open(w->arena, w->db, who, world_now(), user, &session));
    assert_no_error(tx_commit(&tx, w->arena));
    if (ret_who != NULL)
        assert_no_error(authenticate(w, session.token, ret_who));
    return session;
}

/* --- hashes of others ----------------------------------------------------------------------------- */

static void test_a_foreign_hash_lets_in_once_and_is_ours_then(void **state)
{
    World *w = *state;
    static const char *const weak[] = {
        "$2a$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK",
        BCRYPT,
        "$2y$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK",
        /* argon2id of 8 MiB and one pass */
        "$argon2id$v=19$m=8192,t=1,p=1$b2JsaWdvci1zYWx0ITExMg$"
        "gREyoDpevI+N1vITzABIDeB/HYBVN+fOjsPhpxmrgbM",
    };
    Session session = {0};
    Principal *who = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(weak); i++) {
        set_hash(w, weak[i]);
        assert_error(sign_in(w, "wrong horse 1", &session), ERROR_UNAUTHENTICATED, WRONG);
        assert_string_equal(hash_now(w), TEXT("%s\n", weak[i]));
        assert_no_error(sign_in(w, GOOD, &session));
        assert_no_error(authenticate(w, session.token, &who));
        assert_int_equal(strncmp(hash_now(w), "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0);
    }
    const char *ours = hash_now(w);
    assert_no_error(sign_in(w, GOOD, &session));
    assert_string_equal(hash_now(w), ours);
}

static void test_a_service_user_does_not_sign_in(void **state)
{
    World *w = *state;
    Session session = {0};
    set_hash(w, BCRYPT);
    world_script(w, "UPDATE users SET is_service = {true} WHERE email = 'ada@example.com'");
    Error *error = sign_in(w, GOOD, &session);
    assert_error(error, ERROR_UNAUTHENTICATED, WRONG);
    assert_string_equal(error->reason, "wrong_credentials");
    assert_string_equal(hash_now(w), TEXT("%s\n", BCRYPT));
}

/* --- exchanging ----------------------------------------------------------------------------------- */

static void test_a_refreshed_session_goes_on(void **state)
{
    World *w = *state;
    Principal *who = NULL, *after = NULL;
    Session first = open_one(w, w->ada, &who), second = {0};
    int64_t began = world_now();
    assert_int_equal(first.expires_at, began + HOURS(12));
    world_advance(HOURS(11));
    assert_no_error(session_refresh(w->arena, w->db, who, &second));
    assert_string_not_equal(second.token, first.token);
    assert_int_equal(second.expires_at, began + HOURS(23));
    assert_true(uuid_equal(second.user->id, w->ada->user_id));
    assert_true(is_over(w, first.token));
    assert_no_error(authenticate(w, second.token, &after));
    assert_int_equal(after->token_expires_at, second.expires_at);
    assert_error(session_refresh(w->arena, w->db, who, &second), ERROR_UNAUTHENTICATED,
                 "The session is unknown or over. Sign in again.");
    Token *sessions = NULL;
    size_t count = 0;
    assert_no_error(session_list(w->arena, w->db, after, &sessions, &count));
    assert_int_equal(count, 1);
    assert_int_equal(sessions[0].created_at, began); /* the sign-in */
    assert_string_equal(sessions[0].address, "192.0.2.1");
    assert_string_equal(world_text(w, TEXT("SELECT action, object_kind, token FROM audit_events "
                                           "WHERE owner_id = {id %s}",
                                           uuid_text(w->arena, w->ada->user_id))),
                        TEXT("session.refreshed|session|%.16s\n",
                             digest_text(w->arena, digest_of(str_from(first.token)))));
}

/* Thirty days after the sign-in, however often it was refreshed. */
static void test_a_session_ends_in_any_case(void **state)
{
    World *w = *state;
    Principal *who = NULL;
    Session session = open_one(w, w->ada, &who);
    int64_t began = world_now();
    for (int64_t at = HOURS(11); at < DAYS(30); at += HOURS(11)) {
        world_advance(HOURS(11));
        assert_no_error(session_refresh(w->arena, w->db, who, &session));
        int64_t ends = at + HOURS(12) < DAYS(30) ? at + HOURS(12) : DAYS(30);
        assert_int_equal(session.expires_at, began + ends);
        assert_no_error(authenticate(w, session.token, &who));
    }
    world_advance(session.expires_at - world_now() - 1);
    assert_no_error(session_refresh(w->arena, w->db, who, &session));
    assert_int_equal(session.expires_at, began + DAYS(30));
    world_advance(1);
    assert_true(is_over(w, session.token));
}

static void test_how_long_a_session_is_good(void **state)
{
    World *w = *state;
    session_use_hours(1);
    Session session = open_one(w, w->ada, NULL);
    session_use_hours(SESSION_HOURS_DEFAULT);
    assert_int_equal(session.expires_at, world_now() + HOURS(1));
}

/* --- listing and ending --------------------------------------------------------------------------- */

static void test_sessions_are_ended_by_whose_they_are(void **state)
{
    World *w = *state;
    Principal *ada = NULL, *bob = NULL;
    Session first = open_one(w, w->ada, NULL), second = open_one(w, w->ada, &ada);
    Session bobs = open_one(w, w->bob, &bob);
    Token *sessions = NULL;
    size_t count = 0;
    Uuid id = token_id(digest_of(str_from(first.token)));
    assert_no_error(session_list(w->arena, w->db, ada, &sessions, &count));
    assert_int_equal(count, 2);
    assert_memory_equal(sessions[0].digest.bytes, ada->token.bytes, DIGEST_SIZE);
    assert_true(uuid_equal(token_id(sessions[1].digest), id));
    assert_error(session_end(w->arena, w->db, bob, id), ERROR_NOT_FOUND,
                 "There is no such session.");
    assert_error(session_end(w->arena, w->db, bob, uuid_new()), ERROR_NOT_FOUND,
                 "There is no such session.");
    assert_error(api_keys_revoke(w->arena, w->db, ada, id), ERROR_NOT_FOUND,
                 "There is no such key.");
    assert_no_error(session_end(w->arena, w->db, ada, id));
    assert_true(is_over(w, first.token));
    assert_error(session_end(w->arena, w->db, ada, id), ERROR_NOT_FOUND,
                 "There is no such session.");
    assert_false(is_over(w, second.token));
    assert_no_error(session_end(w->arena, w->db, ada, token_id(ada->token))); /* this one, too */
    assert_true(is_over(w, second.token));
    assert_false(is_over(w, bobs.token));
    assert_string_equal(world_text(w, "SELECT action, object_kind FROM audit_events WHERE action "
                                      "LIKE 'session.%' ORDER BY seq"),
                        "session.ended|session\nsession.ended|session\n");
}

static void test_all_others_end_at_once(void **state)
{
    World *w = *state;
    Principal *ada = NULL;
    Session first = open_one(w, w->ada, NULL), second = open_one(w, w->ada, &ada);
    Session third = open_one(w, w->ada, NULL), bobs = open_one(w, w->bob, NULL);
    int64_t ended = 0;
    assert_no_error(session_end_others(w->arena, w->db, ada, &ended));
    assert_int_equal(ended, 2);
    assert_true(is_over(w, first.token) && is_over(w, third.token));
    assert_false(is_over(w, second.token) || is_over(w, bobs.token));
    assert_no_error(session_end_others(w->arena, w->db, ada, &ended));
    assert_int_equal(ended, 0);
    assert_string_equal(world_text(w, "SELECT action, row_count FROM audit_events WHERE action "
                                      "LIKE 'session.%'"),
                        "session.others_ended|2\n");
}

/* --- use ------------------------------------------------------------------------------------------ */

static int64_t used_at(World *w, const Principal *who)
{
    Token *sessions = NULL;
    size_t count = 0;
    assert_no_error(session_list(w->arena, w->db, who, &sessions, &count));
    assert_int_equal(count, 1);
    return sessions[0].last_used;
}

static size_t write_uses(World *w)
{
    size_t count = 0;
    assert_no_error(token_uses_write(w->arena, w->db, &count));
    assert_false(token_uses_any());
    return count;
}

static void test_use_is_noted_coarsely(void **state)
{
    World *w = *state;
    Principal *who = NULL;
    Session session = open_one(w, w->ada, &who);
    int64_t first = world_now();
    write_uses(w);
    assert_int_equal(used_at(w, who), first);
    uint64_t commits = db_commits(w->db);
    world_advance(TOKEN_USE_EVERY - 1);
    for (int i = 0; i < 3; i++)
        assert_no_error(authenticate(w, session.token, &who));
    assert_false(token_uses_any());
    assert_int_equal(write_uses(w), 0);
    assert_int_equal(db_commits(w->db), commits); /* nothing was written */
    world_advance(1);
    for (int i = 0; i < 3; i++) {
        assert_no_error(authenticate(w, session.token, &who));
        world_advance(10);
    }
    assert_true(token_uses_any());
    assert_int_equal(write_uses(w), 1);
    assert_int_equal(used_at(w, who), first + TOKEN_USE_EVERY);
}

/* A flood of tokens fills the set and goes no further; a failing database costs what was noted. */
static void test_the_set_of_uses_is_bounded(void **state)
{
    World *w = *state;
    for (int i = 0; i < 4 * TOKEN_USES_MAX; i++) {
        const Token token = {.digest = digest_of(str_printf(w->arena, "%d", i))};
        token_uses_note(&token, world_now());
    }
    size_t count = write_uses(w);
    assert_true(count <= TOKEN_USES_MAX && count > TOKEN_USES_MAX / 2);
    Principal *who = NULL;
    open_one(w, w->ada, &who);
    fault_arm(w->fault, 1, ERROR_UNAVAILABLE);
    assert_error(token_uses_write(w->arena, w->db, &count), ERROR_UNAVAILABLE, FAULT_MESSAGE);
    fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
    assert_false(token_uses_any());
    assert_int_equal(used_at(w, who), 0);
}

/* --- the own account ------------------------------------------------------------------------------ */

static Error *change(World *w, const Principal *who, const char *current, const char *new,
                     PasswordChange *ret_change)
{
    return own_account_change_password(w->arena, w->db, who, str_from(current), str_from(new),
                                       ret_change);
}

static void refused(const Error *error, const char *field, const char *code, const char *message)
{
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->fields->field, field);
    assert_string_equal(error->fields->code, code);
    assert_null(error->fields->next);
}

static void test_a_new_password_ends_the_other_sessions(void **state)
{
    World *w = *state;
    Principal *ada = NULL;
    Session other = open_one(w, w->ada, NULL), own = open_one(w, w->ada, &ada), session = {0};
    Session bobs = open_one(w, w->bob, NULL);
    PasswordChange done = {0};
    Token *key = NULL;
    const char *secret = NULL;
    Principal *who = NULL;
    NewApiKey new = {.name = STR("x"), .scopes = SCOPE_READ, .expires_at = world_now() + DAYS(1)};
    refused(change(w, ada, GOOD, "another horse 2", &done), "current_password", "wrong",
            "The current password is wrong."); /* there is none */
    set_hash(w, BCRYPT);
    assert_no_error(api_keys_create(w->arena, w->db, ada, &new, &key, &secret));
    world_script(w,
                 TEXT("INSERT INTO tokens (digest, kind, user_id, created_at, expires_at) VALUES "
                      "({bytes 00}, 'reset', {id %s}, {micros 1}, {micros 2})",
                      uuid_text(w->arena, ada->user_id)));
    refused(change(w, ada, "wrong horse 1", "another horse 2", &done), "current_password", "wrong",
            "The current password is wrong.");
    refused(change(w, ada, GOOD, "weak", &done), "new_password", "weak",
            "A password needs at least 8 characters, with a letter and a digit.");
    refused(change(w, ada, GOOD, GOOD, &done), "new_password", "unchanged",
            "The new password must be another one than the current.");
    assert_string_equal(hash_now(w), TEXT("%s\n", BCRYPT));
    assert_false(is_over(w, other.token));

    assert_no_error(change(w, ada, GOOD, "another horse 2", &done));
    assert_int_equal(done.sessions_ended, 1);
    assert_int_equal(done.api_keys, 1);
    assert_true(is_over(w, other.token));
    assert_false(is_over(w, own.token) || is_over(w, bobs.token));
    assert_no_error(authenticate(w, secret, &who));
    assert_int_equal(world_number(w, "SELECT count(*) FROM tokens WHERE kind = 'reset'"), 0);
    assert_int_equal(sign_in(w, GOOD, &session)->code, ERROR_UNAUTHENTICATED);
    assert_no_error(sign_in(w, "another horse 2", &session));
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events WHERE owner_id = {nil} AND "
                                     "action = 'user.password_changed'"),
                     1);
}

static void test_names(void **state)
{
    World *w = *state;
    User *user = NULL;
    Profile profile = {.full_name = STR("Ada L\xC3\xB6w"), .username = {NULL, 0}};
    assert_no_error(own_account_set_profile(w->arena, w->db, w->ada, &profile, &user));
    assert_string_equal(user->full_name, "Ada L\xC3\xB6w");
    assert_null(user->username);
    profile = (Profile){.full_name = {NULL, 0}, .username = STR("ada")};
    assert_no_error(own_account_set_profile(w->arena, w->db, w->ada, &profile, &user));
    profile = (Profile){.full_name = STR(""), .username = {NULL, 0}};
    assert_no_error(own_account_set_profile(w->arena, w->db, w->ada, &profile, &user));
    assert_no_error(accounts_user(w->arena, w->db, w->ada->user_id, &user));
    assert_null(user->full_name);
    assert_string_equal(user->username, "ada");
    profile = (Profile){.full_name = STR("bad \xFF"), .username = STR("bad \xFF")};
    const ErrorField *field =
        own_account_set_profile(w->arena, w->db, w->ada, &profile, &user)->fields;
    assert_string_equal(field->field, "full_name");
    assert_string_equal(field->next->field, "username");
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events WHERE action = "
                                     "'user.profile_changed'"),
                     3);
}

/* --- meeting -------------------------------------------------------------------------------------- */

typedef struct Person {
    World *w;
    Arena *arena;
    Db *db;
    const Principal *who;
    Error *(*act)(struct Person *person);
    Error *error;
    Session session;
    pthread_t thread;
} Person;

static pthread_barrier_t gate;

static void *live(void *self)
{
    Person *person = self;
    pthread_barrier_wait(&gate);
    for (int i = 0; i < 20; i++) { /* as a request is run again */
        person->error = person->act(person);
        if (person->error == NULL || person->error->code != ERROR_BUSY)
            break;
        clock_sleep(1000);
    }
    return NULL;
}

static void meet(World *w, Person *people, unsigned count)
{
    pthread_barrier_init(&gate, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        people[i].w = w;
        people[i].arena = arena_new(0);
        assert_no_error(db_open(people[i].arena, w->url, (DbOptions){0}, &people[i].db));
    }
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(pthread_create(&people[i].thread, NULL, live, &people[i]), 0);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(pthread_join(people[i].thread, NULL), 0);
        db_close(people[i].db);
    }
    pthread_barrier_destroy(&gate);
}

static void leave(Person *people, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        arena_free(people[i].arena);
}

static Error *act_refresh(Person *person)
{
    return session_refresh(person->arena, person->db, person->who, &person->session);
}

static Error *act_sign_in(Person *person)
{
    return accounts_sign_in(person->arena, person->db, &PEER, STR("ada@example.com"),
                            str_from(GOOD), &person->session);
}

static Error *act_change(Person *person)
{
    PasswordChange done = {0};
    return own_account_change_password(person->arena, person->db, person->who, str_from(GOOD),
                                       STR("another horse 2"), &done);
}

static Error *act_end_others(Person *person)
{
    int64_t ended = 0;
    return session_end_others(person->arena, person->db, person->who, &ended);
}

static void test_one_of_two_refreshes_wins(void **state)
{
    World *w = *state;
    for (int round = 0; round < 8; round++) {
        Principal *who = NULL;
        open_one(w, w->ada, &who);
        Person people[] = {{.who = who, .act = act_refresh}, {.who = who, .act = act_refresh}};
        meet(w, people, 2);
        int winner = people[0].error == NULL ? 0 : 1;
        assert_no_error(people[winner].error);
        assert_error(people[1 - winner].error, ERROR_UNAUTHENTICATED,
                     "The session is unknown or over. Sign in again.");
        assert_false(is_over(w, people[winner].session.token));
        assert_no_error(authenticate(w, people[winner].session.token, &who));
        assert_no_error(accounts_sign_out(w->arena, w->db, who));
        assert_int_equal(world_number(w, "SELECT count(*) FROM tokens"), 0);
        leave(people, 2);
    }
}

/* Whoever exchanges a session while all others are being ended, or the password changed, has none afterwards. */
static void test_no_session_slips_through(void **state)
{
    World *w = *state;
    for (int round = 0; round < 8; round++) {
        Principal *mine = NULL, *theirs = NULL;
        set_hash(w, BCRYPT);
        Session own = open_one(w, w->ada, &mine);
        open_one(w, w->ada, &theirs);
        Person people[] = {{.who = mine, .act = round % 4 == 0 ? act_change : act_end_others},
                           {.who = theirs, .act = act_refresh}};
        meet(w, people, 2);
        assert_no_error(people[0].error);
        assert_true(people[1].error == NULL || people[1].error->code == ERROR_UNAUTHENTICATED);
        if (people[1].error == NULL)
            assert_true(is_over(w, people[1].session.token));
        assert_false(is_over(w, own.token));
        assert_int_equal(world_number(w, "SELECT count(*) FROM tokens"), 1);
        assert_no_error(accounts_sign_out(w->arena, w->db, mine));
        leave(people, 2);
    }
}

/* Both come in, and the hash is replaced once. */
static void test_two_sign_in_with_a_foreign_hash_at_once(void **state)
{
    World *w = *state;
    set_hash(w, BCRYPT);
    Person people[] = {{.act = act_sign_in}, {.act = act_sign_in}};
    meet(w, people, 2);
    for (int i = 0; i < 2; i++) {
        assert_no_error(people[i].error);
        assert_false(is_over(w, people[i].session.token));
    }
    assert_int_equal(strncmp(hash_now(w), "$argon2id$", 10), 0);
    leave(people, 2);
}

/* Where writers do not exclude each other: while somebody is at the end of the system's trail, and of another
 * user's, for as long as they like. */
static void test_a_sign_in_waits_for_no_trail_of_others(void **state)
{
    World *w = *state;
    Db *db = NULL;
    AuditHead head;
    Session session = {0};
    set_hash(w, BCRYPT);
    if (!db_can_write_beside(w->db))
        return;
    assert_no_error(db_open(w->arena, w->url, (DbOptions){.lock_timeout = SECONDS(1)}, &db));
    {
        Tx TX_AUTO tx = {0};
        assert_no_error(tx_begin(w->reader, w->arena, TX_WRITE, &tx));
        assert_no_error(audit_head_lock(w->arena, w->reader, SYSTEM_OWNER, &head));
        assert_no_error(audit_head_lock(w->arena, w->reader, w->bob->user_id, &head));
        assert_no_error(accounts_sign_in(w->arena, db, &PEER, STR("ada@example.com"),
                                         str_from(GOOD), &session));
    }
    db_close(db);
    assert_false(is_over(w, session.token));
}

/* With the old password before the change, when the session ends with it, or not at all. */
static void test_signing_in_while_the_password_changes(void **state)
{
    World *w = *state;
    Principal *mine = NULL;
    for (int round = 0; round < 2; round++) {
        set_hash(w, BCRYPT);
        open_one(w, w->ada, &mine);
        Person people[] = {{.who = mine, .act = act_change}, {.act = act_sign_in}};
        meet(w, people, 2);
        assert_no_error(people[0].error);
        if (people[1].error == NULL)
            assert_true(is_over(w, people[1].session.token));
        else
            assert_error(people[1].error, ERROR_UNAUTHENTICATED, WRONG);
        assert_int_equal(world_number(w, "SELECT count(*) FROM tokens"), 1);
        assert_no_error(accounts_sign_out(w->arena, w->db, mine));
        leave(people, 2);
    }
}

/* --- failures ------------------------------------------------------------------------------------- */

static const Principal *acting;
static Uuid doomed;

static Error *do_refresh(World *w)
{
    Session session = {0};
    return session_refresh(w->arena, w->db, acting, &session);
}

static Error *do_end(World *w)
{
    return session_end(w->arena, w->db, acting, doomed);
}

static Error *do_end_others(World *w)
{
    int64_t ended = 0;
    return session_end_others(w->arena, w->db, acting, &ended);
}

static Error *do_change(World *w)
{
    PasswordChange done = {0};
    return change(w, acting, GOOD, "another horse 2", &done);
}

static Error *do_profile(World *w)
{
    User *user = NULL;
    const Profile profile = {.full_name = STR("Ada"), .username = STR("ada")};
    return own_account_set_profile(w->arena, w->db, acting, &profile, &user);
}

static Error *do_sign_in(World *w)
{
    Session session = {0};
    return sign_in(w, GOOD, &session);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Error *(*acts[])(World *) = {do_end,    do_end_others, do_profile,
                                 do_change, do_sign_in,    do_refresh};
    const char *all = "SELECT * FROM users; SELECT * FROM tokens; SELECT * FROM audit_events";
    Principal *who = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        doomed = token_id(digest_of(str_from(open_one(w, w->ada, NULL).token)));
        open_one(w, w->ada, &who);
        acting = who;
        set_hash(w, BCRYPT);
        world_fail_every_call(w, acts[i], 1, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_foreign_hash_lets_in_once_and_is_ours_then),
        WORLD_TEST(test_a_service_user_does_not_sign_in),
        WORLD_TEST(test_a_refreshed_session_goes_on),
        WORLD_TEST(test_a_session_ends_in_any_case),
        WORLD_TEST(test_how_long_a_session_is_good),
        WORLD_TEST(test_sessions_are_ended_by_whose_they_are),
        WORLD_TEST(test_all_others_end_at_once),
        WORLD_TEST(test_use_is_noted_coarsely),
        WORLD_TEST(test_the_set_of_uses_is_bounded),
        WORLD_TEST(test_a_new_password_ends_the_other_sessions),
        WORLD_TEST(test_names),
        WORLD_TEST(test_one_of_two_refreshes_wins),
        WORLD_TEST(test_no_session_slips_through),
        WORLD_TEST(test_two_sign_in_with_a_foreign_hash_at_once),
        WORLD_TEST(test_a_sign_in_waits_for_no_trail_of_others),
        WORLD_TEST(test_signing_in_while_the_password_changes),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
