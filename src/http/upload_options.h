/* What an uploader may choose, from the query or from the form's fields. */
#ifndef OBLIGOR_HTTP_UPLOAD_OPTIONS_H
#define OBLIGOR_HTTP_UPLOAD_OPTIONS_H

#include "domain/upload.h"
#include "http/request.h"

/* Fills kind (when `with_kind`: from job_type), options, personal and, for a body that is the file
 * itself, filename. ERROR_INVALID names all that is wrong. */
Error *upload_options_read(Request *request, bool with_kind, UploadRequest *upload) MUST_CHECK;

#endif
