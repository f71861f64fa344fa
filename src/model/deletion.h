/* A deletion: what was asked, how far it is, what it removed; and what became of its archive since. */
#ifndef OBLIGOR_MODEL_DELETION_H
#define OBLIGOR_MODEL_DELETION_H

#include "base/uuid.h"
#include "model/kind.h"

/* What a deletion is about. */
typedef enum DeletionSubject {
    SUBJECT_JOB,          /* a job, with its predictions or its record alone */
    SUBJECT_UNDO,         /* the rows of an import that ended badly; the job itself stays */
    SUBJECT_PREDICTION,   /* a prediction with all versions of its key */
    SUBJECT_VERSION,      /* one version alone */
    SUBJECT_FILTER,       /* the keys whose current version a filter finds */
    SUBJECT_COMPANY,      /* a company with its predictions */
    SUBJECT_ORGANIZATION, /* an organization with all that is its own */
    SUBJECT_COUNT
} DeletionSubject;
extern const char *const DELETION_SUBJECT_WORDS[SUBJECT_COUNT];

/* What is done to it last, and how far that is. */
typedef enum DeletionPhase { PHASE_REMOVAL, PHASE_RESTORE, PHASE_PURGE, PHASE_COUNT } DeletionPhase;
extern const char *const DELETION_PHASE_WORDS[PHASE_COUNT];

typedef enum DeletionState {
    DELETION_PENDING, /* accepted: of a job the rows are hidden already */
    DELETION_RUNNING,
    DELETION_DONE,
    DELETION_STALLED,
    DELETION_STATE_COUNT
} DeletionState;
extern const char *const DELETION_STATE_WORDS[DELETION_STATE_COUNT];

/* What a deletion would do, or did. */
typedef struct DeletionCounts {
    int64_t predictions[KIND_COUNT]; /* rows removed, edits among them */
    int64_t edits_deleted;           /* of those, versions edited by hand from the job's rows */
    int64_t edits_kept;              /* versions edited by hand from its rows: they stay */
    int64_t others_kept;             /* of them to be deleted, somebody else's: they stay */
    int64_t inferred_kept;           /* rows whose link was inferred, when not asked for */
    int64_t held_kept;               /* rows that a legal hold keeps */
    int64_t retries_kept;            /* jobs that mend it, and stay: told at once, not stored */
    int64_t already_deleted;         /* rows of the job that were gone before */
    int64_t versions_restored;       /* former versions that become current again */
    int64_t names_restored;          /* companies that get back the name that the job had changed */
    int64_t names_kept;              /* changed again by somebody since: they stay as they are */
    int64_t companies_empty;         /* companies left without a prediction; -1: not counted */
    int64_t companies_deleted;       /* of those, marked deleted */
} DeletionCounts;

typedef struct Deletion {
    Uuid id;
    Uuid owner_id;
    DeletionSubject subject;
    DeletionPhase phase;
    DeletionState state; /* of the phase */
    Uuid job_id;         /* nil: none */
    Uuid object_id;      /* the prediction or company; nil: none */
    Uuid
        with_deletion; /* of a retry: that of the job it mends, which it was asked for with; nil: none */
    const char *filter; /* of a purge, as JSON; NULL: none */
    bool has_kind;      /* false: of both kinds (a company) */
    Kind kind;
    Uuid user_id;
    const char *user_email;
    const char *reason; /* NULL: none given */
    bool record_only;
    bool include_inferred;
    bool include_edited;
    bool own_edits; /* of those, the ones that the user made: others' are not theirs to delete */
    bool orphaned_companies;
    DeletionCounts counts; /* removed so far */
    int64_t expected;      /* rows that were there when it was accepted */
    int64_t archived;      /* rows in its archive; 0: none, or purged */
    int64_t settled_row;   /* job_row up to which displaced versions are dealt with */
    Kind cursor_kind;      /* of a deletion by keys: where it goes on */
    int64_t cursor_at;
    Uuid cursor_id;
    int64_t created_at;
    int64_t completed_at;     /* of the removal; 0: not yet; likewise below */
    int64_t restorable_until; /* 0: it cannot be restored */
    int64_t restored_rows;    /* so far */
    int64_t restored_former;  /* of those, into the history behind a newer version */
    int64_t restored_at;
    Uuid restored_by;
    int64_t purged_at;
    Uuid purged_by;
    const char *purge_reason;
} Deletion;

/* All its rows are back. */
bool deletion_is_restored(const Deletion *deletion);

/* Whether the companies that a deletion of so many rows of a job leaves without a prediction are counted: that
 * takes a look at each of its rows. Where they are to be deleted they always are. */
enum { EMPTY_COMPANIES_ROWS_MAX = 100000 };
bool deletion_counts_companies(DeletionSubject subject, int64_t rows, bool orphaned_companies);

/* All rows that it removed so far, of both kinds. */
int64_t deletion_rows(const DeletionCounts *counts);

#endif
