/* Mail on its way out: what becomes of one that is sent, refused, or not taken just now, and that the thread is
 * woken. */
#include "worker/mailer.h"

#include "sink.h"
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/registration.h"

static Arena *group;
static Sink sink;
static const Registration OPEN = {.mode = REGISTRATION_OPEN, .mails = true};

static int start(Arena *arena)
{
    static const char *const modes[] = {"plain", "later", "never", "slow", NULL};
    group = arena;
    sink_start(&sink, group, engine_directory(group), modes);
    return 0;
}

static int set_up(void **state)
{
    int failed = world_set_up(state);
    log_setup(LOG_OFF, false);
    return failed;
}

#define MAILER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

static MailerConfig config_for(World *w, const char *mode)
{
    return (MailerConfig){
        .server = {.url = arena_printf(w->arena, "smtp://127.0.0.1:%d", sink_port(&sink, mode))},
        .from = "o@example.com",
        .public_url = "https://obligor.example"};
}

static void forgot(World *w, const char *email)
{
    assert_no_error(registration_forgot(w->arena, w->db, &OPEN, str_from(email)));
}

static bool step(World *w, const MailerConfig *config)
{
    bool more = false;
    assert_no_error(mailer_step(w->arena, w->db, config, &(MailerWatch){NULL, NULL}, &more));
    return more;
}

/* of the last mail that it took; empty: none */
static const char *last_token(World *w, const char *mode)
{
    static const char before[] = "https://obligor.example/reset?token=";
    const char *all = str_dup(w->arena, sink_read(&sink, mode, "mails")), *found = NULL;
    for (const char *at = all; (at = strstr(at, before)) != NULL; at += strlen(before))
        found = at + strlen(before);
    return found == NULL ? "" : str_dup(w->arena, (Str){found, strcspn(found, "\r")});
}

static const char WAITING[] = "SELECT count(*) FROM mail_outbox WHERE done_at IS NULL";

static void is_good(World *w, const char *token)
{
    Peer peer = {.via = "http", .address = "192.0.2.1"};
    assert_no_error(
        registration_reset(w->arena, w->db, &peer, str_from(token), STR("another pass 2")));
}

static void one_that_is_sent(void **state)
{
    World *w = *state;
    MailerConfig config = config_for(w, "plain");
    assert_false(step(w, &config));
    forgot(w, "ada@example.com");
    forgot(w, "nobody@example.com");
    assert_true(step(w, &config));
    assert_true(step(w, &config)); /* thrown away */
    assert_false(step(w, &config));
    assert_int_equal(world_number(w, WAITING), 0);
    is_good(w, last_token(w, "plain"));
}

static void one_that_is_taken_later(void **state)
{
    World *w = *state;
    MailerConfig config = config_for(w, "later");
    const char *before = last_token(w, "later");
    forgot(w, "ada@example.com");
    for (int i = 0; strcmp(last_token(w, "later"), before) == 0; i++) {
        assert_true(i < 2);
        assert_true(step(w, &config));
        assert_false(step(w, &config)); /* not at once */
        world_advance(SECONDS(30));
    }
    assert_int_equal(world_number(w, WAITING), 0);
    is_good(w, last_token(w, "later"));
}

static void one_that_is_refused(void **state)
{
    World *w = *state;
    MailerConfig config = config_for(w, "never");
    forgot(w, "ada@example.com");
    assert_true(step(w, &config));
    assert_int_equal(world_number(w, WAITING), 0);
    /* So is one to an address that would be more than that. */
    config = config_for(w, "plain");
    world_script(w, "UPDATE users SET email = 'b>@example.com' WHERE email = 'bob@example.com'");
    forgot(w, "b>@example.com");
    assert_true(step(w, &config));
    assert_int_equal(world_number(w, WAITING), 0);
    assert_null(strstr(str_dup(w->arena, sink_read(&sink, "plain", "said")), "b>"));
}

static void one_for_the_log(void **state)
{
    World *w = *state;
    MailerConfig config = {.to_log = true, .public_url = "https://obligor.example"};
    forgot(w, "ada@example.com");
    assert_true(step(w, &config));
    assert_int_equal(world_number(w, WAITING), 0);
}

/* --- the thread -------------------------------------------------------------------------------- */

static void wait_for(World *w, const char *query, int64_t wanted)
{
    int64_t until = clock_monotonic() + SECONDS(60);
    while (world_number(w, query) != wanted) {
        assert_true(clock_monotonic() < until);
        clock_sleep(2000);
    }
}

static void a_thread_sends_by_itself(void **state)
{
    World *w = *state;
    Mailer *mailer = NULL;
    clock_inject(NULL);
    MailerConfig config = config_for(w, "plain");
    assert_no_error(mailer_start(w->arena, str_dup(w->arena, w->url), &config, &mailer));
    forgot(w, "ada@example.com");
    wait_for(w, WAITING, 0);
    forgot(w, "bob@example.com");
    wait_for(w, WAITING, 0);
    mailer_stop(mailer);
    is_good(w, last_token(w, "plain"));
    mailer_stop(NULL);
    config.public_url = "x";
    assert_error(mailer_start(w->arena, "sqlite:/nowhere/x.db", &config, &mailer),
                 ERROR_UNAVAILABLE, "The database cannot be opened.");
}

/* A mail server that says nothing does not hold the program up; the mail waits for the next start. */
static void a_thread_is_stopped(void **state)
{
    World *w = *state;
    Mailer *mailer = NULL;
    clock_inject(NULL);
    MailerConfig config = config_for(w, "slow");
    assert_no_error(mailer_start(w->arena, str_dup(w->arena, w->url), &config, &mailer));
    forgot(w, "ada@example.com");
    wait_for(w, "SELECT count(*) FROM mail_outbox WHERE attempts = 1", 1);
    int64_t began = clock_monotonic();
    mailer_stop(mailer);
    assert_true(clock_monotonic() - began < SECONDS(15));
    assert_int_equal(world_number(w, WAITING), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAILER_TEST(one_that_is_sent),         MAILER_TEST(one_that_is_taken_later),
        MAILER_TEST(one_that_is_refused),      MAILER_TEST(one_for_the_log),
        MAILER_TEST(a_thread_sends_by_itself), MAILER_TEST(a_thread_is_stopped),
    };
    Arena *arena = arena_new(0);
    signal(SIGPIPE, SIG_IGN);
    start(arena);
    int failed = world_run(tests);
    sink_stop(&sink);
    failed += engine_directory_remove(sink.directory);
    arena_free(arena);
    return failed;
}
