/* Problems keep their place in the file: (row, number within the row). */
#include "store/problem_store.h"

#include "base/vec.h"
#include "store/statements.h"

enum { PAGE_BYTES = 4 << 20 };

typedef struct ProblemRows {
    Uuid owner_id;
    Uuid job_id;
    const StoredProblem *problems;
} ProblemRows;

static void fill_problem(const void *self, size_t row, Value *values)
{
    const ProblemRows *rows = self;
    const Problem *problem = &rows->problems[row].problem;
    const Value all[] = {value_uuid(rows->owner_id),
                         value_uuid(rows->job_id),
                         value_small(problem->severity),
                         value_int(problem->row),
                         value_int(rows->problems[row].seq),
                         value_text(problem->column),
                         value_text(problem->code),
                         value_text(problem->message),
                         value_str(problem->value),
                         problem->raw.ptr == NULL ? value_null(VALUE_BYTES)
                                                  : value_bytes(problem->raw)};
    memcpy(values, all, sizeof all);
}

Error *problem_insert_many(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                           const StoredProblem *problems, size_t count)
{
    ProblemRows rows = {owner_id, job_id, problems};
    return db_insert_many(db, arena, SQL_PROBLEM_COPY, SQL_PROBLEM_INSERT, count, fill_problem,
                          &rows);
}

Error *problem_list(Arena *arena, Db *db, const ProblemQuery *query, StoredProblem **ret_problems,
                    size_t *ret_count, bool *ret_more)
{
    size_t bytes = 0;
    bool more = false;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(StoredProblem) problems = {0};
    TRY(db_query(db, arena, SQL_PROBLEM_LIST,
                 PARAMS(value_uuid(query->owner_id), value_uuid(query->job_id),
                        value_small(query->severity), value_int(query->after_row),
                        value_int(query->after_seq), value_int(query->limit + 1),
                        value_int(query->offset)),
                 &rows));
    while (rows_next(rows, &error)) {
        more = (int64_t)problems.count == query->limit || bytes > PAGE_BYTES;
        if (more)
            break;
        Problem problem = {.row = row_int(rows, 0),
                           .severity = query->severity,
                           .column = row_text(rows, 2),
                           .code = row_text(rows, 3),
                           .message = row_text(rows, 4),
                           .value = row_str(rows, 5),
                           .raw = row_is_null(rows, 6) ? (Str){NULL, 0} : row_bytes(rows, 6)};
        bytes += problem.raw.len;
        vec_push(arena, &problems, ((StoredProblem){problem, row_int(rows, 1)}));
    }
    TRY(error);
    *ret_problems = problems.items;
    *ret_count = problems.count;
    *ret_more = more;
    return NULL;
}

Error *problem_count(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Severity severity,
                     int64_t *ret_count)
{
    return db_number(db, arena, SQL_PROBLEM_COUNT,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id), value_int(severity)),
                     ret_count);
}
