/* Several values of one field become one text that strpos looks into: a statement has a fixed number of
 * parameters, and no value ever becomes part of its text. */
#include "store/filter.h"

#include <math.h>

Str filter_years(Arena *arena, const PredictionFilter *filter)
{
    Buf text = buf_new(arena, 4096);
    for (size_t i = 0; i < filter->year_count; i++)
        buf_printf(&text, "%s%d,", i == 0 ? "," : "", filter->years[i]);
    return buf_str(&text);
}

Str filter_sectors(Arena *arena, const PredictionFilter *filter)
{
    Buf text = buf_new(arena, 64 * 1024);
    for (size_t i = 0; i < filter->sector_count; i++) {
        if (i == 0)
            buf_add(&text, FILTER_SEPARATOR);
        buf_add(&text, filter->sectors[i]);
        buf_add(&text, FILTER_SEPARATOR);
    }
    return buf_str(&text);
}

void filter_values(Arena *arena, const PredictionFilter *filter, Value values[FILTER_PARAMETERS])
{
    const Value all[FILTER_PARAMETERS] = {
        value_int(filter->risk_levels),
        value_int(filter->sources),
        value_int(filter->quarters),
        value_str(filter_years(arena, filter)),
        value_str(filter_sectors(arena, filter)),
        value_str(FILTER_SEPARATOR),
        value_str(filter->symbol_part),
        filter->has_user ? value_uuid(filter->created_by) : value_null(VALUE_UUID),
        value_time(filter->created_after),
        value_time(filter->created_before),
        value_real(filter->probability_min),
        value_real(filter->probability_max),
        filter->has_company ? value_uuid(filter->company_id) : value_null(VALUE_UUID),
    };
    memcpy(values, all, sizeof all);
}

bool filter_is_trivial(const PredictionFilter *filter)
{
    return filter->risk_levels == 0 && filter->sources == 0 && filter->quarters == 0 &&
           filter->year_count == 0 && filter->sector_count == 0 && filter->symbol_part.len == 0 &&
           !filter->has_user && !filter->has_company && isinf(filter->probability_min) &&
           isinf(filter->probability_max);
}
