/* Predictions made, changed and removed by hand, and every way of reading them. */
#ifndef OBLIGOR_DOMAIN_PREDICTIONS_H
#define OBLIGOR_DOMAIN_PREDICTIONS_H

#include "domain/idempotency.h"
#include "domain/key_deletion.h"
#include "domain/prediction_gone.h"
#include "model/job.h"
#include "model/page.h"
#include "model/prediction.h"
#include "model/user.h"
#include "store/db.h"

typedef struct PredictionList {
    Prediction *items;
    size_t count;
    PageEnd end;
} PredictionList;

/* What is to be made. Fields were checked with row_rules_check. */
typedef struct NewPrediction {
    Kind kind;
    PredictionInput input;
    bool personal; /* into the principal's personal scope, whatever the role */
} NewPrediction;

/* Scores and stores; finds or makes the company. ERROR_CONFLICT with reason "duplicate" and a sentence
 * that names the present one where the key has a current value. `idempotency->key` empty: none; with a
 * key that was used before for the same request, the prediction that it made. */
Error *predictions_create(Arena *arena, Db *db, const Principal *who, const NewPrediction *new,
                          const IdempotencyKey *idempotency, Prediction **ret_prediction)
    MUST_CHECK;

/* What was made. */
typedef struct CreatedPrediction {
    Prediction *prediction;
    bool unchanged;  /* nothing: it was there already */
    Uuid supersedes; /* the version whose place it took; nil: none */
} CreatedPrediction;

/* The same, but takes the place of a present value with other ratios, which stays in the history (ERROR_DENIED where
 * somebody else made it). Where all ratios are equal, the present one is given. */
Error *predictions_replace(Arena *arena, Db *db, const Principal *who, const NewPrediction *new,
                           const IdempotencyKey *idempotency, CreatedPrediction *ret_created)
    MUST_CHECK;

/* A new version with these figures, under an id of its own (source `edit`); the former one stays in the
 * history. Symbol, year and quarter cannot change (ERROR_INVALID). `if_match` NULL, or the ETag that the
 * former one must still have (ERROR_CHANGED). On a former version: ERROR_CONFLICT, reason "superseded",
 * with `current_id` among the extra members. */
Error *predictions_change(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                          const PredictionInput *input, const char *if_match,
                          Prediction **ret_prediction) MUST_CHECK;

typedef struct VersionRestore {
    Kind kind;
    Uuid id;              /* any version of the key */
    Uuid version_id;      /* whose figures come back */
    const char *if_match; /* NULL, or the ETag of the current version */
    const IdempotencyKey *idempotency;
} VersionRestore;

/* Takes back an edit: a new version with the figures, the scores and the model of a former one (source `edit`,
 * derived from it). Of the current version nothing is made. ERROR_NOT_FOUND: the two are not of one key. */
Error *predictions_restore_version(Arena *arena, Db *db, const Principal *who,
                                   const VersionRestore *restore, CreatedPrediction *ret_created)
    MUST_CHECK;

/* Removes a current prediction with all versions of its key that can be seen, or (options->this_version) one
 * version alone, current or former; it is archived. `if_match` is as above. *ret_deletion is done. */
Error *predictions_delete(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                          const KeyDeletionOptions *options, Deletion **ret_deletion) MUST_CHECK;

/* ERROR_NOT_FOUND: not there or not yours. ERROR_GONE: deleted, with when, by whom and why. A former
 * version is given too, with is_current false and *ret_current_id (nil when its key has none). */
Error *predictions_get(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                       Prediction **ret_prediction, Uuid *ret_current_id) MUST_CHECK;

/* The same as a point read, for a thread that must not wait: what lies in an archive is ERROR_NOT_FOUND too. */
Error *predictions_get_at_once(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                               Prediction **ret_prediction, Uuid *ret_current_id) MUST_CHECK;

/* A deleted prediction as it was; ret_gone->row NULL: it is there, or nobody knows of it. */
Error *predictions_get_deleted(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                               GonePrediction *ret_gone) MUST_CHECK;

/* The strong entity tag of a prediction, with its quotes: its id and whether it is current, which is what
 * If-Match compares, and a digest of all that is shown with it and may change. */
char *predictions_etag(Arena *arena, const Prediction *prediction, Uuid current_id);

/* May this principal change and delete it? (Its creator, or super_admin for the system's.) */
bool predictions_may_change(const Principal *who, const Prediction *prediction);

Error *predictions_list(Arena *arena, Db *db, const Principal *who, Kind kind,
                        const PredictionFilter *filter, const Page *page, PredictionList *ret_list)
    MUST_CHECK;

/* Those that a job made, in file order, by lineage; page->after.job_row says where to go on. */
Error *predictions_of_job(Arena *arena, Db *db, const Job *job, const Page *page,
                          PredictionList *ret_list) MUST_CHECK;

/* All versions of a company's predictions of one kind, newest period first; at most PAGE_LIMIT_MAX. */
Error *predictions_of_company(Arena *arena, Db *db, Uuid owner_id, Kind kind, Uuid company_id,
                              bool include_superseded, PredictionList *ret_list) MUST_CHECK;

/* Where a prediction comes from. */
typedef struct Lineage {
    const Prediction *prediction;
    const Job *job;          /* NULL: made by hand */
    const Job *root_job;     /* the upload at the bottom of a chain of edits; NULL: none */
    PredictionList versions; /* of the same key, newest first, itself among them */
} Lineage;

Error *predictions_lineage(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                           Lineage *ret_lineage) MUST_CHECK;

/* Lets go of a row's claim on its key, and counts it off: its job's revision goes up. In a write
 * transaction. For a version that is replaced, and for a hidden row whose key is needed. */
Error *predictions_set_aside(Arena *arena, Db *db, const Prediction *holder) MUST_CHECK;

#endif
