/* The filters of a prediction list as the thirteen parameters that every walk begins with. */
#ifndef OBLIGOR_STORE_FILTER_H
#define OBLIGOR_STORE_FILTER_H

#include "model/page.h"
#include "store/db.h"

enum { FILTER_PARAMETERS = 13 };

void filter_values(Arena *arena, const PredictionFilter *filter, Value values[FILTER_PARAMETERS]);

/* ",2023,2024," and the sectors between separators that no sector can hold; "" lets all pass. */
Str filter_years(Arena *arena, const PredictionFilter *filter);
Str filter_sectors(Arena *arena, const PredictionFilter *filter);
#define FILTER_SEPARATOR STR("\x1f")

/* True when no row of the owner can fail it, apart from the bounds on the time of creation. */
bool filter_is_trivial(const PredictionFilter *filter);

#endif
