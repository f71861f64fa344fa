/* What the files of a removal share (removal.h). */
#ifndef OBLIGOR_DOMAIN_REMOVAL_PARTS_H
#define OBLIGOR_DOMAIN_REMOVAL_PARTS_H

#include "base/map.h"
#include "domain/import.h"
#include "domain/pipe.h"
#include "store/deletion_store.h"

typedef struct Removing {
    Db *db;
    Task *task;
    Deletion *deletion;
    bool settling;
    bool numbered_gone; /* all rows that have a job_row */
    const TaskWatch *watch;
    Arena *named_arena;
    Map named; /* companies that the archive is known to name, as bytes of their ids */
} Removing;

/* The companies of the rows, each once. */
const Uuid *removal_companies(Arena *arena, const Prediction *rows, size_t count,
                              size_t *ret_count);

/* Behind the rows: what becomes of their companies. Of these it is remembered that the archive names them. */
Error *removal_note_companies(Arena *arena, Removing *r, const Uuid *companies, size_t count,
                              DeletionStep *step) MUST_CHECK;

/* After a batch that was not committed: nothing is remembered. */
void removal_forget_companies(Removing *r);

/* The rows of a slice out of the table and into the archive, read on the way. */
Error *removal_take_slice(Arena *arena, Removing *r, const JobSlice *slice, DeletionStep *step)
    MUST_CHECK;

/* The places, and the end of the transaction. */
Error *removal_end_batch(Arena *arena, Removing *r, Deletion *after, const DeletionStep *step,
                         int64_t position, Tx *tx) MUST_CHECK;

void removal_tell(const Removing *r);

/* removal_ahead.c: all rows that have a job_row, where the engine lets another session read ahead; else, and when the
 * watch says stop, it ends with some left. */
Error *removal_ahead_run(Removing *r, Arena *arena) MUST_CHECK;

#endif
