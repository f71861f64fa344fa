/* Jobs: what each change changes, and that it changes nothing else; lists, locks, spans, files. */
#include "store/job_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/problem_store.h"

static Job get(Fixture *f, const Job *job)
{
    Job *stored = NULL;
    assert_no_error(job_find(f->arena, f->db, job->owner_id, job->id, &stored));
    assert_non_null(stored);
    return *stored;
}

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL)
        assert_string_equal(a, b);
}

static void check(const Job *stored, const Job *job)
{
    assert_uuid(stored->id, job->id);
    assert_uuid(stored->owner_id, job->owner_id);
    assert_uuid(stored->user_id, job->user_id);
    assert_int_equal(stored->kind, job->kind);
    assert_int_equal(stored->status, job->status);
    assert_int_equal(stored->status_before, job->status_before);
    assert_int_equal(stored->hides_rows, job->hides_rows);
    assert_int_equal(stored->hides_inferred, job->hides_inferred);
    assert_int_equal(stored->cancel_requested, job->cancel_requested);
    assert_int_equal(stored->revision, job->revision);
    assert_int_equal(stored->options.on_duplicate, job->options.on_duplicate);
    assert_int_equal(stored->options.on_error, job->options.on_error);
    assert_int_equal(stored->options.max_failed_rows, job->options.max_failed_rows);
    assert_int_equal(stored->options.dry_run, job->options.dry_run);
    assert_int_equal(stored->options.update_companies, job->options.update_companies);
    assert_int_equal(stored->options.market_cap_unit, job->options.market_cap_unit);
    assert_int_equal(stored->options.delimiter, job->options.delimiter);
    assert_string_equal(stored->original_filename, job->original_filename);
    assert_int_equal(stored->file_size, job->file_size);
    assert_memory_equal(stored->file_sha256.bytes, job->file_sha256.bytes, DIGEST_SIZE);
    assert_uuid(stored->model_id, job->model_id);
    assert_memory_equal(&stored->counters, &job->counters, sizeof stored->counters);
    same_text(stored->error_message, job->error_message);
    assert_int_equal(stored->created_at, job->created_at);
    assert_int_equal(stored->started_at, job->started_at);
    assert_int_equal(stored->completed_at, job->completed_at);
    assert_int_equal(stored->updated_at, job->updated_at);
    assert_int_equal(stored->deleted_at, job->deleted_at);
    same_text(stored->user_email, job->user_email);
    same_text(stored->user_name, job->user_name);
    same_text(stored->model_name, job->model_name);
    same_text(stored->model_version, job->model_version);
}

/* In a transaction of its own, at a new time, which it gives. */
#define CHANGE(f, call)                                                                            \
    do {                                                                                           \
        fixture_begin(f);                                                                          \
        assert_no_error(call);                                                                     \
        fixture_commit(f);                                                                         \
    } while (0)

static void a_job_is_born_receiving(void **state)
{
    Fixture *f = *state;
    Job job = {.id = uuid_new(),
               .owner_id = f->user,
               .user_id = f->other,
               .kind = KIND_QUARTERLY,
               .options = {.on_duplicate = DUPLICATE_SKIP,
                           .on_error = ON_ERROR_UNDO,
                           .max_failed_rows = 7,
                           .dry_run = true,
                           .update_companies = true,
                           .market_cap_unit = CAP_MILLIONS,
                           .delimiter = ';'},
               .original_filename = "r\xC3\xA4tings \"2024\".csv",
               .file_size = INT64_C(5000000000),
               .file_sha256 = digest_of(STR("file")),
               .model_id = f->models[KIND_QUARTERLY],
               .created_at = FIXTURE_START + 3};
    CHANGE(f, job_insert(f->arena, f->db, &job));
    job.counters.total = -1;
    job.updated_at = job.created_at;
    job.user_email = job.user_name = "Bob@Example.com";
    job.model_name = "quarterly";
    job.model_version = "1";
    Job stored = get(f, &job);
    check(&stored, &job);
    Job *none = (Job *)1;
    assert_no_error(job_find(f->arena, f->db, f->other, job.id, &none));
    assert_null(none);
}

static void the_best_name_of_the_user_is_shown(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    assert_string_equal(get(f, &job).user_name, "ada@example.com");
    fixture_script(f, "UPDATE users SET full_name = 'Ada Lovelace'");
    assert_string_equal(get(f, &job).user_name, "Ada Lovelace");
    fixture_script(f, "UPDATE users SET username = 'ada'");
    assert_string_equal(get(f, &job).user_name, "ada");
    fixture_script(f, "DELETE FROM users");
    assert_null(get(f, &job).user_name);
    assert_null(get(f, &job).user_email);
}

/* The whole life of an upload: after each step the job is what it was but for what the step changes. */
static void each_step_changes_its_own_columns(void **state)
{
    Fixture *f = *state;
    Job other = fixture_job(f, f->user, KIND_ANNUAL), job = fixture_job(f, f->user, KIND_ANNUAL);
    Arena *a = f->arena;
    Job now;
#define STEP(call)                                                                                 \
    do {                                                                                           \
        int64_t at = fixture_advance(10);                                                          \
        CHANGE(f, call);                                                                           \
        job.updated_at = at;                                                                       \
        (void)at;                                                                                  \
    } while (0)
#define AS_EXPECTED()                                                                              \
    do {                                                                                           \
        if (job.deleted_at == 0)                                                                   \
            job.status_before = job.status;                                                        \
        now = get(f, &job);                                                                        \
        check(&now, &job);                                                                         \
        now = get(f, &other);                                                                      \
        check(&now, &other);                                                                       \
    } while (0)
    AS_EXPECTED();
    STEP(job_touch(a, f->db, f->user, job.id, at));
    AS_EXPECTED();
    STEP(job_set_status(a, f->db, f->user, job.id, JOB_PENDING, at));
    job.status = JOB_PENDING;
    AS_EXPECTED();
    STEP(job_start(a, f->db, f->user, job.id, at));
    job.status = JOB_PROCESSING;
    job.started_at = job.updated_at;
    AS_EXPECTED();
    STEP(job_start(a, f->db, f->user, job.id,
                   at)); /* again after a crash: it began the first time */
    AS_EXPECTED();
    job.counters = (JobCounters){.total = -1,
                                 .processed = 10,
                                 .successful = 5,
                                 .failed = 2,
                                 .skipped = 2,
                                 .unchanged = 1,
                                 .warnings = 3,
                                 .companies = 4,
                                 .resume_row = 11,
                                 .bytes_done = 999};
    STEP(job_batch(a, f->db, &job, &(RowSpan){0}, at));
    job.revision++;
    AS_EXPECTED();
    job.counters.total = job.counters.processed = 20;
    job.counters.successful = 15;
    job.counters.resume_row = 21;
    job.counters.bytes_done = 1000;
    STEP(job_batch(a, f->db, &job, &(RowSpan){0}, at));
    job.revision++;
    AS_EXPECTED();
    STEP(job_request_cancel(a, f->db, f->user, job.id, at));
    job.cancel_requested = true;
    AS_EXPECTED();
    STEP(job_finish(a, f->db, f->user, job.id, JOB_CANCELLED, "Cancelled.", at));
    job.status = JOB_CANCELLED;
    job.error_message = "Cancelled.";
    job.completed_at = job.updated_at;
    job.revision++;
    AS_EXPECTED();
    CHANGE(f, job_raise_revision(a, f->db, f->user, job.id));
    job.revision++;
    AS_EXPECTED();
    for (int i = 0; i < 2; i++) {
        CHANGE(f, job_rows_removed(a, f->db, f->user, job.id, 3));
        job.counters.removed += 3;
        job.revision++;
        AS_EXPECTED();
    }
    STEP(job_delete_record(a, f->db, f->user, job.id, at));
    job.status = JOB_DELETED;
    job.deleted_at = job.updated_at;
    job.revision++;
    AS_EXPECTED();
    STEP(job_hide(a, f->db, f->user, job.id, true,
                  at)); /* and later its rows: the state before stays */
    job.status = JOB_DELETING;
    job.hides_rows = job.hides_inferred = true;
    job.deleted_at = job.updated_at;
    job.revision++;
    AS_EXPECTED();
    STEP(job_removed(a, f->db, f->user, job.id, JOB_DELETED, at));
    job.status = JOB_DELETED;
    job.hides_rows = job.hides_inferred = false;
    job.revision++;
    AS_EXPECTED();
#undef STEP
#undef AS_EXPECTED
}

static void hiding_remembers_the_state_before(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    CHANGE(f, job_finish(f->arena, f->db, f->user, job.id, JOB_COMPLETED, NULL, 1));
    assert_null(get(f, &job).error_message);
    fixture_hide(f, &job, false);
    Job now = get(f, &job);
    assert_int_equal(now.status, JOB_DELETING);
    assert_int_equal(now.status_before, JOB_COMPLETED);
    assert_true(now.hides_rows);
    assert_false(now.hides_inferred);
}

static void undoing_hides_and_says_why(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    CHANGE(f, job_start(f->arena, f->db, f->user, job.id, 5));
    job.counters = (JobCounters){.processed = 9, .successful = 5, .failed = 4, .companies = 3};
    CHANGE(f, job_batch(f->arena, f->db, &job, &(RowSpan){0}, 6));
    CHANGE(f, job_undo(f->arena, f->db, f->user, job.id, "Too many rows failed.", 9));
    Job now = get(f, &job);
    assert_int_equal(now.status, JOB_UNDOING);
    assert_true(now.hides_rows);
    assert_string_equal(now.error_message, "Too many rows failed.");
    assert_int_equal(now.updated_at, 9);
    assert_int_equal(now.revision, 2);
    assert_int_equal(now.deleted_at, 0);
    assert_int_equal(now.counters.successful, 0);
    assert_int_equal(now.counters.companies, 0);
    assert_int_equal(now.counters.processed, 9);
    assert_int_equal(now.counters.failed, 4);
}

/* A trial begins from the first row again: what it counted and rejected is forgotten, all else stays. */
static void a_job_begins_anew(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_ANNUAL);
    const Job *both[] = {&job, &other};
    StoredProblem problems[] = {
        {{.row = 2, .code = "x", .message = "x", .value = STR("")}, 0},
        {{.row = 2, .severity = SEVERITY_WARNING, .code = "x", .message = "x", .value = STR("")},
         0}};
    CHANGE(f, job_start(f->arena, f->db, f->user, job.id, 5));
    job.counters = (JobCounters){.total = 20,
                                 .processed = 10,
                                 .successful = 5,
                                 .failed = 2,
                                 .skipped = 2,
                                 .unchanged = 1,
                                 .warnings = 3,
                                 .companies = 4,
                                 .resume_row = 11,
                                 .bytes_done = 999};
    CHANGE(f, job_batch(f->arena, f->db, &job, &(RowSpan){0}, 6));
    for (size_t i = 0; i < 2; i++)
        CHANGE(f, problem_insert_many(f->arena, f->db, f->user, both[i]->id, problems, 2));
    job = get(f, &job);
    CHANGE(f, job_begin_anew(f->arena, f->db, f->user, job.id));
    job.counters = (JobCounters){.total = 20};
    Job now = get(f, &job);
    check(&now, &job);
    for (Severity severity = 0; severity < SEVERITY_COUNT; severity++)
        for (size_t i = 0; i < 2; i++) {
            int64_t count = -1;
            assert_no_error(problem_count(f->arena, f->db, f->user, both[i]->id, severity, &count));
            assert_int_equal(count, i);
        }
}

static void rows_left_are_those_made_and_not_removed(void **state)
{
    (void)state;
    Job job = {.counters = {.successful = 10, .removed = 4}};
    assert_int_equal(job_rows_left(&job), 6);
    job.counters.removed = 12; /* never below none */
    assert_int_equal(job_rows_left(&job), 0);
}

static void another_owners_job_is_never_changed(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    const char *before = fixture_dump(f->arena, f);
    Arena *a = f->arena;
    fixture_begin(f);
    assert_no_error(job_set_status(a, f->db, f->other, job.id, JOB_FAILED, 1));
    assert_no_error(job_touch(a, f->db, f->other, job.id, 1));
    assert_no_error(job_start(a, f->db, f->other, job.id, 1));
    assert_no_error(job_finish(a, f->db, f->other, job.id, JOB_FAILED, "x", 1));
    assert_no_error(job_request_cancel(a, f->db, f->other, job.id, 1));
    assert_no_error(job_raise_revision(a, f->db, f->other, job.id));
    assert_no_error(job_rows_removed(a, f->db, f->other, job.id, 1));
    assert_no_error(job_begin_anew(a, f->db, f->other, job.id));
    assert_no_error(job_delete_record(a, f->db, f->other, job.id, 1));
    assert_no_error(job_hide(a, f->db, f->other, job.id, true, 1));
    assert_no_error(job_undo(a, f->db, f->other, job.id, "x", 1));
    assert_no_error(job_removed(a, f->db, f->other, job.id, JOB_FAILED, 1));
    assert_no_error(job_delete_received(a, f->db, (JobName){f->other, job.id}));
    fixture_commit(f);
    assert_string_equal(fixture_dump(f->arena, f), before);
}

static void the_lock_gives_what_decides(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_QUARTERLY);
    CHANGE(f, job_request_cancel(f->arena, f->db, f->user, job.id, 1));
    fixture_hide(f, &job, true);
    JobLock lock = {.revision = 77};
    bool found = false;
    fixture_begin(f);
    assert_no_error(job_lock(f->arena, f->db, f->user, job.id, &lock, &found));
    assert_true(found);
    assert_int_equal(lock.status, JOB_DELETING);
    assert_true(lock.hides_rows && lock.cancel_requested);
    assert_int_equal(lock.revision, 1);
    assert_uuid(lock.user_id, f->user);
    assert_int_equal(lock.kind, KIND_QUARTERLY);
    lock.revision = 77;
    assert_no_error(job_lock(f->arena, f->db, f->other, job.id, &lock, &found));
    assert_false(found);
    assert_int_equal(lock.revision, 77);
    fixture_commit(f);
}

/* --- lists ---------------------------------------------------------------------------------------- */

static void jobs_are_listed_newest_first(void **state)
{
    Fixture *f = *state;
    enum { JOBS = 9 };
    Job jobs[JOBS];
    for (size_t i = 0; i < JOBS; i++) { /* three at a time */
        if (i % 3 == 0)
            fixture_advance(1);
        jobs[i] = fixture_job(f, f->user, i % 2 == 0 ? KIND_ANNUAL : KIND_QUARTERLY);
        fixture_job(f, f->other, KIND_ANNUAL);
        CHANGE(f, job_set_status(f->arena, f->db, f->user, jobs[i].id,
                                 (JobStatus)(i % 3 + JOB_PENDING), 1));
    }
    for (unsigned mask = 0; mask < 8; mask++)
        for (int kind = -1; kind < (int)KIND_COUNT; kind++)
            for (int64_t limit = 1; limit < 11; limit += 3) {
                JobQuery query = {.owner_id = f->user,
                                  .before_created_at = INT64_MAX,
                                  .statuses = mask << JOB_PENDING,
                                  .has_kind = kind >= 0,
                                  .kind = kind >= 0 ? (Kind)kind : KIND_ANNUAL,
                                  .limit = limit};
                Job *page = NULL;
                size_t count = 0, at = JOBS, seen = 0;
                for (;;) {
                    assert_no_error(job_list(f->arena, f->db, &query, &page, &count));
                    for (size_t i = 0; i < count; i++, seen++) {
                        do {
                            assert_true(at > 0);
                            at--;
                        } while (!(mask >> at % 3 & 1) ||
                                 (kind >= 0 && jobs[at].kind != (Kind)kind));
                        assert_uuid(page[i].id, jobs[at].id);
                        query.before_created_at = page[i].created_at;
                        query.before_id = page[i].id;
                    }
                    if (count < (size_t)limit)
                        break;
                }
                while (at > 0) {
                    at--;
                    assert_true(!(mask >> at % 3 & 1) ||
                                (kind >= 0 && jobs[at].kind != (Kind)kind));
                }
                int64_t total = -1;
                query.limit = 100;
                assert_no_error(job_count(f->arena, f->db, &query, &total));
                assert_int_equal(total, seen);
            }
}

static void jobs_are_listed_by_user(void **state)
{
    Fixture *f = *state;
    fixture_job(f, f->user, KIND_ANNUAL);
    JobQuery query = {.owner_id = f->user,
                      .before_created_at = INT64_MAX,
                      .statuses = 1u << JOB_RECEIVING,
                      .has_user = true,
                      .limit = 10};
    const Uuid users[] = {f->other, f->user};
    for (size_t i = 0; i < 2; i++) {
        Job *jobs = NULL;
        size_t count = 9;
        int64_t total = -1;
        query.user_id = users[i];
        assert_no_error(job_list(f->arena, f->db, &query, &jobs, &count));
        assert_no_error(job_count(f->arena, f->db, &query, &total));
        assert_int_equal(count, i);
        assert_int_equal(total, i);
    }
}

/* --- the same file again -------------------------------------------------------------------------- */

static Uuid earlier(Fixture *f, const Job *job)
{
    Uuid id = fixture_id(1);
    assert_no_error(
        job_by_digest(f->arena, f->db, job->owner_id, job->file_sha256, job->kind, job->id, &id));
    return id;
}

static void an_earlier_upload_of_the_same_bytes_is_found(void **state)
{
    Fixture *f = *state;
    Job first = fixture_job(f, f->user, KIND_ANNUAL), second = fixture_job(f, f->user, KIND_ANNUAL);
    Job third = fixture_job(f, f->user, KIND_QUARTERLY);
    fixture_advance(5);
    Job stranger = fixture_job(f, f->other, KIND_ANNUAL);
    second.file_sha256 = third.file_sha256 = stranger.file_sha256 = first.file_sha256;
    assert_true(uuid_is_nil(earlier(f, &second))); /* still being received */
    for (JobStatus status = 0; status < JOB_STATUS_COUNT; status++) {
        bool open = status == JOB_PENDING || status == JOB_PROCESSING;
        bool over = status == JOB_COMPLETED || status == JOB_FAILED || status == JOB_CANCELLED;
        for (int64_t rows = 0; rows < 2; rows++) {
            first.counters.successful = rows;
            CHANGE(f, job_batch(f->arena, f->db, &first, &(RowSpan){0}, 1));
            CHANGE(f, job_set_status(f->arena, f->db, f->user, first.id, status, 1));
            assert_uuid(earlier(f, &second), open || (over && rows > 0) ? first.id : UUID_NIL);
        }
    }
    CHANGE(f, job_set_status(f->arena, f->db, f->user, first.id, JOB_COMPLETED, 1));
    assert_true(uuid_is_nil(earlier(f, &first)));    /* not itself */
    assert_true(uuid_is_nil(earlier(f, &third)));    /* of the other kind */
    assert_true(uuid_is_nil(earlier(f, &stranger))); /* of another owner */
    fixture_script(f, "UPDATE bulk_upload_jobs SET hides_rows = TRUE");
    assert_true(uuid_is_nil(earlier(f, &second)));
}

static void a_trial_imports_nothing_and_is_not_found(void **state)
{
    Fixture *f = *state;
    Job first = fixture_job(f, f->user, KIND_ANNUAL), second = first;
    first.id = uuid_new();
    first.options.dry_run = true;
    first.counters.successful = 5;
    first.file_sha256 = digest_of(STR("trial"));
    CHANGE(f, job_insert(f->arena, f->db, &first));
    CHANGE(f, job_batch(f->arena, f->db, &first, &(RowSpan){0}, 1));
    CHANGE(f, job_finish(f->arena, f->db, f->user, first.id, JOB_COMPLETED, NULL, 1));
    second.file_sha256 = first.file_sha256;
    assert_true(uuid_is_nil(earlier(f, &second)));
}

/* --- spans ---------------------------------------------------------------------------------------- */

static HidingJob *hiding(Fixture *f, Uuid owner, Kind kind, size_t *ret_count)
{
    HidingJob *jobs = NULL;
    assert_no_error(job_hiding(f->arena, f->db, owner, kind, &jobs, ret_count));
    return jobs;
}

static RowSpan span_of(uint32_t first, uint32_t last)
{
    return (RowSpan){true, FIXTURE_START + first, fixture_id(first), FIXTURE_START + last,
                     fixture_id(last)};
}

static Job job_with_span(Fixture *f, Kind kind, uint32_t first, uint32_t last)
{
    Job job = fixture_job(f, f->user, kind);
    RowSpan span = span_of(first, last);
    CHANGE(f, job_batch(f->arena, f->db, &job, &span, 1));
    return job;
}

static void the_span_grows_with_each_batch(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    fixture_hide(f, &job, true);
    size_t count = 9;
    hiding(f, f->user, KIND_ANNUAL, &count);
    assert_int_equal(count, 0); /* no rows, nothing to hide */
    const RowSpan spans[] = {{0}, span_of(10, 20), {0}, span_of(21, 21), span_of(30, 40), {0}};
    const uint32_t last[] = {0, 20, 20, 21, 40, 40};
    for (size_t i = 0; i < ARRAY_COUNT(spans); i++) {
        CHANGE(f, job_batch(f->arena, f->db, &job, &spans[i], 1));
        HidingJob *jobs = hiding(f, f->user, KIND_ANNUAL, &count);
        assert_int_equal(count, last[i] > 0);
        if (count == 0)
            continue;
        assert_uuid(jobs[0].id, job.id);
        assert_int_equal(jobs[0].span.first_created_at, FIXTURE_START + 10);
        assert_uuid(jobs[0].span.first_id, fixture_id(10));
        assert_int_equal(jobs[0].span.last_created_at, FIXTURE_START + last[i]);
        assert_uuid(jobs[0].span.last_id, fixture_id(last[i]));
        assert_false(jobs[0].shared);
    }
}

/* The clock was set back between two batches: all rows still lie within the span. */
static void the_span_grows_downwards_too(void **state)
{
    Fixture *f = *state;
    Job job = job_with_span(f, KIND_ANNUAL, 30, 40);
    RowSpan lower = span_of(10, 20);
    CHANGE(f, job_batch(f->arena, f->db, &job, &lower, 1));
    fixture_hide(f, &job, true);
    size_t count = 0;
    HidingJob *jobs = hiding(f, f->user, KIND_ANNUAL, &count);
    assert_int_equal(count, 1);
    assert_int_equal(jobs[0].span.first_created_at, FIXTURE_START + 10);
    assert_uuid(jobs[0].span.first_id, fixture_id(10));
    assert_int_equal(jobs[0].span.last_created_at, FIXTURE_START + 40);
    assert_uuid(jobs[0].span.last_id, fixture_id(40));
}

static void hiding_jobs_come_newest_rows_first(void **state)
{
    Fixture *f = *state;
    Job a = job_with_span(f, KIND_ANNUAL, 50, 60), b = job_with_span(f, KIND_ANNUAL, 10, 20);
    Job c = job_with_span(f, KIND_ANNUAL, 70, 80), seen = job_with_span(f, KIND_ANNUAL, 30, 40);
    Job quarterly = job_with_span(f, KIND_QUARTERLY, 90, 99);
    const Job *hidden[] = {&a, &b, &c, &quarterly};
    for (size_t i = 0; i < ARRAY_COUNT(hidden); i++)
        fixture_hide(f, hidden[i], true);
    size_t count = 0;
    HidingJob *jobs = hiding(f, f->user, KIND_ANNUAL, &count);
    assert_int_equal(count, 3);
    assert_uuid(jobs[0].id, c.id);
    assert_uuid(jobs[1].id, a.id);
    assert_uuid(jobs[2].id, b.id);
    jobs = hiding(f, f->user, KIND_QUARTERLY, &count);
    assert_int_equal(count, 1);
    assert_uuid(jobs[0].id, quarterly.id);
    hiding(f, f->other, KIND_ANNUAL, &count);
    assert_int_equal(count, 0);
    CHANGE(f, job_removed(f->arena, f->db, f->user, a.id, JOB_DELETED, 1));
    hiding(f, f->user, KIND_ANNUAL, &count);
    assert_int_equal(count, 2);
    assert_false(get(f, &seen).hides_rows);
}

/* Shared: the span of a job that can be seen touches it, be it in one moment. Another hidden one, one
 * beside it or one of another owner does not count. */
static void a_span_is_shared_with_what_can_be_seen(void **state)
{
    Fixture *f = *state;
    const struct {
        uint32_t first, last;
        bool shared;
    } cases[] = {{10, 49, false}, {61, 70, false}, {10, 50, true}, {60, 70, true},
                 {52, 55, true},  {10, 70, true},  {50, 60, true}};
    Job hidden = job_with_span(f, KIND_ANNUAL, 50, 60),
        beside = job_with_span(f, KIND_ANNUAL, 55, 65);
    fixture_hide(f, &hidden, true);
    fixture_hide(f, &beside, true);
    Job stranger = fixture_job(f, f->other, KIND_ANNUAL);
    RowSpan same = span_of(50, 60);
    CHANGE(f, job_batch(f->arena, f->db, &stranger, &same, 1));
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        size_t count = 0;
        Job seen = job_with_span(f, KIND_ANNUAL, cases[i].first, cases[i].last);
        HidingJob *jobs = hiding(f, f->user, KIND_ANNUAL, &count);
        assert_int_equal(count, 2);
        assert_uuid(jobs[1].id, hidden.id);
        assert_int_equal(jobs[1].shared, cases[i].shared);
        CHANGE(f, job_hide(f->arena, f->db, f->user, seen.id, true, 1));
        CHANGE(f, job_removed(f->arena, f->db, f->user, seen.id, JOB_DELETED, 1));
        fixture_script(f, "UPDATE bulk_upload_jobs SET first_created_at = NULL, "
                          "last_created_at = NULL WHERE status = 'deleted'");
    }
}

/* --- leftovers and files -------------------------------------------------------------------------- */

static void uploads_that_never_ended_are_found_and_removed(void **state)
{
    Fixture *f = *state;
    Job old = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->other, KIND_ANNUAL);
    Job pending = fixture_job(f, f->user, KIND_ANNUAL);
    CHANGE(f, job_set_status(f->arena, f->db, f->user, pending.id, JOB_PENDING, FIXTURE_START));
    fixture_advance(10);
    Job recent = fixture_job(f, f->user, KIND_ANNUAL);
    JobName *jobs = NULL;
    size_t count = 9;
    assert_no_error(job_stale_receiving(f->arena, f->db, FIXTURE_START, &jobs, &count));
    assert_int_equal(count, 0);
    assert_no_error(job_stale_receiving(f->arena, f->db, FIXTURE_START + 10, &jobs, &count));
    assert_int_equal(count, 2);
    fixture_begin(f);
    assert_no_error(
        file_insert(f->arena, f->db, (JobName){f->user, old.id},
                    &(FileChunk){0, 0, (int64_t)STR("abc").len, file_pack(f->arena, STR("abc"))}));
    fixture_commit(f);
    for (size_t i = 0; i < count; i++) {
        assert_true(uuid_equal(jobs[i].id, old.id) || uuid_equal(jobs[i].id, other.id));
        CHANGE(f, job_delete_received(f->arena, f->db, jobs[i]));
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bulk_upload_jobs"), 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM bulk_upload_files"), 0);
    get(f, &recent);
    get(f, &pending);
}

static void a_file_comes_back_chunk_by_chunk(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    JobName name = {f->user, job.id};
    char *noise = arena_alloc(f->arena, 1 << 20);
    crypto_random(noise, 1 << 20);
    const Str chunks[] = {{noise, 1 << 20}, STR("a,b\n1,2\n"), STR(""), STR("\0")};
    int64_t offset = 0;
    for (size_t i = 0; i < ARRAY_COUNT(chunks); i++) {
        CHANGE(f, file_insert(f->arena, f->db, name,
                              &(FileChunk){(int64_t)i, offset, (int64_t)chunks[i].len,
                                           file_pack(f->arena, chunks[i])}));
        offset += (int64_t)chunks[i].len;
    }
    for (size_t i = 0; i < ARRAY_COUNT(chunks); i++) {
        Str bytes = {0};
        assert_no_error(file_chunk(f->arena, f->db, name, (int64_t)i, &bytes));
        assert_non_null(bytes.ptr);
        assert_true(str_equal(bytes, chunks[i]));
    }
    Str none = STR("x");
    assert_no_error(file_chunk(f->arena, f->db, name, 4, &none));
    assert_null(none.ptr);
    assert_no_error(file_chunk(f->arena, f->db, (JobName){f->other, job.id}, 0, &none));
    assert_null(none.ptr);
    assert_int_equal(fixture_number(f, "SELECT sum(size) FROM bulk_upload_files"), offset);
    assert_int_equal(fixture_number(f, "SELECT max(byte_offset) FROM bulk_upload_files"),
                     offset - 1);
}

/* A job that became pending stays, with its file, whatever asks for its removal: the one who looks for
 * leftovers may have found it a moment before its upload ended. */
static void only_a_job_being_received_is_removed(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    CHANGE(f, job_set_status(f->arena, f->db, f->user, job.id, JOB_PENDING, 1));
    CHANGE(f, file_insert(
                  f->arena, f->db, (JobName){f->user, job.id},
                  &(FileChunk){0, 0, (int64_t)STR("abc").len, file_pack(f->arena, STR("abc"))}));
    CHANGE(f, job_delete_received(f->arena, f->db, (JobName){f->user, job.id}));
    get(f, &job);
    Str bytes = {0};
    assert_no_error(file_chunk(f->arena, f->db, (JobName){f->user, job.id}, 0, &bytes));
    assert_str(bytes, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_job_is_born_receiving),
        STORE_TEST(the_best_name_of_the_user_is_shown),
        STORE_TEST(each_step_changes_its_own_columns),
        STORE_TEST(hiding_remembers_the_state_before),
        STORE_TEST(undoing_hides_and_says_why),
        STORE_TEST(a_job_begins_anew),
        STORE_TEST(rows_left_are_those_made_and_not_removed),
        STORE_TEST(another_owners_job_is_never_changed),
        STORE_TEST(the_lock_gives_what_decides),
        STORE_TEST(jobs_are_listed_newest_first),
        STORE_TEST(jobs_are_listed_by_user),
        STORE_TEST(an_earlier_upload_of_the_same_bytes_is_found),
        STORE_TEST(a_trial_imports_nothing_and_is_not_found),
        STORE_TEST(the_span_grows_with_each_batch),
        STORE_TEST(the_span_grows_downwards_too),
        STORE_TEST(hiding_jobs_come_newest_rows_first),
        STORE_TEST(a_span_is_shared_with_what_can_be_seen),
        STORE_TEST(uploads_that_never_ended_are_found_and_removed),
        STORE_TEST(a_file_comes_back_chunk_by_chunk),
        STORE_TEST(only_a_job_being_received_is_removed),
    };
    return fixture_run(tests);
}
