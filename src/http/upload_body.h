/* The body of an upload: a multipart form with one file, or the file itself. */
#ifndef OBLIGOR_HTTP_UPLOAD_BODY_H
#define OBLIGOR_HTTP_UPLOAD_BODY_H

#include "http/request.h"

typedef struct UploadBody UploadBody;

/* The file goes to a spool in `directory` as it comes in, at most `max` bytes of it. */
Error *upload_body_new(Request *request, const char *directory, int64_t max,
                       UploadBody **ret_upload) MUST_CHECK;
Error *upload_body_add(UploadBody *upload, Str bytes) MUST_CHECK;

/* Fills request->upload. ERROR_INVALID when the form holds no file. */
Error *upload_body_end(UploadBody *upload) MUST_CHECK;

#endif
