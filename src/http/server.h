/* The HTTP server: sockets, threads, and the way of a request through the floor. */
#ifndef OBLIGOR_HTTP_SERVER_H
#define OBLIGOR_HTTP_SERVER_H

#include "domain/registration.h"

typedef struct HttpServer HttpServer;

typedef struct HttpConfig {
    const char *db_url;
    const char *db_replica;      /* a standby for requests that may be stale; NULL: none */
    int64_t statement_timeout;   /* of a request, in µs; 0: 30 s */
    const char *listen;          /* "127.0.0.1:8000", "[::1]:8000"; port 0: the system chooses */
    const char *spool;           /* directory for files on their way in and out */
    int64_t spool_quota;         /* bytes of all files on their way out; 0: 10 GiB */
    const char *public_url;      /* under which people know the server; in front of links */
    const char *trusted_proxies; /* networks, separated by commas, likewise below; NULL: none */
    const char *cors_origins;    /* other sites whose pages may read answers; NULL: none */
    const char *rate_requests;   /* of each principal, as buckets.h reads it; NULL: no limit */
    const char *rate_uploads;
    const char *rate_scores;
    const char *rate_sign_ins; /* wrong tries of one address */
    int64_t max_upload;        /* bytes of one upload */
    int64_t max_body;          /* bytes of any other body; 0: 1 MiB */
    int threads;               /* that may wait, with a database session each; 0: 4 */
    int queue_max;             /* requests waiting for one; beyond: 503 with Retry-After; 0: 256 */
    int64_t restore_window;    /* µs for which a deletion may be restored; 0: 30 days */
    Registration registration; /* who may register, and is there mail? */
} HttpConfig;

/* Starts listening. ERROR_UNAVAILABLE names the address when it cannot be had. */
Error *http_server_start(Arena *arena, const HttpConfig *config, HttpServer **ret_server)
    MUST_CHECK;
int http_server_port(const HttpServer *server);

/* Finishes the requests that are under way, then closes. NULL is fine. */
void http_server_stop(HttpServer *server);

#endif
