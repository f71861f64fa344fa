/* Offsets and not row numbers: they are short, and a batch has a few thousand rows at most. */
#include "format/row_ranges.h"

#include "base/check.h"
#include "base/number.h"

RowRanges row_ranges_new(Arena *arena)
{
    return (RowRanges){.text = buf_new(arena, SIZE_MAX)};
}

static void end_range(RowRanges *ranges)
{
    int64_t from = ranges->from - ranges->first, last = ranges->last - ranges->first;
    buf_printf(&ranges->text, "%s%lld", ranges->text.len > 0 ? "," : "", (long long)from);
    if (last > from)
        buf_printf(&ranges->text, "-%lld", (long long)last);
}

void row_ranges_add(RowRanges *ranges, int64_t row)
{
    CHECK(ranges->count == 0 || row > ranges->last);
    if (ranges->count == 0)
        ranges->first = ranges->from = row;
    else if (row > ranges->last + 1) {
        end_range(ranges);
        ranges->from = row;
    }
    ranges->last = row;
    ranges->count++;
}

Str row_ranges_text(RowRanges *ranges)
{
    CHECK(ranges->count > 0);
    end_range(ranges);
    return buf_str(&ranges->text);
}

RowRangesIn row_ranges_read(Str text, int64_t first)
{
    return (RowRangesIn){.rest = text, .first = first, .next = first, .last = first - 1};
}

static bool next_range(RowRangesIn *in)
{
    Str part, from;
    int64_t low, high, before = in->last - in->first;
    if (!str_next(&in->rest, ',', &part))
        return false;
    in->damaged = !str_next(&part, '-', &from) ||
                  !number_parse_int(from, before + 1, INT32_MAX, &low) ||
                  (part.ptr != NULL && !number_parse_int(part, low, INT32_MAX, &high));
    if (in->damaged)
        return false;
    in->next = in->first + low;
    in->last = in->first + (part.ptr != NULL ? high : low);
    return true;
}

bool row_ranges_next(RowRangesIn *in, int64_t *ret_row)
{
    if (in->damaged || (in->next > in->last && !next_range(in)))
        return false;
    *ret_row = in->next++;
    return true;
}
