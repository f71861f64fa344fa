/* Sends what is in the outbox: one thread with a session of its own, woken when something is queued in this process,
 * and looking by itself every second. */
#ifndef OBLIGOR_WORKER_MAILER_H
#define OBLIGOR_WORKER_MAILER_H

#include "domain/mail_outbox.h"
#include "worker/smtp.h"

typedef struct MailerConfig {
    bool to_log; /* links are written to the log, and nothing is sent */
    SmtpServer server;
    const char *from;
    const char *public_url; /* in front of every link */
} MailerConfig;

typedef struct Mailer Mailer;

/* ERROR_UNAVAILABLE: the database cannot be opened. The configuration is copied. */
Error *mailer_start(Arena *arena, const char *db_url, const MailerConfig *config,
                    Mailer **ret_mailer) MUST_CHECK;

/* Breaks off what is under way: it is sent again by whoever comes next. NULL is fine. */
void mailer_stop(Mailer *mailer);

typedef struct MailerWatch {
    bool (*stopping)(void *self); /* may be NULL */
    void *self;
} MailerWatch;

/* Takes one mail and sends it. *ret_more: one was dealt with, and another may be due. A mail server that takes
 * nothing is logged, and no error. */
Error *mailer_step(Arena *arena, Db *db, const MailerConfig *config, const MailerWatch *watch,
                   bool *ret_more) MUST_CHECK;

#endif
