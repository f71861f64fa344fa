/* One batch on its way into the database: what the steps of an import hand to each other.
 *
 *   work_new → work_companies → work_plan → work_store → work_settle → work_finish
 *
 * The first three belong to the thread that goes through the file in order; the rest may run beside
 * another batch, on a session of its own, but work_settle and work_finish only when all batches before it
 * are committed. See import_commit.c for the one after the other and import_lanes.c for side by side. */
#ifndef OBLIGOR_DOMAIN_IMPORT_WORK_H
#define OBLIGOR_DOMAIN_IMPORT_WORK_H

#include "base/map.h"
#include "base/vec.h"
#include "domain/import_batch.h"
#include "domain/import_companies.h"
#include "model/task.h"
#include "store/count_store.h"
#include "store/job_store.h"

/* A good row that wants to become a prediction, and what became of it. */
typedef struct Candidate {
    ImportRow *row;
    Prediction item;
    struct Candidate *first;  /* with the same key in this batch; itself, if it is */
    const Prediction *holder; /* of its key, when that was looked up */
    bool holder_hidden;       /* else the row, where it is still good, replaces it */
    bool held;                /* that holder is locked */
    bool made;
    bool late; /* to be dealt with once the batches before this one are committed */
} Candidate;

typedef VEC(Candidate *) Candidates;

typedef struct Work {
    Arena *arena; /* the batch's */
    const Job *job;
    const ImportBatch *batch;
    ImportRow *rows;
    size_t count;
    int64_t at;         /* created_at of all its rows */
    int64_t not_before; /* above `at`: work_settle found that it has to be that at least */
    Candidate *candidates;
    size_t candidate_count;
    size_t late_count;
    Map keys; /* company and period -> Candidate, the first of each */
    Tally *tally;
    UuidSeries ids; /* of its predictions */
    RowSpan span;
    JobCounters counters; /* of this batch alone */
} Work;

/* The first `count` rows of a batch, as they were read: this may not be the first time. */
Work work_new(const Job *job, ImportBatch *batch, size_t count, int64_t at);

/* Finds or makes the companies of the good rows, and judges names that differ. In a write transaction. */
Error *work_companies(Work *work, Db *db, KnownCompanies *known) MUST_CHECK;

/* Makes the predictions, not yet stored, and finds rows that share a key. */
void work_plan(Work *work);

/* Rows whose keys are in `other` too, which is not committed yet, are left for work_settle. */
void work_avoid(Work *work, const Work *other);

/* How much an import trusts that keys are free; one for each session. */
typedef struct KeyTrust {
    int batches_to_check; /* for which the keys are looked up first */
} KeyTrust;

/* Stores the predictions whose keys are free and judges the others; late ones are left alone. */
Error *work_store(Work *work, Db *db, KeyTrust *trust) MUST_CHECK;

/* Stores or judges the late ones. Afterwards every row has its outcome. With reason ERROR_RETRY when somebody else
 * moved what it was about, or when a row that it replaces is not older than `at`: to be done again in another
 * transaction, and not before work->not_before. */
Error *work_settle(Work *work, Db *db) MUST_CHECK;

/* A dry run's way instead of plan, store and settle: all but storing. `dry_keys`: symbol and period -> row
 * number, of the whole file, in dry_keys.arena. */
Error *work_try(Work *work, Db *db, Map *dry_keys) MUST_CHECK;

/* Problems of the rows, which of them were skipped or left unchanged, and the counts: once every row has its outcome. */
Error *work_store_rest(Work *work, Db *db) MUST_CHECK;

/* Counts the outcomes into work->counters. */
void work_count(Work *work);

/* --- for the files of an import alone --- */

/* Looks up the holders of the keys and judges the rows of those that can be seen. */
Error *work_judge_holders(Work *work, Db *db, const Candidates *rows) MUST_CHECK;

/* The holder that can be seen, or NULL: the key is free. */
void work_judge_holder(Work *work, Candidate *candidate, const Prediction *holder);

/* Rows that share a key with one before them in the batch. */
void work_judge_twins(Work *work);

void work_count_made(Work *work, Candidate *candidate);
const Prediction **work_items(Work *work, const Candidates *rows);

/* Adds a problem to a row. */
void work_problem(Work *work, ImportRow *row, Severity severity, const char *column,
                  const char *code, const char *message);

#endif
