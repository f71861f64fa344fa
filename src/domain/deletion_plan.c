/* A job goes alone or with its retries, and theirs. All of them are hidden in one transaction and removed one after the
 * other, newest first. So what lies under a row of one is no row of another: what comes back is counted as if all the
 * others were hidden already, and a company is left empty by the last of them that has a row of it. */
#include "domain/deletion_plan.h"

#include "base/crypto.h"
#include "domain/company_names.h"
#include "domain/holds.h"
#include "domain/jobs.h"
#include "domain/retries.h"
#include "domain/versions.h"
#include "store/deletion_store.h"
#include "store/prediction_store.h"

/* --- which jobs ------------------------------------------------------------------------------ */

/* A job whose record alone was deleted may still be deleted with its predictions. */
static Error *refuse_deleted(Arena *arena, Db *db, const Job *job, bool with_predictions)
{
    Deletion *deletion = NULL;
    if (job->status != JOB_DELETED && job->status != JOB_DELETING)
        return NULL;
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, &deletion));
    bool record_only = deletion != NULL && deletion->record_only;
    return record_only && with_predictions ? NULL : jobs_gone(arena, db, job);
}

/* What somebody else edited goes with a job only where whoever deletes it may change that, too. */
static void add(DeletionPlan *plan, const Principal *who, const Job *job)
{
    bool all = principal_administers(who, job->owner_id);
    plan->items[plan->count] = (DeletionJob){.job = job};
    plan->ids[plan->count] = job->id;
    plan->edits_by[plan->count++] = all ? UUID_NIL : who->user_id;
}

Error *deletion_plan_find(Arena *arena, Db *db, const Principal *who, const Job *job,
                          const DeletionOptions *options, DeletionPlan *ret_plan)
{
    Retries retries = {0};
    TRY(retries_below(arena, db, job, &retries));
    DeletionPlan plan = {.options = options,
                         .items = ARENA_ARRAY(arena, DeletionJob, retries.count + 1),
                         .ids = ARENA_ARRAY(arena, Uuid, retries.count + 1),
                         .edits_by = ARENA_ARRAY(arena, Uuid, retries.count + 1),
                         .more = retries.more};
    add(&plan, who, job);
    for (size_t i = 0; i < retries.count; i++) {
        Error *error = refuse_deleted(arena, db, &retries.items[i], options->with_predictions);
        if (error == NULL)
            add(&plan, who, &retries.items[i]);
        else if (error->code != ERROR_GONE)
            return error;
    }
    if (plan.count > RETRIES_MAX + 1) {
        plan.count = RETRIES_MAX + 1;
        plan.more = true;
    }
    plan.going = options->include_retries ? plan.count : 1;
    *ret_plan = plan;
    return NULL;
}

Error *deletion_plan_lock(Arena *arena, Db *db, const Principal *who, DeletionPlan *plan)
{
    for (size_t i = plan->going; i > 1; i--) { /* the oldest first, as everybody does */
        Job *job = NULL;
        TRY(jobs_get_locked(arena, db, who, plan->ids[i - 1], true, &job));
        plan->items[i - 1].job = job;
    }
    return NULL;
}

/* --- may they -------------------------------------------------------------------------------- */

/* A restoration that is still settling would take back what this does. */
static Error *refuse_settling(Arena *arena, const Job *job)
{
    if (!job->settling)
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "The predictions of this job are just being restored. Wait until that is done."),
        "settling");
}

static Error *allowed(Arena *arena, Db *db, const Principal *who, const Job *job,
                      const DeletionOptions *options)
{
    JobStatus to;
    TRY(refuse_deleted(arena, db, job, options->with_predictions));
    TRY(jobs_refuse_others(arena, who, job));
    TRY(holds_refuse(arena, job));
    TRY(refuse_settling(arena, job));
    return jobs_transition(
        arena, job, options->with_predictions ? EVENT_DELETE_CASCADE : EVENT_DELETE_RECORD, &to);
}

Error *deletion_plan_allowed(Arena *arena, Db *db, const Principal *who, const DeletionPlan *plan)
{
    const DeletionOptions *options = plan->options;
    TRY(allowed(arena, db, who, plan->items[0].job, options));
    if (options->include_retries && plan->more)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "The job has more than %d retries. Delete some of them by "
                                       "themselves first.",
                                       RETRIES_MAX),
                                 "too_many_retries");
    for (size_t i = 1; i < plan->going; i++) {
        const Job *retry = plan->items[i].job;
        Error *error = allowed(arena, db, who, retry, options);
        if (error != NULL)
            return retries_keep_all(arena, retry, "deleted", "go", error);
    }
    return NULL;
}

/* --- how much -------------------------------------------------------------------------------- */

/* Edits of its rows: those that go, and those that stay. */
static Error *count_edits(Arena *arena, Db *db, const SwapQuery *query, bool deleted,
                          DeletionCounts *counts)
{
    SwapQuery everybodys = *query;
    int64_t all = 0, theirs = 0;
    everybodys.edits_by = UUID_NIL;
    TRY(edits_count_of_job(arena, db, &everybodys, &all));
    if (!deleted) {
        counts->edits_kept = all;
        return NULL;
    }
    TRY(edits_count_of_job(arena, db, query, &theirs));
    counts->others_kept = all - theirs;
    counts->edits_deleted = theirs;
    counts->predictions[query->kind] += theirs;
    return NULL;
}

static SwapQuery query_of(const DeletionPlan *plan, size_t index)
{
    const Job *job = plan->items[index].job;
    return (SwapQuery){.kind = job->kind,
                       .owner_id = job->owner_id,
                       .job_id = job->id,
                       .inferred = plan->options->include_inferred,
                       .edits_by = plan->edits_by[index],
                       .others = plan->ids,
                       .other_count = plan->going > 1 ? plan->going : 0};
}

/* The job knows how many of its rows are left, and only rows that displaced something are looked at: so this
 * costs the same at any size. */
static Error *count_effect(Arena *arena, Db *db, const DeletionPlan *plan, size_t index,
                           CountHow how, DeletionCounts *ret_counts)
{
    const Job *job = plan->items[index].job;
    const DeletionOptions *options = plan->options;
    DeletionCounts counts = {0};
    int64_t inferred = 0;
    const SwapQuery query = query_of(plan, index);
    counts.predictions[job->kind] = job_rows_left(job);
    *ret_counts = counts;
    if (!options->with_predictions)
        return NULL;
    if (job->inferred_rows > 0)
        TRY(prediction_inferred_of_job(arena, db, job->kind, job->owner_id, job->id, &inferred));
    if (!options->include_inferred)
        counts.inferred_kept = inferred;
    counts.predictions[job->kind] -= counts.inferred_kept;
    TRY(count_edits(arena, db, &query, options->include_edited, &counts));
    if (how == COUNT_ALL)
        TRY(versions_count_uncovered(arena, db, &query, options->include_edited,
                                     &counts.versions_restored));
    TRY(company_names_count(arena, db, job->owner_id, job->id, &counts.names_restored,
                            &counts.names_kept));
    if (!job->options.dry_run)
        counts.already_deleted = job->counters.successful - job_rows_left(job);
    *ret_counts = counts;
    return NULL;
}

Error *deletion_plan_count(Arena *arena, Db *db, DeletionPlan *plan, CountHow how)
{
    for (size_t i = 0; i < plan->going; i++)
        TRY(count_effect(arena, db, plan, i, how, &plan->items[i].counts));
    return NULL;
}

Error *deletion_plan_count_staying(Arena *arena, Db *db, DeletionPlan *plan)
{
    for (size_t i = plan->going; i < plan->count; i++)
        TRY(count_effect(arena, db, plan, i, COUNT_ROWS, &plan->items[i].counts));
    return NULL;
}

Error *deletion_plan_count_companies(Arena *arena, Db *db, DeletionPlan *plan)
{
    const DeletionOptions *options = plan->options;
    for (size_t i = 0; i < plan->going; i++) {
        DeletionCounts *counts = &plan->items[i].counts;
        SwapQuery query = query_of(plan, i); /* those before it are gone: of the first one all */
        query.others = &plan->ids[1];
        query.other_count = i == 0 ? plan->going - 1 : i - 1;
        counts->companies_empty = -1;
        if (!deletion_counts_companies(SUBJECT_JOB, counts->predictions[query.kind],
                                       options->orphaned_companies))
            continue;
        TRY(prediction_lone_companies(arena, db, &query, options->include_edited,
                                      &counts->companies_empty));
        if (options->orphaned_companies)
            counts->companies_deleted = counts->companies_empty;
    }
    return NULL;
}

bool deletion_plan_take_counts(DeletionPlan *plan, const DeletionPlan *from)
{
    if (plan->going != from->going)
        return false;
    for (size_t i = 0; i < plan->going; i++)
        if (!uuid_equal(plan->ids[i], from->ids[i]) ||
            plan->items[i].job->revision != from->items[i].job->revision)
            return false;
    for (size_t i = 0; i < plan->going; i++)
        plan->items[i].counts = from->items[i].counts;
    return true;
}

/* --- has it changed -------------------------------------------------------------------------- */

/* The digest of what decides the effect (the jobs, their revisions, the options) and of the effect: versions that
 * come back change with other jobs, too. */
char *deletion_plan_etag(Arena *arena, const DeletionPlan *plan)
{
    const DeletionOptions *options = plan->options;
    Buf text = buf_new(arena, 1 << 20);
    buf_printf(&text, "%d%d%d%d%d", options->with_predictions, options->include_inferred,
               options->include_edited, options->orphaned_companies, options->include_retries);
    for (size_t i = 0; i < plan->going; i++) {
        const DeletionCounts *c = &plan->items[i].counts;
        buf_printf(&text, " %s %lld %lld %lld %lld %lld %lld %lld %lld %lld",
                   uuid_text(arena, plan->ids[i]), (long long)plan->items[i].job->revision,
                   (long long)deletion_rows(c), (long long)c->edits_deleted,
                   (long long)c->edits_kept, (long long)c->others_kept, (long long)c->inferred_kept,
                   (long long)c->versions_restored, (long long)c->names_restored,
                   (long long)c->names_kept);
    }
    Digest digest = digest_of(buf_str(&text));
    char hex[33];
    hex_format(hex, digest.bytes, 16);
    return arena_printf(arena, "\"%s\"", hex);
}

Error *deletion_plan_refuse_changed(Arena *arena, const DeletionPlan *plan)
{
    const char *if_match = plan->options->if_match;
    if (if_match == NULL || strcmp(if_match, "*") == 0 ||
        strcmp(if_match, deletion_plan_etag(arena, plan)) == 0)
        return NULL;
    return ERROR(arena, ERROR_CHANGED,
                 "What this would delete has changed since the preview. Look at it again.");
}
