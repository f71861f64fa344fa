/* Removing the rows that a job made: the second half of a deletion, and the undo of an import that went wrong.
 * The job hides its rows before it begins. */
#ifndef OBLIGOR_DOMAIN_REMOVAL_H
#define OBLIGOR_DOMAIN_REMOVAL_H

#include "domain/import.h"
#include "model/deletion.h"
#include "store/deletion_store.h"

/* In the transaction that hides the job's rows: versions that they displaced come back, and edits that are to
 * go with them go, up to *at_once of each, of which what was done is taken off; where there are more, the job is settling until removal_run
 * has seen to the rest. Names that the job changed are given back. What was done is added to *deletion, which
 * is stored already. */
Error *removal_begin(Arena *arena, Db *db, Deletion *deletion, int64_t *at_once) MUST_CHECK;

/* Goes on where the task and the deletion stand, batch by batch, until nothing is left (*ret_done) or the
 * watch says stop. The last batch's transaction ends neither. */
Error *removal_run(Arena *arena, Db *db, Task *task, Deletion *deletion, const TaskWatch *watch,
                   bool *ret_done) MUST_CHECK;

#endif
