/* Counts of current predictions: differences in the transaction of the rows. Where writers exclude each other there is one
 * row a key; else they are appended and folded later.
 * A hidden job's are left out of every sum. */
#ifndef OBLIGOR_STORE_COUNT_STORE_H
#define OBLIGOR_STORE_COUNT_STORE_H

#include "model/page.h"
#include "model/prediction.h"
#include "store/db.h"

typedef struct CountKey {
    Kind kind;
    Uuid job_id; /* nil: without a job */
    int year;
    RiskLevel risk_level;
    Str sector;
} CountKey;

/* What a prediction counts under. */
CountKey count_key(const Prediction *prediction);

/* A tally in memory, for a batch: differences by key. */
typedef struct Tally Tally;
Tally *tally_new(Arena *arena);
void tally_add(Tally *tally, const CountKey *key, int64_t delta);
Error *tally_store(Arena *arena, Db *db, Uuid owner_id, const Tally *tally) MUST_CHECK;

/* What rows that are removed had counted: the current ones among them. */
void tally_take_rows(Tally *tally, const Prediction *rows, size_t count);

/* One prediction more or less. */
Error *count_add(Arena *arena, Db *db, const Prediction *prediction, int64_t delta) MUST_CHECK;

/* tally_take_rows for a batch of one owner alone, and stored. */
Error *count_take_rows(Arena *arena, Db *db, Uuid owner_id, const Prediction *rows, size_t count)
    MUST_CHECK;

/* True when the counts alone answer this filter. */
bool count_answers(const PredictionFilter *filter);
Error *count_total(Arena *arena, Db *db, Uuid owner_id, Kind kind, const PredictionFilter *filter,
                   int64_t *ret_total) MUST_CHECK;

/* How many rows hold a job's differences, or those of work by hand (nil). */
Error *count_rows(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_rows) MUST_CHECK;

/* Replaces a job's differences, or those of work by hand (nil), by one row a key. In a write transaction. */
Error *count_fold(Arena *arena, Db *db, Uuid owner_id, Uuid job_id) MUST_CHECK;

#endif
