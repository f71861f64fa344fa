/* The audit trail in the database. */
#ifndef OBLIGOR_STORE_AUDIT_STORE_H
#define OBLIGOR_STORE_AUDIT_STORE_H

#include "model/audit.h"
#include "store/db.h"

/* The end of an owner's chain; a chain that was never written to has seq 0. Locked until the commit, or only
 * looked at: then *ret_found (may be NULL) says whether there is a row. */
Error *audit_head_lock(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head) MUST_CHECK;
Error *audit_head_find(Arena *arena, Db *db, Uuid owner_id, AuditHead *ret_head, bool *ret_found)
    MUST_CHECK;

/* The entry and the new head, whose seal is `seal`; NULL: it has none. */
Error *audit_append(Arena *arena, Db *db, const AuditEvent *event, Digest digest,
                    const Digest *seal) MUST_CHECK;

/* A stretch of one chain: entries from `low` on and below `high`. */
typedef struct AuditStretch {
    Uuid owner_id;
    int64_t low, high;
} AuditStretch;

/* Those that pass the filter, newest first, at most `limit`. */
Error *audit_walk(Arena *arena, Db *db, AuditStretch stretch, const AuditFilter *filter,
                  int64_t limit, AuditEntry **ret_entries, size_t *ret_count) MUST_CHECK;
Error *audit_count(Arena *arena, Db *db, AuditStretch stretch, const AuditFilter *filter,
                   int64_t *ret_count) MUST_CHECK;

/* When entry `seq`, or where it is missing the one before it, was written; INT64_MIN: there is none. */
Error *audit_time(Arena *arena, Db *db, Uuid owner_id, int64_t seq, int64_t *ret_time) MUST_CHECK;

/* In the order of the chain: the first `limit` entries behind `seq`. */
Error *audit_read(Arena *arena, Db *db, Uuid owner_id, int64_t seq, int64_t limit,
                  AuditEntry **ret_entries, size_t *ret_count) MUST_CHECK;

/* The heads of owners behind this one, in the order of their ids, at most `limit`. */
Error *audit_heads_behind(Arena *arena, Db *db, Uuid owner_id, int64_t limit, AuditHead **ret_heads,
                          size_t *ret_count) MUST_CHECK;

/* The next owner behind this one that has a head or entries. */
Error *audit_owner_behind(Arena *arena, Db *db, Uuid owner_id, Uuid *ret_owner, bool *ret_found)
    MUST_CHECK;

#endif
