/* Idempotency keys: the answer of a creating request is kept for 24 hours, written in the transaction of
 * its effect, so that sending it again gives the same answer and no second effect. */
#ifndef OBLIGOR_DOMAIN_IDEMPOTENCY_H
#define OBLIGOR_DOMAIN_IDEMPOTENCY_H

#include "base/crypto.h"
#include "model/user.h"
#include "store/db.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

typedef struct IdempotencyKey {
    Str key; /* empty: the client sent none */
    const char *route;
    Digest request; /* of everything that makes the request what it is */
} IdempotencyKey;

/* A kept answer: for an upload the job, for a prediction the prediction and the one whose place it took (the same
 * one: nothing was made). */
typedef struct IdempotentAnswer {
    bool found;
    Uuid object_id;
    Uuid former_id; /* nil: none */
} IdempotentAnswer;

/* ERROR_INVALID when the key was used for another request. Call inside the write transaction. */
Error *idempotency_find(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                        IdempotentAnswer *ret_answer) MUST_CHECK;
Error *idempotency_keep(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                        Uuid object_id) MUST_CHECK;
Error *idempotency_keep_both(Arena *arena, Db *db, const Principal *who, const IdempotencyKey *key,
                             const IdempotentAnswer *answer) MUST_CHECK;
Error *idempotency_sweep(Arena *arena, Db *db, int64_t *ret_removed) MUST_CHECK;

#endif
