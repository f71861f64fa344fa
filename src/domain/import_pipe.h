/* Two batches in turn: a thread of its own reads and scores the next one while the caller commits the
 * one before it. */
#ifndef OBLIGOR_DOMAIN_IMPORT_PIPE_H
#define OBLIGOR_DOMAIN_IMPORT_PIPE_H

#include "domain/import_batch.h"

typedef struct ImportPipe ImportPipe;

/* Starts reading. The reader belongs to the pipe's thread from now on. */
ImportPipe *import_pipe_open(BatchReader *reader);

/* The next batch, valid until the call after it; NULL after `timeout` µs without one. `rows`: how many
 * the batch to be read now shall have. */
ImportBatch *import_pipe_next(ImportPipe *pipe, size_t rows, int64_t timeout);

void import_pipe_close(ImportPipe *pipe); /* NULL is fine */

#endif
