/* Mail that waits to be sent. A row says to whom and what about; the secret of a link in it is made when it is
 * taken to be sent, so that none waits anywhere. A row stays for a day after it was sent: by it nobody's mailbox can
 * be flooded. */
#ifndef OBLIGOR_DOMAIN_MAIL_OUTBOX_H
#define OBLIGOR_DOMAIN_MAIL_OUTBOX_H

#include "domain/links.h"
#include "model/mail.h"

/* In a write transaction: queues one, unless the user got one of the kind within a minute, or five within a day;
 * then nothing is queued, and nobody is told. After the commit: queue_wake. */
Error *mail_outbox_add(Arena *arena, Db *db, MailKind kind, Uuid user_id) MUST_CHECK;

/* The same by an address, whether or not anybody has it: no look at the database shows a difference in the work.
 * What nobody is to get is thrown away when it is taken. */
Error *mail_outbox_add_for(Arena *arena, Db *db, MailKind kind, Str email) MUST_CHECK;

/* A mail that was taken to be sent. */
typedef struct Mail {
    QueuedMail queued;
    const char *email; /* NULL: there is nobody to send it to, and it is over already */
    bool expired;      /* it could not be sent for a day, and is over */
    Link link;         /* token NULL: a mail of this kind has none */
} Mail;

/* Takes the one that waits longest, for MAIL_LEASE seconds; its link is made in the same transaction, and ends the
 * former one. *ret_mail NULL: none is due. */
Error *mail_outbox_take(Arena *arena, Db *db, Mail **ret_mail) MUST_CHECK;

/* It was sent, or refused for good. */
Error *mail_outbox_end(Arena *arena, Db *db, const Mail *mail) MUST_CHECK;

/* It could not be sent; it is due again after a pause that grows. */
Error *mail_outbox_postpone(Arena *arena, Db *db, const Mail *mail) MUST_CHECK;

/* Removes what is older than a day. */
Error *mail_outbox_sweep(Arena *arena, Db *db, int64_t *ret_removed) MUST_CHECK;

#endif
