/* Retries: jobs that mend another. A retry's file holds rows of the job that it names, which failed there and were
 * mended. That job is of the same owner and kind, and older: so there is no circle, and all retries of a job, and
 * theirs, make a tree. */
#ifndef OBLIGOR_DOMAIN_RETRIES_H
#define OBLIGOR_DOMAIN_RETRIES_H

#include "model/deletion.h"
#include "model/job.h"
#include "model/user.h"
#include "store/db.h"

/* So many are shown, and go or come back with a job; so many are looked at to find those that are not gone yet. */
enum { RETRIES_MAX = 100, RETRIES_WALKED = 1000 };

/* Before a job is stored that was told at upload which one it mends (retry->retry_of; nil: it was not told):
 * ERROR_NOT_FOUND where that is not there or not theirs, ERROR_MALFORMED where it is of another kind or owner. */
Error *retries_name(Arena *arena, Db *db, const Principal *who, Job *retry) MUST_CHECK;

/* In the transaction of its first batch: the job that its file names (nil: none), where that may be it and nothing was
 * told at upload. Anything else is passed over. */
Error *retries_found(Arena *arena, Db *db, const Job *retry, Uuid named) MUST_CHECK;

typedef struct Retries {
    Job *items;
    size_t count;
    bool more; /* the rest is left out */
} Retries;

/* Its own retries, deleted ones too, oldest first, RETRIES_MAX at most. */
Error *retries_of(Arena *arena, Db *db, const Job *job, Retries *ret_retries) MUST_CHECK;

/* Its retries, theirs, and so on, deleted ones too, newest first, RETRIES_WALKED at most. */
Error *retries_below(Arena *arena, Db *db, const Job *job, Retries *ret_retries) MUST_CHECK;

/* One that cannot go or come back with its job keeps all where they are: `why` it cannot, as an ERROR_CONFLICT that names
 * it ("Nothing was `done`: … cannot `act` with it."); other errors, and NULL, as they are. */
Error *retries_keep_all(Arena *arena, const Job *retry, const char *done, const char *act,
                        Error *why);

#endif
