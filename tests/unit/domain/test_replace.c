/* Versions that take each other's place: rows of an upload that replace what is there, and a prediction by hand in
 * the place of another. What the deletion of the upload gives back is in test_deletion.c and test_history.c. */
#include "world.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

/* Every version of every key, newest first. */
static const char VERSIONS[] =
    "SELECT c.symbol, p.reporting_year, p.return_on_assets, p.is_current, p.source, p.job_row "
    "FROM annual_predictions p JOIN companies c ON c.owner_id = p.owner_id AND c.id = p.company_id "
    "ORDER BY c.symbol, p.reporting_year, p.created_at DESC, p.id DESC";

static ImportOptions replacing(void)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_duplicate = DUPLICATE_REPLACE;
    return options;
}

static Job *upload_with(World *w, const char *rows, const ImportOptions *options)
{
    Uuid job = world_upload(w, w->ada, rows, options);
    world_work(w);
    world_check(w);
    return world_job(w, w->ada, job);
}

static Job *upload(World *w, const char *rows)
{
    return upload_with(w, rows, NULL);
}

static Job *replace(World *w, const char *rows)
{
    const ImportOptions options = replacing();
    return upload_with(w, rows, &options);
}

static void counts(const Job *job, int64_t good, int64_t replaced, int64_t unchanged,
                   int64_t failed)
{
    const JobCounters *c = &job->counters;
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(c->successful, good);
    assert_int_equal(c->replaced, replaced);
    assert_int_equal(c->unchanged, unchanged);
    assert_int_equal(c->failed, failed);
}

static int64_t revision(World *w, const Job *job)
{
    return world_job(w, w->ada, job->id)->revision;
}

static void is_text(World *w, const char *query, const char *text)
{
    assert_string_equal(world_text(w, query), text);
}

/* --- uploads ----------------------------------------------------------------------------------- */

static void test_rows_that_differ_replace(void **state)
{
    World *w = *state;
    Job *a =
        upload(w, TEXT("%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2), ROW("ONE", 2021, 3)));
    Job *b = replace(w, TEXT("%s%s%s%s", ROW("ONE", 2020, 7), ROW("TWO", 2020, 2),
                             ROW("ONE", 2021, 8), ROW("NEW", 2020, 9)));
    counts(b, 3, 2, 1, 0);
    is_text(w, VERSIONS,
            "NEW|2020|9.0|1|0|5\nONE|2020|7.0|1|0|2\nONE|2020|1.0|0|0|2\nONE|2021|8.0|1|0|4\n"
            "ONE|2021|3.0|0|0|4\nTWO|2020|2.0|1|0|3\n");
    is_text(w, "SELECT job_row FROM covering_rows ORDER BY job_row", "2\n4\n");
    assert_int_equal(revision(w, a), a->revision + 1); /* once for both */
    assert_int_equal(world_number(w,
                                  "SELECT count(*) FROM covering_rows v JOIN annual_predictions p "
                                  "ON p.owner_id = v.owner_id AND p.id = v.prediction_id "
                                  "AND p.job_id = v.job_id AND p.job_row = v.job_row"),
                     2);
    Job *again = replace(w, TEXT("%s%s", ROW("ONE", 2020, 7), ROW("ONE", 2021, 4)));
    counts(again, 1, 1, 1, 0);
    is_text(w, VERSIONS,
            "NEW|2020|9.0|1|0|5\nONE|2020|7.0|1|0|2\nONE|2020|1.0|0|0|2\nONE|2021|4.0|1|0|3\n"
            "ONE|2021|8.0|0|0|4\nONE|2021|3.0|0|0|4\nTWO|2020|2.0|1|0|3\n");
}

static const char STANDING[] =
    "SELECT p.id, p.is_current, p.return_on_assets, p.probability, p.created_at "
    "FROM annual_predictions p ORDER BY p.id; SELECT job_id, reporting_year, risk_level, "
    "sum(delta) "
    "FROM prediction_counts GROUP BY job_id, reporting_year, risk_level HAVING sum(delta) <> 0 "
    "ORDER BY 1, 2, 3";

static void test_deleting_the_upload_gives_all_back(void **state)
{
    World *w = *state;
    upload(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    const char *before = world_text(w, STANDING);
    Job *b =
        replace(w, TEXT("%s%s%s", ROW("ONE", 2020, 7), ROW("TWO", 2020, 8), ROW("X", 2020, 1)));
    const char *after = world_text(w, STANDING);
    world_delete(w, w->ada, b->id, true);
    world_work(w);
    world_check(w);
    is_text(w, STANDING, before);
    Uuid deletion;
    Deletion *restored = NULL;
    assert_no_error(restoration_find(w->arena, w->db, w->ada, b->id, &deletion));
    assert_no_error(restoration_request(w->arena, w->db, w->ada, deletion, NULL, &restored));
    world_work(w);
    world_check(w);
    is_text(w, STANDING, after);
}

/* The first good row of a key counts, also when it changes nothing: else a file sent again could. */
static void test_the_first_row_of_a_key_counts(void **state)
{
    World *w = *state;
    const char *rows = TEXT("%s%s%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2),
                            ROW("ONE", 2020, 9), ROW("TWO", 2020, 2));
    counts(replace(w, rows), 2, 0, 0, 2);
    for (int i = 0; i < 2; i++)
        counts(replace(w, rows), 0, 0, 2, 2);
    counts(replace(w, TEXT("%s%s", ROW("ONE", 2020, 5), ROW("ONE", 2020, 1))), 1, 1, 0, 1);
    is_text(w, "SELECT job_row, code, message FROM bulk_upload_errors ORDER BY message, job_row",
            "3|duplicate_in_file|Row 2 of this file has the same company and period (ONE, 2020 "
            "Q4).\n4|duplicate_in_file|Row 2 of this file has the same company and period (ONE, "
            "2020 Q4).\n4|duplicate_in_file|Row 2 of this file has the same company and period "
            "(ONE, 2020 Q4).\n4|duplicate_in_file|Row 2 of this file has the same company and "
            "period (ONE, 2020 Q4).\n5|duplicate_in_file|Row 3 of this file has the same company "
            "and period (TWO, 2020 Q4).\n5|duplicate_in_file|Row 3 of this file has the same "
            "company and period (TWO, 2020 Q4).\n5|duplicate_in_file|Row 3 of this file has the "
            "same company and period (TWO, 2020 Q4).\n");
    is_text(w, VERSIONS, "ONE|2020|5.0|1|0|2\nONE|2020|1.0|0|0|2\nTWO|2020|2.0|1|0|3\n");
}

/* A job's rows ascend as they stand in the file. */
static const char UNORDERED[] =
    "SELECT count(*) FROM annual_predictions p JOIN annual_predictions q ON q.job_id = p.job_id "
    "AND "
    "q.job_row > p.job_row AND (q.created_at, q.id) < (p.created_at, p.id) WHERE p.is_current";

static const char *many(World *w, double plus)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < 700; i++)
        buf_printf(&text, "S%d,S%d Inc.,1,Energy,2020,,,,,,%g\n", i, i, i % 2 == 0 ? i : i + plus);
    return buf_str(&text).ptr;
}

/* A later row of the same key comes in another batch and, behind a crash, in another process. */
static void test_nor_does_a_crash_make_a_later_row_count(void **state)
{
    World *w = *state;
    const ImportOptions options = replacing();
    Task *task = NULL;
    upload(w, many(w, 0));
    Uuid job = world_upload(w, w->ada,
                            TEXT("%s%s%s", many(w, 0.5), ROW("S0", 2020, 99), ROW("S1", 2020, 99)),
                            &options);
    world_advance(1000);
    assert_no_error(world_step(w, NULL, 1, &task));
    assert_int_equal(w->last_end, TASK_STOPPED);
    int64_t done = world_job(w, w->ada, job)->counters.processed;
    assert_true(done > 0 && done < 700);
    world_reopen(w);
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    world_work(w);
    world_check(w);
    counts(world_job(w, w->ada, job), 350, 350, 350, 2);
    is_text(w, UNORDERED, "0\n");
    world_delete(w, w->ada, job, true);
    world_work(w);
    world_check(w);
    is_text(w,
            "SELECT count(*), sum(CASE WHEN is_current THEN 1 ELSE 0 END) FROM annual_predictions",
            "700|700\n");
}

/* Also where that is found out in the third batch, which on PostgreSQL is already under way beside the second. */
static void test_a_version_is_newer_than_what_it_replaces(void **state)
{
    World *w = *state;
    int64_t future = world_now() + HOURS(1);
    upload(w, many(w, 0));
    w->broken = "row_order";
    world_script(w,
                 TEXT("UPDATE annual_predictions SET created_at = {micros %lld} WHERE company_id "
                      "IN (SELECT id FROM companies WHERE symbol = 'S601'); UPDATE "
                      "bulk_upload_jobs SET last_created_at = {micros %lld}",
                      (long long)future, (long long)future));
    Job *b = replace(w, many(w, 0.5));
    counts(b, 350, 350, 350, 0);
    is_text(w,
            TEXT("SELECT p.created_at FROM annual_predictions p JOIN companies c ON c.owner_id = "
                 "p.owner_id AND c.id = p.company_id WHERE c.symbol = 'S601' AND p.is_current "
                 "AND p.job_row = 603"),
            TEXT("%lld\n", (long long)future + 1));
    is_text(w, UNORDERED, "0\n");
    is_text(w,
            TEXT("SELECT min(job_row) > 200 FROM annual_predictions WHERE created_at > {micros "
                 "%lld}",
                 (long long)future),
            "1\n"); /* what was committed before stays */
}

static void test_a_hidden_holder_has_no_claim(void **state)
{
    World *w = *state;
    const ImportOptions options = replacing();
    Job *a = upload(w, ROW("ONE", 2020, 1));
    Uuid b =
        world_upload(w, w->ada, TEXT("%s%s", ROW("ONE", 2020, 2), ROW("NEW", 2020, 2)), &options);
    world_delete(w, w->ada, a->id, true);
    world_work(w);
    world_check(w);
    counts(world_job(w, w->ada, b), 2, 0, 0, 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM covering_rows"), 0);
    is_text(w, VERSIONS, "NEW|2020|2.0|1|0|3\nONE|2020|2.0|1|0|2\n");
}

/* Of a hidden row that lies upon a version on its way back, that version holds the key. */
static void test_a_version_on_its_way_back_has_a_claim(void **state)
{
    World *w = *state;
    const OnDuplicate modes[] = {DUPLICATE_REPLACE, DUPLICATE_REJECT};
    upload(w, TEXT("%s%s", ROW("A", 2020, 1), ROW("B", 2020, 1)));
    Job *b = replace(w, TEXT("%s%s", ROW("A", 2020, 2), ROW("B", 2020, 2)));
    w->broken = "job_hides";
    world_script(w, TEXT("UPDATE bulk_upload_jobs SET hides_rows = {true}, settling = {true} WHERE "
                         "id = {id %s}",
                         uuid_text(w->arena, b->id)));
    for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
        ImportOptions options = replacing();
        options.on_duplicate = modes[i];
        Uuid job = world_upload(w, w->ada, ROW(i == 0 ? "A" : "B", 2020, 3), &options);
        world_work(w);
        const JobCounters *c = &world_job(w, w->ada, job)->counters;
        assert_int_equal(c->replaced, i == 0);
        assert_int_equal(c->failed, i == 1);
    }
    is_text(w, VERSIONS,
            "A|2020|3.0|1|0|2\nA|2020|2.0|0|0|2\nA|2020|1.0|0|0|2\n"
            "B|2020|2.0|0|0|3\nB|2020|1.0|1|0|3\n");
    Prediction *p = NULL;
    assert_int_equal(world_create(w, w->ada, "B", 2020, 5, &p)->code, ERROR_CONFLICT);
    world_check(w);
}

static void test_a_dry_run_says_what_would_be_replaced(void **state)
{
    World *w = *state;
    ImportOptions options = replacing();
    options.dry_run = true;
    upload(w, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    const char *before = world_text(w, VERSIONS);
    Job *job = upload_with(w,
                           TEXT("%s%s%s%s%s", ROW("ONE", 2020, 7), ROW("TWO", 2020, 2),
                                ROW("NEW", 2020, 3), ROW("TWO", 2020, 9), ROW("NEW", 2020, 4)),
                           &options);
    counts(job, 2, 1, 1, 2);
    is_text(w, VERSIONS, before);
}

/* --- by hand ------------------------------------------------------------------------------------ */

static Error *put_with(World *w, const Principal *who, const char *symbol, double roa,
                       const IdempotencyKey *key, CreatedPrediction *ret_created)
{
    NewPrediction new = {.kind = KIND_ANNUAL,
                         .input = {.symbol = str_from(symbol),
                                   .company_name = STR("Name"),
                                   .sector = STR("Energy"),
                                   .year = 2020,
                                   .quarter = 4}};
    new.input.ratios[kind_ratio_index(KIND_ANNUAL, STR("return_on_assets"))] = (Ratio){roa, true};
    return predictions_replace(w->arena, w->db, who, &new, key, ret_created);
}

static CreatedPrediction put(World *w, const char *symbol, double roa)
{
    const IdempotencyKey none = {0};
    CreatedPrediction created = {0};
    assert_no_error(put_with(w, w->ada, symbol, roa, &none, &created));
    world_check(w);
    return created;
}

static void test_a_prediction_in_the_place_of_another(void **state)
{
    World *w = *state;
    Job *a = upload(w, ROW("ONE", 2020, 1));
    CreatedPrediction second = put(w, "ONE", 2);
    is_text(w, VERSIONS, "ONE|2020|2.0|1|1|NULL\nONE|2020|1.0|0|0|2\n");
    assert_false(second.unchanged);
    assert_false(uuid_is_nil(second.supersedes));
    assert_true(uuid_is_nil(second.prediction->derived_from)); /* no edit: new figures */
    assert_int_equal(revision(w, a), a->revision + 1);
    CreatedPrediction same = put(w, "ONE", 2);
    assert_true(same.unchanged && uuid_equal(same.prediction->id, second.prediction->id));
    assert_true(uuid_is_nil(same.supersedes));
    CreatedPrediction third = put(w, "ONE", 3); /* in the same µs */
    assert_true(uuid_equal(third.supersedes, second.prediction->id));
    assert_int_equal(third.prediction->created_at, second.prediction->created_at + 1);
    CreatedPrediction new = put(w, "NEW", 3);
    assert_true(!new.unchanged &&uuid_is_nil(new.supersedes));
    assert_int_equal(world_number(w, "SELECT count(*) FROM covering_rows"), 0);
    is_text(w,
            "SELECT action, count(*) FROM audit_events WHERE object_kind = 'prediction' GROUP BY "
            "action ORDER BY action",
            "prediction.created|1\nprediction.replaced|2\n");
    counts(replace(w, ROW("ONE", 2020, 4)), 1, 1, 0, 0);
    is_text(w, "SELECT job_row FROM covering_rows", "2\n");
}

static void test_the_same_request_is_answered_alike(void **state)
{
    World *w = *state;
    CreatedPrediction first, again;
    const double figures[] = {1, 2, 2};
    for (int i = 0; i < 3; i++) {
        const IdempotencyKey key = {str_printf(w->arena, "key-%d", i), "POST", digest_of(STR("x"))};
        assert_no_error(put_with(w, w->ada, "ONE", figures[i], &key, &first));
        assert_int_equal(first.unchanged, i == 2);
        assert_int_equal(uuid_is_nil(first.supersedes), i != 1);
        assert_no_error(put_with(w, w->ada, "ONE", figures[i], &key, &again));
        assert_true(uuid_equal(first.prediction->id, again.prediction->id));
        assert_true(uuid_equal(first.supersedes, again.supersedes));
        assert_int_equal(first.unchanged, again.unchanged);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 2);
}

/* --- a former version taken back ----------------------------------------------------------------- */

static Error *restore_with(World *w, const Principal *who, Uuid id, Uuid version,
                           const char *if_match, CreatedPrediction *ret_created)
{
    static const IdempotencyKey none = {0};
    const VersionRestore restore = {KIND_ANNUAL, id, version, if_match, &none};
    return predictions_restore_version(w->arena, w->db, who, &restore, ret_created);
}

static const Prediction *versions_of(World *w, Uuid id, size_t count)
{
    Lineage lineage = {0};
    assert_no_error(predictions_lineage(w->arena, w->db, w->ada, KIND_ANNUAL, id, &lineage));
    assert_int_equal(lineage.versions.count, count);
    return lineage.versions.items;
}

static void test_a_former_version_comes_back(void **state)
{
    World *w = *state;
    Job *a = upload(w, ROW("ONE", 2020, 1));
    CreatedPrediction other = put(w, "OTHER", 1), second = put(w, "ONE", 2), back = {0};
    Uuid first = second.supersedes;
    int64_t before = revision(w, a);
    world_script(w, TEXT("UPDATE annual_predictions SET probability = 0.123 WHERE id = {id %s}",
                         uuid_text(w->arena, first)));
    assert_no_error(restore_with(w, w->ada, second.prediction->id, first, NULL, &back));
    world_check(w);
    const Prediction *p = back.prediction;
    assert_true(uuid_equal(back.supersedes, second.prediction->id) && !back.unchanged);
    assert_true(p->is_current && !p->has_job && p->source == SOURCE_EDIT);
    assert_true(uuid_equal(p->derived_from, first) && uuid_equal(p->root_job_id, a->id));
    assert_true(p->score.probability == 0.123); /* the scores of that version, not new ones */
    assert_true(p->ratios[4].value == 1 && p->created_at > second.prediction->created_at);
    assert_int_equal(revision(w, a), before + 1); /* its deletion would keep one edit more */
    versions_of(w, first, 3);
    CreatedPrediction same = {0}; /* any version names the key */
    assert_no_error(restore_with(w, w->ada, first, p->id, NULL, &same));
    assert_true(same.unchanged && uuid_equal(same.prediction->id, p->id));
    is_text(
        w, "SELECT action, details FROM audit_events WHERE action LIKE '%version%'",
        TEXT("prediction.version_restored|{\"version_id\":\"%s\"}\n", uuid_text(w->arena, first)));
    Error *error = restore_with(w, w->ada, other.prediction->id, first, NULL, &same);
    assert_error(error, ERROR_NOT_FOUND, "There is no such version of this prediction.");
    assert_int_equal(restore_with(w, w->bob, first, first, NULL, &same)->code, ERROR_NOT_FOUND);
    const char *stale = predictions_etag(w->arena, second.prediction, second.prediction->id);
    assert_error(restore_with(w, w->ada, first, first, stale, &same), ERROR_CHANGED,
                 "The prediction has changed since you read it. Read it again.");
    assert_no_error(restore_with(w, w->ada, first, second.prediction->id,
                                 predictions_etag(w->arena, p, p->id), &same));
    versions_of(w, first, 4);
    world_delete(w, w->ada, a->id, true); /* takes neither of them, nor does it uncover one */
    assert_int_equal(restore_with(w, w->ada, p->id, first, NULL, &back)->code, ERROR_GONE);
    world_work(w);
    world_check(w);
    versions_of(w, p->id, 3);
}

/* --- two at once -------------------------------------------------------------------------------- */

enum { RACE_KEYS = 60, RACE_EDITS = 60 };

typedef struct Race {
    World *w;
    Uuid ids[RACE_KEYS];
    Job *first;
    _Atomic int made;
} Race;

/* What people refuse each other is no failure; what the database wants again is tried again. */
static bool failed(const Error *error)
{
    return error != NULL && error->code != ERROR_CONFLICT && error->code != ERROR_BUSY &&
           error->code != ERROR_GONE && error->code != ERROR_CHANGED;
}

static void *edit_by_hand(void *self)
{
    Race *race = self;
    World *w = race->w;
    Arena *arena = arena_new(0);
    Db *db = NULL;
    uint64_t seed = 7;
    CHECK(db_open(arena, w->url, (DbOptions){0}, &db) == NULL);
    for (int i = 0; i < RACE_EDITS; i++) {
        Uuid id = race->ids[test_below(&seed, RACE_KEYS)], current = id;
        Prediction *p = NULL, *next = NULL;
        world_advance(10);
        Error *error = predictions_get(arena, db, w->ada, KIND_ANNUAL, id, &p, &current);
        CHECK(!failed(error));
        if (error != NULL || uuid_is_nil(current))
            continue;
        PredictionInput input = {.symbol = p->company_symbol,
                                 .company_name = p->company_name,
                                 .sector = p->sector,
                                 .year = p->year,
                                 .quarter = p->quarter};
        input.ratios[4] = (Ratio){1000 + i, true};
        error = predictions_change(arena, db, w->ada, KIND_ANNUAL, current, &input, NULL, &next);
        CHECK(!failed(error));
        atomic_fetch_add(&race->made, error == NULL);
    }
    db_close(db);
    arena_free(arena);
    return NULL;
}

static void *delete_the_first(void *self)
{
    Race *race = self;
    World *w = race->w;
    Arena *arena = arena_new(0);
    Db *db = NULL;
    DeletionOptions options = {.with_predictions = true};
    DeletionResult result;
    Error *error = NULL;
    CHECK(db_open(arena, w->url, (DbOptions){0}, &db) == NULL);
    clock_sleep(20000);
    do { /* as often as somebody else is quicker */
        error = deletion_request(arena, db, w->ada, race->first->id, &options, &result);
    } while (error_is(error, ERROR_RETRY));
    CHECK(error == NULL);
    db_close(db);
    arena_free(arena);
    return NULL;
}

static const char *race_rows(World *w, double plus)
{
    Buf text = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < RACE_KEYS * 10; i++)
        buf_printf(&text, "S%d,S%d Inc.,1,Energy,2020,,,,,,%g\n", i, i, i + plus);
    return buf_str(&text).ptr;
}

/* An upload that replaces, edits of the same keys and the deletion of what is replaced: in the end each key has one
 * current version, the newest that is there, and the counts agree. */
static void test_uploads_edits_and_deletions_at_once(void **state)
{
    World *w = *state;
    const ImportOptions options = replacing();
    Race race = {.w = w};
    Job *beneath = upload(w, race_rows(w, 0));
    race.first = replace(w, race_rows(w, 0.25));
    PredictionList list = {0};
    Page page = {.limit = RACE_KEYS};
    assert_no_error(predictions_of_job(w->arena, w->db, beneath, &page, &list));
    for (size_t i = 0; i < RACE_KEYS; i++)
        race.ids[i] = list.items[i].id;
    Uuid job = world_upload(w, w->ada, race_rows(w, 0.5), &options);
    pthread_t editing, deleting;
    CHECK(pthread_create(&editing, NULL, edit_by_hand, &race) == 0);
    CHECK(pthread_create(&deleting, NULL, delete_the_first, &race) == 0);
    world_work(w);
    CHECK(pthread_join(editing, NULL) == 0 && pthread_join(deleting, NULL) == 0);
    world_work(w);
    world_check(w);
    assert_true(atomic_load(&race.made) > 0);
    assert_int_equal(world_job(w, w->ada, job)->status, JOB_COMPLETED);
    assert_int_equal(world_job(w, w->ada, job)->counters.successful, RACE_KEYS * 10);
    assert_int_equal(world_job(w, w->ada, race.first->id)->status, JOB_DELETED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"),
                     RACE_KEYS * 10);
    is_text(w,
            "SELECT p.id FROM annual_predictions p JOIN annual_predictions n ON n.owner_id = "
            "p.owner_id AND n.company_id = p.company_id AND n.reporting_year = p.reporting_year "
            "AND (n.created_at, n.id) > (p.created_at, p.id) WHERE p.is_current",
            "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_rows_that_differ_replace),
        WORLD_TEST(test_deleting_the_upload_gives_all_back),
        WORLD_TEST(test_the_first_row_of_a_key_counts),
        WORLD_TEST(test_nor_does_a_crash_make_a_later_row_count),
        WORLD_TEST(test_a_version_is_newer_than_what_it_replaces),
        WORLD_TEST(test_a_hidden_holder_has_no_claim),
        WORLD_TEST(test_a_version_on_its_way_back_has_a_claim),
        WORLD_TEST(test_a_dry_run_says_what_would_be_replaced),
        WORLD_TEST(test_a_prediction_in_the_place_of_another),
        WORLD_TEST(test_the_same_request_is_answered_alike),
        WORLD_TEST(test_a_former_version_comes_back),
        WORLD_TEST(test_uploads_edits_and_deletions_at_once),
    };
    return world_run(tests);
}
