/* What the ways of making a version by hand share: from the figures to the row in its place. For the files of
 * predictions alone. */
#ifndef OBLIGOR_DOMAIN_PREDICTION_MAKE_H
#define OBLIGOR_DOMAIN_PREDICTION_MAKE_H

#include "domain/models.h"
#include "domain/predictions.h"
#include "model/company.h"

/* ERROR_DENIED: only who made it may change it. */
Error *prediction_refuse_others(Arena *arena, const Principal *who, const Prediction *prediction)
    MUST_CHECK;

/* ERROR_CHANGED: the ETag no longer fits. `if_match` NULL: none was given. */
Error *prediction_refuse_changed(Arena *arena, const Prediction *prediction, const char *if_match)
    MUST_CHECK;

/* A version with these figures, scored, of source `manual`, as of now. */
Prediction prediction_fill(const Principal *who, Kind kind, const PredictionInput *input,
                           const LoadedModel *model, const Company *company);

/* Makes it an edit of another version. */
void prediction_derive(Prediction *next, const Prediction *from);

/* Locks the jobs of rows of one owner, and those at the bottom of their chains, in one order. What a deletion of
 * one decides stays so until the commit; where it was quicker, the transaction is to be tried again, and will
 * find the row gone (reason ERROR_RETRY). */
Error *prediction_lock_jobs(Arena *arena, Db *db, const Prediction *const *rows, size_t count)
    MUST_CHECK;

/* Stores a version in the place of `former` (NULL: its key is free), which goes into the history: its time is later
 * than that of the former one. What a deletion of its root job would keep has changed, so that job's revision
 * goes up. The jobs are locked already. */
Error *prediction_take_over(Arena *arena, Db *db, Prediction *next, const Prediction *former)
    MUST_CHECK;

#endif
