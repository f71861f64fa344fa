/* Whoever makes or ends sessions holds the user's row first: shared where a session is made, and changing the
 * password writes that row. So no session comes into being beside a new password that was to end them all. */
#include "domain/user_sessions.h"

#include "domain/account_rules.h"
#include "domain/audit.h"
#include "store/token_store.h"

static int64_t good_for = HOURS(SESSION_HOURS_DEFAULT);

void session_use_hours(int64_t hours)
{
    good_for = HOURS(hours);
}

static int64_t ends_at(int64_t started, int64_t now)
{
    int64_t last = started + SESSION_LIFE_MAX;
    return now + good_for < last ? now + good_for : last;
}

static Error *note(Arena *arena, Db *db, const Principal *who, AuditNote what)
{
    what.owner_id = who->user_id;
    return audit_write(arena, db, who, what);
}

Error *session_note(Arena *arena, Db *db, const Principal *who, const char *action)
{
    return note(
        arena, db, who,
        (AuditNote){
            .action = action, .object_kind = "user", .object_id = who->user_id, .count = -1});
}

Error *session_open(Arena *arena, Db *db, Principal *who, int64_t started, const User *user,
                    Session *ret_session)
{
    int64_t now = clock_now();
    Session session = {
        .token = crypto_token(arena), .expires_at = ends_at(started, now), .user = user};
    who->token = digest_of(str_from(session.token));
    TRY(token_insert(arena, db,
                     &(Token){.digest = who->token,
                              .kind = TOKEN_SESSION,
                              .user_id = user->id,
                              .created_at = started,
                              .expires_at = session.expires_at,
                              .address = who->address}));
    *ret_session = session;
    return NULL;
}

static Error *exchange(Arena *arena, Db *db, const Principal *who, Session *ret_session)
{
    bool there = false;
    Token *old = NULL;
    User *user = NULL;
    Principal after = *who;
    TRY(user_hold(arena, db, who->user_id, true, &there));
    TRY(token_take(arena, db, who->token, TOKEN_SESSION, clock_now(), &old));
    if (!there || old == NULL)
        return account_unknown_token(arena);
    TRY(accounts_user(arena, db, who->user_id, &user));
    TRY(session_open(arena, db, &after, old->created_at, user, ret_session));
    return note(arena, db, who,
                (AuditNote){.action = "session.refreshed",
                            .object_kind = "session",
                            .object_id = token_id(after.token),
                            .count = -1});
}

Error *session_refresh(Arena *arena, Db *db, const Principal *who, Session *ret_session)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(exchange(arena, db, who, ret_session));
    return tx_commit(&tx, arena);
}

Error *session_list(Arena *arena, Db *db, const Principal *who, Token **ret_sessions,
                    size_t *ret_count)
{
    TokenList list = {0};
    TRY(token_list(arena, db, who->user_id, TOKEN_SESSION, clock_now(), &list));
    *ret_sessions = list.items;
    *ret_count = list.count;
    return NULL;
}

Error *session_end(Arena *arena, Db *db, const Principal *who, Uuid id)
{
    Token *session = NULL;
    bool was_there = false;
    Error *refusal = ERROR(arena, ERROR_NOT_FOUND, "There is no such session.");
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(token_by_id(arena, db, id, TOKEN_SESSION, clock_now(), &session));
    if (session == NULL || !uuid_equal(session->user_id, who->user_id))
        return refusal;
    TRY(token_delete(arena, db, session->digest, &was_there));
    if (!was_there)
        return refusal;
    TRY(note(
        arena, db, who,
        (AuditNote){
            .action = "session.ended", .object_kind = "session", .object_id = id, .count = -1}));
    return tx_commit(&tx, arena);
}

Error *session_end_others(Arena *arena, Db *db, const Principal *who, int64_t *ret_ended)
{
    bool there = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_hold(arena, db, who->user_id, false, &there)); /* no new one comes meanwhile */
    TRY(token_delete_others(arena, db, who->user_id, TOKEN_SESSION, who->token, ret_ended));
    if (*ret_ended > 0)
        TRY(note(arena, db, who,
                 (AuditNote){.action = "session.others_ended",
                             .object_kind = "user",
                             .object_id = who->user_id,
                             .count = *ret_ended}));
    return tx_commit(&tx, arena);
}
