/* Packing: a head, then one column after another, all in one frame. */
#include "base/check.h"
#include "format/archive_parts.h"
#include "format/zstd.h"

/* What is left after the encodings is mostly noise; more effort finds no more. */
enum { LEVEL = 1 };

/* What the columns before this one left for it to refer to. */
typedef struct Packing {
    const Prediction *rows;
    size_t count;
    ArchiveKept kept[ARCHIVE_COLUMN_MAX];
    size_t kept_count;
} Packing;

static const ArchiveKept *find_kept(const Packing *packing, uint16_t id)
{
    for (size_t i = 0; i < packing->kept_count; i++)
        if (packing->kept[i].id == id)
            return &packing->kept[i];
    return NULL;
}

static bool put_same(ArchiveOut *out, const ArchiveCells *cells, const ArchiveKept *other)
{
    for (size_t i = 0; i < cells->count; i++)
        if (!archive_cells_same(cells, i, &other->cells, i))
            return false;
    archive_put(out, ARCHIVE_SAME, 1);
    archive_put(out, other->id, 2);
    return true;
}

/* False, with nothing written, when rows of one entry differ. */
static bool put_per(ArchiveOut *out, const ArchiveCells *cells, const ArchiveKept *other)
{
    if (other->index.entries == 0)
        return false;
    ArchiveCells entries = archive_cells_new(out->work, cells->type, other->index.entries);
    size_t seen = 0; /* entries are numbered as they appear */
    for (size_t i = 0; i < cells->count; i++) {
        size_t entry = (size_t)other->index.of_row[i];
        if (entry == seen)
            archive_cells_copy(&entries, seen++, cells, i);
        else if (!archive_cells_same(&entries, entry, cells, i))
            return false;
    }
    archive_put(out, ARCHIVE_PER, 1);
    archive_put(out, other->id, 2);
    archive_put_values(out, &entries, false);
    return true;
}

static bool is_constant(const ArchiveCells *cells)
{
    for (size_t i = 1; i < cells->count; i++)
        if (!archive_cells_same(cells, i, cells, 0))
            return false;
    return true;
}

static void put_values(ArchiveOut *out, Packing *packing, const ArchiveColumn *column,
                       const ArchiveCells *cells)
{
    const ArchiveKept *per = find_kept(packing, column->per);
    const ArchiveKept *same = find_kept(packing, column->same);
    if (same != NULL && put_same(out, cells, same))
        return;
    if (per != NULL && !is_constant(cells) && put_per(out, cells, per))
        return;
    ArchiveIndex index = archive_put_values(out, cells, !column->unique);
    if (column->keeps)
        packing->kept[packing->kept_count++] = (ArchiveKept){column->id, *cells, index};
}

/* The size goes in front when it is known. */
static void put_column(ArchiveOut *out, Packing *packing, const ArchiveColumn *column,
                       const ArchiveCells *cells)
{
    archive_put(out, column->id, 2);
    archive_put(out, column->type, 1);
    archive_put(out, ARCHIVE_NEEDED, 1);
    size_t size_at = out->bytes.len;
    archive_put(out, 0, 4);
    put_values(out, packing, column, cells);
    CHECK(!out->bytes.over);
    size_t size = out->bytes.len - size_at - 4;
    for (size_t i = 0; i < 4; i++)
        out->bytes.data[size_at + i] = (char)(size >> 8 * i);
}

static size_t put_columns(ArchiveOut *out, Kind kind, Packing *packing)
{
    ArchiveColumn columns[ARCHIVE_COLUMN_MAX];
    size_t count = archive_columns(kind, columns), written = 0;
    for (size_t i = 0; i < count && packing->count > 0; i++) {
        ArenaMark mark = arena_mark(out->work);
        ArchiveCells cells = archive_cells_new(out->work, columns[i].type, packing->count);
        if (archive_gather(&columns[i], packing->rows, &cells)) {
            put_column(out, packing, &columns[i], &cells);
            written++;
        }
        if (!columns[i].keeps)
            arena_rewind(out->work, mark);
    }
    return written;
}

static Str pack_parts(Arena *arena, ArchiveOut *out)
{
    size_t count = out->cuts.count, from = 0;
    Str *parts = ARENA_ARRAY(out->work, Str, count + 1);
    for (size_t i = 0; i < count; from = out->cuts.items[i++])
        parts[i] = (Str){out->bytes.data + from, out->cuts.items[i] - from};
    parts[count] = (Str){out->bytes.data + from, out->bytes.len - from};
    return zstd_pack_parts(arena, parts, count + 1, LEVEL);
}

Str archive_pack(Arena *arena, Kind kind, const Prediction *rows, size_t count)
{
    CHECK(count <= ARCHIVE_MAX_ROWS);
    for (size_t i = 0; i < count; i++)
        CHECK(rows[i].kind == kind);
    Arena *content = arena_new(0), *work = arena_new(0);
    ArchiveOut out = {.work = work, .bytes = buf_new(content, ARCHIVE_CONTENT_MAX)};
    Packing *packing = ARENA_NEW(content, Packing);
    packing->rows = rows;
    packing->count = count;
    buf_add(&out.bytes, str_from(ARCHIVE_MAGIC));
    archive_put(&out, ARCHIVE_VERSION, 1);
    archive_put(&out, kind, 1);
    archive_put(&out, count, 4);
    size_t columns_at = out.bytes.len;
    archive_put(&out, 0, 1);
    size_t columns = put_columns(&out, kind, packing);
    out.bytes.data[columns_at] = (char)columns;
    Str packed = pack_parts(arena, &out);
    arena_free(work);
    arena_free(content);
    return packed;
}
