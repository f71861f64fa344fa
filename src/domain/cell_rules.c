/* One rule for each kind of cell, in a table. Messages name the value as the spreadsheet shows it and say what
 * to do there. */
#include "domain/cell_rules.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "model/words.h"

typedef struct Reading {
    Arena *arena;
    Kind kind;
    const ColumnMap *map;
    ProblemList *problems;
    const TableRow *row;
    RawRow *raw;
    bool changed; /* a cell is understood otherwise than it is shown */
} Reading;

#define SHOWN(cell) STR_ARG(utf8_cut((cell), 60))

__attribute__((format(printf, 5, 6))) static void add(Reading *reading, Severity severity,
                                                      size_t field, const char *code,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str value = utf8_cut(reading->raw->cells[field], PROBLEM_VALUE_MAX);
    Problem problem = {.row = reading->row->number,
                       .severity = severity,
                       .column = field_name(reading->kind, field),
                       .code = code,
                       .message = arena_vprintf(reading->arena, format, arguments),
                       .value = str_copy(reading->arena, value)};
    va_end(arguments);
    vec_push(reading->arena, reading->problems, problem);
    if (severity == SEVERITY_ERROR)
        reading->raw->wrong[field] = true;
}

static const char *name_of(const Reading *reading, size_t field)
{
    return field_name(reading->kind, field);
}

static bool is_percent_ratio(const Reading *reading, size_t field)
{
    return field >= FIELD_RATIO &&
           kind_spec(reading->kind)->ratios[field - FIELD_RATIO].unit == UNIT_PERCENT;
}

static void take_as_it_stands(Reading *reading, size_t field)
{
    (void)reading;
    (void)field;
}

/* What spreadsheets show in a cell whose formula went wrong; LibreOffice also "Err:502". */
static const char *const ERROR_WORDS[] = {
    "#N/A",   "#DIV/0!",   "#VALUE!",   "#REF!",     "#NAME?",
    "#NUM!",  "#NULL!",    "#SPILL!",   "#CALC!",    "#FIELD!",
    "#BUSY!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA",
};

bool cell_rules_is_error(Str text)
{
    int64_t number;
    if (text.len == 0 || (text.ptr[0] != '#' && text.ptr[0] != 'E'))
        return false;
    if (text.ptr[0] == 'E')
        return text.len == 7 && str_starts_with(text, STR("Err:")) &&
               number_parse_int(str_slice(text, 4, 7), 500, 599, &number);
    return words_find_fold(ERROR_WORDS, ARRAY_COUNT(ERROR_WORDS), text) >= 0;
}

static void take_percent(Reading *reading, size_t field)
{
    Str *cell = &reading->raw->cells[field];
    Str value = table_times_100(reading->arena, *cell);
    *cell = table_shown(reading->arena, *cell, CELL_PERCENT);
    if (!is_percent_ratio(reading, field)) {
        add(reading, SEVERITY_ERROR, field, "percent_cell",
            "%s is shown as %.*s, and it is no percentage. Give the cell a plain number format "
            "and see that its value is right.",
            name_of(reading, field), SHOWN(*cell));
        return;
    }
    add(reading, SEVERITY_WARNING, field, "percent_cell",
        "%s is shown as %.*s; it was taken as %.*s.", name_of(reading, field), SHOWN(*cell),
        SHOWN(value));
    *cell = value;
    reading->changed = true;
}

static void take_date(Reading *reading, size_t field)
{
    Str *cell = &reading->raw->cells[field];
    Str year = str_slice(*cell, 0, 4);
    int64_t number;
    if (field != FIELD_YEAR || cell->len < 10 || cell->ptr[4] != '-' ||
        !number_parse_int(year, 0, 9999, &number)) {
        add(reading, SEVERITY_ERROR, field, "date_cell",
            "%s is a date or a time (%.*s). Give the cell the format General or Text and type it "
            "again.",
            name_of(reading, field), SHOWN(*cell));
        return;
    }
    add(reading, SEVERITY_WARNING, field, "date_cell", "%s is the date %.*s; %.*s was taken.",
        name_of(reading, field), SHOWN(*cell), STR_ARG(year));
    *cell = year;
    reading->changed = true;
}

/* TRUE may well be a company's symbol. */
static void take_boolean(Reading *reading, size_t field)
{
    if (field != FIELD_SYMBOL && field != FIELD_NAME && field != FIELD_SECTOR)
        add(reading, SEVERITY_ERROR, field, "boolean_cell",
            "%s is %.*s, which is neither a number nor a text. Type what is meant.",
            name_of(reading, field), SHOWN(reading->raw->cells[field]));
}

static void take_error(Reading *reading, size_t field)
{
    Str *cell = &reading->raw->cells[field];
    if (str_equal_fold(*cell, STR("#N/A"))) {
        *cell = STR("");
        return;
    }
    add(reading, SEVERITY_ERROR, field, "error_cell",
        "%s is the error %.*s. Mend the formula, or leave the cell empty when the value is "
        "missing.",
        name_of(reading, field), SHOWN(*cell));
}

/* A table saved as CSV, or pasted as values, has its errors as the texts that were shown. */
static void take_text(Reading *reading, size_t field)
{
    Str text = str_trim(reading->raw->cells[field]);
    if (!cell_rules_is_error(text))
        return;
    reading->raw->cells[field] = text;
    take_error(reading, field);
}

static void take_formula(Reading *reading, size_t field)
{
    add(reading, SEVERITY_ERROR, field, "formula_without_value",
        "%s is a formula whose result is not in the file. Open the file in Excel, save it and send "
        "it "
        "again.",
        name_of(reading, field));
}

static void (*const TAKE[CELL_KIND_COUNT])(Reading *, size_t) = {
    [CELL_TEXT] = take_text,       [CELL_NUMBER] = take_as_it_stands, [CELL_PERCENT] = take_percent,
    [CELL_DATE] = take_date,       [CELL_BOOLEAN] = take_boolean,     [CELL_ERROR] = take_error,
    [CELL_FORMULA] = take_formula,
};

/* The line of the reader says how cells are shown; where they are understood otherwise it is made anew. */
static Str line_of(const Reading *reading)
{
    const TableRow *row = reading->row;
    if (!reading->changed)
        return str_copy(reading->arena, row->raw);
    Str *cells = ARENA_ARRAY(reading->arena, Str, row->count);
    for (size_t i = 0; i < row->count; i++)
        cells[i] = table_shown(reading->arena, row->cells[i], (CellKind)row->kinds[i]);
    for (size_t field = 0; field < FIELD_MAX; field++) {
        int column = reading->map->column[field];
        bool taken = column >= 0 && (size_t)column < row->count && !reading->raw->wrong[field] &&
                     (row->kinds[column] == CELL_PERCENT || row->kinds[column] == CELL_DATE);
        if (taken)
            cells[column] = reading->raw->cells[field];
    }
    return table_line(reading->arena, cells, row->count);
}

Str cell_rules_read(const CellRules *rules, const TableRow *row, RawRow *raw)
{
    Reading reading = {.arena = rules->arena,
                       .kind = rules->kind,
                       .map = rules->map,
                       .problems = rules->problems,
                       .row = row,
                       .raw = raw};
    for (size_t field = 0; field < field_count(rules->kind); field++) {
        int column = rules->map->column[field];
        if (column >= 0 && (size_t)column < row->count)
            TAKE[row->kinds != NULL ? row->kinds[column] : CELL_TEXT](&reading, field);
    }
    return line_of(&reading);
}

/* --- fractions ------------------------------------------------------------------------------- */

void fraction_watch_add(FractionWatch *watch, Kind kind, const Ratio *ratios)
{
    const KindSpec *spec = kind_spec(kind);
    for (size_t i = 0; i < spec->ratio_count; i++) {
        double value = ratios[i].value;
        if (!ratios[i].present)
            continue;
        watch->fractions[i] |= value > -1 && value < 1 && value != 0;
        watch->beyond[i] |= value < -1 || value > 1;
    }
}

void fraction_watch_end(const FractionWatch *watch, Arena *arena, Kind kind, ProblemList *problems)
{
    const KindSpec *spec = kind_spec(kind);
    for (size_t i = 0; i < spec->ratio_count; i++) {
        if (spec->ratios[i].unit != UNIT_PERCENT || !watch->fractions[i] || watch->beyond[i])
            continue;
        Problem problem = {
            .row = 1,
            .severity = SEVERITY_WARNING,
            .column = spec->ratios[i].name,
            .code = "looks_like_fractions",
            .message =
                arena_printf(arena,
                             "%s looks like fractions: all its values lie between -1 and 1. It is "
                             "a percentage; 12%% is written 12, not 0.12.",
                             spec->ratios[i].name),
            .value = (Str){"", 0}};
        vec_push(arena, problems, problem);
    }
}
