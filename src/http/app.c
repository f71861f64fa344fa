/* The defaults are filled in here and nowhere else. */
#include "http/app.h"

#include "base/check.h"
#include "base/clock.h"

#define READ_TIMEOUT SECONDS(5)
enum { DEFAULT_THREADS = 4, DEFAULT_QUEUE = 256, DEFAULT_BODY = 1 << 20, HASHING_MAX = 2 };

static HttpConfig complete(Arena *arena, const HttpConfig *given)
{
    HttpConfig config = *given;
    config.db_url = arena_strdup(arena, given->db_url);
    config.listen = arena_strdup(arena, given->listen);
    config.spool = arena_strdup(arena, given->spool);
    if (config.threads <= 0)
        config.threads = DEFAULT_THREADS;
    if (config.queue_max <= 0)
        config.queue_max = DEFAULT_QUEUE;
    if (config.max_body <= 0)
        config.max_body = DEFAULT_BODY;
    return config;
}

/* At least one thread is left for what is quick. */
static int hashing_max(int threads)
{
    if (threads <= 1)
        return 1;
    return threads - 1 < HASHING_MAX ? threads - 1 : HASHING_MAX;
}

static Error *start(App *app, Arena *arena)
{
    PoolConfig pool = {.db_url = app->config.db_url,
                       .threads = app->config.threads,
                       .queue_max = app->config.queue_max,
                       .hashing_max = hashing_max(app->config.threads)};
    Db *db = NULL;
    TRY(sessions_here(app->readers, arena, &db));
    app->inline_reads = strcmp(db_engine(db), "sqlite") == 0;
    return pool_start(arena, &pool, &app->pool);
}

Error *app_open(Arena *arena, const HttpConfig *config, App **ret_app)
{
    Arena *own = arena_new(0);
    App *app = ARENA_NEW(own, App);
    app->arena = own;
    app->config = complete(own, config);
    app->router = router_new(own, ROUTES, ROUTE_COUNT);
    app->metrics = metrics_new(own, ROUTES, ROUTE_COUNT);
    app->readers = sessions_new(
        config->db_url,
        (DbOptions){.read_only = true, .must_exist = true, .statement_timeout = READ_TIMEOUT});
    app->waits = ARENA_NEW(own, Permits);
    atomic_init(&app->waits->left, app->config.threads > 1 ? app->config.threads / 2 : 1);
    Error *error = start(app, arena);
    if (error != NULL) {
        app_close(app);
        return error;
    }
    *ret_app = app;
    return NULL;
}

void app_close(App *app)
{
    if (app == NULL)
        return;
    pool_stop(app->pool);
    pool_free(app->pool);
    sessions_free(app->readers);
    arena_free(app->arena);
}
