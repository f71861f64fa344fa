/* The few pages that the server writes itself. */
#ifndef OBLIGOR_HTTP_HTML_H
#define OBLIGOR_HTTP_HTML_H

#include "http/request.h"

/* Text as it may stand in an element or in a quoted attribute. */
void html_text(Buf *out, Str text);

/* A whole page around `body`, with headers that forbid scripts, frames, foreign resources and
 * referrers. The page's own style is the one exception, by its digest. */
void html_reply(const Request *request, Response *response, int status, const char *title,
                Str body);

#endif
