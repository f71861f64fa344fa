/* What a deletion of a job is about to do: which jobs go, whether they may, and how much goes with them. For
 * deletion.c alone. */
#ifndef OBLIGOR_DOMAIN_DELETION_PLAN_H
#define OBLIGOR_DOMAIN_DELETION_PLAN_H

#include "domain/deletion.h"

/* The job that was asked about comes first; behind it its retries, newest first, which is the order in which they are
 * removed before it. The first `going` of them go, the others stay. */
typedef struct DeletionPlan {
    const DeletionOptions *options;
    DeletionJob *items;
    Uuid *ids;      /* of the items */
    Uuid *edits_by; /* of each item, whose edits go with it; nil: everybody's */
    size_t count;
    size_t going;
    bool more; /* retries than are listed */
} DeletionPlan;

/* Reads only. */
Error *deletion_plan_find(Arena *arena, Db *db, const Principal *who, const Job *job,
                          const DeletionOptions *options, DeletionPlan *ret_plan) MUST_CHECK;

/* In a write transaction in which the first job is locked: locks and reads again the retries that go. */
Error *deletion_plan_lock(Arena *arena, Db *db, const Principal *who, DeletionPlan *plan)
    MUST_CHECK;

/* May all that go be deleted? Of a retry that may not, ERROR_CONFLICT names it. */
Error *deletion_plan_allowed(Arena *arena, Db *db, const Principal *who, const DeletionPlan *plan)
    MUST_CHECK;

/* Versions that come back are counted for who looks at them, and for who says what he saw. */
typedef enum CountHow { COUNT_ROWS, COUNT_ALL } CountHow;

/* What is removed of each that goes. */
Error *deletion_plan_count(Arena *arena, Db *db, DeletionPlan *plan, CountHow how) MUST_CHECK;

/* And of those that stay, how many predictions would be. */
Error *deletion_plan_count_staying(Arena *arena, Db *db, DeletionPlan *plan) MUST_CHECK;

/* How many companies are left empty. Of a large job only where they are to be deleted: it reads all of its rows. */
Error *deletion_plan_count_companies(Arena *arena, Db *db, DeletionPlan *plan) MUST_CHECK;

/* The counts of `from` are those of *plan, when the same jobs go as they were then. False: count again. */
bool deletion_plan_take_counts(DeletionPlan *plan, const DeletionPlan *from);

/* With its quotes. */
char *deletion_plan_etag(Arena *arena, const DeletionPlan *plan);

/* ERROR_CHANGED where options->if_match no longer fits. */
Error *deletion_plan_refuse_changed(Arena *arena, const DeletionPlan *plan) MUST_CHECK;

#endif
