/* Handing one mail to a mail server: the only file that knows libcurl. */
#ifndef OBLIGOR_WORKER_SMTP_H
#define OBLIGOR_WORKER_SMTP_H

#include "base/error.h"

/* Where the mail goes. `url`: "smtp://user:password@host:port", or smtps:// where the connection is encrypted from
 * its first byte; without a port 25, or 465. */
typedef struct SmtpServer {
    const char *url;
    const char *ca_file; /* certificates to trust; NULL: the system's */
    int64_t timeout;     /* µs for all of it; 0: 30 s */
} SmtpServer;

typedef struct SmtpMail {
    const char *from; /* addresses alone, without < and > */
    const char *to;
    Str content;                  /* head and text, lines ended by CR LF */
    bool (*stopping)(void *self); /* asked about once a second; NULL: never */
    void *self;
} SmtpMail;

/* ERROR_INVALID, reason "usage": this is no address of a mail server. Connects to nothing. */
Error *smtp_check(Arena *arena, const char *url) MUST_CHECK;

/* ERROR_INVALID, reason "refused": the server will never take it. Anything else may be tried again. A password is
 * sent over TLS alone, unless the server is this machine, and a certificate has to be good. */
Error *smtp_send(Arena *arena, const SmtpServer *server, const SmtpMail *mail) MUST_CHECK;

#endif
