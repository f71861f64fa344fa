/* The defaults are filled in here and nowhere else. */
#include "http/app.h"

#include "base/aside.h"
#include "base/check.h"
#include "base/clock.h"

#include <unistd.h>

#define READ_TIMEOUT      SECONDS(5)
#define STATEMENT_TIMEOUT SECONDS(30)
#define LOCK_TIMEOUT      SECONDS(10)
#define SPOOL_QUOTA       (INT64_C(10) << 30)
enum { DEFAULT_THREADS = 4, DEFAULT_QUEUE = 256, DEFAULT_BODY = 1 << 20, HASHING_MAX = 2 };

static const Str *copy_domains(Arena *arena, const Registration *registration)
{
    Str *domains = ARENA_ARRAY(arena, Str, registration->domain_count + 1);
    for (size_t i = 0; i < registration->domain_count; i++)
        domains[i] = str_copy(arena, registration->domains[i]);
    return domains;
}

static HttpConfig complete(Arena *arena, const HttpConfig *given)
{
    HttpConfig config = *given;
    config.db_url = arena_strdup(arena, given->db_url);
    config.db_replica = arena_strdup(arena, given->db_replica);
    config.listen = arena_strdup(arena, given->listen);
    config.spool = arena_strdup(arena, given->spool);
    config.public_url = arena_strdup(arena, given->public_url);
    config.registration.domains = copy_domains(arena, &given->registration);
    if (config.statement_timeout <= 0)
        config.statement_timeout = STATEMENT_TIMEOUT;
    if (config.threads <= 0)
        config.threads = DEFAULT_THREADS;
    if (config.queue_max <= 0)
        config.queue_max = DEFAULT_QUEUE;
    if (config.spool_quota <= 0)
        config.spool_quota = SPOOL_QUOTA;
    if (config.max_body <= 0)
        config.max_body = DEFAULT_BODY;
    return config;
}

/* At least one thread is left for what is quick, and half of the processors: hashing fills the caches. */
static int hashing_max(int threads)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int most = cores / 2 < HASHING_MAX ? (int)cores / 2 : HASHING_MAX;
    if (threads - 1 < most)
        most = threads - 1;
    return most < 1 ? 1 : most;
}

static bool is_embedded(const char *url)
{
    return str_starts_with(str_from(url), STR("sqlite:"));
}

static Error *check_replica(Arena *arena, const HttpConfig *config)
{
    if (config->db_replica == NULL ||
        (!is_embedded(config->db_url) && !is_embedded(config->db_replica)))
        return NULL;
    return error_with_reason(
        ERROR(
            arena, ERROR_INVALID,
            "A replica is a standby of a PostgreSQL database; SQLite has none. Leave --db-replica "
            "out, or give both addresses as postgresql://HOST/DATABASE."),
        "usage");
}

/* A replica that is away at the start may come; the database must be there. */
static Error *watch(App *app, Arena *arena)
{
    const HttpConfig *config = &app->config;
    Error *error = NULL, *of_replica = NULL;
    app->database =
        watch_start(arena, config->db_url,
                    config->db_replica == NULL ? WATCH_DATABASE : WATCH_REPLICATED, &error);
    TRY(error);
    if (config->db_replica != NULL)
        app->replica = watch_start(arena, config->db_replica, WATCH_REPLICA, &of_replica);
    return NULL; /* what is wrong with the replica was logged */
}

static void make_sessions(App *app)
{
    const HttpConfig *config = &app->config;
    const DbOptions reading = {
        .read_only = true, .must_exist = true, .statement_timeout = READ_TIMEOUT};
    const DbOptions working = {.must_exist = true,
                               .statement_timeout = config->statement_timeout,
                               .lock_timeout = LOCK_TIMEOUT};
    const DbOptions noting = {
        .must_exist = true, .statement_timeout = READ_TIMEOUT, .lock_timeout = READ_TIMEOUT};
    app->sessions = sessions_new(SESSION_WORK, config->db_url, working);
    app->uses = use_writer_start(config->db_url, noting);
    if (app->inline_reads)
        app->readers = sessions_new(SESSION_POINT_READS, config->db_url, reading);
    if (config->db_replica != NULL)
        app->replicas = sessions_new(SESSION_REPLICA, config->db_replica, reading);
}

static Error *start(App *app, Arena *arena)
{
    const PoolConfig pool = {.threads = app->config.threads,
                             .queue_max = app->config.queue_max,
                             .hashing_max = hashing_max(app->config.threads)};
    TRY(check_replica(arena, &app->config));
    TRY(error_copy(arena, door_open(app->arena, &app->config, &app->door)));
    TRY(watch(app, arena));
    make_sessions(app);
    app->pool = pool_start(&pool);
    app->events = events_start(app->config.db_url);
    aside_enable(true);
    return NULL;
}

Error *app_open(Arena *arena, const HttpConfig *config, App **ret_app)
{
    Arena *own = arena_new(0);
    App *app = ARENA_NEW(own, App);
    app->arena = own;
    app->config = complete(own, config);
    app->router = router_new(own, ROUTES, ROUTE_COUNT);
    app->metrics = metrics_new(own, ROUTES, ROUTE_COUNT);
    app->inline_reads = is_embedded(config->db_url);
    app->exports = user_permits_new(own, EXPORTS_OF_USER);
    app->spool = ARENA_NEW(own, SpoolQuota);
    app->spool->total = app->config.spool_quota;
    atomic_init(&app->spool->left, app->spool->total);
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
    events_stop(app->events);
    pool_stop(app->pool);
    pool_free(app->pool);
    events_free(app->events);
    watch_stop(app->replica);
    watch_stop(app->database);
    use_writer_stop(app->uses);
    sessions_free(app->replicas);
    sessions_free(app->sessions);
    sessions_free(app->readers);
    arena_free(app->arena);
}
