/* Does the database hold what the data model promises? Every invariant is a row of one table: its name, what must
 * be so, and what it means where it is not. A check reads all rows of each owner in one snapshot, so that a system
 * at work gives no false alarm; it changes nothing, takes no lock, and its memory does not grow with the rows. */
#ifndef OBLIGOR_DOMAIN_INVARIANTS_H
#define OBLIGOR_DOMAIN_INVARIANTS_H

#include "store/invariant_store.h"

typedef struct Invariant {
    const char *name;   /* a word for programs: "job_rows" */
    const char *object; /* what the ids of a violation name: "job" */
    const char *holds;  /* what must be so, as a sentence */
    const char *means;  /* what it means where it is not */
} Invariant;

const Invariant *invariant_get(InvariantId id);

/* One that contradicts it. */
typedef struct Violation {
    bool has_owner; /* false: it belongs to nobody */
    Uuid owner_id;
    Uuid id;
} Violation;

typedef struct InvariantResult {
    bool looked;   /* false: the scope leaves it out */
    int64_t count; /* of violations, of all owners */
    Violation first[VIOLATIONS_SHOWN];
    size_t shown;
} InvariantResult;

typedef struct InvariantScope {
    bool has_owner; /* one alone; what belongs to nobody is then left out */
    Uuid owner_id;
    bool files; /* unpack every file and compare it with its digest */
} InvariantScope;

typedef struct InvariantReport {
    int64_t owners;   /* that were looked at */
    int64_t looked;   /* invariants that were looked at */
    int64_t violated; /* of those */
    InvariantResult results[INVARIANT_COUNT];
} InvariantReport;

/* ERROR_NOT_FOUND: there is no such owner. An error means that the check could not be ended; violations are
 * none. */
Error *invariants_check(Arena *arena, Db *db, const InvariantScope *scope,
                        InvariantReport *ret_report) MUST_CHECK;

#endif
