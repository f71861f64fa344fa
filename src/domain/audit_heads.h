/* The ends of all chains, page by page: to be noted elsewhere. */
#ifndef OBLIGOR_DOMAIN_AUDIT_HEADS_H
#define OBLIGOR_DOMAIN_AUDIT_HEADS_H

#include "model/audit.h"
#include "store/db.h"

typedef void AuditHeadSeen(void *self, const AuditHead *head);

/* Calls `seen` for each chain with entries whose last one was written at `since` or later. */
Error *audit_heads_each(Arena *arena, Db *db, int64_t since, AuditHeadSeen *seen, void *self)
    MUST_CHECK;

#endif
