/* Database sessions for the threads of one server: each thread gets its own, opened at its first
 * use and closed with all others. */
#ifndef OBLIGOR_HTTP_SESSIONS_H
#define OBLIGOR_HTTP_SESSIONS_H

#include "store/db.h"

typedef struct Sessions Sessions;

/* `url` is copied. Opens nothing yet. */
Sessions *sessions_new(const char *url, DbOptions options);

/* This thread's session. ERROR_UNAVAILABLE, and another try at the next call. */
Error *sessions_here(Sessions *sessions, Arena *arena, Db **ret_db) MUST_CHECK;

/* Closes them all. No thread may be using one any more. NULL is fine. */
void sessions_free(Sessions *sessions);

#endif
