/* The end of what a deleted organization had: all its rows, for good. Its audit trail stays, and its name, which the
 * trail speaks of. */
#ifndef OBLIGOR_DOMAIN_ORGANIZATION_PURGE_H
#define OBLIGOR_DOMAIN_ORGANIZATION_PURGE_H

#include "domain/import.h"
#include "model/deletion.h"
#include "model/user.h"

/* Queues it behind whatever else is still to be done for the organization; a purge that has begun is given as it is.
 * ERROR_CONFLICT, reason "restored": the organization is back; "legal_hold": a job is on hold. For a super_admin who
 * sees the deletion; `reason` is needed. */
Error *organization_purge_request(Arena *arena, Db *db, const Principal *who, const char *reason,
                                  Deletion **deletion) MUST_CHECK;

/* In a write transaction: queues it once more. */
Error *organization_purge_queue(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

Error *organization_purge_run(Arena *arena, Db *db, Task *task, const TaskWatch *watch,
                              TaskEnd *ret_end) MUST_CHECK;
Error *organization_purge_give_up(Arena *arena, Db *db, Task *task) MUST_CHECK;

#endif
