/* Database sessions for the threads of one server: each thread gets its own, opened at its first
 * use and closed with all others. */
#ifndef OBLIGOR_HTTP_SESSIONS_H
#define OBLIGOR_HTTP_SESSIONS_H

#include "store/db.h"

/* What a thread may have a session for; one of each. */
typedef enum SessionUse {
    SESSION_POINT_READS, /* of the socket threads, where the database is embedded */
    SESSION_WORK,        /* of the worker threads */
    SESSION_REPLICA,     /* likewise, for what may be stale */
    SESSION_USE_COUNT
} SessionUse;

typedef struct Sessions Sessions;

/* `url` is copied. Opens nothing yet. */
Sessions *sessions_new(SessionUse use, const char *url, DbOptions options);

/* This thread's session. ERROR_UNAVAILABLE, and another try at the next call. */
Error *sessions_here(Sessions *sessions, Arena *arena, Db **ret_db) MUST_CHECK;

/* Closes them all. No thread may be using one any more. NULL is fine. */
void sessions_free(Sessions *sessions);

#endif
