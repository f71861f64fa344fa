/* <sheetData> holds <row>, a row <c>, a cell <v> (a number, or the number of a shared text), <is> (a text of
 * its own, in runs) and <f> (a formula). Anything else is skipped with all that is in it. At the end of a row
 * with a value the parser pauses; behind </sheetData> nothing is read any more. */
#include "base/number.h"
#include "format/xlsx_sheet_parts.h"

static void stop(XlsxSheet *sheet, Error *error)
{
    xlsx_xml_fail(sheet->xml, error);
}

/* ---- beginnings ----------------------------------------------------------------------------- */

static void begin_row(XlsxSheet *sheet, const char *const *attributes)
{
    Arena *arena = xlsx_xml_arena(sheet->xml);
    int64_t number = sheet->number + 1;
    sheet->hidden = false;
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], "hidden") == 0)
            sheet->hidden = xlsx_xml_is_true(attributes[i + 1]);
        else if (strcmp(attributes[i], "r") == 0 &&
                 !number_parse_int(str_from(attributes[i + 1]), 1, INT32_MAX, &number))
            number = 0;
    }
    if (number == 0 || number <= sheet->number)
        stop(sheet, xlsx_damaged(arena, "behind row %lld stands one that is not below it",
                                 (long long)sheet->number));
    else if (number > XLSX_ROWS_MAX)
        stop(sheet, error_with_reason(ERROR(arena, ERROR_TOO_LARGE,
                                            "The sheet has a row %lld; a sheet ends with row %d.",
                                            (long long)number, XLSX_ROWS_MAX),
                                      "too_many_rows"));
    sheet->number = number;
    sheet->last_column = sheet->count = sheet->beyond = sheet->size = 0;
    sheet->row_bytes = 0;
    sheet->any = false;
    sheet->fault = NULL;
}

static XlsxCellType type_of(const char *word)
{
    static const struct {
        const char *word;
        XlsxCellType type;
    } types[] = {{"s", SHARED},  {"n", NUMBER},         {"inlineStr", OWN_TEXT},
                 {"b", BOOLEAN}, {"str", FORMULA_TEXT}, {"e", CELL_IN_ERROR},
                 {"d", ISO_DATE}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    return NUMBER;
}

static void read_reference(XlsxSheet *sheet, const char *reference)
{
    int64_t row;
    size_t column;
    if (!xlsx_cell_reference(reference, &row, &column))
        sheet->cell.damage = "the cell does not say where it is";
    else if (row != sheet->number)
        sheet->cell.damage = "the cell says that it belongs to another row";
    else
        sheet->cell.column = column;
}

static size_t read_style(const char *word)
{
    int64_t style = 0;
    (void)number_parse_int(str_from(word), 0, INT32_MAX, &style);
    return (size_t)style;
}

static void begin_cell(XlsxSheet *sheet, const char *const *attributes)
{
    sheet->cell = (XlsxCellNow){.column = sheet->last_column + 1, .start = sheet->size};
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        const char *name = attributes[i], *value = attributes[i + 1];
        if (name[0] == '\0' || name[1] != '\0')
            continue;
        if (name[0] == 'r')
            read_reference(sheet, value);
        else if (name[0] == 's')
            sheet->cell.style = read_style(value);
        else if (name[0] == 't')
            sheet->cell.type = type_of(value);
    }
    sheet->last_column = sheet->cell.column;
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void end_row(XlsxSheet *sheet)
{
    if (!sheet->any)
        return;
    if (sheet->beyond > 0)
        xlsx_sheet_fault(sheet, "too_many_columns", "Row %lld has %zu cells; %zu are allowed.",
                         (long long)sheet->number, sheet->beyond, sheet->context.max_columns);
    sheet->ready = true;
    xlsx_xml_pause(sheet->xml);
}

/* ---- elements ------------------------------------------------------------------------------- */

static bool begin_text(XlsxSheet *sheet, XlsxPlace place)
{
    sheet->text_in = sheet->place;
    sheet->place = place;
    sheet->cell.has_value = true;
    xlsx_xml_want_text(sheet->xml, true);
    return true;
}

static bool enter(XlsxSheet *sheet, XlsxPlace place)
{
    sheet->place = place;
    return true;
}

static bool enter_cell(XlsxSheet *sheet, const char *name)
{
    if (strcmp(name, "v") == 0 && sheet->cell.type != OWN_TEXT)
        return begin_text(sheet, IN_VALUE);
    if (strcmp(name, "is") == 0 && sheet->cell.type == OWN_TEXT)
        return enter(sheet, IN_INLINE);
    if (strcmp(name, "f") == 0)
        sheet->cell.has_formula = true;
    return false;
}

static bool enter_element(XlsxSheet *sheet, const char *name, const char *const *attributes)
{
    switch (sheet->place) {
    case OUTSIDE:
        return strcmp(name, "worksheet") == 0 && enter(sheet, IN_SHEET);
    case IN_SHEET:
        return strcmp(name, "sheetData") == 0 && enter(sheet, IN_DATA);
    case IN_DATA:
        if (strcmp(name, "row") != 0)
            return false;
        begin_row(sheet, attributes);
        return enter(sheet, IN_ROW);
    case IN_ROW:
        if (strcmp(name, "c") != 0)
            return false;
        begin_cell(sheet, attributes);
        return enter(sheet, IN_CELL);
    case IN_CELL:
        return enter_cell(sheet, name);
    case IN_INLINE:
        if (strcmp(name, "r") == 0)
            return enter(sheet, IN_RUN);
        return strcmp(name, "t") == 0 && begin_text(sheet, IN_TEXT);
    case IN_RUN:
        return strcmp(name, "t") == 0 && begin_text(sheet, IN_TEXT);
    case IN_VALUE:
    case IN_TEXT:
        return false;
    }
    return false;
}

static void start(void *self, const char *name, const char *const *attributes)
{
    XlsxSheet *sheet = self;
    if (sheet->skip > 0 || !enter_element(sheet, name, attributes))
        sheet->skip++;
}

static void end(void *self, const char *name)
{
    (void)name;
    XlsxSheet *sheet = self;
    if (sheet->skip > 0) {
        sheet->skip--;
        return;
    }
    switch (sheet->place) {
    case IN_VALUE:
    case IN_TEXT:
        xlsx_xml_want_text(sheet->xml, false);
        sheet->place = sheet->text_in;
        break;
    case IN_RUN:
        sheet->place = IN_INLINE;
        break;
    case IN_INLINE:
        sheet->place = IN_CELL;
        break;
    case IN_CELL:
        sheet->place = IN_ROW;
        xlsx_sheet_end_cell(sheet);
        break;
    case IN_ROW:
        sheet->place = IN_DATA;
        end_row(sheet);
        break;
    case IN_DATA:
        xlsx_xml_finish(sheet->xml);
        break;
    case IN_SHEET:
    case OUTSIDE:
        break;
    }
}

XlsxSheet *xlsx_sheet_new(Arena *arena, XlsxSheetContext context)
{
    XlsxSheet *sheet = ARENA_NEW(arena, XlsxSheet);
    *sheet = (XlsxSheet){
        .context = context,
        .cells = ARENA_ARRAY(arena, Str, context.max_columns),
        .kinds = arena_alloc(arena, context.max_columns),
        .text =
            arena_alloc_raw(arena, context.max_row_bytes + context.max_cell + 1 + XLSX_NUMBER_ROOM),
    };
    sheet->xml =
        xlsx_xml_new(arena, context.part, (XlsxXmlEvents){start, end, xlsx_sheet_take_text, sheet});
    return sheet;
}

/* The rest is read for the sake of the checksum behind it: of a damaged file somebody is to be told. */
static Error *check_rest(const XlsxSheet *sheet, Arena *arena)
{
    char piece[4096];
    size_t size;
    do {
        TRY(xlsx_part_read(sheet->context.part, arena, piece, sizeof piece, &size));
    } while (size > 0);
    return NULL;
}

Error *xlsx_sheet_next(XlsxSheet *sheet, Arena *row_arena, TableRow *ret_row, bool *ret_more)
{
    bool over = false;
    sheet->ready = false;
    while (!over && !sheet->ready)
        TRY(xlsx_xml_run(sheet->xml, row_arena, &over));
    *ret_more = sheet->ready;
    if (over)
        TRY(check_rest(sheet, row_arena));
    if (sheet->ready)
        *ret_row = (TableRow){
            .number = sheet->number,
            .cells = sheet->cells,
            .kinds = sheet->kinds,
            .count = sheet->count,
            .hidden = sheet->hidden,
            .fault = sheet->fault,
        };
    return NULL;
}
