/* The values of a column between rows and bytes. */
#include "format/archive_parts.h"

const double ARCHIVE_POWERS[ARCHIVE_POWER_MAX + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

ArchiveCells archive_cells_new(Arena *arena, ArchiveType type, size_t count)
{
    ArchiveCells cells = {.type = type, .count = count};
    cells.present = ARENA_ARRAY(arena, uint8_t, count);
    if (type == ARCHIVE_UUID)
        cells.uuids = ARENA_ARRAY(arena, Uuid, count);
    else if (type == ARCHIVE_TEXT)
        cells.texts = ARENA_ARRAY(arena, Str, count);
    else
        cells.words = ARENA_ARRAY(arena, uint64_t, count);
    return cells;
}

void archive_cells_copy(ArchiveCells *to, size_t to_at, const ArchiveCells *from, size_t from_at)
{
    to->present[to_at] = from->present[from_at];
    if (to->type == ARCHIVE_UUID)
        to->uuids[to_at] = from->uuids[from_at];
    else if (to->type == ARCHIVE_TEXT)
        to->texts[to_at] = from->texts[from_at];
    else
        to->words[to_at] = from->words[from_at];
}

bool archive_cells_same(const ArchiveCells *a, size_t a_at, const ArchiveCells *b, size_t b_at)
{
    if (a->present[a_at] != b->present[b_at])
        return false;
    if (a->type == ARCHIVE_UUID)
        return uuid_equal(a->uuids[a_at], b->uuids[b_at]);
    if (a->type == ARCHIVE_TEXT)
        return str_equal(a->texts[a_at], b->texts[b_at]);
    return a->words[a_at] == b->words[b_at];
}
