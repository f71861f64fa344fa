/* Predictions on their way out as a file: what a list finds, or what a job made. */
#ifndef OBLIGOR_DOMAIN_EXPORT_H
#define OBLIGOR_DOMAIN_EXPORT_H

#include "domain/predictions.h"
#include "format/table_out.h"

typedef struct ExportRequest {
    Kind kind;
    TableFormat format;
    const PredictionFilter *filter; /* of the list; not looked at with `job` */
    const Job *job;                 /* what it made, in the order of its file; NULL: a list */
} ExportRequest;

/* All of it under one snapshot, page by page in the order of the list, into `sink`, in memory that does not grow
 * with the rows; then the audit trail of each owner whose rows were asked for says that they were handed out.
 * *ret_rows: how many. */
Error *export_predictions(Arena *arena, Db *db, const Principal *who, const ExportRequest *request,
                          ByteSink sink, int64_t *ret_rows) MUST_CHECK;

#endif
