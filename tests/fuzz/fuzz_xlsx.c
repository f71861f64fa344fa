/* The input is a file, or, where it begins with "<", the parts of a workbook, each behind a line with its name:
 *
 *     <xl/worksheets/sheet1.xml
 *     <worksheet>...
 *
 * A mutated archive seldom inflates; a mutated part is read. Read with the usual limits and with small ones:
 * rows must come in order and keep to the limits, and what a row is as a line must read back as its cells. */
#include "format/table.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/csv_out.h"
#include "format/xlsx.h"
#include "replay.h"

#include <zip.h>

static bool is_name(Str line)
{
    size_t at;
    return line.len > 1 && line.len < 100 && line.ptr[0] == '<' && !str_find(line, '>', &at) &&
           (str_ends_with(line, STR(".xml")) || str_ends_with(line, STR(".rels")));
}

static void add_part(zip_t *zip, Arena *arena, Str name, Str content)
{
    zip_source_t *source = zip_source_buffer(zip, content.ptr, content.len, 0);
    CHECK(source != NULL);
    zip_int64_t index = zip_file_add(zip, str_dup(arena, str_slice(name, 1, name.len)), source, 0);
    if (index < 0)
        zip_source_free(source);
    else
        CHECK(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0);
}

static Str pack(Arena *arena, Str parts)
{
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    CHECK(zip != NULL);
    Str rest = parts, line, name = {NULL, 0};
    const char *begin = parts.ptr;
    while (str_next(&rest, '\n', &line)) {
        if (!is_name(line))
            continue;
        if (name.ptr != NULL)
            add_part(zip, arena, name, (Str){begin, (size_t)(line.ptr - begin)});
        name = line;
        begin = line.ptr + line.len + (rest.ptr != NULL);
    }
    if (name.ptr != NULL)
        add_part(zip, arena, name, (Str){begin, (size_t)(parts.ptr + parts.len - begin)});
    if (zip_close(zip) != 0) { /* a name that libzip refuses */
        zip_discard(zip);
        zip_source_free(source);
        return STR("");
    }
    zip_stat_t status;
    Str file = {"", 0};
    if (zip_source_stat(source, &status) == 0 && zip_source_open(source) == 0) {
        char *bytes = arena_alloc_raw(arena, status.size + 1);
        CHECK(zip_source_read(source, bytes, status.size) == (zip_int64_t)status.size);
        zip_source_close(source);
        file = (Str){bytes, status.size};
    }
    zip_source_free(source);
    return file;
}

/* A CSV reader takes a line for none that begins like a file of another kind, or with a byte order mark. */
static void check_line(Arena *arena, const TableRow *row)
{
    CsvReader *reader;
    CsvRow line;
    bool more;
    size_t at;
    if (row->fault != NULL || str_find(row->raw, '\0', &at))
        return;
    ByteSource source = byte_source_from_str(arena, row->raw);
    const CsvOptions options = {.delimiter = ',', .max_cell = 1 << 20, .max_row_bytes = 16 << 20};
    if (csv_open(arena, source, options, &reader) != NULL)
        return;
    CHECK(csv_next(reader, arena, &line, &more) == NULL && more);
    CHECK(line.fault == NULL && line.count == row->count);
    for (size_t i = 0; i < row->count; i++)
        CHECK(str_equal(csv_unguard(line.cells[i]),
                        table_shown(arena, row->cells[i], (CellKind)row->kinds[i])));
}

static void check_row(Arena *arena, const TableRow *row, const XlsxOptions *options, int64_t before)
{
    size_t at;
    CHECK(row->number > before && row->number <= 1048576);
    CHECK(row->count <= options->max_columns);
    for (size_t i = 0; i < row->count; i++) {
        CHECK(row->cells[i].len <= options->max_cell);
        CHECK(row->kinds[i] < CELL_KIND_COUNT);
        CHECK(row->kinds[i] != CELL_FORMULA || row->cells[i].len == 0);
        CHECK(row->fault != NULL || utf8_check(row->cells[i], &at));
    }
    check_line(arena, row);
}

static void read_all(Str file, XlsxOptions options)
{
    Arena *arena = arena_new(0), *row_arena = arena_new(0);
    XlsxReader *reader;
    int64_t number = 0;
    bool more = true;
    Error *error = xlsx_open(arena, range_source_from_str(arena, file), options, &reader);
    while (error == NULL && more) {
        TableRow row;
        arena_rewind(row_arena, (ArenaMark){0});
        error = xlsx_next(reader, row_arena, &row, &more);
        if (error != NULL || !more)
            break;
        check_row(row_arena, &row, &options, number);
        number = row.number;
        CHECK(xlsx_bytes_done(reader) <= (int64_t)file.len);
    }
    if (error != NULL)
        CHECK(error->message[0] != '\0' && error->code != ERROR_INTERNAL);
    arena_free(row_arena);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    Str file = {(const char *)data, size};
    if (size > 0 && data[0] == '<')
        file = pack(arena, file);
    read_all(file,
             (XlsxOptions){.max_cell = 32 * 1024, .max_columns = 256, .max_row_bytes = 1 << 20});
    read_all(file, (XlsxOptions){.sheet = STR("2"),
                                 .max_cell = 5,
                                 .max_columns = 3,
                                 .max_row_bytes = 12,
                                 .strings_memory = 1});
    arena_free(arena);
    return 0;
}
