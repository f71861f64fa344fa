/* What answers about accounts need to know of mail: whether any is sent, and what a link looks like where none is. */
#ifndef OBLIGOR_HTTP_MAILING_H
#define OBLIGOR_HTTP_MAILING_H

#include "domain/links.h"
#include "http/request.h"

bool mailing_is_on(const Request *request);

/* The whole address of a one-time link. */
const char *mailing_link(const Request *request, const Link *link);

#endif
