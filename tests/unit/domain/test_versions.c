/* Which version of a key is the current one, whatever jobs are deleted and restored in which order and whoever
 * works by hand meanwhile: the newest that can be seen. And how more versions change places than fit into one
 * transaction. */
#include "world.h"

#include "domain/batches.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

static const ImportOptions REPLACE = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};

static Uuid imported(World *w, Kind kind, const char *rows)
{
    UploadAnswer answer = {0};
    Str file =
        str_printf(w->arena, "%s%s", kind == KIND_ANNUAL ? WORLD_ANNUAL : WORLD_QUARTERLY, rows);
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, kind, file, &REPLACE, &answer));
    world_work(w);
    assert_int_equal(world_job(w, w->ada, answer.job_id)->status, JOB_COMPLETED);
    return answer.job_id;
}

/* --- the rule ---------------------------------------------------------------------------------- */

#define HIDDEN(row)                                                                                \
    "EXISTS (SELECT 1 FROM bulk_upload_jobs h WHERE h.owner_id = " row ".owner_id AND h.id = " row \
    ".job_id AND h.hides_rows AND (" row ".job_link = 0 OR h.hides_inferred))"
#define NOT_NEWEST(table)                                                                          \
    "SELECT c.symbol, v.reporting_year, v.return_on_" table ", v.place, v.is_current FROM "        \
    "(SELECT p.*, row_number() OVER (PARTITION BY p.owner_id, p.company_id, p.reporting_year, "    \
    "p.reporting_quarter ORDER BY p.created_at DESC, p.id DESC) AS place FROM "

/* Rows that are the newest of their key and not current, or current and not the newest: none of them. */
static const char NAIVE[] = NOT_NEWEST("assets") "annual_predictions p WHERE NOT " HIDDEN(
    "p") ") v JOIN companies c ON "
         "c.owner_id = v.owner_id AND c.id = v.company_id WHERE (v.place = 1) <> "
         "v.is_current;" NOT_NEWEST("capital") "quarterly_predictions p WHERE NOT " HIDDEN(
             "p") ") v JOIN companies c ON "
                  "c.owner_id = v.owner_id AND c.id = v.company_id WHERE (v.place = 1) <> "
                  "v.is_current";

static const char *everything(World *w)
{
    return world_text(
        w,
        "SELECT * FROM annual_predictions ORDER BY id;"
        "SELECT * FROM quarterly_predictions ORDER BY id;"
        "SELECT id, symbol, name, sector, job_id, job_row, created_at, deleted_at FROM companies "
        "ORDER BY id;"
        "SELECT kind, job_id, reporting_year, risk_level, sector, sum(delta) FROM "
        "prediction_counts GROUP BY owner_id, kind, job_id, reporting_year, risk_level, sector "
        "HAVING sum(delta) <> 0 ORDER BY 1, 2, 3, 4, 5");
}

/* While a job is settling its versions are on their way; shown already, its restoration is still under way. */
static void check(World *w, const char *what)
{
    const char *broken = w->broken;
    bool settling = world_number(w, "SELECT count(*) FROM bulk_upload_jobs WHERE settling") > 0;
    const char *wrong = settling ? "" : world_text(w, NAIVE);
    if (*wrong != '\0')
        fail_msg("after %s:\n%s", what, wrong);
    if (settling)
        w->broken = "job_deletion";
    world_check(w);
    w->broken = broken;
}

static Error *deleted(World *w, Uuid job, DeletionOptions options, Uuid *ret_deletion)
{
    DeletionResult result = {0};
    options.with_predictions = true;
    world_advance(1000);
    TRY(deletion_request(w->arena, w->db, w->ada, job, &options, &result));
    *ret_deletion = result.deletion->id;
    return NULL;
}

static Error *restored(World *w, Uuid deletion)
{
    Deletion *after = NULL;
    world_advance(1000);
    return restoration_request(w->arena, w->db, w->ada, deletion, NULL, &after);
}

/* Works so many batches; the lease of what was left runs out. */
static void work(World *w, int batches)
{
    Task *task = NULL;
    assert_no_error(world_step(w, NULL, batches, &task));
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
}

/* --- three deep -------------------------------------------------------------------------------- */

static const int ORDERS[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

/* Keys of A alone, of A and B, of A and C, and so on to those of all three. */
static const char *rows_of(World *w, Kind kind, int job)
{
    Buf rows = buf_new(w->arena, 1 << 16);
    for (int keys = 1; keys < 8; keys++)
        if (keys & (1 << job))
            buf_add(&rows,
                    str_from(kind == KIND_ANNUAL ? ROW(TEXT("K%d", keys), 2020, 10 * keys + job)
                                                 : TEXT("K%d,K%d Inc.,1,Energy,2020,Q2,,,,%d\n",
                                                        keys, keys, 10 * keys + job)));
    return buf_str(&rows).ptr;
}

static void three_deep(World *w, Kind kind, int64_t step)
{
    Uuid jobs[3], deletions[3];
    for (int i = 0; i < 3; i++)
        jobs[i] = imported(w, kind, rows_of(w, kind, i));
    check(w, "the imports");
    const char *before = everything(w);
    for (int64_t order = 0; order < 36; order += step) {
        const int *out = ORDERS[order / 6], *in = ORDERS[order % 6];
        for (int i = 0; i < 3; i++) {
            assert_no_error(deleted(w, jobs[out[i]], (DeletionOptions){0}, &deletions[out[i]]));
            check(w, TEXT("deletion %d of order %d", i, (int)order));
            world_work(w);
            check(w, TEXT("removal %d of order %d", i, (int)order));
        }
        for (int i = 0; i < 3; i++) {
            assert_no_error(restored(w, deletions[in[i]]));
            world_work(w);
            check(w, TEXT("restoration %d of order %d", i, (int)order));
        }
        assert_string_equal(everything(w), before);
    }
}

static void test_three_deep_in_every_order(void **state)
{
    three_deep(*state, KIND_ANNUAL, world_rounds(36) == 36 ? 1 : 5);
}

static void test_three_deep_of_quarters(void **state)
{
    three_deep(*state, KIND_QUARTERLY, 7);
}

/* --- rows that were adopted -------------------------------------------------------------------- */

static void adopted(World *w, bool numbered)
{
    w->broken = "job_rows prediction_words"; /* links and numbers are changed past the store */
    Uuid a = imported(w, KIND_ANNUAL, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    Uuid b =
        imported(w, KIND_ANNUAL,
                 TEXT("%s%s%s", ROW("ONE", 2020, 11), ROW("TWO", 2020, 22), ROW("NEW", 2020, 3)));
    const char *ids[] = {uuid_text(w->arena, a), uuid_text(w->arena, b)};
    for (int i = 0; i < 2; i++) {
        world_script(
            w, TEXT("UPDATE bulk_upload_jobs SET inferred_rows = successful_rows WHERE id = "
                    "{id %s};UPDATE annual_predictions SET job_link = 1 WHERE job_id = {id %s}",
                    ids[i], ids[i]));
        if (!numbered)
            world_script(w,
                         TEXT("UPDATE annual_predictions SET job_row = NULL WHERE job_id = {id %s};"
                              "UPDATE covering_rows SET job_row = 0 WHERE job_id = {id %s}",
                              ids[i], ids[i]));
    }
    const char *before = everything(w);
    Uuid none, of_a, of_b;
    assert_no_error(deleted(w, b, (DeletionOptions){0}, &none)); /* they stay */
    world_work(w);
    assert_string_equal(everything(w), before);
    assert_no_error(restored(w, none));
    world_work(w);
    assert_string_equal(everything(w), before);
    for (int order = 0; order < 4; order++) {
        const DeletionOptions options = {.include_inferred = true};
        assert_no_error(deleted(w, order & 1 ? a : b, options, order & 1 ? &of_a : &of_b));
        check(w, "the first deletion");
        assert_no_error(deleted(w, order & 1 ? b : a, options, order & 1 ? &of_b : &of_a));
        check(w, "the second deletion");
        world_work(w);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
        assert_no_error(restored(w, order & 2 ? of_a : of_b));
        world_work(w);
        check(w, "the first restoration");
        assert_no_error(restored(w, order & 2 ? of_b : of_a));
        world_work(w);
        check(w, "the second restoration");
        assert_string_equal(everything(w), before);
    }
}

static void test_rows_with_an_inferred_link(void **state)
{
    adopted(*state, true);
}

static void test_rows_without_a_number(void **state)
{
    adopted(*state, false);
}

/* A job whose recorded rows are on their way out hides none of its inferred ones. */
static void test_an_inferred_row_comes_back_while_its_job_is_being_deleted(void **state)
{
    World *w = *state;
    Uuid a = imported(w, KIND_ANNUAL, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 2)));
    Uuid b = imported(w, KIND_ANNUAL, TEXT("%s%s", ROW("ONE", 2020, 11), ROW("TWO", 2020, 22)));
    Uuid of_a, of_b;
    w->broken = "job_rows"; /* a link is changed past the store */
    world_script(w,
                 TEXT("UPDATE bulk_upload_jobs SET inferred_rows = 1 WHERE id = {id %s};UPDATE "
                      "annual_predictions SET job_link = 1 WHERE job_id = {id %s} AND job_row = 2",
                      uuid_text(w->arena, a), uuid_text(w->arena, a)));
    assert_no_error(deleted(w, a, (DeletionOptions){0}, &of_a));
    check(w, "the deletion of A");
    assert_no_error(deleted(w, b, (DeletionOptions){0}, &of_b));
    check(w, "the deletion of B");
    world_work(w);
    check(w, "the removal");
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE is_current"),
                     1);
}

/* --- in the midst of each other ---------------------------------------------------------------- */

enum { JOBS = 3, KEYS = 7, STEPS = 40 };

typedef struct Walk {
    World *w;
    uint64_t seed;
    Uuid jobs[JOBS];
    Uuid deletions[JOBS]; /* nil: none yet */
    Uuid removed;         /* the latest deletion of a key; nil: none */
    Buf trace;
} Walk;

static Prediction *current(World *w, int key)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 100};
    PredictionList list = {0};
    assert_no_error(predictions_list(w->arena, w->db, w->ada, KIND_ANNUAL, &filter, &page, &list));
    for (size_t i = 0; i < list.count; i++)
        if (str_is(list.items[i].company_symbol, TEXT("K%d", key)))
            return &list.items[i];
    return NULL;
}

static Error *edit(World *w, const Prediction *p, double roa)
{
    PredictionInput input = {
        .company_name = STR("x"), .sector = STR("Energy"), .year = p->year, .quarter = p->quarter};
    Prediction *next = NULL;
    input.ratios[4] = (Ratio){roa, true};
    world_advance(1000);
    return predictions_change(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &input, NULL, &next);
}

static Error *remove_key(Walk *walk, const Prediction *p)
{
    World *w = walk->w;
    KeyDeletionOptions options = {0};
    Deletion *deletion = NULL;
    world_advance(1000);
    TRY(predictions_delete(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &options, &deletion));
    walk->removed = deletion->id;
    return NULL;
}

/* One thing that somebody does; refused or not. */
static Error *act(Walk *walk)
{
    World *w = walk->w;
    int what = (int)test_below(&walk->seed, 12), job = (int)test_below(&walk->seed, JOBS);
    int key = 1 + (int)test_below(&walk->seed, KEYS);
    Prediction *p = current(w, key), *made = NULL;
    bool edited = test_below(&walk->seed, 2) == 0;
    static const char *const WORDS[] = {"delete",  "delete",  "delete", "restore",
                                        "restore", "restore", "batch",  "batch",
                                        "batch",   "hand",    "remove", "put back"};
    buf_printf(&walk->trace, " %s(%d, K%d%s)", WORDS[what], job, key, edited ? ", edits" : "");
    if (what < 3)
        return deleted(w, walk->jobs[job], (DeletionOptions){.include_edited = edited},
                       &walk->deletions[job]);
    if (what < 6)
        return uuid_is_nil(walk->deletions[job]) ? NULL : restored(w, walk->deletions[job]);
    if (what < 9)
        work(w, 1);
    else if (what == 9 && p != NULL)
        return edit(w, p, (double)test_below(&walk->seed, 1000));
    else if (what == 9)
        return world_create(w, w->ada, TEXT("K%d", key), 2020, 500, &made);
    else if (what == 10 && p != NULL)
        return remove_key(walk, p);
    else if (what == 11 && !uuid_is_nil(walk->removed))
        return restored(w, walk->removed);
    return NULL;
}

static void walk_once(Walk *walk)
{
    World *w = walk->w;
    for (int i = 0; i < STEPS; i++) {
        Error *error = act(walk);
        if (error != NULL && error->code != ERROR_CONFLICT && error->code != ERROR_GONE)
            fail_msg("%s:%s", error->message, buf_str(&walk->trace).ptr);
        check(w, buf_str(&walk->trace).ptr);
    }
    world_work(w);
    check(w, buf_str(&walk->trace).ptr);
}

static void test_whatever_is_done_meanwhile(void **state)
{
    World *w = *state;
    Uuid jobs[JOBS];
    for (int i = 0; i < JOBS; i++)
        jobs[i] = imported(w, KIND_ANNUAL, rows_of(w, KIND_ANNUAL, i));
    world_save(w);
    for (int64_t seed = 1; seed <= world_rounds(25); seed++) {
        world_restore(w);
        Walk walk = {.w = w, .seed = (uint64_t)seed, .trace = buf_new(w->arena, 1 << 16)};
        memcpy(walk.jobs, jobs, sizeof jobs);
        batches_inject(seed % 2 == 0 ? 2 : 0); /* settling, or at once */
        walk_once(&walk);
        batches_inject(0);
    }
}

/* --- more than fit into one transaction --------------------------------------------------------- */

enum { PASS = 20, MANY = 5 * PASS + 7, FREE = 13, BETWEEN = 30 };

static const char *many_rows(World *w, int from, int to, const char *symbol, double roa)
{
    Buf rows = buf_new(w->arena, 4 << 20);
    for (int i = from; i < to; i++)
        buf_printf(&rows, "%s%d,Inc.,1,Energy,%d,Q4,,,,,%g\n", symbol, i / 50, 1970 + i % 50, roa);
    return buf_str(&rows).ptr;
}

/* Keys that are seen with such a value; a key twice would be two. */
static int64_t seen(World *w, const char *value)
{
    return world_number(w, TEXT("SELECT count(*) FROM annual_predictions p WHERE p.is_current AND "
                                "NOT " HIDDEN("p") " AND p.return_on_assets %s",
                                value));
}

static bool settling(World *w, Uuid job)
{
    return world_job(w, w->ada, job)->settling;
}

static void crash(World *w)
{
    world_reopen(w);
    world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
}

/* What is hidden is gone at once; what it had displaced comes back pass by pass. Who needs a key meanwhile finds
 * there what comes back. */
static Uuid settle_deletion(World *w, Uuid b)
{
    Prediction *made = NULL;
    Uuid deletion;
    assert_no_error(deleted(w, b, (DeletionOptions){0}, &deletion));
    assert_true(settling(w, b));
    assert_int_equal(seen(w, "< 2") + seen(w, "= 2"), 0);
    Error *error = world_create(w, w->ada, "S2", 1970, 7, &made);
    assert_true(error_is(error, "duplicate"));
    error = world_create(w, w->ada, "F0", 1970, 7, &made); /* of B alone */
    assert_no_error(error);
    for (int pass = 1; settling(w, b); pass++) {
        assert_true(pass <= MANY / PASS + 1);
        work(w, 1);
        if (pass % 2 == 0)
            crash(w);
        int64_t back = (int64_t)pass * PASS;
        assert_int_equal(seen(w, "< 2"), back < MANY ? back : MANY);
        assert_int_equal(seen(w, "= 2"), 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions WHERE "
                                         "return_on_assets = 2"),
                         MANY + FREE); /* nothing is removed before */
    }
    check(w, "settling");
    world_work(w);
    check(w, "the removal");
    assert_int_equal(seen(w, "< 2"), MANY);
    return deletion;
}

static void settle_restoration(World *w, Uuid b, Uuid deletion)
{
    Uuid again;
    Prediction *made = NULL;
    assert_no_error(restored(w, deletion));
    while (!settling(w, b)) {
        work(w, 1);
        assert_true(settling(w, b) || seen(w, "= 2") == 0);
    }
    assert_int_equal(seen(w, "< 2"), MANY);
    assert_int_equal(seen(w, "= 2"), FREE - 1); /* one key was taken */
    Error *error = deleted(w, b, (DeletionOptions){0}, &again);
    assert_true(error_is(error, "settling"));
    error = world_create(w, w->ada, "S2", 1970, 7, &made);
    assert_true(error_is(error, "duplicate"));
    for (int pass = 1; settling(w, b); pass++) {
        assert_true(pass <= MANY / PASS + 1);
        work(w, 1);
        if (pass % 2 == 0)
            crash(w);
        int64_t back = (int64_t)pass * PASS;
        assert_int_equal(seen(w, "= 2"), FREE - 1 + (back < MANY ? back : MANY));
        assert_int_equal(seen(w, "< 2"), back < MANY ? MANY - back : 0);
    }
    check(w, "settling again");
    assert_int_equal(world_job(w, w->ada, b)->status, JOB_COMPLETED);
}

/* A job that is deleted while another comes back: what it displaced is on its way,
 * and in front of what is older. */
static void settle_within_a_restoration(World *w, Uuid a, Uuid b)
{
    Uuid of_a, of_b;
    Uuid c = imported(w, KIND_ANNUAL, ROW("S0", 1970, 3)); /* the newest */
    assert_no_error(deleted(w, a, (DeletionOptions){0}, &of_a));
    world_work(w);
    assert_no_error(restored(w, of_a));
    work(w, 1);
    assert_no_error(deleted(w, b, (DeletionOptions){0}, &of_b));
    work(w, 2);
    world_work(w);
    check(w, "a deletion within a restoration");
    assert_int_equal(seen(w, "< 2"), MANY - 1);
    assert_no_error(deleted(w, c, (DeletionOptions){0}, &of_b));
    world_work(w);
    check(w, "the last deletion");
    assert_int_equal(seen(w, "< 2"), MANY);
}

static void test_more_than_change_places_at_once(void **state)
{
    World *w = *state;
    batches_inject(PASS);
    Uuid a = imported(w, KIND_ANNUAL, many_rows(w, 0, MANY, "S", 1));
    imported(w, KIND_ANNUAL, many_rows(w, MANY - BETWEEN, MANY, "S", 1.5));
    Uuid b = imported(w, KIND_ANNUAL,
                      TEXT("%s%s", many_rows(w, 0, MANY, "S", 2), many_rows(w, 0, FREE, "F", 2)));
    Uuid deletion = settle_deletion(w, b);
    settle_restoration(w, b, deletion);
    settle_within_a_restoration(w, a, b);
    batches_inject(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_three_deep_in_every_order),
        WORLD_TEST(test_three_deep_of_quarters),
        WORLD_TEST(test_rows_with_an_inferred_link),
        WORLD_TEST(test_rows_without_a_number),
        WORLD_TEST(test_an_inferred_row_comes_back_while_its_job_is_being_deleted),
        WORLD_TEST(test_whatever_is_done_meanwhile),
        WORLD_TEST(test_more_than_change_places_at_once),
    };
    return world_run(tests);
}
