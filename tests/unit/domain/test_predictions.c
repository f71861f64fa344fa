/* Predictions by hand: made, changed by making a newer version, removed with all versions; and what each of
 * these refuses. */
#include "world.h"

#include "base/clock.h"

static Error *change(World *w, const Principal *who, Uuid id, PredictionInput input,
                     const char *if_match, Prediction **ret_next)
{
    return predictions_change(w->arena, w->db, who, KIND_ANNUAL, id, &input, if_match, ret_next);
}

static PredictionInput figures(const Prediction *of, double roa)
{
    PredictionInput input = {.symbol = of->company_symbol,
                             .company_name = STR("Another name"),
                             .sector = STR("Banks"),
                             .market_cap = {5, true},
                             .year = of->year,
                             .quarter = of->quarter};
    input.ratios[4] = (Ratio){roa, true};
    return input;
}

static Prediction *made(World *w, const char *symbol, double roa)
{
    Prediction *p = NULL;
    world_advance(1000);
    assert_no_error(world_create(w, w->ada, symbol, 2020, roa, &p));
    return p;
}

static Prediction *changed(World *w, const Prediction *p, double roa)
{
    Prediction *next = NULL;
    world_advance(1000);
    assert_no_error(change(w, w->ada, p->id, figures(p, roa), NULL, &next));
    return next;
}

static Error *get(World *w, const Principal *who, Uuid id, Prediction **ret_prediction,
                  Uuid *ret_current)
{
    return predictions_get(w->arena, w->db, who, KIND_ANNUAL, id, ret_prediction, ret_current);
}

/* --- making ------------------------------------------------------------------------------------ */

static void test_made(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 1.5);
    assert_str(p->company_symbol, "ONE");
    assert_str(p->company_name, "ONE Inc.");
    assert_int_equal(p->source, SOURCE_MANUAL);
    assert_false(p->has_job);
    assert_true(p->is_current && uuid_is_nil(p->derived_from) && uuid_is_nil(p->root_job_id));
    assert_true(uuid_equal(p->owner_id, w->ada->user_id) &&
                uuid_equal(p->created_by, w->ada->user_id));
    assert_int_equal(p->created_at, world_now());
    assert_string_equal(p->created_by_email, "ada@example.com");
    assert_string_equal(p->model_name, "plain");
    assert_null(p->original_filename);
    assert_true(p->score.probability > 0 && p->score.probability < 1);
    assert_false(p->ratios[0].present);
    world_check(w);
    assert_string_equal(
        world_text(w,
                   "SELECT action, row_count FROM audit_events WHERE object_kind = 'prediction'"),
        "prediction.created|1\n");
}

static void test_a_key_that_is_taken(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1), *second = NULL;
    int64_t companies = world_number(w, "SELECT count(*) FROM companies");
    Error *error = world_create(w, w->ada, "ONE", 2020, 1, &second);
    assert_error(error, ERROR_CONFLICT, "There is a prediction of ONE, 2020 Q4 already.");
    assert_string_equal(error->reason, "duplicate");
    assert_string_equal(error->extra_json, arena_printf(w->arena, "\"current_id\": \"%s\"",
                                                        uuid_text(w->arena, first->id)));
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies"), companies);
    assert_no_error(world_create(w, w->bob, "ONE", 2020, 1, &second)); /* his own */
    world_check(w);
}

static void test_where_it_goes(void **state)
{
    World *w = *state;
    IdempotencyKey none = {0};
    NewPrediction new = {
        .kind = KIND_ANNUAL,
        .input = {.symbol = STR("ONE"), .company_name = STR("One"), .year = 2020, .quarter = 1}};
    new.input.ratios[0] = (Ratio){1, true};
    Prediction *system = NULL, *personal = NULL;
    assert_no_error(predictions_create(w->arena, w->db, w->root, &new, &none, &system));
    new.personal = true;
    assert_no_error(predictions_create(w->arena, w->db, w->root, &new, &none, &personal));
    assert_true(uuid_equal(system->owner_id, SYSTEM_OWNER));
    assert_true(uuid_equal(personal->owner_id, w->root->user_id));
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 10, .want_total = true};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->root, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.end.total, 2);
    filter.has_access_level = true;
    filter.access_level = OWNER_SYSTEM;
    assert_no_error(predictions_list(w->arena, w->db, w->root, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.count, 1);
    assert_true(uuid_equal(list.items[0].id, system->id));
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    assert_int_equal(list.count, 0); /* no owner is left: no query */
}

static void test_idempotency(void **state)
{
    World *w = *state;
    NewPrediction new = {
        .kind = KIND_ANNUAL,
        .input = {.symbol = STR("ONE"), .company_name = STR("One"), .year = 2020, .quarter = 1}};
    new.input.ratios[0] = (Ratio){1, true};
    IdempotencyKey key = {STR("key-1"), "POST /predictions/annual", digest_of(STR("body"))},
                   other = key;
    Prediction *first = NULL, *again = NULL;
    assert_no_error(predictions_create(w->arena, w->db, w->ada, &new, &key, &first));
    assert_no_error(predictions_create(w->arena, w->db, w->ada, &new, &key, &again));
    assert_true(uuid_equal(first->id, again->id));
    other.request = digest_of(STR("another body"));
    Error *error = predictions_create(w->arena, w->db, w->ada, &new, &other, &again);
    assert_error(error, ERROR_INVALID,
                 "This Idempotency-Key was used for another request. Use a new one.");
    assert_string_equal(error->fields->code, "used_for_another_request");
    other = key;
    other.route = "PUT /somewhere";
    assert_int_equal(predictions_create(w->arena, w->db, w->ada, &new, &other, &again)->code,
                     ERROR_INVALID);
    assert_no_error(
        predictions_create(w->arena, w->db, w->bob, &new, &key, &again)); /* keys are one's own */
    world_advance(HOURS(24));
    error = predictions_create(w->arena, w->db, w->ada, &new, &key, &again);
    assert_error(error, ERROR_CONFLICT, "There is a prediction of ONE, 2020 Q1 already.");
    int64_t removed = 0;
    assert_no_error(idempotency_sweep(w->arena, w->db, &removed));
    assert_int_equal(removed,
                     2); /* the refused request took nothing back, so that one is still there */
}

/* --- changing ---------------------------------------------------------------------------------- */

static void test_a_change_is_a_new_version(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1), *found = NULL;
    Prediction *second = changed(w, first, 2), *third = changed(w, second, -3);
    Uuid current;
    assert_false(uuid_equal(first->id, second->id));
    assert_int_equal(second->source, SOURCE_EDIT);
    assert_true(uuid_equal(second->derived_from, first->id) &&
                uuid_equal(third->derived_from, second->id));
    assert_str(second->sector, "Banks");
    assert_str(second->company_name, "ONE Inc."); /* the company keeps its name */
    assert_true(second->score.probability < third->score.probability);
    assert_no_error(get(w, w->ada, first->id, &found, &current));
    assert_false(found->is_current);
    assert_true(uuid_equal(current, third->id));
    assert_true(found->ratios[4].value == 1 && found->created_at == first->created_at);
    Lineage lineage = {0};
    assert_no_error(
        predictions_lineage(w->arena, w->db, w->ada, KIND_ANNUAL, second->id, &lineage));
    const Prediction *order[] = {third, second, first};
    assert_int_equal(lineage.versions.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(uuid_equal(lineage.versions.items[i].id, order[i]->id));
    assert_null(lineage.job);
    assert_null(lineage.root_job);
    world_check(w);
}

static void test_versions_are_in_order_whatever_the_clock_says(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1), *second = NULL, *third = NULL;
    assert_no_error(
        change(w, w->ada, first->id, figures(first, 2), NULL, &second)); /* in the same µs */
    assert_int_equal(second->created_at, first->created_at + 1);
    world_advance(-HOURS(1));
    assert_no_error(change(w, w->ada, second->id, figures(first, 3), NULL, &third));
    assert_int_equal(third->created_at, second->created_at + 1);
}

static void test_former_versions_do_not_change(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1), *next = NULL;
    Prediction *second = changed(w, first, 2);
    int64_t count = 0;
    const char *message =
        "This is a former version; a newer one has taken its place. Change that one.";
    Error *errors[] = {
        change(w, w->ada, first->id, figures(first, 9), NULL, &next),
        world_remove(w, w->ada, first->id, NULL, &count),
    };
    for (size_t i = 0; i < ARRAY_COUNT(errors); i++) {
        assert_error(errors[i], ERROR_CONFLICT, message);
        assert_string_equal(errors[i]->reason, "superseded");
        assert_string_equal(errors[i]->extra_json, arena_printf(w->arena, "\"current_id\": \"%s\"",
                                                                uuid_text(w->arena, second->id)));
    }
}

static void test_the_key_cannot_change(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 1), *next = NULL;
    PredictionInput input = figures(p, 2);
    input.symbol = STR("TWO");
    input.year = 2021;
    input.quarter = 1;
    Error *error = change(w, w->ada, p->id, input, NULL, &next);
    assert_error(error, ERROR_INVALID, "The company of a prediction cannot change.");
    assert_string_equal(error->fields->field, "company_symbol");
    assert_string_equal(error->fields->next->message, "The year of a prediction cannot change.");
    assert_string_equal(error->fields->next->next->message,
                        "The quarter of a prediction cannot change.");
    input = figures(p, 2);
    input.symbol = (Str){"", 0}; /* may be left out */
    assert_no_error(change(w, w->ada, p->id, input, NULL, &next));
}

static void test_if_match(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 1), *next = NULL, *former = NULL;
    Uuid current;
    int64_t count = 0;
    const char *etag = predictions_etag(w->arena, p, p->id);
    const char *stale = "The prediction has changed since you read it. Read it again.";
    assert_true(etag[0] == '"' && etag[strlen(etag) - 1] == '"');
    assert_error(change(w, w->ada, p->id, figures(p, 2), "\"x\"", &next), ERROR_CHANGED, stale);
    assert_error(change(w, w->ada, p->id, figures(p, 2), "", &next), ERROR_CHANGED, stale);
    world_script(w,
                 "UPDATE companies SET name = 'Renamed'"); /* shown with it, but no change of it */
    assert_no_error(change(w, w->ada, p->id, figures(p, 2), etag, &next));
    assert_no_error(get(w, w->ada, p->id, &former, &current));
    assert_string_not_equal(predictions_etag(w->arena, former, current), etag);
    assert_error(world_remove(w, w->ada, next->id, etag, &count), ERROR_CHANGED, stale);
    assert_no_error(world_remove(w, w->ada, next->id, "*", &count));
}

static void test_who_may(void **state)
{
    World *w = *state;
    Prediction *p = made(w, "ONE", 1), *found = NULL;
    Uuid current;
    int64_t count = 0;
    const char *nothing = "There is no such prediction.";
    const Principal *others[] = {w->bob, w->root, w->operator};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        assert_error(get(w, others[i], p->id, &found, &current), ERROR_NOT_FOUND, nothing);
        assert_error(change(w, others[i], p->id, figures(p, 2), NULL, &found), ERROR_NOT_FOUND,
                     nothing);
        assert_error(world_remove(w, others[i], p->id, NULL, &count), ERROR_NOT_FOUND, nothing);
    }
    Uuid together = uuid_new();
    Principal ada = world_member(w->ada, ROLE_ORG_MEMBER, together);
    Principal admin = world_member(w->root, ROLE_ORG_ADMIN, together);
    Prediction theirs = {.owner_id = together, .created_by = w->bob->user_id};
    assert_false(predictions_may_change(&ada, &theirs));
    assert_true(predictions_may_change(&admin, &theirs));
    theirs.created_by = w->ada->user_id;
    assert_true(predictions_may_change(&ada, &theirs));
    assert_false(predictions_may_change(w->ada, &theirs)); /* no member any more */
    theirs.owner_id = w->ada->user_id;
    assert_true(predictions_may_change(&ada, &theirs));
    assert_false(predictions_may_change(w->root, &theirs));
    theirs.owner_id = SYSTEM_OWNER;
    assert_true(predictions_may_change(w->root, &theirs));
    assert_error(get(w, w->ada, uuid_new(), &found, &current), ERROR_NOT_FOUND, nothing);
}

/* --- removing ---------------------------------------------------------------------------------- */

static void test_removed_with_all_versions(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1), *found = NULL, *again = NULL;
    Prediction *second = changed(w, first, 2);
    Uuid current;
    KeyDeletionOptions options = {.reason = "a mistake"};
    Deletion *deletion = NULL;
    made(w, "TWO", 1);
    assert_no_error(
        predictions_delete(w->arena, w->db, w->ada, KIND_ANNUAL, second->id, &options, &deletion));
    assert_int_equal(deletion_rows(&deletion->counts), 2);
    assert_error(get(w, w->ada, first->id, &found, &current), ERROR_GONE,
                 "This prediction was deleted.");
    world_check(w);
    assert_string_equal(
        world_text(
            w, "SELECT row_count, reason FROM audit_events WHERE action = 'prediction.deleted'"),
        "2|a mistake\n");
    assert_no_error(world_create(w, w->ada, "ONE", 2020, 5, &again)); /* the key is free */
}

static void test_an_edited_row_of_an_upload(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_work(w);
    Page page = {.limit = 10};
    PredictionList list = {0};
    Job *job = world_job(w, w->ada, id);
    int64_t revision = job->revision;
    assert_no_error(predictions_of_job(w->arena, w->db, job, &page, &list));
    Prediction *edited = changed(w, &list.items[0], 3);
    assert_false(edited->has_job);
    assert_true(uuid_equal(edited->root_job_id, id));
    job = world_job(w, w->ada, id);
    assert_true(job->revision > revision); /* what a deletion would do has changed */
    assert_no_error(predictions_of_job(w->arena, w->db, job, &page, &list));
    assert_int_equal(list.count, 1); /* a former version is still what the job made */
    Lineage lineage = {0};
    assert_no_error(
        predictions_lineage(w->arena, w->db, w->ada, KIND_ANNUAL, edited->id, &lineage));
    assert_null(lineage.job);
    assert_true(uuid_equal(lineage.root_job->id, id));
    assert_int_equal(lineage.versions.count, 2);
    revision = job->revision;
    int64_t count = 0;
    assert_no_error(world_remove(w, w->ada, edited->id, NULL, &count));
    assert_int_equal(count, 2);
    job = world_job(w, w->ada, id);
    assert_true(job->revision > revision);
    assert_int_equal(job_rows_left(job), 0);
    world_check(w);
}

/* --- reading ----------------------------------------------------------------------------------- */

static void test_of_a_company(void **state)
{
    World *w = *state;
    Prediction *first = made(w, "ONE", 1);
    Prediction *second = changed(w, first, 2);
    PredictionList list = {0};
    assert_no_error(predictions_of_company(w->arena, w->db, w->ada->user_id, KIND_ANNUAL,
                                           first->company_id, false, &list));
    assert_int_equal(list.count, 1);
    assert_true(uuid_equal(list.items[0].id, second->id));
    assert_no_error(predictions_of_company(w->arena, w->db, w->ada->user_id, KIND_ANNUAL,
                                           first->company_id, true, &list));
    assert_int_equal(list.count, 2);
}

static void test_pages_of_a_job(void **state)
{
    World *w = *state;
    Buf rows = buf_new(w->arena, 1 << 16);
    for (int i = 0; i < 7; i++)
        buf_add(&rows, str_from(world_row(w, arena_printf(w->arena, "S%d", i), 2020, i)));
    Uuid id = world_upload(w, w->ada, buf_str(&rows).ptr, NULL);
    world_work(w);
    Page page = {.limit = 3, .want_total = true};
    PredictionList list = {0};
    int64_t row = 2;
    do {
        assert_no_error(
            predictions_of_job(w->arena, w->db, world_job(w, w->ada, id), &page, &list));
        assert_int_equal(list.end.total, 7);
        for (size_t i = 0; i < list.count; i++)
            assert_int_equal(list.items[i].job_row, row++);
        page.after = list.end.next;
    } while (list.end.has_more);
    assert_int_equal(row, 9);
    world_delete(w, w->ada, id, true);
    page.after = (PageKey){0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, id), &page, &list));
    assert_int_equal(list.count, 0);
    assert_int_equal(list.end.total, 0);
}

/* --- failures ---------------------------------------------------------------------------------- */

typedef struct Acting {
    World *w;
    Uuid id;
} Acting;

static Error *do_create(Acting *a)
{
    Prediction *p = NULL;
    return world_create(a->w, a->w->ada, "NEW", 2020, 1, &p);
}

static Error *do_change(Acting *a)
{
    Prediction *next = NULL;
    PredictionInput input = {.year = 2020, .quarter = 4};
    input.ratios[0] = (Ratio){8, true};
    return change(a->w, a->w->ada, a->id, input, NULL, &next);
}

static Error *do_delete(Acting *a)
{
    int64_t count = 0;
    return world_remove(a->w, a->w->ada, a->id, NULL, &count);
}

/* Either nothing has happened, or all of it and only the answer was lost. */
static void test_every_call_failing(void **state)
{
    World *w = *state;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    world_work(w);
    Page page = {.limit = 10};
    PredictionList list = {0};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    Acting acting = {w, list.items[0].id};
    Error *(*acts[])(Acting *) = {do_create, do_change, do_delete};
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
        world_restore(w);
        const char *before = world_state(w->arena, w);
        assert_no_error(acts[i](&acting));
        const char *after = world_state(w->arena, w);
        bool fired = true;
        for (int64_t nth = 1; fired; nth++) {
            world_restore(w);
            fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
            Error *error = acts[i](&acting);
            fired = fault_fired(w->fault);
            bool committing = fault_calls(w->fault, FAULT_COMMIT) > 0;
            fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
            assert_false(db_in_transaction(w->db));
            assert_int_equal(fault_open_cursors(w->fault), 0);
            const char *now = world_state(w->arena, w);
            if (fired)
                assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
            if (!fired || (committing && strcmp(now, before) != 0))
                assert_string_equal(now, after);
            else
                assert_string_equal(now, before);
            world_check(w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_made),
        WORLD_TEST(test_a_key_that_is_taken),
        WORLD_TEST(test_where_it_goes),
        WORLD_TEST(test_idempotency),
        WORLD_TEST(test_a_change_is_a_new_version),
        WORLD_TEST(test_versions_are_in_order_whatever_the_clock_says),
        WORLD_TEST(test_former_versions_do_not_change),
        WORLD_TEST(test_the_key_cannot_change),
        WORLD_TEST(test_if_match),
        WORLD_TEST(test_who_may),
        WORLD_TEST(test_removed_with_all_versions),
        WORLD_TEST(test_an_edited_row_of_an_upload),
        WORLD_TEST(test_of_a_company),
        WORLD_TEST(test_pages_of_a_job),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
