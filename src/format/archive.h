/* Rows of predictions that were removed, packed for keeping: one frame holds the rows of one kind and
 * one owner, complete and to the last bit. docs/decisions/0015-archive-format.md describes every byte.
 *
 * What is kept is what the predictions tables hold, except owner_id. What a Prediction has beside that
 * (company_symbol and what follows it) is not kept and comes back as zeros; the value of a missing
 * ratio or score comes back as 0, and job_id and job_row are those of a row that has a job. */
#ifndef OBLIGOR_FORMAT_ARCHIVE_H
#define OBLIGOR_FORMAT_ARCHIVE_H

#include "base/error.h"
#include "model/prediction.h"

enum { ARCHIVE_MAX_ROWS = 1000000 };

/* Reasons of ERROR_INTERNAL: it is not a whole archive; it holds what only a newer program knows. */
#define ARCHIVE_DAMAGED "archive_damaged"
#define ARCHIVE_TOO_NEW "archive_too_new"

/* The frame. All `rows` are of `kind`, at most ARCHIVE_MAX_ROWS; year and quarter fit a smallint. */
Str archive_pack(Arena *arena, Kind kind, const Prediction *rows, size_t count);

/* The rows in the order in which they were packed, with this owner; NULL when there are none. ERROR_INTERNAL
 * with one of the reasons above otherwise; no length in `packed` is trusted. */
Error *archive_unpack(Arena *arena, Uuid owner_id, Str packed, Kind *ret_kind,
                      Prediction **ret_rows, size_t *ret_count) MUST_CHECK;

/* The one row with this id; *ret_found is false and *ret_row untouched when it is not there. Costs
 * about a third of unpacking all, and memory for one row. */
Error *archive_find(Arena *arena, Uuid owner_id, Str packed, Uuid id, Prediction *ret_row,
                    bool *ret_found) MUST_CHECK;

#endif
