/* What a mail says: its head (RFC 5322) and its text. */
#ifndef OBLIGOR_WORKER_MAIL_TEXT_H
#define OBLIGOR_WORKER_MAIL_TEXT_H

#include "base/error.h"
#include "base/uuid.h"
#include "model/mail.h"

typedef struct MailText {
    MailKind kind;
    const char *from; /* addresses alone */
    const char *to;
    const char *link;       /* NULL where the kind has none */
    const char *public_url; /* where people find the server */
    Uuid id;
    int64_t at;
} MailText;

/* May it stand in the head of a mail and in the words of SMTP: an address without spaces, control characters and
 * what has a meaning there? */
bool mail_address_is_safe(Str address);

/* Head and text, lines ended by CR LF. ERROR_INVALID, reason "refused": an address that is not safe. */
Error *mail_text(Arena *arena, const MailText *mail, Str *ret_content) MUST_CHECK;

#endif
