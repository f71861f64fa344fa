/* A push parser of multipart/form-data (RFC 7578): bytes go in as they arrive, parts come out
 * through a handler. Memory is bounded by the limits, whatever the size of the parts. How the bytes
 * are cut between feeds changes nothing but how the data of a part is cut. */
#ifndef OBLIGOR_FORMAT_MULTIPART_H
#define OBLIGOR_FORMAT_MULTIPART_H

#include "base/error.h"
#include "base/str.h"

/* 0 stands for the default in each. */
typedef struct MultipartLimits {
    size_t max_parts;        /* 64 */
    size_t max_header_bytes; /* of one part; 8 KiB */
} MultipartLimits;

/* All in the parser's arena, good UTF-8 without control characters (but for content_type, which is
 * as it was sent). */
typedef struct MultipartPart {
    Str name;          /* of the form's field */
    bool has_filename; /* the field is a file; its name is empty when none was chosen */
    Str filename;      /* without folders */
    Str content_type;  /* empty: not given */
} MultipartPart;

/* Called in the order begin, data (any number of times, never empty), end for each part. An error
 * ends parsing; then `part_end` is not called for the part at hand. */
typedef struct MultipartHandler {
    Error *(*part_begin)(void *context, const MultipartPart *part);
    Error *(*part_data)(void *context, Str bytes);
    Error *(*part_end)(void *context);
} MultipartHandler;

typedef struct Multipart Multipart;

/* `content_type` is the request's header field. The parser and its errors live in `arena`. Fails
 * with ERROR_UNSUPPORTED when it is not multipart/form-data, with ERROR_MALFORMED when it names no
 * good boundary. */
Error *multipart_new(Arena *arena, Str content_type, MultipartLimits limits,
                     MultipartHandler handler, void *context, Multipart **ret_parser) MUST_CHECK;

/* ERROR_MALFORMED, ERROR_TOO_LARGE (beyond a limit), or the handler's error. After an error each
 * further call gives the same one. */
Error *multipart_feed(Multipart *parser, const char *bytes, size_t size) MUST_CHECK;

/* To be called after the last byte: ERROR_MALFORMED when the closing boundary has not come. */
Error *multipart_finish(Multipart *parser) MUST_CHECK;

#endif
