/* Unpacking: the head, a directory of the columns, then one column after another in the order of our
 * table, so that those come first to which others refer. */
#include "base/check.h"
#include "format/archive_parts.h"
#include "format/zstd.h"

typedef struct Reader {
    ArchiveIn in;
    Uuid owner_id;
    Kind kind;
    size_t row_count;
    size_t column_count;
    ArchiveColumn columns[ARCHIVE_COLUMN_MAX];
    Str bodies[ARCHIVE_COLUMN_MAX]; /* ptr NULL: not there */
    ArchiveKept kept[ARCHIVE_COLUMN_MAX];
    size_t kept_count;
} Reader;

static void too_new(Reader *reader, const char *what)
{
    reader->in.too_new |= reader->in.fault == NULL;
    archive_fault(&reader->in, what);
}

static const char DAMAGED[] = "An archive of removed predictions is damaged.";
static const char TOO_NEW[] =
    "An archive of removed predictions was written by a newer version of Obligor. "
    "Use that version or a later one.";

/* NULL when nothing is wrong. `cause` is zstd's. */
static Error *fault_error(Arena *arena, const Reader *reader, Error *cause)
{
    if (cause == NULL && reader->in.fault == NULL)
        return NULL;
    if (cause == NULL)
        cause = ERROR(arena, ERROR_INTERNAL, "archive: %s", reader->in.fault);
    bool newer = reader->in.too_new;
    Error *error = ERROR(arena, ERROR_INTERNAL, "%s", newer ? TOO_NEW : DAMAGED);
    return error_because(error_with_reason(error, newer ? ARCHIVE_TOO_NEW : ARCHIVE_DAMAGED),
                         cause);
}

static void read_head(Reader *reader, uint64_t *ret_columns)
{
    ArchiveIn *in = &reader->in;
    if (!str_is(archive_take(in, strlen(ARCHIVE_MAGIC)), ARCHIVE_MAGIC))
        archive_fault(in, "it does not begin with " ARCHIVE_MAGIC);
    uint64_t version = archive_get(in, 1);
    if (version == 0)
        archive_fault(in, "there is no version 0");
    if (version > ARCHIVE_VERSION)
        too_new(reader, "its version is not known");
    uint64_t kind = archive_get(in, 1);
    if (kind >= KIND_COUNT)
        too_new(reader, "its kind is not known");
    uint64_t rows = archive_get(in, 4);
    if (rows > ARCHIVE_MAX_ROWS)
        archive_fault(in, "it has too many rows");
    *ret_columns = archive_get(in, 1);
    if (in->fault != NULL)
        return;
    reader->kind = (Kind)kind;
    reader->row_count = (size_t)rows;
    reader->column_count = archive_columns(reader->kind, reader->columns);
}

static void read_entry(Reader *reader)
{
    ArchiveIn *in = &reader->in;
    uint64_t id = archive_get(in, 2), type = archive_get(in, 1), flags = archive_get(in, 1);
    Str body = archive_take(in, archive_get(in, 4));
    for (size_t i = 0; i < reader->column_count && in->fault == NULL; i++) {
        if (reader->columns[i].id != id)
            continue;
        if (reader->columns[i].type != type)
            archive_fault(in, "a column is of another type");
        if (reader->bodies[i].len > 0 || body.len == 0)
            archive_fault(in, "a column is there twice, or empty");
        reader->bodies[i] = body;
        return;
    }
    if (flags & ARCHIVE_NEEDED)
        too_new(reader, "a column that is needed is not known");
}

static void read_directory(Reader *reader)
{
    uint64_t columns = 0;
    read_head(reader, &columns);
    for (uint64_t i = 0; i < columns && reader->in.fault == NULL; i++)
        read_entry(reader);
    if (reader->in.fault == NULL && reader->in.rest.len > 0)
        archive_fault(&reader->in, "there are bytes behind the last column");
    for (size_t i = 0; i < reader->column_count; i++)
        if (reader->columns[i].required && reader->bodies[i].len == 0 && reader->row_count > 0)
            archive_fault(&reader->in, "a column is missing");
}

static ArchiveCells read_cells(Reader *reader, size_t column)
{
    const ArchiveColumn *of = &reader->columns[column];
    ArchiveCells cells = archive_cells_new(reader->in.work, of->type, reader->row_count);
    ArchiveIndex index;
    reader->in.rest = reader->bodies[column];
    archive_get_values(&reader->in, &cells, reader->kept, reader->kept_count, &index);
    if (of->keeps)
        reader->kept[reader->kept_count++] = (ArchiveKept){of->id, cells, index};
    return cells;
}

/* One column's cells from `from` on, into rows[count]. */
static void fill_rows(Reader *reader, size_t column, const ArchiveCells *cells, size_t from,
                      Prediction *rows, size_t count)
{
    if (reader->in.fault != NULL)
        return;
    ArchiveFit fit = archive_scatter(&reader->columns[column], cells, from, rows, count);
    if (fit == FIT_TOO_NEW)
        too_new(reader, "a value is not known");
    else if (fit == FIT_DAMAGED)
        archive_fault(&reader->in, "a value is missing or out of range");
}

static Prediction *default_rows(Reader *reader, size_t count)
{
    Prediction *rows = arena_alloc_raw(reader->in.arena, count * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = archive_default_row(reader->kind, reader->owner_id);
    return rows;
}

/* `count` rows from `from` on; NULL when there is a fault. A number of rows that lies is mostly found out
 * by the first column, before there is memory for them. */
static Prediction *read_rows(Reader *reader, size_t from, size_t count)
{
    Prediction *rows = NULL;
    bool has_confidence = false;
    for (size_t i = 0; i < reader->column_count && reader->in.fault == NULL; i++) {
        if (reader->bodies[i].len == 0)
            continue;
        ArenaMark mark = arena_mark(reader->in.work);
        ArchiveCells cells = read_cells(reader, i);
        if (rows == NULL && reader->in.fault == NULL)
            rows = default_rows(reader, count);
        fill_rows(reader, i, &cells, from, rows, count);
        has_confidence |= reader->columns[i].field == FIELD_CONFIDENCE;
        if (!reader->columns[i].keeps)
            arena_rewind(reader->in.work, mark);
    }
    for (size_t i = 0; rows != NULL && i < count && reader->in.fault == NULL; i++)
        archive_finish_row(&rows[i], has_confidence);
    return rows;
}

static bool find_row(Reader *reader, Uuid id, size_t *ret_at)
{
    for (size_t i = 0; i < reader->column_count && reader->in.fault == NULL; i++) {
        if (reader->columns[i].field != FIELD_ID || reader->bodies[i].len == 0)
            continue;
        ArchiveCells cells = read_cells(reader, i);
        for (size_t row = 0; row < cells.count && reader->in.fault == NULL; row++)
            if (cells.present[row] && uuid_equal(cells.uuids[row], id)) {
                *ret_at = row;
                return true;
            }
    }
    return false;
}

/* The directory is read; what may follow depends on reader->in.fault. */
static Error *open_archive(Arena *arena, Arena *work, Uuid owner_id, Str packed, Reader *reader)
{
    *reader = (Reader){.owner_id = owner_id, .in = {.arena = arena, .work = work}};
    Error *error = zstd_unpack(work, packed, ARCHIVE_CONTENT_MAX, &reader->in.rest);
    if (error != NULL)
        return fault_error(arena, reader, error_copy(arena, error));
    read_directory(reader);
    return NULL;
}

Error *archive_unpack(Arena *arena, Uuid owner_id, Str packed, Kind *ret_kind,
                      Prediction **ret_rows, size_t *ret_count)
{
    Arena *work = arena_new(0);
    Reader *reader = ARENA_NEW(work, Reader);
    Prediction *rows = NULL;
    Error *error = open_archive(arena, work, owner_id, packed, reader);
    if (error == NULL)
        rows = read_rows(reader, 0, reader->row_count);
    if (error == NULL)
        error = fault_error(arena, reader, NULL);
    if (error == NULL) {
        *ret_kind = reader->kind;
        *ret_rows = rows;
        *ret_count = reader->row_count;
    }
    arena_free(work);
    return error;
}

Error *archive_find(Arena *arena, Uuid owner_id, Str packed, Uuid id, Prediction *ret_row,
                    bool *ret_found)
{
    Arena *work = arena_new(0);
    Reader *reader = ARENA_NEW(work, Reader);
    const Prediction *row = NULL;
    size_t at = 0;
    Error *error = open_archive(arena, work, owner_id, packed, reader);
    bool found = error == NULL && find_row(reader, id, &at);
    if (found)
        row = read_rows(reader, at, 1);
    if (error == NULL)
        error = fault_error(arena, reader, NULL);
    if (error == NULL) {
        *ret_found = found;
        if (found)
            *ret_row = *row;
    }
    arena_free(work);
    return error;
}
