/* The filter of a purge as it is stored with its deletion and shown in answers; its members are the parameters
 * of the lists: {"reporting_year":[2023],"risk_level":["HIGH","CRITICAL"],"created_before":"…"} */
#ifndef OBLIGOR_FORMAT_FILTER_JSON_H
#define OBLIGOR_FORMAT_FILTER_JSON_H

#include "base/error.h"
#include "model/page.h"

/* One object with the members that are set. How a list is sorted, whether it shows former versions and whose
 * rows it looks at is no part of it. */
Str filter_format(Arena *arena, const PredictionFilter *filter);

/* Reads what filter_format writes; what is not there lets everything pass. A member that is not known, or whose
 * value is not allowed, is ERROR_INVALID with the member as field. */
Error *filter_parse(Arena *arena, Str text, PredictionFilter *ret_filter) MUST_CHECK;

#endif
