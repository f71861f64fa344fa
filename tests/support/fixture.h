/* A database for one test: fresh, migrated, with a few people and models in it, gone behind the test.
 *
 *     static void name(void **state)
 *     {
 *         Fixture *f = *state;
 *         fixture_begin(f);
 *         assert_no_error(owner_touch(f->arena, f->db, f->user));
 *         fixture_commit(f);
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {STORE_TEST(name)};
 *         return fixture_run(tests);
 *     }
 *
 * Every test runs once on each engine of the table in engines.c. Time stands still unless a test moves
 * it, and ids made by uuid_new ascend by one, so that rows are the same in every run. */
#ifndef OBLIGOR_TESTS_FIXTURE_H
#define OBLIGOR_TESTS_FIXTURE_H

#include "engines.h"

#include "model/company.h"
#include "model/job.h"
#include "model/model_row.h"
#include "model/prediction.h"
#include "model/user.h"
#include "store/db.h"
#include "test.h"

/* 2026-01-01T00:00:00Z: when every test begins. */
#define FIXTURE_START INT64_C(1767225600000000)

typedef struct Fixture {
    const Engine *engine;
    Arena *arena;
    Db *db; /* NULL: the test closed it */
    Tx tx;  /* of fixture_begin */
    Str url;
    const char *directory; /* gone with all that is in it behind the test */
    Uuid user;             /* user and owner: ada@example.com */
    Uuid other;            /* user and owner: Bob@Example.com */
    Uuid models[KIND_COUNT];
} Fixture;

#define STORE_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

/* Without schema and rows. */
#define EMPTY_STORE_TEST(function)                                                                 \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_empty, fixture_tear_down)

#define fixture_run(tests)            fixture_run_all(NULL, (tests), ARRAY_COUNT(tests))
#define fixture_run_on(engine, tests) fixture_run_all((engine), (tests), ARRAY_COUNT(tests))

/* On the engine of that name; NULL: on each. */
int fixture_run_all(const char *engine, const struct CMUnitTest *tests, size_t count);

int fixture_set_up(void **state);
int fixture_set_up_empty(void **state);
int fixture_tear_down(void **state);

bool fixture_is_sqlite(const Fixture *f);

/* Another session on the same database; the test closes it. */
Db *fixture_session(const Fixture *f);

/* A write transaction on f->db. */
void fixture_begin(Fixture *f);
void fixture_commit(Fixture *f);

int64_t fixture_advance(int64_t micros); /* the new time */
void fixture_clock(int64_t time);

/* The same id for the same number, in the order of the numbers, and never one of uuid_new's. */
Uuid fixture_id(uint32_t number);

/* The whole database as text: schema and rows. */
const char *fixture_dump(Arena *arena, const Fixture *f);

/* Runs `script` on the database past the store, as somebody else's program would. */
void fixture_script(const Fixture *f, const char *script);

/* One number past the store. `query` gives one column; a time is read through fixture_micros. */
const char *fixture_micros(const Fixture *f, const char *expression);
int64_t fixture_number(const Fixture *f, const char *query);

/* --- rows. Each opens a transaction unless one is open ----------------------------------------- */

User fixture_user(Fixture *f, const char *email);
Company fixture_company(Fixture *f, Uuid owner_id, const char *symbol);

/* As it stands after job_insert: `receiving`. */
Job fixture_job(Fixture *f, Uuid owner_id, Kind kind);

/* Not stored: the first ratio is missing, the others are there; made now, by hand, current. */
Prediction fixture_prediction(const Fixture *f, const Company *company, Kind kind, int year,
                              int quarter);

/* The same made by a job. */
Prediction fixture_row(const Fixture *f, const Company *company, const Job *job, int64_t job_row,
                       int year, int quarter);

void fixture_store(Fixture *f, const Prediction *prediction);

/* The job's rows lie between these two, both of the job. */
void fixture_span(Fixture *f, const Job *job, const Prediction *first, const Prediction *last);
void fixture_hide(Fixture *f, const Job *job, bool inferred);

/* --- comparing --------------------------------------------------------------------------------- */

#define assert_uuid(actual, expected)                                                              \
    fixture_assert_uuid((actual), (expected), #actual, __FILE__, __LINE__)
void fixture_assert_uuid(Uuid actual, Uuid expected, const char *what, const char *file, int line);

/* The same double to the last bit. */
#define assert_real(actual, expected)                                                              \
    fixture_assert_real((actual), (expected), #actual, __FILE__, __LINE__)
void fixture_assert_real(double actual, double expected, const char *what, const char *file,
                         int line);

/* Every stored field, to the last bit; not what is looked up with the row. */
#define assert_prediction(actual, expected)                                                        \
    fixture_assert_prediction((actual), (expected), __FILE__, __LINE__)
void fixture_assert_prediction(const Prediction *actual, const Prediction *expected,
                               const char *file, int line);

#endif
