/* Long work in short transactions: each batch as large as the write lock may be held. */
#ifndef OBLIGOR_DOMAIN_BATCHES_H
#define OBLIGOR_DOMAIN_BATCHES_H

#include "domain/import.h"

typedef struct BatchSize {
    int64_t first;
    int64_t min;
    int64_t max;
} BatchSize;

/* One batch of about `limit` rows in a transaction of its own. On failure nothing of `self` may have changed:
 * it is called again after ERROR_RETRY. *ret_done: there was nothing left. */
typedef Error *RunBatch(void *self, Arena *arena, int64_t limit, bool *ret_done);

/* Until a batch says that it is done (*ret_done), or the watch says stop. The arena is rewound behind each. */
Error *batches_run(Arena *arena, Db *db, const TaskWatch *watch, BatchSize size, RunBatch *run,
                   void *self, bool *ret_done) MUST_CHECK;

/* Where one session writes at a time, a transaction takes one part after the other for as long as nobody waits for its
 * end (docs/decisions/0026): may it take another one, `since` when it began? Who waits in another process is not seen:
 * there it ends sooner. Never where writers do not exclude each other, nor where a test says how large batches are. */
bool batches_may_go_on(const Db *db, const TaskWatch *watch, int64_t since);

/* Behind a transaction that began at `since`: the pause of the watch, and after a long one time for a process of its own
 * that looks again and again whether it may write. */
void batches_rest(const TaskWatch *watch, int64_t since);

/* How many rows its next part shall have, where one of `rows` took so long: few enough for a look whether somebody waits
 * every 40 ms. */
int64_t batches_part(int64_t rows, int64_t took);

/* How far it is: so many of so many rows. */
void batches_tell(const TaskWatch *watch, int64_t done, int64_t total);

/* For tests: whatever goes in batches or passes goes `most` rows at a time; 0: as ever. */
void batches_inject(int64_t most);

/* `usual`, or fewer where a test says so. */
int64_t batches_most(int64_t usual);

#endif
