/* Which job mends which. The tree is walked down by the index on retry_of, a job at a time; it is small, and bounded
 * for the case that it is not. */
#include "domain/retries.h"

#include "base/vec.h"
#include "domain/accounts.h"
#include "domain/jobs.h"
#include "store/job_store.h"

#include <stdlib.h>

static bool is_older(const Job *a, const Job *b)
{
    return a->created_at != b->created_at ? a->created_at < b->created_at
                                          : uuid_compare(a->id, b->id) < 0;
}

/* --- naming ---------------------------------------------------------------------------------- */

static Error *refuse(Arena *arena, const char *reason, const char *message)
{
    return error_with_reason(ERROR(arena, ERROR_MALFORMED, "%s", message), reason);
}

Error *retries_name(Arena *arena, Db *db, const Principal *who, Job *retry)
{
    Job *job = NULL;
    if (uuid_is_nil(retry->retry_of))
        return NULL;
    TRY(jobs_get(arena, db, who, retry->retry_of, true, &job));
    if (job->kind != retry->kind)
        return refuse(arena, "retry_of_other_kind",
                      arena_printf(arena,
                                   "The job named in retry_of is of the type %s, and this file of "
                                   "the type %s.",
                                   kind_spec(job->kind)->word, kind_spec(retry->kind)->word));
    if (!uuid_equal(job->owner_id, retry->owner_id))
        return refuse(arena, "retry_of_other_owner",
                      "The job named in retry_of belongs elsewhere than what this upload makes: "
                      "see access_level.");
    if (retry->created_at <= job->created_at) /* the clock was set back */
        retry->created_at = job->created_at + 1;
    return NULL;
}

Error *retries_found(Arena *arena, Db *db, const Job *retry, Uuid named)
{
    Job *job = NULL;
    Principal *who = NULL;
    if (uuid_is_nil(named) || !uuid_is_nil(retry->retry_of))
        return NULL;
    TRY(accounts_worker(arena, db, retry->user_id, &who));
    TRY(job_find(arena, db, retry->owner_id, named, &job));
    if (job == NULL || job->kind != retry->kind || job->status == JOB_RECEIVING ||
        !is_older(job, retry) || !principal_reaches(who, retry->owner_id))
        return NULL;
    return job_set_retry_of(arena, db, retry->owner_id, retry->id, named);
}

/* --- looking --------------------------------------------------------------------------------- */

typedef VEC(Job) Jobs;

/* Up to `most` in all. */
static Error *add_retries(Arena *arena, Db *db, const Job *job, size_t most, Jobs *jobs,
                          bool *ret_more)
{
    Uuid *ids = NULL;
    size_t count = 0;
    TRY(job_retries(arena, db, job->owner_id, job->id, (int64_t)most + 1, &ids, &count));
    for (size_t i = 0; i < count; i++) {
        Job *retry = NULL;
        *ret_more = *ret_more || jobs->count == most;
        if (*ret_more)
            return NULL;
        TRY(job_find(arena, db, job->owner_id, ids[i], &retry));
        if (retry != NULL)
            vec_push(arena, jobs, *retry);
    }
    return NULL;
}

Error *retries_of(Arena *arena, Db *db, const Job *job, Retries *ret_retries)
{
    Jobs jobs = {0};
    bool more = false;
    TRY(add_retries(arena, db, job, RETRIES_MAX, &jobs, &more));
    *ret_retries = (Retries){jobs.items, jobs.count, more};
    return NULL;
}

static int newest_first(const void *a, const void *b)
{
    return is_older(a, b) ? 1 : -1;
}

Error *retries_below(Arena *arena, Db *db, const Job *job, Retries *ret_retries)
{
    Jobs jobs = {0};
    bool more = false;
    TRY(add_retries(arena, db, job, RETRIES_WALKED, &jobs, &more));
    for (size_t i = 0; i < jobs.count && !more; i++) {
        const Job parent = jobs.items[i]; /* the vector moves */
        TRY(add_retries(arena, db, &parent, RETRIES_WALKED, &jobs, &more));
    }
    if (jobs.count > 1)
        qsort(jobs.items, jobs.count, sizeof *jobs.items, newest_first);
    *ret_retries = (Retries){jobs.items, jobs.count, more};
    return NULL;
}

/* --- all or nothing -------------------------------------------------------------------------- */

Error *retries_keep_all(Arena *arena, const Job *retry, const char *done, const char *act,
                        Error *why)
{
    if (why == NULL ||
        (why->code != ERROR_CONFLICT && why->code != ERROR_DENIED && why->code != ERROR_GONE))
        return why;
    Error *error =
        ERROR(arena, ERROR_CONFLICT, "Nothing was %s: the retry %s (job %s) cannot %s with it. %s",
              done, retry->original_filename, uuid_text(arena, retry->id), act, why->message);
    error->extra_json = why->extra_json;
    return error_with_reason(error, why->code == ERROR_DENIED ? "not_yours" : why->reason);
}
