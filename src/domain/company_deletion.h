/* Deleting a company: alone where nothing names it, or with its predictions of both kinds. It is marked, never
 * removed: its symbol, when it comes back, is the same company. */
#ifndef OBLIGOR_DOMAIN_COMPANY_DELETION_H
#define OBLIGOR_DOMAIN_COMPANY_DELETION_H

#include "domain/key_deletion.h"
#include "model/company.h"

typedef struct CompanyDeletion {
    bool with_predictions;
    KeyDeletionOptions options; /* this_version means nothing here */
} CompanyDeletion;

typedef struct CompanyDeletionPreview {
    const Company *company;
    DeletionCounts counts;    /* rows of each kind, companies */
    int64_t held;             /* rows that a legal hold keeps: the deletion would be refused */
    int64_t predictions_kept; /* without them: rows that name it; the deletion would be refused */
    const char *etag;         /* with its quotes */
} CompanyDeletionPreview;

/* What the deletion would do. Reads only. */
Error *company_deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid id,
                                const CompanyDeletion *asked, CompanyDeletionPreview *ret_preview)
    MUST_CHECK;

/* At once (*ret_deletion is done) where no prediction of it can be seen, else through the owner's queue.
 * ERROR_CONFLICT: predictions name it and are not to go with it (reason "has_predictions"), or one of them is on
 * legal hold. ERROR_DENIED: it, or one of them, was made by somebody else. */
Error *company_deletion_request(Arena *arena, Db *db, const Principal *who, Uuid id,
                                const CompanyDeletion *asked, const Company **ret_company,
                                Deletion **ret_deletion) MUST_CHECK;

#endif
