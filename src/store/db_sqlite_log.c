/* SQLite begins its log anew when all of it is in the file and nobody reads from it any more; until then it grows, and every
 * page takes longer to be found in it. While somebody writes all the time that moment never comes by itself.
 *
 *   most is copied beside all writers → long work stays away while the rest is copied beside single writes →
 *   the last few pages, with the turn to write */
#include "store/db_sqlite_log.h"

#include "base/aside.h"
#include "base/check.h"
#include "base/clock.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Pages of 4 KiB in the log, upon which it is copied back: a page that is written again and again until then goes into the
     * file once. */
    LONG_LOG = 32768,
    LONGER = 4,      /* a quarter more before the next attempt, where it could not be begun anew */
    FEW_PAGES = 256, /* few enough to be copied while others wait to write */
    ROUNDS = 8,      /* beside single writes */
    READERS_MS = 50, /* so long may those who still read from the log keep the writers waiting */
    TURN_SECONDS = 15
};

struct LogCare {
    char *path;
    WriterLine *line;
    sqlite3 *db; /* the thread's alone */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    bool stopping;
    bool closing; /* long work is to stay away */
    int pages;    /* in the log, as somebody said last */
    int due_at;   /* as many, and it is time */
};

static atomic_int injected;

static int long_log(void)
{
    int pages = atomic_load(&injected);
    return pages > 0 ? pages : LONG_LOG;
}

void log_care_inject(int pages)
{
    atomic_store(&injected, pages);
}

LogCare *log_care_new(const char *path, WriterLine *line)
{
    LogCare *care = check_malloc(sizeof *care);
    *care = (LogCare){.path = strdup(path), .line = line, .due_at = long_log()};
    CHECK(care->path != NULL);
    pthread_mutex_init(&care->mutex, NULL);
    pthread_cond_init(&care->changed, NULL);
    return care;
}

/* SQLite's own handler would look after 1, 3, 8, 18, 33 … ms. */
static int wait_a_little(void *unused, int times)
{
    (void)unused;
    clock_sleep(1000);
    return times < READERS_MS;
}

/* Opening the log takes a first read. A database that cannot be opened now is looked at again when the log is longer. */
static bool open_database(LogCare *care)
{
    if (care->db != NULL)
        return true;
    int code =
        sqlite3_open_v2(care->path, &care->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(care->db, "PRAGMA schema_version", NULL, NULL, NULL);
    sqlite3_busy_handler(care->db, wait_a_little, NULL);
    if (code == SQLITE_OK)
        return true;
    sqlite3_close(care->db);
    care->db = NULL;
    return false;
}

/* What is in the log goes into the file, as far as no reader needs the file as it is: so many pages, from its beginning. Where
 * a writer went on meanwhile SQLite leaves the file unsynced, and whoever copies the last page has to wait for all. */
static bool copy_beside(const LogCare *care, int *ret_copied)
{
    sqlite3_file *file = NULL;
    int code =
        sqlite3_wal_checkpoint_v2(care->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, ret_copied);
    if (code == SQLITE_OK)
        code = sqlite3_file_control(care->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    return code == SQLITE_OK;
}

static bool take_turn(LogCare *care)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += TURN_SECONDS;
    return writer_line_enter(care->line, &until, true);
}

static int pages_now(LogCare *care)
{
    pthread_mutex_lock(&care->mutex);
    int pages = care->pages;
    pthread_mutex_unlock(&care->mutex);
    return pages;
}

/* Long work ends its transaction for whoever stands in line, and begins no other before this is over. */
static void keep_long_work_away(LogCare *care, bool away)
{
    pthread_mutex_lock(&care->mutex);
    care->closing = away;
    pthread_cond_broadcast(&care->changed);
    pthread_mutex_unlock(&care->mutex);
}

/* With the turn to write: what is left, and whoever still reads from the log is waited for. */
static bool finish(LogCare *care)
{
    if (!take_turn(care))
        return false;
    int code = sqlite3_wal_checkpoint_v2(care->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    writer_line_leave(care->line);
    return code == SQLITE_OK;
}

static bool copy_rest(LogCare *care)
{
    int copied = 0;
    if (!take_turn(care))
        return false;
    writer_line_leave(care->line);
    for (int i = 0; i < ROUNDS; i++) {
        if (!copy_beside(care, &copied))
            return false;
        if (pages_now(care) - copied <= FEW_PAGES)
            return finish(care);
    }
    return false;
}

/* true: the next writer begins the log anew. Another process may be at it, or a reader hold it: then not. */
static bool copy_back(LogCare *care)
{
    int copied = 0;
    if (!open_database(care) || !copy_beside(care, &copied))
        return false;
    keep_long_work_away(care, true);
    bool anew = copy_rest(care);
    keep_long_work_away(care, false);
    return anew;
}

static void *run(void *self)
{
    LogCare *care = self;
    aside_this_thread();
    pthread_mutex_lock(&care->mutex);
    while (!care->stopping) {
        if (care->pages < care->due_at) {
            pthread_cond_wait(&care->changed, &care->mutex);
            continue;
        }
        pthread_mutex_unlock(&care->mutex);
        bool anew = copy_back(care);
        pthread_mutex_lock(&care->mutex);
        care->due_at = anew ? long_log() : care->pages + long_log() / LONGER;
        if (anew)
            care->pages = 0;
    }
    pthread_mutex_unlock(&care->mutex);
    return NULL;
}

void log_care_note(LogCare *care, int pages)
{
    pthread_mutex_lock(&care->mutex);
    care->pages = pages;
    if (pages < long_log())
        care->due_at = long_log();
    if (pages >= care->due_at && !care->started)
        care->started = pthread_create(&care->thread, NULL, run, care) == 0;
    if (pages >= care->due_at)
        pthread_cond_broadcast(&care->changed);
    pthread_mutex_unlock(&care->mutex);
}

void log_care_stand_back(LogCare *care)
{
    pthread_mutex_lock(&care->mutex);
    while (care->closing)
        pthread_cond_wait(&care->changed, &care->mutex);
    pthread_mutex_unlock(&care->mutex);
}

void log_care_free(LogCare *care)
{
    pthread_mutex_lock(&care->mutex);
    care->stopping = true;
    pthread_cond_broadcast(&care->changed);
    pthread_mutex_unlock(&care->mutex);
    if (care->started)
        pthread_join(care->thread, NULL);
    sqlite3_close(care->db);
    pthread_cond_destroy(&care->changed);
    pthread_mutex_destroy(&care->mutex);
    free(care->path);
    free(care);
}
