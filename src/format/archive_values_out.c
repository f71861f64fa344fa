/* The values of a column as bytes: chooses how each column is smallest. */
#include "base/check.h"
#include "base/map.h"
#include "format/archive_parts.h"

#include <math.h>

static Str cell_bytes(const ArchiveCells *cells, size_t i)
{
    if (cells->type == ARCHIVE_UUID)
        return (Str){(const char *)cells->uuids[i].bytes, sizeof cells->uuids[i].bytes};
    if (cells->type == ARCHIVE_TEXT)
        return cells->texts[i];
    return (Str){(const char *)&cells->words[i], sizeof cells->words[i]};
}

/* --- each by itself --------------------------------------------------------------------------- */

static uint64_t half_of(Uuid uuid, size_t half)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | uuid.bytes[8 * half + i];
    return value;
}

/* Time and version in one half, random bits in the other. Where all are UUIDv7 their version is left
 * out: what is left counts 1/4096 ms without a gap. */
static void put_plain_uuids(ArchiveOut *out, const ArchiveCells *cells)
{
    uint64_t *halves = arena_alloc_raw(out->work, cells->count * sizeof *halves);
    bool all_v7 = true;
    for (size_t i = 0; i < cells->count; i++)
        all_v7 &= cells->uuids[i].bytes[6] >> 4 == 7;
    for (size_t i = 0; i < cells->count; i++) {
        uint64_t high = half_of(cells->uuids[i], 0);
        halves[i] = all_v7 ? high >> 16 << 12 | (high & 0xFFF) : high;
    }
    archive_put(out, all_v7, 1);
    archive_put_ints(out, halves, cells->count, true);
    for (size_t i = 0; i < cells->count; i++)
        halves[i] = half_of(cells->uuids[i], 1);
    archive_put_ints(out, halves, cells->count, false);
}

static void put_plain_texts(ArchiveOut *out, const ArchiveCells *cells)
{
    uint64_t *sizes = arena_alloc_raw(out->work, cells->count * sizeof *sizes);
    for (size_t i = 0; i < cells->count; i++)
        sizes[i] = cells->texts[i].len;
    archive_put_ints(out, sizes, cells->count, true);
    archive_cut(out);
    for (size_t i = 0; i < cells->count; i++)
        buf_add(&out->bytes, cells->texts[i]);
    archive_cut(out);
}

static void put_plain(ArchiveOut *out, const ArchiveCells *cells)
{
    archive_put(out, ARCHIVE_PLAIN, 1);
    if (cells->type == ARCHIVE_UUID)
        put_plain_uuids(out, cells);
    else if (cells->type == ARCHIVE_TEXT)
        put_plain_texts(out, cells);
    else
        archive_put_ints(out, cells->words, cells->count, cells->type == ARCHIVE_INT);
}

/* --- decimals --------------------------------------------------------------------------------- */

typedef struct Decimal {
    int64_t number;
    size_t power; /* ARCHIVE_POWER_MAX + 1: it is not a short decimal */
} Decimal;

/* True when number / 10^power is this value bit for bit; so -0.0 and NaN are not. */
static bool as_decimal(uint64_t bits, size_t power, int64_t *ret_number)
{
    double value, back;
    memcpy(&value, &bits, sizeof value);
    double scaled = value * ARCHIVE_POWERS[power];
    if (!(scaled > -9007199254740992.0 && scaled < 9007199254740992.0))
        return false;
    *ret_number = llrint(scaled);
    back = (double)*ret_number / ARCHIVE_POWERS[power];
    return memcmp(&back, &bits, sizeof back) == 0;
}

static size_t power_of(uint64_t bits)
{
    int64_t number;
    size_t power = 0;
    while (power <= ARCHIVE_POWER_MAX && !as_decimal(bits, power, &number))
        power++;
    return power;
}

/* The least power that all but a few of the decimals fit; false when too few are decimals. */
static bool choose_power(const ArchiveCells *cells, size_t *ret_power)
{
    size_t of_power[ARCHIVE_POWER_MAX + 2] = {0};
    for (size_t i = 0; i < cells->count; i++)
        of_power[power_of(cells->words[i])]++;
    size_t decimals = cells->count - of_power[ARCHIVE_POWER_MAX + 1];
    if (decimals < cells->count - cells->count / 4)
        return false;
    size_t fit = 0, power = 0;
    for (; power < ARCHIVE_POWER_MAX; power++) {
        fit += of_power[power];
        if (fit >= decimals - decimals / 64)
            break;
    }
    *ret_power = power;
    return true;
}

static void put_decimals(ArchiveOut *out, const ArchiveCells *cells, size_t power)
{
    size_t size = cells->count * sizeof(uint64_t), exceptions = 0;
    uint64_t *numbers = arena_alloc_raw(out->work, size);
    uint64_t *places = arena_alloc_raw(out->work, size);
    uint64_t *values = arena_alloc_raw(out->work, size);
    for (size_t i = 0; i < cells->count; i++) {
        int64_t number;
        if (as_decimal(cells->words[i], power, &number)) {
            numbers[i] = (uint64_t)number;
            continue;
        }
        numbers[i] = i == 0 ? 0 : numbers[i - 1];
        places[exceptions] = i;
        values[exceptions++] = cells->words[i];
    }
    archive_put(out, ARCHIVE_DECIMAL, 1);
    archive_put(out, power, 1);
    archive_put_ints(out, numbers, cells->count, true);
    archive_put_varint(out, exceptions);
    archive_put_ints(out, places, exceptions, true);
    archive_put_ints(out, values, exceptions, false);
}

/* --- dictionaries ----------------------------------------------------------------------------- */

/* The distinct values in the order in which they first appear. Gives up beyond `most`. */
static bool number_them(ArchiveOut *out, const ArchiveCells *cells, size_t most,
                        ArchiveCells *ret_entries, ArchiveIndex *ret_index)
{
    Map map = map_new(out->work);
    *ret_entries = archive_cells_new(out->work, cells->type, most);
    *ret_index = (ArchiveIndex){arena_alloc_raw(out->work, cells->count * sizeof(uint64_t)), 0};
    for (size_t i = 0; i < cells->count; i++) {
        if (i > 0 && archive_cells_same(cells, i, cells, i - 1)) {
            ret_index->of_row[i] = ret_index->of_row[i - 1];
            continue;
        }
        Str key = cell_bytes(cells, i);
        uintptr_t number = (uintptr_t)map_find(&map, key);
        if (number == 0) {
            if (ret_index->entries == most)
                return false;
            archive_cells_copy(ret_entries, ret_index->entries, cells, i);
            number = ++ret_index->entries;
            map_put(&map, key, (void *)number);
        }
        ret_index->of_row[i] = number - 1;
    }
    ret_entries->count = ret_index->entries;
    return true;
}

static void put_dictionary(ArchiveOut *out, const ArchiveCells *cells, const ArchiveCells *entries,
                           const ArchiveIndex *index)
{
    archive_put(out, ARCHIVE_DICTIONARY, 1);
    archive_put_varint(out, entries->count);
    archive_put_values(out, entries, false);
    archive_put_ints(out, index->of_row, cells->count, true);
}

/* --- the choice ------------------------------------------------------------------------------- */

static size_t count_present(const ArchiveCells *cells)
{
    size_t present = 0;
    for (size_t i = 0; i < cells->count; i++)
        present += cells->present[i];
    return present;
}

static void put_some(ArchiveOut *out, const ArchiveCells *cells, size_t present, bool may_repeat)
{
    ArchiveCells dense = archive_cells_new(out->work, cells->type, present);
    size_t map_size = (cells->count + 7) / 8, filled = 0;
    char *map = arena_alloc(out->work, map_size);
    for (size_t i = 0; i < cells->count; i++)
        if (cells->present[i]) {
            map[i / 8] = (char)(map[i / 8] | 1 << i % 8);
            archive_cells_copy(&dense, filled++, cells, i);
        }
    archive_put(out, ARCHIVE_SOME, 1);
    archive_cut(out);
    buf_add(&out->bytes, (Str){map, map_size});
    archive_cut(out);
    archive_put_values(out, &dense, may_repeat);
}

ArchiveIndex archive_put_values(ArchiveOut *out, const ArchiveCells *cells, bool may_repeat)
{
    ArchiveCells entries;
    ArchiveIndex index = {0};
    size_t present = count_present(cells), power = 0;
    if (present == 0) {
        archive_put(out, ARCHIVE_NOTHING, 1);
    } else if (present < cells->count) {
        put_some(out, cells, present, may_repeat);
    } else if (cells->type == ARCHIVE_REAL && choose_power(cells, &power)) {
        put_decimals(out, cells, power);
    } else if (cells->type == ARCHIVE_INT || !may_repeat) {
        put_plain(out, cells);
    } else {
        /* An entry of a uuid costs no more than the uuid itself; one of a real costs its index too. */
        size_t most = cells->type == ARCHIVE_REAL ? (cells->count + 1) / 2 : cells->count;
        if (number_them(out, cells, most, &entries, &index)) {
            put_dictionary(out, cells, &entries, &index);
            return index;
        }
        put_plain(out, cells);
    }
    return (ArchiveIndex){0};
}
