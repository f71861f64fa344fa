/* Deletions: what was asked, how far it is, what it removed and what it left, and what became of it since. */
#include "base/check.h"
#include "base/clock.h"
#include "http/views.h"

static void put_kept(JsonOut *out, const char *reason, int64_t count)
{
    if (count == 0)
        return;
    json_begin_object(out, NULL);
    json_put_text(out, "reason", reason);
    json_put_int(out, "count", count);
    json_end_object(out);
}

static const char *const COUNTED[] = {"deleted_predictions", "kept",       "restored_versions",
                                      "restored_names",      "kept_names", "deleted_companies",
                                      "empty_companies"};

void view_deletion_counts(JsonOut *out, const DeletionCounts *counts)
{
    if (counts == NULL) {
        for (size_t i = 0; i < ARRAY_COUNT(COUNTED); i++)
            json_put_null(out, COUNTED[i]);
        return;
    }
    json_begin_object(out, "deleted_predictions");
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        json_put_int(out, kind_spec(kind)->word, counts->predictions[kind]);
    json_end_object(out);
    json_begin_array(out, "kept");
    put_kept(out, "edited", counts->edits_kept);
    put_kept(out, "not_yours", counts->others_kept);
    put_kept(out, "inferred", counts->inferred_kept);
    put_kept(out, "legal_hold", counts->held_kept);
    put_kept(out, "already_deleted", counts->already_deleted);
    put_kept(out, "retries", counts->retries_kept);
    json_end_array(out);
    json_put_int(out, "restored_versions", counts->versions_restored);
    json_put_int(out, "restored_names", counts->names_restored);
    json_put_int(out, "kept_names", counts->names_kept);
    json_put_int(out, "deleted_companies", counts->companies_deleted);
    if (counts->companies_empty < 0) /* not counted */
        json_put_null(out, "empty_companies");
    else
        json_put_int(out, "empty_companies", counts->companies_empty);
}

void view_deletion_retries(JsonOut *out, const DeletionJob *retries, size_t count)
{
    json_begin_array(out, "retries");
    for (size_t i = 0; i < count; i++) {
        const DeletionJob *retry = &retries[i];
        json_begin_object(out, NULL);
        json_put_uuid(out, "job_id", retry->job->id);
        json_put_text(out, "original_filename", retry->job->original_filename);
        json_put_text(out, "status", JOB_STATUS_WORDS[retry->job->status]);
        json_put_int(out, "predictions", deletion_rows(&retry->counts));
        if (retry->deletion != NULL)
            json_put_uuid(out, "deletion_id", retry->deletion->id);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_asked(JsonOut *out, const Deletion *deletion)
{
    json_put_text(out, "subject", DELETION_SUBJECT_WORDS[deletion->subject]);
    json_put_uuid_or_null(out, "job_id", deletion->job_id);
    json_put_uuid_or_null(out, "object_id", deletion->object_id);
    json_put_text(out, "kind", deletion->has_kind ? kind_spec(deletion->kind)->word : NULL);
    if (deletion->filter != NULL)
        json_put_raw(out, "filter", str_from(deletion->filter));
    else
        json_put_null(out, "filter");
    json_put_bool(out, "record_only", deletion->record_only);
    json_put_bool(out, "include_edited", deletion->include_edited);
    json_put_bool(out, "include_inferred", deletion->include_inferred);
    json_put_bool(out, "delete_orphaned_companies", deletion->orphaned_companies);
    json_put_text(out, "reason", deletion->reason);
}

static void put_state(JsonOut *out, const Deletion *deletion)
{
    json_put_text(out, "status", DELETION_STATUS_WORDS[deletions_status(deletion)]);
    json_put_text(out, "phase", DELETION_PHASE_WORDS[deletion->phase]);
    json_put_text(out, "state", DELETION_STATE_WORDS[deletion->state]);
    json_put_double(out, "progress_percentage", (double)deletions_progress(deletion) / 100);
}

/* The times of what is not over yet are not told. */
static void put_since(JsonOut *out, const Deletion *deletion, const DeletionPeople *people)
{
    bool back = deletion_is_restored(deletion) ||
                (deletion->phase == PHASE_PURGE && deletion->restored_at != 0);
    json_put_bool(out, "restorable", deletions_is_restorable(deletion, clock_now()));
    json_put_time_or_null(out, "restorable_until", deletion->restorable_until);
    json_put_int(out, "archived_predictions", deletion->archived);
    json_put_int(out, "restored_predictions", deletion->restored_rows);
    json_put_int(out, "restored_as_former", deletion->restored_former);
    json_put_time_or_null(out, "restored_at", back ? deletion->restored_at : 0);
    json_put_uuid_or_null(out, "restored_by", deletion->restored_by);
    json_put_time_or_null(out, "purged_at", deletion->purged_at);
    json_put_uuid_or_null(out, "purged_by", deletion->purged_by);
    json_put_text(out, "purge_reason", deletion->purge_reason);
    if (people == NULL)
        return;
    json_put_text(out, "restored_by_email", people->restored_by);
    json_put_text(out, "purged_by_email", people->purged_by);
}

void view_deletion(JsonOut *out, const char *key, const Principal *who, const Deletion *deletion,
                   const DeletionPeople *people)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", deletion->id);
    view_ownership(out, who, deletion->owner_id);
    put_state(out, deletion);
    put_asked(out, deletion);
    json_put_int(out, "expected", deletion->expected);
    view_deletion_counts(out, &deletion->counts);
    json_put_int(out, "deleted_edits", deletion->counts.edits_deleted);
    json_put_uuid_or_null(out, "with_deletion", deletion->with_deletion);
    json_put_uuid_or_null(out, "deleted_by", deletion->user_id);
    json_put_text(out, "deleted_by_email", deletion->user_email);
    json_put_time(out, "created_at", deletion->created_at);
    json_put_time_or_null(out, "completed_at", deletion->completed_at);
    put_since(out, deletion, people);
    json_end_object(out);
}
