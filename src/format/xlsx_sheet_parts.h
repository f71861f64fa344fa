/* What the two halves of the reader of a sheet share: xlsx_sheet.c goes through the elements,
 * xlsx_sheet_cells.c makes values of what stands in them. */
#ifndef OBLIGOR_FORMAT_XLSX_SHEET_PARTS_H
#define OBLIGOR_FORMAT_XLSX_SHEET_PARTS_H

#include "format/xlsx_cell.h"
#include "format/xlsx_sheet.h"
#include "format/xlsx_xml.h"

typedef enum XlsxPlace {
    OUTSIDE,
    IN_SHEET,
    IN_DATA,
    IN_ROW,
    IN_CELL,
    IN_VALUE,
    IN_INLINE,
    IN_RUN,
    IN_TEXT
} XlsxPlace;

typedef enum XlsxCellType {
    NUMBER,
    SHARED,
    OWN_TEXT,
    FORMULA_TEXT,
    BOOLEAN,
    CELL_IN_ERROR,
    ISO_DATE
} XlsxCellType;

typedef struct XlsxCellNow {
    size_t column; /* from 1 */
    XlsxCellType type;
    size_t style;
    size_t start; /* of its text in `text` */
    bool has_value;
    bool has_formula;
    const char *damage;
} XlsxCellNow;

struct XlsxSheet {
    XlsxSheetContext context;
    XlsxXml *xml;
    XlsxPlace place;
    XlsxPlace text_in; /* where the <t> stands */
    int skip;          /* inside so many elements that do not matter */

    /* The row under way. */
    int64_t number;
    bool hidden;
    size_t last_column; /* of the cell before */
    size_t count;
    size_t beyond; /* the last column with a value beyond max_columns; 0: none */
    bool any;      /* value */
    bool ready;    /* to be delivered */
    TableFault *fault;
    XlsxCellNow cell;
    Str *cells;       /* [max_columns] */
    uint8_t *kinds;   /* likewise */
    char *text;       /* [max_row_bytes + max_cell + 1 + XLSX_NUMBER_ROOM] */
    size_t size;      /* used of it, never more than row_bytes between two cells */
    size_t row_bytes; /* of its cells, shared texts too */
};

/* Of the row under way; the first one is told. */
void xlsx_sheet_fault(XlsxSheet *sheet, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void xlsx_sheet_take_text(void *self, Str text); /* more text of the cell under way */
void xlsx_sheet_end_cell(XlsxSheet *sheet); /* the cell is whole: it becomes one of the row's */

#endif
