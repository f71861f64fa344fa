/* Deletions: what was asked, how far it is, what it removed and what it left. */
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

void view_deletion_counts(JsonOut *out, const DeletionCounts *counts)
{
    if (counts == NULL) {
        json_put_null(out, "deleted_predictions");
        json_put_null(out, "kept");
        json_put_null(out, "restored_versions");
        json_put_null(out, "deleted_companies");
        json_put_null(out, "empty_companies");
        return;
    }
    json_begin_object(out, "deleted_predictions");
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        json_put_int(out, kind_spec(kind)->word, counts->predictions[kind]);
    json_end_object(out);
    json_begin_array(out, "kept");
    put_kept(out, "edited", counts->edits_kept);
    put_kept(out, "inferred", counts->inferred_kept);
    put_kept(out, "already_deleted", counts->already_deleted);
    json_end_array(out);
    json_put_int(out, "restored_versions", 0); /* replacing comes with a later version */
    json_put_int(out, "deleted_companies", counts->companies_deleted);
    json_put_int(out, "empty_companies", counts->companies_empty);
}

void view_deletion(JsonOut *out, const char *key, const Deletion *deletion)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", deletion->id);
    json_put_uuid_or_null(out, "job_id", deletion->job_id);
    json_put_text(out, "kind", kind_spec(deletion->kind)->word);
    json_put_text(out, "state", DELETION_STATE_WORDS[deletion->state]);
    json_put_bool(out, "record_only", deletion->record_only);
    json_put_bool(out, "include_inferred", deletion->include_inferred);
    json_put_bool(out, "delete_orphaned_companies", deletion->orphaned_companies);
    json_put_text(out, "reason", deletion->reason);
    json_put_int(out, "expected", deletion->expected);
    view_deletion_counts(out, &deletion->counts);
    json_put_uuid_or_null(out, "deleted_by", deletion->user_id);
    json_put_text(out, "deleted_by_email", deletion->user_email);
    json_put_time(out, "created_at", deletion->created_at);
    json_put_time_or_null(out, "completed_at", deletion->completed_at);
    json_put_null(out, "restorable_until");
    json_end_object(out);
}
