/* The judge is judged. A database with everything in it is sound; then it is damaged past the store, in one way
 * after another, and each time exactly what was broken must be named. */
#include "world.h"

#include "base/clock.h"
#include "domain/invariants.h"
#include "domain/joining.h"
#include "domain/organizations.h"

#define UNKNOWN "{id 01900000-0000-7000-8000-000000000000}"
#define ADA     "(SELECT id FROM users WHERE email = 'ada@example.com')"
#define BOB     "(SELECT id FROM users WHERE email = 'bob@example.com')"
#define JOB     "(SELECT id FROM bulk_upload_jobs WHERE original_filename = 'kept')"
/* An uploaded row that nobody edited, and the former version of one made by hand. */
#define ROW                                                                                        \
    "(SELECT p.id FROM annual_predictions p JOIN companies c ON c.id = p.company_id WHERE "        \
    "c.symbol = 'ONE' AND p.reporting_year = 2020)"
#define FORMER "(SELECT id FROM annual_predictions WHERE source = 1 AND NOT is_current)"
#define EDIT   "(SELECT id FROM annual_predictions WHERE source = 2 AND root_job_id IS NULL)"

/* --- a database with everything in it ---------------------------------------------------------- */

static Uuid upload(World *w, Kind kind, const char *name, const char *rows, bool dry_run)
{
    UploadAnswer answer = {0};
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    const char *header = kind == KIND_ANNUAL ? WORLD_ANNUAL : WORLD_QUARTERLY;
    options.dry_run = dry_run;
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, kind, str_printf(w->arena, "%s%s", header, rows),
                                     &options, &answer));
    world_script(w, arena_printf(w->arena,
                                 "UPDATE bulk_upload_jobs SET original_filename = '%s' WHERE id = "
                                 "{id %s}",
                                 name, uuid_text(w->arena, answer.job_id)));
    return answer.job_id;
}

static void edit(World *w, const Principal *who, const Prediction *former, double roa)
{
    Prediction *next = NULL;
    PredictionInput input = {.symbol = former->company_symbol,
                             .company_name = former->company_name,
                             .sector = former->sector,
                             .year = former->year,
                             .quarter = former->quarter};
    input.ratios[kind_ratio_index(KIND_ANNUAL, STR("return_on_assets"))] = (Ratio){roa, true};
    world_advance(1000);
    assert_no_error(
        predictions_change(w->arena, w->db, who, KIND_ANNUAL, former->id, &input, NULL, &next));
}

static void edit_a_row(World *w, Uuid job)
{
    PredictionList list = {0};
    const Page page = {.limit = 10};
    assert_no_error(predictions_of_job(w->arena, w->db, world_job(w, w->ada, job), &page, &list));
    assert_true(list.count > 1);
    edit(w, w->ada, &list.items[list.count - 1], 7);
}

static void keep_a_key(World *w)
{
    IdempotencyKey key = {STR("key"), "POST /predictions/jobs", digest_of(STR("request"))};
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(idempotency_keep(w->arena, w->db, w->ada, &key, uuid_new()));
    assert_no_error(tx_commit(&tx, w->arena));
}

/* With a member and a list of addresses. */
static void found_an_organization(World *w)
{
    const char *token = NULL;
    Organization *made = NULL;
    User *user = NULL;
    bool is_new = false;
    assert_no_error(organizations_create(
        w->arena, w->db, w->root,
        &(NewOrganization){.name = STR("Guild"), .default_role = ROLE_ORG_MEMBER}, &token, &made));
    assert_no_error(accounts_create(w->arena, w->db, w->root,
                                    &(NewUser){.email = STR("member@example.com"),
                                               .role = ROLE_ORG_ADMIN,
                                               .organization_id = made->id},
                                    &user));
    assert_no_error(
        joining_allow(w->arena, w->db, w->root, made->id, STR("@example.com"), &is_new));
}

/* Jobs in every state that lasts, with and without their rows; rows that failed and warnings; work by hand. */
static void fill(World *w)
{
    Prediction *made = NULL;
    Session session;
    const char *rows = arena_printf(
        w->arena, "%s%s%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 2),
        "NEW,New,1,Energy,2024,Q4,,,,,99999\n", "BAD,Bad,12%,Energy,1800,Q9,,,,,\n");
    Uuid kept = upload(w, KIND_ANNUAL, "kept", rows, false);
    upload(w, KIND_QUARTERLY, "quarterly", "ONE,One,1,Energy,2020,Q1,1,2,3,4\n", false);
    upload(w, KIND_ANNUAL, "tried", world_row(w, "TRIED", 2020, 1), true);
    Uuid gone = upload(w, KIND_ANNUAL, "gone", world_row(w, "GONE", 2020, 1), false);
    Uuid record = upload(w, KIND_ANNUAL, "record", world_row(w, "RECORD", 2020, 1), false);
    Uuid hidden = upload(w, KIND_ANNUAL, "hidden", world_row(w, "HIDDEN", 2020, 1), false);
    world_work(w);
    edit_a_row(w, kept);
    assert_no_error(world_create(w, w->ada, "HAND", 2020, 1, &made));
    edit(w, w->ada, made, 2);
    assert_no_error(world_create(w, w->bob, "BOBS", 2020, 1, &made));
    world_delete(w, w->ada, gone, true);
    world_work(w);
    world_delete(w, w->ada, record, false);
    world_delete(w, w->ada, hidden, true);
    upload(w, KIND_ANNUAL, "waits", world_row(w, "WAITS", 2020, 1), false);
    keep_a_key(w);
    found_an_organization(w);
    static const Peer peer = {.via = "http", .address = "127.0.0.1"};
    assert_no_error(accounts_set_password(
        w->arena, w->db, w->ada, &(User){.id = w->ada->user_id, .email = "ada@example.com"},
        STR("a long password 1")));
    assert_no_error(accounts_sign_in(w->arena, w->db, &peer, STR("ada@example.com"),
                                     STR("a long password 1"), &session));
}

/* The names of what does not hold, each followed by a space. */
static const char *broken(Arena *arena, World *w, InvariantScope scope)
{
    InvariantReport *report = ARENA_NEW(arena, InvariantReport);
    Buf names = buf_new(arena, 1 << 16);
    buf_add(&names, STR(""));
    assert_no_error(invariants_check(arena, w->reader, &scope, report));
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++)
        if (report->results[id].count > 0)
            buf_printf(&names, "%s ", invariant_get(id)->name);
    return names.len == 0 ? "" : names.data;
}

/* --- damage ------------------------------------------------------------------------------------- */

static const struct {
    const char *damage;
    const char *breaks;
} DAMAGES[] = {
    {"UPDATE annual_predictions SET job_id = " UNKNOWN ", job_row = 5 WHERE id = " FORMER,
     "prediction_job"},
    {"UPDATE bulk_upload_jobs SET job_type = 'quarterly' WHERE id = " JOB,
     "prediction_job job_model job_rows"},
    {"UPDATE annual_predictions SET root_job_id = " UNKNOWN " WHERE id = " FORMER,
     "prediction_root"},
    {"UPDATE annual_predictions SET root_job_id = NULL WHERE id = " ROW, "prediction_root"},
    {"UPDATE annual_predictions SET company_id = " UNKNOWN " WHERE id = " ROW,
     "prediction_company"},
    {"UPDATE annual_predictions SET model_id = (SELECT id FROM models WHERE kind = 'quarterly') "
     "WHERE id = " ROW,
     "prediction_model"},
    {"UPDATE quarterly_predictions SET created_by = " UNKNOWN, "prediction_user"},
    {"UPDATE annual_predictions SET derived_from = " UNKNOWN " WHERE id = " EDIT,
     "prediction_derived"},
    {"UPDATE annual_predictions SET derived_from = " ROW " WHERE id = " EDIT, "prediction_derived"},
    {"UPDATE annual_predictions SET confidence = 2 WHERE id = " ROW, "prediction_words"},
    {"UPDATE quarterly_predictions SET ensemble_probability = -0.1", "prediction_words"},
    {"UPDATE annual_predictions SET source = 1, derived_from = " FORMER " WHERE id = " EDIT,
     "prediction_words"},
    {"UPDATE annual_predictions SET is_current = {false} WHERE owner_id = " BOB
     "; DELETE FROM prediction_counts WHERE owner_id = " BOB,
     "version_order"},
    {"UPDATE annual_predictions SET created_at = {micros 9000000000000000} WHERE id = " FORMER,
     "prediction_derived version_order"},
    {"UPDATE annual_predictions SET job_row = 5 WHERE id = " ROW, "row_order"},
    {"UPDATE bulk_upload_jobs SET last_created_at = first_created_at, last_id = first_id WHERE "
     "id = " JOB,
     "row_span"},
    {"UPDATE bulk_upload_jobs SET first_created_at = NULL, first_id = NULL WHERE id = " JOB,
     "row_span"},
    {"UPDATE annual_predictions SET job_row = 1 WHERE id = " ROW, "row_number"},
    {"UPDATE quarterly_predictions SET job_row = 100", "row_number"},
    {"UPDATE prediction_counts SET delta = delta + 1 WHERE kind = 1", "prediction_counts"},
    {"UPDATE annual_predictions SET is_current = {false} WHERE id = " ROW,
     "version_order prediction_counts"},
    {"INSERT INTO prediction_counts (owner_id, id, kind, job_id, reporting_year, risk_level, "
     "sector, delta) VALUES (" ADA ", " UNKNOWN ", 7, {nil}, 2020, 0, 'x', 1)",
     "count_words"},
    {"UPDATE companies SET symbol = 'one' WHERE symbol = 'ONE'", "company_symbol"},
    {"UPDATE companies SET symbol = 'ONE ' WHERE symbol = 'ONE'", "company_symbol"},
    {"UPDATE companies SET job_row = NULL WHERE symbol = 'ONE'", "company_job"},
    {"UPDATE companies SET job_id = " UNKNOWN " WHERE symbol = 'ONE'", "company_job"},
    {"UPDATE companies SET created_by = " UNKNOWN " WHERE symbol = 'ONE'", "company_user"},
    {"UPDATE companies SET deleted_at = {micros 1} WHERE symbol = 'TWO'", "company_deleted"},
    {"UPDATE companies SET deleted_at = {micros 1} WHERE symbol = 'HIDDEN'", ""},
    {"UPDATE bulk_upload_jobs SET user_id = " UNKNOWN " WHERE id = " JOB, "job_user"},
    {"UPDATE bulk_upload_jobs SET model_id = " UNKNOWN " WHERE id = " JOB, "job_model"},
    {"UPDATE bulk_upload_jobs SET completed_at = NULL WHERE id = " JOB, "job_states"},
    {"UPDATE bulk_upload_jobs SET deleted_at = completed_at WHERE id = " JOB, "job_states"},
    {"UPDATE bulk_upload_jobs SET status_before = NULL WHERE status = 'deleting'", "job_states"},
    {"UPDATE bulk_upload_jobs SET failed_rows = failed_rows + 1, skipped_rows = -1 WHERE id = " JOB,
     "job_counters job_errors job_marks"},
    {"UPDATE bulk_upload_jobs SET skipped_rows = 1 WHERE id = " JOB, "job_counters job_marks"},
    {"UPDATE bulk_upload_jobs SET skipped_rows = 1, processed_rows = processed_rows + 1, "
     "total_rows "
     "= total_rows + 1, rows_marked = {false} WHERE id = " JOB,
     ""},
    {"INSERT INTO job_row_marks (owner_id, job_id, outcome, first_row, row_count, ranges) VALUES "
     "(" ADA ", " JOB ", 3, 2, 1, '0')",
     "job_marks"},
    {"INSERT INTO job_row_marks (owner_id, job_id, outcome, first_row, row_count, ranges) VALUES "
     "(" ADA ", " UNKNOWN ", 2, 2, 1, '0')",
     "mark_job"},
    {"INSERT INTO job_row_marks (owner_id, job_id, outcome, first_row, row_count, ranges) VALUES "
     "(" ADA ", " JOB ", 2, 1000, 1, '0')",
     "job_marks mark_job"},
    {"UPDATE bulk_upload_jobs SET total_rows = 3 WHERE id = " JOB, "job_counters"},
    {"UPDATE bulk_upload_jobs SET successful_rows = 4, processed_rows = 5, total_rows = 5 WHERE "
     "id = " JOB,
     "job_rows"},
    {"UPDATE bulk_upload_jobs SET removed_rows = 1 WHERE id = " JOB, "job_rows"},
    {"UPDATE bulk_upload_jobs SET retry_of = " UNKNOWN " WHERE id = " JOB, "job_retry"},
    {"UPDATE bulk_upload_jobs SET retry_of = id WHERE id = " JOB, "job_retry"},
    {"UPDATE bulk_upload_jobs SET hides_rows = {true} WHERE id = " JOB, "job_hides"},
    {"UPDATE bulk_upload_jobs SET hides_rows = {false} WHERE status = 'deleting'", "job_hides"},
    {"UPDATE bulk_upload_jobs SET hides_inferred = {true} WHERE id = " JOB, "job_hides"},
    {"DELETE FROM bulk_upload_errors WHERE severity = 0", "job_errors"},
    {"DELETE FROM bulk_upload_errors WHERE severity = 1", "job_warnings"},
    {"DELETE FROM work_queue WHERE task = 'import'", "job_task"},
    {"DELETE FROM work_queue WHERE task = 'deletion'", "job_task"},
    {"UPDATE deletions SET state = 'stalled' WHERE state = 'pending'; "
     "DELETE FROM work_queue WHERE task = 'deletion'",
     ""},
    {"UPDATE deletions SET job_id = NULL WHERE record_only", "job_deletion"},
    {"UPDATE deletions SET state = 'running', completed_at = NULL WHERE job_id = (SELECT id FROM "
     "bulk_upload_jobs WHERE original_filename = 'gone')",
     "job_deletion"},
    {"INSERT INTO bulk_upload_errors (owner_id, job_id, severity, job_row, seq, code, message) "
     "VALUES (" ADA ", " UNKNOWN ", 0, 2, 0, 'x', 'x')",
     "error_job"},
    {"UPDATE bulk_upload_errors SET job_row = 1000 WHERE severity = 1", "error_row"},
    {"INSERT INTO bulk_upload_files (owner_id, job_id, seq, byte_offset, size, data) VALUES (" ADA
     ", " UNKNOWN ", 0, 0, 1, {bytes 00})",
     "file_job"},
    {"UPDATE bulk_upload_files SET byte_offset = 5 WHERE job_id = " JOB, "file_chunks"},
    {"UPDATE bulk_upload_jobs SET file_size = file_size + 1 WHERE id = " JOB, "file_chunks"},
    {"UPDATE bulk_upload_files SET seq = 1 WHERE job_id = " JOB, "file_chunks file_digest"},
    {"DELETE FROM bulk_upload_files WHERE job_id = " JOB, "file_chunks file_digest"},
    {"UPDATE bulk_upload_files SET data = {bytes 00} WHERE job_id = " JOB, "file_digest"},
    {"UPDATE audit_events SET action = 'nothing' WHERE seq = 2", "audit_chain"},
    {"DELETE FROM audit_events WHERE seq = 2", "audit_chain"},
    {"UPDATE bulk_upload_jobs SET file_sha256 = {bytes 00} WHERE id = " JOB, "file_digest"},
    {"UPDATE deletions SET user_id = " UNKNOWN " WHERE record_only", "deletion_facts"},
    {"UPDATE deletions SET completed_at = NULL WHERE record_only", "deletion_facts"},
    {"UPDATE deletions SET deleted_rows = 2 WHERE state = 'done' AND NOT record_only",
     "deletion_facts deletion_rows"},
    {"UPDATE deletions SET deleted_rows = 2, expected_rows = 2 WHERE state = 'done' AND NOT "
     "record_only",
     "deletion_rows"},
    {"UPDATE deletion_chunks SET seq = 1", "chunk_order"},
    {"UPDATE deletion_chunks SET rows_before = 1", "chunk_order"},
    {"UPDATE deletions SET archived_rows = archived_rows + 1 WHERE record_only", "chunk_rows"},
    {"DELETE FROM deletion_chunks", "chunk_rows"},
    {"UPDATE deletion_chunks SET data = {bytes 00}", "chunk_whole"},
    {"UPDATE deletion_chunks SET kind = 1 - kind", "chunk_whole"},
    {"UPDATE deletion_chunks SET highest_id = " UNKNOWN ", lowest_id = " UNKNOWN, "chunk_whole"},
    {"UPDATE deletion_chunks SET row_count = row_count + 1", "chunk_rows chunk_whole"},
    {"UPDATE archived_companies SET company_id = " UNKNOWN, "archive_company"},
    {"INSERT INTO company_changes (owner_id, job_id, company_id, changed_at, name_before, "
     "sector_before, name_after, sector_after) SELECT owner_id, id, " UNKNOWN
     ", created_at, 'a', 'a', 'b', 'b' FROM bulk_upload_jobs WHERE id = " JOB,
     "company_name"},
    {"INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, "
     "attempts, position) SELECT " UNKNOWN ", task, owner_id, " UNKNOWN
     ", size, accepted_at, not_before, token, attempts, position FROM work_queue WHERE task = "
     "'import'",
     "task_import"},
    {"UPDATE bulk_upload_jobs SET status = 'cancelled', completed_at = created_at WHERE status = "
     "'pending'",
     "task_import"},
    {"INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, "
     "attempts, position) SELECT " UNKNOWN ", task, owner_id, " UNKNOWN
     ", size, accepted_at, not_before, token, attempts, position FROM work_queue WHERE task = "
     "'deletion'",
     "task_deletion"},
    {"INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, "
     "attempts, position) SELECT " UNKNOWN ", task, owner_id, object_id, size, accepted_at, "
     "not_before, token, attempts, position FROM work_queue WHERE task = 'import'",
     "task_twice"},
    {"INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, "
     "attempts, position) SELECT " UNKNOWN ", 'purge_organization', owner_id, " UNKNOWN
     ", size, accepted_at, not_before, token, attempts, position FROM work_queue WHERE task = "
     "'import'",
     "task_organization"},
    {"UPDATE work_queue SET task = 'other' WHERE task = 'import'", "task_words"},
    {"UPDATE work_queue SET lease_until = not_before WHERE task = 'import'", "task_words"},
    {"UPDATE idempotency_keys SET request = {bytes 00}", "idempotency"},
    {"UPDATE idempotency_keys SET user_id = " UNKNOWN, "idempotency"},
    {"INSERT INTO owners (id, kind, data_revision) VALUES (" UNKNOWN ", 'personal', 0)",
     "owner_kind"},
    {"UPDATE owners SET kind = 'organization' WHERE kind = 'system'", "owner_kind"},
    {"INSERT INTO owners (id, kind, data_revision) VALUES (" UNKNOWN ", 'organization', 0)",
     "owner_kind"},
    {"UPDATE users SET role = 'org_viewer' WHERE id = " BOB, "user_place"},
    {"UPDATE users SET role = 'user' WHERE organization_id IS NOT NULL", "user_place"},
    {"UPDATE users SET organization_id = " UNKNOWN " WHERE role = 'org_admin'", "user_place"},
    {"UPDATE organizations SET deleted_at = {micros 1}", "organization_facts"},
    {"UPDATE organizations SET slug = 'Guild'", "organization_facts"},
    {"UPDATE organizations SET join_digest = {bytes 00}", "organization_facts"},
    {"UPDATE organizations SET created_by = " UNKNOWN, "organization_facts"},
    {"UPDATE owners SET kind = 'personal' WHERE kind = 'organization'",
     "owner_kind organization_facts"},
    {"UPDATE organization_whitelist SET organization_id = " UNKNOWN, "whitelist_place"},
    {"UPDATE organization_whitelist SET pattern = '@Example.com'", "whitelist_place"},
    {"UPDATE audit_events SET owner_id = " UNKNOWN " WHERE seq = 1 AND owner_id = " ADA,
     "audit_chain owner_missing"},
    {"INSERT INTO audit_heads (owner_id, seq, digest, at) SELECT " UNKNOWN
     ", seq, digest, at FROM audit_heads WHERE owner_id = {nil}",
     "owner_missing"},
    {"UPDATE work_queue SET owner_id = " UNKNOWN " WHERE task = 'import'", "job_task task_owner"},
    {"INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, "
     "attempts, position) SELECT " UNKNOWN ", task, " UNKNOWN ", object_id, size, accepted_at, "
     "not_before, token, attempts, position FROM work_queue WHERE task = 'import'",
     "task_owner"},
    {"UPDATE users SET email = ' bob@example.com' WHERE id = " BOB, "user_owner"},
    {"DELETE FROM owners WHERE id = (SELECT id FROM users WHERE role = 'super_admin'); DELETE "
     "FROM audit_heads WHERE owner_id = (SELECT id FROM users WHERE role = 'super_admin')",
     "user_owner"},
    {"UPDATE tokens SET user_id = " UNKNOWN, "token_user"},
    {"UPDATE tokens SET kind = 'setup'", "token_user"},
    {"UPDATE models SET created_by = " UNKNOWN " WHERE kind = 'annual'", "model_facts"},
    {"UPDATE models SET digest = {bytes 00} WHERE kind = 'annual'", "model_digest"},
};

static void test_every_damage_is_named(void **state)
{
    World *w = *state;
    fill(w);
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(DAMAGES); i++) {
        Arena *arena = arena_new(0);
        world_script(w, arena_printf(arena, "{unguarded}; %s", DAMAGES[i].damage));
        const char *names = broken(arena, w, (InvariantScope){.files = true});
        const char *wanted =
            arena_printf(arena, "%s%s", DAMAGES[i].breaks, *DAMAGES[i].breaks == '\0' ? "" : " ");
        if (strcmp(names, wanted) != 0)
            fail_msg("%s\nbreaks %s\nand not %s", DAMAGES[i].damage, names, wanted);
        world_restore(w);
        arena_free(arena);
    }
}

/* The engine keeps these by itself, as long as its indexes are whole. */
static void test_without_its_indexes(void **state)
{
    World *w = *state;
    fill(w);
    w->broken = "version_twice model_facts";
    world_script(w, "DROP INDEX annual_predictions_key_uq; DROP INDEX models_active_uq;"
                    "INSERT INTO prediction_counts SELECT owner_id, " UNKNOWN
                    ", 0, coalesce(job_id, {nil}), reporting_year, risk_level, sector, 1 FROM "
                    "annual_predictions WHERE id = " FORMER ";"
                    "UPDATE annual_predictions SET is_current = {true} WHERE id = " FORMER ";"
                    "INSERT INTO models (id, kind, name, version, digest, file, active, "
                    "illustrative, created_at) SELECT " UNKNOWN
                    ", kind, name, '2', digest, file, active, illustrative, created_at FROM "
                    "models WHERE kind = 'annual'");
    assert_string_equal(broken(w->arena, w, (InvariantScope){0}), "version_twice model_facts ");
}

static void test_every_invariant_is_broken_once(void **state)
{
    (void)state;
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++) {
        const char *name = invariant_get(id)->name;
        bool found = id == INVARIANT_VERSION_TWICE; /* above */
        for (size_t i = 0; i < ARRAY_COUNT(DAMAGES) && !found; i++)
            found = strcmp(DAMAGES[i].breaks, name) == 0;
        if (!found)
            fail_msg("Nothing breaks %s alone.", name);
    }
}

/* --- the report --------------------------------------------------------------------------------- */

static void test_the_report(void **state)
{
    World *w = *state;
    InvariantReport report;
    fill(w);
    w->broken = "prediction_user";
    assert_no_error(invariants_check(w->arena, w->reader, &(InvariantScope){0}, &report));
    assert_int_equal(report.owners, 6); /* four users, an organization and the system */
    assert_int_equal(report.looked, INVARIANT_COUNT - 2);
    assert_int_equal(report.violated, 0);
    assert_false(report.results[INVARIANT_FILE_DIGEST].looked);
    assert_false(report.results[INVARIANT_CHUNK_WHOLE].looked);
    world_script(w, "UPDATE annual_predictions SET created_by = " UNKNOWN "; "
                    "UPDATE quarterly_predictions SET created_by = " UNKNOWN);
    assert_no_error(invariants_check(w->arena, w->reader, &(InvariantScope){0}, &report));
    const InvariantResult *result = &report.results[INVARIANT_PREDICTION_USER];
    assert_int_equal(report.violated, 1);
    assert_int_equal(result->count,
                     world_number(w, "SELECT (SELECT count(*) FROM annual_predictions) + (SELECT "
                                     "count(*) FROM quarterly_predictions)"));
    assert_int_equal(result->shown, VIOLATIONS_SHOWN);
    for (size_t i = 0; i < result->shown; i++) {
        assert_true(result->first[i].has_owner);
        assert_int_equal(
            world_number(w, arena_printf(w->arena,
                                         "SELECT count(*) FROM annual_predictions WHERE owner_id "
                                         "= {id %s} AND id = {id %s}",
                                         uuid_text(w->arena, result->first[i].owner_id),
                                         uuid_text(w->arena, result->first[i].id))),
            1);
    }
}

static void test_one_owner(void **state)
{
    World *w = *state;
    InvariantReport report;
    InvariantScope bob = {.has_owner = true, .owner_id = w->bob->user_id};
    fill(w);
    w->broken = "job_user token_user";
    world_script(w, "UPDATE bulk_upload_jobs SET user_id = " UNKNOWN
                    "; UPDATE tokens SET user_id = " UNKNOWN);
    assert_no_error(invariants_check(w->arena, w->reader, &bob, &report));
    assert_int_equal(report.owners, 1);
    assert_int_equal(report.violated, 0);
    assert_false(report.results[INVARIANT_TOKEN_USER].looked);
    bob.owner_id = w->ada->user_id;
    assert_string_equal(broken(w->arena, w, bob), "job_user ");
    bob.owner_id.bytes[15] ^= 1;
    assert_error(invariants_check(w->arena, w->reader, &bob, &report), ERROR_NOT_FOUND,
                 "There is no such owner.");
}

/* It asks in pages of a hundred. */
static void test_many_owners(void **state)
{
    World *w = *state;
    InvariantReport report;
    for (int i = 0; i < 230; i++) {
        const char *id = arena_printf(w->arena, "{id 01900000-0000-7000-8000-%012x}", i);
        world_script(
            w,
            arena_printf(
                w->arena,
                "INSERT INTO owners (id, kind, data_revision) VALUES (%s, 'organization', 0);"
                "INSERT INTO audit_heads (owner_id, seq, digest, at) SELECT %s, 0, {bytes %064d}, "
                "at FROM audit_heads WHERE owner_id = {nil};"
                "INSERT INTO organizations (id, slug, name, is_active, join_enabled, "
                "default_role, allow_global_data_access, revision, created_by, created_at, "
                "updated_at) VALUES (%s, 'o%d', 'O', {true}, {false}, 'org_viewer', {false}, 0, "
                "{nil}, {micros 1}, {micros 1})",
                id, id, 0, id, i));
    }
    assert_no_error(invariants_check(w->arena, w->reader, &(InvariantScope){0}, &report));
    assert_int_equal(report.owners, 234);
    assert_int_equal(report.violated, 0);
}

/* A check reads alone, and sees nothing that was not committed. */
static void test_beside_a_writer(void **state)
{
    World *w = *state;
    fill(w);
    const char *before = world_state(w->arena, w);
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_string_equal(broken(w->arena, w, (InvariantScope){.files = true}), "");
    tx_rollback(&tx);
    assert_string_equal(world_state(w->arena, w), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_every_damage_is_named),
        WORLD_TEST(test_without_its_indexes),
        WORLD_TEST(test_every_invariant_is_broken_once),
        WORLD_TEST(test_the_report),
        WORLD_TEST(test_one_owner),
        WORLD_TEST(test_many_owners),
        WORLD_TEST(test_beside_a_writer),
    };
    return world_run(tests);
}
