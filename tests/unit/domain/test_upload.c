/* Accepting an upload: what it says, that nobody sees half of one, and that nothing of one that failed stays. */
#include "world.h"

#include "base/clock.h"

static Error *accept(World *w, const Principal *who, UploadRequest *request, Str bytes,
                     UploadAnswer *ret_answer)
{
    int spool = memfd_create("spool", MFD_CLOEXEC);
    assert_true(spool >= 0 && write(spool, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    request->spool = spool;
    request->size = (int64_t)bytes.len;
    request->sha256 = digest_of(bytes);
    request->options = IMPORT_OPTIONS_DEFAULT;
    world_advance(1000);
    Error *error = upload_accept(w->arena, w->db, who, request, ret_answer);
    close(spool);
    return error;
}

static void test_accepted(void **state)
{
    World *w = *state;
    UploadRequest request = {.kind = KIND_ANNUAL, .filename = STR("figures.csv")};
    UploadAnswer answer = {0};
    assert_no_error(accept(w, w->ada, &request, STR("bytes"), &answer));
    assert_false(answer.already_imported || answer.replayed);
    Job *job = world_job(w, w->ada, answer.job_id);
    assert_int_equal(job->status, JOB_PENDING);
    assert_int_equal(job->counters.total, -1);
    assert_string_equal(job->original_filename, "figures.csv");
    assert_int_equal(job->file_size, 5);
    assert_memory_equal(job->file_sha256.bytes, digest_of(STR("bytes")).bytes, DIGEST_SIZE);
    assert_true(uuid_equal(job->model_id, w->models[KIND_ANNUAL]));
    assert_true(uuid_equal(job->owner_id, w->ada->user_id) &&
                uuid_equal(job->user_id, w->ada->user_id));
    assert_string_equal(
        world_text(w, "SELECT task, size, position, attempts, lease_until FROM work_queue"),
        "import|5|0|0|NULL\n");
}

static void test_file_names(void **state)
{
    World *w = *state;
    static const struct {
        const char *given;
        const char *kept;
    } names[] = {
        {"", "upload.csv"},
        {"a.csv", "a.csv"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Users\\me\\a b.csv", "a b.csv"},
        {"dir/", "upload.csv"},
        {" \t ", "upload.csv"},
        {"a\x01\nb\x7F.csv", "ab.csv"},
        {"good\xFF\xFE", "good"},
        {"\xC3\xA9.csv", "\xC3\xA9.csv"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        UploadRequest request = {.kind = KIND_ANNUAL, .filename = str_from(names[i].given)};
        UploadAnswer answer = {0};
        assert_no_error(accept(w, w->ada, &request, STR("x"), &answer));
        assert_string_equal(world_job(w, w->ada, answer.job_id)->original_filename, names[i].kept);
    }
    Buf longest = buf_new(w->arena, 4096);
    for (int i = 0; i < 200; i++)
        buf_add(&longest, STR("\xE2\x82\xAC"));
    UploadRequest request = {.kind = KIND_ANNUAL, .filename = buf_str(&longest)};
    UploadAnswer answer = {0};
    assert_no_error(accept(w, w->ada, &request, STR("x"), &answer));
    assert_int_equal(strlen(world_job(w, w->ada, answer.job_id)->original_filename),
                     255); /* whole characters */
}

static void test_an_empty_file(void **state)
{
    World *w = *state;
    UploadRequest request = {.kind = KIND_ANNUAL, .filename = STR("a.csv")};
    UploadAnswer answer = {0};
    Error *error = accept(w, w->ada, &request, STR(""), &answer);
    assert_error(error, ERROR_INVALID, "The file is empty.");
    assert_string_equal(error->fields->field, "file");
    assert_string_equal(error->fields->code, "empty_file");
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 0);
}

static void test_chunks(void **state)
{
    World *w = *state;
    static const size_t sizes[] = {1, UPLOAD_CHUNK_SIZE - 1, UPLOAD_CHUNK_SIZE,
                                   UPLOAD_CHUNK_SIZE + 1, 3 * UPLOAD_CHUNK_SIZE + 7};
    uint64_t seed = 5;
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        char *bytes = arena_alloc_raw(w->arena, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (char)test_random(&seed);
        UploadRequest request = {.kind = KIND_ANNUAL};
        UploadAnswer answer = {0};
        assert_no_error(accept(w, w->ada, &request, (Str){bytes, sizes[i]}, &answer));
        Job *job = world_job(w, w->ada, answer.job_id);
        size_t at = 0;
        Str chunk = {NULL, 0};
        for (int64_t seq = 0;; seq++) {
            assert_no_error(jobs_file_chunk(w->arena, w->db, job, seq, &chunk));
            if (chunk.ptr == NULL)
                break;
            assert_true(chunk.len <= UPLOAD_CHUNK_SIZE && at + chunk.len <= sizes[i]);
            assert_memory_equal(chunk.ptr, bytes + at, chunk.len);
            at += chunk.len;
        }
        assert_int_equal(at, sizes[i]);
    }
    assert_int_equal(world_number(w, "SELECT max(seq) + 1 FROM bulk_upload_files"), 4);
}

/* The spool is shorter than it was said to be. */
static void test_a_spool_that_was_cut(void **state)
{
    World *w = *state;
    int spool = memfd_create("spool", MFD_CLOEXEC);
    assert_int_equal(write(spool, "abc", 3), 3);
    UploadRequest request = {
        .kind = KIND_ANNUAL, .spool = spool, .size = 10, .options = IMPORT_OPTIONS_DEFAULT};
    UploadAnswer answer = {0};
    assert_non_null(upload_accept(w->arena, w->db, w->ada, &request, &answer));
    request.spool = -1;
    assert_error(upload_accept(w->arena, w->db, w->ada, &request, &answer), ERROR_UNAVAILABLE,
                 "The upload cannot be read back. Send it again.");
    close(spool);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_files"), 0);
}

static void test_the_same_bytes_again(void **state)
{
    World *w = *state;
    UploadRequest request = {.kind = KIND_ANNUAL, .filename = STR("a.csv")};
    UploadAnswer first = {0}, again = {0};
    Str file = str_printf(w->arena, "%s%s", WORLD_ANNUAL, world_row(w, "ONE", 2020, 1));
    assert_no_error(accept(w, w->ada, &request, file, &first));
    assert_no_error(accept(w, w->ada, &request, file, &again));
    assert_true(again.already_imported && uuid_equal(again.earlier_job_id, first.job_id));
    assert_false(uuid_equal(again.job_id, first.job_id)); /* pointed out, not refused */
    UploadRequest quarterly = {.kind = KIND_QUARTERLY, .filename = STR("a.csv")};
    assert_no_error(accept(w, w->ada, &quarterly, file, &again));
    assert_false(again.already_imported);
    assert_no_error(accept(w, w->bob, &request, file, &again));
    assert_false(again.already_imported);
    world_work(w);
    Uuid newest = {{0}};
    UploadAnswer last = {0};
    assert_no_error(accept(w, w->ada, &request, file, &last));
    newest = last.earlier_job_id;
    assert_false(uuid_equal(newest, first.job_id)); /* the newest one is named */
    world_delete(w, w->ada, last.job_id, true);
    world_delete(w, w->ada, newest, true);
    world_delete(w, w->ada, first.job_id, true);
    assert_no_error(accept(w, w->ada, &request, file, &again));
    assert_false(again.already_imported);
}

static void test_idempotency(void **state)
{
    World *w = *state;
    UploadRequest request = {
        .kind = KIND_ANNUAL,
        .filename = STR("a.csv"),
        .idempotency = {STR("key"), "POST /predictions/jobs", digest_of(STR("request"))}};
    UploadAnswer first = {0}, again = {0};
    assert_no_error(accept(w, w->ada, &request, STR("bytes"), &first));
    assert_no_error(accept(w, w->ada, &request, STR("bytes"), &again));
    assert_true(again.replayed && uuid_equal(again.job_id, first.job_id));
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 1);
    request.idempotency.request = digest_of(STR("another"));
    assert_error(accept(w, w->ada, &request, STR("bytes"), &again), ERROR_INVALID,
                 "This Idempotency-Key was used for another request. Use a new one.");
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"), 1);
}

static void test_leftovers_are_swept(void **state)
{
    World *w = *state;
    UploadRequest request = {.kind = KIND_ANNUAL};
    UploadAnswer answer = {0};
    int64_t removed = -1;
    for (int i = 0; i < 3; i++)
        assert_no_error(accept(w, w->ada, &request, STR("x"), &answer));
    w->broken = "job_task";
    world_script(w, "DELETE FROM work_queue; UPDATE bulk_upload_jobs SET status = 'receiving' "
                    "WHERE id <> (SELECT "
                    "id FROM bulk_upload_jobs ORDER BY id DESC LIMIT 1)");
    int64_t last =
        world_number(w, "SELECT max(updated_at) FROM bulk_upload_jobs WHERE status = 'receiving'");
    assert_no_error(upload_sweep(w->arena, w->db, last, &removed));
    assert_int_equal(removed, 1); /* strictly before */
    assert_no_error(upload_sweep(w->arena, w->db, last + 1, &removed));
    assert_int_equal(removed, 1);
    assert_no_error(upload_sweep(w->arena, w->db, INT64_MAX, &removed));
    assert_int_equal(removed, 0);
    assert_string_equal(world_text(w, "SELECT status FROM bulk_upload_jobs"), "pending\n");
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_files"), 1);
}

static void test_many_leftovers(void **state)
{
    World *w = *state;
    UploadRequest request = {.kind = KIND_ANNUAL};
    UploadAnswer answer = {0};
    int64_t removed = 0, all = 0;
    for (int i = 0; i < 130; i++)
        assert_no_error(accept(w, w->ada, &request, STR("x"), &answer));
    world_script(w, "DELETE FROM work_queue; UPDATE bulk_upload_jobs SET status = 'receiving'");
    do {
        assert_no_error(upload_sweep(w->arena, w->db, INT64_MAX, &removed));
        all += removed;
    } while (removed > 0);
    assert_int_equal(all, 130);
}

/* Whatever fails: either it is accepted, or nobody will ever see any of it. */
static void test_every_call_failing(void **state)
{
    World *w = *state;
    char *bytes = arena_alloc(w->arena, 2 * UPLOAD_CHUNK_SIZE + 100);
    Str file = {bytes, 2 * UPLOAD_CHUNK_SIZE + 100};
    bool fired = true;
    for (int64_t nth = 1; fired; nth++) {
        UploadRequest request = {.kind = KIND_ANNUAL,
                                 .idempotency = {str_printf(w->arena, "key %jd", (intmax_t)nth),
                                                 "POST", digest_of(STR("x"))}};
        UploadAnswer answer = {0};
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = accept(w, w->ada, &request, file, &answer);
        fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        assert_false(db_in_transaction(w->db));
        if (!fired) {
            assert_no_error(error);
            break;
        }
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
        assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_jobs"),
                         0); /* discarded at once */
        assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_files"), 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM work_queue"), 0);
        assert_int_equal(world_number(w, "SELECT count(*) FROM idempotency_keys"), 0);
        assert_int_equal(
            world_number(w, "SELECT count(*) FROM audit_events WHERE object_kind = 'job'"), 0);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM bulk_upload_files"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_accepted),
        WORLD_TEST(test_file_names),
        WORLD_TEST(test_an_empty_file),
        WORLD_TEST(test_chunks),
        WORLD_TEST(test_a_spool_that_was_cut),
        WORLD_TEST(test_the_same_bytes_again),
        WORLD_TEST(test_idempotency),
        WORLD_TEST(test_leftovers_are_swept),
        WORLD_TEST(test_many_leftovers),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
