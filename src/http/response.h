/* An answer on its way out: status, headers, and a body in memory or in a file. */
#ifndef OBLIGOR_HTTP_RESPONSE_H
#define OBLIGOR_HTTP_RESPONSE_H

#include "base/error.h"
#include "format/json_out.h"
#include "http/stream.h"

enum { RESPONSE_HEADERS_MAX = 24, RESPONSE_BODY_MAX = 64 << 20 };

typedef struct Header {
    const char *name;
    const char *value;
} Header;

typedef struct Response {
    int status;               /* 0: not answered yet */
    const char *content_type; /* NULL: no body */
    Header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    Str body;             /* lives in the request's arena */
    const Stream *stream; /* NULL: none; else the body comes from it, for as long as it likes */
    int file;             /* -1: the body is in `body`; else it is this file, from its start */
    int64_t file_size;
    Buf text; /* while a JSON answer is written: see reply.h */
    JsonOut json;
} Response;

#define RESPONSE_NONE ((Response){.file = -1})

/* `name` and `value` live as long as the request; control characters in `value` become spaces. */
void response_header(Arena *arena, Response *response, const char *name, const char *value);

/* The same with a value that is good as it is and lives as long as the request. */
void response_constant(Response *response, const char *name, const char *value);

/* The value of a header that was set, or NULL. */
const char *response_find_header(const Response *response, const char *name);

void response_set(Response *response, int status, const char *content_type, Str body);

/* 204: done, and nothing to say. */
void response_empty(Response *response, int status);

/* The file is duplicated when it is sent; the caller's descriptor stays the caller's. */
void response_file(Response *response, const char *content_type, int file, int64_t size);

/* 200, and a body that goes on; the stream lives as long as the request. */
void response_stream(Response *response, const char *content_type, const Stream *stream);

/* "attachment" with the file's name as RFC 6266 wants it: a plain ASCII form and the true one. */
void response_attachment(Arena *arena, Response *response, Str filename);

#endif
