/* Words of deletions. */
#include "model/deletion.h"

const char *const DELETION_SUBJECT_WORDS[SUBJECT_COUNT] = {
    "job", "undo", "prediction", "version", "filter", "company", "organization"};

const char *const DELETION_PHASE_WORDS[PHASE_COUNT] = {"removal", "restore", "purge"};

const char *const DELETION_STATE_WORDS[DELETION_STATE_COUNT] = {"pending", "running", "done",
                                                                "stalled"};

bool deletion_is_restored(const Deletion *deletion)
{
    return deletion->phase == PHASE_RESTORE && deletion->state == DELETION_DONE;
}

bool deletion_counts_companies(DeletionSubject subject, int64_t rows, bool orphaned_companies)
{
    return (subject != SUBJECT_JOB && subject != SUBJECT_UNDO) || orphaned_companies ||
           rows <= EMPTY_COMPANIES_ROWS_MAX;
}

int64_t deletion_rows(const DeletionCounts *counts)
{
    int64_t all = 0;
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        all += counts->predictions[kind];
    return all;
}
