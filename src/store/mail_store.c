/* Mail as rows. */
#include "store/mail_store.h"

#include "model/words.h"
#include "store/statements.h"

Error *mail_recent(Arena *arena, Db *db, const QueuedMail *mail, int64_t since, int64_t *ret_count,
                   int64_t *ret_last)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_MAIL_RECENT,
                 PARAMS(value_uuid(mail->user_id), value_text(MAIL_KIND_WORDS[mail->kind]),
                        value_time(since)),
                 &rows));
    if (rows_next(rows, &error)) {
        *ret_count = row_int(rows, 0);
        *ret_last = row_time(rows, 1);
    }
    return error;
}

Error *mail_insert(Arena *arena, Db *db, const QueuedMail *mail)
{
    return db_run(db, arena, SQL_MAIL_INSERT,
                  PARAMS(value_uuid(mail->id), value_text(MAIL_KIND_WORDS[mail->kind]),
                         value_uuid(mail->user_id), value_time(mail->created_at)),
                  NULL);
}

Error *mail_next(Arena *arena, Db *db, int64_t now, bool to_take, QueuedMail **ret_mail)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    QueuedMail *mail = NULL;
    TRY(db_query(db, arena, to_take ? SQL_MAIL_NEXT_LOCKED : SQL_MAIL_NEXT, PARAMS(value_time(now)),
                 &rows));
    if (rows_next(rows, &error)) {
        int kind = words_find(MAIL_KIND_WORDS, MAIL_KIND_COUNT, row_str(rows, 1));
        if (kind < 0)
            return ERROR(arena, ERROR_INTERNAL, "The outbox holds a mail of an unknown kind.");
        mail = ARENA_NEW(arena, QueuedMail);
        *mail = (QueuedMail){.id = row_uuid(rows, 0),
                             .kind = (MailKind)kind,
                             .user_id = row_uuid(rows, 2),
                             .created_at = row_time(rows, 3),
                             .attempts = row_int(rows, 4)};
    }
    TRY(error);
    *ret_mail = mail;
    return NULL;
}

static Error *change(Arena *arena, Db *db, Sql sql, const QueuedMail *mail, int64_t time)
{
    return db_run(db, arena, sql,
                  PARAMS(value_uuid(mail->id), value_int(mail->attempts), value_time(time)), NULL);
}

Error *mail_take(Arena *arena, Db *db, QueuedMail *mail, int64_t until)
{
    TRY(change(arena, db, SQL_MAIL_TAKE, mail, until));
    mail->attempts++;
    return NULL;
}

Error *mail_end(Arena *arena, Db *db, const QueuedMail *mail, int64_t now)
{
    return change(arena, db, SQL_MAIL_END, mail, now);
}

Error *mail_postpone(Arena *arena, Db *db, const QueuedMail *mail, int64_t until)
{
    return change(arena, db, SQL_MAIL_POSTPONE, mail, until);
}

Error *mail_delete_old(Arena *arena, Db *db, int64_t until, int64_t *ret_removed)
{
    return db_run(db, arena, SQL_MAIL_SWEEP, PARAMS(value_time(until)), ret_removed);
}
