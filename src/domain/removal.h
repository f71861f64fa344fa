/* Removing the rows that a job made, batch by batch: the second half of a deletion, and the undo of an
 * import that went wrong. The rows are hidden before it begins. */
#ifndef OBLIGOR_DOMAIN_REMOVAL_H
#define OBLIGOR_DOMAIN_REMOVAL_H

#include "domain/import.h"
#include "store/deletion_store.h"

typedef struct Removal {
    Kind kind;
    Uuid owner_id;
    Uuid job_id;
    bool inferred;
    const Deletion *deletion; /* whose counters go up; NULL: an undo */
} Removal;

/* Goes on where the task stands, until nothing is left (*ret_done) or the watch says stop. The last
 * batch's transaction does not end the task. */
Error *removal_run(Arena *arena, Db *db, Task *task, const Removal *removal, const TaskWatch *watch,
                   bool *ret_done) MUST_CHECK;

#endif
