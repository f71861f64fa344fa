/* The first good row of each key in a file. Where rows replace what is there, this is what makes a later row of
 * the same key a duplicate even if the first one left nothing behind, being as the present value: so that a file
 * that is sent again changes nothing. It is a property of the file alone: neither a crash nor the size of a batch
 * has a say in it. */
#ifndef OBLIGOR_DOMAIN_IMPORT_SEEN_H
#define OBLIGOR_DOMAIN_IMPORT_SEEN_H

#include "base/arena.h"
#include "domain/row_rules.h"

/* More than so many keys are not remembered: memory does not grow with the file. Beyond them, a row is still a
 * duplicate of one that made a prediction, which the database knows. */
enum { IMPORT_SEEN_MAX = 1000000 };

typedef struct ImportSeen ImportSeen;

/* Lives as long as the arena; most: IMPORT_SEEN_MAX, or less in a test. */
ImportSeen *import_seen_new(Arena *arena, size_t most);

/* The row that had this company and period first; 0: none, this one is the first. */
int64_t import_seen_first(ImportSeen *seen, const PredictionInput *input, int64_t row);

#endif
