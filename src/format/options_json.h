/* The options of an upload as they are stored with its job and shown in answers:
 * {"on_duplicate":"reject","on_error":"keep","max_failed_rows":null,"dry_run":false,
 *  "update_companies":false,"market_cap_unit":"usd","delimiter":null,"sheet":null,"encoding":null,
 *  "decimal":"point"} */
#ifndef OBLIGOR_FORMAT_OPTIONS_JSON_H
#define OBLIGOR_FORMAT_OPTIONS_JSON_H

#include "base/error.h"
#include "model/job.h"

/* One object with every member; null stands for "no limit" (also for a limit beyond JSON_INT_MAX)
 * and "found by itself". */
Str options_format(Arena *arena, const ImportOptions *options);

/* Reads what options_format writes. A member that is not there takes its default; one that is not
 * known, or whose value is not allowed, is ERROR_INVALID with the member as field. */
Error *options_parse(Arena *arena, Str text, ImportOptions *ret_options) MUST_CHECK;

#endif
