/* Deleting predictions by their keys: one with all versions of its key, one version alone, those that a filter
 * finds, a company's. Versions that the deletion of their job hides belong to that one and stay. What goes is
 * archived whole, in the transaction that removes it. */
#ifndef OBLIGOR_DOMAIN_KEY_DELETION_H
#define OBLIGOR_DOMAIN_KEY_DELETION_H

#include "domain/idempotency.h"
#include "domain/import.h"
#include "model/deletion.h"
#include "model/page.h"
#include "model/prediction.h"
#include "model/user.h"
#include "store/db.h"

/* Removes what a deletion of the subject filter or company is about, batch by batch, until nothing is left
 * (*ret_done) or the watch says stop; a company is marked as deleted with the last one. It ends neither the
 * deletion nor the task. Keys that a legal hold meets are kept and counted. */
Error *key_deletion_run(Arena *arena, Db *db, Task *task, Deletion *deletion,
                        const TaskWatch *watch, bool *ret_done) MUST_CHECK;

/* How a deletion by hand is asked for. */
typedef struct KeyDeletionOptions {
    bool this_version;    /* of a prediction: this one version, not all of its key */
    const char *reason;   /* NULL: none */
    const char *if_match; /* NULL, or the ETag that must still fit: else ERROR_CHANGED */
    int64_t window;       /* µs for which it may be restored; 0: RESTORE_WINDOW */
} KeyDeletionOptions;

/* Removes all versions of a prediction's key that can be seen, or the one version, at once: *ret_deletion is
 * done. Within the caller's write transaction, which holds the prediction's row, has judged who asks, and
 * writes the audit event. ERROR_CONFLICT, reason "legal_hold": a row is held. */
Error *key_deletion_of_prediction(Arena *arena, Db *db, const Principal *who,
                                  const Prediction *prediction, const KeyDeletionOptions *options,
                                  Deletion **ret_deletion) MUST_CHECK;

/* A deletion that nothing has stored yet: who, when, why, until when it may be restored. */
Deletion *key_deletion_new(Arena *arena, const Principal *who, Uuid owner_id,
                           DeletionSubject subject, const KeyDeletionOptions *options);

/* Stores a deletion with its task, to be worked in the owner's turn. In a write transaction. */
Error *key_deletion_queue(Arena *arena, Db *db, const Deletion *deletion) MUST_CHECK;

/* NULL, or ERROR_CHANGED: `etag` is not what If-Match names. */
Error *key_deletion_refuse_changed(Arena *arena, const KeyDeletionOptions *options,
                                   const char *etag) MUST_CHECK;

/* Predictions that a filter finds among the current ones of an owner, as they are now: later ones stay. */
typedef struct Purge {
    Kind kind;
    Uuid owner_id;
    const PredictionFilter *filter;
    bool all; /* a filter that lets everything pass is meant so */
    KeyDeletionOptions options;
    IdempotencyKey idempotency; /* .key empty: none */
} Purge;

typedef struct PurgeCounts {
    int64_t keys;    /* that would go, and of these: */
    int64_t current; /* rows: their current versions */
    int64_t former;  /* rows: their former versions */
    int64_t held;    /* rows that a legal hold keeps: the deletion would be refused */
    int64_t others;  /* keys that the filter finds and that are not this principal's to delete */
    int64_t companies_empty; /* companies that would be left without a prediction */
} PurgeCounts;

typedef struct PurgePreview {
    PurgeCounts counts;
    Prediction *sample; /* at most DELETION_SAMPLE_MAX, newest first */
    size_t sample_count;
    const char *etag; /* with its quotes */
} PurgePreview;

/* What the purge would do. Reads only. */
Error *key_deletion_preview_purge(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                                  PurgePreview *ret_preview) MUST_CHECK;

/* Queues it; the one that was queued for the same idempotency key and request is given as it is by now. ERROR_INVALID:
 * the key was used for another request, or the filter lets everything pass and `all` is not set. ERROR_DENIED: there is
 * something, and nothing of it is his. ERROR_CONFLICT, reason "legal_hold". */
Error *key_deletion_request_purge(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                                  Deletion **ret_deletion) MUST_CHECK;

#endif
