/* A thread remembers its sessions in thread-local variables, one for each use, together with the
 * number of the Sessions it belongs to: numbers are never used twice, so a thread that outlives a
 * server does not take the old session for one of the next server. */
#include "http/sessions.h"

#include "base/check.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct OpenSession {
    Arena *arena;
    Db *db;
    struct OpenSession *next;
} OpenSession;

struct Sessions {
    SessionUse use;
    uint64_t number;
    Arena *arena;
    Str url;
    DbOptions options;
    pthread_mutex_t mutex; /* guards `open` */
    OpenSession *open;
};

static atomic_uint_fast64_t last_number;
static _Thread_local struct {
    uint64_t number;
    Db *db;
} here[SESSION_USE_COUNT];

Sessions *sessions_new(SessionUse use, const char *url, DbOptions options)
{
    Arena *arena = arena_new(0);
    Sessions *sessions = ARENA_NEW(arena, Sessions);
    sessions->use = use;
    sessions->number = atomic_fetch_add(&last_number, 1) + 1;
    sessions->arena = arena;
    sessions->url = str_copy(arena, str_from(url));
    sessions->options = options;
    CHECK(pthread_mutex_init(&sessions->mutex, NULL) == 0);
    return sessions;
}

static Error *open_one(Sessions *sessions, Arena *arena, Db **ret_db)
{
    Arena *own = arena_new(0);
    Db *db = NULL;
    Error *error = db_open(own, sessions->url, sessions->options, &db);
    if (error != NULL) {
        error = error_copy(arena, error);
        arena_free(own);
        return error;
    }
    pthread_mutex_lock(&sessions->mutex);
    OpenSession *entry = ARENA_NEW(sessions->arena, OpenSession);
    *entry = (OpenSession){own, db, sessions->open};
    sessions->open = entry;
    pthread_mutex_unlock(&sessions->mutex);
    *ret_db = db;
    return NULL;
}

Error *sessions_here(Sessions *sessions, Arena *arena, Db **ret_db)
{
    SessionUse use = sessions->use;
    if (here[use].number != sessions->number) {
        TRY(open_one(sessions, arena, &here[use].db));
        here[use].number = sessions->number;
    }
    *ret_db = here[use].db;
    return NULL;
}

void sessions_free(Sessions *sessions)
{
    if (sessions == NULL)
        return;
    for (OpenSession *entry = sessions->open; entry != NULL; entry = entry->next) {
        db_close(entry->db);
        arena_free(entry->arena);
    }
    pthread_mutex_destroy(&sessions->mutex);
    arena_free(sessions->arena);
}
