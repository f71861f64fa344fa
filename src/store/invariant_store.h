/* What contradicts the invariants of the data model (domain/invariants.h says them in words): which rows, and
 * how many. Each look reads all that its owner has, keeps nothing of it, and changes nothing; a caller who wants
 * one answer from several looks asks in one read transaction. */
#ifndef OBLIGOR_STORE_INVARIANT_STORE_H
#define OBLIGOR_STORE_INVARIANT_STORE_H

#include "base/crypto.h"
#include "store/db.h"

typedef enum InvariantId {
    INVARIANT_PREDICTION_JOB,
    INVARIANT_PREDICTION_ROOT,
    INVARIANT_PREDICTION_COMPANY,
    INVARIANT_PREDICTION_MODEL,
    INVARIANT_PREDICTION_USER,
    INVARIANT_PREDICTION_DERIVED,
    INVARIANT_PREDICTION_WORDS,
    INVARIANT_VERSION_TWICE,
    INVARIANT_VERSION_ORDER,
    INVARIANT_ROW_ORDER,
    INVARIANT_ROW_SPAN,
    INVARIANT_ROW_NUMBER,
    INVARIANT_PREDICTION_COUNTS,
    INVARIANT_COUNT_WORDS,
    INVARIANT_COMPANY_SYMBOL,
    INVARIANT_COMPANY_JOB,
    INVARIANT_COMPANY_USER,
    INVARIANT_COMPANY_DELETED,
    INVARIANT_JOB_USER,
    INVARIANT_JOB_MODEL,
    INVARIANT_JOB_STATES,
    INVARIANT_JOB_COUNTERS,
    INVARIANT_JOB_RETRY,
    INVARIANT_JOB_ROWS,
    INVARIANT_JOB_HIDES,
    INVARIANT_JOB_ERRORS,
    INVARIANT_JOB_WARNINGS,
    INVARIANT_JOB_MARKS,
    INVARIANT_MARK_JOB,
    INVARIANT_JOB_TASK,
    INVARIANT_JOB_DELETION,
    INVARIANT_ERROR_JOB,
    INVARIANT_ERROR_ROW,
    INVARIANT_FILE_JOB,
    INVARIANT_FILE_CHUNKS,
    INVARIANT_FILE_DIGEST, /* read by the domain */
    INVARIANT_AUDIT_CHAIN, /* verified by the domain */
    INVARIANT_DELETION_FACTS,
    INVARIANT_DELETION_ROWS,
    INVARIANT_CHUNK_ORDER,
    INVARIANT_CHUNK_ROWS,
    INVARIANT_CHUNK_WHOLE, /* unpacked by the domain */
    INVARIANT_ARCHIVE_COMPANY,
    INVARIANT_COMPANY_NAME,
    INVARIANT_TASK_IMPORT,
    INVARIANT_TASK_DELETION,
    INVARIANT_TASK_ORGANIZATION,
    INVARIANT_TASK_TWICE,
    INVARIANT_TASK_WORDS,
    INVARIANT_IDEMPOTENCY,
    INVARIANT_OWNER_KIND,
    INVARIANT_OWNER_MISSING,
    INVARIANT_TASK_OWNER,
    INVARIANT_USER_OWNER,
    INVARIANT_USER_PLACE,
    INVARIANT_TOKEN_USER,
    INVARIANT_ORGANIZATION_FACTS,
    INVARIANT_WHITELIST_PLACE,
    INVARIANT_MODEL_FACTS,
    INVARIANT_MODEL_DIGEST, /* read by the domain */
    INVARIANT_COUNT
} InvariantId;

enum { VIOLATIONS_SHOWN = 5 };

typedef struct Violations {
    int64_t count;
    Uuid first[VIOLATIONS_SHOWN];
    size_t shown;
} Violations;

void violations_add(Violations *found, Uuid id);

/* An owner, and of which tables it has rows: about the others nothing need be asked. */
typedef struct CheckedOwner {
    Uuid id;
    unsigned has; /* bits */
} CheckedOwner;

/* In the transaction of the looks. */
Error *invariant_owner(Arena *arena, Db *db, Uuid id, CheckedOwner *ret_owner) MUST_CHECK;

/* False: it is about what belongs to no owner. */
bool invariant_has_owner(InvariantId id);

/* False: no statement looks at it. */
bool invariant_has_look(InvariantId id);

/* Adds to *found. `owner` NULL for what belongs to none. */
Error *invariant_look(Arena *arena, Db *db, InvariantId id, const CheckedOwner *owner,
                      Violations *found) MUST_CHECK;

/* Owners from `from` on in the order of their ids; fewer than `limit` are the last ones. */
Error *invariant_owners(Arena *arena, Db *db, Uuid from, size_t limit, Uuid **ret_owners,
                        size_t *ret_count) MUST_CHECK;

/* The next job with a whole file behind `after`, and the digest that the file should have; false at the end. */
Error *invariant_next_file(Arena *arena, Db *db, Uuid owner_id, Uuid after, Uuid *ret_job,
                           Digest *ret_sha256, bool *ret_found) MUST_CHECK;

/* A piece of an archive as it is noted, and what it is. */
typedef struct CheckedChunk {
    Uuid deletion_id;
    int64_t seq;
    int kind;
    int64_t row_count;
    Uuid lowest_id;
    Uuid highest_id;
    Str packed;
} CheckedChunk;

/* The next piece behind *chunk (at first: zeros), which becomes it; false at the end. */
Error *invariant_next_chunk(Arena *arena, Db *db, Uuid owner_id, CheckedChunk *chunk,
                            bool *ret_found) MUST_CHECK;

/* The next model behind `*model`, which becomes its id, and whether its card has the digest that it should have;
 * false at the end. */
Error *invariant_next_model(Arena *arena, Db *db, Uuid *model, bool *ret_whole, bool *ret_found)
    MUST_CHECK;

#endif
