/* Predictions that were deleted: hidden by the deletion of their job, or in the archive of a deletion. */
#ifndef OBLIGOR_DOMAIN_PREDICTION_GONE_H
#define OBLIGOR_DOMAIN_PREDICTION_GONE_H

#include "model/deletion.h"
#include "model/prediction.h"
#include "model/user.h"
#include "store/db.h"

typedef struct GonePrediction {
    Prediction *row;    /* as it was; NULL: it is not deleted, or nobody knows of it any more */
    Deletion *deletion; /* NULL: nobody knows which */
} GonePrediction;

/* The deletion that hides a row which is still there. A point read. */
Error *prediction_gone_with_job(Arena *arena, Db *db, Prediction *hidden, GonePrediction *ret_gone)
    MUST_CHECK;

/* Looks through the archives of those owners whom the principal reaches; with what is looked up with a row. This
 * unpacks: it is for a thread that may wait. */
Error *prediction_gone_find(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                            GonePrediction *ret_gone) MUST_CHECK;

/* ERROR_GONE, with the deletion's id, time, person and reason. */
Error *prediction_gone_error(Arena *arena, const GonePrediction *gone) MUST_CHECK;

#endif
