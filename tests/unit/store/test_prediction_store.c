/* Single predictions: every field to the last bit, the keys that only one may hold, versions, and the
 * rows of a job. */
#include "store/prediction_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/cover_store.h"
#include "store/job_store.h"

static Prediction *find(Fixture *f, Kind kind, Uuid owner, Uuid id, bool *ret_hidden)
{
    Prediction *found = (Prediction *)1;
    *ret_hidden = true;
    assert_no_error(prediction_find(f->arena, f->db, kind, owner, id, &found, ret_hidden));
    return found;
}

/* Every field another value than its neighbour's. */
static Prediction full(Fixture *f, const Company *company, const Job *job, Kind kind)
{
    Prediction p = job != NULL ? fixture_row(f, company, job, 77, 2024, 3)
                               : fixture_prediction(f, company, kind, 2024, 3);
    double value = 0.1;
    for (size_t i = 0; i < kind_spec(kind)->ratio_count; i++, value *= -3)
        p.ratios[i] = (Ratio){value, true};
    for (size_t i = 0; i < kind_spec(kind)->score_count; i++, value /= 7) {
        p.score.values[i] = value;
        p.score.present[i] = true;
    }
    p.score.probability = p.score.values[kind_spec(kind)->score_count - 1];
    p.score.risk_level = RISK_CRITICAL;
    p.score.confidence = 0.8125;
    p.sector = STR("R\xC3\xA9seau");
    p.market_cap = (Ratio){1e12 / 3, true};
    p.derived_from = fixture_id(5);
    p.root_job_id = fixture_id(6);
    p.source = SOURCE_RESCORE;
    p.created_by = f->other;
    p.created_at = FIXTURE_START + 12345;
    return p;
}

static void a_prediction_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Job job = fixture_job(f, f->user, kind);
        Prediction p = full(f, &company, &job, kind);
        p.job_link = LINK_INFERRED;
        fixture_store(f, &p);
        bool hidden = true;
        Prediction *found = find(f, kind, f->user, p.id, &hidden);
        assert_non_null(found);
        assert_prediction(found, &p);
        assert_false(hidden);
        assert_str(found->company_symbol, "ACME");
        assert_str(found->company_name, "ACME Inc.");
        assert_string_equal(found->original_filename, "ratings.csv");
        assert_false(found->job_deleted);
        assert_string_equal(found->model_name, kind_spec(kind)->word);
        assert_string_equal(found->model_version, "1");
        assert_string_equal(found->created_by_email, "Bob@Example.com");
        assert_null(find(f, kind, f->other, p.id, &hidden));
        assert_null(find(f, (Kind)(KIND_COUNT - 1 - kind), f->user, p.id, &hidden));
        assert_false(hidden);
    }
}

static void what_is_missing_stays_missing(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Prediction p = fixture_prediction(f, &company, kind, 2024, 3);
        p.market_cap = (Ratio){0, false};
        p.created_by = fixture_id(9); /* nobody that is still there */
        for (size_t i = 0; i < RATIO_MAX; i++)
            p.ratios[i] = (Ratio){0, false};
        fixture_store(f, &p);
        bool hidden = true;
        Prediction *found = find(f, kind, f->user, p.id, &hidden);
        assert_prediction(found, &p);
        assert_true(uuid_is_nil(found->job_id) && uuid_is_nil(found->derived_from));
        assert_null(found->original_filename);
        assert_null(found->created_by_email);
    }
}

static bool insert(Fixture *f, const Prediction *p)
{
    bool is_new = false;
    fixture_begin(f);
    assert_no_error(prediction_insert(f->arena, f->db, p, &is_new));
    fixture_commit(f);
    return is_new;
}

static void one_current_prediction_a_key(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME"), other = fixture_company(f, f->user, "B");
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Prediction p = fixture_prediction(f, &company, kind, 2024, 3);
        assert_true(insert(f, &p));
        assert_false(insert(f, &p)); /* the id */
        p.id = uuid_new();
        assert_false(insert(f, &p)); /* the key */
        p.is_current = false;
        assert_true(insert(f, &p));
        p.id = uuid_new();
        assert_true(insert(f, &p)); /* as many former ones as there were */
        p.is_current = true;
        for (int i = 0; i < 3; i++) {
            Prediction beside = p;
            beside.id = uuid_new();
            beside.year += i == 0;
            beside.quarter += i == 1;
            beside.company_id = i == 2 ? other.id : p.company_id;
            assert_true(insert(f, &beside));
        }
    }
}

static void one_prediction_a_row(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction p = fixture_row(f, &company, &job, 2, 2020, 4);
    assert_true(insert(f, &p));
    p = fixture_row(f, &company, &job, 2, 2021, 4);
    assert_false(insert(f, &p));
    p = fixture_row(f, &company, &job, 3, 2021, 4);
    assert_true(insert(f, &p));
    p = fixture_row(f, &company, &other, 2, 2022, 4);
    assert_true(insert(f, &p));
}

static void many_go_in_together(void **state)
{
    Fixture *f = *state;
    enum { MANY = 1200 };
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_QUARTERLY);
    Prediction *items = ARENA_ARRAY(f->arena, Prediction, MANY);
    const Prediction **wanted = ARENA_ARRAY(f->arena, const Prediction *, MANY);
    uint8_t *made = arena_alloc(f->arena, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i] = fixture_row(f, &company, &job, 2 + i, 1900 + i / 4, 1 + i % 4);
        wanted[i] = &items[i];
    }
    for (int round = 0; round < 4; round++) { /* into an empty table, then beside a taken key, … */
        bool bulk = round % 2 == 0, taken = round >= 2, loaded = false;
        Prediction holder = fixture_prediction(f, &company, KIND_QUARTERLY, 2000, 2);
        if (taken)
            fixture_store(f, &holder);
        fixture_begin(f);
        if (bulk) {
            assert_no_error(prediction_load(f->arena, f->db, wanted, MANY, &loaded));
            assert_int_equal(loaded, !taken && !fixture_is_sqlite(f));
        }
        if (loaded)
            memset(made, 1, MANY);
        else
            assert_no_error(prediction_insert_many(f->arena, f->db, wanted, MANY, made));
        for (int i = 0; i < MANY; i++)
            assert_int_equal(made[i], !(taken && items[i].year == 2000 && items[i].quarter == 2));
        int64_t count = -1;
        assert_no_error(
            prediction_count_of_job(f->arena, f->db, KIND_QUARTERLY, f->user, job.id, &count));
        assert_int_equal(count, MANY - taken);
        Prediction *stored = NULL;
        size_t stored_count = 0;
        assert_no_error(prediction_of_job(f->arena, f->db, KIND_QUARTERLY, f->user, job.id, 0, MANY,
                                          &stored, &stored_count));
        for (size_t i = 0, k = 0; i < stored_count; i++, k++) {
            k += !made[k];
            assert_prediction(&stored[i], &items[k]);
        }
        tx_rollback(&f->tx);
        fixture_script(f, "DELETE FROM quarterly_predictions");
    }
    fixture_begin(f);
    bool loaded = false;
    assert_no_error(prediction_insert_many(f->arena, f->db, wanted, 0, made));
    assert_no_error(prediction_load(f->arena, f->db, wanted, 0, &loaded));
    assert_true(loaded);
    fixture_commit(f);
}

/* --- keys and versions ---------------------------------------------------------------------------- */

static void the_holder_of_a_key_is_found_hidden_or_not(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Job job = fixture_job(f, f->user, kind);
        Prediction p = fixture_row(f, &company, &job, 2, 2024, 4), *found = (Prediction *)1;
        PredictionKey key = prediction_key(&p);
        bool hidden = true;
        assert_int_equal(key.kind, kind);
        assert_uuid(key.owner_id, f->user);
        assert_uuid(key.company_id, company.id);
        assert_int_equal(key.year, 2024);
        assert_int_equal(key.quarter, 4);
        assert_no_error(prediction_current(f->arena, f->db, &key, &found, &hidden));
        assert_null(found);
        assert_false(hidden);
        fixture_store(f, &p);
        assert_no_error(prediction_current(f->arena, f->db, &key, &found, &hidden));
        assert_prediction(found, &p);
        assert_false(hidden);
        fixture_hide(f, &job, true);
        assert_no_error(prediction_current(f->arena, f->db, &key, &found, &hidden));
        assert_prediction(found, &p);
        assert_true(hidden);
        assert_non_null(find(f, kind, f->user, p.id, &hidden));
        assert_true(hidden);
        fixture_begin(f);
        bool unset = false;
        assert_no_error(prediction_unset_current(f->arena, f->db, kind, f->user, p.id, &unset));
        assert_true(unset);
        fixture_commit(f);
        assert_no_error(prediction_current(f->arena, f->db, &key, &found, &hidden));
        assert_null(found);
        p.is_current = false;
        assert_prediction(find(f, kind, f->user, p.id, &hidden), &p);
    }
}

/* A job that hides its rows hides those with an inferred link only where it says so. */
static void an_inferred_link_hides_apart(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction recorded = fixture_row(f, &company, &job, 2, 2024, 4);
    Prediction inferred = fixture_row(f, &company, &job, 3, 2025, 4);
    inferred.job_link = LINK_INFERRED;
    fixture_store(f, &recorded);
    fixture_store(f, &inferred);
    bool hidden = true;
    for (int both = 0; both < 2; both++) {
        fixture_hide(f, &job, both);
        find(f, KIND_ANNUAL, f->user, recorded.id, &hidden);
        assert_true(hidden);
        find(f, KIND_ANNUAL, f->user, inferred.id, &hidden);
        assert_int_equal(hidden, both);
        Prediction *items = NULL;
        size_t count = 9;
        assert_no_error(prediction_of_job(f->arena, f->db, KIND_ANNUAL, f->user, job.id, 0, 10,
                                          &items, &count));
        assert_int_equal(count, 1 - both);
    }
}

static void the_holders_of_many_keys_are_found(void **state)
{
    Fixture *f = *state;
    enum { KEYS = 40 };
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    PredictionKey keys[KEYS];
    Prediction stored[KEYS], *holders[KEYS];
    bool hidden[KEYS];
    for (int i = 0; i < KEYS; i++) {
        stored[i] = i % 4 == 1 ? fixture_row(f, &company, &job, 2 + i, 2000 + i, 1 + i % 4)
                               : fixture_prediction(f, &company, KIND_ANNUAL, 2000 + i, 1 + i % 4);
        stored[i].is_current = i % 4 != 2;
        if (i % 4 != 3)
            fixture_store(f, &stored[i]);
        keys[KEYS - 1 - i] = prediction_key(&stored[i]);
    }
    fixture_hide(f, &job, true);
    assert_no_error(prediction_current_many(f->arena, f->db, keys, KEYS, holders, hidden));
    for (int i = 0; i < KEYS; i++) {
        int k = KEYS - 1 - i;
        assert_int_equal(holders[k] != NULL, i % 4 < 2);
        if (holders[k] == NULL)
            continue;
        assert_prediction(holders[k], &stored[i]);
        assert_int_equal(hidden[k], i % 4 == 1);
    }
    assert_no_error(prediction_current_many(f->arena, f->db, keys, 0, holders, hidden));
}

static void former_versions_come_newest_first(void **state)
{
    Fixture *f = *state;
    enum { VERSIONS = 6 };
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction versions[VERSIONS];
    for (int i = 0; i < VERSIONS; i++) { /* two at a time */
        if (i % 2 == 0)
            fixture_advance(1);
        versions[i] = i == 3 ? fixture_row(f, &company, &job, 2, 2024, 4)
                             : fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
        versions[i].is_current = i == VERSIONS - 1;
        fixture_store(f, &versions[i]);
        Prediction beside = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 3);
        beside.is_current = false;
        fixture_store(f, &beside);
    }
    PredictionKey key = prediction_key(&versions[0]);
    for (int hide = 0; hide < 2; hide++)
        for (int64_t limit = 1; limit < 8; limit++) {
            Prediction *items = NULL;
            size_t count = 99;
            int at = VERSIONS - 2;
            assert_no_error(prediction_former(f->arena, f->db, &key, limit, &items, &count));
            size_t all = VERSIONS - 1 - (size_t)hide;
            assert_int_equal(count, (size_t)limit < all ? (size_t)limit : all);
            for (size_t i = 0; i < count; i++, at--) {
                at -= hide && at == 3;
                assert_prediction(&items[i], &versions[at]);
            }
            if (limit == 7 && !hide)
                fixture_hide(f, &job, true);
        }
}

static void versions_are_deleted_one_by_one_or_all_former(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job a = fixture_job(f, f->user, KIND_ANNUAL), b = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction current = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
    Prediction beside = fixture_row(f, &company, &b, 9, 2023, 4);
    fixture_store(f, &current);
    beside.is_current = false;
    fixture_store(f, &beside);
    for (int i = 0; i < 5; i++) {
        Prediction former = i < 3 ? fixture_row(f, &company, i == 1 ? &b : &a, 2 + i, 2024, 4)
                                  : fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
        former.is_current = false;
        fixture_store(f, &former);
    }
    PredictionKey key = prediction_key(&current), others = key;
    others.owner_id = f->other;
    JobRows *jobs = NULL;
    size_t count = 9;
    assert_no_error(prediction_jobs_of_former(f->arena, f->db, &key, &jobs, &count));
    assert_int_equal(count, 2); /* each once, and no row without one */
    for (size_t i = 0; i < 2; i++) {
        assert_true(uuid_equal(jobs[i].job_id, a.id) || uuid_equal(jobs[i].job_id, b.id));
        assert_int_equal(jobs[i].rows, uuid_equal(jobs[i].job_id, a.id) ? 2 : 1);
    }
    assert_false(uuid_equal(jobs[0].job_id, jobs[1].job_id));
    assert_no_error(prediction_jobs_of_former(f->arena, f->db, &others, &jobs, &count));
    assert_int_equal(count, 0);
    int64_t rows = -1;
    fixture_begin(f);
    assert_no_error(prediction_delete_former(f->arena, f->db, &others, &rows));
    assert_int_equal(rows, 0);
    assert_no_error(prediction_delete_former(f->arena, f->db, &key, &rows));
    assert_int_equal(rows, 5);
    assert_no_error(prediction_delete(f->arena, f->db, KIND_ANNUAL, f->other, current.id));
    assert_no_error(prediction_delete(f->arena, f->db, KIND_QUARTERLY, f->user, current.id));
    fixture_commit(f);
    bool hidden;
    assert_non_null(find(f, KIND_ANNUAL, f->user, current.id, &hidden));
    assert_non_null(find(f, KIND_ANNUAL, f->user, beside.id, &hidden));
    fixture_begin(f);
    assert_no_error(prediction_delete(f->arena, f->db, KIND_ANNUAL, f->user, current.id));
    fixture_commit(f);
    assert_null(find(f, KIND_ANNUAL, f->user, current.id, &hidden));
}

/* --- the rows of a job ---------------------------------------------------------------------------- */

static void a_jobs_rows_come_in_file_order(void **state)
{
    Fixture *f = *state;
    enum { ROWS = 12 };
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_QUARTERLY),
        other = fixture_job(f, f->user, KIND_QUARTERLY);
    Prediction rows[ROWS];
    for (int i = ROWS - 1; i >= 0; i--) {
        rows[i] = fixture_row(f, &company, &job, 2 + 2 * i, 2000 + i, 1);
        rows[i].is_current = i % 5 != 0; /* former ones too */
        fixture_store(f, &rows[i]);
        Prediction beside = fixture_row(f, &company, &other, 3 + 2 * i, 2000 + i, 2);
        fixture_store(f, &beside);
    }
    for (int64_t limit = 1; limit <= ROWS + 1; limit++) {
        int64_t after = 0;
        size_t at = 0, count = 0;
        Prediction *items = NULL;
        do {
            assert_no_error(prediction_of_job(f->arena, f->db, KIND_QUARTERLY, f->user, job.id,
                                              after, limit, &items, &count));
            for (size_t i = 0; i < count; i++, at++) {
                assert_true(at < ROWS);
                assert_prediction(&items[i], &rows[at]);
                after = items[i].job_row;
            }
        } while (count == (size_t)limit);
        assert_int_equal(at, ROWS);
    }
    int64_t count = -1;
    assert_no_error(
        prediction_count_of_job(f->arena, f->db, KIND_QUARTERLY, f->user, job.id, &count));
    assert_int_equal(count, ROWS);
    fixture_hide(f, &job, true);
    assert_no_error(
        prediction_count_of_job(f->arena, f->db, KIND_QUARTERLY, f->user, job.id, &count));
    assert_int_equal(count, ROWS); /* hidden ones too */
    assert_no_error(prediction_count_of_job(f->arena, f->db, KIND_ANNUAL, f->user, job.id, &count));
    assert_int_equal(count, 0);
}

static void edits_are_counted_by_the_upload_at_their_root(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction row = fixture_row(f, &company, &job, 2, 2000, 4);
    fixture_store(f, &row); /* not an edit: it is the root itself */
    for (int i = 0; i < 3; i++) {
        Prediction edit = fixture_prediction(f, &company, KIND_ANNUAL, 2001 + i, 4);
        edit.source = SOURCE_EDIT;
        edit.derived_from = row.id;
        edit.root_job_id = i < 2 ? job.id : other.id;
        fixture_store(f, &edit);
    }
    Prediction rescored = fixture_row(f, &company, &job, 3, 2010, 4);
    rescored.derived_from = row.id; /* the job's own: it goes with the job */
    fixture_store(f, &rescored);
    int64_t count = -1;
    SwapQuery query = {.kind = KIND_ANNUAL, .owner_id = f->user, .job_id = job.id};
    assert_no_error(edits_count_of_job(f->arena, f->db, &query, &count));
    assert_int_equal(count, 2);
    query.edits_by = fixture_id(77); /* not who made them */
    assert_no_error(edits_count_of_job(f->arena, f->db, &query, &count));
    assert_int_equal(count, 0);
    query.edits_by = row.created_by;
    assert_no_error(edits_count_of_job(f->arena, f->db, &query, &count));
    assert_int_equal(count, 2);
    query.owner_id = f->other;
    assert_no_error(edits_count_of_job(f->arena, f->db, &query, &count));
    assert_int_equal(count, 0);
}

/* Companies that would be empty without the job: no row of another upload, of either kind, or by hand
 * names them; a former one would come back. */
static void companies_that_only_a_job_names_are_counted(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_QUARTERLY);
    Company companies[5];
    int64_t count = -1;
    for (int i = 0; i < 5; i++) {
        companies[i] =
            fixture_company(f, f->user, (const char *const[]){"A", "B", "C", "D", "E"}[i]);
        for (int year = 2000; year < 2002; year++) {
            Prediction p = fixture_row(f, &companies[i], &job, 2 + 2 * i + year % 2, year, 4);
            fixture_store(f, &p);
        }
    }
    Prediction by_hand = fixture_prediction(f, &companies[0], KIND_ANNUAL, 2010, 4);
    Prediction former = fixture_prediction(f, &companies[1], KIND_ANNUAL, 2010, 4);
    Prediction quarterly = fixture_row(f, &companies[2], &other, 2, 2010, 1);
    former.is_current = false;
    const Prediction *rows[] = {&by_hand, &former, &quarterly};
    const int64_t left[] = {4, 3, 2};
    SwapQuery lone = {.kind = KIND_ANNUAL, .owner_id = f->user, .job_id = job.id};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        fixture_store(f, rows[i]);
        assert_no_error(prediction_lone_companies(f->arena, f->db, &lone, false, &count));
        assert_int_equal(count, left[i]);
    }
    lone.others = &other.id; /* its rows are gone before */
    lone.other_count = 1;
    assert_no_error(prediction_lone_companies(f->arena, f->db, &lone, false, &count));
    assert_int_equal(count, 3);
    lone.owner_id = f->other;
    assert_no_error(prediction_lone_companies(f->arena, f->db, &lone, false, &count));
    assert_int_equal(count, 0);
}

/* A job whose record was deleted still says which upload made its rows. */
static void a_deleted_record_is_told(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction p = fixture_row(f, &company, &job, 2, 2024, 4);
    fixture_store(f, &p);
    fixture_begin(f);
    assert_no_error(job_delete_record(f->arena, f->db, f->user, job.id, 1));
    fixture_commit(f);
    bool hidden = true;
    Prediction *found = find(f, KIND_ANNUAL, f->user, p.id, &hidden);
    assert_false(hidden);
    assert_true(found->job_deleted);
    assert_string_equal(found->original_filename, "ratings.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_prediction_comes_back_as_it_was),
        STORE_TEST(what_is_missing_stays_missing),
        STORE_TEST(one_current_prediction_a_key),
        STORE_TEST(one_prediction_a_row),
        STORE_TEST(many_go_in_together),
        STORE_TEST(the_holder_of_a_key_is_found_hidden_or_not),
        STORE_TEST(an_inferred_link_hides_apart),
        STORE_TEST(the_holders_of_many_keys_are_found),
        STORE_TEST(former_versions_come_newest_first),
        STORE_TEST(versions_are_deleted_one_by_one_or_all_former),
        STORE_TEST(a_jobs_rows_come_in_file_order),
        STORE_TEST(edits_are_counted_by_the_upload_at_their_root),
        STORE_TEST(companies_that_only_a_job_names_are_counted),
        STORE_TEST(a_deleted_record_is_told),
    };
    return fixture_run(tests);
}
