/* Sessions of a person: opened by signing in, exchanged, listed and ended. A session ends some hours after it was
 * opened or last exchanged for a new one, and in any case SESSION_LIFE_MAX after the sign-in. What happens to
 * sessions stands in the audit trail of whose they are, so that no sign-in waits for another's. */
#ifndef OBLIGOR_DOMAIN_USER_SESSIONS_H
#define OBLIGOR_DOMAIN_USER_SESSIONS_H

#include "base/clock.h"
#include "domain/accounts.h"
#include "store/account_store.h"

enum { SESSION_HOURS_DEFAULT = 12, SESSION_HOURS_MAX = 720 };
#define SESSION_LIFE_MAX HOURS(SESSION_HOURS_MAX)

/* How long a session is good without being exchanged. Before the threads of the process start. */
void session_use_hours(int64_t hours);

/* In an open transaction, for a user who signed in at `started`. `who` is given the session. */
Error *session_open(Arena *arena, Db *db, Principal *who, int64_t started, const User *user,
                    Session *ret_session) MUST_CHECK;

/* An entry in the audit trail of who it is. */
Error *session_note(Arena *arena, Db *db, const Principal *who, const char *action) MUST_CHECK;

/* Exchanges this session's token for a new one. ERROR_UNAUTHENTICATED: it has ended meanwhile, be it that
 * somebody else has just exchanged it. */
Error *session_refresh(Arena *arena, Db *db, const Principal *who, Session *ret_session) MUST_CHECK;

/* One's own, the newest first, at most TOKEN_LIST_MAX. */
Error *session_list(Arena *arena, Db *db, const Principal *who, Token **ret_sessions,
                    size_t *ret_count) MUST_CHECK;

/* By its token_id. ERROR_NOT_FOUND: it is not there, or somebody else's. */
Error *session_end(Arena *arena, Db *db, const Principal *who, Uuid id) MUST_CHECK;

/* All of one's own but this one. */
Error *session_end_others(Arena *arena, Db *db, const Principal *who, int64_t *ret_ended)
    MUST_CHECK;

#endif
