/* Deletions as rows; and the rows that they remove, which come out as they go. Slices follow the index
 * (owner, job, job_row). */
#include "store/deletion_store.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/words.h"
#include "store/id_list.h"
#include "store/prediction_store.h"
#include "store/statements.h"

#include <stdlib.h>

static const char BOTH_KINDS[] = "both";

static Value kind_value(const Deletion *deletion)
{
    return value_text(deletion->has_kind ? kind_spec(deletion->kind)->word : BOTH_KINDS);
}

Error *deletion_insert(Arena *arena, Db *db, const Deletion *deletion)
{
    const DeletionCounts *counts = &deletion->counts;
    return db_run(
        db, arena, SQL_DELETION_INSERT,
        PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
               value_uuid_or_null(deletion->job_id), kind_value(deletion),
               value_uuid(deletion->user_id), value_text(deletion->reason),
               value_bool(deletion->record_only), value_bool(deletion->include_inferred),
               value_bool(deletion->orphaned_companies),
               value_text(DELETION_STATE_WORDS[deletion->state]), value_int(deletion->expected),
               value_int(counts->edits_kept), value_int(counts->inferred_kept),
               value_int(counts->already_deleted), value_time(deletion->created_at),
               value_time_or_null(deletion->completed_at),
               value_text(DELETION_SUBJECT_WORDS[deletion->subject]),
               value_uuid_or_null(deletion->object_id), value_text(deletion->filter),
               value_bool(deletion->include_edited), value_time_or_null(deletion->restorable_until),
               value_bool(deletion->own_edits), value_int(counts->others_kept),
               value_uuid_or_null(deletion->with_deletion)),
        NULL);
}

static int read_word(const Rows *rows, int column, const char *const *words, size_t count)
{
    int word = words_find(words, count, row_str(rows, column));
    CHECK(word >= 0);
    return word;
}

static void read_counts(const Rows *rows, DeletionCounts *counts)
{
    counts->predictions[KIND_ANNUAL] = row_int(rows, 25);
    counts->predictions[KIND_QUARTERLY] = row_int(rows, 12) - row_int(rows, 25);
    counts->edits_kept = row_int(rows, 13);
    counts->inferred_kept = row_int(rows, 14);
    counts->already_deleted = row_int(rows, 15);
    counts->companies_empty = row_int(rows, 16);
    counts->companies_deleted = row_int(rows, 17);
    counts->edits_deleted = row_int(rows, 26);
    counts->held_kept = row_int(rows, 27);
    counts->versions_restored = row_int(rows, 28);
    counts->names_restored = row_int(rows, 29);
    counts->names_kept = row_int(rows, 30);
    counts->others_kept = row_int(rows, 45);
}

Deletion *deletion_read(Arena *arena, const Rows *rows)
{
    Deletion *deletion = ARENA_NEW(arena, Deletion);
    *deletion = (Deletion){
        .id = row_uuid(rows, 0),
        .owner_id = row_uuid(rows, 1),
        .job_id = row_uuid(rows, 2),
        .user_id = row_uuid(rows, 4),
        .user_email = row_text(rows, 5),
        .reason = row_text(rows, 6),
        .record_only = row_bool(rows, 7),
        .include_inferred = row_bool(rows, 8),
        .orphaned_companies = row_bool(rows, 9),
        .state = (DeletionState)read_word(rows, 10, DELETION_STATE_WORDS, DELETION_STATE_COUNT),
        .expected = row_int(rows, 11),
        .created_at = row_time(rows, 18),
        .completed_at = row_time(rows, 19),
        .subject = (DeletionSubject)read_word(rows, 20, DELETION_SUBJECT_WORDS, SUBJECT_COUNT),
        .phase = (DeletionPhase)read_word(rows, 21, DELETION_PHASE_WORDS, PHASE_COUNT),
        .object_id = row_uuid(rows, 22),
        .filter = row_text(rows, 23),
        .include_edited = row_bool(rows, 24),
        .archived = row_int(rows, 31),
        .settled_row = row_int(rows, 32),
        .cursor_kind = (Kind)row_int(rows, 33),
        .cursor_at = row_time(rows, 34),
        .cursor_id = row_uuid(rows, 35),
        .restorable_until = row_time(rows, 36),
        .restored_rows = row_int(rows, 37),
        .restored_former = row_int(rows, 38),
        .restored_at = row_time(rows, 39),
        .restored_by = row_uuid(rows, 40),
        .purged_at = row_time(rows, 41),
        .purged_by = row_uuid(rows, 42),
        .purge_reason = row_text(rows, 43),
        .own_edits = row_bool(rows, 44),
        .with_deletion = row_uuid(rows, 46)};
    deletion->has_kind = kind_parse(row_str(rows, 3), &deletion->kind);
    read_counts(rows, &deletion->counts);
    if (!deletion_counts_companies(deletion->subject, deletion->expected,
                                   deletion->orphaned_companies))
        deletion->counts.companies_empty = -1;
    return deletion;
}

static Error *one_deletion(Arena *arena, Db *db, Sql sql, Uuid owner_id, Uuid id,
                           Deletion **ret_deletion)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, PARAMS(value_uuid(owner_id), value_uuid(id)), &rows));
    Deletion *deletion = rows_next(rows, &error) ? deletion_read(arena, rows) : NULL;
    TRY(error);
    *ret_deletion = deletion;
    return NULL;
}

Error *deletion_find(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion **ret_deletion)
{
    return one_deletion(arena, db, SQL_DELETION_SELECT, owner_id, id, ret_deletion);
}

Error *deletion_find_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id,
                            Deletion **ret_deletion)
{
    return one_deletion(arena, db, SQL_DELETION_OF_JOB, owner_id, job_id, ret_deletion);
}

Error *deletion_find_undo(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, Deletion **ret_deletion)
{
    return one_deletion(arena, db, SQL_DELETION_UNDO_OF_JOB, owner_id, job_id, ret_deletion);
}

Error *deletion_together(Arena *arena, Db *db, Uuid owner_id, Uuid id, Deletion ***ret_deletions,
                         size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Deletion *) deletions = {0};
    TRY(db_query(db, arena, SQL_DELETION_TOGETHER, PARAMS(value_uuid(owner_id), value_uuid(id)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &deletions, deletion_read(arena, rows));
    *ret_deletions = deletions.items;
    *ret_count = deletions.count;
    return error;
}

Error *deletion_expect_more(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t rows)
{
    return db_run(db, arena, SQL_DELETION_EXPECT_MORE,
                  PARAMS(value_uuid(owner_id), value_uuid(job_id), value_int(rows)), NULL);
}

Error *deletion_lock(Arena *arena, Db *db, Uuid owner_id, Uuid id)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_DELETION_LOCK, PARAMS(value_uuid(owner_id), value_uuid(id)),
                 &rows));
    (void)rows_next(rows, &error);
    return error;
}

static void add_counts(DeletionCounts *to, const DeletionCounts *step)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        to->predictions[kind] += step->predictions[kind];
    to->edits_deleted += step->edits_deleted;
    to->versions_restored += step->versions_restored;
    to->names_restored += step->names_restored;
    to->names_kept += step->names_kept;
    to->companies_empty += step->companies_empty;
    to->companies_deleted += step->companies_deleted;
}

Error *deletion_progress(Arena *arena, Db *db, Deletion *deletion, const DeletionStep *step)
{
    const DeletionCounts *c = &step->counts;
    TRY(db_run(db, arena, SQL_DELETION_PROGRESS,
               PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
                      value_int(deletion_rows(c)), value_int(c->predictions[KIND_ANNUAL]),
                      value_int(c->edits_deleted), value_int(step->held),
                      value_int(c->versions_restored), value_int(c->names_restored),
                      value_int(c->names_kept), value_int(c->companies_empty),
                      value_int(c->companies_deleted), value_int(step->archived),
                      value_int(step->restored_rows), value_int(step->restored_former),
                      value_int(deletion->settled_row), value_small(deletion->cursor_kind),
                      value_time_or_null(deletion->cursor_at),
                      value_uuid_or_null(deletion->cursor_id)),
               NULL));
    add_counts(&deletion->counts, c);
    deletion->state = DELETION_RUNNING;
    deletion->counts.held_kept += step->held;
    deletion->archived += step->archived;
    deletion->restored_rows += step->restored_rows;
    deletion->restored_former += step->restored_former;
    return NULL;
}

Error *deletion_finish(Arena *arena, Db *db, const Deletion *deletion, DeletionState state,
                       int64_t now)
{
    return db_run(db, arena, SQL_DELETION_FINISH,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id),
                         value_text(DELETION_STATE_WORDS[state]), value_time_or_null(now)),
                  NULL);
}

Error *deletion_begin_restore(Arena *arena, Db *db, const Deletion *deletion, Uuid by, int64_t now,
                              DeletionState state)
{
    return db_run(db, arena, SQL_DELETION_BEGIN_RESTORE,
                  PARAMS(value_uuid(deletion->owner_id), value_uuid(deletion->id), value_uuid(by),
                         value_time(now), value_text(DELETION_STATE_WORDS[state])),
                  NULL);
}

/* --- rows that go ---------------------------------------------------------------------------- */

Error *slice_end(Arena *arena, Db *db, JobSlice *slice, int64_t limit, int64_t *ret_rows)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_END + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                        value_int(slice->after), value_int(limit)),
                 &rows));
    if (rows_next(rows, &error)) {
        slice->to = row_int(rows, 0);
        *ret_rows = row_int(rows, 1);
    }
    return error;
}

static Error *read_removed(Arena *arena, Rows *rows, Kind kind, Prediction **ret_rows,
                           size_t *ret_count)
{
    Error *error = NULL;
    VEC(Prediction) removed = {0};
    while (rows_next(rows, &error)) {
        Prediction row;
        prediction_read_stored(rows, kind, &row);
        vec_push(arena, &removed, row);
    }
    TRY(error);
    *ret_rows = removed.items;
    *ret_count = removed.count;
    return NULL;
}

Error *slice_read(Arena *arena, Db *db, JobSlice *slice, int64_t limit, Prediction **ret_rows,
                  size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_READ + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                        value_int(slice->after), value_bool(slice->inferred), value_int(limit)),
                 &rows));
    TRY(read_removed(arena, rows, slice->kind, ret_rows, ret_count));
    if (*ret_count > 0)
        slice->to = (*ret_rows)[*ret_count - 1].job_row;
    return NULL;
}

Error *slice_drop(Arena *arena, Db *db, const JobSlice *slice, int64_t *ret_count)
{
    return db_run(db, arena, SQL_PREDICTION_BATCH_DROP + (int)slice->kind,
                  PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                         value_int(slice->after), value_int(slice->to),
                         value_bool(slice->inferred)),
                  ret_count);
}

static int in_file_order(const void *a, const void *b)
{
    const Prediction *left = a, *right = b;
    return (left->job_row > right->job_row) - (left->job_row < right->job_row);
}

Error *slice_delete(Arena *arena, Db *db, const JobSlice *slice, Prediction **ret_rows,
                    size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_DELETE + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id),
                        value_int(slice->after), value_int(slice->to), value_bool(slice->inferred)),
                 &rows));
    TRY(read_removed(arena, rows, slice->kind, ret_rows, ret_count));
    if (*ret_count > 1)
        qsort(*ret_rows, *ret_count, sizeof **ret_rows, in_file_order);
    return NULL;
}

Error *slice_delete_unnumbered(Arena *arena, Db *db, const JobSlice *slice, int64_t limit,
                               Prediction **ret_rows, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    TRY(db_query(db, arena, SQL_PREDICTION_BATCH_DELETE_UNNUMBERED + (int)slice->kind,
                 PARAMS(value_uuid(slice->owner_id), value_uuid(slice->job_id), value_int(limit)),
                 &rows));
    return read_removed(arena, rows, slice->kind, ret_rows, ret_count);
}

Error *predictions_remove(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Uuid *ids,
                          size_t count, Prediction **ret_rows, size_t *ret_count)
{
    VEC(Prediction) all = {0};
    if (count > 0 && db_can_load(db)) {
        Rows ROWS_AUTO *rows = NULL;
        TRY(db_query(db, arena, SQL_PREDICTION_REMOVE_MANY + (int)kind,
                     PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), &rows));
        return read_removed(arena, rows, kind, ret_rows, ret_count);
    }
    for (size_t i = 0; i < count; i++) {
        Rows ROWS_AUTO *rows = NULL;
        Prediction *one = NULL;
        size_t found = 0;
        TRY(db_query(db, arena, SQL_PREDICTION_REMOVE + (int)kind,
                     PARAMS(value_uuid(owner_id), value_uuid(ids[i])), &rows));
        TRY(read_removed(arena, rows, kind, &one, &found));
        if (found > 0)
            vec_push(arena, &all, *one);
    }
    *ret_rows = all.items;
    *ret_count = all.count;
    return NULL;
}
