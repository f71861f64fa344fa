/* Deletions as rows, and the slices of a job that they remove: exactly the job's rows, in the order of
 * its file, those with an inferred link only where they were asked for. */
#include "store/deletion_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/prediction_store.h"

static Deletion *get(Fixture *f, const Deletion *deletion)
{
    Deletion *stored = NULL;
    assert_no_error(deletion_find(f->arena, f->db, deletion->owner_id, deletion->id, &stored));
    assert_non_null(stored);
    return stored;
}

static Deletion make(Fixture *f, const Job *job)
{
    return (Deletion){
        .id = uuid_new(),
        .owner_id = job->owner_id,
        .job_id = job->id,
        .has_kind = true,
        .kind = job->kind,
        .user_id = f->user,
        .user_email = "ada@example.com",
        .reason = "wrong file",
        .record_only = false,
        .include_inferred = true,
        .orphaned_companies = true,
        .state = DELETION_PENDING,
        .own_edits = true,
        .counts = {.edits_kept = 2, .others_kept = 5, .inferred_kept = 3, .already_deleted = 4},
        .expected = 100,
        .created_at = clock_now()};
}

static void insert(Fixture *f, const Deletion *deletion)
{
    fixture_begin(f);
    assert_no_error(deletion_insert(f->arena, f->db, deletion));
    fixture_commit(f);
}

static void check(const Deletion *stored, const Deletion *deletion)
{
    assert_uuid(stored->id, deletion->id);
    assert_uuid(stored->owner_id, deletion->owner_id);
    assert_uuid(stored->job_id, deletion->job_id);
    assert_int_equal(stored->kind, deletion->kind);
    assert_uuid(stored->user_id, deletion->user_id);
    assert_string_equal(stored->user_email, deletion->user_email);
    assert_int_equal(stored->reason == NULL, deletion->reason == NULL);
    if (deletion->reason != NULL)
        assert_string_equal(stored->reason, deletion->reason);
    assert_int_equal(stored->record_only, deletion->record_only);
    assert_int_equal(stored->include_inferred, deletion->include_inferred);
    assert_int_equal(stored->orphaned_companies, deletion->orphaned_companies);
    assert_int_equal(stored->state, deletion->state);
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        assert_int_equal(stored->counts.predictions[kind], deletion->counts.predictions[kind]);
    assert_int_equal(stored->counts.edits_kept, deletion->counts.edits_kept);
    assert_int_equal(stored->counts.others_kept, deletion->counts.others_kept);
    assert_int_equal(stored->own_edits, deletion->own_edits);
    assert_int_equal(stored->counts.inferred_kept, deletion->counts.inferred_kept);
    assert_int_equal(stored->counts.already_deleted, deletion->counts.already_deleted);
    assert_int_equal(stored->counts.companies_deleted, deletion->counts.companies_deleted);
    assert_int_equal(stored->expected, deletion->expected);
    assert_int_equal(stored->created_at, deletion->created_at);
    assert_int_equal(stored->completed_at, deletion->completed_at);
    assert_int_equal(stored->subject, deletion->subject);
    assert_int_equal(stored->phase, deletion->phase);
    assert_uuid(stored->object_id, deletion->object_id);
    assert_int_equal(stored->has_kind, deletion->has_kind);
    assert_int_equal(stored->include_edited, deletion->include_edited);
    assert_int_equal(stored->filter == NULL, deletion->filter == NULL);
    if (deletion->filter != NULL)
        assert_string_equal(stored->filter, deletion->filter);
    assert_int_equal(stored->counts.edits_deleted, deletion->counts.edits_deleted);
    assert_int_equal(stored->counts.held_kept, deletion->counts.held_kept);
    assert_int_equal(stored->counts.versions_restored, deletion->counts.versions_restored);
    assert_int_equal(stored->counts.names_restored, deletion->counts.names_restored);
    assert_int_equal(stored->counts.names_kept, deletion->counts.names_kept);
    assert_int_equal(stored->archived, deletion->archived);
    assert_int_equal(stored->settled_row, deletion->settled_row);
    assert_int_equal(stored->cursor_kind, deletion->cursor_kind);
    assert_int_equal(stored->cursor_at, deletion->cursor_at);
    assert_uuid(stored->cursor_id, deletion->cursor_id);
    assert_int_equal(stored->restorable_until, deletion->restorable_until);
    assert_int_equal(stored->restored_rows, deletion->restored_rows);
    assert_int_equal(stored->restored_former, deletion->restored_former);
}

static void a_deletion_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Job job = fixture_job(f, f->user, kind);
        Deletion a = make(f, &job), b = make(f, &job);
        b.reason = NULL;
        b.record_only = true;
        b.include_inferred = b.orphaned_companies = false;
        b.subject = SUBJECT_FILTER;
        b.object_id = fixture_id(7);
        b.filter = "{}";
        b.has_kind = kind == KIND_ANNUAL;
        b.kind = KIND_ANNUAL;
        b.include_edited = true;
        b.restorable_until = FIXTURE_START + 10;
        b.state = DELETION_DONE;
        b.completed_at = FIXTURE_START + 9;
        insert(f, &a);
        insert(f, &b);
        check(get(f, &a), &a);
        check(get(f, &b), &b);
    }
    Deletion *none = (Deletion *)1;
    assert_no_error(deletion_find(f->arena, f->db, f->user, fixture_id(1), &none));
    assert_null(none);
}

/* How many companies a deletion leaves without a prediction is part of what it says it did. */
static void companies_left_empty_are_counted(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Deletion deletion = make(f, &job);
    insert(f, &deletion);
    assert_int_equal(get(f, &deletion)->counts.companies_empty, 0);
    for (int64_t companies = 2; companies <= 3; companies++) {
        fixture_begin(f);
        DeletionStep step = {
            .counts = {.predictions = {[KIND_ANNUAL] = 10}, .companies_empty = companies}};
        assert_no_error(deletion_progress(f->arena, f->db, &deletion, &step));
        fixture_commit(f);
    }
    assert_int_equal(get(f, &deletion)->counts.companies_empty, 5);
}

static void the_latest_of_a_job_is_found(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL), other = fixture_job(f, f->user, KIND_ANNUAL);
    Deletion *found = (Deletion *)1;
    assert_no_error(deletion_find_of_job(f->arena, f->db, f->user, job.id, &found));
    assert_null(found);
    Deletion a = make(f, &job), b = make(f, &job), c = make(f, &other);
    b.created_at = c.created_at = fixture_advance(1);
    insert(f, &b);
    insert(f, &a);
    insert(f, &c);
    assert_no_error(deletion_find_of_job(f->arena, f->db, f->user, job.id, &found));
    check(found, &b);
    assert_no_error(deletion_find_of_job(f->arena, f->db, f->other, job.id, &found));
    assert_null(found);
}

static void a_deletion_advances_and_ends(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_QUARTERLY);
    Deletion deletion = make(f, &job), beside = make(f, &job);
    insert(f, &deletion);
    insert(f, &beside);
    for (int64_t i = 1; i <= 3; i++) {
        fixture_begin(f);
        DeletionStep step = {.counts = {.predictions = {[KIND_ANNUAL] = 1, [KIND_QUARTERLY] = 10},
                                        .edits_deleted = 2,
                                        .versions_restored = 3,
                                        .names_restored = 4,
                                        .names_kept = 5,
                                        .companies_empty = i + 1,
                                        .companies_deleted = i},
                             .held = 6,
                             .archived = 11,
                             .restored_rows = 7,
                             .restored_former = 8};
        deletion.settled_row = 100 * i;
        deletion.cursor_kind = KIND_QUARTERLY;
        deletion.cursor_at = FIXTURE_START + i;
        deletion.cursor_id = fixture_id((uint32_t)i);
        assert_no_error(deletion_progress(f->arena, f->db, &deletion, &step));
        fixture_commit(f);
        assert_int_equal(deletion.state, DELETION_RUNNING);
        assert_int_equal(deletion.counts.predictions[KIND_QUARTERLY], 10 * i);
        assert_int_equal(deletion.counts.held_kept, 6 * i);
        assert_int_equal(deletion.archived, 11 * i);
        assert_int_equal(deletion.restored_former, 8 * i);
        check(get(f, &deletion), &deletion);
    }
    const struct {
        DeletionState state;
        int64_t at;
    } ends[] = {{DELETION_STALLED, 0}, {DELETION_PENDING, 0}, {DELETION_DONE, FIXTURE_START + 8}};
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
        fixture_begin(f);
        assert_no_error(deletion_finish(f->arena, f->db, &deletion, ends[i].state, ends[i].at));
        fixture_commit(f);
        deletion.state = ends[i].state;
        deletion.completed_at = ends[i].at;
        check(get(f, &deletion), &deletion);
    }
    check(get(f, &beside), &beside);
}

/* --- slices --------------------------------------------------------------------------------------- */

enum { ROWS = 23 };

/* Every third row's link was inferred; row numbers have gaps; beside it another job and rows by hand. */
static Job job_with_rows(Fixture *f, Kind kind, Company companies[3])
{
    Job job = fixture_job(f, f->user, kind), other = fixture_job(f, f->user, kind);
    fixture_begin(f);
    for (size_t c = 0; c < 3; c++)
        companies[c] = fixture_company(f, f->user, (const char *const[]){"A", "B", "C"}[c]);
    for (int i = 0; i < ROWS; i++) {
        Prediction p = fixture_row(f, &companies[i % 2], &job, 2 + 3 * i, 1900 + i, 1);
        p.job_link = i % 3 == 0 ? LINK_INFERRED : LINK_RECORDED;
        fixture_store(f, &p);
        p = fixture_row(f, &companies[2], &other, 2 + 3 * i, 1900 + i, 2);
        fixture_store(f, &p);
        p = fixture_prediction(f, &companies[0], kind, 1900 + i, 3);
        fixture_store(f, &p);
    }
    fixture_commit(f);
    return job;
}

static const char *count_text(Fixture *f, Kind kind, const char *where)
{
    return arena_printf(f->arena, "SELECT count(*) FROM %s_predictions WHERE %s",
                        kind_spec(kind)->word, where);
}

static void slices_remove_exactly_the_jobs_rows(void **state)
{
    Fixture *f = *state;
    Company companies[3];
    Kind kind = KIND_ANNUAL;
    Job job = job_with_rows(f, kind, companies);
    JobSlice slice = {kind, f->user, job.id, 0, 0, true};
    int64_t rows = -1, sum = 0, last = 0;
    while (true) {
        fixture_begin(f);
        assert_no_error(slice_end(f->arena, f->db, &slice, 5, &rows));
        if (rows == 0)
            break;
        assert_int_equal(rows, sum + 5 <= ROWS ? 5 : ROWS - sum);
        last = 2 + 3 * (sum + rows - 1);
        assert_int_equal(slice.to, last);
        Prediction *removed = NULL;
        size_t count = 0;
        assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &count));
        assert_int_equal(count, rows);
        for (size_t i = 0; i < count; i++) { /* whole, and in file order */
            assert_int_equal(removed[i].job_row, 2 + 3 * (sum + (int64_t)i));
            assert_true(uuid_equal(removed[i].company_id, companies[(sum + (int64_t)i) % 2].id));
            assert_int_equal(removed[i].year, 1900 + sum + (int64_t)i);
            assert_true(uuid_equal(removed[i].owner_id, f->user));
        }
        fixture_commit(f);
        sum += rows;
        slice.after = slice.to;
    }
    tx_rollback(&f->tx);
    assert_int_equal(sum, ROWS);
    assert_int_equal(fixture_number(f, count_text(f, kind, "job_id IS NULL")), ROWS);
    assert_int_equal(fixture_number(f, count_text(f, kind, "job_id IS NOT NULL")), ROWS);
}

static void inferred_rows_stay_unless_asked_for(void **state)
{
    Fixture *f = *state;
    Company companies[3];
    Kind kind = KIND_QUARTERLY;
    Job job = job_with_rows(f, kind, companies);
    JobSlice slice = {kind, f->user, job.id, 0, 0, false};
    int64_t rows = -1, sum = 0;
    Prediction *removed = NULL;
    size_t deleted = 9;
    fixture_begin(f);
    assert_no_error(slice_end(f->arena, f->db, &slice, 1, &rows));
    assert_int_equal(rows, 1); /* inferred: the slice passes over it */
    assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &deleted));
    assert_int_equal(deleted, 0);
    for (slice.after = 0;; slice.after = slice.to) {
        assert_no_error(slice_end(f->arena, f->db, &slice, 4, &rows));
        if (rows == 0)
            break;
        assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &deleted));
        sum += (int64_t)deleted;
    }
    fixture_commit(f);
    assert_int_equal(sum, ROWS - (ROWS + 2) / 3);
    assert_int_equal(fixture_number(f, count_text(f, kind, "job_link = 1")), (ROWS + 2) / 3);
}

static void another_owner_has_no_slice(void **state)
{
    Fixture *f = *state;
    Company companies[3];
    Job job = job_with_rows(f, KIND_ANNUAL, companies);
    JobSlice slice = {KIND_ANNUAL, f->other, job.id, 0, INT64_MAX, true};
    int64_t rows = -1;
    Prediction *removed = NULL;
    size_t deleted = 9;
    fixture_begin(f);
    assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &deleted));
    assert_int_equal(deleted, 0);
    assert_no_error(slice_end(f->arena, f->db, &slice, 5, &rows));
    assert_int_equal(rows, 0);
    slice = (JobSlice){KIND_QUARTERLY, f->user, job.id, 0, INT64_MAX, true};
    assert_no_error(slice_delete(f->arena, f->db, &slice, &removed, &deleted));
    assert_int_equal(deleted, 0); /* of the other kind */
    fixture_commit(f);
    assert_int_equal(fixture_number(f, count_text(f, KIND_ANNUAL, "job_id IS NOT NULL")), 2 * ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_deletion_comes_back_as_it_was),
        STORE_TEST(companies_left_empty_are_counted),
        STORE_TEST(the_latest_of_a_job_is_found),
        STORE_TEST(a_deletion_advances_and_ends),
        STORE_TEST(slices_remove_exactly_the_jobs_rows),
        STORE_TEST(inferred_rows_stay_unless_asked_for),
        STORE_TEST(another_owner_has_no_slice),
    };
    return fixture_run(tests);
}
