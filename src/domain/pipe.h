/* Batches in turn: a thread of its own makes the next ones while the caller deals with those before them. */
#ifndef OBLIGOR_DOMAIN_PIPE_H
#define OBLIGOR_DOMAIN_PIPE_H

#include "base/arena.h"

typedef struct Pipe Pipe;

/* Makes the next batch, of about `rows` rows, in `batch`, which holds what the one before left there. All that it needs
 * lives in `arena`, which is empty. True: there is no other behind it. */
typedef bool FillBatch(void *self, void *batch, Arena *arena, size_t rows);

/* Starts the thread; `slots` batches of `size` bytes (zero at first) are in memory at most. `self` belongs to the pipe's
 * thread from now on. `rows`: how many the first batches shall have. */
Pipe *pipe_open(FillBatch *fill, void *self, size_t slots, size_t size, size_t rows);

/* The next batch; NULL after `timeout` µs without one. `rows`: how many the batch to be made now shall have. The
 * caller gives it back, or no more than `slots` come. */
void *pipe_next(Pipe *pipe, size_t rows, int64_t timeout);

/* Batches are given back in the order in which they came. */
void pipe_give_back(Pipe *pipe, void *batch);

void pipe_close(Pipe *pipe); /* NULL is fine */

#endif
