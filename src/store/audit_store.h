/* The audit trail in the database. */
#ifndef OBLIGOR_STORE_AUDIT_STORE_H
#define OBLIGOR_STORE_AUDIT_STORE_H

#include "base/crypto.h"
#include "model/audit.h"
#include "store/db.h"

typedef struct AuditHead {
    int64_t seq;   /* 0: no entry yet */
    Digest digest; /* zeros: no entry yet */
} AuditHead;

/* The end of an owner's chain, locked until the commit. */
Error *audit_head_lock(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head) MUST_CHECK;

/* The entry and the new head. */
Error *audit_append(Arena *arena, Db *db, const AuditEvent *event, Digest digest) MUST_CHECK;

#endif
