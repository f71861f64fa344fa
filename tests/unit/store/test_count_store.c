/* Counts against counting: whatever is added, taken off, folded or hidden, the sum is the number of
 * rows. */
#include "store/count_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/deletion_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

static int64_t total(Fixture *f, Uuid owner, Kind kind, const PredictionFilter *filter)
{
    int64_t number = -1;
    assert_true(count_answers(filter));
    assert_no_error(count_total(f->arena, f->db, owner, kind, filter, &number));
    return number;
}

static int64_t total_of_all(Fixture *f, Uuid owner, Kind kind)
{
    PredictionFilter all = PREDICTION_FILTER_ALL;
    return total(f, owner, kind, &all);
}

static CountKey key_of(Uuid job, int year, RiskLevel level, const char *sector)
{
    return (CountKey){KIND_ANNUAL, job, year, level, str_from(sector)};
}

static void store(Fixture *f, const Tally *tally)
{
    fixture_begin(f);
    assert_no_error(tally_store(f->arena, f->db, f->user, tally));
    fixture_commit(f);
}

static void a_tally_stores_one_row_a_key(void **state)
{
    Fixture *f = *state;
    Tally *tally = tally_new(f->arena);
    Uuid a = fixture_id(1), b = fixture_id(2);
    char sector[] = "Energy";
    const CountKey keys[] = {key_of(a, 2024, RISK_LOW, sector),
                             key_of(b, 2024, RISK_LOW, sector),
                             key_of(a, 2023, RISK_LOW, sector),
                             key_of(a, 2024, RISK_HIGH, sector),
                             key_of(a, 2024, RISK_LOW, "Energy2"),
                             key_of(a, 2024, RISK_LOW, ""),
                             {KIND_QUARTERLY, a, 2024, RISK_LOW, STR("Energy")}};
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
            tally_add(tally, &keys[i], (int64_t)i + 1);
    sector[0] = 'X'; /* the tally keeps what it was told */
    tally_add(tally, &(CountKey){KIND_ANNUAL, a, 1, RISK_LOW, STR("gone")}, 5);
    tally_add(tally, &(CountKey){KIND_ANNUAL, a, 1, RISK_LOW, STR("gone")}, -5);
    store(f, tally);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM prediction_counts"), 7);
    assert_int_equal(fixture_number(f, "SELECT sum(delta) FROM prediction_counts"), 3 * 28);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 3 * 21);
    assert_int_equal(total_of_all(f, f->user, KIND_QUARTERLY), 3 * 7);
    assert_int_equal(total_of_all(f, f->other, KIND_ANNUAL), 0);
    store(f, tally_new(f->arena)); /* an empty one is fine */
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 3 * 21);
}

static void totals_follow_the_filter(void **state)
{
    Fixture *f = *state;
    Tally *tally = tally_new(f->arena);
    int64_t delta = 1;
    for (int year = 2023; year <= 2024; year++)
        for (RiskLevel level = 0; level < RISK_LEVEL_COUNT; level++)
            for (int s = 0; s < 3; s++, delta *= 2) {
                CountKey key = key_of(UUID_NIL, year, level,
                                      (const char *const[]){"", "IT", "Health, Care"}[s]);
                tally_add(tally, &key, delta);
            }
    store(f, tally); /* each key has a bit of its own */
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), (1 << 24) - 1);
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.years[filter.year_count++] = 2024;
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0xFFF000);
    filter.years[filter.year_count++] = 2023;
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0xFFFFFF);
    filter.years[0] = 202;
    filter.risk_levels = 1u << RISK_LOW | 1u << RISK_CRITICAL;
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0x000E07);
    filter.sectors[filter.sector_count++] = STR("");
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0x000201);
    filter.sectors[filter.sector_count++] = STR("Health, Care");
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0x000A05);
    filter.sectors[0] = STR("Health");
    filter.sectors[1] = STR("it");
    assert_int_equal(total(f, f->user, KIND_ANNUAL, &filter), 0);
}

static void only_some_filters_are_answered_by_counts(void **state)
{
    (void)state;
    const PredictionFilter all = PREDICTION_FILTER_ALL;
    PredictionFilter filter = all;
    filter.risk_levels = 1;
    filter.year_count = filter.sector_count = 1;
    filter.sort = SORT_PROBABILITY;
    assert_true(count_answers(&filter));
#define NOT_ANSWERED(change)                                                                       \
    do {                                                                                           \
        filter = all;                                                                              \
        change;                                                                                    \
        assert_false(count_answers(&filter));                                                      \
    } while (0)
    NOT_ANSWERED(filter.symbol_part = STR("A"));
    NOT_ANSWERED(filter.has_company = true);
    NOT_ANSWERED(filter.quarters = 2);
    NOT_ANSWERED(filter.sources = 1);
    NOT_ANSWERED(filter.has_job = true);
    NOT_ANSWERED(filter.has_user = true);
    NOT_ANSWERED(filter.created_after = 0);
    NOT_ANSWERED(filter.created_before = 0);
    NOT_ANSWERED(filter.probability_min = 0);
    NOT_ANSWERED(filter.probability_max = 1);
    NOT_ANSWERED(filter.include_superseded = true);
#undef NOT_ANSWERED
}

/* --- with rows ------------------------------------------------------------------------------------ */

static int64_t row_count(Fixture *f)
{
    return fixture_number(f, "SELECT count(*) FROM annual_predictions WHERE is_current");
}

static void add_rows(Fixture *f, const Company *company, const Job *job, int first_year, int rows)
{
    fixture_begin(f);
    for (int i = 0; i < rows; i++) {
        Prediction p = job == NULL ? fixture_prediction(f, company, KIND_ANNUAL, first_year + i, 4)
                                   : fixture_row(f, company, job, 2 + i, first_year + i, 4);
        p.score.risk_level = (RiskLevel)(i % RISK_LEVEL_COUNT);
        p.sector = i % 3 == 0 ? STR("IT") : STR("");
        fixture_store(f, &p);
        assert_no_error(count_add(f->arena, f->db, &p, 1));
    }
    fixture_commit(f);
}

static void a_hidden_jobs_rows_are_left_out(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job a = fixture_job(f, f->user, KIND_ANNUAL), b = fixture_job(f, f->user, KIND_ANNUAL);
    add_rows(f, &company, NULL, 1900, 7);
    add_rows(f, &company, &a, 2000, 20);
    add_rows(f, &company, &b, 2100, 30);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 57);
    fixture_hide(f, &a, true);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 37);
    fixture_hide(f, &b, true);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 7);
    fixture_begin(f);
    assert_no_error(job_removed(f->arena, f->db, f->user, a.id, JOB_DELETED, 1));
    fixture_commit(f);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 27);
}

/* A hidden job is removed slice by slice, its counts with it, and nothing is seen of it meanwhile. */
static void slices_take_their_counts_along(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    add_rows(f, &company, NULL, 1900, 7);
    add_rows(f, &company, &job, 2000, 25);
    fixture_script(f, "UPDATE annual_predictions SET is_current = FALSE WHERE job_row = 10;"
                      "DELETE FROM prediction_counts WHERE reporting_year = 2008");
    JobSlice slice = {KIND_ANNUAL, f->user, job.id, 0, 0, true};
    int64_t rows = 0, left = 24;
    for (;;) {
        fixture_begin(f);
        assert_no_error(slice_end(f->arena, f->db, &slice, 10, &rows));
        if (rows == 0)
            break;
        int64_t before = row_count(f);
        Prediction *removed = NULL;
        size_t count = 0;
        assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &count));
        assert_int_equal(count, rows);
        assert_no_error(count_take_rows(f->arena, f->db, f->user, removed, count));
        fixture_commit(f);
        left -= before - row_count(f);
        assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), 7 + left);
        slice.after = slice.to;
    }
    tx_rollback(&f->tx);
    assert_int_equal(left, 0);
    assert_int_equal(fixture_number(f, "SELECT sum(delta) FROM prediction_counts"), 7);
}

static void folding_changes_no_sum(void **state)
{
    Fixture *f = *state;
    Uuid job = fixture_id(1);
    Tally *tally = tally_new(f->arena);
    uint64_t seed = 5;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 40; i++) {
            CountKey key = key_of(i % 2 ? job : UUID_NIL, 2020 + (int)test_below(&seed, 3),
                                  (RiskLevel)test_below(&seed, 4), i % 3 ? "IT" : "");
            tally_add(tally, &key, (int64_t)test_below(&seed, 9) - 3);
        }
        store(f, tally);
    }
    tally_add(tally, &(CountKey){KIND_ANNUAL, job, 1999, RISK_LOW, STR("zero")}, 4);
    store(f, tally);
    tally = tally_new(f->arena);
    tally_add(tally, &(CountKey){KIND_ANNUAL, job, 1999, RISK_LOW, STR("zero")}, -4);
    store(f, tally);
    const char *by_key =
        "SELECT count(*) FROM (SELECT sum(delta) AS n FROM prediction_counts "
        "GROUP BY kind, job_id, reporting_year, risk_level, sector) k WHERE n <> 0";
    int64_t sum = total_of_all(f, f->user, KIND_ANNUAL), keys = fixture_number(f, by_key);
    int64_t before = fixture_number(f, "SELECT count(*) FROM prediction_counts");
    for (int i = 0; i < 2; i++) {
        fixture_begin(f);
        assert_no_error(count_fold(f->arena, f->db, f->user, job));
        fixture_commit(f);
        assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), sum);
        assert_int_equal(fixture_number(f, by_key), keys);
        int64_t after = fixture_number(f, "SELECT count(*) FROM prediction_counts");
        assert_true(i == 0 ? after < before
                           : after == before); /* the second time changes nothing */
        before = after;
    }
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM prediction_counts WHERE sector = 'zero'"), 0);
    fixture_begin(f);
    assert_no_error(count_fold(f->arena, f->db, f->user, UUID_NIL));
    assert_no_error(count_fold(f->arena, f->db, f->other, job)); /* another owner's: nothing */
    fixture_commit(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM prediction_counts"), keys);
    assert_int_equal(total_of_all(f, f->user, KIND_ANNUAL), sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_tally_stores_one_row_a_key),
        STORE_TEST(totals_follow_the_filter),
        STORE_TEST(only_some_filters_are_answered_by_counts),
        STORE_TEST(a_hidden_jobs_rows_are_left_out),
        STORE_TEST(slices_take_their_counts_along),
        STORE_TEST(folding_changes_no_sum),
    };
    return fixture_run(tests);
}
