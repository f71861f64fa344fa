/* The values of a column out of bytes. Whatever the bytes are, it reads within them and fills no more cells
 * than there are. */
#include "format/archive_parts.h"

#include "base/check.h"

/* Values within values go no deeper: some, of a dictionary, of decimals. */
enum { DEEPEST = 3 };

typedef struct Reading {
    ArchiveIn *in;
    const ArchiveKept *kept;
    size_t kept_count;
} Reading;

static void get_values(const Reading *reading, ArchiveCells *cells, int depth,
                       ArchiveIndex *ret_index);

static void all_present(ArchiveCells *cells)
{
    memset(cells->present, 1, cells->count);
}

static void set_half(Uuid *uuid, size_t half, uint64_t value)
{
    for (size_t i = 8; i-- > 0; value >>= 8)
        uuid->bytes[8 * half + i] = (uint8_t)value;
}

static void get_plain_uuids(ArchiveIn *in, ArchiveCells *cells)
{
    uint64_t *halves = ARENA_ARRAY(in->work, uint64_t, cells->count);
    uint64_t all_v7 = archive_get(in, 1);
    archive_get_ints(in, halves, cells->count);
    if (all_v7 > 1)
        archive_fault(in, "ids are in an unknown form");
    for (size_t i = 0; i < cells->count; i++) {
        uint64_t time = halves[i];
        if (all_v7 && time >> 60 != 0)
            archive_fault(in, "an id is not a UUIDv7");
        set_half(&cells->uuids[i], 0, all_v7 ? time >> 12 << 16 | 7 << 12 | (time & 0xFFF) : time);
    }
    archive_get_ints(in, halves, cells->count);
    for (size_t i = 0; i < cells->count; i++)
        set_half(&cells->uuids[i], 1, halves[i]);
}

static void get_plain_texts(ArchiveIn *in, ArchiveCells *cells)
{
    uint64_t *sizes = ARENA_ARRAY(in->work, uint64_t, cells->count);
    archive_get_ints(in, sizes, cells->count);
    uint64_t total = 0;
    for (size_t i = 0; i < cells->count; i++) {
        if (sizes[i] > in->rest.len - total) {
            archive_fault(in, "a text is longer than what is left");
            return;
        }
        total += sizes[i];
    }
    Str all = archive_take(in, total);
    const char *at = arena_copy(in->arena, all.ptr, all.len);
    for (size_t i = 0; i < cells->count && in->fault == NULL; i++) {
        cells->texts[i] = (Str){at, (size_t)sizes[i]};
        at += sizes[i];
    }
}

static void get_plain(ArchiveIn *in, ArchiveCells *cells)
{
    if (cells->type == ARCHIVE_UUID)
        get_plain_uuids(in, cells);
    else if (cells->type == ARCHIVE_TEXT)
        get_plain_texts(in, cells);
    else
        archive_get_ints(in, cells->words, cells->count);
    all_present(cells);
}

static void get_decimals(ArchiveIn *in, ArchiveCells *cells)
{
    uint64_t power = archive_get(in, 1);
    if (cells->type != ARCHIVE_REAL || power > ARCHIVE_POWER_MAX) {
        archive_fault(in, "decimals are in an unknown form");
        return;
    }
    archive_get_ints(in, cells->words, cells->count);
    for (size_t i = 0; i < cells->count; i++) {
        double value = (double)(int64_t)cells->words[i] / ARCHIVE_POWERS[power];
        memcpy(&cells->words[i], &value, sizeof value);
    }
    all_present(cells);
    uint64_t exceptions = archive_get_varint(in);
    if (exceptions > cells->count) {
        archive_fault(in, "there are more exceptions than values");
        return;
    }
    uint64_t *places = ARENA_ARRAY(in->work, uint64_t, (size_t)exceptions);
    uint64_t *values = ARENA_ARRAY(in->work, uint64_t, (size_t)exceptions);
    archive_get_ints(in, places, (size_t)exceptions);
    archive_get_ints(in, values, (size_t)exceptions);
    for (size_t i = 0; i < exceptions; i++) {
        if (places[i] >= cells->count)
            archive_fault(in, "an exception stands beyond the values");
        else
            cells->words[places[i]] = values[i];
    }
}

/* An entry for each index. */
static void look_up(ArchiveIn *in, ArchiveCells *cells, const ArchiveCells *entries,
                    const uint64_t *of_row)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (of_row[i] >= entries->count) {
            archive_fault(in, "a value stands beyond its dictionary");
            return;
        }
        archive_cells_copy(cells, i, entries, (size_t)of_row[i]);
    }
}

static void get_dictionary(const Reading *reading, ArchiveCells *cells, int depth,
                           ArchiveIndex *ret_index)
{
    ArchiveIn *in = reading->in;
    uint64_t count = archive_get_varint(in);
    if (count > cells->count) {
        archive_fault(in, "a dictionary has more entries than there are values");
        return;
    }
    ArchiveCells entries = archive_cells_new(in->work, cells->type, (size_t)count);
    get_values(reading, &entries, depth + 1, NULL);
    uint64_t *of_row = ARENA_ARRAY(in->work, uint64_t, cells->count);
    archive_get_ints(in, of_row, cells->count);
    if (in->fault == NULL)
        look_up(in, cells, &entries, of_row);
    if (ret_index != NULL)
        *ret_index = (ArchiveIndex){of_row, (size_t)count};
}

static void get_some(const Reading *reading, ArchiveCells *cells, int depth)
{
    ArchiveIn *in = reading->in;
    Str map = archive_take(in, (cells->count + 7) / 8);
    if (in->fault != NULL)
        return;
    size_t present = 0, next = 0;
    for (size_t i = 0; i < cells->count; i++)
        present += (uint8_t)map.ptr[i / 8] >> i % 8 & 1;
    ArchiveCells dense = archive_cells_new(in->work, cells->type, present);
    get_values(reading, &dense, depth + 1, NULL);
    for (size_t i = 0; i < cells->count; i++)
        if ((uint8_t)map.ptr[i / 8] >> i % 8 & 1)
            archive_cells_copy(cells, i, &dense, next++);
}

/* The column with this number, if it has as many cells: not so within values of values. */
static const ArchiveKept *referred(const Reading *reading, size_t count)
{
    uint64_t id = archive_get(reading->in, 2);
    for (size_t i = 0; i < reading->kept_count; i++)
        if (reading->kept[i].id == id && reading->kept[i].cells.count == count)
            return &reading->kept[i];
    archive_fault(reading->in, "a column refers to one that cannot be referred to");
    return NULL;
}

static void get_per(const Reading *reading, ArchiveCells *cells, int depth)
{
    const ArchiveKept *other = referred(reading, cells->count);
    if (other == NULL)
        return;
    if (other->index.entries == 0 && cells->count > 0) {
        archive_fault(reading->in, "a column refers to one without a dictionary");
        return;
    }
    ArchiveCells entries = archive_cells_new(reading->in->work, cells->type, other->index.entries);
    get_values(reading, &entries, depth + 1, NULL);
    if (reading->in->fault == NULL && cells->count > 0)
        look_up(reading->in, cells, &entries, other->index.of_row);
}

static void get_same(const Reading *reading, ArchiveCells *cells)
{
    const ArchiveKept *other = referred(reading, cells->count);
    if (other == NULL)
        return;
    if (other->cells.type != cells->type) {
        archive_fault(reading->in, "a column refers to one of another type");
        return;
    }
    for (size_t i = 0; i < cells->count; i++)
        archive_cells_copy(cells, i, &other->cells, i);
}

/* Cells of damaged bytes may be anything; the fault says that nobody is to look. */
static void get_values(const Reading *reading, ArchiveCells *cells, int depth,
                       ArchiveIndex *ret_index)
{
    uint64_t encoding = archive_get(reading->in, 1);
    if (reading->in->fault != NULL || encoding == ARCHIVE_NOTHING)
        return;
    if (encoding == ARCHIVE_PLAIN)
        get_plain(reading->in, cells);
    else if (encoding == ARCHIVE_DECIMAL)
        get_decimals(reading->in, cells);
    else if (encoding == ARCHIVE_DICTIONARY && depth < DEEPEST)
        get_dictionary(reading, cells, depth, ret_index);
    else if (encoding == ARCHIVE_SOME && depth < DEEPEST)
        get_some(reading, cells, depth);
    else if (encoding == ARCHIVE_PER && depth == 0)
        get_per(reading, cells, depth);
    else if (encoding == ARCHIVE_SAME && depth == 0)
        get_same(reading, cells);
    else
        archive_fault(reading->in, "values are in an unknown form");
}

void archive_get_values(ArchiveIn *in, ArchiveCells *cells, const ArchiveKept *kept,
                        size_t kept_count, ArchiveIndex *ret_index)
{
    Reading reading = {in, kept, kept_count};
    *ret_index = (ArchiveIndex){0};
    get_values(&reading, cells, 0, ret_index);
    if (in->fault == NULL && in->rest.len > 0)
        archive_fault(in, "a column holds more than its values");
}
