/* JSON answers of handlers:
 *
 *     JsonOut *out = reply_begin(request, response);       {"success": true
 *     view_company(out, "company", request->who, company);
 *     return reply_end(request, response, 200);            , "ignored_parameters": […]}
 */
#ifndef OBLIGOR_HTTP_REPLY_H
#define OBLIGOR_HTTP_REPLY_H

#include "http/request.h"

JsonOut *reply_begin(const Request *request, Response *response);

/* Names the query parameters that nobody read, where there are any: only reads get this far with
 * some. ERROR_TOO_LARGE when the answer is larger than RESPONSE_BODY_MAX. */
Error *reply_end(const Request *request, Response *response, int status) MUST_CHECK;

#endif
