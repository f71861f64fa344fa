/* The client against mail servers of every kind: what it says to them, what it tells of them, and that it never tells
 * a password to one who listens along. */
#include "worker/smtp.h"

#include "sink.h"

#include "base/check.h"
#include "base/clock.h"
#include "engines.h"

#include <netinet/in.h>
#include <sys/socket.h>

static Arena *group;
static Sink sink;

static const char CONTENT[] =
    "Subject: x\r\n\r\nA line.\r\n.\r\n..and one that begins with points\r\n";
static const char PASSWORD[] = "s3cret%3A%40%2F";

static int start(void **state)
{
    static const char *const modes[] = {"plain", "auth",  "starttls", "bare", "tls",
                                        "later", "never", "broken",   "slow", NULL};
    (void)state;
    group = arena_new(0);
    sink_start(&sink, group, engine_directory(group), modes);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sink_stop(&sink);
    int failed = engine_directory_remove(sink.directory);
    arena_free(group);
    return failed;
}

/* `host` holds user and password too. */
static SmtpServer server_at(Arena *arena, const char *scheme, const char *host, const char *mode)
{
    return (SmtpServer){.url =
                            arena_printf(arena, "%s://%s:%d", scheme, host, sink_port(&sink, mode)),
                        .ca_file = arena_printf(arena, "%s/cert.pem", sink.directory)};
}

static Error *send_to(Arena *arena, SmtpServer server)
{
    SmtpMail mail = {.from = "o@example.com", .to = "ann@example.com", .content = STR("")};
    mail.content = str_from(CONTENT);
    return smtp_send(arena, &server, &mail);
}

static Error *send_as_ann(Arena *arena, const char *scheme, const char *host, const char *mode)
{
    const char *at = arena_printf(arena, "ann:%s@%s", PASSWORD, host);
    return send_to(arena, server_at(arena, scheme, at, mode));
}

static bool said(const char *mode, const char *words)
{
    return strstr(str_dup(group, sink_read(&sink, mode, "said")), words) != NULL;
}

/* What is for the log names what happened, and never the password or the address. */
static void is_no_success(const Error *error, const char *reason, const char *words)
{
    assert_non_null(error);
    assert_string_equal(error->reason == NULL ? "" : error->reason, reason);
    const char *chain = error_chain(group, error);
    if (strstr(chain, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, chain);
    assert_null(strstr(chain, "s3cret"));
    assert_null(strstr(chain, "ann@"));
}

/* --- taken ------------------------------------------------------------------------------------- */

static void a_plain_server(void **state)
{
    assert_no_error(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "plain")));
    assert_str(sink_read(&sink, "plain", "mails"), CONTENT);
    assert_true(said("plain", "\nMAIL FROM:<o@example.com>"));
    assert_true(said("plain", "\nRCPT TO:<ann@example.com>\nDATA\n"));
}

static void with_a_password_on_this_machine(void **state)
{
    assert_no_error(send_as_ann(*state, "smtp", "127.0.0.1", "auth"));
    assert_no_error(send_as_ann(*state, "smtp", "localhost", "auth"));
    assert_true(said("auth", "\nAUTH PLAIN"));
    is_no_success(send_to(*state, server_at(*state, "smtp", "ann:wrong@127.0.0.1", "auth")), "",
                  "535");
    is_no_success(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "auth")), "", "530");
}

static void over_tls(void **state)
{
    assert_no_error(send_as_ann(*state, "smtp", "localhost", "starttls"));
    assert_true(said("starttls", "STARTTLS\nEHLO"));
    assert_str(sink_read(&sink, "starttls", "mails"), CONTENT);
    assert_no_error(send_as_ann(*state, "smtps", "localhost", "tls"));
    assert_str(sink_read(&sink, "tls", "mails"), CONTENT);
}

/* --- not taken --------------------------------------------------------------------------------- */

/* 0.0.0.0 leads here, and is not known to be this machine. */
static void no_password_in_clear(void **state)
{
    is_no_success(send_as_ann(*state, "smtp", "0.0.0.0", "bare"), "", "STARTTLS not supported");
    assert_true(said("bare", "EHLO"));
    assert_false(said("bare", "AUTH"));
}

/* The sink's certificate is for localhost, and nobody but itself has signed it. */
static void no_bad_certificate(void **state)
{
    is_no_success(send_as_ann(*state, "smtp", "0.0.0.0", "starttls"), "", "");
    is_no_success(send_as_ann(*state, "smtps", "127.0.0.1", "tls"), "", "");
    SmtpServer server = server_at(*state, "smtps", "localhost", "tls");
    server.ca_file = NULL;
    is_no_success(send_to(*state, server), "", "certificate");
    server = server_at(*state, "smtp", "localhost", "starttls");
    server.ca_file = NULL;
    is_no_success(send_to(*state, server), "", "certificate");
}

static void later(void **state)
{
    is_no_success(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "later")), "", "451");
    assert_no_error(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "later")));
    assert_str(sink_read(&sink, "later", "mails"), CONTENT);
}

static void never(void **state)
{
    is_no_success(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "never")), "refused",
                  "550");
}

static void broken_off(void **state)
{
    is_no_success(send_to(*state, server_at(*state, "smtp", "127.0.0.1", "broken")), "", "");
    assert_str(sink_read(&sink, "broken", "mails"), "");
}

static void nobody_listens(void **state)
{
    /* A port that is ours, so that nobody else listens there, and on which we do not listen. */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    const char *url = arena_printf(*state, "smtp://127.0.0.1:%d", ntohs(address.sin_port));
    is_no_success(send_to(*state, (SmtpServer){.url = url}), "", "onnect");
    close(fd);
}

static bool at_once(void *self)
{
    (void)self;
    return true;
}

static void one_that_says_nothing(void **state)
{
    SmtpServer server = server_at(*state, "smtp", "127.0.0.1", "slow");
    server.timeout = 200000;
    int64_t began = clock_monotonic();
    is_no_success(send_to(*state, server), "", "time");
    assert_true(clock_monotonic() - began < SECONDS(20));
    /* And whoever wants to stop does not wait for it. */
    server.timeout = SECONDS(600);
    SmtpMail mail = {.from = "o@example.com", .to = "a@b", .stopping = at_once};
    is_no_success(smtp_send(*state, &server, &mail), "", "aborted");
    assert_true(clock_monotonic() - began < SECONDS(60));
}

/* --- addresses --------------------------------------------------------------------------------- */

static void addresses(void **state)
{
    static const char *const good[] = {"smtp://mail.example",          "smtp://mail.example:587",
                                       "smtps://ann:x@mail.example",   "smtp://[::1]:25",
                                       "smtp://a%40b:c%3Ad@127.0.0.1", "smtp://mail.example/"};
    static const char *const bad[] = {"",
                                      "mail.example",
                                      "http://mail.example",
                                      "smtp://",
                                      "smtp://:25",
                                      "smtp://ann@mail.example",
                                      "smtp://mail.example/path",
                                      "smtp://a?b",
                                      "smtp://a#b",
                                      "SMTP://mail.example",
                                      "smtp://a b",
                                      "smtp://a:99999",
                                      "smtp://a;AUTH=PLAIN:b@c"};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_no_error(smtp_check(*state, good[i]));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Error *error = smtp_check(*state, bad[i]);
        if (error == NULL)
            fail_msg("%s is taken for a mail server", bad[i]);
        assert_string_equal(error->reason, "usage");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_server),
        TEST(with_a_password_on_this_machine),
        TEST(over_tls),
        TEST(no_password_in_clear),
        TEST(no_bad_certificate),
        TEST(later),
        TEST(never),
        TEST(broken_off),
        TEST(nobody_listens),
        TEST(one_that_says_nothing),
        TEST(addresses),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start, stop);
}
