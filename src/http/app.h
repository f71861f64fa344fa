/* What all requests of a server share: made before the first request, not changed after. */
#ifndef OBLIGOR_HTTP_APP_H
#define OBLIGOR_HTTP_APP_H

#include "http/door.h"
#include "http/events.h"
#include "http/metrics.h"
#include "http/permits.h"
#include "http/pool.h"
#include "http/route.h"
#include "http/server.h"
#include "http/sessions.h"
#include "http/spool.h"
#include "http/use_writer.h"
#include "http/user_permits.h"
#include "http/watch.h"

typedef struct App {
    Arena *arena;      /* in which all of this lives */
    HttpConfig config; /* with the defaults filled in */
    const Router *router;
    Door *door;
    Metrics *metrics;
    Pool *pool;
    Events *events; /* live progress of jobs */
    Watch *database;
    Watch *replica;     /* NULL: there is none */
    Sessions *readers;  /* of the socket threads, where the database is embedded */
    Sessions *sessions; /* of the worker threads */
    Sessions *replicas; /* likewise, on the replica; NULL: there is none */
    UseWriter *uses;
    bool inline_reads;    /* the database is embedded: a point read does not wait */
    UserPermits *exports; /* files on their way to each user */
    SpoolQuota *spool;    /* of all of them */
    Permits *waits;       /* worker threads that may wait for something at one time */
} App;

enum { EXPORTS_OF_USER = 3 };

/* Looks whether the database is there, and starts the worker threads. */
Error *app_open(Arena *arena, const HttpConfig *config, App **ret_app) MUST_CHECK;

/* No request may be under way. NULL is fine. */
void app_close(App *app);

#endif
