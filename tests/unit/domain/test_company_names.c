/* Names that uploads with update_companies change, as their jobs are deleted and brought back in any order: a company
 * is always called what the last upload that is there calls it. */
#include "world.h"

#include "base/clock.h"
#include "domain/company_names.h"

enum { JOBS = 5, STEPS = 40 };

static const ImportOptions UPDATING = {.max_failed_rows = -1, .update_companies = true};

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

static const char *row(World *w, const char *symbol, int year, const char *name, const char *sector)
{
    return TEXT("%s,%s,1,%s,%d,,1,,,,\n", symbol, name, sector, year);
}

static Uuid upload(World *w, const char *rows)
{
    Uuid job = world_upload(w, w->ada, rows, &UPDATING);
    world_work(w);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_COMPLETED);
    return job;
}

static void are_called(World *w, const char *text)
{
    assert_string_equal(world_text(w, "SELECT symbol, name, sector FROM companies ORDER BY symbol"),
                        text);
}

static void undo(World *w, Uuid job, int64_t restored, int64_t kept)
{
    int64_t would_restore = -1, would_keep = -1, did_restore = -1, did_keep = -1;
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(
        company_names_count(w->arena, w->db, w->ada->user_id, job, &would_restore, &would_keep));
    assert_no_error(
        company_names_undo(w->arena, w->db, w->ada->user_id, job, &did_restore, &did_keep));
    assert_no_error(tx_commit(&tx, w->arena));
    assert_int_equal(did_restore, would_restore);
    assert_int_equal(did_keep, would_keep);
    if (restored >= 0) {
        assert_int_equal(did_restore, restored);
        assert_int_equal(did_keep, kept);
    }
}

static void redo(World *w, Uuid job)
{
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(company_names_redo(w->arena, w->db, w->ada->user_id, job));
    assert_no_error(tx_commit(&tx, w->arena));
}

/* --- one job ----------------------------------------------------------------------------------- */

/* Three companies, of which two are changed, one of them twice. */
static Uuid change_two(World *w)
{
    upload(w, TEXT("%s%s%s", row(w, "A", 2020, "Alpha", "Energy"), row(w, "B", 2020, "Beta", ""),
                   row(w, "C", 2020, "Gamma", "IT")));
    return upload(w, TEXT("%s%s%s%s", row(w, "A", 2021, "Alpha Ltd", ""),
                          row(w, "B", 2021, "Beta", "Banks"), row(w, "C", 2021, "Gamma", "IT"),
                          row(w, "A", 2022, "Alpha plc", "Oil")));
}

static void test_what_a_job_changed_is_given_back(void **state)
{
    World *w = *state;
    Uuid job = change_two(w);
    are_called(w, "A|Alpha plc|Oil\nB|Beta|Banks\nC|Gamma|IT\n");
    assert_string_equal(
        world_text(w, "SELECT name_before, sector_before, name_after, sector_after FROM "
                      "company_changes ORDER BY name_before"),
        "Alpha|Energy|Alpha plc|Oil\nBeta||Beta|Banks\n");
    undo(w, job, 2, 0);
    are_called(w, "A|Alpha|Energy\nB|Beta|\nC|Gamma|IT\n");
    undo(w, job, 0, 0); /* again does no harm */
    redo(w, job);
    redo(w, job);
    are_called(w, "A|Alpha plc|Oil\nB|Beta|Banks\nC|Gamma|IT\n");
    undo(w, job, 2, 0);
}

static void test_what_somebody_changed_since_stays(void **state)
{
    World *w = *state;
    Uuid job = change_two(w);
    world_script(w, "UPDATE companies SET name = 'By hand' WHERE symbol = 'A'");
    undo(w, job, 1, 1);
    are_called(w, "A|By hand|Oil\nB|Beta|\nC|Gamma|IT\n");
    world_script(w, "UPDATE companies SET sector = 'Else' WHERE symbol = 'B'");
    redo(w, job);
    are_called(w, "A|By hand|Oil\nB|Beta|Else\nC|Gamma|IT\n");
}

/* Put back by hand to what it was before: that is how it stays, with the job and without it. */
static void test_what_was_put_back_by_hand_stays(void **state)
{
    World *w = *state;
    Uuid job = change_two(w);
    world_script(w, "UPDATE companies SET name = 'Alpha', sector = 'Energy' WHERE symbol = 'A'");
    undo(w, job, 1, 1);
    redo(w, job);
    are_called(w, "A|Alpha|Energy\nB|Beta|Banks\nC|Gamma|IT\n");
}

static void test_with_the_deletion_and_its_restoration(void **state)
{
    World *w = *state;
    Uuid job = change_two(w), deletion;
    Deletion *gone = world_delete(w, w->ada, job, true), *back = NULL;
    assert_int_equal(gone->counts.names_restored, 2);
    are_called(w, "A|Alpha|Energy\nB|Beta|\nC|Gamma|IT\n");
    world_work(w);
    assert_no_error(restoration_find(w->arena, w->db, w->ada, job, &deletion));
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion, NULL, &back));
    world_work(w);
    are_called(w, "A|Alpha plc|Oil\nB|Beta|Banks\nC|Gamma|IT\n");
    world_check(w);
}

static void test_nothing_is_noted_of_a_dry_run_or_without_the_option(void **state)
{
    World *w = *state;
    ImportOptions dry = UPDATING, off = IMPORT_OPTIONS_DEFAULT;
    dry.dry_run = true;
    upload(w, row(w, "A", 2020, "Alpha", "Energy"));
    const char *other = row(w, "A", 2021, "Other", "IT");
    world_upload(w, w->ada, other, &dry);
    world_upload(w, w->ada, other, &off);
    world_work(w);
    are_called(w, "A|Alpha|Energy\n");
    assert_int_equal(world_number(w, "SELECT count(*) FROM company_changes"), 0);
}

/* --- many jobs, in any order -------------------------------------------------------------------- */

static const char *const NAMES[] = {"One", "Two", "Three"};

enum { NO_CHANGE = -1 };

typedef struct Jobs {
    const char *symbol;
    Uuid ids[JOBS];
    int names[JOBS]; /* of NAMES; NO_CHANGE: it was called so already */
    bool there[JOBS];
    int count;
} Jobs;

static int last_name(const Jobs *jobs)
{
    int name = 0;
    for (int i = 0; i < jobs->count; i++)
        if (jobs->there[i] && jobs->names[i] != NO_CHANGE)
            name = jobs->names[i];
    return name;
}

static void is_last_name(World *w, const Jobs *jobs, int step)
{
    const char *is =
        world_text(w, TEXT("SELECT name FROM companies WHERE symbol = '%s'", jobs->symbol));
    if (strcmp(is, TEXT("%s\n", NAMES[last_name(jobs)])) != 0)
        fail_msg("step %d of %s: it is called %s, not %s", step, jobs->symbol, is,
                 NAMES[last_name(jobs)]);
}

/* Names repeat, so that a change by one job looks like the undoing of another. */
static void add_job(World *w, Jobs *jobs, uint64_t *seed)
{
    int name = (int)test_below(seed, ARRAY_COUNT(NAMES)), i = jobs->count;
    jobs->names[i] = name == last_name(jobs) ? NO_CHANGE : name;
    jobs->there[i] = true;
    jobs->ids[i] = upload(w, row(w, jobs->symbol, 2021 + i, NAMES[name], "S"));
    jobs->count++;
}

static void step_once(World *w, Jobs *jobs, uint64_t *seed)
{
    int at = (int)test_below(seed, JOBS);
    if (jobs->count < JOBS && test_below(seed, 4) == 0) {
        add_job(w, jobs, seed);
    } else if (at < jobs->count) {
        if (jobs->there[at])
            undo(w, jobs->ids[at], -1, -1);
        else
            redo(w, jobs->ids[at]);
        jobs->there[at] = !jobs->there[at];
    }
}

static void test_any_number_in_any_order(void **state)
{
    World *w = *state;
    uint64_t seed = 4;
    for (int64_t round = 0; round < world_rounds((int64_t)test_rounds(15)); round++) {
        Jobs jobs = {.symbol = TEXT("S%lld", (long long)round)};
        upload(w, row(w, jobs.symbol, 2020, NAMES[0], "S"));
        for (int step = 0; step < STEPS; step++) {
            step_once(w, &jobs, &seed);
            is_last_name(w, &jobs, step);
        }
    }
    assert_true(world_number(w, "SELECT count(*) FROM company_changes") >
                0); /* it was about some */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_what_a_job_changed_is_given_back),
        WORLD_TEST(test_what_somebody_changed_since_stays),
        WORLD_TEST(test_what_was_put_back_by_hand_stays),
        WORLD_TEST(test_with_the_deletion_and_its_restoration),
        WORLD_TEST(test_nothing_is_noted_of_a_dry_run_or_without_the_option),
        WORLD_TEST(test_any_number_in_any_order),
    };
    return world_run(tests);
}
