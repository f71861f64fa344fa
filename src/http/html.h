/* The few pages that the server writes itself. */
#ifndef OBLIGOR_HTTP_HTML_H
#define OBLIGOR_HTTP_HTML_H

#include "http/request.h"

/* Text as it may stand in an element or in a quoted attribute. */
void html_text(Buf *out, Str text);

/* A field with its label; `attributes` are markup. One that is not shown. */
void html_input(Buf *page, const char *label, const char *attributes, Str value);
void html_hidden(Buf *page, const char *name, Str value);

/* What was sent for a field that is shown once more; empty: nothing. */
Str html_value(Params *form, const char *name);

/* What is wrong, for the one who filled in the form; NULL: nothing is. */
void html_wrong(Buf *page, const Error *error);

/* A whole page around `body`, with headers that forbid scripts, frames, foreign resources and
 * referrers. The page's own style is the one exception, by its digest. */
void html_reply(const Request *request, Response *response, int status, const char *title,
                Str body);

#endif
