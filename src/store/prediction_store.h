/* Predictions in the database: single rows, the walks of lists, and totals. */
#ifndef OBLIGOR_STORE_PREDICTION_STORE_H
#define OBLIGOR_STORE_PREDICTION_STORE_H

#include "model/page.h"
#include "model/prediction.h"
#include "store/cover_store.h"
#include "store/db.h"

/* *ret_made false: one of the unique keys is taken (company, period and current; or job and row). */
Error *prediction_insert(Arena *arena, Db *db, const Prediction *prediction, bool *ret_made)
    MUST_CHECK;

/* Many of one kind, in one go; ret_made[i] 0: a key of items[i] is taken. No two of them have the same key. */
Error *prediction_insert_many(Arena *arena, Db *db, const Prediction *const *items, size_t count,
                              uint8_t *ret_made) MUST_CHECK;

/* The same by the engine's bulk path, all or none: *ret_loaded false when a key of one of them is taken, or
 * where the engine has no such path. */
Error *prediction_load(Arena *arena, Db *db, const Prediction *const *items, size_t count,
                       bool *ret_loaded) MUST_CHECK;

/* By id, hidden or not (*ret_hidden); *ret_prediction may be NULL. */
Error *prediction_find(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id,
                       Prediction **ret_prediction, bool *ret_hidden) MUST_CHECK;

/* Company and period: what at most one current prediction has. */
typedef struct PredictionKey {
    Kind kind;
    Uuid owner_id;
    Uuid company_id;
    int year;
    int quarter;
} PredictionKey;

PredictionKey prediction_key(const Prediction *prediction);

/* The current holder of a key, hidden or not; may be NULL. */
Error *prediction_current(Arena *arena, Db *db, const PredictionKey *key,
                          Prediction **ret_prediction, bool *ret_hidden) MUST_CHECK;

/* The holders of many keys of one kind and owner: ret_holders[i] may be NULL. */
Error *prediction_current_many(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                               Prediction **ret_holders, bool *ret_hidden) MUST_CHECK;

/* Former versions that can be seen, newest first. */
Error *prediction_former(Arena *arena, Db *db, const PredictionKey *key, int64_t limit,
                         Prediction **ret_items, size_t *ret_count) MUST_CHECK;

/* Holds the row until the commit; nothing happens when it is not there. */
Error *prediction_lock(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id) MUST_CHECK;

/* Holds many, in the order of their ids, which are sorted; ret_current[*ret_count] are those that are current, in
 * the same order. */
Error *prediction_lock_current(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                               size_t count, Uuid *ret_current, size_t *ret_count) MUST_CHECK;

/* *ret_changed false: it was not current (any more). */
Error *prediction_unset_current(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id,
                                bool *ret_changed) MUST_CHECK;
Error *prediction_delete(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid id) MUST_CHECK;
Error *prediction_delete_former(Arena *arena, Db *db, const PredictionKey *key, int64_t *ret_rows)
    MUST_CHECK;

/* The jobs that made former versions of a key, and how many each. */
typedef struct JobRows {
    Uuid job_id;
    int64_t rows;
} JobRows;
Error *prediction_jobs_of_former(Arena *arena, Db *db, const PredictionKey *key, JobRows **ret_jobs,
                                 size_t *ret_count) MUST_CHECK;

/* In file order, behind job_row `after`. */
Error *prediction_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id, int64_t after,
                         int64_t limit, Prediction **ret_items, size_t *ret_count) MUST_CHECK;
Error *prediction_count_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id,
                               int64_t *ret_count) MUST_CHECK; /* hidden ones too */
/* Companies that the job would leave without a prediction, once the rows of query->others are gone. `edits`: of its
 * rows go, too, those by query->edits_by. */
Error *prediction_lone_companies(Arena *arena, Db *db, const SwapQuery *query, bool edits,
                                 int64_t *ret_count) MUST_CHECK;
Error *prediction_inferred_of_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id,
                                  int64_t *ret_count) MUST_CHECK; /* with an inferred link */

/* A list: the rows of several owners, merged, at most page->limit behind page->after or page->offset.
 * No owners, no query. See prediction_list.c for how it walks. */
typedef struct PredictionQuery {
    Kind kind;
    const Uuid *owners;
    size_t owner_count;
    const PredictionFilter *filter;
    const Page *page;
} PredictionQuery;

Error *prediction_list(Arena *arena, Db *db, const PredictionQuery *query, Prediction **ret_items,
                       size_t *ret_count, PageEnd *ret_end) MUST_CHECK;

/* For other stores: reads the row that the cursor stands on; _stored without what is looked up with it. */
void prediction_read_stored(const Rows *rows, Kind kind, Prediction *ret_prediction);
void prediction_read(const Rows *rows, Kind kind, Prediction *ret_prediction);
enum { PREDICTION_COLUMNS = 34 };

#endif
