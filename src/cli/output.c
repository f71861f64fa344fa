/* The one description of what a command says, and its two plain ways: JSON, and lines with tabs.
 * What a terminal gets is laid out in output_table.c. */
#include "cli/output.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cli/output_table.h"

#include <inttypes.h>
#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 30 };

/* ---- cells ----------------------------------------------------------------------------------- */

Cell cell_text(const char *text)
{
    return text == NULL ? (Cell){0} : cell_str(str_from(text));
}

Cell cell_str(Str text)
{
    return (Cell){.kind = CELL_IS_TEXT, .text = text};
}

Cell cell_int(int64_t number)
{
    return (Cell){.kind = CELL_IS_INT, .number = number};
}

Cell cell_int_or_none(int64_t number)
{
    return number < 0 ? (Cell){0} : cell_int(number);
}

Cell cell_real(double real)
{
    return isfinite(real) ? (Cell){.kind = CELL_IS_REAL, .real = real} : (Cell){0};
}

Cell cell_bool(bool value)
{
    return (Cell){.kind = CELL_IS_BOOL, .number = value};
}

Cell cell_time(int64_t time)
{
    return time == 0 ? (Cell){0} : (Cell){.kind = CELL_IS_TIME, .number = time};
}

Cell cell_uuid(Arena *arena, Uuid id)
{
    return uuid_is_nil(id) ? (Cell){0} : cell_text(uuid_text(arena, id));
}

Cell cell_json(Str json)
{
    return (Cell){.kind = CELL_IS_JSON, .text = json};
}

Str output_clean(Arena *arena, Str text)
{
    Buf clean = buf_new(arena, text.len + 1);
    size_t bad = 0;
    while (text.len > 0) {
        size_t size = 1;
        bool good =
            (signed char)text.ptr[0] >= 0 || utf8_check(str_slice(text, 0, 4), &bad) || bad > 0;
        uint32_t point = good ? utf8_decode(text, &size) : 0;
        bool turns = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
        if (point < 0x20 || (point >= 0x7F && point < 0xA0) || turns)
            buf_add_char(&clean, point == '\t' || point == '\n' ? ' ' : '?');
        else
            buf_add(&clean, str_slice(text, 0, size));
        text = str_slice(text, size, text.len);
    }
    return buf_str(&clean);
}

/* As a person reads it. Fractions of seconds are left out at a terminal. */
static Str cell_shown(Output *out, Cell cell)
{
    char text[TIME_TEXT_SIZE + NUMBER_TEXT_SIZE];
    int64_t second = out->options.terminal ? SECONDS(1) : 1;
    switch (cell.kind) {
    case CELL_IS_NONE:
    case CELL_IS_JSON:
        return (Str){"", 0};
    case CELL_IS_TEXT:
        return output_clean(out->arena, cell.text);
    case CELL_IS_INT:
        return str_printf(out->arena, "%" PRId64, cell.number);
    case CELL_IS_REAL:
        return str_copy(out->arena, (Str){text, number_format(text, cell.real)});
    case CELL_IS_BOOL:
        return cell.number ? STR("yes") : STR("no");
    case CELL_IS_TIME:
        return str_copy(out->arena, (Str){text, time_format(text, cell.number / second * second)});
    }
    CHECK(false && "a kind of cell");
    return (Str){"", 0};
}

static void put_cell(JsonOut *out, const char *key, Cell cell)
{
    switch (cell.kind) {
    case CELL_IS_NONE:
        json_put_null(out, key);
        return;
    case CELL_IS_TEXT:
        json_put_str(out, key, cell.text);
        return;
    case CELL_IS_INT:
        json_put_int(out, key, cell.number);
        return;
    case CELL_IS_REAL:
        json_put_double(out, key, cell.real);
        return;
    case CELL_IS_BOOL:
        json_put_bool(out, key, cell.number != 0);
        return;
    case CELL_IS_TIME:
        json_put_time(out, key, cell.number);
        return;
    case CELL_IS_JSON:
        json_put_raw(out, key, cell.text);
        return;
    }
    CHECK(false && "a kind of cell");
}

/* ---- the three ways -------------------------------------------------------------------------- */

Output output_new(Arena *arena, OutputOptions options)
{
    return (Output){.arena = arena,
                    .options = options,
                    .text = buf_new(arena, OUTPUT_MAX),
                    .notes = buf_new(arena, OUTPUT_MAX)};
}

OutputOptions output_options(bool json)
{
    struct winsize size;
    const char *no_color = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    OutputOptions options = {.json = json, .terminal = isatty(STDOUT_FILENO)};
    if (options.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        options.width = size.ws_col;
    options.color = options.terminal && (no_color == NULL || no_color[0] == '\0') && kind != NULL &&
                    strcmp(kind, "dumb") != 0;
    return options;
}

/* Before each part: an object is opened, or the parts are set apart by an empty line. */
static void begin_part(Output *out)
{
    if (out->options.json && !out->begun) {
        out->object = json_out_new(&out->text);
        json_begin_object(&out->object, NULL);
    } else if (out->options.terminal && out->begun) {
        buf_add_char(&out->text, '\n');
    }
    out->begun = true;
}

static void facts_as_json(Output *out, const char *key, const Fact *facts, size_t count)
{
    json_begin_object(&out->object, key);
    for (size_t i = 0; i < count; i++)
        put_cell(&out->object, facts[i].key, facts[i].value);
    json_end_object(&out->object);
}

void output_facts(Output *out, const char *key, const Fact *facts, size_t count)
{
    begin_part(out);
    if (out->options.json) {
        facts_as_json(out, key, facts, count);
        return;
    }
    size_t widest = 0;
    for (size_t i = 0; i < count; i++)
        if (strlen(facts[i].title) > widest)
            widest = strlen(facts[i].title);
    for (size_t i = 0; i < count; i++) {
        Str value = cell_shown(out, facts[i].value);
        if (facts[i].value.kind == CELL_IS_JSON)
            continue;
        if (out->options.terminal && value.len > 0)
            buf_printf(&out->text, "%-*s  " STR_FMT "\n", (int)widest, facts[i].title,
                       STR_ARG(value));
        else if (!out->options.terminal)
            buf_printf(&out->text, "%s\t" STR_FMT "\n", facts[i].key, STR_ARG(value));
    }
}

Table table_new(Arena *arena, const Column *columns, size_t column_count)
{
    return (Table){.arena = arena, .columns = columns, .column_count = column_count};
}

void table_add(Table *table, const Cell *row)
{
    for (size_t i = 0; i < table->column_count; i++) {
        table->cells = vec_grow(table->arena, table->cells, table->cell_count, &table->cell_cap,
                                sizeof *table->cells);
        table->cells[table->cell_count++] = row[i];
    }
}

static void table_as_json(Output *out, const char *key, const Table *table)
{
    json_begin_array(&out->object, key);
    for (size_t at = 0; at < table->cell_count; at += table->column_count) {
        json_begin_object(&out->object, NULL);
        for (size_t i = 0; i < table->column_count; i++)
            put_cell(&out->object, table->columns[i].key, table->cells[at + i]);
        json_end_object(&out->object);
    }
    json_end_array(&out->object);
}

void output_table(Output *out, const char *key, const Table *table)
{
    begin_part(out);
    if (out->options.json) {
        table_as_json(out, key, table);
        return;
    }
    Str *shown = ARENA_ARRAY(out->arena, Str, table->cell_count);
    for (size_t i = 0; i < table->cell_count; i++)
        shown[i] = cell_shown(out, table->cells[i]);
    if (out->options.terminal) {
        output_table_lay(out, table, shown);
        return;
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        buf_add(&out->text, shown[i]);
        buf_add_char(&out->text, (i + 1) % table->column_count == 0 ? '\n' : '\t');
    }
}

void output_line(Output *out, const char *format, ...)
{
    if (out->options.json)
        return;
    va_list arguments;
    va_start(arguments, format);
    Str line = str_from(arena_vprintf(out->arena, format, arguments));
    va_end(arguments);
    out->begun = true;
    buf_add(&out->text, output_clean(out->arena, line));
    buf_add_char(&out->text, '\n');
}

void output_note(Output *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str line = str_from(arena_vprintf(out->arena, format, arguments));
    va_end(arguments);
    buf_add(&out->notes, output_clean(out->arena, line));
    buf_add_char(&out->notes, '\n');
}

void output_raw(Output *out, Str text)
{
    if (out->options.json)
        return;
    out->begun = true;
    buf_add(&out->text, text);
}

bool output_flush(Output *out, FILE *file, FILE *notes)
{
    if (out->options.json && out->begun) {
        json_end_object(&out->object);
        json_out_close(&out->object);
        buf_add_char(&out->text, '\n');
    }
    Str text = buf_str(&out->text);
    CHECK(!out->text.over);
    bool good = fwrite(text.ptr, 1, text.len, file) == text.len && fflush(file) == 0;
    Str remarks = buf_str(&out->notes);
    fwrite(remarks.ptr, 1, remarks.len, notes);
    fflush(notes);
    buf_clear(&out->text);
    buf_clear(&out->notes);
    out->begun = false;
    return good;
}
