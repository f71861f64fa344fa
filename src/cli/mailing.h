/* The options about mail and links, for every command that has some of them. */
#ifndef OBLIGOR_CLI_MAILING_H
#define OBLIGOR_CLI_MAILING_H

#include "cli/cli.h"
#include "worker/mailer.h"

typedef enum MailMode { MAIL_BY_SMTP, MAIL_TO_LOG, MAIL_NONE, MAIL_MODE_COUNT } MailMode;
extern const char *const MAIL_MODE_WORDS[MAIL_MODE_COUNT];

typedef struct Mailing {
    bool on;             /* mail is sent, or written to the log */
    MailerConfig mailer; /* its public_url is NULL where none was given */
} Mailing;

/* ERROR_INVALID, reason "usage": what is given does not go together, or is no address. */
Error *mailing_read(Cli *cli, Mailing *ret_mailing) MUST_CHECK;

/* For a command that cannot know by itself where people find the server. */
Error *mailing_need_public_url(Cli *cli, const Mailing *mailing) MUST_CHECK;

/* --public-url, or the usual address of a server on this machine. */
Error *mailing_public_url(Cli *cli, const char **ret_url) MUST_CHECK;

#endif
