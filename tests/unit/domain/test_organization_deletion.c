/* A deleted organization is out of everybody's sight at once and keeps everything; it comes back as it was, or ends
 * row by row, whatever fails or dies meanwhile. */
#include "world.h"

#include "base/clock.h"
#include "domain/batches.h"
#include "domain/deletions.h"
#include "domain/holds.h"
#include "domain/joining.h"
#include "domain/members.h"
#include "domain/organization_deletion.h"
#include "domain/organizations.h"
#include "domain/retry.h"

static const Peer PEER = {.via = "http", .address = "192.0.2.1"};
static const OrganizationDeletion ASKED = {.reason = "dissolved", .window = DAYS(30)};

typedef struct Guild {
    Uuid id;
    Principal *admin;
    Principal *member;
} Guild;

static Principal *again(World *w, const Principal *who)
{
    User *user = NULL;
    assert_no_error(accounts_user(w->arena, w->db, who->user_id, &user));
    return accounts_principal(w->arena, user, &PEER);
}

static Principal *join(World *w, const char *token, Uuid id, const char *email, Role role)
{
    Organization *joined = NULL;
    User *changed = NULL;
    UserChange to = {.has_role = true, .role = role};
    Principal *who = world_add_person(w, email, ROLE_USER);
    assert_no_error(joining_join(w->arena, w->db, who, str_from(token), &joined));
    assert_no_error(members_change(w->arena, w->db, w->root, id, who->user_id, &to, &changed));
    return again(w, who);
}

static Guild found_guild(World *w, const char *name)
{
    Guild guild;
    const char *token = NULL;
    Organization *made = NULL;
    NewOrganization asked = {
        .name = str_from(name), .default_role = ROLE_ORG_MEMBER, .join_enabled = true};
    assert_no_error(organizations_create(w->arena, w->db, w->root, &asked, &token, &made));
    guild.id = made->id;
    guild.admin = join(w, token, made->id, arena_printf(w->arena, "admin@%s.example", made->slug),
                       ROLE_ORG_ADMIN);
    guild.member = join(w, token, made->id, arena_printf(w->arena, "member@%s.example", made->slug),
                        ROLE_ORG_MEMBER);
    return guild;
}

static const ImportOptions REPLACE = {.max_failed_rows = -1, .on_duplicate = DUPLICATE_REPLACE};

/* Something in every table: uploads, one of them deleted; rows that failed; versions; a list of addresses. */
static Uuid fill(World *w, const Guild *guild)
{
    Prediction *made = NULL;
    bool is_new = false;
    int64_t count = 0;
    const char *rows = arena_printf(w->arena, "%s%sBAD,Bad,12%%,Energy,1800,Q9,,,,,\n",
                                    world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 2));
    Uuid first = world_upload(w, guild->member, rows, NULL);
    world_work(w);
    Uuid second = world_upload(w, guild->member, world_row(w, "ONE", 2020, 3), &REPLACE);
    Uuid third = world_upload(w, guild->member, world_row(w, "THREE", 2020, 3), NULL);
    world_work(w);
    world_delete(w, guild->member, third, true);
    world_work(w);
    assert_no_error(world_create(w, guild->member, "HAND", 2020, 1, &made));
    assert_no_error(world_create(w, guild->member, "GONE", 2020, 1, &made));
    assert_no_error(world_remove(w, guild->member, made->id, NULL, &count));
    assert_no_error(
        joining_allow(w->arena, w->db, guild->admin, guild->id, STR("@guild.example"), &is_new));
    assert_int_equal(world_job(w, guild->member, second)->status, JOB_COMPLETED);
    return first;
}

static Deletion *delete (World *w, const Principal *who, Uuid id)
{
    OrganizationDeletionPreview was;
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(
        organization_deletion_request(w->arena, w->db, who, id, &ASKED, &was, &deletion));
    return deletion;
}

static Deletion *restore(World *w, Uuid deletion_id)
{
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(
        restoration_request(w->arena, w->db, w->root, deletion_id, "a mistake", &deletion));
    return deletion;
}

static Deletion *purge(World *w, Uuid deletion_id)
{
    Deletion *deletion = NULL;
    world_advance(1000);
    assert_no_error(
        archive_purge_request(w->arena, w->db, w->root, deletion_id, "it is time", &deletion));
    return deletion;
}

static void refuse(Error *error, ErrorCode code, const char *reason)
{
    assert_non_null(error);
    assert_int_equal(error->code, code);
    if (reason != NULL)
        assert_true(error_is(error, reason));
}

static size_t seen_by(World *w, const Principal *who)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 100};
    PredictionList list = {0};
    assert_no_error(
        predictions_list(w->arena, w->db, again(w, who), KIND_ANNUAL, &filter, &page, &list));
    return list.count;
}

/* All rows of an owner but its audit trail. */
static int64_t rows_of(World *w, Uuid owner_id)
{
    static const char *const tables[] = {
        "annual_predictions", "archived_companies", "bulk_upload_errors",    "bulk_upload_files",
        "bulk_upload_jobs",   "companies",          "company_changes",       "covering_rows",
        "deletion_chunks",    "deletions",          "idempotency_keys",      "prediction_counts",
        "retired_versions",   "work_queue",         "quarterly_predictions", "job_row_marks",
    };
    int64_t all = 0;
    for (size_t i = 0; i < ARRAY_COUNT(tables); i++)
        all += world_number(w, arena_printf(w->arena,
                                            "SELECT count(*) FROM %s WHERE owner_id = {id %s}",
                                            tables[i], uuid_text(w->arena, owner_id)));
    return all;
}

/* --- deleting and bringing back --------------------------------------------------------------------- */

static void test_a_preview(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    fill(w, &guild);
    OrganizationDeletionPreview was, now;
    Deletion *deletion = NULL;
    Prediction *made = NULL;
    assert_no_error(organization_deletion_preview(w->arena, w->db, guild.admin, guild.id, &was));
    assert_int_equal(was.organization->members, 2);
    assert_int_equal(was.counts.jobs, 2);
    assert_int_equal(was.counts.companies, 5);
    assert_int_equal(was.counts.predictions[KIND_ANNUAL], 3);
    assert_int_equal(was.counts.predictions[KIND_QUARTERLY], 0);
    assert_int_equal(
        organization_deletion_preview(w->arena, w->db, guild.member, guild.id, &now)->code,
        ERROR_NOT_FOUND);
    assert_no_error(world_create(w, guild.member, "MORE", 2020, 1, &made));
    OrganizationDeletion asked = ASKED;
    asked.if_match = was.etag;
    refuse(organization_deletion_request(w->arena, w->db, guild.admin, guild.id, &asked, &now,
                                         &deletion),
           ERROR_CHANGED, NULL);
    assert_no_error(organization_deletion_preview(w->arena, w->db, guild.admin, guild.id, &now));
    asked.if_match = now.etag;
    assert_no_error(organization_deletion_request(w->arena, w->db, guild.admin, guild.id, &asked,
                                                  &now, &deletion));
    assert_int_equal(deletion->expected, 4);
    assert_int_equal(deletion->restorable_until - deletion->created_at, DAYS(30));
    refuse(organization_deletion_preview(w->arena, w->db, w->root, guild.id, &now), ERROR_GONE,
           NULL);
}

static void test_gone_and_back(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild"), other = found_guild(w, "Other");
    fill(w, &guild);
    fill(w, &other);
    static const char rows[] =
        "SELECT id, is_current FROM annual_predictions ORDER BY id; SELECT id, status FROM "
        "bulk_upload_jobs ORDER BY id; SELECT id, deleted_at FROM companies ORDER BY id";
    const char *before = world_text(w, rows);
    Organization *found = NULL, *changed = NULL;
    Deletion *deletion = delete (w, guild.admin, guild.id);
    assert_int_equal(seen_by(w, guild.member), 0);
    assert_int_equal(seen_by(w, other.member), 3);
    assert_int_equal(again(w, guild.admin)->role, ROLE_USER);
    Error *error = organizations_get(w->arena, w->db, w->root, guild.id, false, &found);
    assert_error(error, ERROR_GONE, "This organization was deleted.");
    assert_non_null(strstr(error->extra_json, "\"deletion_reason\":\"dissolved\""));
    assert_no_error(organizations_get(w->arena, w->db, w->root, guild.id, true, &found));
    assert_uuid(found->deletion_id, deletion->id);
    OrganizationChange change = {.has_name = true, .to.name = STR("X")};
    refuse(organizations_change(w->arena, w->db, w->root, guild.id, &change, &changed), ERROR_GONE,
           NULL);
    refuse(organizations_get(w->arena, w->db, again(w, guild.admin), guild.id, true, &found),
           ERROR_NOT_FOUND, NULL);
    deletion = restore(w, deletion->id);
    assert_int_equal(deletions_status(deletion), STATUS_RESTORED);
    assert_int_equal(seen_by(w, guild.member), 3);
    assert_int_equal(again(w, guild.admin)->role, ROLE_ORG_ADMIN);
    assert_string_equal(world_text(w, rows), before);
    restore(w, deletion->id); /* once more changes nothing */
    assert_string_equal(
        world_text(w, "SELECT action, row_count, reason FROM audit_events WHERE owner_id = {nil} "
                      "AND action IN ('organization.deleted', 'organization.restored') ORDER BY "
                      "seq"),
        "organization.deleted|3|dissolved\norganization.restored|3|a mistake\n");
    delete (w, w->root, guild.id);
    assert_int_equal(seen_by(w, guild.member), 0);
}

/* Its deletion is in the system's list, which some members of others read. */
static void test_who_sees_the_deletion(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild"), other = found_guild(w, "Other");
    Organization *changed = NULL;
    OrganizationChange open = {.has_reads_system = true, .to.reads_system = true};
    assert_no_error(organizations_change(w->arena, w->db, w->root, other.id, &open, &changed));
    Deletion *deletion = delete (w, guild.admin, guild.id), *found = NULL;
    const Principal *others[] = {again(w, other.admin), again(w, guild.admin), w->ada};
    DeletionFilter filter = {0};
    DeletionList list = {0};
    Page page = {.limit = 10, .want_total = true};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        refuse(deletion_get(w->arena, w->db, others[i], deletion->id, &found), ERROR_NOT_FOUND,
               NULL);
        refuse(restoration_request(w->arena, w->db, others[i], deletion->id, NULL, &found),
               ERROR_NOT_FOUND, NULL);
        assert_no_error(deletions_list(w->arena, w->db, others[i], &filter, &page, &list));
        assert_int_equal(list.count, 0);
        assert_int_equal(list.end.total, 0);
    }
    filter.subjects = 1u << SUBJECT_ORGANIZATION;
    assert_no_error(deletions_list(w->arena, w->db, w->root, &filter, &page, &list));
    assert_int_equal(list.count, 1);
    assert_uuid(list.items[0].object_id, guild.id);
}

/* What was accepted before is worked, and is the organization's. */
static void test_with_work_under_way(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    Uuid first = fill(w, &guild);
    Uuid job = world_upload(w, guild.member, world_row(w, "LATE", 2020, 1), NULL);
    world_delete(w, guild.member, first, true);
    Deletion *deletion = delete (w, guild.admin, guild.id);
    world_work(w);
    assert_int_equal(seen_by(w, guild.member), 0);
    restore(w, deletion->id);
    assert_int_equal(world_job(w, again(w, guild.member), job)->status, JOB_COMPLETED);
    assert_int_equal(world_job(w, again(w, guild.member), first)->status, JOB_DELETED);
}

/* --- the end --------------------------------------------------------------------------------------- */

static void check_purged(World *w, const Guild *guild, Uuid deletion_id)
{
    Deletion *deletion = NULL;
    Organization *found = NULL;
    assert_int_equal(rows_of(w, guild->id), 0);
    assert_no_error(deletion_get(w->arena, w->db, w->root, deletion_id, &deletion));
    assert_int_equal(deletions_status(deletion), STATUS_PURGED);
    assert_no_error(organizations_get(w->arena, w->db, w->root, guild->id, true, &found));
    assert_int_equal(found->members, 0);
    assert_false(found->has_token);
    User *user = NULL;
    assert_no_error(accounts_user(w->arena, w->db, guild->admin->user_id, &user));
    assert_false(user->has_organization);
    assert_int_equal(user->role, ROLE_USER);
    assert_true(user->is_active);
    refuse(restoration_request(w->arena, w->db, w->root, deletion_id, NULL, &deletion), ERROR_GONE,
           "purged");
    assert_int_equal(world_number(w, "SELECT count(*) FROM organization_whitelist"), 0);
}

static void test_a_purge(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild"), other = found_guild(w, "Other");
    Prediction *own = NULL;
    fill(w, &guild);
    assert_no_error(world_create(w, guild.member, "OWN", 2020, 1, &own));
    world_script(w,
                 arena_printf(w->arena, "UPDATE users SET is_service = {true} WHERE id = {id %s}",
                              uuid_text(w->arena, guild.member->user_id)));
    fill(w, &other);
    world_script(w, arena_printf(w->arena,
                                 "DELETE FROM organization_whitelist WHERE "
                                 "organization_id = {id %s}",
                                 uuid_text(w->arena, other.id)));
    int64_t others = rows_of(w, other.id), trail = 0;
    Deletion *deletion = delete (w, w->root, guild.id);
    assert_true(rows_of(w, guild.id) > 20);
    trail = world_number(w, "SELECT count(*) FROM audit_events");
    purge(w, deletion->id);
    deletion = purge(w, deletion->id); /* once more changes nothing */
    assert_int_equal(deletions_status(deletion), STATUS_PURGING);
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 1);
    world_work(w);
    check_purged(w, &guild, deletion->id);
    assert_int_equal(rows_of(w, other.id), others);
    assert_int_equal(seen_by(w, other.member), 3);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events"), trail + 4);
    User *service = NULL;
    assert_no_error(accounts_user(w->arena, w->db, guild.member->user_id, &service));
    assert_false(service->is_active);
}

/* Behind what is still to be done for the organization. */
static void test_a_purge_behind_other_work(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    fill(w, &guild);
    world_upload(w, guild.member, world_row(w, "LATE", 2020, 1), NULL);
    Deletion *deletion = delete (w, w->root, guild.id);
    purge(w, deletion->id);
    Task *task = NULL;
    assert_no_error(world_step(w, NULL, -1, &task));
    assert_int_equal(task->kind, TASK_IMPORT);
    assert_no_error(world_step(w, NULL, -1, &task));
    assert_int_equal(task->kind, TASK_PURGE_ORGANIZATION);
    check_purged(w, &guild, deletion->id);
}

static void set_hold(World *w, Uuid job, bool set)
{
    world_script(w, arena_printf(w->arena,
                                 "UPDATE bulk_upload_jobs SET legal_hold = %s, legal_hold_at = %s "
                                 "WHERE id = {id %s}",
                                 set ? "'x'" : "NULL", set ? "{micros 5}" : "NULL",
                                 uuid_text(w->arena, job)));
}

static void test_what_forbids_a_purge(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    Uuid job = fill(w, &guild);
    Job *held = NULL;
    JobChange hold = {.has_hold = true, .hold = true, .reason = "a lawsuit"};
    assert_no_error(holds_change(w->arena, w->db, guild.admin, job, &hold, &held));
    Deletion *deletion = delete (w, guild.admin, guild.id), *found = NULL;
    refuse(archive_purge_request(w->arena, w->db, w->root, deletion->id, "x", &found),
           ERROR_CONFLICT, "legal_hold");
    restore(w, deletion->id);
    refuse(archive_purge_request(w->arena, w->db, w->root, deletion->id, "x", &found),
           ERROR_CONFLICT, "restored");
    hold.hold = false;
    assert_no_error(holds_change(w->arena, w->db, again(w, guild.admin), job, &hold, &held));
    deletion = delete (w, guild.admin, guild.id);
    purge(w, deletion->id);
    /* A hold that comes past all of it stops the worker, and an administrator lets it go on. */
    set_hold(w, job, true);
    world_work(w);
    assert_no_error(deletion_get(w->arena, w->db, w->root, deletion->id, &found));
    assert_int_equal(deletions_status(found), STATUS_STALLED);
    set_hold(w, job, false);
    assert_no_error(retry_deletion(w->arena, w->db, w->root, deletion->id, &found));
    assert_int_equal(deletions_status(found), STATUS_PURGING);
    world_work(w);
    check_purged(w, &guild, deletion->id);
}

/* Stopped, died, failed: it goes on where it stood. */
static void test_a_purge_in_pieces(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    fill(w, &guild);
    Deletion *deletion = delete (w, guild.admin, guild.id);
    purge(w, deletion->id);
    batches_inject(2);
    int64_t left = rows_of(w, guild.id);
    Task *task = NULL;
    for (int batches = 1; batches <= 3; batches++) {
        assert_no_error(world_step(w, NULL, batches, &task));
        assert_int_equal(w->last_end, TASK_STOPPED);
        world_reopen(w); /* nobody gives the task back: its lease runs out */
        world_advance(SECONDS(TASK_LEASE_SECONDS + 1));
        assert_true(rows_of(w, guild.id) < left);
        left = rows_of(w, guild.id);
        world_check(w);
    }
    for (int64_t nth = 1; left > 0; nth++) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = world_step(w, NULL, -1, &task);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (error != NULL)
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_false(db_in_transaction(w->db));
        world_advance(SECONDS(TASK_LEASE_SECONDS + 1));
        assert_true(rows_of(w, guild.id) <= left && nth < 200);
        left = rows_of(w, guild.id);
    }
    batches_inject(0);
    world_work(w);
    check_purged(w, &guild, deletion->id);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, "Guild");
    Deletion *deletion = NULL, *given = NULL;
    OrganizationDeletionPreview was;
    const char *all = "SELECT id, deleted_at, revision FROM organizations; SELECT id, phase, state "
                      "FROM deletions; SELECT id FROM work_queue; SELECT * FROM audit_events";
    for (int act = 0; act < 4; act++) {
        const char *before = world_text(w, all);
        bool fired = true;
        for (int64_t nth = 1; fired; nth++) {
            Error *error;
            fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
            if (act == 0 || act == 2)
                error = organization_deletion_request(w->arena, w->db, w->root, guild.id, &ASKED,
                                                      &was, &given);
            else if (act == 1)
                error = restoration_request(w->arena, w->db, w->root, deletion->id, NULL, &given);
            else
                error = archive_purge_request(w->arena, w->db, w->root, deletion->id, "x", &given);
            fired = fault_fired(w->fault);
            fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
            if (!fired) {
                assert_no_error(error);
                assert_true(nth > 10);
                break;
            }
            assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
            assert_string_equal(world_text(w, all), before);
        }
        deletion = given;
    }
    world_work(w);
    check_purged(w, &guild, deletion->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_preview),
        WORLD_TEST(test_gone_and_back),
        WORLD_TEST(test_who_sees_the_deletion),
        WORLD_TEST(test_with_work_under_way),
        WORLD_TEST(test_a_purge),
        WORLD_TEST(test_a_purge_behind_other_work),
        WORLD_TEST(test_what_forbids_a_purge),
        WORLD_TEST(test_a_purge_in_pieces),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
