/* Deletions as their people see them: the list, a word for how each is doing, and who else had to do with
 * it. */
#ifndef OBLIGOR_DOMAIN_DELETIONS_H
#define OBLIGOR_DOMAIN_DELETIONS_H

#include "model/deletion.h"
#include "model/job.h"
#include "model/page.h"
#include "model/user.h"
#include "store/db.h"

/* Phase and state in one word. */
typedef enum DeletionStatus {
    STATUS_PENDING, /* accepted: of a job nothing shows any more */
    STATUS_RUNNING,
    STATUS_DONE,
    STATUS_RESTORING,
    STATUS_RESTORED,
    STATUS_PURGING,
    STATUS_PURGED,
    STATUS_STALLED, /* in any phase */
    DELETION_STATUS_COUNT
} DeletionStatus;
extern const char *const DELETION_STATUS_WORDS[DELETION_STATUS_COUNT];

DeletionStatus deletions_status(const Deletion *deletion);

/* Its removal is done, and `now` it may be restored by who may delete it. */
bool deletions_is_restorable(const Deletion *deletion, int64_t now);

/* How far the present phase is, in hundredths of a percent. */
int deletions_progress(const Deletion *deletion);

typedef struct DeletionFilter {
    unsigned subjects; /* bit n: DeletionSubject n; 0: any */
    unsigned statuses; /* bit n: DeletionStatus n; 0: any */
    bool has_job;
    Uuid job_id;
    bool has_user;
    Uuid created_by;
    int restorable; /* 1: those that can be restored; -1: the others; 0: any */
} DeletionFilter;

typedef struct DeletionList {
    Deletion *items;
    size_t count;
    PageEnd end;
} DeletionList;

/* Newest first. */
Error *deletions_list(Arena *arena, Db *db, const Principal *who, const DeletionFilter *filter,
                      const Page *page, DeletionList *ret_list) MUST_CHECK;

/* The latest deletion of a job, which it is in or came back from; else the undo of its import. NULL: none. */
Error *deletions_of_job(Arena *arena, Db *db, const Job *job, Deletion **ret_deletion) MUST_CHECK;

/* Addresses of those who restored and purged it; NULL: nobody, or nobody who is known. */
typedef struct DeletionPeople {
    const char *restored_by;
    const char *purged_by;
} DeletionPeople;
Error *deletions_people(Arena *arena, Db *db, const Deletion *deletion, DeletionPeople *ret_people)
    MUST_CHECK;

#endif
