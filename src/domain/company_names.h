/* Names and sectors of companies that an upload with update_companies changed, as the job is deleted and brought
 * back. In the write transaction of whoever hides or shows the job's rows, after the job is locked. */
#ifndef OBLIGOR_DOMAIN_COMPANY_NAMES_H
#define OBLIGOR_DOMAIN_COMPANY_NAMES_H

#include "base/uuid.h"
#include "store/db.h"

/* Companies that still are as the job left them become what they were before it: *ret_restored. Those that
 * somebody changed since, a later upload or a person, stay: *ret_kept. */
Error *company_names_undo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_restored,
                          int64_t *ret_kept) MUST_CHECK;

/* The reverse, for a job that comes back; again does no harm. */
Error *company_names_redo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id) MUST_CHECK;

/* What company_names_undo would give. Reads only. */
Error *company_names_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_restored,
                           int64_t *ret_kept) MUST_CHECK;

#endif
