/* A small world for the tests of the domain: a real database with two users, an operator and active
 * models, a clock that only a test moves, and a worker without threads of its own.
 *
 *     static void name(void **state)
 *     {
 *         World *w = *state;
 *         Uuid job = world_upload(w, w->ada, world_row(w, "ACME", 2020, 1.5), NULL);
 *         world_work(w);
 *         assert_int_equal(world_job(w, w->ada, job)->status, JOB_COMPLETED);
 *     }
 *
 * Tests are named in WORLD_TEST and run by world_run, once on each engine of engines.h. What fails on purpose is in tests/support/db_fault.h. */
#ifndef OBLIGOR_UNIT_DOMAIN_WORLD_H
#define OBLIGOR_UNIT_DOMAIN_WORLD_H

#include "db_fault.h"

#include "domain/accounts.h"
#include "domain/archive_purge.h"
#include "domain/deletion.h"
#include "domain/import.h"
#include "domain/jobs.h"
#include "domain/models.h"
#include "domain/predictions.h"
#include "domain/queue.h"
#include "domain/restoration.h"
#include "domain/upload.h"
#include "test.h"

/* 2026-01-01T00:00:00Z */
#define WORLD_START INT64_C(1767225600000000)

typedef struct World {
    Arena *arena;
    const Engine *engine;
    const char *directory;
    Str url;
    Db *db;
    Db *reader;   /* for files, while the other one commits */
    Fault *fault; /* of db */
    Principal *ada;
    Principal *bob;
    Principal *root;     /* a super_admin */
    Principal *operator; /* at the command line, nobody signed in */
    Uuid models[KIND_COUNT];
    TaskEnd last_end;
    int checks; /* how often it was judged */
    const char
        *broken; /* names of invariants that the test itself breaks, past the store; NULL: none */
} World;

#define WORLD_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)

#define world_run(tests) world_run_all((tests), ARRAY_COUNT(tests))
/* On each engine, or on the one that OBLIGOR_TEST_WORLDS names. */
int world_run_all(const struct CMUnitTest *tests, size_t count);

/* A round of a long search takes several times as long where the database is another process: there are so many
 * times fewer of them there, and never none. */
enum { WORLD_SLOWER = 5 };
int64_t world_rounds(int64_t rounds);

int world_set_up(void **state);
int world_tear_down(void **state);

/* Sessions closed as when the process dies, and opened again. */
void world_reopen(World *w);

/* The two halves of it: in between nobody is connected. */
void world_close(World *w);
void world_open(World *w);

/* One more. */
Principal *world_add_person(World *w, const char *email, Role role);

/* The same person as a member of an organization, for rules that look at the principal alone. */
Principal world_member(const Principal *of, Role role, Uuid organization_id);

/* Copies of the whole database, to begin from again. No transaction may be open. */
void world_save(World *w);
void world_restore(World *w);

void world_advance(int64_t micros);
int64_t world_now(void);

/* --- files ------------------------------------------------------------------------------------- */

extern const char WORLD_ANNUAL[]; /* header of an annual file, with its line end */
extern const char WORLD_QUARTERLY[];

/* One annual row: company, year, Q4, a market cap, return_on_assets; its sector is "Energy". */
const char *world_row(World *w, const char *symbol, int year, double return_on_assets);

/* The header and the rows, by world_row or by hand. `rows` end in a line end. */
Uuid world_upload(World *w, const Principal *who, const char *rows, const ImportOptions *options);
Error *world_try_upload(World *w, const Principal *who, Kind kind, Str file,
                        const ImportOptions *options, UploadAnswer *ret_answer) MUST_CHECK;

/* --- work -------------------------------------------------------------------------------------- */

/* Claims and runs tasks until none may run. Errors fail the test. */
void world_work(World *w);

/* Claims the oldest task that may run (owner NULL: anybody's) and runs it; *ret_task NULL: there was none.
 * `stop_after`: asked before so many batches, the watch says stop; -1: never. */
Error *world_step(World *w, const Uuid *owner, int stop_after, Task **ret_task) MUST_CHECK;

Job *world_job(World *w, const Principal *who, Uuid id); /* deleted ones too */
Deletion *world_delete(World *w, const Principal *who, Uuid job, bool with_predictions);

/* Through predictions_create, with one ratio. */
Error *world_create(World *w, const Principal *who, const char *symbol, int year, double roa,
                    Prediction **ret_prediction) MUST_CHECK;

/* Through predictions_delete: a prediction with all versions of its key; *ret_count rows went. */
Error *world_remove(World *w, const Principal *who, Uuid id, const char *if_match,
                    int64_t *ret_count) MUST_CHECK;

/* A new version through predictions_change, with one ratio. */
Prediction *world_edit(World *w, const Prediction *prediction, double roa);

/* --- looking ----------------------------------------------------------------------------------- */

/* Everything that a person could see of this database, without ids and times, as text. */
const char *world_state(Arena *arena, World *w);

/* Fails the test where an invariant does not hold (domain/invariants.h) that the test did not break itself. In a
 * test that asks for it hundreds of times, one call of some. Every world is checked when it ends, files too. */
void world_check(World *w);

/* Past the store, with the words of engine_script; values look as engines.h says. */
int64_t world_number(World *w, const char *query);   /* one number */
const char *world_text(World *w, const char *query); /* rows as lines, columns by "|" */
void world_script(World *w, const char *script);

/* Lets each `step`th call of `act` to the database fail in turn, until none is left to fail and it succeeds. Each time
 * an error comes back, no transaction stays open, and what the queries `all` give is as it was. The number of the call
 * that was not there. */
int64_t world_fail_every_call(World *w, Error *(*act)(World *), int64_t step, const char *all);

#endif
