/* Words of the job enums. */
#include "model/job.h"

const char *const JOB_STATUS_WORDS[JOB_STATUS_COUNT] = {
    "receiving", "pending", "processing", "completed", "failed",
    "cancelled", "undoing", "deleting",   "deleted",   "restoring",
};
const char *const ON_DUPLICATE_WORDS[DUPLICATE_COUNT] = {"reject", "skip", "replace"};
const char *const ON_ERROR_WORDS[ON_ERROR_COUNT] = {"keep", "undo"};
const char *const CAP_UNIT_WORDS[CAP_UNIT_COUNT] = {"usd", "millions"};
const char *const DECIMAL_MARK_WORDS[DECIMAL_MARK_COUNT] = {"point", "comma"};

int64_t job_rows_left(const Job *job)
{
    int64_t left = job->counters.successful - job->counters.removed;
    return job->options.dry_run || left < 0 ? 0 : left;
}
