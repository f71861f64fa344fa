/* One database for a test, on each engine of tests/support/engines.c in turn. */
#include "world.h"

#include "base/clock.h"
#include "base/number.h"
#include "domain/invariants.h"
#include "domain/organization_purge.h"
#include "store/migrate.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

const char WORLD_ANNUAL[] =
    "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
    "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
    "ebit_to_interest_expense,return_on_assets\n";
const char WORLD_QUARTERLY[] =
    "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
    "total_debt_to_ebitda,sga_margin,long_term_debt_to_total_capital,return_on_capital\n";

static const char *const CARDS[KIND_COUNT] = {
    "{\"format\": \"obligor-scorecard/1\", \"kind\": \"annual\", \"name\": \"plain\", \"version\": "
    "\"1\","
    " \"description\": \"for tests\", \"intercept\": -3.0, \"features\": [{\"field\": "
    "\"return_on_assets\", \"coefficient\": 1.0, \"bins\": [{\"above\": null, \"up_to\": 0, "
    "\"rate\": 2.0},"
    " {\"above\": 0, \"up_to\": null, \"rate\": 0.5}], \"missing\": 1.0, \"otherwise\": 1.0}],"
    " \"risk_levels\": [{\"level\": \"CRITICAL\", \"above_percent\": 15}, {\"level\": \"HIGH\", "
    "\"from_percent\": 5}, {\"level\": \"MEDIUM\", \"from_percent\": 2}, {\"level\": \"LOW\"}]}",
    "{\"format\": \"obligor-scorecard/1\", \"kind\": \"quarterly\", \"name\": \"plain\", "
    "\"version\": "
    "\"1\", \"description\": \"for tests\", \"intercept\": -3.0, \"features\": [{\"field\": "
    "\"sga_margin\", \"coefficient\": 1.0, \"bins\": [{\"above\": null, \"up_to\": 0, \"rate\": "
    "2.0},"
    " {\"above\": 0, \"up_to\": null, \"rate\": 0.5}], \"missing\": 1.0, \"otherwise\": 1.0}],"
    " \"risk_levels\": [{\"level\": \"CRITICAL\", \"above_percent\": 15}, {\"level\": \"HIGH\", "
    "\"from_percent\": 5}, {\"level\": \"MEDIUM\", \"from_percent\": 2}, {\"level\": \"LOW\"}]}",
};

static _Atomic int64_t now;

static int64_t still_clock(void)
{
    return atomic_load(&now);
}

void world_advance(int64_t micros)
{
    atomic_fetch_add(&now, micros);
}

int64_t world_now(void)
{
    return atomic_load(&now);
}

/* --- life --------------------------------------------------------------------------------------- */

void world_open(World *w)
{
    Db *db = NULL;
    assert_no_error(db_open(w->arena, w->url, (DbOptions){0}, &db));
    w->db = fault_wrap(db, &w->fault);
    assert_no_error(db_open(w->arena, w->url, (DbOptions){0}, &w->reader));
}

void world_close(World *w)
{
    db_close(w->db);
    db_close(w->reader);
}

void world_reopen(World *w)
{
    world_close(w);
    world_open(w);
}

static User *add_user(World *w, const char *email, Role role)
{
    User *user = NULL;
    NewUser new = {.email = str_from(email), .role = role, .verified = true};
    assert_no_error(accounts_create(w->arena, w->db, w->operator, & new, &user));
    return user;
}

Principal *world_add_person(World *w, const char *email, Role role)
{
    static const Peer peer = {.via = "http", .address = "127.0.0.1"};
    return accounts_principal(w->arena, add_user(w, email, role), &peer);
}

Principal world_member(const Principal *of, Role role, Uuid organization_id)
{
    Principal who = *of;
    who.role = role;
    who.has_organization = true;
    who.organization_id = organization_id;
    who.owners[0] = organization_id;
    who.owner_kinds[0] = OWNER_ORGANIZATION;
    who.owners[1] = who.user_id;
    who.owner_kinds[1] = OWNER_PERSONAL;
    who.owner_count = 2;
    who.writes_to = 0;
    who.personal = 1;
    return who;
}

static void fill(World *w)
{
    static const Peer peer = {.via = "cli", .address = "tests"};
    w->operator= accounts_operator(w->arena, &peer);
    w->ada = world_add_person(w, "ada@example.com", ROLE_USER);
    w->bob = world_add_person(w, "bob@example.com", ROLE_USER);
    w->root = world_add_person(w, "root@example.com", ROLE_SUPER_ADMIN);
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        ModelRow *model = NULL;
        assert_no_error(
            models_add(w->arena, w->db, w->operator, str_from(CARDS[kind]), true, &model));
        w->models[kind] = model->id;
    }
}

int world_set_up(void **state)
{
    Arena *arena = arena_new(0);
    World *w = ARENA_NEW(arena, World);
    const Engine *engine = engine_current();
    *w = (World){.arena = arena, .engine = engine, .directory = engine_directory(arena)};
    atomic_store(&now, WORLD_START);
    clock_inject(still_clock);
    w->url = engine->make_migrated(arena, w->directory);
    world_open(w);
    fill(w);
    *state = w;
    return 0;
}

static void check_all(World *w, bool files);

int world_tear_down(void **state)
{
    World *w = *state;
    check_all(w, true);
    world_close(w);
    w->engine->drop(w->arena, w->url);
    clock_inject(NULL);
    int failed = engine_directory_remove(w->directory);
    arena_free(w->arena);
    return failed;
}

int world_run_all(const struct CMUnitTest *tests, size_t count)
{
    return engines_run(getenv("OBLIGOR_TEST_WORLDS"), tests, count);
}

int64_t world_rounds(int64_t rounds)
{
    return engine_is_sqlite(engine_current()) ? rounds : (rounds + WORLD_SLOWER - 1) / WORLD_SLOWER;
}

/* --- past the store ----------------------------------------------------------------------------- */

void world_save(World *w)
{
    w->engine->save(w->arena, w->url);
}

void world_restore(World *w)
{
    world_close(w);
    w->engine->restore(w->arena, w->url);
    world_open(w);
}

static void each_row(Arena *arena, World *w, const char *script, EngineRow row, void *context)
{
    w->engine->each_row(w->url, engine_script(arena, w->engine, script), row, context);
}

static void add_line(void *context, int count, const char *const *columns)
{
    for (int i = 0; i < count; i++)
        buf_printf(context, "%s%s", i == 0 ? "" : "|", columns[i]);
    buf_add_char(context, '\n');
}

static const char *lines(Arena *arena, World *w, const char *query)
{
    Buf text = buf_new(arena, 64 << 20);
    buf_add(&text, STR(""));
    each_row(arena, w, query, add_line, &text);
    return text.len == 0 ? "" : str_dup(arena, buf_str(&text));
}

const char *world_text(World *w, const char *query)
{
    return lines(w->arena, w, query);
}

static void keep_number(void *context, int count, const char *const *columns)
{
    assert_int_equal(count, 1);
    assert_true(number_parse_int(str_from(columns[0]), INT64_MIN + 1, INT64_MAX, context));
}

int64_t world_number(World *w, const char *query)
{
    int64_t number = INT64_MIN;
    each_row(w->arena, w, query, keep_number, &number);
    assert_true(number != INT64_MIN);
    return number;
}

void world_script(World *w, const char *script)
{
    each_row(w->arena, w, script, NULL, NULL);
}

#define JOB_OF(row, column)                                                                        \
    "(SELECT j.original_filename || j.created_at FROM bulk_upload_jobs j WHERE j.owner_id = " row  \
    ".owner_id AND j.id = " row "." column ")"

static const char STATE[] = "SELECT 'annual', p.owner_id, " JOB_OF(
    "p",
    "job_id") ", p.job_row, c.symbol,"
              "  p.reporting_year, p.reporting_quarter, p.source, p.derived_from IS NULL, "
              "p.sector, p.market_cap,"
              "  p.risk_level, p.is_current, p.return_on_assets, p.probability"
              "  FROM annual_predictions p JOIN companies c ON c.owner_id = p.owner_id AND c.id = "
              "p.company_id"
              "  ORDER BY 2, 3, 4, 5, 6, 7, p.created_at, p.id;"
              "SELECT 'company', c.owner_id, c.symbol, c.name, c.sector, " JOB_OF(
                  "c",
                  "job_id") ","
                            "  c.job_row, c.deleted_at IS NULL FROM companies c ORDER BY 2, 3;"
                            "SELECT 'problem', " JOB_OF(
                                "e",
                                "job_id") ", e.severity, e.job_row, e.seq, e.column_name, e.code,"
                                          "  e.message, e.value, CAST(e.raw AS text) FROM "
                                          "bulk_upload_errors e ORDER BY e.owner_id, 2, 3, 4, 5;"
                                          "SELECT 'job', original_filename, created_at, status, "
                                          "status_before, hides_rows, total_rows,"
                                          "  processed_rows, successful_rows, failed_rows, "
                                          "skipped_rows, unchanged_rows, replaced_rows, "
                                          "warning_count,"
                                          "  companies_created, resume_row, bytes_done, "
                                          "error_message FROM bulk_upload_jobs ORDER BY owner_id, "
                                          "3, 2;"
                                          "SELECT 'count', n.kind, " JOB_OF(
                                              "n",
                                              "job_id") ", n.reporting_year, n.risk_level, "
                                                        "n.sector,"
                                                        "  sum(n.delta) FROM prediction_counts n "
                                                        "GROUP BY n.owner_id, n.kind, n.job_id, "
                                                        "n.reporting_year,"
                                                        "  n.risk_level, n.sector HAVING "
                                                        "sum(n.delta) <> 0 ORDER BY n.owner_id, 2, "
                                                        "3, 4, 5, 6;"
                                                        "SELECT 'covering', " JOB_OF(
                                                            "v",
                                                            "job_id") ", v.job_row FROM "
                                                                      "covering_rows v ORDER BY "
                                                                      "v.owner_id, 2, 3;"
                                                                      "SELECT 'names', " JOB_OF(
                                                                          "n",
                                                                          "job_id") ", c.symbol, "
                                                                                    "n.undone, "
                                                                                    "n.name_before,"
                                                                                    " n.sector_"
                                                                                    "before, "
                                                                                    "n.name_after, "
                                                                                    "n.sector_"
                                                                                    "after FROM "
                                                                                    "company_"
                                                                                    "changes n "
                                                                                    "JOIN "
                                                                                    "companies c "
                                                                                    "ON c.owner_id "
                                                                                    "= n.owner_id "
                                                                                    "AND c.id = "
                                                                                    "n.company_id "
                                                                                    "ORDER BY "
                                                                                    "n.owner_id, "
                                                                                    "2, 3;"
                                                                                    "SELECT "
                                                                                    "'deletion',"
                                                                                    " " JOB_OF(
                                                                                        "d",
                                                                                        "job_id") ", d.record_only, d.state, "
                                                                                                  "d.expected_rows,"
                                                                                                  "  d.deleted_rows, "
                                                                                                  "d.edits_kept, "
                                                                                                  "d.already_deleted, "
                                                                                                  "d.companies_deleted FROM "
                                                                                                  "deletions d"
                                                                                                  "  ORDER BY d.owner_id, 2, "
                                                                                                  "d.created_at;"
                                                                                                  "SELECT 'audit', "
                                                                                                  "owner_id, actor, via, "
                                                                                                  "action, object_kind, "
                                                                                                  "row_count, reason FROM "
                                                                                                  "audit_events"
                                                                                                  "  ORDER BY owner_id, seq;"
                                                                                                  "SELECT 'task', task, "
                                                                                                  "position FROM work_queue "
                                                                                                  "ORDER BY accepted_at, id;";

/* What is kept beside the rows for the undo of a job. */
static const char UNDO[] =
    "SELECT 'covering', j.original_filename, v.job_row FROM covering_rows v JOIN bulk_upload_jobs "
    "j "
    "ON j.owner_id = v.owner_id AND j.id = v.job_id ORDER BY v.owner_id, j.created_at, v.job_row;"
    "SELECT 'name', j.original_filename, c.symbol, n.undone, n.name_before, n.sector_before, "
    "n.name_after, n.sector_after FROM company_changes n JOIN companies c ON c.owner_id = "
    "n.owner_id "
    "AND c.id = n.company_id JOIN bulk_upload_jobs j ON j.owner_id = n.owner_id AND j.id = "
    "n.job_id "
    "ORDER BY n.owner_id, j.created_at, c.symbol";

const char *world_state(Arena *arena, World *w)
{
    return arena_printf(arena, "%s%s", lines(arena, w, STATE), lines(arena, w, UNDO));
}

static void describe(Buf *text, Arena *arena, InvariantId id, const InvariantResult *result)
{
    const Invariant *invariant = invariant_get(id);
    buf_printf(text, "%s, %jd times: %s\n", invariant->name, (intmax_t)result->count,
               invariant->holds);
    for (size_t i = 0; i < result->shown; i++)
        buf_printf(text, "  %s %s of owner %s\n", invariant->object,
                   uuid_text(arena, result->first[i].id),
                   uuid_text(arena, result->first[i].owner_id));
}

static bool is_meant(const World *w, InvariantId id)
{
    Str rest = str_from(w->broken), name;
    while (rest.ptr != NULL && str_next(&rest, ' ', &name))
        if (str_is(name, invariant_get(id)->name))
            return true;
    return false;
}

static void check_all(World *w, bool files)
{
    Arena *arena = arena_new(0);
    const InvariantScope scope = {.files = files};
    InvariantReport *report = ARENA_NEW(arena, InvariantReport);
    Buf wrong = buf_new(arena, 1 << 20);
    assert_no_error(invariants_check(arena, w->reader, &scope, report));
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++)
        if (report->results[id].count > 0 && !is_meant(w, id))
            describe(&wrong, arena, id, &report->results[id]);
    if (wrong.len > 0)
        fail_msg("The database does not hold what it should.\n%s", wrong.data);
    arena_free(arena);
}

void world_check(World *w)
{
    enum { ALWAYS = 16, ONE_OF = 8 };
    if (w->checks++ < ALWAYS || w->checks % ONE_OF == 0)
        check_all(w, false);
}

/* --- files -------------------------------------------------------------------------------------- */

const char *world_row(World *w, const char *symbol, int year, double return_on_assets)
{
    return arena_printf(w->arena, "%s,%s Inc.,1000,Energy,%d,Q4,,,,,%g\n", symbol, symbol, year,
                        return_on_assets);
}

Error *world_try_upload(World *w, const Principal *who, Kind kind, Str file,
                        const ImportOptions *options, UploadAnswer *ret_answer)
{
    static unsigned number;
    int spool = memfd_create("spool", MFD_CLOEXEC);
    CHECK(spool >= 0 && write(spool, file.ptr, file.len) == (ssize_t)file.len);
    UploadRequest request = {.kind = kind,
                             .filename = str_printf(w->arena, "file-%u.csv", number++),
                             .spool = spool,
                             .size = (int64_t)file.len,
                             .sha256 = digest_of(file),
                             .options = options != NULL ? *options : IMPORT_OPTIONS_DEFAULT};
    Error *error = upload_accept(w->arena, w->db, who, &request, ret_answer);
    close(spool);
    return error;
}

Uuid world_upload(World *w, const Principal *who, const char *rows, const ImportOptions *options)
{
    UploadAnswer answer = {0};
    Str file = str_printf(w->arena, "%s%s", WORLD_ANNUAL, rows);
    world_advance(1000);
    assert_no_error(world_try_upload(w, who, KIND_ANNUAL, file, options, &answer));
    return answer.job_id;
}

/* --- work --------------------------------------------------------------------------------------- */

typedef struct Stop {
    int left; /* batches until it says stop; below 0: never */
} Stop;

static bool stopping(void *self)
{
    Stop *stop = self;
    if (stop->left > 0) {
        stop->left--;
        return false;
    }
    return stop->left == 0;
}

Error *world_step(World *w, const Uuid *owner, int stop_after, Task **ret_task)
{
    Stop stop = {stop_after};
    TaskWatch watch = {.stopping = stopping, .self = &stop};
    *ret_task = NULL;
    TRY(queue_claim(w->arena, w->db, "test", INT64_MAX, owner, ret_task));
    if (*ret_task == NULL)
        return NULL;
    return (*ret_task)->kind == TASK_IMPORT
               ? import_run(w->arena, w->db, w->reader, *ret_task, &watch, &w->last_end)
           : (*ret_task)->kind == TASK_RESTORE
               ? restoration_run(w->arena, w->db, *ret_task, &watch, &w->last_end)
           : (*ret_task)->kind == TASK_PURGE
               ? archive_purge_run(w->arena, w->db, *ret_task, &watch, &w->last_end)
           : (*ret_task)->kind == TASK_PURGE_ORGANIZATION
               ? organization_purge_run(w->arena, w->db, *ret_task, &watch, &w->last_end)
               : deletion_run(w->arena, w->db, *ret_task, &watch, &w->last_end);
}

void world_work(World *w)
{
    Task *task = NULL;
    do {
        world_advance(1000);
        assert_no_error(world_step(w, NULL, -1, &task));
    } while (task != NULL);
}

Job *world_job(World *w, const Principal *who, Uuid id)
{
    Job *job = NULL;
    assert_no_error(jobs_get(w->arena, w->db, who, id, true, &job));
    return job;
}

Deletion *world_delete(World *w, const Principal *who, Uuid job, bool with_predictions)
{
    DeletionOptions options = {.with_predictions = with_predictions};
    DeletionResult result = {0};
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(deletion_request(w->arena, w->db, who, job, &options, &result));
    assert_no_error(deletion_get(w->arena, w->db, who, result.deletion->id, &deletion));
    return deletion;
}

Error *world_remove(World *w, const Principal *who, Uuid id, const char *if_match,
                    int64_t *ret_count)
{
    KeyDeletionOptions options = {.if_match = if_match};
    Deletion *deletion = NULL;
    TRY(predictions_delete(w->arena, w->db, who, KIND_ANNUAL, id, &options, &deletion));
    *ret_count = deletion_rows(&deletion->counts);
    return NULL;
}

Prediction *world_edit(World *w, const Prediction *p, double roa)
{
    PredictionInput input = {
        .company_name = STR("x"), .sector = STR("Energy"), .year = p->year, .quarter = p->quarter};
    Prediction *next = NULL;
    input.ratios[4] = (Ratio){roa, true};
    world_advance(1000);
    assert_no_error(
        predictions_change(w->arena, w->db, w->ada, KIND_ANNUAL, p->id, &input, NULL, &next));
    return next;
}

Error *world_create(World *w, const Principal *who, const char *symbol, int year, double roa,
                    Prediction **ret_prediction)
{
    IdempotencyKey none = {0};
    NewPrediction new = {.kind = KIND_ANNUAL,
                         .input = {.symbol = str_from(symbol),
                                   .company_name = str_printf(w->arena, "%s Inc.", symbol),
                                   .sector = STR("Energy"),
                                   .market_cap = {1000, true},
                                   .year = year,
                                   .quarter = 4}};
    new.input.ratios[kind_ratio_index(KIND_ANNUAL, STR("return_on_assets"))] = (Ratio){roa, true};
    return predictions_create(w->arena, w->db, who, &new, &none, ret_prediction);
}

/* --- failing calls ------------------------------------------------------------------------------ */

int64_t world_fail_every_call(World *w, Error *(*act)(World *), int64_t step, const char *all)
{
    const char *before = world_text(w, all);
    for (int64_t nth = 1;; nth += step) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = act(w);
        bool fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        assert_false(db_in_transaction(w->db));
        if (!fired) {
            assert_no_error(error);
            return nth;
        }
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_string_equal(world_text(w, all), before);
    }
}
