/* Legal holds: while a job is on one, nothing that it made is removed, and nothing of what was removed is
 * purged. Set and lifted in any state, with a reason, each in the audit trail. A deletion that runs already
 * ends, and its archive is held. */
#ifndef OBLIGOR_DOMAIN_HOLDS_H
#define OBLIGOR_DOMAIN_HOLDS_H

#include "model/deletion.h"
#include "model/job.h"
#include "model/user.h"
#include "store/db.h"

enum { NOTE_MAX_CHARS = 2000 };

/* A super_admin where they reach the job; an org_admin or org_auditor of the organization that owns it. */
bool holds_may_set(const Principal *who, const Job *job);

/* NULL where the job is not on hold. Else ERROR_CONFLICT, reason "legal_hold", with how many of its rows are
 * there, and who set it when and why. For whoever removes them, its record, its file or its errors. */
Error *holds_refuse(Arena *arena, const Job *job) MUST_CHECK;

/* The same for an archive: `rows` of it are the job's. */
Error *holds_refuse_archive(Arena *arena, const Job *job, int64_t rows) MUST_CHECK;

/* The same for predictions that are asked for by themselves: `rows` of them stay with it. */
Error *holds_refuse_rows(Arena *arena, const Job *job, int64_t rows) MUST_CHECK;

/* What somebody wants changed about a job. */
typedef struct JobChange {
    bool has_note;
    const char *note; /* NULL: none any more */
    bool has_hold;
    bool hold;
    const char *reason; /* with has_hold: never NULL */
} JobChange;

/* Both in one transaction. A hold that is set again has its new reason and person; one that is not there is
 * lifted without effect. ERROR_DENIED: the note is the uploader's, for a hold see above. */
Error *holds_change(Arena *arena, Db *db, const Principal *who, Uuid job_id,
                    const JobChange *change, Job **ret_job) MUST_CHECK;

#endif
