/* Columns are as wide as their widest cell. Where that is more than the terminal has, the widest
 * of the columns that may yield gives way, one column of text at a time, and its cells are cut
 * with an ellipsis; where nothing can yield any more, lines run over. Width is counted in code
 * points. */
#include "cli/output_table.h"

#include "base/check.h"
#include "base/utf8.h"

enum { GAP = 2, YIELD_TO = 8 };

static size_t *natural_widths(Arena *arena, const Table *table, const Str *shown)
{
    size_t *widths = ARENA_ARRAY(arena, size_t, table->column_count);
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = strlen(table->columns[i].title);
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = utf8_length(shown[i]);
        if (width > widths[i % table->column_count])
            widths[i % table->column_count] = width;
    }
    return widths;
}

static void fit(const Table *table, size_t *widths, size_t available)
{
    size_t total = (table->column_count - 1) * GAP;
    for (size_t i = 0; i < table->column_count; i++)
        total += widths[i];
    while (total > available) {
        size_t widest = table->column_count;
        for (size_t i = 0; i < table->column_count; i++)
            if (table->columns[i].yields && widths[i] > YIELD_TO &&
                (widest == table->column_count || widths[i] > widths[widest]))
                widest = i;
        if (widest == table->column_count)
            return;
        widths[widest]--;
        total--;
    }
}

/* `text` without what is beyond `width` code points. */
static Str cut(Arena *arena, Str text, size_t width)
{
    if (utf8_length(text) <= width)
        return text;
    size_t at = 0;
    for (size_t i = 0; i + 1 < width; i++) {
        size_t size;
        utf8_decode(str_slice(text, at, text.len), &size);
        at += size;
    }
    return str_printf(arena, STR_FMT "…", STR_ARG(str_slice(text, 0, at)));
}

static void add_cell(Output *out, Str text, size_t width, bool right, bool last)
{
    Str shown = cut(out->arena, text, width);
    size_t padding = width - utf8_length(shown);
    if (right && shown.len > 0)
        buf_printf(&out->text, "%*s", (int)padding, "");
    buf_add(&out->text, shown);
    if (!last)
        buf_printf(&out->text, "%*s", (int)(right && shown.len > 0 ? GAP : padding + GAP), "");
}

/* One line: `cells` are the texts of all columns. */
static void add_line(Output *out, const Table *table, const Str *cells, const size_t *widths)
{
    for (size_t i = 0; i < table->column_count; i++)
        add_cell(out, cells[i], widths[i], table->columns[i].right, i + 1 == table->column_count);
}

void output_table_lay(Output *out, const Table *table, const Str *shown)
{
    size_t *widths = natural_widths(out->arena, table, shown);
    Str *titles = ARENA_ARRAY(out->arena, Str, table->column_count);
    if (out->options.width > 0)
        fit(table, widths, out->options.width);
    for (size_t i = 0; i < table->column_count; i++)
        titles[i] = str_from(table->columns[i].title);
    buf_add(&out->text, out->options.color ? STR("\033[1m") : STR(""));
    add_line(out, table, titles, widths);
    buf_add(&out->text, out->options.color ? STR("\033[0m\n") : STR("\n"));
    for (size_t at = 0; at < table->cell_count; at += table->column_count) {
        add_line(out, table, shown + at, widths);
        buf_add_char(&out->text, '\n');
    }
}
