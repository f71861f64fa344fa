/* Bytes out, bytes in, and the one form in which an archive holds whole numbers: the distance of each from
 * the least one, or of each step from the least step, divided by what divides them all, as planes of bytes.
 * Equal numbers and even steps take no plane at all. */
#include "format/archive_parts.h"

#include "base/check.h"

#include <math.h>

enum { WIDTH_BITS = 15, STEPS = 16, FACTOR = 32, SAMPLE = 4096 };

/* --- out -------------------------------------------------------------------------------------- */

void archive_cut(ArchiveOut *out)
{
    size_t last = out->cuts.count == 0 ? 0 : out->cuts.items[out->cuts.count - 1];
    if (out->bytes.len - last >= ARCHIVE_PART_MIN)
        vec_push(out->bytes.arena, &out->cuts, out->bytes.len);
}

void archive_put(ArchiveOut *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_add_char(&out->bytes, (char)(value >> 8 * i));
}

void archive_put_varint(ArchiveOut *out, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        buf_add_char(&out->bytes, (char)(value | 128));
    buf_add_char(&out->bytes, (char)value);
}

/* Small numbers of either sign stay small. */
static void put_signed(ArchiveOut *out, uint64_t value)
{
    archive_put_varint(out, value << 1 ^ (value >> 63 ? UINT64_MAX : 0));
}

typedef struct Distances {
    uint64_t *items;
    size_t count;
    uint64_t base;
    uint64_t factor; /* 1: none */
    size_t width;    /* bytes of the largest */
    double cost;     /* estimated bits */
} Distances;

static uint64_t common_factor(const uint64_t *items, size_t count)
{
    uint64_t factor = 0;
    for (size_t i = 0; i < count && factor != 1; i++)
        for (uint64_t b = items[i]; b != 0;) {
            uint64_t rest = factor % b;
            factor = b;
            b = rest;
        }
    return factor == 0 ? 1 : factor;
}

/* The entropy of one plane, by a sample from the front. */
static double plane_cost(const Distances *distances, size_t plane)
{
    size_t count = distances->count < SAMPLE ? distances->count : SAMPLE;
    size_t seen[256] = {0};
    double bits = 0;
    for (size_t i = 0; i < count; i++)
        seen[distances->items[i] >> 8 * plane & 255]++;
    for (size_t i = 0; i < 256; i++)
        if (seen[i] > 0)
            bits += (double)seen[i] * log2((double)count / (double)seen[i]);
    return bits;
}

/* Takes `items` over. */
static Distances measure(uint64_t *items, size_t count)
{
    Distances distances = {.items = items, .count = count};
    int64_t least = count == 0 ? 0 : INT64_MAX;
    uint64_t largest = 0;
    for (size_t i = 0; i < count; i++)
        least = (int64_t)items[i] < least ? (int64_t)items[i] : least;
    distances.base = (uint64_t)least;
    for (size_t i = 0; i < count; i++)
        items[i] -= distances.base;
    distances.factor = common_factor(items, count);
    for (size_t i = 0; i < count && distances.factor > 1; i++)
        items[i] /= distances.factor;
    for (size_t i = 0; i < count; i++)
        largest |= items[i];
    for (; largest > 0; largest >>= 8)
        distances.width++;
    for (size_t i = 0; i < distances.width; i++)
        distances.cost += plane_cost(&distances, i);
    return distances;
}

static void put_planes(ArchiveOut *out, const Distances *distances)
{
    char *plane = arena_alloc_raw(out->work, distances->count);
    for (size_t at = 0; at < distances->width; at++) {
        archive_cut(out);
        for (size_t i = 0; i < distances->count; i++)
            plane[i] = (char)(distances->items[i] >> 8 * at);
        buf_add(&out->bytes, (Str){plane, distances->count});
    }
    archive_cut(out);
}

void archive_put_ints(ArchiveOut *out, const uint64_t *values, size_t count, bool may_ascend)
{
    ArenaMark mark = arena_mark(out->work);
    uint64_t *items = arena_alloc_raw(out->work, count * sizeof *items);
    if (count > 0)
        memcpy(items, values, count * sizeof *items);
    Distances best = measure(items, count);
    bool steps = false;
    if (may_ascend && count > 1 && best.width > 0) {
        items = arena_alloc_raw(out->work, count * sizeof *items);
        for (size_t i = 1; i < count; i++)
            items[i - 1] = values[i] - values[i - 1];
        Distances other = measure(items, count - 1);
        steps = other.cost < best.cost || other.width == 0;
        best = steps ? other : best;
    }
    archive_put(out, best.width | (steps ? STEPS : 0) | (best.factor > 1 ? FACTOR : 0), 1);
    put_signed(out, best.base);
    if (steps)
        put_signed(out, values[0]);
    if (best.factor > 1)
        archive_put_varint(out, best.factor);
    put_planes(out, &best);
    arena_rewind(out->work, mark);
}

/* --- in --------------------------------------------------------------------------------------- */

void archive_fault(ArchiveIn *in, const char *fault)
{
    if (in->fault == NULL)
        in->fault = fault;
    in->rest = (Str){"", 0};
}

/* Empty, with a fault, when there is less. */
Str archive_take(ArchiveIn *in, uint64_t size)
{
    if (size > in->rest.len) {
        archive_fault(in, "it ends too early");
        return (Str){"", 0};
    }
    Str taken = str_slice(in->rest, 0, (size_t)size);
    in->rest = str_slice(in->rest, (size_t)size, in->rest.len);
    return taken;
}

uint64_t archive_get(ArchiveIn *in, size_t size)
{
    Str bytes = archive_take(in, size);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        value |= (uint64_t)(uint8_t)bytes.ptr[i] << 8 * i;
    return value;
}

uint64_t archive_get_varint(ArchiveIn *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = archive_get(in, 1);
        if (shift == 63 && byte > 1)
            break;
        value |= (byte & 127) << shift;
        if (byte < 128)
            return value;
    }
    archive_fault(in, "a number is longer than 64 bits");
    return 0;
}

static uint64_t get_signed(ArchiveIn *in)
{
    uint64_t value = archive_get_varint(in);
    return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

/* `values` as sums of the planes. */
static void get_planes(ArchiveIn *in, uint64_t *values, size_t count, size_t width)
{
    memset(values, 0, count * sizeof *values);
    for (size_t at = 0; at < width; at++) {
        Str plane = archive_take(in, count);
        for (size_t i = 0; i < plane.len; i++)
            values[i] |= (uint64_t)(uint8_t)plane.ptr[i] << 8 * at;
    }
}

void archive_get_ints(ArchiveIn *in, uint64_t *values, size_t count)
{
    uint64_t how = archive_get(in, 1);
    bool steps = (how & STEPS) != 0;
    if (how >= FACTOR * 2 || (how & WIDTH_BITS) > 8 || (steps && count == 0)) {
        archive_fault(in, "numbers are in an unknown form");
        return;
    }
    uint64_t base = get_signed(in);
    uint64_t value = steps ? get_signed(in) : 0;
    uint64_t factor = how & FACTOR ? archive_get_varint(in) : 1;
    if (count == 0 || in->fault != NULL)
        return;
    uint64_t *distances = steps ? values + 1 : values;
    size_t distance_count = steps ? count - 1 : count;
    get_planes(in, distances, distance_count, how & WIDTH_BITS);
    for (size_t i = 0; i < distance_count; i++)
        distances[i] = base + factor * distances[i];
    if (!steps)
        return;
    values[0] = value;
    for (size_t i = 1; i < count; i++)
        values[i] += values[i - 1];
}
