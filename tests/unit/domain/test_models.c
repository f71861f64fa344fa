/* The registry: a model never changes, one of each kind is active, and only some may say which. */
#include "domain/models.h"

#include "world.h"

static Str card(World *w, const char *name, const char *version, double intercept)
{
    return str_printf(
        w->arena,
        "{\"format\": \"obligor-scorecard/1\", \"kind\": \"annual\", \"name\": \"%s\", "
        "\"version\": \"%s\", \"description\": \"for tests\", \"intercept\": %g, \"features\": "
        "[{\"field\": \"return_on_assets\", \"coefficient\": 1.0, \"bins\": [{\"above\": null, "
        "\"up_to\": null, \"rate\": 0.5}], \"missing\": 1.0, \"otherwise\": 1.0}], "
        "\"risk_levels\": [{\"level\": \"CRITICAL\", \"above_percent\": 15}, {\"level\": \"HIGH\", "
        "\"from_percent\": 5}, {\"level\": \"MEDIUM\", \"from_percent\": 2}, {\"level\": "
        "\"LOW\"}]}",
        name, version, intercept);
}

static Error *add(World *w, const Principal *who, Str file, bool activate, ModelRow **ret_model)
{
    world_advance(1000);
    return models_add(w->arena, w->db, who, file, activate, ret_model);
}

static bool is_active(World *w, Uuid id)
{
    const LoadedModel *model = NULL;
    assert_no_error(models_active(w->arena, w->db, KIND_ANNUAL, &model));
    return uuid_equal(model->row.id, id);
}

static void test_the_same_file_again(void **state)
{
    World *w = *state;
    ModelRow *first = NULL, *again = NULL;
    Str file = card(w, "mine", "1", -2);
    assert_no_error(add(w, w->operator, file, false, &first));
    assert_false(first->active);
    assert_false(is_active(w, first->id));
    assert_no_error(add(w, w->root, file, false, &again));
    assert_true(uuid_equal(first->id, again->id));
    assert_no_error(add(w, w->root, file, true, &again));
    assert_true(uuid_equal(first->id, again->id) && again->active);
    assert_true(is_active(w, first->id));
    assert_int_equal(world_number(w, "SELECT count(*) FROM models"), 3);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM models WHERE active AND kind = 'annual'"), 1);
    assert_string_equal(
        world_text(w,
                   "SELECT action FROM audit_events WHERE object_kind = 'model' ORDER BY seq DESC "
                   "LIMIT 2"),
        "model.activated\nmodel.added\n");
}

static void test_another_card_of_the_same_name(void **state)
{
    World *w = *state;
    ModelRow *first = NULL, *other = NULL;
    assert_no_error(add(w, w->operator, card(w, "mine", "1", -2), true, &first));
    assert_error(add(w, w->operator, card(w, "mine", "1", -3), true, &other), ERROR_CONFLICT,
                 "There is another annual model named mine, version 1. Give the new card a version "
                 "of its own: a "
                 "model never changes.");
    assert_no_error(add(w, w->operator, card(w, "mine", "2", -3), false, &other));
    assert_true(is_active(w, first->id));
    assert_no_error(models_activate(w->arena, w->db, w->root, other->id, &other));
    assert_true(other->active && is_active(w, other->id));
}

static void test_who_may(void **state)
{
    World *w = *state;
    ModelRow *model = NULL;
    const char *denied = "Only a super_admin adds and activates models.";
    assert_error(add(w, w->ada, card(w, "mine", "1", -2), true, &model), ERROR_DENIED, denied);
    assert_error(models_activate(w->arena, w->db, w->ada, w->models[KIND_ANNUAL], &model),
                 ERROR_DENIED, denied);
    assert_error(add(w, w->ada, STR("not even a card"), true, &model), ERROR_DENIED, denied);
}

static void test_what_is_no_card(void **state)
{
    World *w = *state;
    ModelRow *model = NULL;
    assert_non_null(add(w, w->root, STR("{}"), true, &model));
    assert_int_equal(world_number(w, "SELECT count(*) FROM models"), 2);
    assert_error(models_activate(w->arena, w->db, w->root, uuid_new(), &model), ERROR_NOT_FOUND,
                 "There is no such model.");
}

static void test_list_and_get(void **state)
{
    World *w = *state;
    ModelRow *models = NULL, *model = NULL;
    size_t count = 0;
    Str file = card(w, "mine", "1", -2);
    assert_no_error(add(w, w->operator, file, false, &model));
    assert_no_error(models_list(w->arena, w->db, &models, &count));
    assert_int_equal(count, 3);
    assert_no_error(models_get(w->arena, w->db, model->id, &model));
    assert_str(model->file, str_dup(w->arena, file));
    assert_memory_equal(model->digest.bytes, digest_of(file).bytes, DIGEST_SIZE);
    assert_error(models_get(w->arena, w->db, uuid_new(), &model), ERROR_NOT_FOUND,
                 "There is no such model.");
}

static void test_no_active_model(void **state)
{
    World *w = *state;
    const LoadedModel *model = NULL;
    UploadAnswer answer = {0};
    Prediction *made = NULL;
    world_script(w, "UPDATE models SET active = {false}");
    const char *message =
        "There is no active annual model to score with. Add one: obligor model add FILE "
        "--activate.";
    Error *error = models_active(w->arena, w->db, KIND_ANNUAL, &model);
    assert_error(error, ERROR_CONFLICT, message);
    assert_string_equal(error->reason, "no_active_model");
    assert_error(world_try_upload(w, w->ada, KIND_ANNUAL, STR("x"), NULL, &answer), ERROR_CONFLICT,
                 message);
    assert_error(world_create(w, w->ada, "ONE", 2020, 1, &made), ERROR_CONFLICT, message);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM companies"), 0);
}

/* The model is fixed at acceptance, whatever is activated before the worker comes to it; and activating
 * changes no prediction that is there. */
static void test_the_model_is_fixed_at_acceptance(void **state)
{
    World *w = *state;
    ModelRow *other = NULL;
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2020, 1), NULL);
    assert_no_error(add(w, w->operator, card(w, "mine", "1", 3), true, &other));
    world_work(w);
    assert_true(uuid_equal(world_job(w, w->ada, job)->model_id, w->models[KIND_ANNUAL]));
    Prediction *by_hand = NULL;
    assert_no_error(world_create(w, w->ada, "TWO", 2020, 1, &by_hand));
    assert_true(uuid_equal(by_hand->model_id, other->id));
    assert_string_equal(by_hand->model_name, "mine");
    assert_string_equal(
        world_text(w,
                   "SELECT m.name, p.probability > 0.5 FROM annual_predictions p JOIN models m ON "
                   "m.id = p.model_id ORDER BY p.created_at"),
        "plain|0\nmine|1\n");
}

static void test_loaded_once(void **state)
{
    World *w = *state;
    const LoadedModel *first = NULL, *second = NULL;
    assert_no_error(models_load(w->arena, w->db, w->models[KIND_QUARTERLY], &first));
    assert_no_error(models_load(w->arena, w->db, w->models[KIND_QUARTERLY], &second));
    assert_ptr_equal(first, second);
    assert_int_equal(first->card->kind, KIND_QUARTERLY);
    assert_int_equal(first->row.file.len, 0);
    assert_error(models_load(w->arena, w->db, uuid_new(), &first), ERROR_NOT_FOUND,
                 "There is no such model.");
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    ModelRow *model = NULL;
    Str file = card(w, "mine", "1", -2);
    const char *all = "SELECT id, active FROM models; SELECT * FROM audit_events";
    const char *before = world_text(w, all);
    for (int64_t nth = 1;; nth++) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = add(w, w->operator, file, true, &model);
        bool fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (!fired)
            break;
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_string_equal(world_text(w, all), before);
        assert_false(db_in_transaction(w->db));
    }
    assert_true(is_active(w, model->id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_the_same_file_again),
        WORLD_TEST(test_another_card_of_the_same_name),
        WORLD_TEST(test_who_may),
        WORLD_TEST(test_what_is_no_card),
        WORLD_TEST(test_list_and_get),
        WORLD_TEST(test_no_active_model),
        WORLD_TEST(test_the_model_is_fixed_at_acceptance),
        WORLD_TEST(test_loaded_once),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
