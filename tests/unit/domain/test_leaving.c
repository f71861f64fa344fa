/* Work that a member of an organization has asked for, and who leaves before it is done: it ends as it was asked
 * for, since its data is the organization's, and it shows nothing to whoever left. What a member's upload may
 * replace. And what somebody who only reads the system's data may not do there. */
#include "domain/company_deletion.h"
#include "domain/holds.h"
#include "domain/key_deletion.h"
#include "domain/retry.h"
#include "store/account_store.h"
#include "world.h"

#define TEXT(...) arena_printf(w->arena, __VA_ARGS__)

/* --- an organization ----------------------------------------------------------------------------- */

static Uuid founded(World *w)
{
    Uuid id = uuid_new();
    const char *text = uuid_text(w->arena, id);
    world_script(
        w, TEXT("INSERT INTO owners (id, kind, data_revision) VALUES ({id %s}, 'organization', 0);"
                "INSERT INTO audit_heads (owner_id, seq, digest, at) VALUES "
                "({id %s}, 0, {bytes %064d}, {micros 1767225600000000});"
                "INSERT INTO organizations (id, slug, name, is_active, join_enabled, default_role, "
                "allow_global_data_access, revision, created_by, created_at, updated_at) VALUES "
                "({id %s}, 'acme', 'Acme Ratings', {true}, {false}, 'org_member', {true}, 1, "
                "{id %s}, {micros 1767225600000000}, {micros 1767225600000000})",
                text, text, 0, text, uuid_text(w->arena, w->root->user_id)));
    return id;
}

/* The account as it is now, as each request makes it. */
static Principal *now(World *w, const Principal *person)
{
    static const Peer peer = {.via = "http", .address = "127.0.0.1"};
    User *user = NULL;
    assert_no_error(user_by_id(w->arena, w->db, person->user_id, &user));
    return accounts_principal(w->arena, user, &peer);
}

static Principal *joined(World *w, const Principal *person, Uuid organization, const char *role)
{
    world_script(
        w, TEXT("UPDATE users SET organization_id = {id %s}, role = '%s' WHERE id = {id %s}",
                uuid_text(w->arena, organization), role, uuid_text(w->arena, person->user_id)));
    return now(w, person);
}

static void left(World *w, const Principal *person)
{
    world_script(w,
                 TEXT("UPDATE users SET organization_id = NULL, role = 'user' WHERE id = {id %s}",
                      uuid_text(w->arena, person->user_id)));
}

/* The ways in which a member's place may end. */
static void left_by(World *w, const Principal *person, int way)
{
    const char *id = uuid_text(w->arena, person->user_id);
    switch (way) {
    case 0:
        left(w, person);
        break;
    case 1:
        world_script(w, TEXT("UPDATE users SET is_active = {false} WHERE id = {id %s}", id));
        break;
    case 2:
        world_script(
            w,
            TEXT("UPDATE users SET deleted_at = {micros 1767225600000001} WHERE id = {id %s}", id));
        break;
    default:
        world_script(w, "UPDATE organizations SET is_active = {false}");
    }
}
enum { WAYS = 4 };

/* As if it had all not happened, for the next way. */
static void all_back(World *w, const Principal *person, Uuid organization)
{
    const char *id = uuid_text(w->arena, person->user_id);
    world_script(w,
                 TEXT("UPDATE organizations SET is_active = {true};"
                      "UPDATE users SET is_active = {true}, deleted_at = NULL WHERE id = {id %s}",
                      id));
    joined(w, person, organization, "org_member");
}

static void assert_sees_nothing(World *w, const Principal *person, Uuid job, Uuid deletion)
{
    const Principal *who = now(w, person);
    Job *found = NULL;
    Deletion *undone = NULL;
    JobFilter filter = {.show_deleted = true};
    JobList list = {0};
    PredictionFilter all = PREDICTION_FILTER_ALL;
    PredictionList rows = {0};
    Page page = {.limit = 10, .want_total = true};
    assert_error(jobs_get(w->arena, w->db, who, job, true, &found), ERROR_NOT_FOUND,
                 "There is no such job.");
    assert_error(jobs_cancel(w->arena, w->db, who, job, &found), ERROR_NOT_FOUND,
                 "There is no such job.");
    assert_no_error(jobs_list(w->arena, w->db, who, &filter, &page, &list));
    assert_int_equal(list.count, 0);
    assert_int_equal(list.end.total, 0);
    assert_no_error(predictions_list(w->arena, w->db, who, KIND_ANNUAL, &all, &page, &rows));
    assert_int_equal(rows.count, 0);
    assert_int_equal(rows.end.total, 0);
    if (uuid_is_nil(deletion))
        return;
    assert_error(deletion_get(w->arena, w->db, who, deletion, &undone), ERROR_NOT_FOUND,
                 "There is no such deletion.");
    assert_error(restoration_request(w->arena, w->db, who, deletion, NULL, &undone),
                 ERROR_NOT_FOUND, "There is no such deletion.");
}

/* An account that is disabled gets in nowhere; what its principal would see is no question then. */
static bool gets_in(int way)
{
    return way != 1 && way != 2;
}

/* --- work that is under way ---------------------------------------------------------------------- */

static void test_import_deletion_and_restore_end(void **state)
{
    World *w = *state;
    Uuid organization = founded(w);
    Principal *admin = joined(w, w->bob, organization, "org_admin");
    for (int way = 0; way < WAYS; way++) {
        Principal *ada = joined(w, w->ada, organization, "org_member");
        const char *rows =
            TEXT("%s%s", world_row(w, TEXT("A%d", way), 2020, 1), world_row(w, "B", 2000 + way, 2));
        world_advance(1000);
        Uuid id = world_upload(w, ada, rows, NULL);
        left_by(w, w->ada, way);
        if (gets_in(way))
            assert_sees_nothing(w, w->ada, id, UUID_NIL);
        world_work(w);
        all_back(w, w->ada, organization);
        const Job *job = world_job(w, admin, id);
        assert_int_equal(job->status, JOB_COMPLETED);
        assert_int_equal(job->counters.successful, 2);
        assert_true(uuid_equal(job->owner_id, organization));

        world_advance(1000);
        Deletion *deletion = world_delete(w, now(w, w->ada), id, true);
        left_by(w, w->ada, way);
        world_work(w);
        if (gets_in(way))
            assert_sees_nothing(w, w->ada, id, deletion->id);
        all_back(w, w->ada, organization);
        assert_int_equal(world_job(w, admin, id)->status, JOB_DELETED);

        world_advance(1000);
        assert_no_error(
            restoration_request(w->arena, w->db, now(w, w->ada), deletion->id, NULL, &deletion));
        left_by(w, w->ada, way);
        world_work(w);
        all_back(w, w->ada, organization);
        assert_int_equal(world_job(w, admin, id)->status, JOB_COMPLETED);
        world_check(w);
    }
    /* What the worker did for her is in the organization's trail, under her name. */
    assert_string_equal(
        world_text(w, TEXT("SELECT DISTINCT actor, via FROM audit_events WHERE action = "
                           "'job.completed'")),
        "ada@example.com|worker\n");
}

/* The body of an upload may take an hour. */
static void test_an_upload_whose_sender_left(void **state)
{
    World *w = *state;
    Uuid organization = founded(w);
    for (int way = 0; way < WAYS + 1; way++) {
        const Principal *ada = joined(w, w->ada, organization, "org_member");
        UploadAnswer answer = {0};
        bool viewer = way == WAYS; /* she stays, and may only look */
        if (viewer)
            joined(w, w->ada, organization, "org_viewer");
        else
            left_by(w, w->ada, way);
        Error *error = world_try_upload(w, ada, KIND_ANNUAL, STR("bytes"), NULL, &answer);
        assert_error(error, ERROR_DENIED,
                     gets_in(way) ? "You do not belong to this organization any more, or may not "
                                    "write to it."
                                  : "This account is disabled.");
        assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_files"), 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
        all_back(w, w->ada, organization);
    }
}

/* What she kept to herself stays hers. */
static void test_personal_data_stays(void **state)
{
    World *w = *state;
    Uuid organization = founded(w);
    Principal *ada = joined(w, w->ada, organization, "org_member");
    Prediction *mine = NULL, *found = NULL;
    NewPrediction new = {.kind = KIND_ANNUAL, .personal = true};
    Uuid current;
    new.input = (PredictionInput){.symbol = STR("MINE"),
                                  .company_name = STR("Mine"),
                                  .year = 2020,
                                  .quarter = 4,
                                  .sector = STR("Energy")};
    assert_no_error(predictions_create(w->arena, w->db, ada, &new, &(IdempotencyKey){0}, &mine));
    assert_true(uuid_equal(mine->owner_id, w->ada->user_id));
    left(w, w->ada);
    assert_no_error(
        predictions_get(w->arena, w->db, now(w, w->ada), KIND_ANNUAL, mine->id, &found, &current));
}

/* --- what others made ------------------------------------------------------------------------------ */

static const Job *replacing(World *w, const Principal *who, const char *rows, bool dry_run)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_duplicate = DUPLICATE_REPLACE;
    options.dry_run = dry_run;
    Uuid id = world_upload(w, who, rows, &options);
    world_work(w);
    return world_job(w, who, id);
}

static const char *current(World *w)
{
    return world_text(w,
                      "SELECT c.symbol, u.email, p.return_on_assets FROM annual_predictions p "
                      "JOIN companies c ON c.owner_id = p.owner_id AND c.id = p.company_id "
                      "JOIN users u ON u.id = p.created_by WHERE p.is_current ORDER BY c.symbol");
}

/* An upload replaces what its sender may change by hand, and an administrator's all. */
static void test_what_an_upload_may_replace(void **state)
{
    World *w = *state;
    Uuid organization = founded(w);
    const Principal *ada = joined(w, w->ada, organization, "org_member");
    const Principal *bob = joined(w, w->bob, organization, "org_member");
    replacing(w, ada, TEXT("%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "SAME", 2020, 1)),
              false);
    replacing(w, bob, world_row(w, "TWO", 2020, 1), false);
    const char *rows = TEXT("%s%s%s%s", world_row(w, "ONE", 2020, 5), world_row(w, "SAME", 2020, 1),
                            world_row(w, "TWO", 2020, 5), world_row(w, "NEW", 2020, 5));
    for (int dry_run = 1; dry_run >= 0; dry_run--) {
        const Job *job = replacing(w, bob, rows, dry_run == 1);
        assert_int_equal(job->status, JOB_COMPLETED);
        assert_int_equal(job->counters.successful, 2);
        assert_int_equal(job->counters.replaced, 1);
        assert_int_equal(job->counters.unchanged, 1);
        assert_int_equal(job->counters.failed, 1);
    }
    assert_string_equal(world_text(w, "SELECT DISTINCT code, message FROM bulk_upload_errors"),
                        "not_yours|There is a prediction of ONE, 2020 Q4 already that somebody "
                        "else made. Only they "
                        "or an administrator may replace it.\n");
    assert_string_equal(current(w), "NEW|bob@example.com|5.0\nONE|ada@example.com|1.0\n"
                                    "SAME|ada@example.com|1.0\nTWO|bob@example.com|5.0\n");
    world_check(w);

    bob = joined(w, w->bob, organization, "org_admin");
    assert_int_equal(replacing(w, bob, world_row(w, "ONE", 2020, 5), false)->counters.replaced, 1);
    bob = joined(w, w->bob, organization, "org_member");
    const Job *job = replacing(
        w, ada, TEXT("%s%s", world_row(w, "ONE", 2020, 7), world_row(w, "SAME", 2020, 7)), false);
    assert_int_equal(job->counters.replaced, 1); /* what was hers is the administrator's now */
    assert_int_equal(job->counters.failed, 1);
    world_check(w);
}

/* --- reading the system's data -------------------------------------------------------------------- */

static Error *purge(World *w, const Principal *who, Uuid owner_id, bool all)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Purge asked = {.kind = KIND_ANNUAL, .owner_id = owner_id, .filter = &filter, .all = all};
    Deletion *deletion = NULL;
    PurgePreview preview = {0};
    Error *error = key_deletion_request_purge(w->arena, w->db, who, &asked, &deletion);
    Error *looked = key_deletion_preview_purge(w->arena, w->db, who, &asked, &preview);
    assert_int_equal(error == NULL, looked == NULL);
    return error;
}

/* Also where he made it himself, when he was a super_admin. */
static void test_the_systems_data_is_read_only(void **state)
{
    World *w = *state;
    Uuid organization = founded(w);
    Prediction *theirs = NULL, *found = NULL;
    Uuid current;
    assert_no_error(world_create(w, w->root, "ONE", 2020, 1, &theirs));
    Uuid job = world_upload(w, w->root, world_row(w, "TWO", 2020, 1), NULL);
    world_work(w);
    Uuid gone = world_upload(w, w->root, world_row(w, "THREE", 2020, 1), NULL);
    world_work(w);
    Deletion *deletion = world_delete(w, w->root, gone, true);
    world_work(w);
    const char *before = world_state(w->arena, w);
    const char *events = world_text(w, "SELECT count(*) FROM audit_events");
    static const char *const roles[] = {"org_member", "org_admin", "org_auditor"};
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
        const Principal *who = joined(w, w->root, organization, roles[i]);
        KeyDeletionOptions options = {.reason = "no"};
        CompanyDeletion company = {.with_predictions = true};
        DeletionOptions all = {.with_predictions = true};
        DeletionResult result = {0};
        DeletionPreview preview = {0};
        Deletion *none = NULL;
        const Company *with = NULL;
        Job *changed = NULL;
        PredictionInput input = {.year = 2020, .quarter = 4};
        IdempotencyKey no_key = {0};
        VersionRestore version = {.kind = KIND_ANNUAL,
                                  .id = theirs->id,
                                  .version_id = theirs->id,
                                  .idempotency = &no_key};
        CreatedPrediction created;
        JobChange note = {.has_note = true, .note = "x"},
                  hold = {.has_hold = true, .hold = true, .reason = "x"};
        assert_no_error(
            predictions_get(w->arena, w->db, who, KIND_ANNUAL, theirs->id, &found, &current));
        Error *refused[] = {
            predictions_change(w->arena, w->db, who, KIND_ANNUAL, theirs->id, &input, NULL, &found),
            predictions_delete(w->arena, w->db, who, KIND_ANNUAL, theirs->id, &options, &none),
            predictions_restore_version(w->arena, w->db, who, &version, &created),
            purge(w, who, SYSTEM_OWNER, true),
            company_deletion_request(w->arena, w->db, who, theirs->company_id, &company, &with,
                                     &none),
            deletion_preview(w->arena, w->db, who, job, &all, &preview),
            deletion_request(w->arena, w->db, who, job, &all, &result),
            jobs_cancel(w->arena, w->db, who, job, &changed),
            holds_change(w->arena, w->db, who, job, &note, &changed),
            holds_change(w->arena, w->db, who, job, &hold, &changed),
            restoration_request(w->arena, w->db, who, deletion->id, NULL, &none),
            archive_purge_request(w->arena, w->db, who, deletion->id, "no", &none),
            retry_deletion(w->arena, w->db, who, deletion->id, &none),
        };
        for (size_t k = 0; k < ARRAY_COUNT(refused); k++) {
            assert_non_null(refused[k]);
            assert_int_equal(refused[k]->code, ERROR_DENIED);
        }
    }
    assert_string_equal(world_state(w->arena, w), before);
    assert_string_equal(world_text(w, "SELECT count(*) FROM audit_events"), events);

    /* Without the organization's access it does not exist. */
    world_script(w, "UPDATE organizations SET allow_global_data_access = {false}");
    assert_error(predictions_get(w->arena, w->db, now(w, w->root), KIND_ANNUAL, theirs->id, &found,
                                 &current),
                 ERROR_NOT_FOUND, "There is no such prediction.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_import_deletion_and_restore_end),
        WORLD_TEST(test_an_upload_whose_sender_left),
        WORLD_TEST(test_personal_data_stays),
        WORLD_TEST(test_what_an_upload_may_replace),
        WORLD_TEST(test_the_systems_data_is_read_only),
    };
    return world_run(tests);
}
