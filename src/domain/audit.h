/* The audit trail. Entries are written in the transaction of what they record, as its last step: the
 * owner's chain head is the last lock a transaction takes. Each entry carries the digest of the one
 * before it in its owner's chain. */
#ifndef OBLIGOR_DOMAIN_AUDIT_H
#define OBLIGOR_DOMAIN_AUDIT_H

#include "model/audit.h"
#include "model/user.h"
#include "store/db.h"

/* What happened; who and when are filled in from the principal and the clock. `count` -1: does not
 * apply; `reason` and `details` (a JSON object) may be NULL. Needs an open write transaction. */
typedef struct AuditNote {
    Uuid owner_id;
    const char *action;
    const char *object_kind;
    Uuid object_id;
    int64_t count;
    const char *reason;
    const char *details;
} AuditNote;

Error *audit_write(Arena *arena, Db *db, const Principal *who, AuditNote note) MUST_CHECK;

#endif
