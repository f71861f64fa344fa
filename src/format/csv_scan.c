/* One buffer holds the row being read and what was read ahead; cells are slices into it. It has
 * room for the longest row and one read more, so memory is constant, and a row that does not fit is
 * an error.
 *
 * scan_cells is a state machine that stops where the bytes stop and goes on there when more have
 * come: no byte is looked at twice, however small the pieces are. In an unquoted cell it looks at
 * eight bytes at once for the delimiter or a line end; inside quotes memchr looks for the next
 * quote.
 *
 * An error that depends on the row's length is worked out again from the row's first max_row + 1
 * bytes, so that it does not depend on how the source cuts the file. */
#include "format/csv_scan.h"

#include "base/check.h"

#include <endian.h>

/* FIRST_LOOK: bytes at the front of a file that are looked at together, even where a row may have
 * fewer. */
enum { READ_SIZE = 128 * 1024, FIRST_LOOK = 64 };

CsvScan csv_scan_new(Arena *arena, ByteSource source, size_t max_cell, size_t max_columns,
                     size_t max_row)
{
    size_t buffer_size = max_row + FIRST_LOOK + READ_SIZE;
    char *buffer = arena_alloc_raw(arena, buffer_size);
    return (CsvScan){
        .source = source,
        .delimiter = ',',
        .max_cell = max_cell,
        .max_columns = max_columns,
        .max_row = max_row,
        .buffer = buffer,
        .buffer_size = buffer_size,
        .row = buffer,
        .at = buffer,
        .cell = buffer,
        .end = buffer,
        .cells = ARENA_ARRAY(arena, Str, max_columns),
    };
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* Moves the unfinished row to the front of the buffer when at least as many bytes before it become
 * free (so that moving stays cheap) or when it must. */
static void make_room(CsvScan *scan)
{
    size_t gap = (size_t)(scan->row - scan->buffer);
    size_t pending = (size_t)(scan->end - scan->row);
    size_t tail = scan->buffer_size - gap - pending;
    if (gap == 0 || (gap < pending && tail >= READ_SIZE))
        return;
    memmove(scan->buffer, scan->row, pending);
    scan->buffer_offset += (int64_t)gap;
    scan->row -= gap;
    scan->at -= gap;
    scan->cell -= gap;
    scan->end -= gap;
    for (size_t i = 0; i < scan->columns && i < scan->max_columns; i++)
        scan->cells[i].ptr -= gap;
}

Error *csv_scan_fill(CsvScan *scan, Arena *arena, bool *ret_any)
{
    make_room(scan);
    CHECK((size_t)(scan->buffer + scan->buffer_size - scan->end) >= READ_SIZE);
    size_t size = 0;
    TRY(scan->source.read(scan->source.self, arena, scan->end, READ_SIZE, &size));
    CHECK(size <= READ_SIZE);
    scan->end += size;
    *ret_any = size > 0;
    return NULL;
}

/* ---- cells ---------------------------------------------------------------------------------- */

static inline bool is_cell_end(char byte, char delimiter)
{
    return byte == delimiter || byte == '\n' || byte == '\r';
}

static inline uint64_t every_byte(char byte)
{
    return UINT64_C(0x0101010101010101) * (uint8_t)byte;
}

/* The high bit of each byte that is zero; above the lowest zero byte there may be wrong ones. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* The first delimiter or line end in [at, end), or `end`. */
static inline char *find_cell_end(char *at, const char *end, char delimiter)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t hits = zero_bytes(word ^ every_byte(delimiter)) |
                        zero_bytes(word ^ every_byte('\n')) | zero_bytes(word ^ every_byte('\r'));
        if (hits != 0)
            return at + (__builtin_ctzll(hits) >> 3);
        at += 8;
    }
    while (at < end && !is_cell_end(*at, delimiter))
        at++;
    return at;
}

static inline void add_cell(CsvScan *scan, const char *to)
{
    size_t size = (size_t)(to - scan->cell);
    if (scan->columns < scan->max_columns)
        scan->cells[scan->columns] = (Str){scan->cell, size};
    scan->columns++;
    if (size > scan->max_cell)
        scan->any_long = true;
}

/* In a quoted cell: past its closing quote. False when the bytes end before it is certain that this
 * is the closing one. */
static bool pass_closing_quote(CsvScan *scan)
{
    while (scan->at < scan->end) {
        if (scan->state == CSV_QUOTED) {
            char *quote = memchr(scan->at, '"', (size_t)(scan->end - scan->at));
            scan->at = quote == NULL ? scan->end : quote + 1;
            if (quote != NULL)
                scan->state = CSV_QUOTE_SEEN;
        } else if (*scan->at == '"') {
            scan->any_doubled = true;
            scan->state = CSV_QUOTED;
            scan->at++;
        } else {
            return true;
        }
    }
    return false;
}

/* Like scan_cells, to the end of a quoted cell. One with text behind its closing quote goes on as
 * an unquoted one, with its quotes. */
static bool scan_quoted(CsvScan *scan)
{
    if (!pass_closing_quote(scan))
        return false;
    if (is_cell_end(*scan->at, scan->delimiter)) {
        add_cell(scan, scan->at - 1);
        return true;
    }
    if (scan->bad_quote_column == 0) {
        scan->bad_quote_column = scan->columns + 1;
        scan->bad_quote_offset = (size_t)(scan->at - scan->row);
    }
    scan->cell--;
    scan->state = CSV_UNQUOTED;
    return true;
}

/* True: the row ends at the CR or LF at scan->at. False: the bytes have ended before it. */
static bool scan_cells(CsvScan *scan)
{
    for (;;) {
        if (scan->state == CSV_CELL_START) {
            if (scan->at == scan->end)
                return false;
            bool quoted = *scan->at == '"';
            scan->at += quoted;
            scan->cell = scan->at;
            scan->state = quoted ? CSV_QUOTED : CSV_UNQUOTED;
        }
        if (scan->state != CSV_UNQUOTED && !scan_quoted(scan))
            return false;
        if (scan->state == CSV_UNQUOTED) {
            scan->at = find_cell_end(scan->at, scan->end, scan->delimiter);
            if (scan->at == scan->end)
                return false;
            add_cell(scan, scan->at);
        }
        if (*scan->at != scan->delimiter)
            return true;
        scan->at++;
        scan->state = CSV_CELL_START;
    }
}

/* The file ends without a line end. */
static void end_last_cell(CsvScan *scan)
{
    if (scan->state == CSV_CELL_START)
        scan->cell = scan->at;
    add_cell(scan, scan->state == CSV_QUOTE_SEEN ? scan->at - 1 : scan->at);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void start_row(CsvScan *scan)
{
    scan->at = scan->row;
    scan->cell = scan->row;
    scan->state = CSV_CELL_START;
    scan->columns = 0;
    scan->bad_quote_column = 0;
    scan->any_doubled = false;
    scan->any_long = false;
}

static bool is_too_long(const CsvScan *scan)
{
    return (size_t)(scan->at - scan->row) > scan->max_row;
}

static Error *row_too_long(CsvScan *scan, Arena *arena)
{
    start_row(scan);
    scan->end = scan->row + scan->max_row + 1;
    if (!scan_cells(scan) && scan->state == CSV_QUOTED)
        return error_with_reason(
            ERROR(arena, ERROR_MALFORMED,
                  "Row %lld, column %zu: the quote that opens here is not closed within the %zu "
                  "bytes that a row may have.",
                  (long long)scan->number, scan->columns + 1, scan->max_row),
            "quote_not_closed");
    return error_with_reason(ERROR(arena, ERROR_TOO_LARGE,
                                   "Row %lld has more than the %zu bytes that a row may have.",
                                   (long long)scan->number, scan->max_row),
                             "row_too_long");
}

static Error *end_of_file(CsvScan *scan, Arena *arena, bool *ret_found)
{
    if (scan->state == CSV_QUOTED)
        return error_with_reason(
            ERROR(arena, ERROR_MALFORMED,
                  "Row %lld, column %zu: the quote that opens here is never closed.",
                  (long long)scan->number, scan->columns + 1),
            "quote_not_closed");
    *ret_found = scan->at > scan->row;
    if (*ret_found)
        end_last_cell(scan);
    return NULL;
}

/* Past the LF of a CRLF whose CR ended the last row. */
static Error *skip_line_feed(CsvScan *scan, Arena *arena)
{
    bool any = true;
    if (scan->row == scan->end)
        TRY(csv_scan_fill(scan, arena, &any));
    if (any && *scan->row == '\n')
        scan->at = ++scan->row;
    scan->after_cr = false;
    return NULL;
}

/* Scans the next row, from scan->row to scan->at. */
static Error *find_row(CsvScan *scan, Arena *arena, bool *ret_found)
{
    scan->number++;
    start_row(scan);
    if (scan->after_cr)
        TRY(skip_line_feed(scan, arena));
    while (!scan_cells(scan)) {
        if (is_too_long(scan))
            return row_too_long(scan, arena);
        bool any;
        TRY(csv_scan_fill(scan, arena, &any));
        if (!any)
            return end_of_file(scan, arena, ret_found);
    }
    if (is_too_long(scan))
        return row_too_long(scan, arena);
    *ret_found = true;
    return NULL;
}

/* Takes the row off the front with its CR or LF; the LF behind a CR comes with the next row. */
static void take_row(CsvScan *scan)
{
    scan->raw = (Str){scan->row, (size_t)(scan->at - scan->row)};
    scan->raw_offset = scan->buffer_offset + (scan->row - scan->buffer);
    if (scan->at < scan->end) {
        scan->after_cr = *scan->at == '\r';
        scan->at++;
    }
    scan->row = scan->at;
}

Error *csv_scan_row(CsvScan *scan, Arena *arena, bool *ret_found)
{
    do {
        TRY(find_row(scan, arena, ret_found));
        if (!*ret_found)
            return NULL;
        take_row(scan);
    } while (scan->raw.len == 0);
    return NULL;
}
