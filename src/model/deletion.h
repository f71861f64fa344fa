/* A deletion of a job's predictions: what was asked, how far it is, what it removed. */
#ifndef OBLIGOR_MODEL_DELETION_H
#define OBLIGOR_MODEL_DELETION_H

#include "base/uuid.h"
#include "model/kind.h"

typedef enum DeletionState {
    DELETION_PENDING, /* the rows are hidden already; removal has not begun */
    DELETION_RUNNING,
    DELETION_DONE,
    DELETION_STALLED,
    DELETION_STATE_COUNT
} DeletionState;
extern const char *const DELETION_STATE_WORDS[DELETION_STATE_COUNT];

/* What a cascade would do, or did. */
typedef struct DeletionCounts {
    int64_t predictions[KIND_COUNT]; /* rows removed */
    int64_t edits_kept;              /* versions edited by hand from its rows: they stay */
    int64_t inferred_kept;           /* rows whose link was inferred, when not asked for */
    int64_t already_deleted;         /* rows of the job that were gone before */
    int64_t companies_empty;         /* companies left without a prediction */
    int64_t companies_deleted;       /* of those, marked deleted */
} DeletionCounts;

typedef struct Deletion {
    Uuid id;
    Uuid owner_id;
    Uuid job_id;
    Kind kind;
    Uuid user_id;
    const char *user_email;
    const char *reason; /* NULL: none given */
    bool record_only;
    bool include_inferred;
    bool orphaned_companies;
    DeletionState state;
    DeletionCounts counts; /* removed so far */
    int64_t expected;      /* rows that were there when it was accepted */
    int64_t created_at;
    int64_t completed_at; /* 0: not yet */
} Deletion;

#endif
