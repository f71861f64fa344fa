/* Batches in turn: a thread of its own reads and scores the next ones while the caller commits those before
 * them. */
#ifndef OBLIGOR_DOMAIN_IMPORT_PIPE_H
#define OBLIGOR_DOMAIN_IMPORT_PIPE_H

#include "domain/import_batch.h"

typedef struct ImportPipe ImportPipe;

/* Starts reading; `slots` batches are in memory at most. The reader belongs to the pipe's thread from now on. */
ImportPipe *import_pipe_open(BatchReader *reader, size_t slots);

/* The next batch; NULL after `timeout` µs without one. `rows`: how many the batch to be read now shall
 * have. The caller gives it back, or no more than `slots` come. */
ImportBatch *import_pipe_next(ImportPipe *pipe, size_t rows, int64_t timeout);

/* Batches are given back in the order in which they came. */
void import_pipe_give_back(ImportPipe *pipe, ImportBatch *batch);

void import_pipe_close(ImportPipe *pipe); /* NULL is fine */

#endif
