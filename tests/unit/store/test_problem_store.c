/* Problems come back in file order, errors apart from warnings, page by page. */
#include "store/problem_store.h"

#include "fixture.h"

static void add(Fixture *f, const Job *job, int64_t row, int64_t seq, Severity severity)
{
    Problem problem = {.row = row,
                       .severity = severity,
                       .column = seq == 0 ? "market_cap" : NULL,
                       .code = "not_a_number",
                       .message = arena_printf(f->arena, "row %jd", (intmax_t)row),
                       .value = STR("12%"),
                       .raw = seq == 0 && severity == SEVERITY_ERROR ? STR("ACME,12%\n")
                                                                     : (Str){NULL, 0}};
    StoredProblem stored = {problem, seq};
    fixture_begin(f);
    assert_no_error(problem_insert_many(f->arena, f->db, job->owner_id, job->id, &stored, 1));
    fixture_commit(f);
}

static size_t list(Fixture *f, const Job *job, Severity severity, int64_t row, int64_t seq,
                   int64_t limit, StoredProblem **ret_problems)
{
    size_t count = 99;
    ProblemQuery query = {job->owner_id, job->id, severity, row, seq, limit, 0};
    bool more = false;
    assert_no_error(problem_list(f->arena, f->db, &query, ret_problems, &count, &more));
    return count;
}

static void a_problem_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    add(f, &job, 7, 0, SEVERITY_ERROR);
    add(f, &job, 7, 1, SEVERITY_ERROR);
    StoredProblem *problems = NULL;
    assert_int_equal(list(f, &job, SEVERITY_ERROR, 0, 0, 10, &problems), 2);
    assert_int_equal(problems[0].seq, 0);
    assert_int_equal(problems[0].problem.row, 7);
    assert_int_equal(problems[0].problem.severity, SEVERITY_ERROR);
    assert_string_equal(problems[0].problem.column, "market_cap");
    assert_string_equal(problems[0].problem.code, "not_a_number");
    assert_string_equal(problems[0].problem.message, "row 7");
    assert_str(problems[0].problem.value, "12%");
    assert_str(problems[0].problem.raw, "ACME,12%\n");
    assert_int_equal(problems[1].seq, 1);
    assert_null(problems[1].problem.column);
    assert_null(problems[1].problem.raw.ptr);
}

/* A row without text is not a row that was not kept; bytes that are no text are kept too. */
static void the_row_is_kept_as_bytes(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    const Str raws[] = {STR(""), STR("\xFF\0\"x"), {NULL, 0}};
    StoredProblem stored[ARRAY_COUNT(raws)];
    for (size_t i = 0; i < ARRAY_COUNT(raws); i++)
        stored[i] = (StoredProblem){
            {.row = (int64_t)i + 2, .code = "x", .message = "x", .value = STR(""), .raw = raws[i]},
            0};
    fixture_begin(f);
    assert_no_error(problem_insert_many(f->arena, f->db, f->user, job.id, stored, 3));
    assert_no_error(problem_insert_many(f->arena, f->db, f->user, job.id, NULL, 0));
    fixture_commit(f);
    StoredProblem *problems = NULL;
    assert_int_equal(list(f, &job, SEVERITY_ERROR, 0, 0, 10, &problems), 3);
    for (size_t i = 0; i < ARRAY_COUNT(raws); i++) {
        assert_int_equal(problems[i].problem.raw.ptr == NULL, raws[i].ptr == NULL);
        assert_true(str_equal(problems[i].problem.raw, raws[i]));
    }
}

static void pages_follow_the_file(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_ANNUAL);
    const struct {
        int64_t row, seq;
    } order[] = {{2, 0}, {2, 1}, {2, 2}, {9, 0}, {10, 0}, {10, 5}, {100000000000, 0}};
    for (size_t i = ARRAY_COUNT(order); i > 0; i--) { /* stored in another order */
        add(f, &job, order[i - 1].row, order[i - 1].seq, SEVERITY_ERROR);
        add(f, &job, order[i - 1].row, order[i - 1].seq, SEVERITY_WARNING);
        add(f, &other, order[i - 1].row, order[i - 1].seq, SEVERITY_ERROR);
    }
    for (Severity severity = 0; severity < SEVERITY_COUNT; severity++)
        for (int64_t limit = 1; limit <= 8; limit++) {
            int64_t row = 0, seq = 0;
            size_t at = 0, count;
            StoredProblem *problems = NULL;
            while ((count = list(f, &job, severity, row, seq, limit, &problems)) > 0)
                for (size_t i = 0; i < count; i++, at++) {
                    assert_true(at < ARRAY_COUNT(order));
                    row = problems[i].problem.row;
                    seq = problems[i].seq;
                    assert_int_equal(row, order[at].row);
                    assert_int_equal(seq, order[at].seq);
                    assert_int_equal(problems[i].problem.severity, severity);
                }
            assert_int_equal(at, ARRAY_COUNT(order));
        }
}

static void problems_are_counted_by_severity(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    int64_t count = -1;
    for (int64_t row = 2; row < 7; row++)
        add(f, &job, row, 0, row < 5 ? SEVERITY_ERROR : SEVERITY_WARNING);
    assert_no_error(problem_count(f->arena, f->db, f->user, job.id, SEVERITY_ERROR, &count));
    assert_int_equal(count, 3);
    assert_no_error(problem_count(f->arena, f->db, f->user, job.id, SEVERITY_WARNING, &count));
    assert_int_equal(count, 2);
    assert_no_error(problem_count(f->arena, f->db, f->other, job.id, SEVERITY_ERROR, &count));
    assert_int_equal(count, 0); /* another owner's */
}

static void a_place_is_taken_once(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    add(f, &job, 2, 0, SEVERITY_ERROR);
    StoredProblem again = {{.row = 2, .code = "x", .message = "x", .value = STR("")}, 0};
    fixture_begin(f);
    assert_error(problem_insert_many(f->arena, f->db, f->user, job.id, &again, 1), ERROR_CONFLICT,
                 "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_problem_comes_back_as_it_was), STORE_TEST(the_row_is_kept_as_bytes),
        STORE_TEST(pages_follow_the_file),          STORE_TEST(problems_are_counted_by_severity),
        STORE_TEST(a_place_is_taken_once),
    };
    return fixture_run(tests);
}
