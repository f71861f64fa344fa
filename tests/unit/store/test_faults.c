/* Whatever call to the database fails, an error comes back, nothing is half done, nothing leaks, no
 * transaction and no cursor stays open, and the same session goes on. Each operation below is run with
 * its first call failing, then with its second, until it passes. */
#include "db_fault.h"

#include "base/clock.h"
#include "store/account_store.h"
#include "store/audit_store.h"
#include "store/chunk_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/cover_store.h"
#include "store/deletion_store.h"
#include "store/idempotency_store.h"
#include "store/job_store.h"
#include "store/mail_store.h"
#include "store/migrate.h"
#include "store/model_store.h"
#include "store/organization_store.h"
#include "store/prediction_store.h"
#include "store/problem_store.h"
#include "store/queue_store.h"
#include "store/statements.h"

static void the_driver_fails_when_it_is_told(void **state)
{
    Fixture *f = *state;
    Fault *fault = NULL;
    Db *db = fault_wrap(fixture_session(f), &fault);
    const ErrorCode codes[] = {ERROR_UNAVAILABLE, ERROR_BUSY, ERROR_CONFLICT};
    assert_string_equal(db_engine(db), db_engine(f->db));
    for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
        bool any = false;
        fault_arm(fault, 3, codes[i]); /* a query, its next, then the query of the second */
        assert_no_error(user_any(f->arena, db, &any));
        assert_error(user_any(f->arena, db, &any), codes[i], FAULT_MESSAGE);
        assert_true(fault_fired(fault));
        assert_no_error(user_any(f->arena, db, &any)); /* that one and no other */
        assert_int_equal(fault_calls(fault, FAULT_QUERY), 3);
        assert_int_equal(fault_calls(fault, FAULT_NEXT), 2);
        assert_int_equal(fault_open_cursors(fault), 0);
    }
    fault_arm(fault, 0, ERROR_BUSY);
    Tx tx = {0};
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_no_error(owner_touch(f->arena, db, f->user));
    assert_no_error(tx_commit(&tx, f->arena));
    assert_false(fault_fired(fault));
    assert_int_equal(fault_calls(fault, FAULT_BEGIN), 1);
    assert_int_equal(fault_calls(fault, FAULT_RUN), 1);
    assert_int_equal(fault_calls(fault, FAULT_COMMIT), 1);
    db_close(db);
}

/* A conflict that the engine reports is told apart from one of the same statement's other failures. */
static void a_user_that_cannot_be_stored_is_no_conflict(void **state)
{
    Fixture *f = *state;
    Fault *fault = NULL;
    Db *db = fault_wrap(fixture_session(f), &fault);
    User user = {.id = fixture_id(1), .email = "x@example.com", .created_at = 1};
    Tx tx = {0};
    fault_arm(fault, 2, ERROR_UNAVAILABLE);
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_error(user_insert(f->arena, db, &user), ERROR_UNAVAILABLE, FAULT_MESSAGE);
    tx_rollback(&tx);
    fault_arm(fault, 2, ERROR_CONFLICT);
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_error(user_insert(f->arena, db, &user), ERROR_CONFLICT,
                 "There is a user with the address x@example.com already.");
    tx_rollback(&tx);
    db_close(db);
}

/* --- operations ----------------------------------------------------------------------------------- */

typedef struct World {
    Fixture *f;
    Company company;
    Job job;
    Job hidden;
    Deletion deletion;
    Prediction current;
} World;

static World *make_world(Fixture *f)
{
    World *world = ARENA_NEW(f->arena, World);
    world->f = f;
    world->company = fixture_company(f, f->user, "ACME");
    world->job = fixture_job(f, f->user, KIND_ANNUAL);
    world->hidden = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction rows[2];
    fixture_begin(f);
    for (int i = 0; i < 12; i++) {
        fixture_advance(1);
        Prediction p = fixture_row(f, &world->company, &world->hidden, 2 + i, 2000 + i, 4);
        fixture_store(f, &p);
        assert_no_error(count_add(f->arena, f->db, &p, 1));
        rows[i != 0] = p;
    }
    fixture_span(f, &world->hidden, &rows[0], &rows[1]);
    fixture_hide(f, &world->hidden, true);
    world->deletion = (Deletion){.id = uuid_new(),
                                 .owner_id = f->user,
                                 .job_id = world->hidden.id,
                                 .kind = KIND_ANNUAL,
                                 .user_id = f->user,
                                 .expected = 12,
                                 .created_at = clock_now()};
    assert_no_error(deletion_insert(f->arena, f->db, &world->deletion));
    world->current = fixture_prediction(f, &world->company, KIND_ANNUAL, 2024, 4);
    fixture_store(f, &world->current);
    assert_no_error(count_add(f->arena, f->db, &world->current, 1));
    fixture_commit(f);
    return world;
}

static Error *migrate(Arena *arena, Db *db)
{
    int applied = 0;
    return migrate_up(arena, db, &applied);
}

static bool has_index(Fixture *f, const char *name)
{
    const char *from =
        fixture_is_sqlite(f) ? "sqlite_schema WHERE name" : "pg_indexes WHERE indexname";
    return fixture_number(f, arena_printf(f->arena, "SELECT count(*) FROM %s = '%s'", from, name)) >
           0;
}

/* Each migration is all or nothing, with its record; what was committed before the failure stays. */
static void migrations(void **state)
{
    Fixture *f = *state;
    Fault *fault = NULL;
    Db *db = fault_wrap(fixture_session(f), &fault);
    for (int64_t nth = 1;; nth++) {
        Arena *arena = arena_new(0);
        fault_arm(fault, nth, ERROR_UNAVAILABLE);
        Error *error = migrate(arena, db);
        bool fired = fault_fired(fault);
        if (fired) {
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
            const char *dump = fixture_dump(arena, f);
            bool first = strstr(dump, "0001_foundation") != NULL;
            bool second = strstr(dump, "0002_turns") != NULL;
            assert_int_equal(strstr(dump, "audit_heads") != NULL, first);
            assert_int_equal(has_index(f, "work_queue_order_ix"), first && !second);
            assert_int_equal(has_index(f, "work_queue_turn_ix"), second);
        } else {
            assert_no_error(error);
        }
        assert_false(db_in_transaction(db));
        assert_int_equal(fault_open_cursors(fault), 0);
        arena_free(arena);
        if (!fired)
            break;
        assert_true(nth < 100);
    }
    db_close(db);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM schema_migrations"), MIGRATION_COUNT);
}

static Error *account_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    User user = {.id = uuid_new(), .email = "new@example.com", .created_at = 1}, *users = NULL;
    Digest a = digest_of(STR("a")), b = digest_of(STR("b"));
    bool any = false;
    size_t count = 0;
    int64_t removed = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_insert(arena, db, &user));
    TRY(user_any(arena, db, &any));
    TRY(user_list(arena, db, &users, &count));
    TRY(user_by_email(arena, db, STR("new@example.com"), &users));
    TRY(user_by_id(arena, db, user.id, &users));
    TRY(user_set_password(arena, db, user.id, "x", 2));
    TRY(user_set_verified(arena, db, user.id, 3));
    TRY(user_set_active(arena, db, user.id, true, 4));
    Token session = {a, TOKEN_SESSION, user.id, .created_at = 1, .expires_at = 10}, found;
    Token setup = {b, TOKEN_SETUP, UUID_NIL, .created_at = 1, .expires_at = 10};
    TRY(token_insert(arena, db, &session));
    TRY(token_insert(arena, db, &setup));
    TRY(token_user(arena, db, a, 2, &found, &users));
    TRY(token_is_good(arena, db, b, TOKEN_SETUP, 2, &any));
    bool was_there = false;
    TRY(token_delete(arena, db, b, &was_there));
    TRY(token_delete_of_user(arena, db, user.id, TOKEN_SETUP));
    TRY(token_sweep(arena, db, 5, &removed));
    TRY(owner_touch(arena, db, f->user));
    return tx_commit(&tx, arena);
}

static Error *organization_work(Arena *arena, Db *db, void *context)
{
    (void)context;
    Organization made = {.id = uuid_new(),
                         .slug = "guild",
                         .name = "Guild",
                         .default_role = ROLE_ORG_VIEWER,
                         .created_at = 1},
                 *found = NULL;
    WhitelistEntry entry = {"@a.example", made.id, 1}, *entries = NULL;
    Digest token = digest_of(STR("token"));
    OrganizationQuery query = {.before_created_at = INT64_MAX, .limit = 9};
    size_t count = 0;
    int64_t number = 0;
    bool yes = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organization_insert(arena, db, &made, token));
    TRY(organization_by_id(arena, db, made.id, &found));
    TRY(organization_by_slug(arena, db, STR("guild"), &found));
    TRY(organization_by_token(arena, db, token, &found));
    TRY(organization_lock(arena, db, made.id, &yes));
    TRY(organization_list(arena, db, &query, &found, &count));
    TRY(organization_count(arena, db, &query, &number));
    TRY(organization_update(arena, db, &made, 2));
    TRY(organization_set_token(arena, db, made.id, token, 3));
    TRY(organization_touch(arena, db, made.id, 4));
    TRY(organization_set_deleted(arena, db, made.id, 5, made.id, 5));
    TRY(whitelist_add(arena, db, made.id, &entry, &yes));
    TRY(whitelist_list(arena, db, made.id, &entries, &count));
    TRY(whitelist_count(arena, db, made.id, &number));
    TRY(whitelist_admits(arena, db, made.id, STR("x@a.example"), &yes));
    TRY(whitelist_remove(arena, db, made.id, STR("@a.example"), &yes));
    return tx_commit(&tx, arena);
}

static Error *member_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    User user = {.id = world->f->user, .role = ROLE_USER, .is_active = true}, *users = NULL;
    UserQuery query = {.before_created_at = INT64_MAX, .limit = 9};
    Uuid place;
    size_t count = 0;
    int64_t number = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(user_place_lock(arena, db, user.id, &place));
    TRY(user_set_place(arena, db, &user, 1));
    TRY(user_change(arena, db, &user, 2));
    TRY(user_set_deleted(arena, db, user.id, 3, 3));
    TRY(member_admins(arena, db, user.id, user.id, &number));
    TRY(user_page(arena, db, &query, &users, &count));
    TRY(user_count(arena, db, &query, &number));
    query.has_organization = true;
    TRY(user_page(arena, db, &query, &users, &count));
    TRY(user_count(arena, db, &query, &number));
    return tx_commit(&tx, arena);
}

static Error *mail_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    QueuedMail mail = {.id = fixture_id(77), .kind = MAIL_RESET, .user_id = f->user}, *next = NULL;
    int64_t count = 0, last = 0;
    mail.created_at = clock_now();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(mail_recent(arena, db, &mail, 0, &count, &last));
    TRY(mail_insert(arena, db, &mail));
    TRY(mail_next(arena, db, mail.created_at, false, &next));
    TRY(mail_next(arena, db, mail.created_at, true, &next));
    TRY(mail_take(arena, db, next, mail.created_at + 1));
    TRY(mail_postpone(arena, db, next, mail.created_at + 2));
    TRY(mail_end(arena, db, next, mail.created_at + 3));
    TRY(mail_delete_old(arena, db, mail.created_at - 1, &count));
    return tx_commit(&tx, arena);
}

static Error *model_work(Arena *arena, Db *db, void *context)
{
    (void)context;
    ModelRow model = {
        .id = uuid_new(), .name = "x", .version = "1", .file = STR("{}"), .created_at = 1};
    ModelRow *models = NULL;
    Uuid active;
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(model_insert(arena, db, &model, UUID_NIL));
    TRY(model_activate(arena, db, KIND_ANNUAL, model.id));
    TRY(model_active_id(arena, db, KIND_ANNUAL, &active));
    TRY(model_by_id(arena, db, model.id, &models));
    TRY(model_by_name(arena, db, KIND_ANNUAL, "x", "1", &models));
    TRY(model_list(arena, db, &models, &count));
    return tx_commit(&tx, arena);
}

/* An upload: received, queued, with its audit event and the answer that is kept. */
static Error *upload_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    Job job = world->job, *found = NULL;
    job.id = uuid_new();
    JobName name = {job.owner_id, job.id}, *stale = NULL;
    Str bytes;
    Uuid earlier;
    JobQuery query = {
        .owner_id = f->user, .before_created_at = INT64_MAX, .statuses = 1023, .limit = 5};
    size_t count = 0;
    int64_t number = 0;
    AuditHead head;
    KeptAnswer kept = {"x", digest_of(STR("x")), job.id, 10}, *before = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(idempotency_select(arena, db, f->user, f->user, STR("k"), &before));
    TRY(job_insert(arena, db, &job));
    TRY(file_insert(arena, db, name, &(FileChunk){0, 0, 3, file_pack(arena, STR("a,b"))}));
    TRY(file_chunk(arena, db, name, 0, &bytes));
    TRY(job_find(arena, db, f->user, job.id, &found));
    TRY(job_list(arena, db, &query, &found, &count));
    TRY(job_count(arena, db, &query, &number));
    TRY(job_by_digest(arena, db, f->user, job.file_sha256, KIND_ANNUAL, job.id, &earlier));
    TRY(job_stale_receiving(arena, db, INT64_MAX, &stale, &count));
    TRY(job_delete_received(arena, db, (JobName){f->user, world->job.id}));
    TRY(job_begin_anew(arena, db, f->user, job.id));
    TRY(job_touch(arena, db, f->user, job.id, 2));
    TRY(job_set_status(arena, db, f->user, job.id, JOB_PENDING, 3));
    Task task = {
        .id = uuid_new(), .owner_id = f->user, .object_id = job.id, .size = 3, .accepted_at = 3};
    TRY(task_insert(arena, db, &task));
    TRY(audit_head_lock(arena, db, f->user, &head));
    AuditEvent event = {.owner_id = f->user,
                        .seq = head.seq + 1,
                        .at = 1,
                        .via = "http",
                        .action = "x",
                        .object_kind = "job",
                        .object_id = job.id};
    TRY(audit_append(arena, db, &event, head.digest, NULL));
    TRY(idempotency_insert(arena, db, f->user, f->user, STR("k"), &kept));
    TRY(idempotency_delete(arena, db, f->user, f->user, STR("none")));
    TRY(idempotency_delete_expired(arena, db, 1, &number));
    return tx_commit(&tx, arena);
}

/* A batch of an import: companies, rows, rejected rows, counts, counters and the position. */
static Error *batch_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    Company company = world->company, *companies = NULL;
    company.id = uuid_new();
    company.symbol = STR("NEW");
    Str symbols[] = {STR("NEW"), STR("ACME")};
    uint8_t made[3];
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(company_insert_many(arena, db, &company, 1, made));
    TRY(company_by_symbols(arena, db, f->user, symbols, 2, &companies, &count));
    Prediction rows[3], *holders[3];
    PredictionKey keys[3];
    bool hidden[3];
    Tally *tally = tally_new(arena);
    for (int i = 0; i < 3; i++) {
        rows[i] = fixture_row(f, &company, &world->job, 2 + i, 2000 + i, 4);
        keys[i] = prediction_key(&rows[i]);
        CountKey key = {KIND_ANNUAL, world->job.id, 2000 + i, RISK_LOW, STR("x")};
        tally_add(tally, &key, 1);
    }
    TRY(prediction_current_many(arena, db, keys, 3, holders, hidden));
    const Prediction *items[3] = {&rows[0], &rows[1], &rows[2]};
    bool loaded = false;
    TRY(prediction_load(arena, db, items, 3, &loaded));
    if (!loaded) /* an engine without a bulk path */
        TRY(prediction_insert_many(arena, db, items, 3, made));
    StoredProblem problems[2] = {{{.row = 9, .code = "x", .message = "x", .value = STR("")}, 0},
                                 {{.row = 10, .code = "x", .message = "x", .value = STR("")}, 0}};
    TRY(problem_insert_many(arena, db, f->user, world->job.id, problems, 2));
    TRY(tally_store(arena, db, f->user, tally));
    RowSpan span = {true, rows[0].created_at, rows[0].id, rows[2].created_at, rows[2].id};
    TRY(job_start(arena, db, f->user, world->job.id, 1));
    TRY(job_batch(arena, db, &world->job, &span, 1));
    TRY(job_finish(arena, db, f->user, world->job.id, JOB_COMPLETED, NULL, 2));
    return tx_commit(&tx, arena);
}

static Error *queue_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    Task task = {.id = uuid_new(), .owner_id = f->other, .object_id = uuid_new(), .accepted_at = 1};
    Task *next = NULL;
    bool held = false;
    int64_t number = 0, oldest = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(task_insert(arena, db, &task));
    TRY(task_next(arena, db, &(TaskQuery){.now = 2, .max_size = 10}, &next));
    TRY(task_next(arena, db, &(TaskQuery){2, 10, &f->other, true}, &next));
    TRY(task_next(arena, db, &(TaskQuery){2, 10, NULL, true}, &next));
    CHECK(next != NULL);
    TRY(task_claim(arena, db, next, 5, "w", &held));
    TRY(task_renew(arena, db, next, 6, &held));
    TRY(task_advance(arena, db, next, 7, 8, &held));
    TRY(task_release(arena, db, next, 9, 0, &held));
    TRY(task_is_queued(arena, db, f->other, task.object_id, TASK_IMPORT, &held));
    TRY(task_depth(arena, db, &number, &oldest));
    TRY(task_finish(arena, db, next, &held));
    CHECK(held);
    task.id = uuid_new();
    TRY(task_insert(arena, db, &task));
    TRY(task_drop(arena, db, f->other, task.object_id, TASK_IMPORT, &number));
    task.id = uuid_new();
    TRY(task_insert(arena, db, &task));
    return tx_commit(&tx, arena);
}

/* A batch of a deletion. */
static Error *deletion_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    JobSlice slice = {KIND_ANNUAL, f->user, world->hidden.id, 0, 0, true};
    JobLock lock;
    bool found = false, marked = false;
    int64_t rows = 0;
    Prediction *removed = NULL;
    size_t count = 0;
    Deletion *deletion = NULL;
    DeletionStep step = {.archived = 5};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(job_lock(arena, db, f->user, world->hidden.id, &lock, &found));
    TRY(deletion_find(arena, db, f->user, world->deletion.id, &deletion));
    TRY(deletion_find_of_job(arena, db, f->user, world->hidden.id, &deletion));
    TRY(slice_end(arena, db, &slice, 5, &rows));
    TRY(slice_delete(arena, db, &slice, &removed, &count));
    TRY(chunk_add(arena, db, deletion, PART_ROWS, removed, count));
    TRY(count_take_rows(arena, db, f->user, removed, count));
    for (size_t i = 0; i < count; i++) {
        TRY(archived_companies_add(arena, db, deletion, &removed[i].company_id, 1));
        TRY(company_mark_deleted(arena, db, f->user, removed[i].company_id, 1, &marked));
    }
    TRY(job_rows_removed(arena, db, f->user, world->hidden.id, rows));
    TRY(deletion_progress(arena, db, deletion, &step));
    TRY(deletion_finish(arena, db, deletion, DELETION_DONE, 2));
    TRY(job_removed(arena, db, f->user, world->hidden.id, JOB_DELETED, 3));
    TRY(count_fold(arena, db, f->user, world->hidden.id));
    return tx_commit(&tx, arena);
}

/* A version that replaces another. */
static Error *edit_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    PredictionKey key = prediction_key(&world->current);
    Prediction *found = NULL, next = world->current;
    JobRows *jobs = NULL;
    bool hidden = false, made = false;
    size_t count = 0;
    int64_t rows = 0;
    next.id = uuid_new();
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(prediction_find(arena, db, KIND_ANNUAL, f->user, world->current.id, &found, &hidden));
    TRY(prediction_current(arena, db, &key, &found, &hidden));
    bool unset = false;
    TRY(prediction_unset_current(arena, db, KIND_ANNUAL, f->user, world->current.id, &unset));
    TRY(count_add(arena, db, &world->current, -1));
    TRY(prediction_insert(arena, db, &next, &made));
    TRY(count_add(arena, db, &next, 1));
    TRY(prediction_former(arena, db, &key, 5, &found, &count));
    TRY(prediction_jobs_of_former(arena, db, &key, &jobs, &count));
    TRY(prediction_delete_former(arena, db, &key, &rows));
    TRY(prediction_delete(arena, db, KIND_ANNUAL, f->user, next.id));
    TRY(company_update(arena, db, f->user, world->company.id, STR("N"), STR("S"), 5));
    TRY(company_revive(arena, db, f->user, world->company.id, 6));
    TRY(job_raise_revision(arena, db, f->user, world->job.id));
    return tx_commit(&tx, arena);
}

/* Reads in one snapshot, and reads without a transaction. */
static Error *reading(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Fixture *f = world->f;
    const Uuid owners[] = {f->user, f->other};
    PredictionFilter filters[] = {PREDICTION_FILTER_ALL, PREDICTION_FILTER_ALL,
                                  PREDICTION_FILTER_ALL, PREDICTION_FILTER_ALL};
    Page page = {.limit = 3, .want_total = true};
    PageEnd end;
    Prediction *items = NULL;
    Company *companies = NULL, company = world->company;
    StoredProblem *problems = NULL;
    size_t count = 0;
    int64_t number = 0;
    filters[1].sources = 1u << SOURCE_MANUAL;
    filters[2].has_job = filters[2].include_superseded = true;
    filters[2].job_id = world->hidden.id;
    filters[3].sort = SORT_PROBABILITY;
    filters[3].years[filters[3].year_count++] = 2024;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    for (size_t i = 0; i < ARRAY_COUNT(filters); i++) {
        PredictionQuery query = {KIND_ANNUAL, owners, 2, &filters[i], &page};
        TRY(prediction_list(arena, db, &query, &items, &count, &end));
    }
    TRY(tx_commit(&tx, arena));
    CompanyQuery query = {.owner_id = f->user, .limit = 5};
    TRY(company_list(arena, db, &query, &companies, &count));
    TRY(company_count(arena, db, &query, &number));
    TRY(company_figures(arena, db, &company));
    TRY(company_count_of_job(arena, db, f->user, world->job.id, &number));
    TRY(prediction_of_job(arena, db, KIND_ANNUAL, f->user, world->job.id, 0, 5, &items, &count));
    TRY(prediction_count_of_job(arena, db, KIND_ANNUAL, f->user, world->job.id, &number));
    const SwapQuery edits = {.kind = KIND_ANNUAL, .owner_id = f->user, .job_id = world->job.id};
    TRY(edits_count_of_job(arena, db, &edits, &number));
    const SwapQuery lone = {.kind = KIND_ANNUAL, .owner_id = f->user, .job_id = world->hidden.id};
    TRY(prediction_lone_companies(arena, db, &lone, false, &number));
    Uuid *retries = NULL;
    TRY(job_retries(arena, db, f->user, world->job.id, 5, &retries, &count));
    ProblemQuery wanted = {.owner_id = f->user, .job_id = world->job.id, .limit = 5};
    bool more = false;
    TRY(problem_list(arena, db, &wanted, &problems, &count, &more));
    return problem_count(arena, db, f->user, world->job.id, SEVERITY_ERROR, &number);
}

/* What lies upon what, found and turned over. */
static Error *covering_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Uuid owner = world->f->user, job = world->hidden.id, id = world->current.id, *ids = NULL;
    const CoveringRow row = {job, 2, id};
    SwapQuery query = {KIND_ANNUAL, owner, job, true, -1, 5, UUID_NIL};
    VersionSwap *swaps = NULL;
    size_t count = 0;
    int64_t number = 0, last = 0;
    bool any = false, retired = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(covering_add(arena, db, owner, &row, 1));
    TRY(covering_add_job(arena, db, KIND_ANNUAL, owner, job, true));
    TRY(covering_count(arena, db, owner, job, 5, &number));
    TRY(covering_to_uncover(arena, db, &query, &swaps, &count, &last, &number));
    TRY(covering_to_cover(arena, db, &query, &swaps, &count, &last, &number));
    TRY(edits_of_job(arena, db, &query, &ids, &count));
    TRY(edits_to_uncover(arena, db, &query, &swaps, &count));
    TRY(prediction_set_current_many(arena, db, KIND_ANNUAL, owner, &id, 1, false, &number));
    TRY(retired_add(arena, db, owner, world->deletion.id, &id, 1));
    TRY(retired_find(arena, db, owner, &id, 1, &any, &retired));
    TRY(retired_remove(arena, db, owner, world->deletion.id));
    CHECK(any && retired && number == 1);
    return tx_commit(&tx, arena);
}

/* An archive that is read, and purged. */
static Error *archive_work(Arena *arena, Db *db, void *context)
{
    World *world = context;
    Uuid owner = world->f->user, found = UUID_NIL;
    const Deletion *deletion = &world->deletion;
    Deletion *undo = NULL;
    Chunk *chunk = NULL;
    Prediction row = {0}, *removed = NULL;
    int64_t chunks = 0, rows = 0;
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(deletion_lock(arena, db, owner, deletion->id));
    TRY(deletion_find_undo(arena, db, owner, deletion->job_id, &undo));
    TRY(predictions_remove(arena, db, KIND_ANNUAL, owner, &world->current.id, 1, &removed, &count));
    CHECK(count == 1);
    TRY(chunk_add(arena, db, deletion, PART_EDITS, removed, count));
    TRY(chunk_at(arena, db, deletion, PART_EDITS, 0, &chunk));
    TRY(chunk_find_prediction(arena, db, owner, KIND_ANNUAL, world->current.id, &found, &row));
    CHECK(chunk != NULL && uuid_equal(found, deletion->id));
    TRY(deletion_begin_restore(arena, db, deletion, owner, 1, DELETION_PENDING));
    TRY(chunk_remove(arena, db, deletion, 5, &chunks, &rows));
    CHECK(chunks == 1 && rows == 1);
    TRY(archived_companies_add(arena, db, deletion, &world->company.id, 1));
    TRY(archived_companies_remove(arena, db, deletion));
    return tx_commit(&tx, arena);
}

/* At least so many calls, so that an operation that ends early does not pass for a tested one. */
static void run_each(void **state, FaultOperation operation, int64_t at_least)
{
    Fixture *f = *state;
    World *world = make_world(f);
    assert_true(fault_every(f, operation, world) >= at_least);
}

static void accounts(void **state)
{
    run_each(state, account_work, 25);
}

static void organizations(void **state)
{
    run_each(state, organization_work, 20);
}

static void members(void **state)
{
    run_each(state, member_work, 14);
}

static void mail(void **state)
{
    run_each(state, mail_work, 13);
}

static void models(void **state)
{
    run_each(state, model_work, 13);
}

static void an_upload(void **state)
{
    run_each(state, upload_work, 30);
}

static void a_batch_of_an_import(void **state)
{
    run_each(state, batch_work, 12);
}

static void the_queue(void **state)
{
    run_each(state, queue_work, 19);
}

static void a_batch_of_a_deletion(void **state)
{
    run_each(state, deletion_work, 25);
}

static void what_lies_upon_what(void **state)
{
    run_each(state, covering_work, 20);
}

static void an_archive(void **state)
{
    run_each(state, archive_work, 16);
}

static void an_edit(void **state)
{
    run_each(state, edit_work, 18);
}

static void reads(void **state)
{
    run_each(state, reading, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_driver_fails_when_it_is_told),
        STORE_TEST(a_user_that_cannot_be_stored_is_no_conflict),
        EMPTY_STORE_TEST(migrations),
        STORE_TEST(accounts),
        STORE_TEST(organizations),
        STORE_TEST(members),
        STORE_TEST(mail),
        STORE_TEST(models),
        STORE_TEST(an_upload),
        STORE_TEST(a_batch_of_an_import),
        STORE_TEST(the_queue),
        STORE_TEST(a_batch_of_a_deletion),
        STORE_TEST(what_lies_upon_what),
        STORE_TEST(an_archive),
        STORE_TEST(an_edit),
        STORE_TEST(reads),
    };
    return fixture_run(tests);
}
