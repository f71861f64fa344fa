/* <sheetData> holds <row>, a row <c>, a cell <v> (a number, or the number of a shared text), <is> (a text of
 * its own, in runs) and <f> (a formula). Anything else is skipped with all that is in it. At the end of a row
 * with a value the parser pauses; behind </sheetData> nothing is read any more.
 *
 * The text of a row lies in one piece of memory of fixed size, so that cells can point into it. */
#include "format/xlsx_sheet.h"

#include "base/number.h"
#include "base/utf8.h"
#include "format/xlsx_cell.h"
#include "format/xlsx_xml.h"

typedef enum Place {
    OUTSIDE,
    IN_SHEET,
    IN_DATA,
    IN_ROW,
    IN_CELL,
    IN_VALUE,
    IN_INLINE,
    IN_RUN,
    IN_TEXT
} Place;

typedef enum Type { NUMBER, SHARED, OWN_TEXT, FORMULA_TEXT, BOOLEAN, CELL_IN_ERROR, ISO_DATE } Type;

typedef struct CellNow {
    size_t column; /* from 1 */
    Type type;
    size_t style;
    size_t start; /* of its text in `text` */
    size_t lost;  /* bytes that found no room */
    bool has_value;
    bool has_formula;
    const char *damage;
} CellNow;

struct XlsxSheet {
    XlsxSheetContext context;
    XlsxXml *xml;
    Place place;
    Place text_in; /* where the <t> stands */
    int skip;      /* inside so many elements that do not matter */

    /* The row under way. */
    int64_t number;
    bool hidden;
    size_t last_column; /* of the cell before */
    size_t count;
    size_t beyond; /* the last column with a value beyond max_columns; 0: none */
    bool any;      /* value */
    bool ready;    /* to be delivered */
    TableFault *fault;
    CellNow cell;
    Str *cells;       /* [max_columns] */
    uint8_t *kinds;   /* likewise */
    char *text;       /* [max_row_bytes + max_cell + 1 + XLSX_NUMBER_ROOM] */
    size_t size;      /* used of it, never more than row_bytes between two cells */
    size_t row_bytes; /* of its cells, shared texts too */
};

/* ---- faults --------------------------------------------------------------------------------- */

/* The first one of a row is told. */
__attribute__((format(printf, 3, 4))) static void fault(XlsxSheet *sheet, const char *code,
                                                        const char *format, ...)
{
    if (sheet->fault != NULL)
        return;
    Arena *arena = xlsx_xml_arena(sheet->xml);
    va_list arguments;
    va_start(arguments, format);
    sheet->fault = ARENA_NEW(arena, TableFault);
    *sheet->fault = (TableFault){code, arena_vprintf(arena, format, arguments)};
    va_end(arguments);
}

static void damaged_cell(XlsxSheet *sheet, const char *what)
{
    fault(
        sheet, "damaged_cell",
        "Row %lld, column %zu: %s. Open the workbook in Excel or LibreOffice, type the cell again "
        "and save it.",
        (long long)sheet->number, sheet->cell.column, what);
}

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

static Type type_of(const char *word)
{
    static const struct {
        const char *word;
        Type type;
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
    sheet->cell = (CellNow){.column = sheet->last_column + 1, .start = sheet->size};
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

/* ---- values --------------------------------------------------------------------------------- */

static Str cell_text(const XlsxSheet *sheet)
{
    return (Str){sheet->text + sheet->cell.start, sheet->size - sheet->cell.start};
}

/* What is longer than a cell may be is kept up to one byte more. */
static void take_text(void *self, Str text)
{
    XlsxSheet *sheet = self;
    size_t room = sheet->context.max_cell + 1 - (sheet->size - sheet->cell.start);
    Str part = str_slice(text, 0, room);
    memcpy(sheet->text + sheet->size, part.ptr, part.len);
    sheet->size += part.len;
    sheet->cell.lost += text.len - part.len;
}

static Str put(XlsxSheet *sheet, Str text)
{
    char *place = sheet->text + sheet->cell.start;
    memcpy(place, text.ptr, text.len);
    return (Str){place, text.len};
}

static CellKind read_number(XlsxSheet *sheet, Str *text)
{
    char room[XLSX_NUMBER_ROOM];
    double days;
    Str number, date;
    CellKind kind = xlsx_styles_kind(&sheet->context.styles, sheet->cell.style);
    if (!xlsx_cell_number(*text, room, &number)) {
        sheet->cell.damage = "the cell should hold a number and does not";
        return CELL_NUMBER;
    }
    if (number.ptr == room)
        *text = put(sheet, number);
    if (kind != CELL_DATE || number_parse(*text, &days) != NUMBER_OK)
        return kind == CELL_DATE ? CELL_NUMBER : kind;
    if (!xlsx_cell_date(days, sheet->context.dates_from_1904, room, &date))
        return CELL_NUMBER;
    *text = put(sheet, date);
    return CELL_DATE;
}

static CellKind read_boolean(XlsxSheet *sheet, Str *text)
{
    if (str_is(*text, "1") || str_is(*text, "true"))
        *text = STR("TRUE");
    else if (str_is(*text, "0") || str_is(*text, "false"))
        *text = STR("FALSE");
    else
        sheet->cell.damage = "the cell should hold TRUE or FALSE and does not";
    return CELL_BOOLEAN;
}

static CellKind read_shared(XlsxSheet *sheet, Str *text)
{
    int64_t index;
    XlsxStrings *strings = sheet->context.strings;
    if (!number_parse_int(*text, 0, INT32_MAX, &index) ||
        (size_t)index >= xlsx_strings_count(strings)) {
        sheet->cell.damage = "the text of the cell is missing";
        *text = STR("");
        return CELL_TEXT;
    }
    char *room = sheet->text + sheet->cell.start;
    Error *error = xlsx_strings_get(strings, xlsx_xml_arena(sheet->xml), (size_t)index, room, text);
    if (error != NULL) {
        *text = STR("");
        stop(sheet, error);
    }
    return CELL_TEXT;
}

static CellKind read_text(XlsxSheet *sheet, Str *text)
{
    *text = xlsx_cell_unescape(sheet->text + sheet->cell.start, text->len);
    return CELL_TEXT;
}

/* An empty result is a result where it is a text. */
static bool is_without_result(const CellNow *cell, Str text)
{
    bool text_type = cell->type == FORMULA_TEXT || cell->type == OWN_TEXT;
    return cell->has_formula && (!cell->has_value || (text.len == 0 && !text_type));
}

static CellKind read_value(XlsxSheet *sheet, Str *text)
{
    if (is_without_result(&sheet->cell, *text))
        return CELL_FORMULA;
    if (text->len == 0)
        return CELL_TEXT;
    switch (sheet->cell.type) {
    case NUMBER:
        return read_number(sheet, text);
    case SHARED:
        return read_shared(sheet, text);
    case OWN_TEXT:
    case FORMULA_TEXT:
        return read_text(sheet, text);
    case BOOLEAN:
        return read_boolean(sheet, text);
    case CELL_IN_ERROR:
        return CELL_ERROR;
    case ISO_DATE:
        return CELL_DATE;
    }
    return CELL_TEXT;
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void judge_cell(XlsxSheet *sheet, Str *text)
{
    const CellNow *cell = &sheet->cell;
    if (cell->damage != NULL)
        damaged_cell(sheet, cell->damage);
    if (text->len <= sheet->context.max_cell)
        return;
    fault(sheet, "cell_too_long",
          "Row %lld, column %zu: the cell has more than the %zu bytes that are allowed.",
          (long long)sheet->number, cell->column, sheet->context.max_cell);
    *text = utf8_cut(*text, sheet->context.max_cell);
}

/* Columns between the cells that the row has are empty. */
static void place_cell(XlsxSheet *sheet, size_t column, Str text, CellKind kind)
{
    for (; sheet->count < column; sheet->count++) {
        sheet->cells[sheet->count] = (Str){"", 0};
        sheet->kinds[sheet->count] = CELL_TEXT;
    }
    if (sheet->cells[column - 1].len > 0 || sheet->kinds[column - 1] != CELL_TEXT)
        damaged_cell(sheet, "the cell is there twice");
    sheet->cells[column - 1] = text;
    sheet->kinds[column - 1] = (uint8_t)kind;
}

static void end_cell(XlsxSheet *sheet)
{
    Str text = cell_text(sheet);
    CellKind kind = read_value(sheet, &text);
    size_t column = sheet->cell.column;
    judge_cell(sheet, &text);
    bool here = text.ptr == sheet->text + sheet->cell.start;
    sheet->size = sheet->cell.start + (here ? text.len : 0);
    if (text.len == 0 && kind == CELL_TEXT && sheet->cell.damage == NULL)
        return;
    sheet->any = true;
    if (column <= sheet->context.max_columns &&
        sheet->row_bytes + text.len <= sheet->context.max_row_bytes) {
        sheet->row_bytes += text.len;
        place_cell(sheet, column, text, kind);
        return;
    }
    sheet->size = sheet->cell.start;
    if (column > sheet->context.max_columns)
        sheet->beyond = column > sheet->beyond ? column : sheet->beyond;
    else
        fault(sheet, "row_too_long", "Row %lld has more than the %zu bytes that are allowed.",
              (long long)sheet->number, sheet->context.max_row_bytes);
}

static void end_row(XlsxSheet *sheet)
{
    if (!sheet->any)
        return;
    if (sheet->beyond > 0)
        fault(sheet, "too_many_columns", "Row %lld has %zu cells; %zu are allowed.",
              (long long)sheet->number, sheet->beyond, sheet->context.max_columns);
    sheet->ready = true;
    xlsx_xml_pause(sheet->xml);
}

/* ---- elements ------------------------------------------------------------------------------- */

static bool begin_text(XlsxSheet *sheet, Place place)
{
    sheet->text_in = sheet->place;
    sheet->place = place;
    sheet->cell.has_value = true;
    xlsx_xml_want_text(sheet->xml, true);
    return true;
}

static bool enter(XlsxSheet *sheet, Place place)
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
        end_cell(sheet);
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
    sheet->xml = xlsx_xml_new(arena, context.part, (XlsxXmlEvents){start, end, take_text, sheet});
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
