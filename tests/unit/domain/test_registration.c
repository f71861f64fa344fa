/* Registering, proving an address, forgotten passwords: what they do, and that a stranger learns nothing from them.
 * "Alike" means: the same answer, and as many rows written. */
#include "domain/registration.h"

#include "world.h"

#include "base/clock.h"
#include "domain/mail_outbox.h"
#include "store/account_store.h"

#include <pthread.h>

static const Peer PEER = {.via = "http", .address = "192.0.2.1", .request_id = "r-1"};
static const Registration OPEN = {.mode = REGISTRATION_OPEN, .mails = true};
static const char GOOD[] = "correct horse 1";

static NewUser stranger(const char *email)
{
    return (NewUser){.email = str_from(email), .password = STR("correct horse 1")};
}

static Error *enroll(World *w, const Registration *how, NewUser new)
{
    return registration_register(w->arena, w->db, &PEER, how, &new);
}

static Error *forgot(World *w, const char *email)
{
    return registration_forgot(w->arena, w->db, &OPEN, str_from(email));
}

static Error *resend(World *w, const char *email)
{
    return registration_resend(w->arena, w->db, &OPEN, str_from(email));
}

static Mail *take(World *w)
{
    Mail *mail = NULL;
    assert_no_error(mail_outbox_take(w->arena, w->db, &mail));
    return mail;
}

static Mail *take_and_end(World *w)
{
    Mail *mail = take(w);
    if (mail != NULL && mail->email != NULL)
        assert_no_error(mail_outbox_end(w->arena, w->db, mail));
    return mail;
}

static const char *token_of(World *w, MailKind kind, const char *email)
{
    Mail *mail = take_and_end(w);
    assert_non_null(mail);
    assert_int_equal(mail->queued.kind, kind);
    assert_string_equal(mail->email, email);
    assert_non_null(mail->link.token);
    return mail->link.token;
}

static Error *verify(World *w, const char *token)
{
    return registration_verify(w->arena, w->db, &PEER, str_from(token));
}

static Error *reset(World *w, const char *token, const char *password)
{
    return registration_reset(w->arena, w->db, &PEER, str_from(token), str_from(password));
}

static void is_bad_token(const Error *error)
{
    assert_error(error, ERROR_INVALID, "This link is not good any more. Ask for a new one.");
    assert_string_equal(error->reason, "bad_token");
    assert_string_equal(error->fields->field, "token");
}

static Error *sign_in(World *w, const char *email, const char *password, Session *ret_session)
{
    return accounts_sign_in(w->arena, w->db, &PEER, str_from(email), str_from(password),
                            ret_session);
}

static User *user_of(World *w, const char *email)
{
    User *user = NULL;
    assert_no_error(accounts_find(w->arena, w->db, str_from(email), &user));
    return user;
}

/* --- who may register -------------------------------------------------------------------------- */

static void test_modes(void **state)
{
    World *w = *state;
    Registration how = {.mails = true};
    assert_no_error(registration_parse(w->arena, STR("closed"), &how));
    assert_int_equal(how.mode, REGISTRATION_CLOSED);
    assert_no_error(registration_parse(w->arena, STR("open"), &how));
    assert_int_equal(how.mode, REGISTRATION_OPEN);
    assert_no_error(registration_parse(w->arena, STR("domain=A.example, b.example"), &how));
    assert_int_equal(how.mode, REGISTRATION_DOMAIN);
    assert_int_equal(how.domain_count, 2);
    assert_true(str_is(how.domains[0], "a.example") && str_is(how.domains[1], "b.example"));
    assert_true(how.mails);
    static const char *const bad[] = {
        "", "Open", "domain", "domain=", "domain=,", "domain=@a", "domain=a,,b.c", "domain=a b"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_equal(registration_parse(w->arena, str_from(bad[i]), &how)->code, ERROR_INVALID);
}

static void test_who_may(void **state)
{
    World *w = *state;
    Registration closed = {.mode = REGISTRATION_CLOSED}, domain = {0};
    assert_no_error(registration_parse(w->arena, STR("domain=a.example"), &domain));
    /* The known and the unknown alike. */
    static const char *const emails[] = {"ada@example.com", "new@example.com"};
    for (size_t i = 0; i < ARRAY_COUNT(emails); i++) {
        Error *error = enroll(w, &closed, stranger(emails[i]));
        assert_error(error, ERROR_DENIED,
                     "Nobody can register here. An administrator makes an account for you.");
        assert_string_equal(error->reason, "registration_closed");
        error = enroll(w, &domain, stranger(emails[i]));
        assert_string_equal(error->reason, "domain_not_allowed");
    }
    static const char *const outside[] = {"x@b.a.example", "x@a.example.com", "x@aXexample",
                                          "a.example@b.example"};
    for (size_t i = 0; i < ARRAY_COUNT(outside); i++)
        assert_string_equal(enroll(w, &domain, stranger(outside[i]))->reason, "domain_not_allowed");
    assert_int_equal(world_number(w, "SELECT count(*) FROM users"), 3);
    assert_no_error(enroll(w, &domain, stranger("Ann@A.Example")));
    assert_non_null(user_of(w, "ann@a.example"));
    Error *error = enroll(w, &domain, stranger("x@a.example@a.example"));
    assert_int_equal(error->code, ERROR_DENIED);
    error = enroll(w, &domain, stranger("nothing"));
    assert_string_equal(error->fields->code, "not_an_address");
}

static void test_a_stranger_gets_no_role(void **state)
{
    World *w = *state;
    NewUser new = stranger("eve@example.com");
    new.role = ROLE_SUPER_ADMIN;
    new.verified = true;
    new.is_service = true;
    new.organization_id = uuid_new();
    assert_no_error(enroll(w, &OPEN, new));
    User *user = user_of(w, "eve@example.com");
    assert_int_equal(user->role, ROLE_USER);
    assert_int_equal(user->verified_at, 0);
    assert_false(user->is_service || user->has_organization);
    new.password = STR("");
    assert_string_equal(enroll(w, &OPEN, new)->fields->code, "required");
    new.password = STR("weak");
    assert_string_equal(enroll(w, &OPEN, new)->fields->code, "weak");
}

/* --- a whole way ------------------------------------------------------------------------------- */

static void test_register_verify_sign_in(void **state)
{
    World *w = *state;
    Session session;
    assert_no_error(enroll(w, &OPEN, stranger("ann@example.com")));
    /* As if there were no such account: who registers somebody else's address knows the password. */
    assert_string_equal(sign_in(w, "ann@example.com", GOOD, &session)->reason, "wrong_credentials");
    const char *token = token_of(w, MAIL_VERIFY, "ann@example.com");
    is_bad_token(verify(w, "x"));
    is_bad_token(reset(w, token, GOOD)); /* it proves an address and sets no password */
    assert_no_error(verify(w, token));
    is_bad_token(verify(w, token));
    assert_no_error(sign_in(w, "ann@example.com", GOOD, &session));
    Principal *who = NULL;
    assert_int_equal(accounts_authenticate(w->arena, w->db, &PEER, str_from(token), &who)->code,
                     ERROR_UNAUTHENTICATED);
    is_bad_token(verify(w, session.token)); /* nor is a session a link */
    assert_string_equal(world_text(w, "SELECT action FROM audit_events WHERE action LIKE 'user.%' "
                                      "ORDER BY seq DESC LIMIT 2"),
                        "user.verified\nuser.registered\n");
}

static void test_links_expire(void **state)
{
    World *w = *state;
    assert_no_error(enroll(w, &OPEN, stranger("ann@example.com")));
    const char *token = token_of(w, MAIL_VERIFY, "ann@example.com");
    world_advance(HOURS(48));
    is_bad_token(verify(w, token));
    assert_no_error(resend(w, "ann@example.com"));
    token = token_of(w, MAIL_VERIFY, "ann@example.com");
    world_advance(HOURS(48) - 1);
    assert_no_error(verify(w, token));
    assert_no_error(forgot(w, "ada@example.com"));
    token = token_of(w, MAIL_RESET, "ada@example.com");
    world_advance(HOURS(1));
    is_bad_token(reset(w, token, GOOD));
}

static void test_a_new_link_ends_the_former(void **state)
{
    World *w = *state;
    assert_no_error(forgot(w, "ada@example.com"));
    const char *first = token_of(w, MAIL_RESET, "ada@example.com");
    world_advance(SECONDS(60));
    assert_no_error(forgot(w, "ada@example.com"));
    const char *second = token_of(w, MAIL_RESET, "ada@example.com");
    is_bad_token(reset(w, first, GOOD));
    assert_no_error(reset(w, second, GOOD));
}

static void test_reset(void **state)
{
    World *w = *state;
    Session session;
    Principal *who = NULL;
    assert_no_error(enroll(w, &OPEN, stranger("ann@example.com")));
    token_of(w, MAIL_VERIFY, "ann@example.com");
    assert_no_error(forgot(w, " ANN@example.com "));
    const char *token = token_of(w, MAIL_RESET, "ann@example.com");
    assert_string_equal(reset(w, token, "weak")->fields->field, "password");
    assert_string_equal(reset(w, token, "ANN@example.com")->fields->code, "weak");
    assert_no_error(
        reset(w, token, "another pass 2")); /* after all that it was as good as before */
    is_bad_token(reset(w, token, GOOD));
    assert_true(user_of(w, "ann@example.com")->verified_at != 0);
    assert_int_equal(sign_in(w, "ann@example.com", GOOD, &session)->code, ERROR_UNAUTHENTICATED);
    assert_no_error(sign_in(w, "ann@example.com", "another pass 2", &session));
    assert_int_equal(world_number(w, "SELECT count(*) FROM tokens WHERE kind <> 'session'"), 0);
    world_advance(SECONDS(60));
    assert_no_error(forgot(w, "ann@example.com"));
    token = token_of(w, MAIL_RESET, "ann@example.com");
    assert_no_error(accounts_authenticate(w->arena, w->db, &PEER, str_from(session.token), &who));
    assert_no_error(reset(w, token, GOOD));
    assert_int_equal(
        accounts_authenticate(w->arena, w->db, &PEER, str_from(session.token), &who)->code,
        ERROR_UNAUTHENTICATED);
}

static void test_a_disabled_account_has_no_links(void **state)
{
    World *w = *state;
    assert_no_error(forgot(w, "ada@example.com"));
    const char *token = token_of(w, MAIL_RESET, "ada@example.com");
    world_script(w, "UPDATE users SET is_active = {false} WHERE email = 'ada@example.com'");
    is_bad_token(reset(w, token, GOOD));
    world_script(w, "UPDATE users SET is_active = {true}, deleted_at = {micros 5} "
                    "WHERE email = 'ada@example.com'");
    is_bad_token(reset(w, token, GOOD));
    world_script(w, "UPDATE users SET deleted_at = NULL, is_service = {true} "
                    "WHERE email = 'ada@example.com'");
    is_bad_token(reset(w, token, GOOD));
    world_script(w, "UPDATE users SET is_service = {false} WHERE email = 'ada@example.com'");
    assert_no_error(reset(w, token, GOOD));
}

/* --- alike ------------------------------------------------------------------------------------- */

static const char ROWS[] =
    "SELECT (SELECT count(*) FROM mail_outbox) + (SELECT count(*) FROM tokens) + "
    "(SELECT count(*) FROM audit_events) + (SELECT count(*) FROM users)";

/* How many rows an act writes, and how many calls of the database it takes. */
typedef struct Work {
    int64_t rows;
    int64_t runs, queries, commits;
} Work;

static Work work_of(World *w, Error *(*act)(World *, const char *), const char *email)
{
    Work work = {.rows = world_number(w, ROWS)};
    fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
    assert_no_error(act(w, email));
    work.runs = fault_calls(w->fault, FAULT_RUN);
    work.queries = fault_calls(w->fault, FAULT_QUERY);
    work.commits = fault_calls(w->fault, FAULT_COMMIT);
    work.rows = world_number(w, ROWS) - work.rows;
    return work;
}

static void test_asking_for_mail_is_alike(void **state)
{
    World *w = *state;
    Error *(*acts[])(World *, const char *) = {forgot, resend};
    static const char *const emails[] = {"ada@example.com", "nobody@example.com",
                                         "gone@example.com", "service@example.com"};
    User *user = NULL;
    NewUser gone = stranger("gone@example.com"), service = stranger("service@example.com");
    assert_no_error(accounts_create(w->arena, w->db, w->operator, & gone, &user));
    assert_no_error(accounts_set_active(w->arena, w->db, w->operator, user, false));
    service.is_service = true;
    service.password = STR("");
    assert_no_error(accounts_create(w->arena, w->db, w->operator, & service, &user));
    for (size_t a = 0; a < ARRAY_COUNT(acts); a++) {
        Work first = work_of(w, acts[a], emails[0]);
        assert_int_equal(first.rows, 1);
        for (size_t i = 1; i < ARRAY_COUNT(emails); i++) {
            Work other = work_of(w, acts[a], emails[i]);
            assert_memory_equal(&other, &first, sizeof first);
        }
        first = work_of(w, acts[a], emails[0]); /* too soon */
        assert_int_equal(first.rows, 0);
        for (size_t i = 1; i < ARRAY_COUNT(emails); i++) {
            Work other = work_of(w, acts[a], emails[i]);
            assert_memory_equal(&other, &first, sizeof first);
        }
    }
    Error *error = forgot(w, "nobody");
    assert_string_equal(error->fields->code, "not_an_address");
}

/* What was queued for nobody, and for who is not to get it, is thrown away. */
static void test_mail_for_nobody(void **state)
{
    World *w = *state;
    assert_no_error(forgot(w, "nobody@example.com"));
    assert_no_error(resend(w, "ada@example.com")); /* verified long ago */
    assert_no_error(forgot(w, "bob@example.com"));
    world_script(w, "UPDATE users SET is_active = {false} WHERE email = 'bob@example.com'");
    for (int i = 0; i < 3; i++) {
        Mail *mail = take(w);
        assert_non_null(mail);
        assert_null(mail->email);
        assert_false(mail->expired);
    }
    assert_null(take(w));
    assert_int_equal(world_number(w, "SELECT count(*) FROM tokens WHERE kind <> 'session'"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM mail_outbox WHERE done_at IS NULL"), 0);
}

static Error *enroll_email(World *w, const char *email)
{
    return enroll(w, &OPEN, stranger(email));
}

static void test_registering_a_known_address(void **state)
{
    World *w = *state;
    const char *hash = NULL;
    NewUser again = stranger("ADA@example.com");
    again.full_name = STR("Somebody Else");
    assert_no_error(accounts_set_password(w->arena, w->db, w->operator,
                                          user_of(w, "ada@example.com"), STR("first pass 1")));
    hash = user_of(w, "ada@example.com")->password_hash;
    assert_no_error(enroll(w, &OPEN, again));
    User *ada = user_of(w, "ada@example.com");
    assert_string_equal(ada->password_hash, hash);
    assert_true(ada->full_name == NULL || strcmp(ada->full_name, "Somebody Else") != 0);
    Mail *mail = take_and_end(w);
    assert_int_equal(mail->queued.kind, MAIL_KNOWN);
    assert_string_equal(mail->email, "ada@example.com");
    assert_null(mail->link.token);
    /* One who never followed the link gets it once more, and keeps the first password. */
    assert_no_error(enroll_email(w, "new@example.com"));
    token_of(w, MAIL_VERIFY, "new@example.com");
    world_advance(SECONDS(60));
    hash = user_of(w, "new@example.com")->password_hash;
    again = stranger("new@example.com");
    again.password = STR("another pass 2");
    assert_no_error(enroll(w, &OPEN, again));
    assert_string_equal(user_of(w, "new@example.com")->password_hash, hash);
    token_of(w, MAIL_VERIFY, "new@example.com");
    assert_int_equal(world_number(w, "SELECT count(*) FROM users"), 4);
    /* One who was invited, and has no password yet, may take the invitation. */
    assert_no_error(enroll(w, &OPEN, stranger("bob@example.com")));
    assert_null(user_of(w, "bob@example.com")->password_hash);
    token_of(w, MAIL_INVITE, "bob@example.com");
}

static void test_without_mail(void **state)
{
    World *w = *state;
    Registration how = {.mode = REGISTRATION_OPEN};
    assert_no_error(enroll(w, &how, stranger("ann@example.com")));
    assert_no_error(enroll(w, &how, stranger("ann@example.com")));
    assert_no_error(registration_forgot(w->arena, w->db, &how, STR("ann@example.com")));
    assert_no_error(registration_resend(w->arena, w->db, &how, STR("no@example.com")));
    assert_int_equal(world_number(w, "SELECT count(*) FROM mail_outbox"), 0);
}

/* --- limits ------------------------------------------------------------------------------------ */

static void test_nobody_is_flooded(void **state)
{
    World *w = *state;
    int sent = 0;
    for (int64_t end = world_now() + HOURS(23); world_now() < end; world_advance(SECONDS(600)))
        for (int i = 0; i < 3; i++, world_advance(SECONDS(19))) {
            assert_no_error(forgot(w, "ada@example.com"));
            sent += take_and_end(w) != NULL;
        }
    assert_int_equal(sent, 5);
    assert_no_error(resend(w, "ada@example.com")); /* of another kind */
    assert_non_null(take(w));
    assert_no_error(forgot(w, "bob@example.com"));
    assert_string_equal(take_and_end(w)->email, "bob@example.com");
    world_advance(HOURS(24));
    assert_no_error(forgot(w, "ada@example.com"));
    assert_string_equal(take_and_end(w)->email, "ada@example.com");
    int64_t removed = 0;
    world_advance(HOURS(1));
    assert_no_error(mail_outbox_sweep(w->arena, w->db, &removed));
    assert_int_equal(removed, 7); /* but for the last */
}

/* --- the outbox -------------------------------------------------------------------------------- */

static void test_a_mail_is_tried_again(void **state)
{
    World *w = *state;
    static const int64_t pauses[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    assert_no_error(forgot(w, "ada@example.com"));
    const char *former = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(pauses); i++) {
        Mail *mail = take(w);
        assert_int_equal(mail->queued.attempts, i + 1);
        assert_null(take(w)); /* it has one owner */
        if (former != NULL)
            is_bad_token(reset(w, former, GOOD));
        former = mail->link.token;
        assert_no_error(mail_outbox_postpone(w->arena, w->db, mail));
        world_advance(SECONDS(pauses[i]) - 1);
        assert_null(take(w));
        world_advance(1);
    }
    Mail *mail = take(w); /* and then whoever took it died */
    world_advance(SECONDS(MAIL_LEASE) - 1);
    assert_null(take(w));
    world_advance(1);
    Mail *again = take(w);
    assert_string_equal(again->email, "ada@example.com");
    assert_no_error(mail_outbox_end(w->arena, w->db, mail)); /* alive after all, and too late */
    assert_int_equal(world_number(w, "SELECT count(*) FROM mail_outbox WHERE done_at IS NULL"), 1);
    assert_no_error(reset(w, again->link.token, GOOD));
    assert_no_error(mail_outbox_end(w->arena, w->db, again));
    assert_null(take(w));
}

static void test_a_mail_is_given_up(void **state)
{
    World *w = *state;
    assert_no_error(forgot(w, "ada@example.com"));
    assert_no_error(mail_outbox_postpone(w->arena, w->db, take(w)));
    world_advance(HOURS(24));
    Mail *mail = take(w);
    assert_true(mail->expired);
    assert_null(mail->email);
    assert_null(take(w));
}

/* --- links by an administrator ----------------------------------------------------------------- */

static void test_who_may_make_links(void **state)
{
    World *w = *state;
    Uuid organization = uuid_new();
    User member = {.id = uuid_new(),
                   .email = "m@example.com",
                   .role = ROLE_ORG_MEMBER,
                   .is_active = true,
                   .has_organization = true,
                   .organization_id = organization,
                   .organization_open = true,
                   .organization_name = "A"};
    User admin = member;
    admin.id = uuid_new();
    admin.role = ROLE_ORG_ADMIN;
    Principal *org_admin = accounts_principal(w->arena, &admin, &PEER);
    assert_no_error(registration_may_link(w->arena, org_admin, &member));
    assert_no_error(registration_may_link(w->arena, w->root, &member));
    assert_no_error(registration_may_link(w->arena, w->operator, & member));
    assert_error(registration_may_link(w->arena, w->ada, &member), ERROR_NOT_FOUND,
                 "There is no such user.");
    member.password_hash = "x";
    assert_string_equal(registration_may_link(w->arena, org_admin, &member)->reason,
                        "has_password");
    assert_no_error(registration_may_link(w->arena, w->root, &member));
    member.organization_id = uuid_new();
    assert_int_equal(registration_may_link(w->arena, org_admin, &member)->code, ERROR_NOT_FOUND);
    member.is_service = true;
    assert_int_equal(registration_may_link(w->arena, org_admin, &member)->code, ERROR_NOT_FOUND);
    assert_string_equal(registration_may_link(w->arena, w->root, &member)->reason, "not_a_person");
    member.is_service = false;
    member.is_active = false;
    assert_string_equal(registration_may_link(w->arena, w->root, &member)->reason, "not_active");
    member.is_active = true;
    Principal key = *w->root;
    key.is_key = true;
    assert_string_equal(registration_may_link(w->arena, &key, &member)->reason, "key_not_allowed");
}

static void test_links_of_an_administrator(void **state)
{
    World *w = *state;
    User *user = NULL;
    Link link;
    Session session;
    NewUser new = {.email = STR("ann@example.com")};
    assert_no_error(accounts_create(w->arena, w->db, w->operator, & new, &user));
    assert_no_error(registration_link(w->arena, w->db, w->root, user, LINK_INVITE, &link));
    assert_string_equal(link_address(w->arena, "https://a.example", &link),
                        arena_printf(w->arena, "https://a.example/reset?token=%s", link.token));
    world_advance(DAYS(7) - 1);
    assert_no_error(reset(w, link.token, GOOD));
    assert_no_error(sign_in(w, "ann@example.com", GOOD, &session));
    assert_int_equal(registration_link(w->arena, w->db, w->ada, user, LINK_RESET, &link)->code,
                     ERROR_NOT_FOUND);
    assert_int_equal(world_number(w, "SELECT count(*) FROM tokens WHERE kind = 'reset'"), 0);
    assert_no_error(registration_link(w->arena, w->db, w->root, user, LINK_VERIFY, &link));
    assert_string_equal(link_address(w->arena, "https://a.example", &link),
                        arena_printf(w->arena, "https://a.example/verify?token=%s", link.token));
    assert_string_equal(world_text(w, "SELECT action FROM audit_events WHERE action LIKE 'user.%' "
                                      "ORDER BY seq DESC LIMIT 3"),
                        "user.link_made\nuser.password_reset\nuser.link_made\n");
}

/* --- two at once, and failures ----------------------------------------------------------------- */

typedef struct Racer {
    World *w;
    const char *token; /* NULL: registers */
    bool forgets;      /* asks for a link instead */
    pthread_barrier_t *barrier;
    bool won;
    bool refused;
} Racer;

static void *race(void *self)
{
    Racer *racer = self;
    Arena *arena = arena_new(0);
    Db *db = NULL;
    CHECK(db_open(arena, racer->w->url, (DbOptions){.must_exist = true}, &db) == NULL);
    pthread_barrier_wait(racer->barrier);
    NewUser new = stranger("both@example.com");
    Error *error =
        racer->forgets ? registration_forgot(arena, db, &OPEN, STR("both@example.com"))
        : racer->token == NULL
            ? registration_register(arena, db, &PEER, &OPEN, &new)
            : registration_reset(arena, db, &PEER, str_from(racer->token), STR("another pass 2"));
    racer->won = error == NULL;
    racer->refused = error_is(error, "bad_token");
    db_close(db);
    arena_free(arena);
    return NULL;
}

enum { RACERS = 3 };

static int count_winners(World *w, const char *token, bool forgets)
{
    pthread_t threads[RACERS];
    Racer racers[RACERS];
    pthread_barrier_t barrier;
    int won = 0;
    pthread_barrier_init(&barrier, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (Racer){.w = w, .token = token, .forgets = forgets, .barrier = &barrier};
        CHECK(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(racers[i].won || racers[i].refused);
        won += racers[i].won;
    }
    pthread_barrier_destroy(&barrier);
    return won;
}

static void test_several_at_once(void **state)
{
    World *w = *state;
    assert_int_equal(count_winners(w, NULL, false),
                     RACERS); /* nobody is told that another was quicker */
    assert_int_equal(world_number(w, "SELECT count(*) FROM users WHERE email = 'both@example.com'"),
                     1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM mail_outbox"), 1);
    token_of(w, MAIL_VERIFY, "both@example.com");
    assert_int_equal(count_winners(w, NULL, true), RACERS);
    const char *token = token_of(w, MAIL_RESET, "both@example.com");
    assert_null(take(w)); /* and one mail is enough */
    assert_int_equal(count_winners(w, token, false), 1);
    Session session;
    assert_no_error(sign_in(w, "both@example.com", "another pass 2", &session));
}

static Error *do_forgot(World *w)
{
    return forgot(w, "ada@example.com");
}

static Error *do_take(World *w)
{
    Mail *mail = NULL;
    return mail_outbox_take(w->arena, w->db, &mail);
}

static Error *do_link(World *w)
{
    Link link;
    User user = {.id = w->ada->user_id, .is_active = true};
    return registration_link(w->arena, w->db, w->root, &user, LINK_VERIFY, &link);
}

static Error *do_sweep(World *w)
{
    int64_t removed = 0;
    return mail_outbox_sweep(w->arena, w->db, &removed);
}

static const char *kept_token;

static Error *do_verify(World *w)
{
    return verify(w, kept_token);
}

static Error *do_reset(World *w)
{
    return reset(w, kept_token, GOOD);
}

static Error *do_register(World *w)
{
    return enroll_email(w, "fail@example.com");
}

/* `step`: of what hashes a password every third call will do. */
static void fail_every_call(World *w, Error *(*act)(World *), int64_t step)
{
    const char *all = "SELECT * FROM users; SELECT * FROM owners; SELECT * FROM tokens; SELECT * "
                      "FROM audit_events; SELECT * FROM mail_outbox";
    assert_true(world_fail_every_call(w, act, step, all) > 3);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Link link;
    fail_every_call(w, do_forgot, 1);
    fail_every_call(w, do_take, 1);
    fail_every_call(w, do_link, 1);
    fail_every_call(w, do_register, 3);
    fail_every_call(w, do_sweep, 1);
    User *user = user_of(w, "fail@example.com");
    assert_no_error(registration_link(w->arena, w->db, w->root, user, LINK_VERIFY, &link));
    kept_token = link.token;
    fail_every_call(w, do_verify, 1);
    assert_no_error(registration_link(w->arena, w->db, w->root, user, LINK_RESET, &link));
    kept_token = link.token;
    fail_every_call(w, do_reset, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_modes),
        WORLD_TEST(test_who_may),
        WORLD_TEST(test_a_stranger_gets_no_role),
        WORLD_TEST(test_register_verify_sign_in),
        WORLD_TEST(test_links_expire),
        WORLD_TEST(test_a_new_link_ends_the_former),
        WORLD_TEST(test_reset),
        WORLD_TEST(test_a_disabled_account_has_no_links),
        WORLD_TEST(test_asking_for_mail_is_alike),
        WORLD_TEST(test_mail_for_nobody),
        WORLD_TEST(test_registering_a_known_address),
        WORLD_TEST(test_without_mail),
        WORLD_TEST(test_nobody_is_flooded),
        WORLD_TEST(test_a_mail_is_tried_again),
        WORLD_TEST(test_a_mail_is_given_up),
        WORLD_TEST(test_who_may_make_links),
        WORLD_TEST(test_links_of_an_administrator),
        WORLD_TEST(test_several_at_once),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
