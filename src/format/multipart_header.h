/* The header fields that multipart/form-data needs; multipart.h is the door. */
#ifndef OBLIGOR_FORMAT_MULTIPART_HEADER_H
#define OBLIGOR_FORMAT_MULTIPART_HEADER_H

#include "format/multipart.h"

enum { MULTIPART_BOUNDARY_MAX = 70 };

/* The boundary that a request's Content-Type names. */
Error *multipart_header_boundary(Arena *arena, Str content_type, Str *ret_boundary) MUST_CHECK;

/* What the header lines of one part have told so far. Begins zeroed. */
typedef struct MultipartHeader {
    MultipartPart part;
    bool has_disposition;
} MultipartHeader;

/* Takes one line, without its CRLF. Fields that do not matter here are ignored. */
Error *multipart_header_add(Arena *arena, MultipartHeader *header, Str line) MUST_CHECK;

#endif
