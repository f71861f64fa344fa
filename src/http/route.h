/* Routes: one row says everything that is decided before a handler runs. */
#ifndef OBLIGOR_HTTP_ROUTE_H
#define OBLIGOR_HTTP_ROUTE_H

#include "http/request.h"

typedef enum Permission {
    PERMIT_ANYONE,  /* no token is looked at */
    PERMIT_LOCAL,   /* from this machine, else super_admin */
    PERMIT_USER,    /* signed in, verified, active; a key that may read */
    PERMIT_CHANGER, /* likewise, and a key needs to be for writing: the domain says who may */
    PERMIT_EDITOR,  /* may change data in some scope: every role but viewers and auditors */
    PERMIT_SELF,    /* a person in a session, about their own account: no key */
    PERMIT_ADMIN,   /* org_admin or super_admin; the domain says of what */
    PERMIT_SUPER_ADMIN,
    PERMISSION_COUNT
} Permission;

typedef enum BodyKind {
    BODY_NONE,  /* a read: a body is dropped, unknown parameters are only named */
    BODY_EMPTY, /* a change without a body: none, or {} */
    BODY_JSON,
    BODY_FORM,  /* application/x-www-form-urlencoded */
    BODY_UPLOAD /* a file: multipart/form-data, or the bytes themselves with ?filename= */
} BodyKind;

typedef enum RunsOn {
    RUNS_AT_ONCE, /* on the socket thread; no database */
    RUNS_INLINE, /* a point read: on the socket thread while the database is embedded, else like: */
    RUNS_READING, /* on a worker thread with its own session; it only reads */
    RUNS_WORKER,  /* likewise, and it changes something */
    RUNS_HASHING  /* likewise; hashes a password: few at once */
} RunsOn;

/* May a replica answer this route, when the request asks for it? What only reads. */
static inline bool runs_may_be_stale(RunsOn runs)
{
    return runs == RUNS_INLINE || runs == RUNS_READING;
}

typedef struct Route {
    const char *method;
    const char *pattern; /* "/api/v1/predictions/{kind}/{id}" */
    Permission permission;
    BodyKind body;
    int64_t limit; /* bytes of the body; 0: as configured for its kind */
    RunsOn runs;
    Handler handler;
} Route;

extern const Route ROUTES[];
extern const size_t ROUTE_COUNT;

/* A table made ready for matching. */
typedef struct Router Router;

/* A row that stands twice, or patterns whose parameters differ at one place, are programming
 * errors. */
Router *router_new(Arena *arena, const Route *routes, size_t count);

typedef enum RouteResult { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD } RouteResult;

typedef struct RouteMatch {
    const Route *route; /* of the method; HEAD finds GET */
    PathValues values;
    const char *allow; /* the methods that the path has, for the Allow header */
} RouteMatch;

/* Trailing slashes do not count; an empty segment, or a {kind}, {id}, {version_id} or {user_id} that is none, is
 * ROUTE_NO_PATH. */
RouteResult router_match(Arena *arena, const Router *router, const char *method, Str path,
                         RouteMatch *ret_match);

#endif
