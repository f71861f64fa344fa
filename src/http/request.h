/* A request as handlers see it: plain values, nothing of the library that carries it. */
#ifndef OBLIGOR_HTTP_REQUEST_H
#define OBLIGOR_HTTP_REQUEST_H

#include "domain/accounts.h"
#include "http/network.h"
#include "http/params.h"
#include "http/response.h"
#include "model/kind.h"

enum { PATH_MAX_BYTES = 2048, QUERY_MAX_BYTES = 8192, REQUEST_ID_MAX = 64 };

/* The header fields that anything here looks at. */
typedef enum HeaderField {
    HEADER_ACCESS_CONTROL_REQUEST_METHOD,
    HEADER_AUTHORIZATION,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_TYPE,
    HEADER_COOKIE,
    HEADER_EXPECT,
    HEADER_FORWARDED,
    HEADER_HOST,
    HEADER_IDEMPOTENCY_KEY,
    HEADER_IF_MATCH,
    HEADER_IF_NONE_MATCH,
    HEADER_LAST_EVENT_ID,
    HEADER_ORIGIN,
    HEADER_PREFER,
    HEADER_TRANSFER_ENCODING,
    HEADER_X_FORWARDED_FOR,
    HEADER_X_FORWARDED_PROTO,
    HEADER_X_REQUEST_ID,
    HEADER_FIELD_COUNT
} HeaderField;

/* -1: none of these. */
int request_header_field(const char *name);

/* A file that came in: all of it is in the spool when the handler runs. */
typedef struct Upload {
    bool present;
    int fd; /* closed with the request's arena */
    int64_t size;
    Digest sha256;
    Str filename;  /* as the client named it; empty: it did not */
    Params fields; /* of the form, beside the file */
} Upload;

/* What the route's pattern took from the path. */
typedef struct PathValues {
    Kind kind;       /* {kind} */
    Uuid id;         /* {id} */
    Uuid version_id; /* {version_id} */
    Uuid user_id;    /* {user_id} */
    Str text;        /* any other name: decoded, not empty, good UTF-8 */
} PathValues;

typedef struct Request {
    Arena *arena;
    const struct App *app;
    const struct Route *route;
    const char *id; /* in the answer, in problem answers and in the log */
    const char *method;
    Str path; /* as sent, still percent-encoded, without the query */
    PathValues values;
    Params query;
    Str headers[HEADER_FIELD_COUNT]; /* .ptr NULL: not sent */
    Str body;
    Upload upload;
    Peer peer;            /* its address: the client's, as far as proxies are trusted */
    Address client;       /* likewise */
    bool is_https;        /* the client spoke TLS, as a trusted proxy says */
    bool is_local;        /* from this machine, and not through a proxy that says so */
    bool by_cookie;       /* the token came in the cookie */
    const Principal *who; /* NULL where the route asks for nobody */
    Db *db;               /* NULL where the route runs at once */
    int64_t as_of;        /* of the answer, when a replica gives it; else 0 */
    int64_t retry_after;  /* s, of an answer that says so; 0: as usual */
    bool must_not_wait;   /* on a socket thread */
    bool has_to_wait; /* set by a handler that must not and would: it is run again by a worker */
} Request;

typedef Error *(*Handler)(Request *request, Response *response)MUST_CHECK;

/* The value of a field; empty when it was not sent. */
static inline Str request_header(const Request *request, HeaderField field)
{
    return request->headers[field].ptr == NULL ? STR("") : request->headers[field];
}

static inline bool request_has_header(const Request *request, HeaderField field)
{
    return request->headers[field].ptr != NULL;
}

/* Splits a request target ("/path?query", also with scheme and host in front). ERROR_MALFORMED when
 * it is no such thing or too long. */
Error *request_split_target(Arena *arena, Str target, Str *ret_path, Str *ret_query) MUST_CHECK;

/* The token of "Authorization: Bearer …"; empty when there is none. */
Str request_bearer(const Request *request);

/* False when the value of a header is no sound request id; then we make our own. */
bool request_id_is_sound(Str id);

/* "If-None-Match: …" names this tag (weakly compared) or is "*". */
bool request_none_match(const Request *request, const char *etag);

/* The tag of If-Match, or NULL: not sent, or "*". Lists are ERROR_INVALID: there is one thing to
 * match. */
Error *request_if_match(const Request *request, const char **ret_etag) MUST_CHECK;

/* How long "Prefer: wait=N" or "respond-async" (0) lets us wait for an effect, at most and by
 * default `most`, in µs. Anything else in Prefer is ignored, as RFC 7240 wants it. */
int64_t request_wait(const Request *request, int64_t most);

/* "Prefer: stale-ok": an answer that lags behind will do. */
bool request_takes_stale(const Request *request);

/* Of Idempotency-Key: ERROR_INVALID when it is not 1 to 255 visible ASCII characters; empty: not
 * sent. */
Error *request_idempotency_key(const Request *request, Str *ret_key) MUST_CHECK;

#endif
