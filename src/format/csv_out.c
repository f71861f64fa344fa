/* Quotes are needed around a delimiter, a quote or a line end, and around a byte order mark in
 * front, which would vanish if the cell came first in a file.
 *
 * The guard is undone exactly: cells that need one are any number of ' followed by the beginning of
 * a formula, so one ' more makes another of them, and one ' less gives back the cell. */
#include "format/csv_out.h"

#include "base/number.h"

static bool is_plain(Str cell)
{
    double value;
    return number_parse(cell, &value) != NUMBER_MALFORMED || str_is(cell, "-");
}

static bool needs_guard(Str cell)
{
    static const Str beginnings = {"=+-@\t\r", 6};
    size_t guards = 0;
    while (guards < cell.len && cell.ptr[guards] == '\'')
        guards++;
    size_t at;
    if (guards == cell.len || !str_find(beginnings, cell.ptr[guards], &at))
        return false;
    return !is_plain(str_slice(cell, guards, cell.len));
}

static bool needs_quotes(Str cell, char delimiter)
{
    for (size_t i = 0; i < cell.len; i++) {
        char byte = cell.ptr[i];
        if (byte == delimiter || byte == '"' || byte == '\r' || byte == '\n')
            return true;
    }
    return str_starts_with(cell, STR("\xEF\xBB\xBF"));
}

void csv_write_cell(Buf *out, Str cell, char delimiter)
{
    bool guard = needs_guard(cell);
    if (!needs_quotes(cell, delimiter)) {
        if (guard)
            buf_add_char(out, '\'');
        buf_add(out, cell);
        return;
    }
    buf_add(out, guard ? STR("\"'") : STR("\""));
    size_t at;
    while (str_find(cell, '"', &at)) {
        buf_add(out, str_slice(cell, 0, at + 1));
        buf_add_char(out, '"');
        cell = str_slice(cell, at + 1, cell.len);
    }
    buf_add(out, cell);
    buf_add_char(out, '"');
}

void csv_write_row(Buf *out, const Str *cells, size_t count, char delimiter)
{
    if (count == 1 && cells[0].len == 0)
        buf_add(out, STR("\"\""));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(out, delimiter);
        csv_write_cell(out, cells[i], delimiter);
    }
    buf_add(out, STR("\r\n"));
}

Str csv_unguard(Str cell)
{
    if (cell.len > 0 && cell.ptr[0] == '\'') {
        Str rest = str_slice(cell, 1, cell.len);
        if (needs_guard(rest))
            return rest;
    }
    return cell;
}
