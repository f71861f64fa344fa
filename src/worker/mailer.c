/* A mail is taken with a lease that is longer than a mail server may take, sent, and then over. Whoever dies in
 * between leaves it to the next, who makes a new link; the one that was perhaps sent does not work any more, and
 * the new one does. So each is a mail of its own, with its own Message-ID.
 *
 * The log names a mail by its id and the domain that it goes to, never by the whole address, and no secret, but where
 * the operator asked for links in the log. */
#include "worker/mailer.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/queue.h"
#include "worker/mail_text.h"

#include <pthread.h>
#include <stdatomic.h>

#define POLL SECONDS(1)

struct Mailer {
    Arena *arena; /* of the configuration */
    MailerConfig config;
    Db *db;
    pthread_t thread;
    atomic_bool stopping;
    bool troubled; /* the outbox could not be read, and that was said */
};

static const char *domain_of(const char *email)
{
    const char *at = strrchr(email, '@');
    return at == NULL ? "" : at + 1;
}

static void note(LogLevel level, const char *message, Arena *arena, const Mail *mail,
                 const Error *error)
{
    log_event(level, message, LOG_TEXT("mail", uuid_text(arena, mail->queued.id)),
              LOG_TEXT("kind", MAIL_KIND_WORDS[mail->queued.kind]),
              LOG_TEXT("domain", mail->email == NULL ? "" : domain_of(mail->email)),
              LOG_INT("attempt", mail->queued.attempts),
              LOG_TEXT("error", error == NULL ? "" : error_chain(arena, error)));
}

static Error *hand_over(Arena *arena, const MailerConfig *config, const MailerWatch *watch,
                        const Mail *mail)
{
    Str content;
    const char *link =
        mail->link.token == NULL ? NULL : link_address(arena, config->public_url, &mail->link);
    if (config->to_log) {
        log_event(LOG_INFO, "mail", LOG_TEXT("kind", MAIL_KIND_WORDS[mail->queued.kind]),
                  LOG_TEXT("to", mail->email), LOG_TEXT("link", link));
        return NULL;
    }
    const MailText text = {.kind = mail->queued.kind,
                           .from = config->from,
                           .to = mail->email,
                           .link = link,
                           .public_url = config->public_url,
                           .id = uuid_new(),
                           .at = clock_now()};
    TRY(mail_text(arena, &text, &content));
    return smtp_send(arena, &config->server,
                     &(SmtpMail){.from = config->from,
                                 .to = mail->email,
                                 .content = content,
                                 .stopping = watch->stopping,
                                 .self = watch->self});
}

Error *mailer_step(Arena *arena, Db *db, const MailerConfig *config, const MailerWatch *watch,
                   bool *ret_more)
{
    Mail *mail = NULL;
    *ret_more = false;
    TRY(mail_outbox_take(arena, db, &mail));
    *ret_more = mail != NULL;
    if (mail == NULL)
        return NULL;
    if (mail->expired)
        note(LOG_WARN, "mail given up: it could not be sent for a day", arena, mail, NULL);
    if (mail->email == NULL)
        return NULL;
    Error *error = hand_over(arena, config, watch, mail);
    if (error == NULL || error_is(error, "refused")) {
        note(error == NULL ? LOG_INFO : LOG_WARN,
             error == NULL ? "mail sent" : "mail given up: it is refused", arena, mail, error);
        return mail_outbox_end(arena, db, mail);
    }
    note(LOG_WARN, "mail not sent; it is tried again", arena, mail, error);
    return mail_outbox_postpone(arena, db, mail);
}

static bool is_stopping(void *self)
{
    Mailer *mailer = self;
    return atomic_load(&mailer->stopping);
}

static void *run(void *self)
{
    Mailer *mailer = self;
    const MailerWatch watch = {is_stopping, mailer};
    while (!is_stopping(mailer)) {
        bool more = false;
        Arena *arena = arena_new(0);
        Error *error = mailer_step(arena, mailer->db, &mailer->config, &watch, &more);
        if (error != NULL && !mailer->troubled) /* a database that is away: once */
            log_failure("sending mail failed", error);
        mailer->troubled = error != NULL;
        arena_free(arena);
        if (error != NULL || !more)
            queue_wait(POLL);
    }
    return NULL;
}

static void release(Mailer *mailer)
{
    db_close(mailer->db);
    arena_free(mailer->arena);
    free(mailer);
}

Error *mailer_start(Arena *arena, const char *db_url, const MailerConfig *config,
                    Mailer **ret_mailer)
{
    Mailer *mailer = check_malloc(sizeof *mailer);
    memset(mailer, 0, sizeof *mailer);
    mailer->arena = arena_new(0);
    mailer->config = *config;
    mailer->config.server.url = arena_strdup(mailer->arena, config->server.url);
    mailer->config.server.ca_file = arena_strdup(mailer->arena, config->server.ca_file);
    mailer->config.from = arena_strdup(mailer->arena, config->from);
    mailer->config.public_url = arena_strdup(mailer->arena, config->public_url);
    Error *error = db_open(arena, str_from(db_url), (DbOptions){.must_exist = true}, &mailer->db);
    if (error != NULL) {
        release(mailer);
        return error;
    }
    CHECK(pthread_create(&mailer->thread, NULL, run, mailer) == 0);
    *ret_mailer = mailer;
    return NULL;
}

void mailer_stop(Mailer *mailer)
{
    if (mailer == NULL)
        return;
    atomic_store(&mailer->stopping, true);
    queue_wake();
    pthread_join(mailer->thread, NULL);
    release(mailer);
}
