/* The outbox in the database. */
#ifndef OBLIGOR_STORE_MAIL_STORE_H
#define OBLIGOR_STORE_MAIL_STORE_H

#include "model/mail.h"
#include "store/db.h"

/* How many of a kind were queued for a user after `since`, and when the last of them was (0: none). */
Error *mail_recent(Arena *arena, Db *db, const QueuedMail *mail, int64_t since, int64_t *ret_count,
                   int64_t *ret_last) MUST_CHECK;

/* Due at once. Nothing happens where there is one with this id. */
Error *mail_insert(Arena *arena, Db *db, const QueuedMail *mail) MUST_CHECK;

/* The one that has been due for longest; *ret_mail NULL: none is. `to_take`: in a write transaction, which then
 * holds it. */
Error *mail_next(Arena *arena, Db *db, int64_t now, bool to_take, QueuedMail **ret_mail) MUST_CHECK;

/* Counts the attempt (in mail->attempts too), and hides it until then. */
Error *mail_take(Arena *arena, Db *db, QueuedMail *mail, int64_t until) MUST_CHECK;

/* Neither has an effect when somebody else took it meanwhile. */
Error *mail_end(Arena *arena, Db *db, const QueuedMail *mail, int64_t now) MUST_CHECK;
Error *mail_postpone(Arena *arena, Db *db, const QueuedMail *mail, int64_t until) MUST_CHECK;

Error *mail_delete_old(Arena *arena, Db *db, int64_t until, int64_t *ret_removed) MUST_CHECK;

#endif
