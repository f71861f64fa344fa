/* Reading the audit trail: who may, the list, the heads. */
#ifndef OBLIGOR_DOMAIN_AUDIT_LIST_H
#define OBLIGOR_DOMAIN_AUDIT_LIST_H

#include "model/audit.h"
#include "model/page.h"
#include "store/db.h"

/* May this principal read the trail of its owners[index]? Its own; its organization's as an auditor or
 * administrator of it; the system's as super_admin. */
bool audit_may_read(const Principal *who, size_t index);

/* Where a list goes on: of owners[i] come the entries below below[i]; 0: none any more. */
typedef struct AuditSpot {
    int64_t below[PRINCIPAL_OWNERS_MAX];
} AuditSpot;

/* "17,0,240", and back: false for anything else. */
const char *audit_spot_text(Arena *arena, const AuditSpot *spot);
bool audit_spot_parse(Str text, AuditSpot *ret_spot);

typedef struct AuditQuery {
    AuditFilter filter;
    int access_level; /* -1: any */
    Page page;        /* without `after` */
    AuditSpot *from;  /* NULL: from the newest */
} AuditQuery;

typedef struct AuditList {
    AuditEntry *items;
    size_t count;
    PageEnd end;    /* without `next` */
    AuditSpot next; /* set where there is more */
} AuditList;

/* Does the query ask for the trail of owners[index], and may the principal? */
bool audit_is_asked(const Principal *who, const AuditQuery *query, size_t index);

/* Newest first. The filters are tested on some ten thousand entries of each owner; a page that is not full by
 * then is given as it is, and says where to go on. */
Error *audit_list(Arena *arena, Db *db, const Principal *who, const AuditQuery *query,
                  AuditList *ret_list) MUST_CHECK;

/* Heads of the owners whose trail this principal reads; in the order of its owners. */
Error *audit_heads(Arena *arena, Db *db, const Principal *who, AuditHead **ret_heads,
                   size_t *ret_count) MUST_CHECK;

/* Notes in each trail that was exported that it was, and how many entries of it; -1: it was not. */
Error *audit_exported(Arena *arena, Db *db, const Principal *who, const char *format,
                      const int64_t counts[PRINCIPAL_OWNERS_MAX]) MUST_CHECK;

#endif
