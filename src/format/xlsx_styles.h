/* What the number formats of a workbook mean: which cells are percentages, which are dates. */
#ifndef OBLIGOR_FORMAT_XLSX_STYLES_H
#define OBLIGOR_FORMAT_XLSX_STYLES_H

#include "format/table.h"
#include "format/xlsx_package.h"

enum { XLSX_STYLES_MAX = 65536, XLSX_FORMATS_MAX = 4096 };

typedef struct XlsxStyles {
    const uint8_t *kinds; /* of each style: CELL_NUMBER, CELL_PERCENT or CELL_DATE */
    size_t count;
} XlsxStyles;

/* `part` of length 0: the workbook has none. */
Error *xlsx_styles_read(Arena *arena, XlsxPackage *package, Str part, XlsxStyles *ret_styles)
    MUST_CHECK;

/* A style that there is not is a plain number. */
CellKind xlsx_styles_kind(const XlsxStyles *styles, size_t style);

/* By the text of a format: "0.00%", "dd/mm/yyyy", "[h]:mm", "#,##0 \"days\"". */
CellKind xlsx_format_kind(Str code);

#endif
