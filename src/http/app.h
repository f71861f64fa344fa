/* What all requests of a server share. Made by server.c before the first request, not changed after. */
#ifndef OBLIGOR_HTTP_APP_H
#define OBLIGOR_HTTP_APP_H

#include "http/metrics.h"
#include "http/permits.h"
#include "http/pool.h"
#include "http/route.h"
#include "http/server.h"
#include "http/sessions.h"

typedef struct App {
    HttpConfig config;      /* with the defaults filled in */
    const Router *router;
    Metrics *metrics;
    Pool *pool;
    Sessions *readers;      /* read-only sessions of the socket threads */
    bool inline_reads;      /* the database is embedded: a point read does not wait */
    Permits *waits;         /* worker threads that may wait for something at one time */
} App;

#endif
