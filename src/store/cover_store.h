/* Which versions lie upon which, as far as the undo of a job has to know: rows that displaced a visible
 * version when they became current, and versions that stay former though nothing newer is there. */
#ifndef OBLIGOR_STORE_COVER_STORE_H
#define OBLIGOR_STORE_COVER_STORE_H

#include "model/prediction.h"
#include "store/db.h"

/* A row of a job that displaced a visible version. Noted once; again does no harm. */
typedef struct CoveringRow {
    Uuid job_id;
    int64_t job_row; /* 0: none */
    Uuid prediction_id;
} CoveringRow;
Error *covering_add(Arena *arena, Db *db, Uuid owner_id, const CoveringRow *rows, size_t count)
    MUST_CHECK;

/* All rows of a job that are there; `inferred`: those with an inferred link too. */
Error *covering_add_job(Arena *arena, Db *db, Kind kind, Uuid owner_id, Uuid job_id, bool inferred)
    MUST_CHECK;

/* How many a job has, counted to `most` at the most. */
Error *covering_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t most,
                      int64_t *ret_count) MUST_CHECK;

/* A pair of versions of one key: the one that a row lies upon, or has to give way to. Only what the counts
 * and the flags need of them. */
typedef struct VersionRef {
    Uuid id;
    bool has_job;
    Uuid job_id;
    int64_t job_row;
    JobLink job_link;
    int year;
    RiskLevel risk_level;
    Str sector;
} VersionRef;

typedef struct VersionSwap {
    int64_t job_row; /* of the covering row */
    bool off_any;    /* false: nobody holds the key */
    VersionRef off;  /* current, and not any more */
    VersionRef on;   /* becomes current */
} VersionSwap;

/* Of up to `limit` covering rows of a job behind job_row `after`: *ret_last is the job_row of the last one
 * looked at, *ret_looked how many there were. A swap for each whose key
 *   uncover: it holds, while a former version can be seen that is not retired: the newest comes back;
 *   cover:   an older visible version holds, or nobody, and nothing visible is newer: it takes it back. */
typedef struct SwapQuery {
    Kind kind;
    Uuid owner_id;
    Uuid job_id;
    bool inferred; /* rows with an inferred link too */
    int64_t after;
    int64_t limit;
    Uuid edits_by;      /* whose edits; nil: everybody's */
    const Uuid *others; /* jobs whose rows are to be hidden too, in a question that only counts */
    size_t other_count;
} SwapQuery;
Error *covering_to_uncover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                           size_t *ret_count, int64_t *ret_last, int64_t *ret_looked) MUST_CHECK;
Error *covering_to_cover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                         size_t *ret_count, int64_t *ret_last, int64_t *ret_looked) MUST_CHECK;

/* Up to `limit` versions edited by hand from a job's rows, oldest first. */
Error *edits_of_job(Arena *arena, Db *db, const SwapQuery *query, Uuid **ret_ids, size_t *ret_count)
    MUST_CHECK;

/* All of them. */
Error *edits_count_of_job(Arena *arena, Db *db, const SwapQuery *query, int64_t *ret_count)
    MUST_CHECK;

/* Of the same by hand from a job's rows that hold their key: what comes back there when
 * the job's rows and all its edits are gone. */
Error *edits_to_uncover(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                        size_t *ret_count) MUST_CHECK;

/* Sets is_current of the rows named; *ret_changed of them had it otherwise. ERROR_CONFLICT: a key is held by
 * another row. */
Error *prediction_set_current_many(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                                   size_t count, bool current, int64_t *ret_changed) MUST_CHECK;

/* Versions that stay former, since the current one of their key was deleted alone. */
Error *retired_add(Arena *arena, Db *db, Uuid owner_id, Uuid deletion_id, const Uuid *predictions,
                   size_t count) MUST_CHECK;
Error *retired_remove(Arena *arena, Db *db, Uuid owner_id, Uuid deletion_id) MUST_CHECK;

/* ret_retired[i]: so is ids[i]; *ret_any: the owner has some at all. */
Error *retired_find(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count,
                    bool *ret_any, bool *ret_retired) MUST_CHECK;

#endif
