/* Rejected rows and warnings in the database. */
#ifndef OBLIGOR_STORE_PROBLEM_STORE_H
#define OBLIGOR_STORE_PROBLEM_STORE_H

#include "model/problem.h"
#include "store/db.h"

typedef struct StoredProblem {
    Problem problem;
    int64_t seq;    /* within the row */
} StoredProblem;

Error *problem_insert_many(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                           const StoredProblem *problems, size_t count) MUST_CHECK;

/* Behind (row, seq), in that order. */
Error *problem_list(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Severity severity,
                    int64_t after_row, int64_t after_seq, int64_t limit,
                    StoredProblem **ret_problems, size_t *ret_count) MUST_CHECK;
Error *problem_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Severity severity,
                     int64_t *ret_count) MUST_CHECK;

#endif
