/* A mail in the outbox. */
#ifndef OBLIGOR_MODEL_MAIL_H
#define OBLIGOR_MODEL_MAIL_H

#include "base/uuid.h"

typedef enum MailKind {
    MAIL_VERIFY, /* prove your address */
    MAIL_RESET,  /* set a new password */
    MAIL_INVITE, /* an administrator made an account for you: set a password */
    MAIL_KNOWN,  /* somebody tried to register with your address */
    MAIL_KIND_COUNT
} MailKind;
extern const char *const MAIL_KIND_WORDS[MAIL_KIND_COUNT];

enum { MAIL_LEASE = 120 }; /* seconds that whoever took one has to send it */

typedef struct QueuedMail {
    Uuid id;
    MailKind kind;
    Uuid user_id; /* may be nobody's */
    int64_t created_at;
    int64_t attempts; /* with the one under way */
} QueuedMail;

#endif
