/* Rejected rows and warnings in the database. */
#ifndef OBLIGOR_STORE_PROBLEM_STORE_H
#define OBLIGOR_STORE_PROBLEM_STORE_H

#include "model/problem.h"
#include "store/db.h"

typedef struct StoredProblem {
    Problem problem;
    int64_t seq; /* within the row */
} StoredProblem;

Error *problem_insert_many(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                           const StoredProblem *problems, size_t count) MUST_CHECK;

typedef struct ProblemQuery {
    Uuid owner_id;
    Uuid job_id;
    Severity severity;
    int64_t after_row; /* behind (row, seq), in that order; -1: from the start */
    int64_t after_seq;
    int64_t limit;
    int64_t offset;
} ProblemQuery;

/* At most `limit`, and no more than some MiB of rows as they stood: *ret_more says whether others follow. */
Error *problem_list(Arena *arena, Db *db, const ProblemQuery *query, StoredProblem **ret_problems,
                    size_t *ret_count, bool *ret_more) MUST_CHECK;
Error *problem_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Severity severity,
                     int64_t *ret_count) MUST_CHECK;

#endif
