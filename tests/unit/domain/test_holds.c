/* Legal holds and notes: who may, what is refused and in which words, and that each leaves its trace. */
#include "world.h"

#include "base/clock.h"
#include "domain/deletions.h"
#include "domain/holds.h"
#include "domain/restoration.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)
#define TEXT(...)                arena_printf(w->arena, __VA_ARGS__)

static const JobChange SET = {.has_hold = true, .hold = true, .reason = "a lawsuit"};
static const JobChange LIFT = {.has_hold = true, .reason = "it is over"};
static const JobChange NOTE = {.has_note = true, .note = "look"};

static Error *change(World *w, const Principal *who, Uuid job, JobChange change)
{
    Job *changed = NULL;
    world_advance(1000);
    return holds_change(w->arena, w->db, who, job, &change, &changed);
}

static Uuid imported(World *w, const Principal *who, const char *rows)
{
    Uuid id = world_upload(w, who, rows, NULL);
    world_work(w);
    return id;
}

static const char *trail(World *w)
{
    return world_text(w, "SELECT action, row_count, reason FROM audit_events WHERE action LIKE "
                         "'job.hold%' OR action LIKE 'job.note%' ORDER BY owner_id, seq");
}

/* What somebody in an organization would be that owns what is ada's. */
static Principal member(World *w, Role role)
{
    Principal who = *w->bob;
    who.role = role;
    who.owners[0] = w->ada->owners[0];
    who.owner_kinds[0] = OWNER_ORGANIZATION;
    who.owner_count = 1;
    who.writes_to = 0;
    return who;
}

static void test_who_may(void **state)
{
    World *w = *state;
    Uuid job = imported(w, w->ada, ROW("ONE", 2020, 1));
    const char *denied = "A legal hold is set and lifted by an administrator or an auditor.";
    static const bool may[ROLE_COUNT] = {[ROLE_ORG_AUDITOR] = true, [ROLE_ORG_ADMIN] = true};
    for (Role role = 0; role < ROLE_COUNT; role++) {
        Principal who = member(w, role);
        if (may[role]) {
            assert_no_error(change(w, &who, job, SET));
            assert_no_error(change(w, &who, job, LIFT));
        } else {
            assert_error(change(w, &who, job, SET), ERROR_DENIED, denied);
            assert_error(change(w, &who, job, LIFT), ERROR_DENIED, denied);
        }
    }
    Uuid of_system = imported(w, w->root, ROW("TWO", 2020, 1));
    assert_no_error(change(w, w->root, of_system, SET));
    assert_no_error(change(w, w->root, of_system, LIFT));
    /* What is personal, an administrator of an organization does not hold, were it his own. */
    Principal own = *w->ada;
    own.role = ROLE_ORG_ADMIN;
    assert_error(change(w, &own, job, SET), ERROR_DENIED, denied);
    assert_error(change(w, w->ada, job, SET), ERROR_DENIED, denied);
    assert_error(change(w, w->root, job, SET), ERROR_NOT_FOUND, "There is no such job.");
}

static void test_whose_note_it_is(void **state)
{
    World *w = *state;
    Uuid job = imported(w, w->ada, ROW("ONE", 2020, 1));
    const char *denied = "Only who uploaded this file may change its note.";
    assert_no_error(change(w, w->ada, job, NOTE));
    assert_string_equal(world_job(w, w->ada, job)->note, "look");
    assert_no_error(change(w, w->ada, job, (JobChange){.has_note = true}));
    assert_null(world_job(w, w->ada, job)->note);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        Principal who = member(w, role), uploader = who;
        uploader.user_id = w->ada->user_id;
        bool reads_only = role == ROLE_ORG_VIEWER || role == ROLE_ORG_AUDITOR;
        if (role != ROLE_SUPER_ADMIN && role != ROLE_ORG_ADMIN)
            assert_error(change(w, &who, job, NOTE), ERROR_DENIED, denied);
        if (reads_only) /* though it once was his */
            assert_error(change(w, &uploader, job, NOTE), ERROR_DENIED, denied);
        else
            assert_no_error(change(w, &uploader, job, NOTE));
    }
    assert_error(change(w, w->bob, job, NOTE), ERROR_NOT_FOUND, "There is no such job.");
}

static void test_set_and_lifted(void **state)
{
    World *w = *state;
    Uuid id = imported(w, w->root, ROW("ONE", 2020, 1));
    int64_t revision = world_job(w, w->root, id)->revision;
    assert_no_error(change(w, w->root, id, SET));
    Job *job = world_job(w, w->root, id);
    assert_string_equal(job->legal_hold, "a lawsuit");
    assert_string_equal(job->legal_hold_email, w->root->email);
    assert_true(uuid_equal(job->legal_hold_by, w->root->user_id));
    assert_int_equal(job->legal_hold_at, world_now());
    assert_int_equal(job->revision, revision + 1);
    assert_no_error(
        change(w, w->root, id, (JobChange){.has_hold = true, .hold = true, .reason = "another"}));
    assert_string_equal(world_job(w, w->root, id)->legal_hold, "another");
    assert_no_error(change(w, w->root, id, LIFT));
    assert_no_error(change(w, w->root, id, LIFT)); /* nothing is there, and nothing is noted */
    job = world_job(w, w->root, id);
    assert_null(job->legal_hold);
    assert_null(job->legal_hold_email);
    assert_true(uuid_is_nil(job->legal_hold_by));
    assert_int_equal(job->legal_hold_at, 0);
    assert_int_equal(job->revision, revision + 3);
    assert_string_equal(trail(w), "job.hold_set|1|a lawsuit\njob.hold_set|1|another\n"
                                  "job.hold_lifted|1|it is over\n");
}

static void test_what_it_refuses(void **state)
{
    World *w = *state;
    Uuid id = imported(w, w->root, TEXT("%s%s", ROW("ONE", 2020, 1), ROW("TWO", 2020, 1)));
    assert_null(holds_refuse(w->arena, world_job(w, w->root, id)));
    assert_no_error(change(w, w->root, id, SET));
    const char *before = world_state(w->arena, w);
    Error *error = holds_refuse(w->arena, world_job(w, w->root, id));
    char at[TIME_TEXT_SIZE];
    time_format(at, world_now());
    const char *message = TEXT("The job is on legal hold, set by %s: its 2 predictions, its file "
                               "and its errors stay until the hold is lifted.",
                               w->root->email);
    assert_error(error, ERROR_CONFLICT, message);
    assert_string_equal(error->reason, "legal_hold");
    assert_string_equal(error->extra_json,
                        TEXT("\"job_id\":\"%s\",\"held_rows\":2,\"held_by\":\"%s\","
                             "\"held_at\":\"%s\",\"hold_reason\":\"a lawsuit\"",
                             uuid_text(w->arena, id), w->root->email, at));
    for (int cascade = 0; cascade < 2; cascade++) {
        DeletionOptions options = {.with_predictions = cascade};
        DeletionPreview preview = {0};
        DeletionResult result = {0};
        assert_error(deletion_preview(w->arena, w->db, w->root, id, &options, &preview),
                     ERROR_CONFLICT, message);
        assert_error(deletion_request(w->arena, w->db, w->root, id, &options, &result),
                     ERROR_CONFLICT, message);
    }
    assert_string_equal(world_state(w->arena, w), before);
    assert_no_error(change(w, w->root, id, LIFT));
    world_delete(w, w->root, id, true);
}

/* Whoever set it may be unknown by now: then it was the operator. */
static void test_set_at_the_command_line(void **state)
{
    World *w = *state;
    Uuid id = imported(w, w->root, ROW("ONE", 2020, 1));
    assert_no_error(change(w, w->operator, id, SET));
    assert_error(holds_refuse(w->arena, world_job(w, w->root, id)), ERROR_CONFLICT,
                 "The job is on legal hold, set by the operator: its 1 predictions, its file and "
                 "its errors stay until the hold is lifted.");
}

/* In any state: of a pending job, one whose rows are being removed, and one that is gone. */
static void test_a_running_deletion_ends_and_its_archive_is_held(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->root, ROW("ONE", 2020, 1), NULL);
    assert_no_error(change(w, w->root, id, SET));
    world_work(w);
    assert_int_equal(world_job(w, w->root, id)->status, JOB_COMPLETED);
    assert_no_error(change(w, w->root, id, LIFT));
    Deletion *deletion = world_delete(w, w->root, id, true);
    assert_no_error(change(w, w->root, id, SET));
    world_work(w);
    assert_no_error(deletion_get(w->arena, w->db, w->root, deletion->id, &deletion));
    assert_int_equal(deletions_status(deletion), STATUS_DONE);
    assert_int_equal(deletion->archived, 1);
    assert_true(
        error_is(archive_purge_request(w->arena, w->db, w->root, deletion->id, "x", &deletion),
                 "legal_hold"));
    assert_no_error(restoration_request(w->arena, w->db, w->root, deletion->id, NULL, &deletion));
    world_work(w);
    world_check(w);
    Job *job = world_job(w, w->root, id);
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_string_equal(job->legal_hold, "a lawsuit");
    assert_true(error_is(holds_refuse(w->arena, job), "legal_hold"));
}

static void test_with_every_call_failing(void **state)
{
    World *w = *state;
    Uuid id = imported(w, w->root, ROW("ONE", 2020, 1));
    JobChange both = SET;
    both.has_note = true;
    both.note = "look";
    const char *before = world_state(w->arena, w);
    for (int64_t nth = 1;; nth++) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = change(w, w->root, id, both);
        bool fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (!fired) {
            assert_no_error(error);
            assert_true(nth > 8);
            break;
        }
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_null(world_job(w, w->root, id)->legal_hold);
        assert_null(world_job(w, w->root, id)->note);
        assert_string_equal(world_state(w->arena, w), before);
    }
    assert_string_equal(trail(w), "job.note_changed|NULL|NULL\njob.hold_set|1|a lawsuit\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_who_may),
        WORLD_TEST(test_whose_note_it_is),
        WORLD_TEST(test_set_and_lifted),
        WORLD_TEST(test_what_it_refuses),
        WORLD_TEST(test_set_at_the_command_line),
        WORLD_TEST(test_a_running_deletion_ends_and_its_archive_is_held),
        WORLD_TEST(test_with_every_call_failing),
    };
    return world_run(tests);
}
