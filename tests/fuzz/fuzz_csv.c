/* The input is a file. Read with several limits, and for each in pieces of several sizes: the
 * pieces must make no difference. A row without a fault, written again, must read back the same. */
#include "format/csv.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/csv_out.h"
#include "pieces.h"
#include "replay.h"

static void check_row(Str file, const CsvRow *row, CsvOptions options, int64_t before)
{
    CHECK(row->number > before);
    CHECK(row->count > 0 && row->count <= options.max_columns);
    CHECK(row->raw.len > 0 && row->raw.len <= options.max_row_bytes);
    CHECK(memmem(file.ptr, file.len, row->raw.ptr, row->raw.len) != NULL);
    size_t size = 0;
    for (size_t i = 0; i < row->count; i++) {
        size += row->cells[i].len;
        CHECK(row->fault != NULL || row->cells[i].len <= options.max_cell);
    }
    CHECK(size <= row->raw.len);
    if (row->fault == NULL) {
        size_t at;
        CHECK(utf8_check(row->raw, &at) && !str_find(row->raw, '\0', &at));
        return;
    }
    CHECK(row->fault->column <= row->count);
    CHECK(row->fault->row_offset < row->raw.len);
    size_t offset = (size_t)row->fault->file_offset;
    CHECK(offset < file.len && file.ptr[offset] == row->raw.ptr[row->fault->row_offset]);
}

static void describe_cells(Buf *out, const CsvRow *row, bool unguard)
{
    for (size_t i = 0; i < row->count; i++) {
        Str cell = unguard ? csv_unguard(row->cells[i]) : row->cells[i];
        buf_printf(out, "[%zu:", cell.len);
        buf_add(out, cell);
    }
    buf_add_char(out, '\n');
}

static void describe_row(Buf *out, const CsvRow *row)
{
    buf_printf(out, "%lld:", (long long)row->number);
    buf_add(out, row->raw);
    describe_cells(out, row, false);
    if (row->fault != NULL)
        buf_printf(out, "!%s %zu %zu %s", CSV_FAULT_WORDS[row->fault->kind], row->fault->column,
                   row->fault->row_offset, row->fault->message);
}

/* What was heard of a file, and its good rows: as cells, and written again. */
typedef struct Heard {
    Buf text;
    Buf cells;
    Buf written;
} Heard;

static Error *read_file(Arena *row_arena, CsvReader *reader, Str file, CsvOptions options,
                        Heard *heard)
{
    ArenaMark mark = arena_mark(row_arena);
    int64_t number = 0;
    for (;;) {
        CsvRow row;
        bool more;
        arena_rewind(row_arena, mark);
        TRY(csv_next(reader, row_arena, &row, &more));
        CHECK(csv_offset(reader) <= (int64_t)file.len);
        if (!more)
            break;
        check_row(file, &row, options, number);
        number = row.number;
        describe_row(&heard->text, &row);
        if (row.fault == NULL) {
            describe_cells(&heard->cells, &row, false);
            csv_write_row(&heard->written, row.cells, row.count, csv_delimiter(reader));
        }
    }
    CHECK(csv_offset(reader) == (int64_t)file.len);
    return NULL;
}

static void check_written(Arena *arena, const Heard *heard, char delimiter)
{
    CsvReader *reader;
    CsvOptions options = {.delimiter = delimiter, .max_row_bytes = heard->written.len + 1};
    ByteSource source = byte_source_from_str(arena, buf_str(&heard->written));
    if (csv_open(arena, source, options, &reader) != NULL)
        return; /* the first cell is something like "PK\003\004" */
    Buf cells = buf_new(arena, 64 << 20);
    for (int64_t number = 1;; number++) {
        CsvRow row;
        bool more;
        CHECK(csv_next(reader, arena, &row, &more) == NULL);
        if (!more)
            break;
        CHECK(row.fault == NULL && row.number == number);
        describe_cells(&cells, &row, true);
    }
    CHECK(str_equal(buf_str(&cells), buf_str(&heard->cells)));
}

static Str describe(Arena *arena, Str file, CsvOptions options, size_t piece)
{
    Heard heard = {buf_new(arena, 64 << 20), buf_new(arena, 64 << 20), buf_new(arena, 64 << 20)};
    Arena *row_arena = arena_new(0);
    CsvReader *reader;
    Error *error = csv_open(arena, pieces_of(arena, file, piece), options, &reader);
    if (error == NULL) {
        error = read_file(row_arena, reader, file, options, &heard);
        check_written(arena, &heard, csv_delimiter(reader));
    }
    if (error != NULL)
        buf_printf(&heard.text, "%s %s", error_word(error->code), error->message);
    arena_free(row_arena);
    return buf_str(&heard.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const CsvOptions options[] = {
        {.max_cell = 32 * 1024, .max_columns = 256, .max_row_bytes = 4096},
        {.delimiter = ';', .max_cell = 5, .max_columns = 3, .max_row_bytes = 24},
    };
    Str file = {(const char *)data, size};
    for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
        Arena *arena = arena_new(0);
        Str whole = describe(arena, file, options[i], size);
        CHECK(str_equal(describe(arena, file, options[i], 1), whole));
        CHECK(str_equal(describe(arena, file, options[i], 2 + size % 29), whole));
        arena_free(arena);
    }
    return 0;
}
