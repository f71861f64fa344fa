/* The rows of one sheet, found in its XML; xlsx.h is the door. */
#ifndef OBLIGOR_FORMAT_XLSX_SHEET_H
#define OBLIGOR_FORMAT_XLSX_SHEET_H

#include "format/table.h"
#include "format/xlsx_strings.h"
#include "format/xlsx_styles.h"

enum { XLSX_ROWS_MAX = 1048576 };

/* What the sheet needs of the workbook around it. */
typedef struct XlsxSheetContext {
    XlsxPart *part;
    XlsxStrings *strings;
    XlsxStyles styles;
    bool dates_from_1904;
    size_t max_cell;
    size_t max_columns;
    size_t max_row_bytes;
} XlsxSheetContext;

typedef struct XlsxSheet XlsxSheet;

XlsxSheet *xlsx_sheet_new(Arena *arena, XlsxSheetContext context);

/* The next row with a value in it; `raw` is left to the caller. */
Error *xlsx_sheet_next(XlsxSheet *sheet, Arena *row_arena, TableRow *ret_row, bool *ret_more)
    MUST_CHECK;

#endif
