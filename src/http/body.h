/* A body on its way in: kept in memory, or streamed to the spool. */
#ifndef OBLIGOR_HTTP_BODY_H
#define OBLIGOR_HTTP_BODY_H

#include "http/route.h"

typedef struct Body Body;

typedef struct BodyConfig {
    int64_t max_body;   /* of a body in memory */
    int64_t max_upload; /* of one file */
    const char *spool;  /* directory */
} BodyConfig;

/* The most bytes that a body of this route may have. */
int64_t body_limit(const Route *route, const BodyConfig *config);

/* ERROR_UNSUPPORTED when the content type is none that the kind takes. */
Error *body_check_type(Arena *arena, BodyKind kind, Str content_type) MUST_CHECK;

/* The type was checked. Everything lives in the request's arena. */
Error *body_new(Request *request, BodyKind kind, int64_t limit, const BodyConfig *config,
                Body **ret_body) MUST_CHECK;

Error *body_add(Body *body, Str bytes) MUST_CHECK;

/* All is in: fills request->body or request->upload. */
Error *body_end(Body *body) MUST_CHECK;

#endif
