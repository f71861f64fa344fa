/* Counts are kept as differences; those of a job are folded when it ends, those of work by hand here. */
#ifndef OBLIGOR_DOMAIN_COUNT_KEEPING_H
#define OBLIGOR_DOMAIN_COUNT_KEEPING_H

#include "store/db.h"

/* Folds what work by hand left behind, of each owner for whom anybody wrote since then (INT64_MIN: of all), where it is
 * worth it. Adds to *folded how many rows it took. Nothing is lost that is added meanwhile. */
Error *count_keeping_fold(Arena *arena, Db *db, int64_t since, int64_t *folded) MUST_CHECK;

#endif
