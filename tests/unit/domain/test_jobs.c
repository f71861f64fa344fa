/* The life of a job: every state with every event, what is said where an event is refused, and the lists. */
#include "world.h"

#include "base/clock.h"
#include "domain/jobs.h"

#define ROW(symbol, year, value) world_row(w, symbol, year, value)

/* --- the table --------------------------------------------------------------------------------- */

enum { NO = -1 };

/* In the order of JobEvent: received, started, completed, failed, cancelled, undo, delete the record, delete
 * with predictions, removed, restore. */
static const int SHOULD[JOB_STATUS_COUNT][EVENT_COUNT] = {
    [JOB_RECEIVING] = {JOB_PENDING, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [JOB_PENDING] = {NO, JOB_PROCESSING, NO, JOB_FAILED, JOB_CANCELLED, NO, JOB_DELETED,
                     JOB_DELETING, NO, NO},
    [JOB_PROCESSING] = {NO, JOB_PROCESSING, JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED, JOB_UNDOING,
                        NO, NO, NO, NO},
    [JOB_COMPLETED] = {NO, NO, NO, NO, NO, NO, JOB_DELETED, JOB_DELETING, NO, NO},
    [JOB_FAILED] = {NO, NO, NO, NO, NO, NO, JOB_DELETED, JOB_DELETING, NO, NO},
    [JOB_CANCELLED] = {NO, NO, NO, NO, NO, NO, JOB_DELETED, JOB_DELETING, NO, NO},
    [JOB_UNDOING] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [JOB_DELETING] = {NO, NO, NO, NO, NO, NO, NO, NO, JOB_DELETED, NO},
    [JOB_DELETED] = {NO, NO, NO, NO, NO, NO, NO, JOB_DELETING, NO, JOB_RESTORING},
    [JOB_RESTORING] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
};

static const struct {
    const char *message;
    const char *reason;
} REFUSED[JOB_STATUS_COUNT] = {
    [JOB_RECEIVING] = {"The job is receiving. It is still being received.", "job_receiving"},
    [JOB_PENDING] = {"The job is pending. It has not begun.", "job_pending"},
    [JOB_PROCESSING] = {"The job is processing. Cancel it first, or wait until it is done.",
                        "job_processing"},
    [JOB_COMPLETED] = {"The job is completed. It is completed.", "job_completed"},
    [JOB_FAILED] = {"The job is failed. It has failed.", "job_failed"},
    [JOB_CANCELLED] = {"The job is cancelled. It is cancelled already.", "job_cancelled"},
    [JOB_UNDOING] = {"The job is undoing. Its rows are being removed.", "job_undoing"},
    [JOB_DELETING] = {"The job is deleting. It is being deleted already.", "job_deleting"},
    [JOB_DELETED] = {"The job is deleted. It is deleted already.", "job_deleted"},
    [JOB_RESTORING] = {"The job is restoring. It is being restored.", "job_restoring"},
};

static void test_every_state_with_every_event(void **state)
{
    World *w = *state;
    for (JobStatus from = 0; from < JOB_STATUS_COUNT; from++)
        for (JobEvent event = 0; event < EVENT_COUNT; event++) {
            Job job = {.status = from};
            JobStatus to = JOB_STATUS_COUNT;
            Error *error = jobs_transition(w->arena, &job, event, &to);
            assert_int_equal(jobs_next(from, event, &to), SHOULD[from][event] != NO);
            if (SHOULD[from][event] != NO) {
                assert_no_error(error);
                assert_int_equal(to, SHOULD[from][event]);
                continue;
            }
            assert_error(error, ERROR_CONFLICT, REFUSED[from].message);
            assert_string_equal(error->reason, REFUSED[from].reason);
        }
}

/* --- one job ----------------------------------------------------------------------------------- */

static void test_nobody_sees_a_job_that_is_being_received(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    w->broken = "task_import";
    world_script(w, "UPDATE bulk_upload_jobs SET status = 'receiving'");
    Job *job = NULL;
    JobFilter filter = {.show_deleted = true};
    Page page = {.limit = 10, .want_total = true};
    JobList list = {0};
    assert_error(jobs_get(w->arena, w->db, w->ada, id, true, &job), ERROR_NOT_FOUND,
                 "There is no such job.");
    assert_error(jobs_cancel(w->arena, w->db, w->ada, id, &job), ERROR_NOT_FOUND,
                 "There is no such job.");
    assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
    assert_int_equal(list.count, 0);
    assert_int_equal(list.end.total, 0);
    filter.statuses = 1u << JOB_RECEIVING; /* not even when asked */
    assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
    assert_int_equal(list.count, 0);
}

static void test_cancel_before_it_began(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    Job *job = NULL;
    assert_no_error(jobs_cancel(w->arena, w->db, w->ada, id, &job));
    assert_int_equal(job->status, JOB_CANCELLED);
    assert_string_equal(job->error_message, "Cancelled before it began.");
    assert_int_equal(job->completed_at, world_now());
    assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
    world_work(w);
    world_check(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM annual_predictions"), 0);
    assert_string_equal(
        world_text(w, "SELECT action FROM audit_events WHERE object_kind = 'job' ORDER BY seq"),
        "job.accepted\njob.cancel_requested\n");
}

static void test_cancel_of_what_is_over(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    Job *job = NULL;
    world_work(w);
    assert_error(jobs_cancel(w->arena, w->db, w->ada, id, &job), ERROR_CONFLICT,
                 "The job is completed. It is completed.");
    world_delete(w, w->ada, id, false);
    assert_int_equal(jobs_cancel(w->arena, w->db, w->ada, id, &job)->code, ERROR_GONE);
}

static void test_others_jobs(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    Job *job = NULL;
    const Principal *others[] = {w->bob, w->root, w->operator};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        assert_error(jobs_get(w->arena, w->db, others[i], id, true, &job), ERROR_NOT_FOUND,
                     "There is no such job.");
        assert_error(jobs_cancel(w->arena, w->db, others[i], id, &job), ERROR_NOT_FOUND,
                     "There is no such job.");
    }
    Job mine = {.owner_id = w->ada->user_id, .user_id = w->ada->user_id};
    Job system = {.owner_id = SYSTEM_OWNER, .user_id = w->bob->user_id};
    assert_true(jobs_may_change(w->ada, &mine));
    assert_false(jobs_may_change(w->root, &mine));
    assert_true(jobs_may_change(w->root, &system));
    assert_true(jobs_may_change(w->operator, & system));
    assert_false(
        jobs_may_change(w->bob, &system)); /* made by him once; it does not exist for him now */
    Uuid together = uuid_new();
    Principal bob = world_member(w->bob, ROLE_ORG_MEMBER, together);
    Principal viewer = world_member(w->ada, ROLE_ORG_VIEWER, together);
    Principal admin = world_member(w->root, ROLE_ORG_ADMIN, together);
    Job shared = {.owner_id = together, .user_id = w->ada->user_id};
    assert_true(jobs_may_change(&admin, &shared));
    assert_false(jobs_may_change(&viewer, &shared)); /* it was hers */
    assert_error(jobs_refuse_others(w->arena, &bob, &shared), ERROR_DENIED,
                 "Only who uploaded this file may change its job.");
}

static void test_cancel_with_every_call_failing(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    const char *before = world_state(w->arena, w);
    int64_t nth = 1;
    for (;; nth++) {
        Job *job = NULL;
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = jobs_cancel(w->arena, w->db, w->ada, id, &job);
        bool fired = fault_fired(w->fault);
        bool committed = world_job(w, w->ada, id)->status == JOB_CANCELLED;
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        assert_false(db_in_transaction(w->db));
        if (!fired)
            break;
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        if (committed) /* only the reading back failed */
            return;
        assert_string_equal(world_state(w->arena, w), before);
    }
    fail_msg("the reading back never failed, in %jd calls", (intmax_t)nth);
}

/* --- lists ------------------------------------------------------------------------------------- */

static void test_pages(void **state)
{
    World *w = *state;
    Uuid ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = world_upload(w, w->ada, ROW("ONE", 2020 + i, 1), NULL);
    world_upload(w, w->bob, ROW("ONE", 2020, 1), NULL);
    JobFilter filter = {0};
    Page page = {.limit = 2, .want_total = true};
    JobList list = {0};
    for (int at = 4; at >= 0;) {
        assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
        assert_int_equal(list.end.total, 5);
        assert_int_equal(list.count, at == 0 ? 1 : 2);
        assert_int_equal(list.end.has_more, at > 1);
        for (size_t i = 0; i < list.count; i++)
            assert_true(uuid_equal(list.items[i].id, ids[at--]));
        page.after = list.end.next;
    }
    page = (Page){.limit = 2, .offset = 3};
    assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.end.total, -1);
    assert_true(uuid_equal(list.items[0].id, ids[1]));
    page.offset = 10;
    assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
    assert_int_equal(list.count, 0);
    assert_false(list.end.has_more);
}

static size_t listed(World *w, JobFilter filter)
{
    Page page = {.limit = 100, .want_total = true};
    JobList list = {0};
    assert_no_error(jobs_list(w->arena, w->db, w->ada, &filter, &page, &list));
    assert_int_equal(list.end.total, list.count);
    return list.count;
}

static void test_filters(void **state)
{
    World *w = *state;
    Uuid deleted = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    world_upload(w, w->ada, ROW("TWO", 2020, 1), NULL);
    world_upload(w, w->ada, "BAD\n", NULL);
    world_work(w);
    world_delete(w, w->ada, deleted, true);
    world_upload(w, w->ada, ROW("THREE", 2020, 1), NULL);
    assert_int_equal(listed(w, (JobFilter){0}), 3);
    assert_int_equal(listed(w, (JobFilter){.show_deleted = true}), 4);
    assert_int_equal(listed(w, (JobFilter){.statuses = 1u << JOB_PENDING}), 1);
    assert_int_equal(listed(w, (JobFilter){.statuses = 1u << JOB_FAILED | 1u << JOB_COMPLETED}), 2);
    assert_int_equal(listed(w, (JobFilter){.statuses = 1u << JOB_DELETING}), 0);
    assert_int_equal(listed(w, (JobFilter){.statuses = 1u << JOB_DELETING, .show_deleted = true}),
                     1);
    assert_int_equal(listed(w, (JobFilter){.has_kind = true, .kind = KIND_QUARTERLY}), 0);
    assert_int_equal(listed(w, (JobFilter){.has_kind = true, .kind = KIND_ANNUAL}), 3);
    assert_int_equal(listed(w, (JobFilter){.has_user = true, .created_by = w->ada->user_id}), 3);
    assert_int_equal(listed(w, (JobFilter){.has_user = true, .created_by = w->bob->user_id}), 0);
}

/* A super_admin reads the system's jobs and the personal ones as one list. */
static void test_two_owners_in_one_list(void **state)
{
    World *w = *state;
    UploadAnswer answer = {0};
    Str file = str_printf(w->arena, "%s%s", WORLD_ANNUAL, ROW("ONE", 2020, 1));
    for (int i = 0; i < 4; i++) {
        world_advance(1000);
        Principal who = *w->root;
        who.writes_to = (size_t)(i % 2);
        assert_no_error(world_try_upload(w, &who, KIND_ANNUAL, file, NULL, &answer));
    }
    JobFilter filter = {0};
    Page page = {.limit = 3, .want_total = true};
    JobList list = {0};
    assert_no_error(jobs_list(w->arena, w->db, w->root, &filter, &page, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.end.total, 4);
    for (size_t i = 1; i < 3; i++) {
        assert_true(list.items[i - 1].created_at > list.items[i].created_at);
        assert_false(uuid_equal(list.items[i - 1].owner_id, list.items[i].owner_id));
    }
    page.after = list.end.next;
    assert_no_error(jobs_list(w->arena, w->db, w->root, &filter, &page, &list));
    assert_int_equal(list.count, 1);
    assert_false(list.end.has_more);
}

static void test_pages_of_problems(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, "A,A,x,,x,Qx,1,,,,\nB,B,1,,x,Qx,1,,,,\n", NULL);
    world_work(w);
    Job *job = world_job(w, w->ada, id);
    Page page = {.limit = 2, .want_total = true};
    ProblemPage found = {0};
    static const struct {
        int64_t row;
        const char *code;
    } all[] = {{2, "not_a_number"},
               {2, "not_a_year"},
               {2, "not_a_quarter"},
               {3, "not_a_year"},
               {3, "not_a_quarter"}};
    size_t at = 0;
    do {
        assert_no_error(jobs_problems(w->arena, w->db, job, SEVERITY_ERROR, &page, &found));
        assert_int_equal(found.end.total, 5);
        for (size_t i = 0; i < found.count; i++, at++) {
            assert_int_equal(found.items[i].row, all[at].row);
            assert_string_equal(found.items[i].code, all[at].code);
        }
        page.after = found.end.next;
    } while (found.end.has_more);
    assert_int_equal(at, ARRAY_COUNT(all));
}

static void test_the_file_as_it_came_in(void **state)
{
    World *w = *state;
    Uuid id = world_upload(w, w->ada, ROW("ONE", 2020, 1), NULL);
    Job *job = world_job(w, w->ada, id);
    Str chunk = {NULL, 0};
    assert_no_error(jobs_file_opened(w->arena, w->db, w->ada, job));
    assert_no_error(jobs_file_chunk(w->arena, w->db, job, 0, &chunk));
    assert_str(chunk, arena_printf(w->arena, "%s%s", WORLD_ANNUAL, ROW("ONE", 2020, 1)));
    assert_no_error(jobs_file_chunk(w->arena, w->db, job, 1, &chunk));
    assert_null(chunk.ptr);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit_events WHERE action = 'job.file_downloaded'"),
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_every_state_with_every_event),
        WORLD_TEST(test_nobody_sees_a_job_that_is_being_received),
        WORLD_TEST(test_cancel_before_it_began),
        WORLD_TEST(test_cancel_of_what_is_over),
        WORLD_TEST(test_others_jobs),
        WORLD_TEST(test_cancel_with_every_call_failing),
        WORLD_TEST(test_pages),
        WORLD_TEST(test_filters),
        WORLD_TEST(test_two_owners_in_one_list),
        WORLD_TEST(test_pages_of_problems),
        WORLD_TEST(test_the_file_as_it_came_in),
    };
    return world_run(tests);
}
