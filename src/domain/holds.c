/* The hold is a mark on the job's row, which everybody who removes something of the job has locked and read
 * before. */
#include "domain/holds.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/audit.h"
#include "domain/jobs.h"
#include "format/json_out.h"
#include "store/hold_store.h"

bool holds_may_set(const Principal *who, const Job *job)
{
    return principal_is_admin(who, job->owner_id) ||
           (principal_audits(who, job->owner_id) &&
            principal_owner_kind(who, job->owner_id) == OWNER_ORGANIZATION);
}

/* --- refusing -------------------------------------------------------------------------------- */

static const char *describe(Arena *arena, const Job *job, int64_t rows)
{
    Buf buf = buf_new(arena, 16 * 1024);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "job_id", job->id);
    json_put_int(&out, "held_rows", rows);
    json_put_text(&out, "held_by", job->legal_hold_email);
    json_put_time(&out, "held_at", job->legal_hold_at);
    json_put_text(&out, "hold_reason", job->legal_hold);
    json_end_object(&out);
    json_out_close(&out);
    Str text = buf_str(&buf); /* members alone: the answer has the brackets */
    return str_dup(arena, str_slice(text, 1, text.len - 1));
}

static const char *setter(const Job *job)
{
    return job->legal_hold_email == NULL ? "the operator" : job->legal_hold_email;
}

Error *holds_refuse(Arena *arena, const Job *job)
{
    if (job->legal_hold == NULL)
        return NULL;
    int64_t rows = job_rows_left(job);
    Error *error =
        error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                "The job is on legal hold, set by %s: its %lld predictions, its "
                                "file and its errors stay until the hold is lifted.",
                                setter(job), (long long)rows),
                          "legal_hold");
    error->extra_json = describe(arena, job, rows);
    return error;
}

Error *holds_refuse_archive(Arena *arena, const Job *job, int64_t rows)
{
    if (job->legal_hold == NULL)
        return NULL;
    Error *error =
        error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                "%lld rows of this archive belong to a job that is on legal hold, "
                                "set by %s: they stay until the hold is lifted.",
                                (long long)rows, setter(job)),
                          "legal_hold");
    error->extra_json = describe(arena, job, rows);
    return error;
}

Error *holds_refuse_rows(Arena *arena, const Job *job, int64_t rows)
{
    if (job->legal_hold == NULL)
        return NULL;
    Error *error = error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "%lld of these rows belong to an upload that is on legal hold, set by %s: they stay "
              "until the hold is lifted.",
              (long long)rows, setter(job)),
        "legal_hold");
    error->extra_json = describe(arena, job, rows);
    return error;
}

/* --- changing -------------------------------------------------------------------------------- */

static Error *allowed(Arena *arena, const Principal *who, const Job *job, const JobChange *change)
{
    if (change->has_note && !jobs_may_change(who, job))
        return ERROR(arena, ERROR_DENIED, "Only who uploaded this file may change its note.");
    if (change->has_hold && !holds_may_set(who, job))
        return ERROR(arena, ERROR_DENIED,
                     "A legal hold is set and lifted by an administrator or an auditor.");
    return NULL;
}

static Error *change_note(Arena *arena, Db *db, const Principal *who, const Job *job,
                          const char *note)
{
    TRY(job_set_note(arena, db, job->owner_id, job->id, note, clock_now()));
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = job->owner_id,
                                   .action = "job.note_changed",
                                   .object_kind = "job",
                                   .object_id = job->id,
                                   .count = -1});
}

static Error *change_hold(Arena *arena, Db *db, const Principal *who, const Job *job,
                          const JobChange *change)
{
    const Hold hold = {change->hold ? change->reason : NULL, who->user_id, clock_now()};
    CHECK(change->reason != NULL);
    if (!change->hold && job->legal_hold == NULL)
        return NULL;
    TRY(job_set_hold(arena, db, job->owner_id, job->id, &hold));
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = job->owner_id,
                                   .action = change->hold ? "job.hold_set" : "job.hold_lifted",
                                   .object_kind = "job",
                                   .object_id = job->id,
                                   .count = job_rows_left(job),
                                   .reason = change->reason});
}

Error *holds_change(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                    const JobChange *change, Job **ret_job)
{
    Job *job = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(jobs_get_locked(arena, db, who, job_id, true, &job));
    TRY(allowed(arena, who, job, change));
    if (change->has_note)
        TRY(change_note(arena, db, who, job, change->note));
    if (change->has_hold)
        TRY(change_hold(arena, db, who, job, change));
    TRY(jobs_get(arena, db, who, job_id, true, ret_job));
    return tx_commit(&tx, arena);
}
