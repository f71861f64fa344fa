/* csv_scan finds rows and cells; here the file is opened, each row is judged, and doubled quotes
 * are undone. That happens in the row's arena, never in the buffer: `raw` stays what the file says,
 * so that a row that fails can be given back as it came.
 *
 * A row without NUL, with good UTF-8 and without quotes costs two passes of a fast search and no
 * allocation. */
#include "format/csv.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/csv_scan.h"
#include "format/csv_sniff.h"

const char *const CSV_FAULT_WORDS[CSV_FAULT_COUNT] = {
    "nul_byte", "not_utf8", "text_after_quote", "cell_too_long", "too_many_columns",
};

struct CsvReader {
    CsvScan scan;
    const char *encoding; /* NULL: UTF-8 */
};

/* ---- opening -------------------------------------------------------------------------------- */

static Str bytes_read(const CsvScan *scan)
{
    return (Str){scan->row, (size_t)(scan->end - scan->row)};
}

static Error *skip_byte_order_mark(CsvScan *scan, Arena *arena)
{
    bool any = true;
    while (any && bytes_read(scan).len < CSV_SNIFF_HEAD)
        TRY(csv_scan_fill(scan, arena, &any));
    size_t skip;
    TRY(csv_sniff_content(arena, str_slice(bytes_read(scan), 0, CSV_SNIFF_HEAD), &skip));
    scan->row += skip;
    return NULL;
}

/* A row that is too long is no error here: csv_next will say so. */
static Error *find_delimiter(CsvScan *scan, Arena *arena)
{
    CsvSniff sniff = {0};
    size_t seen = 0;
    bool any = true;
    while (any) {
        Str bytes = str_slice(bytes_read(scan), 0, scan->max_row);
        if (csv_sniff_add(&sniff, str_slice(bytes, seen, bytes.len)) || bytes.len == scan->max_row)
            break;
        seen = bytes.len;
        TRY(csv_scan_fill(scan, arena, &any));
    }
    scan->delimiter = csv_sniff_delimiter(&sniff);
    return NULL;
}

static bool is_good_delimiter(char delimiter)
{
    return delimiter == '\t' || (delimiter >= ' ' && delimiter <= '~' && delimiter != '"');
}

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

Error *csv_open(Arena *arena, ByteSource source, CsvOptions options, CsvReader **ret_reader)
{
    if (options.delimiter != 0 && !is_good_delimiter(options.delimiter))
        return ERROR(arena, ERROR_INVALID,
                     "The delimiter must be one ASCII character, and no quote or line end.");
    CsvReader *reader = ARENA_NEW(arena, CsvReader);
    reader->scan = csv_scan_new(arena, source, or_default(options.max_cell, 32 * 1024),
                                or_default(options.max_columns, 256),
                                or_default(options.max_row_bytes, 1024 * 1024));
    reader->encoding = options.encoding;
    TRY(skip_byte_order_mark(&reader->scan, arena));
    if (options.delimiter != 0)
        reader->scan.delimiter = options.delimiter;
    else
        TRY(find_delimiter(&reader->scan, arena));
    *ret_reader = reader;
    return NULL;
}

/* ---- faults --------------------------------------------------------------------------------- */

static CsvFault *fault_at(const CsvScan *scan, Arena *arena, CsvFaultKind kind, size_t column,
                          size_t row_offset)
{
    CsvFault *fault = ARENA_NEW(arena, CsvFault);
    *fault = (CsvFault){
        .kind = kind,
        .column = column <= scan->max_columns ? column : 0,
        .row_offset = row_offset,
        .file_offset = scan->raw_offset + (int64_t)row_offset,
    };
    return fault;
}

/* The column of a byte of the row; 0 behind the last cell that is kept. */
static size_t column_of(const CsvScan *scan, size_t offset)
{
    const char *byte = scan->raw.ptr + offset;
    for (size_t i = 0; i < scan->columns && i < scan->max_columns; i++)
        if (byte < scan->cells[i].ptr + scan->cells[i].len)
            return i + 1;
    return 0;
}

/* Where the file was converted, a byte of the text is none of the file: the column says where it is. */
static const char *converted_message(const CsvReader *reader, Arena *arena, const CsvFault *fault)
{
    const char *place =
        fault->column == 0 ? "" : arena_printf(arena, ", column %zu", fault->column);
    if (fault->kind == CSV_FAULT_NUL)
        return arena_printf(arena, "Row %lld%s: a NUL character.", (long long)reader->scan.number,
                            place);
    return arena_printf(
        arena,
        "Row %lld%s: there is a character that is none in %s. Save the file as UTF-8, or "
        "name its true encoding with the option encoding.",
        (long long)reader->scan.number, place, reader->encoding);
}

/* Of the bytes, before quotes are undoubled: the cells still lie in `raw`. */
static const CsvFault *find_byte_fault(const CsvReader *reader, Arena *arena)
{
    const CsvScan *scan = &reader->scan;
    size_t at;
    if (str_find(scan->raw, '\0', &at)) {
        CsvFault *fault = fault_at(scan, arena, CSV_FAULT_NUL, column_of(scan, at), at);
        fault->message = arena_printf(arena, "Row %lld, byte %lld of the file: a NUL byte.",
                                      (long long)scan->number, (long long)fault->file_offset);
        if (reader->encoding != NULL)
            fault->message = converted_message(reader, arena, fault);
        return fault;
    }
    if (!utf8_check(scan->raw, &at)) {
        CsvFault *fault = fault_at(scan, arena, CSV_FAULT_NOT_UTF8, column_of(scan, at), at);
        fault->message = arena_printf(
            arena,
            "Row %lld, byte %lld of the file: 0x%02X is not UTF-8. Save the file as UTF-8, or name "
            "its encoding with the option encoding.",
            (long long)scan->number, (long long)fault->file_offset, (uint8_t)scan->raw.ptr[at]);
        if (reader->encoding != NULL)
            fault->message = converted_message(reader, arena, fault);
        return fault;
    }
    if (scan->bad_quote_column != 0) {
        CsvFault *fault = fault_at(scan, arena, CSV_FAULT_TEXT_AFTER_QUOTE, scan->bad_quote_column,
                                   scan->bad_quote_offset);
        fault->message = arena_printf(
            arena,
            "Row %lld, column %zu: there is text behind the closing quote. A quote inside a quoted "
            "cell is written twice.",
            (long long)scan->number, scan->bad_quote_column);
        return fault;
    }
    return NULL;
}

static const CsvFault *find_size_fault(const CsvScan *scan, Arena *arena)
{
    for (size_t i = 0; scan->any_long && i < scan->columns && i < scan->max_columns; i++) {
        if (scan->cells[i].len <= scan->max_cell)
            continue;
        CsvFault *fault = fault_at(scan, arena, CSV_FAULT_CELL_TOO_LONG, i + 1, 0);
        fault->message =
            arena_printf(arena, "Row %lld, column %zu: the cell has %zu bytes; %zu are allowed.",
                         (long long)scan->number, i + 1, scan->cells[i].len, scan->max_cell);
        return fault;
    }
    if (scan->columns > scan->max_columns) {
        CsvFault *fault = fault_at(scan, arena, CSV_FAULT_TOO_MANY_COLUMNS, 0, 0);
        fault->message = arena_printf(arena, "Row %lld has %zu cells; %zu are allowed.",
                                      (long long)scan->number, scan->columns, scan->max_columns);
        return fault;
    }
    return NULL;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static Str undouble_quotes(Arena *arena, Str cell)
{
    char *out = arena_alloc_raw(arena, cell.len);
    size_t size = 0;
    size_t at;
    while (str_find(cell, '"', &at)) {
        memcpy(out + size, cell.ptr, at + 1);
        size += at + 1;
        cell = str_slice(cell, at + 2, cell.len);
    }
    if (cell.len > 0)
        memcpy(out + size, cell.ptr, cell.len);
    return (Str){out, size + cell.len};
}

/* A cell was quoted when a quote stands before it in the row: what stands before any other is a
 * delimiter. */
static void undouble_cells(CsvScan *scan, Arena *arena)
{
    for (size_t i = 0; i < scan->columns && i < scan->max_columns; i++) {
        Str *cell = &scan->cells[i];
        size_t at;
        if (cell->ptr > scan->raw.ptr && cell->ptr[-1] == '"' && str_find(*cell, '"', &at))
            *cell = undouble_quotes(arena, *cell);
    }
}

Error *csv_next(CsvReader *reader, Arena *row_arena, CsvRow *ret_row, bool *ret_more)
{
    CsvScan *scan = &reader->scan;
    TRY(csv_scan_row(scan, row_arena, ret_more));
    if (!*ret_more)
        return NULL;
    const CsvFault *fault = find_byte_fault(reader, row_arena);
    if (scan->any_doubled)
        undouble_cells(scan, row_arena);
    if (fault == NULL)
        fault = find_size_fault(scan, row_arena);
    *ret_row = (CsvRow){
        .number = scan->number,
        .cells = scan->cells,
        .count = scan->columns < scan->max_columns ? scan->columns : scan->max_columns,
        .raw = scan->raw,
        .fault = fault,
    };
    return NULL;
}

bool csv_row_is_blank(const CsvRow *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (str_trim(row->cells[i]).len > 0)
            return false;
    return true;
}

char csv_delimiter(const CsvReader *reader)
{
    return reader->scan.delimiter;
}

int64_t csv_offset(const CsvReader *reader)
{
    return reader->scan.buffer_offset + (reader->scan.row - reader->scan.buffer);
}
