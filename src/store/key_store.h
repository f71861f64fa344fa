/* What a deletion by keys asks: the versions of keys, the keys of a company, what a filter would meet. */
#ifndef OBLIGOR_STORE_KEY_STORE_H
#define OBLIGOR_STORE_KEY_STORE_H

#include "store/prediction_store.h"

/* A version that can be seen, as far as its removal has to know it. */
typedef struct KeyVersion {
    size_t key; /* index into the keys asked for */
    Uuid id;
    bool is_current;
    Uuid job_id; /* nil: none */
    Uuid root_job_id;
    Uuid created_by;
    int64_t created_at;
} KeyVersion;

/* The versions of keys of one kind and owner, those of a key side by side. */
Error *key_versions(Arena *arena, Db *db, const PredictionKey *keys, size_t count,
                    KeyVersion **ret_versions, size_t *ret_count) MUST_CHECK;

/* Holds rows until the commit, where sessions write beside each other. */
Error *prediction_lock_many(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                            size_t count) MUST_CHECK;

/* Up to `limit` keys of a company that have a version which can be seen, by period: those behind `after`, a
 * period being year * 4 + quarter. */
Error *key_of_company(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid company_id,
                      int64_t after, int64_t limit, PredictionKey **ret_keys, size_t *ret_count)
    MUST_CHECK;

typedef struct PurgeQuery {
    Kind kind;
    Uuid owner_id;
    const PredictionFilter *filter; /* no access level, no superseded ones */
    Uuid user_id;                   /* whose predictions go … */
    bool anybodys;                  /* … or everybody's */
} PurgeQuery;

/* Of the keys whose current version can be seen and passes the filter: *ret_mine are the user's, and these have
 * *ret_former former versions that can be seen. */
Error *purge_count(Arena *arena, Db *db, const PurgeQuery *query, int64_t *ret_keys,
                   int64_t *ret_mine, int64_t *ret_former) MUST_CHECK;

/* Companies of which nothing current would be left. */
Error *purge_empty_companies(Arena *arena, Db *db, const PurgeQuery *query, int64_t *ret_count)
    MUST_CHECK;

/* How many of these companies have no current prediction that can be seen. */
Error *company_count_empty(Arena *arena, Db *db, Uuid owner_id, const Uuid *companies, size_t count,
                           int64_t *ret_empty) MUST_CHECK;

/* Marks a company as deleted if no version of a prediction of it can be seen; *ret_marked. */
Error *company_delete(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now, bool *ret_marked)
    MUST_CHECK;
Error *company_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id) MUST_CHECK;

/* Is any job of the owner on legal hold? */
Error *job_hold_any(Arena *arena, Db *db, Uuid owner_id, bool *ret_any) MUST_CHECK;

/* Raised by owner_touch. */
Error *owner_revision(Arena *arena, Db *db, Uuid owner_id, int64_t *ret_revision) MUST_CHECK;

/* Fills what is looked up with a row, for one that comes out of an archive. */
Error *prediction_look_up(Arena *arena, Db *db, Prediction *prediction) MUST_CHECK;

#endif
