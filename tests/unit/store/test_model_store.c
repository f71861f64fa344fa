/* The registry: lists leave the file out, and at most one model of a kind is active. */
#include "store/model_store.h"

#include "base/clock.h"
#include "fixture.h"

static ModelRow add(Fixture *f, Kind kind, const char *name, const char *version)
{
    ModelRow model = {.id = uuid_new(),
                      .kind = kind,
                      .name = name,
                      .version = version,
                      .digest = digest_of(str_from(name)),
                      .file = STR("{\"a\": \0 1}"),
                      .illustrative = version[0] == '1',
                      .created_at = fixture_advance(1)};
    fixture_begin(f);
    assert_no_error(model_insert(f->arena, f->db, &model, f->user));
    fixture_commit(f);
    return model;
}

static void check(const ModelRow *stored, const ModelRow *model, bool with_file)
{
    assert_non_null(stored);
    assert_uuid(stored->id, model->id);
    assert_int_equal(stored->kind, model->kind);
    assert_string_equal(stored->name, model->name);
    assert_string_equal(stored->version, model->version);
    assert_memory_equal(stored->digest.bytes, model->digest.bytes, DIGEST_SIZE);
    assert_int_equal(stored->illustrative, model->illustrative);
    assert_int_equal(stored->created_at, model->created_at);
    assert_int_equal(stored->file.len, with_file ? model->file.len : 0);
    if (with_file)
        assert_true(str_equal(stored->file, model->file));
}

static void a_model_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    ModelRow model = add(f, KIND_QUARTERLY, "house", "1.0"), *stored = NULL;
    assert_no_error(model_by_id(f->arena, f->db, model.id, &stored));
    check(stored, &model, true);
    assert_false(stored->active);
    assert_no_error(model_by_name(f->arena, f->db, KIND_QUARTERLY, "house", "1.0", &stored));
    check(stored, &model, false);
}

static void what_is_not_there_is_not_found(void **state)
{
    Fixture *f = *state;
    add(f, KIND_ANNUAL, "house", "1.0");
    ModelRow *stored = (ModelRow *)1;
    assert_no_error(model_by_id(f->arena, f->db, fixture_id(1), &stored));
    assert_null(stored);
    assert_no_error(model_by_name(f->arena, f->db, KIND_QUARTERLY, "house", "1.0", &stored));
    assert_null(stored);
    assert_no_error(model_by_name(f->arena, f->db, KIND_ANNUAL, "House", "1.0", &stored));
    assert_null(stored);
}

static void a_version_is_added_once(void **state)
{
    Fixture *f = *state;
    ModelRow model = add(f, KIND_ANNUAL, "house", "1.0");
    add(f, KIND_QUARTERLY, "house", "1.0");
    add(f, KIND_ANNUAL, "house", "1.1");
    model.id = uuid_new();
    fixture_begin(f);
    assert_error(model_insert(f->arena, f->db, &model, UUID_NIL), ERROR_CONFLICT,
                 "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
}

static void models_are_listed_by_kind_name_and_version(void **state)
{
    Fixture *f = *state;
    ModelRow b = add(f, KIND_ANNUAL, "b", "1"), a2 = add(f, KIND_ANNUAL, "a", "2");
    ModelRow a1 = add(f, KIND_ANNUAL, "a", "1"), q = add(f, KIND_QUARTERLY, "a", "1");
    const ModelRow *expected[] = {&a1, &a2, NULL, &b, &q, NULL}; /* NULL: the fixture's own */
    ModelRow *models = NULL;
    size_t count = 0;
    assert_no_error(model_list(f->arena, f->db, &models, &count));
    assert_int_equal(count, ARRAY_COUNT(expected));
    for (size_t i = 0; i < count; i++)
        if (expected[i] != NULL)
            check(&models[i], expected[i], false);
    assert_uuid(models[2].id, f->models[KIND_ANNUAL]);
    assert_uuid(models[5].id, f->models[KIND_QUARTERLY]);
    assert_true(models[2].active && models[5].active);
}

static Uuid active(Fixture *f, Kind kind)
{
    Uuid id = fixture_id(99);
    assert_no_error(model_active_id(f->arena, f->db, kind, &id));
    return id;
}

static void one_model_of_a_kind_is_active(void **state)
{
    Fixture *f = *state;
    ModelRow a = add(f, KIND_ANNUAL, "a", "1"), b = add(f, KIND_ANNUAL, "b", "1");
    const ModelRow *order[] = {&a, &b, &b, &a};
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        fixture_begin(f);
        assert_no_error(model_activate(f->arena, f->db, KIND_ANNUAL, order[i]->id));
        fixture_commit(f);
        assert_uuid(active(f, KIND_ANNUAL), order[i]->id);
        assert_uuid(active(f, KIND_QUARTERLY), f->models[KIND_QUARTERLY]);
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM models WHERE active"), 2);
    }
    fixture_script(f, "UPDATE models SET active = FALSE");
    assert_true(uuid_is_nil(active(f, KIND_ANNUAL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_model_comes_back_as_it_was),
        STORE_TEST(what_is_not_there_is_not_found),
        STORE_TEST(a_version_is_added_once),
        STORE_TEST(models_are_listed_by_kind_name_and_version),
        STORE_TEST(one_model_of_a_kind_is_active),
    };
    return fixture_run(tests);
}
