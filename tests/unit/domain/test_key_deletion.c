/* Deletions by keys: what goes, what stays, what is kept of it; and that it comes back as it was. */
#include "domain/companies.h"
#include "domain/company_deletion.h"
#include "domain/restoration.h"
#include "world.h"

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

static Prediction *made(World *w, const char *symbol, int year, double roa)
{
    Prediction *p = NULL;
    world_advance(1000);
    assert_no_error(world_create(w, w->ada, symbol, year, roa, &p));
    return p;
}

static Prediction *changed(World *w, const Prediction *p, double roa)
{
    Prediction *next = NULL;
    PredictionInput input = {.year = p->year, .quarter = p->quarter, .sector = p->sector};
    input.ratios[4] = (Ratio){roa, true};
    world_advance(1000);
    assert_no_error(
        predictions_change(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &input, NULL, &next));
    return next;
}

static Uuid imported(World *w, const char *rows)
{
    world_advance(1000);
    Uuid job = world_upload(w, w->ada, rows, NULL);
    world_work(w);
    return job;
}

static const Prediction *row_of(World *w, Uuid job, size_t at)
{
    Page page = {.limit = 1000};
    PredictionList list = {0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    assert_true(at < list.count);
    return &list.items[at];
}

static Deletion *removed(World *w, const Principal *who, Uuid id, bool this_version)
{
    KeyDeletionOptions options = {.this_version = this_version, .reason = "a mistake"};
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(predictions_delete(w->arena, w->db, who, KIND_ANNUAL, id, &options, &deletion));
    return deletion;
}

static Deletion *find(World *w, const Principal *who, Uuid id)
{
    Deletion *deletion = NULL;
    assert_no_error(deletion_get(w->arena, w->db, who, id, &deletion));
    return deletion;
}

/* Every column of every row, and which companies are there. */
static const char *rows(World *w)
{
    return world_text(w, "SELECT p.* FROM annual_predictions p ORDER BY p.owner_id, p.id;"
                         "SELECT p.* FROM quarterly_predictions p ORDER BY p.owner_id, p.id;"
                         "SELECT c.* FROM companies c ORDER BY c.owner_id, c.id;"
                         "SELECT r.* FROM retired_versions r ORDER BY r.prediction_id;"
                         "SELECT j.id, j.removed_rows FROM bulk_upload_jobs j ORDER BY j.id");
}

static void restore(World *w, Uuid deletion)
{
    Deletion *back = NULL;
    world_advance(1000);
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion, NULL, &back));
    world_work(w);
    assert_true(deletion_is_restored(find(w, w->ada, deletion)));
    world_check(w);
}

static Error *get(World *w, const Principal *who, Uuid id, Prediction **ret_prediction)
{
    Uuid current;
    return predictions_get(w->arena, w->db, who, KIND_ANNUAL, id, ret_prediction, &current);
}

/* --- a prediction ------------------------------------------------------------------------------ */

static void test_all_versions_of_a_key(void **state)
{
    World *w = *state;
    Uuid job = imported(w, world_row(w, "ONE", 2020, 1));
    Prediction *second = changed(w, row_of(w, job, 0), 2), *third = changed(w, second, 3);
    made(w, "ONE", 2021, 1);
    const char *before = rows(w);
    Deletion *deletion = removed(w, w->ada, third->id, false);
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion->subject, SUBJECT_PREDICTION);
    assert_int_equal(deletion->restorable_until, deletion->created_at + RESTORE_WINDOW);
    assert_int_equal(deletion_rows(&deletion->counts), 3);
    assert_int_equal(deletion->counts.companies_empty, 0);
    assert_int_equal(deletion->archived, 3);
    Deletion *kept = find(w, w->ada, deletion->id);
    assert_int_equal(kept->state, DELETION_DONE);
    assert_int_equal(kept->expected, 3);
    assert_int_equal(kept->archived, 3);
    assert_true(uuid_equal(kept->object_id, third->id));
    assert_int_equal(job_rows_left(world_job(w, w->ada, job)), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM archived_companies"), 1);
    world_check(w);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
}

static void test_the_last_of_a_company(void **state)
{
    World *w = *state;
    Prediction *only = made(w, "ONE", 2020, 1);
    Deletion *deletion = removed(w, w->ada, only->id, false);
    assert_int_equal(deletion->counts.companies_empty, 1);
    assert_int_equal(deletion->counts.companies_deleted, 0);
}

/* What the deletion of its job hides belongs to that deletion. */
static void test_hidden_versions_stay(void **state)
{
    World *w = *state;
    Uuid job = imported(w, world_row(w, "ONE", 2020, 1));
    Prediction *edit = changed(w, row_of(w, job, 0), 2);
    const char *before = rows(w);
    Deletion *of_job = world_delete(w, w->ada, job, true);
    Deletion *deletion = removed(w, w->ada, edit->id, false);
    assert_int_equal(deletion_rows(&deletion->counts), 1);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    assert_int_equal(deletion_rows(&find(w, w->ada, of_job->id)->counts), 1);
    world_check(w);
    restore(w, of_job->id);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
}

static void test_one_version_alone(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 2020, 1), *second = changed(w, first, 2);
    Prediction *third = changed(w, second, 3), *found = NULL;
    const char *before = rows(w);
    Deletion *former = removed(w, w->ada, second->id, true);
    assert_int_equal(former->subject, SUBJECT_VERSION);
    assert_int_equal(deletion_rows(&former->counts), 1);
    assert_no_error(get(w, w->ada, third->id, &found));
    assert_true(found->is_current);
    assert_int_equal(world_number(w, "SELECT count(*) FROM retired_versions"), 0);
    world_check(w);

    Deletion *current = removed(w, w->ada, third->id, true);
    assert_int_equal(current->counts.companies_empty, 1);
    assert_no_error(get(w, w->ada, first->id, &found));
    assert_false(found->is_current); /* nothing takes its place */
    assert_int_equal(world_number(w, "SELECT count(*) FROM retired_versions"), 1);
    world_check(w);
    restore(w, current->id);
    restore(w, former->id);
    assert_string_equal(rows(w), before);
}

/* --- what it was ------------------------------------------------------------------------------- */

static void test_what_became_of_it(void **state)
{
    World *w = *state;
    Uuid job = imported(w, world_row(w, "ONE", 2020, 1));
    const Prediction *row = row_of(w, job, 0);
    Prediction *by_hand = made(w, "TWO", 2020, 7), *found = NULL;
    GonePrediction gone;
    Deletion *deletion = removed(w, w->ada, by_hand->id, false);
    Deletion *of_job = world_delete(w, w->ada, job, true);
    Error *error = get(w, w->ada, by_hand->id, &found);
    assert_error(error, ERROR_GONE, "This prediction was deleted.");
    assert_non_null(strstr(error->extra_json, uuid_text(w->arena, deletion->id)));
    assert_non_null(strstr(error->extra_json, "a mistake"));
    assert_error(get(w, w->bob, by_hand->id, &found), ERROR_NOT_FOUND,
                 "There is no such prediction.");
    for (int worked = 0; worked < 2; worked++) { /* hidden, then archived */
        error = get(w, w->ada, row->id, &found);
        assert_error(error, ERROR_GONE,
                     "This prediction was deleted with the upload that made it.");
        assert_non_null(strstr(error->extra_json, uuid_text(w->arena, of_job->id)));
        assert_no_error(
            predictions_get_deleted(w->arena, w->db, w->ada, KIND_ANNUAL, row->id, &gone));
        assert_non_null(gone.row);
        assert_str(gone.row->company_symbol, "ONE");
        assert_int_equal(gone.row->job_row, 2);
        assert_true(gone.row->is_current);
        assert_true(uuid_equal(gone.deletion->id, of_job->id));
        world_work(w);
    }
    assert_no_error(
        predictions_get_deleted(w->arena, w->db, w->ada, KIND_ANNUAL, by_hand->id, &gone));
    assert_str(gone.row->company_symbol, "TWO");
    assert_str(gone.row->company_name, "TWO Inc.");
    assert_string_equal(gone.row->model_name, by_hand->model_name);
    assert_string_equal(gone.row->created_by_email, "ada@example.com");
    assert_true(gone.row->score.probability == by_hand->score.probability);
    assert_no_error(
        predictions_get_deleted(w->arena, w->db, w->bob, KIND_ANNUAL, by_hand->id, &gone));
    assert_null(gone.row);
    restore(w, deletion->id);
    assert_no_error(get(w, w->ada, by_hand->id, &found));
    assert_no_error(
        predictions_get_deleted(w->arena, w->db, w->ada, KIND_ANNUAL, by_hand->id, &gone));
    assert_null(gone.row);
}

static void test_what_is_gone_cannot_be_deleted(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 2020, 1);
    KeyDeletionOptions options = {0};
    Deletion *deletion = removed(w, w->ada, p->id, false);
    Error *error =
        predictions_delete(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &options, &deletion);
    assert_error(error, ERROR_GONE, "This prediction was deleted.");
    Prediction *next = NULL;
    PredictionInput input = {.year = 2020, .quarter = 4};
    error = predictions_change(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &input, NULL, &next);
    assert_error(error, ERROR_GONE, "This prediction was deleted.");
}

/* --- legal hold -------------------------------------------------------------------------------- */

static void hold(World *w)
{
    world_script(w,
                 "UPDATE bulk_upload_jobs SET legal_hold = 'case 7', legal_hold_at = created_at, "
                 "legal_hold_by = user_id");
}

static PredictionFilter of_year(int year)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.years[0] = year;
    filter.year_count = 1;
    return filter;
}

static Purge purge_of(World *w, const PredictionFilter *filter)
{
    return (Purge){.kind = KIND_ANNUAL, .owner_id = w->ada->user_id, .filter = filter};
}

static PurgePreview preview(World *w, const Principal *who, const Purge *purge)
{
    PurgePreview found;
    assert_no_error(key_deletion_preview_purge(w->arena, w->db, who, purge, &found));
    return found;
}

static Deletion *purged(World *w, const Principal *who, const Purge *purge)
{
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(key_deletion_request_purge(w->arena, w->db, who, purge, &deletion));
    return deletion;
}

static void test_a_legal_hold(void **state)
{
    World *w = *state;
    Uuid job =
        imported(w, TEXT("%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 1)));
    Prediction *edit = changed(w, row_of(w, job, 0), 2); /* of a row that is held: so it is too */
    made(w, "THREE", 2020, 1);
    hold(w);
    PredictionFilter filter = of_year(2020);
    Purge purge = purge_of(w, &filter);
    KeyDeletionOptions options = {0};
    Deletion *deletion = NULL;
    for (int alone = 0; alone < 2; alone++) {
        options.this_version = alone != 0;
        Error *error =
            predictions_delete(w->arena, w->db, w->ada, KIND_ANNUAL, edit->id, &options, &deletion);
        assert_error(error, ERROR_CONFLICT,
                     TEXT("%d of these rows belong to an upload that is on legal hold, set by "
                          "ada@example.com: they stay until the hold is lifted.",
                          alone ? 1 : 2));
        assert_string_equal(error->reason, "legal_hold");
        assert_non_null(strstr(error->extra_json, "case 7"));
    }
    world_advance(1000);
    PurgePreview found = preview(w, w->ada, &purge);
    assert_int_equal(found.counts.keys, 3);
    assert_int_equal(found.counts.held, 3);
    Error *error = key_deletion_request_purge(w->arena, w->db, w->ada, &purge, &deletion);
    assert_error(error, ERROR_CONFLICT,
                 "3 of these rows belong to an upload that is on legal hold, set by "
                 "ada@example.com: they stay until the hold is lifted.");
    world_check(w);
}

static void test_a_hold_set_meanwhile(void **state)
{
    World *w = *state;
    imported(w, TEXT("%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 1)));
    made(w, "THREE", 2020, 1);
    PredictionFilter filter = of_year(2020);
    Purge purge = purge_of(w, &filter);
    Deletion *deletion = purged(w, w->ada, &purge);
    hold(w);
    world_work(w);
    deletion = find(w, w->ada, deletion->id);
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion->expected, 3);
    assert_int_equal(deletion_rows(&deletion->counts), 1);
    assert_int_equal(deletion->counts.held_kept, 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
    world_check(w);
}

/* --- by filter --------------------------------------------------------------------------------- */

static void test_a_purge(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s%s", world_row(w, "ONE", 2020, 1),
                                world_row(w, "TWO", 2020, 1), world_row(w, "TWO", 2021, 1)));
    changed(w, row_of(w, job, 0), 2);
    made(w, "THREE", 2020, 1);
    const char *before = rows(w);
    PredictionFilter filter = of_year(2020);
    Purge purge = purge_of(w, &filter);
    world_advance(1000);
    PurgePreview found = preview(w, w->ada, &purge);
    assert_int_equal(found.counts.keys, 3);
    assert_int_equal(found.counts.current, 3);
    assert_int_equal(found.counts.former, 1);
    assert_int_equal(found.counts.others, 0);
    assert_int_equal(found.counts.companies_empty, 2);
    assert_int_equal(found.sample_count, 3);
    assert_str(found.sample[0].company_symbol, "THREE");
    assert_string_equal(rows(w), before);

    purge.options.if_match = found.etag;
    Deletion *deletion = purged(w, w->ada, &purge);
    assert_int_equal(deletion->state, DELETION_PENDING);
    made(w, "FOUR", 2020, 1); /* later: it stays */
    before = rows(w);
    world_work(w);
    deletion = find(w, w->ada, deletion->id);
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion->subject, SUBJECT_FILTER);
    assert_int_equal(deletion->expected, 4);
    assert_int_equal(deletion->counts.predictions[KIND_ANNUAL], 4);
    assert_int_equal(deletion->counts.companies_empty, 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
    assert_int_equal(job_rows_left(world_job(w, w->ada, job)), 1);
    world_check(w);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
}

/* Of a job: the rows that it made and that are current still; the walk is in the order of its file. */
static void test_a_purge_of_a_jobs_rows(void **state)
{
    World *w = *state;
    Uuid job = imported(w, TEXT("%s%s%s", world_row(w, "ONE", 2020, 1),
                                world_row(w, "TWO", 2020, 9), world_row(w, "TWO", 2021, 1)));
    changed(w, row_of(w, job, 0), 2);
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.has_job = true;
    filter.job_id = job;
    Purge purge = purge_of(w, &filter);
    world_advance(1000);
    assert_int_equal(preview(w, w->ada, &purge).counts.keys, 2);
    Deletion *deletion = purged(w, w->ada, &purge);
    world_work(w);
    assert_int_equal(deletion_rows(&find(w, w->ada, deletion->id)->counts), 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
    world_check(w);
}

static void test_what_a_purge_asks_for(void **state)
{
    World *w = *state;
    made(w, "ONE", 2020, 1);
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Purge purge = purge_of(w, &filter);
    Deletion *deletion = NULL;
    world_advance(1000);
    PurgePreview found = preview(w, w->ada, &purge);
    Error *error = key_deletion_request_purge(w->arena, w->db, w->ada, &purge, &deletion);
    assert_error(error, ERROR_INVALID,
                 "This filter finds every prediction. Say all=true if you mean that.");
    purge.all = true;
    purge.options.if_match = found.etag;
    made(w, "TWO", 2020, 1);
    world_advance(1000);
    error = key_deletion_request_purge(w->arena, w->db, w->ada, &purge, &deletion);
    assert_error(error, ERROR_CHANGED,
                 "What this would delete has changed since the preview. Look at it again.");
    purge.options.if_match = "*";
    purged(w, w->ada, &purge);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    assert_string_equal(
        world_text(w, "SELECT row_count FROM audit_events WHERE action = 'predictions.purged'"),
        "2\n");
}

/* Two who share an owner: it is taken for an organization, though its data is Ada's. */
static Principal colleague(World *w)
{
    return world_member(w->bob, ROLE_ORG_MEMBER, w->ada->user_id);
}

static void test_only_what_is_his(void **state)
{
    World *w = *state;
    Prediction *theirs = NULL;
    Principal bob = colleague(w);
    made(w, "ONE", 2020, 1);
    PredictionFilter filter = of_year(2020);
    Purge purge = purge_of(w, &filter);
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_int_equal(preview(w, &bob, &purge).counts.others, 1);
    Error *error = key_deletion_request_purge(w->arena, w->db, &bob, &purge, &deletion);
    assert_error(error, ERROR_DENIED, "Only who made these predictions may delete them.");
    assert_no_error(world_create(w, &bob, "TWO", 2020, 1, &theirs));
    world_advance(1000);
    PurgePreview found = preview(w, &bob, &purge);
    assert_int_equal(found.counts.keys, 1);
    assert_int_equal(found.counts.others, 1);
    assert_int_equal(found.sample_count, 1);

    filter.has_user = true; /* asked for another's, he gets nothing, and not his own */
    filter.created_by = w->ada->user_id;
    assert_int_equal(preview(w, &bob, &purge).counts.keys, 0);
    filter.created_by = w->root->user_id;
    purged(w, &bob, &purge);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
    filter.has_user = false;
    purged(w, &bob, &purge);
    world_work(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 1);
    Prediction *mine = NULL;
    assert_error(get(w, &bob, theirs->id, &mine), ERROR_GONE, "This prediction was deleted.");
}

static const char *many_rows(World *w, int count)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < count; i++)
        buf_add(&text, str_from(world_row(w, TEXT("S%d", i % 7), 1900 + i / 7, i)));
    return buf_str(&text).ptr;
}

/* Killed behind each batch, it goes on where it was, and comes back whole. */
static void test_stopped_at_each_batch(void **state)
{
    World *w = *state;
    enum { ROWS = 650 };
    imported(w, many_rows(w, ROWS));
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Purge purge = purge_of(w, &filter);
    purge.all = true;
    const char *before = rows(w);
    Deletion *deletion = purged(w, w->ada, &purge);
    int batches = 0;
    for (Task *task = NULL; batches == 0 || task != NULL; batches++) {
        world_reopen(w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
        assert_no_error(world_step(w, NULL, 1, &task));
        world_check(w);
        const Deletion *now = find(w, w->ada, deletion->id);
        assert_int_equal(deletion_rows(&now->counts) +
                             world_number(w, "SELECT count(*) FROM annual_predictions"),
                         ROWS);
    }
    assert_true(batches > 3);
    assert_int_equal(find(w, w->ada, deletion->id)->counts.companies_empty, 7);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
}

/* --- companies --------------------------------------------------------------------------------- */

static Deletion *company_deleted(World *w, Uuid id, bool with_predictions)
{
    CompanyDeletion asked = {.with_predictions = with_predictions};
    const Company *company = NULL;
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(
        company_deletion_request(w->arena, w->db, w->ada, id, &asked, &company, &deletion));
    return deletion;
}

static void test_a_company(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 2020, 1);
    changed(w, p, 2);
    made(w, "ONE", 2021, 1);
    made(w, "TWO", 2020, 1);
    CompanyDeletion asked = {0};
    CompanyDeletionPreview found;
    const Company *company = NULL;
    Company *seen = NULL;
    Deletion *deletion = NULL;
    Error *error = company_deletion_request(w->arena, w->db, w->ada, p->company_id, &asked,
                                            &company, &deletion);
    assert_error(error, ERROR_CONFLICT,
                 "3 predictions name this company. Delete them first, or with it by "
                 "delete_predictions=true.");
    assert_string_equal(error->reason, "has_predictions");
    assert_no_error(
        company_deletion_preview(w->arena, w->db, w->ada, p->company_id, &asked, &found));
    assert_int_equal(found.predictions_kept, 3);
    asked.with_predictions = true;
    assert_no_error(
        company_deletion_preview(w->arena, w->db, w->ada, p->company_id, &asked, &found));
    assert_int_equal(deletion_rows(&found.counts), 3);
    const char *before = rows(w);
    deletion = company_deleted(w, p->company_id, true);
    assert_int_equal(deletion->state, DELETION_PENDING);
    world_work(w);
    deletion = find(w, w->ada, deletion->id);
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(deletion_rows(&deletion->counts), 3);
    assert_int_equal(deletion->counts.companies_deleted, 1);
    assert_error(companies_get(w->arena, w->db, w->ada, p->company_id, &seen), ERROR_NOT_FOUND,
                 "There is no such company.");
    world_check(w);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
}

static void test_a_company_that_nothing_names(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 2020, 1), *again;
    removed(w, w->ada, p->id, false);
    const char *before = rows(w);
    Deletion *deletion = company_deleted(w, p->company_id, false);
    assert_int_equal(deletion->state, DELETION_DONE);
    assert_int_equal(find(w, w->ada, deletion->id)->counts.companies_deleted, 1);
    restore(w, deletion->id);
    assert_string_equal(rows(w), before);
    company_deleted(w, p->company_id, false);
    again = made(w, "ONE", 2021, 1); /* the symbol comes back: the same company */
    assert_true(uuid_equal(again->company_id, p->company_id));
    world_check(w);
}

static void test_a_company_of_others(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 2020, 1), *theirs = NULL;
    Principal bob = colleague(w);
    CompanyDeletion asked = {.with_predictions = true};
    const Company *company = NULL;
    Deletion *deletion = NULL;
    Error *error =
        company_deletion_request(w->arena, w->db, &bob, p->company_id, &asked, &company, &deletion);
    assert_error(error, ERROR_DENIED, "Only who made this company may delete it.");
    assert_no_error(world_create(w, &bob, "ONE", 2021, 1, &theirs));
    Principal ada = world_member(w->ada, ROLE_ORG_MEMBER, w->ada->user_id);
    error =
        company_deletion_request(w->arena, w->db, &ada, p->company_id, &asked, &company, &deletion);
    assert_error(error, ERROR_DENIED,
                 "1 of its predictions were made by others, and only they may delete them.");
    asked.options.if_match = "\"other\"";
    removed(w, &bob, theirs->id, false);
    error = company_deletion_request(w->arena, w->db, w->ada, p->company_id, &asked, &company,
                                     &deletion);
    assert_error(error, ERROR_CHANGED,
                 "What this would delete has changed since the preview. Look at it again.");
}

/* A prediction that came after the deletion was accepted keeps its company. */
static void test_a_company_used_meanwhile(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 2020, 1), *found = NULL;
    Deletion *deletion = company_deleted(w, p->company_id, true);
    Prediction *later = made(w, "ONE", 2021, 1);
    world_work(w);
    deletion = find(w, w->ada, deletion->id);
    assert_int_equal(deletion_rows(&deletion->counts), 1);
    assert_int_equal(deletion->counts.companies_deleted, 0);
    assert_no_error(get(w, w->ada, later->id, &found));
    world_check(w);
}

/* --- failures ---------------------------------------------------------------------------------- */

typedef struct Act {
    World *w;
    Uuid id;
    Uuid company;
} Act;

static Error *do_one_version(Act *a)
{
    KeyDeletionOptions options = {.this_version = true};
    Deletion *deletion = NULL;
    return predictions_delete(a->w->arena, a->w->db, a->w->ada, KIND_ANNUAL, a->id, &options,
                              &deletion);
}

static Error *do_purge(Act *a)
{
    PredictionFilter filter = of_year(2020);
    Purge purge = purge_of(a->w, &filter);
    Deletion *deletion = NULL;
    return key_deletion_request_purge(a->w->arena, a->w->db, a->w->ada, &purge, &deletion);
}

static Error *do_company(Act *a)
{
    CompanyDeletion asked = {.with_predictions = true};
    const Company *company = NULL;
    Deletion *deletion = NULL;
    return company_deletion_request(a->w->arena, a->w->db, a->w->ada, a->company, &asked, &company,
                                    &deletion);
}

/* Until nothing fails: with each call failing, either nothing has happened or all of it. */
static void fail_each_call(World *w, Act *act, Error *(*run)(Act *))
{
    const char *before = world_state(w->arena, w);
    bool fired = true;
    for (int64_t nth = 1; fired; nth += 1 + nth / world_rounds(30)) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = run(act);
        fired = fault_fired(w->fault);
        bool committing = fault_calls(w->fault, FAULT_COMMIT) > 0;
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        assert_false(db_in_transaction(w->db));
        assert_int_equal(fault_open_cursors(w->fault), 0);
        if (fired)
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        else
            assert_no_error(error);
        if (fired && committing && strcmp(world_state(w->arena, w), before) != 0)
            return; /* only the answer was lost */
        if (fired)
            assert_string_equal(world_state(w->arena, w), before);
        world_check(w);
    }
}

static Error *do_work(Act *a)
{
    Task *task = NULL;
    return world_step(a->w, NULL, -1, &task);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Uuid job =
        imported(w, TEXT("%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 1)));
    Prediction *edit = changed(w, row_of(w, job, 0), 2);
    Act act = {w, edit->id, edit->company_id};
    Error *(*acts[])(Act *) = {do_one_version, do_purge, do_company};
    world_advance(1000);
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        world_restore(w);
        fail_each_call(w, &act, acts[i]);
    }
}

/* The worker's part commits more than once: whatever failed, it ends as if nothing had. */
static void test_work_with_every_call_failing(void **state)
{
    World *w = *state;
    Uuid job =
        imported(w, TEXT("%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "ONE", 2021, 1)));
    Prediction *edit = changed(w, row_of(w, job, 0), 2);
    Act act = {w, edit->id, edit->company_id};
    Error *(*acts[])(Act *) = {do_purge, do_company};
    world_advance(1000);
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        const char *should = NULL;
        bool fired = true;
        for (int64_t nth = 0; fired; nth += 1 + nth / world_rounds(30)) {
            world_restore(w);
            assert_no_error(acts[i](&act));
            fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
            Error *error = do_work(&act);
            fired = nth == 0 || fault_fired(w->fault);
            fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
            if (fired && nth > 0)
                assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
            world_check(w);
            world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
            world_work(w);
            world_check(w);
            const char *now = world_text(
                w, "SELECT p.* FROM annual_predictions p ORDER BY p.id;"
                   "SELECT c.symbol, c.deleted_at IS NULL FROM companies c ORDER BY c.symbol;"
                   "SELECT j.removed_rows FROM bulk_upload_jobs j;"
                   "SELECT state, deleted_rows, archived_rows, companies_deleted FROM deletions");
            if (should == NULL)
                should = now;
            assert_string_equal(now, should);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_all_versions_of_a_key),
        WORLD_TEST(test_the_last_of_a_company),
        WORLD_TEST(test_hidden_versions_stay),
        WORLD_TEST(test_one_version_alone),
        WORLD_TEST(test_what_became_of_it),
        WORLD_TEST(test_what_is_gone_cannot_be_deleted),
        WORLD_TEST(test_a_legal_hold),
        WORLD_TEST(test_a_hold_set_meanwhile),
        WORLD_TEST(test_a_purge),
        WORLD_TEST(test_a_purge_of_a_jobs_rows),
        WORLD_TEST(test_what_a_purge_asks_for),
        WORLD_TEST(test_only_what_is_his),
        WORLD_TEST(test_stopped_at_each_batch),
        WORLD_TEST(test_a_company),
        WORLD_TEST(test_a_company_that_nothing_names),
        WORLD_TEST(test_a_company_of_others),
        WORLD_TEST(test_a_company_used_meanwhile),
        WORLD_TEST(test_every_call_failing),
        WORLD_TEST(test_work_with_every_call_failing),
    };
    return world_run(tests);
}
