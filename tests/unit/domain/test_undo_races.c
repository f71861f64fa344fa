/* Deletions, restorations and work by hand that meet at the same keys, each in a session of its own: they come
 * out as if one had been after the other. Nobody is told anything but that the key is taken, gone or changed, or to
 * try again, which helps; and in the end the newest visible version of each key is the current one. On the embedded
 * engine one writes after the other anyway. */
#include "world.h"

#include "base/clock.h"
#include "store/count_store.h"
#include "store/prediction_store.h"

#include <pthread.h>

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

enum { KEYS = 40, ROUNDS = 6, TRIES_MAX = 50 };

static const ImportOptions REPLACE = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};

/* Of which the odd ones, the even ones, or all. */
static const char *rows(World *w, int first, int step, double plus)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = first; i < KEYS; i += step)
        buf_printf(&text, "S%d,S%d Inc.,1,Energy,2020,,,,,,%g\n", i, i, i + plus);
    return buf_str(&text).ptr;
}

static Uuid imported(World *w, const char *text)
{
    Uuid id = world_upload(w, w->ada, text, &REPLACE);
    world_work(w);
    assert_int_equal(world_job(w, w->ada, id)->status, JOB_COMPLETED);
    return id;
}

static void check(World *w)
{
    assert_string_equal(
        world_text(
            w, "SELECT id, place, is_current FROM (SELECT p.id, p.is_current, row_number() OVER "
               "(PARTITION BY p.owner_id, p.company_id, p.reporting_year, p.reporting_quarter "
               "ORDER BY p.created_at DESC, p.id DESC) AS place FROM annual_predictions p WHERE "
               "NOT EXISTS (SELECT 1 FROM bulk_upload_jobs h WHERE h.owner_id = p.owner_id AND "
               "h.id = p.job_id AND h.hides_rows AND (p.job_link = 0 OR h.hides_inferred))) v "
               "WHERE (place = 1) <> is_current"),
        "");
    world_check(w);
}

/* --- people ------------------------------------------------------------------------------------ */

typedef struct Person {
    World *w;
    Arena *arena;
    Db *db;
    Error *(*act)(struct Person *person);
    Uuid object;
    int key;
    int refused; /* the key was taken, gone, or changed */
    int again;   /* told to try again */
    pthread_t thread;
} Person;

static pthread_barrier_t gate;

/* Who is told that somebody else was quicker comes again. */
static Error *persist(Person *person)
{
    Error *error = NULL;
    for (int i = 0; i < TRIES_MAX; i++) {
        error = person->act(person);
        if (error == NULL || error->code != ERROR_BUSY)
            return error;
        person->again++;
        clock_sleep(1000 * (i + 1));
    }
    return error;
}

static void *live(void *self)
{
    Person *person = self;
    pthread_barrier_wait(&gate);
    for (person->key = 0; person->key < KEYS; person->key++) {
        world_advance(10);
        Error *error = persist(person);
        bool refused =
            error != NULL && (error->code == ERROR_CONFLICT || error->code == ERROR_GONE ||
                              error->code == ERROR_NOT_FOUND || error->code == ERROR_CHANGED);
        CHECK(error == NULL || refused);
        person->refused += refused;
        if (person->object.bytes[0] != 0) /* it is asked for once */
            break;
    }
    return NULL;
}

static Error *act_delete(Person *person)
{
    DeletionOptions options = {.with_predictions = true};
    DeletionResult result;
    return deletion_request(person->arena, person->db, person->w->ada, person->object, &options,
                            &result);
}

static Error *act_restore(Person *person)
{
    Deletion *after = NULL;
    return restoration_request(person->arena, person->db, person->w->ada, person->object, NULL,
                               &after);
}

static NewPrediction figures(Person *person, double value)
{
    NewPrediction new = {.kind = KIND_ANNUAL,
                         .input = {.symbol = str_printf(person->arena, "S%d", person->key),
                                   .company_name = STR("x"),
                                   .sector = STR("Energy"),
                                   .market_cap = {1, true},
                                   .year = 2020,
                                   .quarter = 4}};
    new.input.ratios[4] = (Ratio){value, true};
    return new;
}

static Error *act_post(Person *person)
{
    const IdempotencyKey none = {0};
    NewPrediction new = figures(person, 1000 + person->key);
    CreatedPrediction made;
    return person->key % 2 == 0
               ? predictions_replace(person->arena, person->db, person->w->ada, &new, &none, &made)
               : predictions_create(person->arena, person->db, person->w->ada, &new, &none,
                                    &made.prediction);
}

/* Whatever is current of the key, or just was. */
static Error *act_put(Person *person)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = KEYS};
    PredictionList list = {0};
    Prediction *next = NULL;
    NewPrediction new = figures(person, 2000 + person->key);
    TRY(predictions_list(person->arena, person->db, person->w->ada, KIND_ANNUAL, &filter, &page,
                         &list));
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.items[i].company_symbol, new.input.symbol))
            return predictions_change(person->arena, person->db, person->w->ada, KIND_ANNUAL,
                                      list.items[i].id, &new.input, NULL, &next);
    return NULL;
}

static void begin(Person *person, World *w, Error *(*act)(Person *), Uuid object)
{
    *person = (Person){.w = w, .arena = arena_new(0), .act = act, .object = object};
    CHECK(db_open(person->arena, w->url, (DbOptions){0}, &person->db) == NULL);
    CHECK(pthread_create(&person->thread, NULL, live, person) == 0);
}

static void end(Person *person)
{
    CHECK(pthread_join(person->thread, NULL) == 0);
    db_close(person->db);
    arena_free(person->arena);
}

/* All at the same moment, while a worker works. */
static void meet(World *w, Person *people, int count)
{
    pthread_barrier_init(&gate, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++)
        begin(&people[i], w, people[i].act, people[i].object);
    pthread_barrier_wait(&gate);
    world_work(w);
    for (int i = 0; i < count; i++)
        end(&people[i]);
    pthread_barrier_destroy(&gate);
    world_work(w);
    check(w);
}

/* --- where they meet ---------------------------------------------------------------------------- */

static int64_t rounds(void)
{
    return world_rounds(ROUNDS) == ROUNDS ? 1 : ROUNDS; /* many where they can meet */
}

static Uuid deletion_of(World *w, Uuid job)
{
    Deletion *deletion = world_delete(w, w->ada, job, true);
    world_work(w);
    return deletion->id;
}

static void test_a_deletion_and_edits_of_what_comes_back(void **state)
{
    World *w = *state;
    imported(w, rows(w, 0, 1, 0));
    for (int64_t round = 0; round < rounds(); round++) {
        Uuid b = imported(w, rows(w, 0, 1, 0.5 + (double)round));
        Person people[] = {{.act = act_put}, {.act = act_delete, .object = b}, {.act = act_put}};
        meet(w, people, 3);
        assert_int_equal(people[1].refused, 0);
        assert_int_equal(world_job(w, w->ada, b)->status, JOB_DELETED);
    }
}

/* B covers A in every second key, and A's restoration made it cover B in the others. */
static void test_two_deletions_that_cover_each_other(void **state)
{
    World *w = *state;
    imported(w, rows(w, 0, 1, 0));
    Uuid a = imported(w, rows(w, 0, 2, 0.25)), b = imported(w, rows(w, 0, 1, 0.5));
    for (int64_t round = 0; round < rounds(); round++) {
        Person people[] = {{.act = act_delete, .object = a}, {.act = act_delete, .object = b}};
        meet(w, people, 2);
        assert_int_equal(people[0].refused + people[1].refused, 0);
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"), KEYS);
        Uuid ids[2];
        assert_no_error(restoration_find(w->arena, w->db, w->ada, a, &ids[0]));
        assert_no_error(restoration_find(w->arena, w->db, w->ada, b, &ids[1]));
        Person back[] = {{.act = act_restore, .object = ids[round % 2]},
                         {.act = act_restore, .object = ids[(round + 1) % 2]}};
        meet(w, back, 2);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), KEYS * 5 / 2);
    }
}

static void test_a_restoration_and_new_ones_of_the_same_keys(void **state)
{
    World *w = *state;
    for (int64_t round = 0; round < rounds(); round++) {
        Uuid a = imported(w, rows(w, 0, 1, (double)round));
        Person people[] = {
            {.act = act_restore, .object = deletion_of(w, a)}, {.act = act_post}, {.act = act_put}};
        meet(w, people, 3);
        assert_int_equal(people[0].refused, 0);
        assert_int_equal(world_job(w, w->ada, a)->status, JOB_COMPLETED);
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"), KEYS);
    }
}

/* As more than SETTLE_AT_ONCE would leave it: hidden, and nothing back yet. */
static void test_new_ones_where_a_version_is_on_its_way_back(void **state)
{
    World *w = *state;
    imported(w, rows(w, 0, 1, 0));
    for (int64_t round = 0; round < rounds(); round++) {
        Uuid b = imported(w, rows(w, 0, 1, 0.5 + (double)round));
        world_script(
            w, TEXT("UPDATE bulk_upload_jobs SET settling = {true}, hides_rows = {true}, status = "
                    "'deleting', status_before = 'completed' WHERE id = {id %s}",
                    uuid_text(w->arena, b)));
        Person people[] = {{.act = act_post}, {.act = act_post}, {.act = act_put}};
        pthread_barrier_init(&gate, NULL, 3);
        for (int i = 0; i < 3; i++)
            begin(&people[i], w, people[i].act, UUID_NIL);
        for (int i = 0; i < 3; i++)
            end(&people[i]);
        pthread_barrier_destroy(&gate);
        world_script(
            w,
            TEXT("UPDATE bulk_upload_jobs SET settling = {false}, hides_rows = {false}, status = "
                 "'completed', status_before = NULL WHERE id = {id %s}",
                 uuid_text(w->arena, b)));
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"), KEYS);
        world_delete(w, w->ada, b, true);
        world_work(w);
        check(w);
    }
}

static void test_a_deletion_and_an_import_that_replaces(void **state)
{
    World *w = *state;
    imported(w, rows(w, 0, 1, 0));
    for (int64_t round = 0; round < rounds(); round++) {
        Uuid b = imported(w, rows(w, 0, 1, 0.5 + (double)round));
        Uuid c = world_upload(w, w->ada, rows(w, 0, 1, 0.75 + (double)round), &REPLACE);
        Person people[] = {{.act = act_delete, .object = b}};
        meet(w, people, 1);
        assert_int_equal(people[0].refused, 0);
        assert_int_equal(world_job(w, w->ada, c)->counters.successful, KEYS);
        deletion_of(w, c);
        check(w);
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"), KEYS);
    }
}

/* --- somebody edits without rest ----------------------------------------------------------------- */

typedef struct Editor {
    World *w;
    Arena *arena;
    Prediction *version; /* the newest */
    pthread_t thread;
} Editor;

/* One more version by hand of what is current, within the transaction of the caller. */
static Prediction *next_version(Arena *arena, Db *db, const Prediction *current)
{
    bool changed = false, made = false;
    Prediction *next = ARENA_NEW(arena, Prediction);
    *next = *current;
    next->id = uuid_new();
    next->created_at++;
    next->derived_from = current->id;
    next->root_job_id = current->has_job ? current->job_id : current->root_job_id;
    next->has_job = false;
    next->source = SOURCE_EDIT;
    CHECK(prediction_unset_current(arena, db, current->kind, current->owner_id, current->id,
                                   &changed) == NULL);
    CHECK(prediction_insert(arena, db, next, &made) == NULL);
    CHECK(count_add(arena, db, current, -1) == NULL && count_add(arena, db, next, 1) == NULL);
    CHECK(changed && made);
    return next;
}

/* Is in the middle of an edit when the others begin, and ends it when somebody has come to wait for it. */
static void *edit_slowly(void *self)
{
    Editor *editor = self;
    Db *db = NULL;
    Tx tx = {0};
    CHECK(db_open(editor->arena, editor->w->url, (DbOptions){0}, &db) == NULL);
    CHECK(tx_begin(db, editor->arena, TX_WRITE, &tx) == NULL);
    editor->version = next_version(editor->arena, db, editor->version);
    pthread_barrier_wait(&gate);
    if (db_can_write_beside(db))
        clock_sleep(100000);
    CHECK(tx_commit(&tx, editor->arena) == NULL);
    db_close(db);
    return NULL;
}

static void test_an_edit_that_ends_while_it_is_uncovered(void **state)
{
    World *w = *state;
    imported(w, rows(w, 0, 1, 0));
    Uuid b = imported(w, rows(w, 0, 1, 0.5));
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    Editor editor = {.w = w, .arena = arena_new(0)};
    editor.version = world_edit(w, &list.items[0], 1000);
    pthread_barrier_init(&gate, NULL, 2);
    CHECK(pthread_create(&editor.thread, NULL, edit_slowly, &editor) == 0);
    pthread_barrier_wait(&gate);
    DeletionOptions options = {.with_predictions = true, .include_edited = true};
    DeletionResult result = {0};
    assert_no_error(deletion_request(w->arena, w->db, w->ada, b, &options, &result)); /* at once */
    pthread_join(editor.thread, NULL);
    pthread_barrier_destroy(&gate);
    arena_free(editor.arena);
    world_work(w);
    Deletion *deletion = NULL;
    assert_no_error(deletion_get(w->arena, w->db, w->ada, result.deletion->id, &deletion));
    assert_int_equal(deletion->counts.edits_deleted, 2);
    assert_int_equal(deletion->counts.versions_restored, KEYS);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), KEYS);
    check(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_deletion_and_edits_of_what_comes_back),
        WORLD_TEST(test_two_deletions_that_cover_each_other),
        WORLD_TEST(test_a_restoration_and_new_ones_of_the_same_keys),
        WORLD_TEST(test_new_ones_where_a_version_is_on_its_way_back),
        WORLD_TEST(test_a_deletion_and_an_import_that_replaces),
        WORLD_TEST(test_an_edit_that_ends_while_it_is_uncovered),
    };
    return world_run(tests);
}
