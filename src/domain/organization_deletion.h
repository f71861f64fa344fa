/* Deleting an organization, and bringing it back. It takes effect at once: its members act for themselves alone. All
 * its data stays as it is until the deletion is purged, and so do its members' places. The deletion is the system's:
 * only its administrators see it, and bring the organization back. */
#ifndef OBLIGOR_DOMAIN_ORGANIZATION_DELETION_H
#define OBLIGOR_DOMAIN_ORGANIZATION_DELETION_H

#include "model/deletion.h"
#include "model/organization.h"
#include "store/organization_store.h"

typedef struct OrganizationDeletionPreview {
    const Organization *organization;
    OrganizationCounts counts;
    const char *etag; /* of all that is in it now */
} OrganizationDeletionPreview;

/* For who manages it. ERROR_NOT_FOUND, ERROR_GONE. */
Error *organization_deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid id,
                                     OrganizationDeletionPreview *ret_preview) MUST_CHECK;

typedef struct OrganizationDeletion {
    const char *reason;   /* NULL: none given */
    const char *if_match; /* NULL: whatever is in it */
    int64_t window;       /* µs for which it may be brought back */
} OrganizationDeletion;

/* ERROR_CHANGED: something in it is not what the preview saw. *ret_deletion is done. */
Error *organization_deletion_request(Arena *arena, Db *db, const Principal *who, Uuid id,
                                     const OrganizationDeletion *asked,
                                     OrganizationDeletionPreview *ret_was, Deletion **ret_deletion)
    MUST_CHECK;

/* Is it for this principal to know of this deletion? */
bool organization_deletion_is_seen(const Principal *who, const Deletion *deletion);

/* Of a deletion that the principal sees. One that is restored is given as it is. ERROR_GONE (reason "purged"). */
Error *organization_deletion_restore(Arena *arena, Db *db, const Principal *who,
                                     const Deletion *deletion, const char *reason,
                                     Deletion **ret_deletion) MUST_CHECK;

/* The same without doing it. */
Error *organization_deletion_refuse_restore(Arena *arena, const Deletion *deletion) MUST_CHECK;

#endif
