/* Who asked for mail to an address that nobody has must not be told apart from who asked for a real one. So both do
 * the same: half of the address's digest stands for the user who is not there, the limits count for it too, and the
 * row is thrown away where nobody sees it, by the worker. Whether an account is to get a mail at all (it is disabled, it
 * is verified already) is likewise found out there alone. */
#include "domain/mail_outbox.h"

#include "base/clock.h"
#include "store/account_store.h"
#include "store/mail_store.h"

#define EACH_MINUTE SECONDS(60)
#define PAUSE_FIRST SECONDS(30)
#define PAUSE_MOST  SECONDS(3600)
#define SENT_WITHIN HOURS(24)
#define KEPT        HOURS(25) /* beyond what is looked back for, and given up before that */
enum { DAILY_MAX = 5 };

/* The same for all who ask within a minute. The user's row is not locked for that: to wait for one another there would
 * tell that there is such a row. */
static Uuid id_of(Arena *arena, const QueuedMail *mail)
{
    return token_id(digest_of(str_printf(arena, "%s %s %lld", uuid_text(arena, mail->user_id),
                                         MAIL_KIND_WORDS[mail->kind],
                                         (long long)(mail->created_at / EACH_MINUTE))));
}

Error *mail_outbox_add(Arena *arena, Db *db, MailKind kind, Uuid user_id)
{
    int64_t count = 0, last = 0;
    QueuedMail mail = {.kind = kind, .user_id = user_id, .created_at = clock_now()};
    mail.id = id_of(arena, &mail);
    TRY(mail_recent(arena, db, &mail, mail.created_at - HOURS(24), &count, &last));
    if (count >= DAILY_MAX || (count > 0 && mail.created_at - last < EACH_MINUTE))
        return NULL;
    return mail_insert(arena, db, &mail);
}

Error *mail_outbox_add_for(Arena *arena, Db *db, MailKind kind, Str email)
{
    User *user = NULL;
    Uuid nobody = token_id(digest_of(str_lower(arena, email)));
    TRY(user_by_email(arena, db, email, &user));
    return mail_outbox_add(arena, db, kind, user != NULL ? user->id : nobody);
}

/* Is there somebody who has to get it, as things are now? */
static bool is_for(MailKind kind, const User *user)
{
    if (user == NULL || !user->is_active || user->deleted_at != 0 || user->is_service)
        return false;
    switch (kind) {
    case MAIL_VERIFY:
        return user->verified_at == 0;
    case MAIL_INVITE:
        return user->password_hash == NULL;
    default:
        return true;
    }
}

static Error *make_link(Arena *arena, Db *db, const QueuedMail *queued, Link *ret_link)
{
    static const LinkKind links[MAIL_KIND_COUNT] = {
        [MAIL_VERIFY] = LINK_VERIFY, [MAIL_RESET] = LINK_RESET, [MAIL_INVITE] = LINK_INVITE};
    *ret_link = (Link){.token = NULL};
    if (queued->kind == MAIL_KNOWN)
        return NULL;
    return link_make(arena, db, links[queued->kind], queued->user_id, ret_link);
}

static Error *take(Arena *arena, Db *db, int64_t now, Mail *mail)
{
    User *user = NULL;
    TRY(user_by_id(arena, db, mail->queued.user_id, &user));
    bool wanted = is_for(mail->queued.kind, user);
    mail->expired = wanted && now - mail->queued.created_at >= SENT_WITHIN;
    if (!wanted || mail->expired)
        return mail_end(arena, db, &mail->queued, now);
    mail->email = user->email;
    TRY(mail_take(arena, db, &mail->queued, now + SECONDS(MAIL_LEASE)));
    return make_link(arena, db, &mail->queued, &mail->link);
}

Error *mail_outbox_take(Arena *arena, Db *db, Mail **ret_mail)
{
    int64_t now = clock_now();
    QueuedMail *queued = NULL;
    *ret_mail = NULL;
    TRY(mail_next(arena, db, now, false, &queued)); /* mostly there is none: no lock */
    if (queued == NULL)
        return NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_next(arena, db, now, true, &queued));
    if (queued == NULL)
        return NULL;
    Mail *mail = ARENA_NEW(arena, Mail);
    mail->queued = *queued;
    TRY(take(arena, db, now, mail));
    TRY(tx_commit(&tx, arena));
    *ret_mail = mail;
    return NULL;
}

Error *mail_outbox_end(Arena *arena, Db *db, const Mail *mail)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_end(arena, db, &mail->queued, clock_now()));
    return tx_commit(&tx, arena);
}

Error *mail_outbox_postpone(Arena *arena, Db *db, const Mail *mail)
{
    int64_t pause = PAUSE_FIRST;
    for (int64_t i = 1; i < mail->queued.attempts && pause < PAUSE_MOST; i++)
        pause *= 2;
    if (pause > PAUSE_MOST)
        pause = PAUSE_MOST;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_postpone(arena, db, &mail->queued, clock_now() + pause));
    return tx_commit(&tx, arena);
}

Error *mail_outbox_sweep(Arena *arena, Db *db, int64_t *ret_removed)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_delete_old(arena, db, clock_now() - KEPT, ret_removed));
    return tx_commit(&tx, arena);
}
