/* Values of cells. The text of a row lies in one piece of memory of fixed size, so that cells can point into
 * it; a number is normalised and a date written where its text stood. */
#include "base/number.h"
#include "base/utf8.h"
#include "format/xlsx_sheet_parts.h"

/* ---- faults --------------------------------------------------------------------------------- */

void xlsx_sheet_fault(XlsxSheet *sheet, const char *code, const char *format, ...)
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
    xlsx_sheet_fault(
        sheet, "damaged_cell",
        "Row %lld, column %zu: %s. Open the workbook in Excel or LibreOffice, type the cell again "
        "and save it.",
        (long long)sheet->number, sheet->cell.column, what);
}

/* ---- values --------------------------------------------------------------------------------- */

static Str cell_text(const XlsxSheet *sheet)
{
    return (Str){sheet->text + sheet->cell.start, sheet->size - sheet->cell.start};
}

/* What is longer than a cell may be is kept up to one byte more. */
void xlsx_sheet_take_text(void *self, Str text)
{
    XlsxSheet *sheet = self;
    size_t room = sheet->context.max_cell + 1 - (sheet->size - sheet->cell.start);
    Str part = str_slice(text, 0, room);
    memcpy(sheet->text + sheet->size, part.ptr, part.len);
    sheet->size += part.len;
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
        xlsx_xml_fail(sheet->xml, error);
    }
    return CELL_TEXT;
}

static CellKind read_text(XlsxSheet *sheet, Str *text)
{
    *text = xlsx_cell_unescape(sheet->text + sheet->cell.start, text->len);
    return CELL_TEXT;
}

/* An empty result is a result where it is a text. */
static bool is_without_result(const XlsxCellNow *cell, Str text)
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
    const XlsxCellNow *cell = &sheet->cell;
    if (cell->damage != NULL)
        damaged_cell(sheet, cell->damage);
    if (text->len <= sheet->context.max_cell)
        return;
    xlsx_sheet_fault(sheet, "cell_too_long",
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

void xlsx_sheet_end_cell(XlsxSheet *sheet)
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
        xlsx_sheet_fault(sheet, "row_too_long",
                         "Row %lld has more than the %zu bytes that are allowed.",
                         (long long)sheet->number, sheet->context.max_row_bytes);
}
