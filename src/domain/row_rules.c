/* One checker per field, in a table; each takes the cell as it stands and adds what is wrong with it. A
 * message names the value and says what to do: it is read by who has to mend the file. */
#include "domain/row_rules.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "domain/row_file.h"
#include "model/company.h"
#include "model/words.h"

#include <math.h>

static const char *const FIELD_NAMES[FIELD_RATIO] = {
    [FIELD_SYMBOL] = "company_symbol", [FIELD_NAME] = "company_name",
    [FIELD_MARKET_CAP] = "market_cap", [FIELD_SECTOR] = "sector",
    [FIELD_YEAR] = "reporting_year",   [FIELD_QUARTER] = "reporting_quarter",
};

static const char *const MISSING_MARKS[] = {"", "NM", "N/A", "NA", "null", "-", "#N/A"};

const char *field_name(Kind kind, size_t field)
{
    if (field < FIELD_RATIO)
        return FIELD_NAMES[field];
    const KindSpec *spec = kind_spec(kind);
    return field - FIELD_RATIO < spec->ratio_count ? spec->ratios[field - FIELD_RATIO].name : NULL;
}

size_t field_count(Kind kind)
{
    return FIELD_RATIO + kind_spec(kind)->ratio_count;
}

const char *field_unit(Kind kind, size_t field)
{
    if (field == FIELD_MARKET_CAP)
        return "US dollars";
    if (field == FIELD_QUARTER)
        return "Q1 to Q4";
    if (field < FIELD_RATIO)
        return NULL;
    return kind_spec(kind)->ratios[field - FIELD_RATIO].unit == UNIT_PERCENT ? "percent"
                                                                             : "multiple";
}

bool row_rules_is_missing(Str cell)
{
    if (cell.len > 4)
        return false;
    return words_find_fold(MISSING_MARKS, ARRAY_COUNT(MISSING_MARKS), cell) >= 0;
}

/* --- the header ------------------------------------------------------------------------------ */

/* "Company Symbol" and "company-symbol" are company_symbol. */
bool row_rules_same_name(Str cell, const char *name)
{
    size_t at = 0;
    for (size_t i = 0; i < cell.len; i++) {
        char c = cell.ptr[i];
        if (c == ' ' || c == '_' || c == '-' || c == '\t')
            continue;
        while (name[at] == '_')
            at++;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (name[at] == '\0' || name[at] != c)
            return false;
        at++;
    }
    return name[at] == '\0';
}

/* The name, and what stands in brackets behind it; *ret_unit empty: nothing does. */
static Str split_unit(Str cell, Str *ret_unit)
{
    size_t at;
    *ret_unit = (Str){"", 0};
    if (!str_ends_with(cell, STR(")")) || !str_find(cell, '(', &at))
        return cell;
    *ret_unit = str_trim(str_slice(cell, at + 1, cell.len - 1));
    return str_trim(str_slice(cell, 0, at));
}

static bool same_unit(Kind kind, size_t field, Str given)
{
    const char *unit = field_unit(kind, field);
    return given.len == 0 || (unit != NULL && str_equal_fold(given, str_from(unit)));
}

static int find_field(Kind kind, Str cell)
{
    Str unit, name = split_unit(cell, &unit);
    for (size_t field = 0; field < field_count(kind); field++)
        if (row_rules_same_name(name, field_name(kind, field)) && same_unit(kind, field, unit))
            return (int)field;
    return -1;
}

bool row_rules_is_ours(Str cell)
{
    static const char *const names[] = {ROW_FILE_JOB, ROW_FILE_ROW, ROW_FILE_PROBLEMS};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (row_rules_same_name(cell, names[i]))
            return true;
    return false;
}

/* There twice, the first one counts. */
static void note_ours(ColumnMap *map, Str cell, size_t column)
{
    if (map->retry_column < 0 && row_rules_same_name(cell, ROW_FILE_JOB))
        map->retry_column = (int)column;
}

static void warn_unknown(Arena *arena, Buf *unknown, ProblemList *problems)
{
    Problem problem = {
        .row = 1, .severity = SEVERITY_WARNING, .code = "unknown_columns", .value = (Str){"", 0}};
    problem.message = arena_printf(arena, "These columns are not used: %.*s.",
                                   STR_ARG(utf8_cut(buf_str(unknown), 1000)));
    vec_push(arena, problems, problem);
}

Error *row_rules_map(Arena *arena, Kind kind, const Str *cells, size_t count, ColumnMap *ret_map,
                     ProblemList *problems)
{
    ColumnMap map = {.column_count = count, .retry_column = -1};
    Buf unknown = buf_new(arena, 64 * 1024), missing = buf_new(arena, 4096);
    ErrorField *fields = NULL;
    memset(map.column, -1, sizeof map.column);
    for (size_t i = 0; i < count; i++) {
        Str cell = str_trim(cells[i]);
        int field = find_field(kind, cell);
        if (field >= 0 && map.column[field] >= 0)
            error_field_add(arena, &fields, field_name(kind, (size_t)field), "column_twice",
                            "The column %s is there twice (columns %d and %zu). Remove one.",
                            field_name(kind, (size_t)field), map.column[field] + 1, i + 1);
        else if (field >= 0)
            map.column[field] = (int)i;
        else if (row_rules_is_ours(cell))
            note_ours(&map, cell, i);
        else if (cell.len > 0)
            buf_printf(&unknown, "%s%.*s", unknown.len > 0 ? ", " : "",
                       STR_ARG(utf8_cut(cell, 100)));
    }
    for (size_t field = 0; field < field_count(kind); field++) {
        bool optional = field == FIELD_QUARTER && !kind_spec(kind)->needs_quarter;
        if (map.column[field] < 0 && !optional)
            buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", field_name(kind, field));
    }
    if (missing.len > 0)
        error_field_add(arena, &fields, "file", "missing_columns",
                        "The first row must name the columns. Missing: %s.", buf_str(&missing).ptr);
    TRY(error_from_fields(arena, fields));
    if (unknown.len > 0)
        warn_unknown(arena, &unknown, problems);
    *ret_map = map;
    return NULL;
}

RawRow row_rules_pick(const ColumnMap *map, const Str *cells, size_t count)
{
    RawRow raw = {0};
    for (size_t field = 0; field < FIELD_MAX; field++) {
        int column = map->column[field];
        if (column >= 0)
            raw.cells[field] = (size_t)column < count ? cells[column] : (Str){"", 0};
    }
    return raw;
}

/* --- the cells ------------------------------------------------------------------------------- */

typedef struct Check {
    Arena *arena;
    Kind kind;
    RowStyle style;
    int64_t row;
    PredictionInput *input;
    ProblemList *problems;
    bool failed;
} Check;

__attribute__((format(printf, 6, 7))) static void add(Check *check, Severity severity, size_t field,
                                                      const char *code, Str value,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Problem problem = {.row = check->row,
                       .severity = severity,
                       .column = field < FIELD_MAX ? field_name(check->kind, field) : NULL,
                       .code = code,
                       .message = arena_vprintf(check->arena, format, arguments),
                       .value = str_copy(check->arena, utf8_cut(value, PROBLEM_VALUE_MAX))};
    va_end(arguments);
    vec_push(check->arena, check->problems, problem);
    check->failed |= severity == SEVERITY_ERROR;
}

#define SHOWN(cell) STR_ARG(utf8_cut((cell), 60))

static bool has_control(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7F)
            return true;
    return false;
}

/* Trims; false when it is too long or holds what no name holds. */
static bool check_text(Check *check, size_t field, Str cell, size_t max, Str *ret_text)
{
    Str text = str_trim(cell);
    const char *name = field_name(check->kind, field);
    if (has_control(text)) {
        add(check, SEVERITY_ERROR, field, "control_character", STR(""),
            "%s holds a line break or another control character. Remove it.", name);
        return false;
    }
    if (utf8_length(text) > max) {
        add(check, SEVERITY_ERROR, field, "too_long", text,
            "%s \"%.*s\" has %zu characters; at most %zu are allowed.", name, SHOWN(text),
            utf8_length(text), max);
        return false;
    }
    *ret_text = text;
    return true;
}

static void check_symbol(Check *check, size_t field, Str cell)
{
    Str symbol;
    if (!check_text(check, field, cell, SYMBOL_MAX, &symbol))
        return;
    if (symbol.len == 0)
        add(check, SEVERITY_ERROR, field, "required", symbol, "company_symbol is empty.");
    check->input->symbol = str_upper(check->arena, symbol);
}

static void check_name(Check *check, size_t field, Str cell)
{
    if (check_text(check, field, cell, NAME_MAX_CHARS, &check->input->company_name) &&
        check->input->company_name.len == 0)
        add(check, SEVERITY_ERROR, field, "required", STR(""), "company_name is empty.");
}

static void check_sector(Check *check, size_t field, Str cell)
{
    (void)check_text(check, field, cell, SECTOR_MAX_CHARS, &check->input->sector);
}

/* Why a cell is no number, for a person. */
static const char *number_advice(const Check *check, Str cell)
{
    size_t at;
    if (str_find(cell, '%', &at))
        return "Write it without the percent sign: 12 for 12%.";
    if (check->style.decimal == DECIMAL_COMMA &&
        (str_find(cell, '.', &at) || str_find(cell, ',', &at)))
        return "With decimal=comma write it with one comma, for the decimals, and without "
               "separators: "
               "1234,5.";
    if (str_find(cell, ',', &at))
        return "Write it with a point for the decimals and without separators: 1234.5.";
    if (str_find(cell, '$', &at) || str_find(cell, ' ', &at))
        return "Write it without currency signs and spaces.";
    return "Write a plain decimal such as 12.5, or leave the cell empty when the value is missing.";
}

/* With a comma for the decimals a point could only be a separator: 1.234 would be 1234 to some and 1.234 to
 * others. */
static NumberResult parse_number(const Check *check, Str text, double *ret_value)
{
    size_t at;
    if (check->style.decimal == DECIMAL_POINT)
        return number_parse(text, ret_value);
    if (str_find(text, '.', &at))
        return NUMBER_MALFORMED;
    if (!str_find(text, ',', &at))
        return number_parse(text, ret_value);
    char *with_point = str_dup(check->arena, text);
    with_point[at] = '.';
    return number_parse((Str){with_point, text.len}, ret_value);
}

static Ratio check_number(Check *check, size_t field, Str cell)
{
    Str text = str_trim(cell);
    const char *name = field_name(check->kind, field);
    Ratio ratio = {0};
    if (row_rules_is_missing(text))
        return ratio;
    switch (parse_number(check, text, &ratio.value)) {
    case NUMBER_OK:
        ratio.present = true;
        ratio.value += 0.0; /* -0 is 0 */
        break;
    case NUMBER_TOO_LARGE:
        add(check, SEVERITY_ERROR, field, "out_of_range", text,
            "%s is \"%.*s\", which is beyond what a number can hold.", name, SHOWN(text));
        break;
    case NUMBER_MALFORMED:
        add(check, SEVERITY_ERROR, field, "not_a_number", text,
            "%s is \"%.*s\", which is no plain decimal number. %s", name, SHOWN(text),
            number_advice(check, text));
        break;
    }
    return ratio;
}

static void check_market_cap(Check *check, size_t field, Str cell)
{
    Ratio cap = check_number(check, field, cell);
    if (cap.present && cap.value < 0) {
        add(check, SEVERITY_ERROR, field, "negative", str_trim(cell),
            "market_cap is \"%.*s\"; it cannot be negative.", SHOWN(str_trim(cell)));
        cap = (Ratio){0};
    }
    if (cap.present && check->style.unit == CAP_MILLIONS)
        cap.value *= 1e6;
    if (cap.present && !isfinite(cap.value)) {
        add(check, SEVERITY_ERROR, field, "out_of_range", str_trim(cell),
            "market_cap in millions is beyond what a number can hold.");
        cap = (Ratio){0};
    }
    check->input->market_cap = cap;
}

/* A whole number, also as a spreadsheet may write it: "2024.0". */
static bool whole(const Check *check, Str cell, int64_t low, int64_t high, int *ret_value)
{
    double value;
    if (parse_number(check, cell, &value) != NUMBER_OK || value != floor(value) ||
        value < (double)low || value > (double)high)
        return false;
    *ret_value = (int)value;
    return true;
}

static void check_year(Check *check, size_t field, Str cell)
{
    Str text = str_trim(cell);
    if (!whole(check, text, 1900, 2200, &check->input->year))
        add(check, SEVERITY_ERROR, field, text.len == 0 ? "required" : "not_a_year", text,
            "reporting_year is \"%.*s\"; write a year from 1900 to 2200.", SHOWN(text));
}

static void check_quarter(Check *check, size_t field, Str cell)
{
    Str text = str_trim(cell);
    if (text.len == 0 && !kind_spec(check->kind)->needs_quarter) {
        check->input->quarter = 4;
        return;
    }
    Str digits = text.len > 0 && (text.ptr[0] == 'Q' || text.ptr[0] == 'q')
                     ? str_slice(text, 1, text.len)
                     : text;
    if (!whole(check, digits, 1, 4, &check->input->quarter))
        add(check, SEVERITY_ERROR, field, text.len == 0 ? "required" : "not_a_quarter", text,
            "reporting_quarter is \"%.*s\"; write Q1, Q2, Q3 or Q4.", SHOWN(text));
}

static void check_ratio(Check *check, size_t field, Str cell)
{
    const RatioSpec *spec = &kind_spec(check->kind)->ratios[field - FIELD_RATIO];
    Ratio ratio = check_number(check, field, cell);
    if (ratio.present && (ratio.value < spec->plausible_low || ratio.value > spec->plausible_high))
        add(check, SEVERITY_WARNING, field, "implausible", str_trim(cell),
            "%s is %.*s%s; values are mostly between %g and %g. Check the unit.", spec->name,
            SHOWN(str_trim(cell)), spec->unit == UNIT_PERCENT ? " percent" : "",
            spec->plausible_low, spec->plausible_high);
    check->input->ratios[field - FIELD_RATIO] = ratio;
}

static void (*const CHECKS[FIELD_RATIO])(Check *, size_t, Str) = {
    [FIELD_SYMBOL] = check_symbol, [FIELD_NAME] = check_name, [FIELD_MARKET_CAP] = check_market_cap,
    [FIELD_SECTOR] = check_sector, [FIELD_YEAR] = check_year, [FIELD_QUARTER] = check_quarter,
};

bool row_rules_check(Arena *arena, Kind kind, RowStyle style, int64_t row, const RawRow *raw,
                     PredictionInput *ret_input, ProblemList *problems)
{
    const KindSpec *spec = kind_spec(kind);
    Check check = {arena, kind, style, row, ret_input, problems, false};
    *ret_input = (PredictionInput){0};
    for (size_t field = 0; field < FIELD_RATIO; field++) {
        Str cell = raw->cells[field];
        check.failed |= raw->wrong[field];
        if (!raw->wrong[field])
            CHECKS[field](&check, field, cell.ptr == NULL ? (Str){"", 0} : cell);
    }
    size_t filled = 0;
    for (size_t i = 0; i < spec->ratio_count; i++) {
        Str cell = raw->cells[FIELD_RATIO + i];
        check.failed |= raw->wrong[FIELD_RATIO + i];
        filled += raw->wrong[FIELD_RATIO + i];
        if (raw->wrong[FIELD_RATIO + i])
            continue;
        check_ratio(&check, FIELD_RATIO + i, cell.ptr == NULL ? (Str){"", 0} : cell);
        filled += !row_rules_is_missing(str_trim(cell.ptr == NULL ? (Str){"", 0} : cell));
    }
    if (filled == 0)
        add(&check, SEVERITY_ERROR, FIELD_MAX, "no_ratio", STR(""),
            "The row has no ratio at all; at least one is needed to score it.");
    return !check.failed;
}
