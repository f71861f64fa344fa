/* A thread that writes down every few seconds which sessions and keys were used (domain/token_uses.h), where
 * any were: no request waits for that. */
#ifndef OBLIGOR_HTTP_USE_WRITER_H
#define OBLIGOR_HTTP_USE_WRITER_H

#include "store/db.h"

typedef struct UseWriter UseWriter;

/* `url` is copied. Its session is opened when there is something to write for the first time. */
UseWriter *use_writer_start(const char *url, DbOptions options);

/* Waits for what it is writing. What was not written yet is not written any more. NULL is fine. */
void use_writer_stop(UseWriter *writer);

#endif
